"""test_api_contract -- server/api/openapi.yaml is the truth: every operation is called, every answer fits
its schema,
every error it lists is provoked where a client can provoke it.

channel.md section 9. SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import pathlib
import re
import secrets
import sqlite3

import cbor2
import jsonschema
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import fleetlib
from estlib import b64url, dev_of, joined, make_csr, new_key, token

SPEC = yaml.safe_load((pathlib.Path(__file__).parents[2] / "server/api/openapi.yaml").read_text())
OPERATIONS = {op["operationId"]: (method.upper(), path, op) for path, ops in SPEC["paths"].items()
              for method, op in ops.items()}
COSE = 'application/cose; cose-type="cose-encrypt"'


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    lines = (("lamp", ()), ("esp", ("--enrol", "idevid", "--third-party")))
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before, lines=lines)


@pytest.fixture(scope="module")
def device(fleet):
    return dev_of(joined(fleet)[2])


def resolve(node):
    while "$ref" in node:
        target = SPEC
        for part in node["$ref"][2:].split("/"):
            target = target[part]
        node = target
    return node


def validator(schema):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": SPEC["components"],
            **schema}
    return jsonschema.Draft202012Validator(whole)


def judge(name, status, headers, body):
    """Is this an answer that the operation may give?"""
    _, _, op = OPERATIONS[name]
    answer = op["responses"].get(str(status))
    assert answer is not None, f"{name}: {status} is not in the contract: {body}"
    answer = resolve(answer)
    for header, spec in answer.get("headers", {}).items():
        spec = resolve(spec)
        assert header in headers, f"{name} {status}: no {header}"
        if header in headers and "pattern" in spec["schema"]:
            assert re.search(spec["schema"]["pattern"], headers[header]), (name, header, headers[header])
    kind = headers["Content-Type"].split(";")[0]
    content = {k.split(";")[0]: v for k, v in answer["content"].items()}
    assert kind in content, f"{name} {status}: {kind}"
    if "json" in kind:
        validator(content[kind]["schema"]).validate(body)
    return body


class Caller:
    def __init__(self, fleet):
        self.fleet, self.api, self.seen = fleet, fleet.api(), {}

    def __call__(self, operation, want, body=None, headers=None, query="", api=None, **params):
        method, path, _ = OPERATIONS[operation]
        for key, value in params.items():
            path = path.replace("{" + key + "}", value)
        status, head, answer = (api or self.api).call(method, path + query, body, headers)
        judge(operation, status, head, answer)
        assert status == want, (operation, status, answer)
        if status >= 400:
            assert answer["status"] == status and answer["code"]
        self.seen.setdefault(operation, set()).add(status)
        return head, answer


@pytest.fixture(scope="module")
def call(fleet):
    return Caller(fleet)


def test_the_contract_is_a_valid_document():
    assert SPEC["openapi"].startswith("3.1")
    names = [op["operationId"] for ops in SPEC["paths"].values() for op in ops.values()]
    assert len(names) == len(set(names))
    for schema in SPEC["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for path, ops in SPEC["paths"].items():
        wanted = set(re.findall(r"{(\w+)}", path))
        for op in ops.values():
            given = [resolve(p) for p in op.get("parameters", [])]
            assert {p["name"] for p in given if p["in"] == "path"} == wanted, path


def test_reading_the_machine(call, device):
    call("getStatus", 200)
    assert b"holdfast_devices" in call("getMetrics", 200)[1]
    assert "Operational" in str(x509.load_der_x509_crl(call("getCrl", 200)[1]).issuer)
    page = call("listEvents", 200, query="?limit=2")[1]
    assert len(page["items"]) == 2 and page["next"]
    rest = call("listEvents", 200, query=f"?limit=200&cursor={page['next']}")[1]
    assert rest["items"][0]["id"] > page["items"][-1]["id"]
    call("listEvents", 400, query="?limit=0")
    call("listEvents", 400, query="?limit=201")
    call("listEvents", 400, query="?cursor=AAAA")
    forged = page["next"][:-2] + ("AA" if page["next"][-2:] != "AA" else "BB")
    call("listEvents", 400, query=f"?cursor={forged}")
    call("listEvents", 200, query=f"?dev={device}&wait=0")


def test_claims(call, fleet):
    cid, kc = os.urandom(16).hex(), b64url(os.urandom(32))
    body = {"cid": cid, "kc": kc, "line": "lamp", "label": "kitchen"}
    key = {"Idempotency-Key": token()}
    first = call("claimDevice", 201, body, key)
    again = call("claimDevice", 201, body, key)
    assert first[1] == again[1] and first[0]["Holdfast-Audit"] == again[0]["Holdfast-Audit"]
    call("claimDevice", 422, {**body, "label": "other"}, key)
    call("claimDevice", 400, {**body, "unknown": 1})
    call("claimDevice", 400, {"cid": cid})
    call("claimDevice", 400, {**body, "cid": "zz"})
    call("claimDevice", 400, body, {"Idempotency-Key": "short"})
    call("claimDevice", 415, b"{}", {"Content-Type": "text/plain"})
    call("claimDevice", 403, {**body, "kc": b64url(os.urandom(32))})
    call("getClaim", 200, cid=cid)
    call("getClaim", 404, cid=os.urandom(16).hex())


def test_devices(call, fleet, device):
    for query in ("", "?limit=1", "?line=lamp", "?state=active"):
        assert call("listDevices", 200, query=query)[1]["items"]
    call("listDevices", 400, query="?state=nonsense")
    head, body = call("getDevice", 200, dev=device)
    assert body["dev"] == device and body["certificate"]["state"] == "issued"
    call("getDevice", 404, dev="a" * 16)
    call("listCertificates", 200, dev=device)
    call("listCertificates", 404, dev="a" * 16)
    call("putDevice", 428, {"label": "hall"}, dev=device)
    fresh, body = call("putDevice", 200, {"label": "hall", "budget": "high"}, {"If-Match": head["ETag"]},
            dev=device)
    assert body["label"] == "hall" and body["budget"] == "high" and fresh["ETag"] != head["ETag"]
    call("putDevice", 412, {"label": "x"}, {"If-Match": head["ETag"]}, dev=device)
    call("putDevice", 400, {"owner": "me"}, {"If-Match": fresh["ETag"]}, dev=device)
    call("putDevice", 404, {"label": "x"}, {"If-Match": '"1"'}, dev="a" * 16)


def test_owner_acts(call, fleet):
    dev = dev_of(joined(fleet)[2])
    reason = {"reason": "test"}
    call("rearmDevice", 200, reason, dev=dev)
    call("liftQuarantine", 409, reason, dev=dev)
    call("quarantineDevice", 200, reason, dev=dev)
    call("quarantineDevice", 409, reason, dev=dev)
    call("liftQuarantine", 200, reason, dev=dev)
    call("revokeDevice", 400, {"reason": ""}, dev=dev)
    call("revokeDevice", 200, reason, dev=dev)
    call("releaseDevice", 409, reason, dev=dev)
    other = dev_of(joined(fleet)[2])
    call("releaseDevice", 200, reason, dev=other)
    for name in ("rearmDevice", "liftQuarantine", "quarantineDevice", "revokeDevice", "releaseDevice"):
        call(name, 404, reason, dev="a" * 16)


def sealed(n=600):
    """Something of the outer shape of a sealed command; the server looks no deeper than its tag."""
    return cbor2.dumps(cbor2.CBORTag(96, [b"\xa1\x01\x03", {5: b"0" * 12}, os.urandom(n), [[b"", {}, b""]]]))


def test_commands(call, device):
    cti, body = b64url(os.urandom(16)), sealed()
    kind = {"Content-Type": COSE}
    call("putCommand", 201, body, kind, dev=device, cti=cti)
    call("putCommand", 200, body, kind, dev=device, cti=cti)
    call("putCommand", 409, sealed(), kind, dev=device, cti=cti)
    call("putCommand", 400, cbor2.dumps(cbor2.CBORTag(98, [])), kind, dev=device, cti=b64url(os.urandom(16)))
    call("putCommand", 415, body, {"Content-Type": "application/json"}, dev=device,
            cti=b64url(os.urandom(16)))
    call("putCommand", 413, sealed(17000), kind, dev=device, cti=b64url(os.urandom(16)))
    call("putCommand", 404, body, kind, dev="a" * 16, cti=cti)
    got = call("getCommand", 200, dev=device, cti=cti)[1]
    assert got["sha256"] == hashlib.sha256(body).hexdigest() and got["bytes"] == b64url(body)
    call("getCommand", 404, dev=device, cti=b64url(os.urandom(16)))
    call("listCommands", 200, dev=device)
    assert call("withdrawCommand", 200, dev=device, cti=cti)[1]["state"] == "withdrawn"
    call("withdrawCommand", 404, dev=device, cti=b64url(os.urandom(16)))


def test_a_full_outbox_says_slow_down(call, fleet):
    dev, kind = dev_of(joined(fleet)[2]), {"Content-Type": COSE}
    for _ in range(64):
        call("putCommand", 201, sealed(20), kind, dev=dev, cti=b64url(os.urandom(16)))
    head, _ = call("putCommand", 429, sealed(20), kind, dev=dev, cti=b64url(os.urandom(16)))
    assert int(head["Retry-After"]) > 0
    first = call("listCommands", 200, query="?limit=50", dev=dev)[1]
    second = call("listCommands", 200, query=f"?limit=50&cursor={first['next']}", dev=dev)[1]
    assert len(first["items"]) == 50 and len(second["items"]) == 14 and second["next"] is None
    call("listCommands", 400, query=f"?cursor={first['next']}", dev=dev_of(joined(fleet)[2]))


def bundle(sequence=1, salt=b""):
    """Something of the outer shape of a release's bundle; the server looks at D and sequence only."""
    manifest = cbor2.dumps({1: 1, 2: sequence, 3: salt or os.urandom(8)})
    envelope = cbor2.dumps(cbor2.CBORTag(107, {2: b"\x81\x40", 3: manifest}))
    head = b"HFB1" + bytes([1, 0, 1, 0]) + len(envelope).to_bytes(4, "big")
    return head + envelope + bytes(156), hashlib.sha256(cbor2.dumps(manifest)).hexdigest()


def test_releases(call, fleet, device):
    kind = {"Content-Type": "application/vnd.holdfast.bundle"}
    body, d = bundle(7)
    row = call("postRelease", 201, body, kind)[1]
    assert row["d"] == d and row["sequence"] == 7 and row["bundle"] == hashlib.sha256(body).hexdigest()
    assert call("postRelease", 200, body, kind)[1]["bundle"] == row["bundle"]
    for broken in (body[:-1], body + b"\0", b"HFB2" + body[4:], body[:4] + b"\2" + body[5:], b"x"):
        call("postRelease", 400, broken, kind)
    call("postRelease", 415, body, {"Content-Type": "application/json"})
    call("postRelease", 413, bytes(120001), kind)
    assert [r["d"] for r in call("listReleases", 200)[1]["items"]] == [d]
    call("listReleases", 400, query="?limit=0")
    tag = call("getRelease", 200, d=d)[0]["ETag"]
    assert call("postRelease", 200, body, kind)[0]["ETag"] == tag
    call("getRelease", 404, d="0" * 64)
    call("getRelease", 404, d="zz")
    assert call("postLook", 201, {"release": d}, dev=device)[1]["state"] == "queued"
    assert call("getLook", 200, dev=device)[1]["bundle"] == row["bundle"]
    call("getLook", 404, dev="a" * 16)
    call("postLook", 400, {"release": 1}, dev=device)
    call("postLook", 404, {"release": "0" * 64}, dev=device)
    assert call("getDevice", 200, dev=device)[1]["floor"] is None
    known = sqlite3.connect(fleet.dir / "store/holdfast.db")
    for floor, status in ((7, 201), (8, 409)):
        with known:
            known.execute("INSERT OR REPLACE INTO device_floor VALUES(?,?,0)", (device, floor))
        call("postLook", status, {"release": d}, dev=device)
        assert call("getDevice", 200, dev=device)[1]["floor"] == floor
    known.close()
    call("revokeRelease", 400, {"reason": ""}, d=d)
    assert call("revokeRelease", 200, {"reason": "broken"}, d=d)[1]["state"] == "revoked"
    assert call("getRelease", 200, d=d)[0]["ETag"] != tag
    call("revokeRelease", 409, {"reason": "broken"}, d=d)
    call("revokeRelease", 404, {"reason": "broken"}, d="0" * 64)
    call("postLook", 409, {"release": d}, dev=device)
    call("postRelease", 409, body, kind)
    call("getLook", 404, dev=device)


def head_of(size, ref=b"12345678", n=2):
    return b"HFH1" + bytes([5, n, 0, 0]) + ref + size.to_bytes(8, "big") + bytes(96 + 73 * n)


def test_heads(call):
    kind = {"Content-Type": "application/vnd.holdfast.head"}
    assert call("postHead", 201, head_of(100), kind)[1]["size"] == 100
    call("postHead", 409, head_of(99), kind)
    call("postHead", 201, head_of(5, b"87654321"), kind)
    for broken in (head_of(100)[:-1], head_of(100) + b"\0", b"HFH2" + head_of(100)[4:], head_of(1 << 63)):
        call("postHead", 400, broken, kind)
    assert {h["size"] for h in call("listHeads", 200)[1]["items"]} == {100, 5}


@pytest.mark.parametrize("name", ["listReceipts", "listEndorsements", "listStreams"])
def test_lists_of_signed_objects(call, device, name):
    call(name, 200, dev=device)
    call(name, 404, dev="a" * 16)


def test_other_objects(call, device):
    call("getState", 404, dev=device)
    for cls in ("alarm", "tamper", "tele", "hb", "upd"):
        call("listMessages", 200, query=f"?class={cls}", dev=device)
    call("listMessages", 400, dev=device)
    call("listMessages", 400, query="?class=cmd", dev=device)
    call("listFrames", 200, stream=f"{device}-00ff")
    call("listFrames", 404, stream="a" * 16 + "-00ff")


def test_product_lines(call):
    assert {p["line"] for p in call("listProducts", 200)[1]["items"]} == {"lamp", "esp"}
    call("getProduct", 200, line="lamp")
    call("getProduct", 404, line="nothing")


def test_people(call, fleet):
    point = new_key().public_key().public_bytes(serialization.Encoding.X962,
                                                serialization.PublicFormat.UncompressedPoint)
    body = {"name": "carol", "account": "other", "public_key": b64url(point)}
    head, _ = call("postOperator", 201, body)
    call("postOperator", 409, body)
    call("postOperator", 400, {**body, "name": "Carol!"})
    call("listOperators", 200)
    call("getOperator", 200, name="alice")
    call("getOperator", 404, name="nobody")
    call("blockOperator", 428, name="alice")
    call("blockOperator", 412, headers={"If-Match": '"999"'}, name="bob")
    key = serialization.load_pem_private_key(
        (fleet.dir / "operators/alice/operator.key").read_bytes(), fleet.passphrase.encode())
    kind = {"Content-Type": "application/pkcs10"}
    pem = call("renewOperator", 201, make_csr(key), kind, name="alice")[1]["certificate"]
    issued = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert issued.public_numbers() == key.public_key().public_numbers()
    call("renewOperator", 403, make_csr(new_key()), kind, name="alice")
    call("renewOperator", 403, make_csr(key), kind, name="bob")
    call("renewOperator", 400, b"0", kind, name="alice")
    call("postStation", 201, {"name": "st1", "csr": b64url(make_csr(new_key()))})
    call("postStation", 400, {"name": "st2", "csr": b64url(b"x")})
    call("listStations", 200)


def test_codes(call):
    call("postCode", 201, {"line": "esp"})
    call("postCode", 404, {"line": "nothing"})


def test_orders_that_nobody_signed(call):
    kind = {"Content-Type": 'application/cose; cose-type="cose-sign"'}
    call("postOrder", 400, b"\xa0", kind)
    call("postOrder", 415, b"\xa0", {"Content-Type": "application/json"})
    call("listOrders", 200)
    none = secrets.token_hex(16)
    for name in ("getOrder", "getOrderReport", "listUnits", "getJournal"):
        call(name, 404, order=none)
    for name in ("scrapUnits", "shipUnits"):
        call(name, 404, {"handles": ["a" * 26]}, order=none)
    call("closeOrder", 404, {"reason": "x"}, order=none)
    call("postManifest", 404, b"\xd2\x84", {"Content-Type": 'application/cose; cose-type="cose-sign1"'},
            order=none)


def test_strangers_hear_403_everywhere(call, fleet):
    """A device's certificate and one of the right CA without a person behind it."""
    _, key, cert = joined(fleet)
    with pytest.raises(Exception):  # not even a handshake: its CA is no anchor here
        fleetlib_call(fleet, cert, key)
    station = serialization.load_pem_private_key((fleet.dir / "ca/station.key").read_bytes(),
                                                 fleet.passphrase.encode())
    real = x509.load_pem_x509_certificate((fleet.dir / "operators/alice/operator.crt").read_bytes())
    key = new_key()
    forged = x509.CertificateBuilder(real.issuer, real.subject, key.public_key(), (0x41 << 120) + 9,
                                     real.not_valid_before, real.not_valid_after)
    for extension in real.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            forged = forged.add_extension(extension.value, extension.critical)
    forged = forged.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    assert fleetlib_call(fleet, forged.sign(station, hashes.SHA256()), key) == 403


def fleetlib_call(fleet, cert, key):
    from estlib import Channel
    with Channel(fleet, port=fleet.ports["api"], cert=cert, key=key) as c:
        answer = c.request("GET", "/v1/status")
        assert answer.status, "no answer"
        return answer.status


def test_every_operation_was_called(call):
    """Runs last: the walk is complete."""
    missing = set(OPERATIONS) - set(call.seen)
    assert not missing
    listed = {(name, code) for name, (_, _, op) in OPERATIONS.items() for code in op["responses"]
            if code >= "400"}
    seen = {(name, str(code)) for name, codes in call.seen.items() for code in codes}
    print(f"{len(OPERATIONS)} operations, {len(listed & seen)} of {len(listed)} listed errors provoked")
