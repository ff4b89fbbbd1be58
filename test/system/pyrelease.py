#!/usr/bin/python3
"""pyrelease -- manifests, envelopes, proofs, heads and bundles written and read a second time, from
doc/protocol alone, with python3-cbor2 and python3-cryptography. It shares nothing with core, so agreement
means something. Run as a program it prints test/vectors/release.json.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import struct
import uuid

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import pycose
from pycose import ED25519, Signer, dec, enc
from releaselib import Bundle, Proof, sha256, sigsum_path, sigsum_root

ROOT, RELEASE, REBUILDER, PUBLISHER, LOG, WITNESS = 1, 2, 3, 4, 5, 6


class Refused(Exception):
    """Not a release that a device may install."""


def need(holds, why):
    if not holds:
        raise Refused(why)


def verify(public, signature, message, why):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise Refused(why) from None


def uuid5(space, name):
    return uuid.uuid5(uuid.UUID(bytes=space), name).bytes


def vendor_of(domain):
    return uuid5(uuid.NAMESPACE_DNS.bytes, domain)


# ---- manifest.md ----

def manifest(m):
    shared = [20, {1: m["vendor"], 2: m["class"], 3: enc([-16, m["image_digest"]]), 14: m["image_size"]},
              1, 15, 2, 15]
    install = []
    for label, name in ((-301, "boards"), (-302, "agent_level"), (-303, "installed"), (-304, "data_level"),
                        (-305, "policy_number")):
        if name in m:
            install += [label, enc(m[name]) if name == "boards" else m[name]]
    parameters = {21: m["uri"], -257: m["record"], -258: m["chunk_root"], -259: m["chunk_bits"]}
    if "version" in m:
        parameters[-260] = m["version"]
    install += [20, parameters, 21, 2, 3, 15]
    members = {1: 1, 2: m["sequence"], 3: enc({2: [m["component"]], 4: enc(shared)}), 20: enc(install)}
    if m.get("validate"):
        members[7] = enc([3, 15])
    if m.get("invoke"):
        members[9] = enc([23, 2])
    if "text" in m:
        members[23] = [-16, sha256(enc(m["text"]))]
    return enc(members)


def read_manifest(data):
    """The fields; Refused unless writing them again gives the same bytes."""
    top = dec(data)
    common = dec(top[3])
    shared, install = dec(common[4]), dec(top[20])
    m = {"sequence": top[2], "component": common[2][0], "vendor": shared[1][1], "class": shared[1][2],
         "image_digest": dec(shared[1][3])[1], "image_size": shared[1][14]}
    names = {-301: "boards", -302: "agent_level", -303: "installed", -304: "data_level",
             -305: "policy_number"}
    while install[0] in names:
        name = names[install.pop(0)]
        value = install.pop(0)
        m[name] = dec(value) if name == "boards" else value
    need(install[0] == 20, "E_PROFILE")
    p = install[1]
    m |= {"uri": p[21], "record": p[-257], "chunk_root": p[-258], "chunk_bits": p[-259]}
    if -260 in p:
        m["version"] = p[-260]
    m |= {name: True for label, name in ((7, "validate"), (9, "invoke")) if label in top}
    again = dec(manifest(m))
    need({k: v for k, v in top.items() if k != 23} == again and 10 <= m["chunk_bits"] <= 20, "E_PROFILE")
    return m


def name_of(manifest_bytes):
    """D: SHA-256 of member 3, the byte string's head included."""
    return sha256(enc(manifest_bytes))


def envelope(manifest_bytes, signers, text=None):
    digest = enc([-16, name_of(manifest_bytes)])
    blocks = [pycose.sign1(s, b"", digest, detached=True) for s in sorted(signers, key=lambda s: s.kid)]
    members = {2: enc([digest, *blocks]), 3: manifest_bytes}
    if text is not None:
        members[23] = text
    return enc(cbor2.CBORTag(107, members))


def open_envelope(data, policy):
    """Manifest, D and the indices of the keys that signed."""
    tag = dec(data)
    need(tag.tag == 107 and list(tag.value) == [2, 3], "E_ENVELOPE")
    digest, *blocks = dec(tag.value[2])
    d = name_of(tag.value[3])
    need(digest == enc([-16, d]), "E_ENVELOPE")
    signers, kids = set(), set()
    for block in blocks:
        protected, unprotected, payload, signature = dec(block).value
        header = dec(protected)
        need(dec(block).tag == 18 and unprotected == {} and payload is None, "E_ENVELOPE")
        need(header.get(4) not in kids, "E_SIGNATURE")
        kids.add(header.get(4))
        at = next((i for i, k in enumerate(policy[4]) if sha256(k[2])[:8] == header.get(4)), None)
        if at is None:
            continue
        need(policy[4][at][0] in (RELEASE, REBUILDER) and header[1] == ED25519, "E_SIGNATURE")
        verify(policy[4][at][2], signature, enc(["Signature1", protected, b"", digest]), "E_SIGNATURE")
        signers.add(at)
    return tag.value[3], d, signers


# ---- statement.md ----

def is_met(quorum, signers):
    if isinstance(quorum, int):
        return quorum in signers
    return quorum is not None and sum(is_met(q, signers) for q in quorum[1:]) >= quorum[0]


def quorum_for(delegations, class_id):
    named = [q for classes, q in delegations or [] if class_id in classes]
    return (named or [q for classes, q in delegations or [] if not classes] or [None])[0]


def open_policy(statement, judges):
    """The policy in a statement that the root quorums of `judges` and its own signed."""
    body, _, payload, signatures = dec(statement).value
    policy = dec(payload)
    need(dec(statement).tag == 98 and body == b"" and policy[0] == "hf/policy/1", "E_CHAIN")
    for judge in [*judges, policy]:
        signers = set()
        for protected, _, signature in signatures:
            for i, key in enumerate(judge[4]):
                if sha256(key[2])[:8] == dec(protected)[4]:
                    verify(key[2], signature, enc(["Signature", b"", protected, policy[0].encode(), payload]),
                           "E_CHAIN")
                    signers.add(i)
        need(is_met(judge[5], signers), "E_CHAIN")
    return policy, payload


# ---- proof.md ----

def leaf_message(checksum):
    return b"sigsum.org/v1/tree-leaf\0" + checksum


def leaf(d, signature, publisher):
    return sha256(d) + signature + sha256(publisher)


def checkpoint(log, size, root):
    return f"sigsum.org/v1/tree/{sha256(log).hex()}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def cosign_message(time, body):
    return f"cosignature/v1\ntime {time}\n".encode() + body


def climb(node, index, size, path):
    """RFC 9162 s2.1.3.2."""
    fn, sn = index, size - 1
    need(index < size, "E_INCLUSION")
    for p in path:
        need(sn > 0, "E_INCLUSION")
        if fn & 1 or fn == sn:
            node = sha256(b"\1", p, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = sha256(b"\1", node, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "E_INCLUSION")
    return node


def check_head(policy, log, size, root, log_sig, cosigs):
    """The quorum time."""
    need(log in policy[9], "E_LOG")
    body = checkpoint(policy[4][log][2], size, root)
    verify(policy[4][log][2], log_sig, body, "E_LOG")
    times = {}
    for record in cosigs:
        witness, time = record[0], int.from_bytes(record[1:9], "big")
        need(witness < len(policy[4]) and policy[4][witness][0] == WITNESS and witness not in times,
             "E_WITNESS")
        verify(policy[4][witness][2], record[9:], cosign_message(time, body), "E_WITNESS")
        times[witness] = time
    met = [t for t in times.values() if is_met(policy[10], {w for w, at in times.items() if at >= t})]
    need(met, "E_WITNESS")
    return max(met)


def check_proof(proof, policy, payload, d):
    need(proof.ref == sha256(payload)[:8], "E_NO_PROOF")
    need(proof.publisher in policy[8], "E_LEAF")
    publisher = policy[4][proof.publisher][2]
    verify(publisher, proof.leaf_sig, leaf_message(sha256(d)), "E_LEAF")
    root = climb(sha256(b"\0", leaf(d, proof.leaf_sig, publisher)), proof.index, proof.size, proof.path)
    return check_head(policy, proof.log, proof.size, root, proof.log_sig, proof.cosigs)


def open_bundle(data, first):
    """What a device that holds policy 1 believes: D, manifest, signers, number of the policy, quorum time."""
    bundle = Bundle(data)
    policy, payload = open_policy(first, [])
    time = 0
    for statement, proof in bundle.links:
        following, its_payload = open_policy(statement, [policy])
        need(following[1] == policy[1] + 1 and following[2] == sha256(payload), "E_CHAIN")
        time = max(time, check_proof(proof, policy, payload, sha256(its_payload)))
        policy, payload = following, its_payload
    if bundle.kind == 2:
        need(not bundle.object and not bundle.proofs, "E_FORMAT")
        return {"number": policy[1], "time": time}
    inside, d, signers = open_envelope(bundle.object, policy)
    m = read_manifest(inside)
    need(m["vendor"] == policy[3], "E_CLASS")
    need(is_met(quorum_for(policy[6], m["class"]), signers), "E_QUORUM")
    rebuild = quorum_for(policy[7], m["class"])
    need(rebuild is None or is_met(rebuild, signers), "E_REBUILD")
    proofs = [p for p in bundle.proofs if p.ref == sha256(payload)[:8]]
    need(proofs, "E_NO_PROOF")
    time = max(time, check_proof(proofs[0], policy, payload, d))
    return {"d": d, "manifest": m, "signers": signers, "number": policy[1], "time": time}


# ---- head.md ----

def open_head(data, policy, payload):
    """Size, root and quorum time."""
    need(data[:4] == b"HFH1" and data[6:8] == b"\0\0" and len(data) == 120 + 73 * data[5], "format")
    need(data[8:16] == sha256(payload)[:8], "E_NO_PROOF")
    size, root = int.from_bytes(data[16:24], "big"), data[24:56]
    cosigs = [data[i:i + 73] for i in range(120, len(data), 73)]
    return size, root, check_head(policy, data[4], size, root, data[56:120], cosigs)


# ---- the vectors: one maker, one log, three witnesses, everything from fixed seeds ----

ROLES = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6, 2)
VENDOR, CLASS, SECOND = b"vendor vendor v\0", b"class class cla\0", b"second class se\0"
HASH = b"thirty-two bytes of some hash..\0"
T0 = 1800000000
MANIFEST = {"sequence": 7, "component": [b"main"], "vendor": VENDOR, "class": CLASS, "image_digest": HASH,
            "image_size": 123456, "boards": [1, 2, 7], "agent_level": 1, "installed": 3, "data_level": 2,
            "policy_number": 1, "uri": "hf:0123456789abcdef", "record": HASH, "chunk_root": HASH,
            "chunk_bits": 12, "version": "1.2.3"}


class World:
    """Keys by index; a log that proves what it was given."""

    def __init__(self):
        self.keys = [Signer(ED25519, bytes([i + 1]) * 32) for i in range(len(ROLES))]
        self.leaves = []

    def policy(self, number, previous, stale_after):
        keys = [[role, -19, k.public, "someone", 0] for role, k in zip(ROLES, self.keys)]
        return enc({
            0: "hf/policy/1", 1: number, 2: previous, 3: VENDOR, 4: keys, 5: [2, 0, 1, 2],
            6: [[[], [2, 3, 4, 5]], [[SECOND], [1, 14]]], 7: [[[SECOND], [1, 6, 7]]], 8: [8], 9: [9, 10],
            10: [2, 11, 12, 13], 11: stale_after, 12: [3, 11, 12, 13], 13: None, 14: {}, 15: []})

    def sign_policy(self, payload):
        return pycose.sign(self.keys[:2], b"hf/policy/1", payload)

    def log(self, d):
        signature = self.keys[8].sign(leaf_message(sha256(d)))
        self.leaves.append(sha256(b"\0", leaf(d, signature, self.keys[8].public)))
        return signature

    def head(self):
        """Checkpoint body, the log's signature, cosignature records."""
        body = checkpoint(self.keys[9].public, len(self.leaves), sigsum_root(self.leaves))
        cosigs = [bytes([11 + i]) + struct.pack(">Q", T0 + i)
                  + self.keys[11 + i].sign(cosign_message(T0 + i, body)) for i in range(3)]
        return body, self.keys[9].sign(body), cosigs

    def prove(self, d, payload):
        leaf_sig = self.log(d)
        _, log_sig, cosigs = self.head()
        index, size = len(self.leaves) - 1, len(self.leaves)
        path = sigsum_path(self.leaves, index)
        return (sha256(payload)[:8] + bytes([9, 8, len(path), len(cosigs)]) + struct.pack(">QQ", size, index)
                + leaf_sig + log_sig + b"".join(path) + b"".join(cosigs))

    def head_message(self, payload):
        _, log_sig, cosigs = self.head()
        return (b"HFH1" + bytes([9, len(cosigs), 0, 0]) + sha256(payload)[:8]
                + struct.pack(">Q", len(self.leaves)) + sigsum_root(self.leaves) + log_sig + b"".join(cosigs))


def bundle(links, signed, proofs):
    """`links`: (statement, proof) pairs."""
    head = b"HFB1" + bytes([1 if signed else 2, len(links), len(proofs), 0]) + struct.pack(">I", len(signed))
    return head + b"".join(struct.pack(">H", len(s)) + s + p for s, p in links) + signed + b"".join(proofs)


def vectors():
    """Every value in bytes, numbers and text as they are."""
    w = World()
    first = w.policy(1, None, 1209600)
    for _ in range(3):
        w.log(HASH)
    inside = manifest(MANIFEST)
    d = name_of(inside)
    signed = envelope(inside, w.keys[3:5])
    proof = w.prove(d, first)
    body, log_sig, cosigs = w.head()
    out = {
        "what": "doc/protocol/manifest.md, proof.md, bundle.md, head.md; values are hexadecimal. Key i has "
                "the Ed25519 seed of 32 bytes i + 1 and the role of that place; written by "
                "test/system/pyrelease.py.",
        "roles": list(ROLES), "uuid_domain": "example.com", "uuid_model": "lamp-1",
        "uuid_vendor": vendor_of("example.com"), "uuid_class": uuid5(vendor_of("example.com"), "lamp-1"),
        "public": [k.public for k in w.keys], "kid": [k.kid for k in w.keys],
        "policy_1": w.sign_policy(first), "policy_1_ref": sha256(first)[:8],
        "manifest": inside, "member": enc(inside), "d": d,
        "release_message": enc(["Signature1", enc({1: -19, 4: w.keys[3].kid}), b"", enc([-16, d])]),
        "envelope_unsigned": envelope(inside, []), "envelope": signed,
        "leaf_message": leaf_message(sha256(d)), "checkpoint": body,
        "cosignature_message": cosign_message(T0, body), "log_signature": log_sig, "cosignatures": cosigs,
        "proof": proof, "bundle": bundle([], signed, [proof]), "head": w.head_message(first)}
    text = enc({"en": {}})
    bare = manifest({k: v for k, v in MANIFEST.items() if k not in (
        "boards", "agent_level", "installed", "data_level", "policy_number", "version")}
        | {"validate": True, "invoke": True, "text": text})
    out |= {"smallest_manifest": bare, "text": text, "envelope_with_text": envelope(bare, w.keys[3:4], text)}
    second = w.policy(2, sha256(first), 1002)
    link = (w.sign_policy(second), w.prove(sha256(second), first))
    later = w.prove(d, second)
    out |= {"policy_2": link[0], "link_proof": link[1],
            "bundle_with_link": bundle([link], signed, [later]),
            "bundle_for_both": bundle([link], signed, [proof, later]),
            "bundle_of_policies": bundle([link], b"", [])}
    return out


def as_json(value):
    if isinstance(value, bytes):
        return value.hex()
    return [as_json(v) for v in value] if isinstance(value, list) else value


if __name__ == "__main__":
    print(json.dumps({k: as_json(v) for k, v in vectors().items()}, indent=1))
