"""Sigsum's own tools against our log, and our witness beside theirs: submitter, verifier, three witnesses,
keys both ways, and every status code of add-checkpoint.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import http.client
import pathlib
import subprocess

import loglib
import pycose
import pytest
import sigsumlib
from loglib import LIMIT_S, Log, root_of, sha

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def bin_dir():
    return sigsumlib.tools()


# ---- our log, their witnesses, submitter and verifier ----

def policy_file(log, witnesses, quorum=2):
    lines = [f"log {log.pub.hex()} {log.url}"]
    lines += [f"witness w{i} {w.pub.hex()}" for i, w in enumerate(witnesses)]
    names = " ".join(f"w{i}" for i in range(len(witnesses)))
    lines += [f"group q {quorum} {names}", "quorum q", ""]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def world(bin_dir):
    log = Log(n=1, k=1)  # makes the folder; its witnesses are replaced below
    log.n = 0
    witnesses = [sigsumlib.Witness(bin_dir, log.folder, f"s{i}", log.dir / "log.pub") for i in range(3)]
    for w in witnesses:
        w.start()
    publisher = log.folder / "publisher"
    subprocess.run([bin_dir / "sigsum-key", "generate", "-o", publisher], check=True, timeout=60)
    pubs = [log.publisher.public, loglib.public_of(log.folder / "publisher.pub")]
    (log.dir / "witnesses").write_text("".join(f"{w.pub.hex()} {w.url}\n" for w in witnesses))
    (log.dir / "policy.cose").write_bytes(loglib.policy(log.pub, [w.pub for w in witnesses], pubs, 2))
    (log.folder / "sigsum-policy").write_text(policy_file(log, witnesses))
    log.start()
    log.wait_head(0)
    log.witnesses, log.bin, log.key = witnesses, bin_dir, publisher
    yield log
    log.close()
    for w in witnesses:
        w.stop()


def submit(log, path):
    return subprocess.run([log.bin / "sigsum-submit", "-k", log.key, "-p",
                           log.folder / "sigsum-policy", path], capture_output=True, text=True,
                          timeout=LIMIT_S)


def verify(log, proof, data):
    return subprocess.run([log.bin / "sigsum-verify", "-k", f"{log.key}.pub", "-p",
                           log.folder / "sigsum-policy", proof], input=data, capture_output=True,
                          timeout=LIMIT_S).returncode


def test_their_submitter_logs_a_file_and_their_verifier_accepts_the_proof(world):
    for i in range(3):  # a tree of one leaf has no inclusion part
        path = world.folder / f"file{i}"
        path.write_bytes(b"release %d" % i)
        r = submit(world, path)
        assert r.returncode == 0, r.stderr
        assert verify(world, f"{path}.proof", path.read_bytes()) == 0
        assert verify(world, f"{path}.proof", path.read_bytes() + b"!") == 1


def test_their_verifier_accepts_the_proof_that_our_client_writes(world):
    path = world.folder / "ours"
    path.write_bytes(b"logged by our own client")
    world.run("log", "submit", world.url, path, "--key", world.key)
    world.run("log", "proof", world.url, path, "--key", world.key, "--log-key", world.dir / "log.pub",
              "--out", f"{path}.proof")
    assert verify(world, f"{path}.proof", path.read_bytes()) == 0
    assert verify(world, f"{path}.proof", b"another file") == 1


def test_the_log_goes_on_through_restarts_of_itself_and_of_witnesses(world):
    for w in world.witnesses:
        size = world.head()["size"]
        world.stop()
        w.stop()
        world.start()
        assert world.add(sha(w.pub))[0] == 200  # two of three are enough
        assert world.head()["size"] == size + 1
        w.start()
    before = world.head()["size"]
    assert world.add(sha(b"all"))[0] == 200
    loglib.wait_for("all three cosign", lambda: len(world.head()["cosig"]) == 3 or
                    world.add(sha(str(world.head()["size"]).encode())) is None)
    assert world.head()["size"] > before


def test_their_keys_are_read_by_us_and_ours_by_them(world):
    out = subprocess.run([world.bin / "sigsum-key", "to-hex", "-k", world.dir / "log.pub"],
                         capture_output=True, text=True, timeout=60, check=True).stdout
    assert out.strip() == world.pub.hex()
    made = subprocess.run([world.bin / "sigsum-key", "to-pub", "-k", world.dir / "key/log.key"],
                          capture_output=True, text=True, timeout=60)
    assert made.returncode != 0 or (world.dir / "log.pub").read_text().split()[1] in made.stdout
    other = world.folder / "other"
    key = world.folder / "foreign"
    subprocess.run([world.bin / "sigsum-key", "generate", "-o", key], check=True, timeout=60)
    assert world.run("log", "init", other, "--key", key, "--json").strip() == loglib.public_of(
        f"{key}.pub").hex()


def test_the_auditors_page_was_followed_word_by_word(world):
    """The command of doc/log.md, as it stands there."""
    page = (sigsumlib.ROOT / "doc/log.md").read_text()
    command = next(line for line in page.splitlines() if line.startswith("sigsum-verify "))
    folder = world.folder / "auditor"
    folder.mkdir()
    (folder / "FILE").write_bytes(b"what the auditor got")
    (folder / "publisher.pub").write_bytes(pathlib.Path(f"{world.key}.pub").read_bytes())
    (folder / "sigsum-policy").write_bytes((world.folder / "sigsum-policy").read_bytes())
    assert submit(world, folder / "FILE").returncode == 0
    env = {"PATH": f"{world.bin}:/usr/bin:/bin"}
    assert subprocess.run(["sh", "-c", command], cwd=folder, env=env, timeout=LIMIT_S).returncode == 0
    (folder / "FILE").write_bytes(b"what the auditor gOt")
    assert subprocess.run(["sh", "-c", command], cwd=folder, env=env, timeout=LIMIT_S).returncode == 1


# ---- every answer of add-checkpoint, theirs and ours ----

class Tree:
    """A log that exists only here."""

    def __init__(self):
        self.key = pycose.Signer(pycose.ED25519)
        self.origin = "sigsum.org/v1/tree/" + sha(self.key.public).hex()
        self.leaf = [sha(b"\0", bytes([i])) for i in range(40)]

    def root(self, n):
        return root_of(self.leaf[:n])

    def proof(self, old, new):
        """RFC 6962 s2.1.2."""
        def sub(m, leaves, whole):
            if m == len(leaves):
                return [] if whole else [root_of(leaves)]
            k = 1
            while 2 * k < len(leaves):
                k *= 2
            if m <= k:
                return sub(m, leaves[:k], whole) + [root_of(leaves[k:])]
            return sub(m - k, leaves[k:], False) + [root_of(leaves[:k])]
        return sub(old, self.leaf[:new], True) if 0 < old < new else []

    def line(self, body, name=None, key=None):
        key, name = key or self.key, name or self.origin
        key_id = sha(name.encode() + b"\n\1" + key.public)[:4]
        return f"\u2014 {name} {base64.b64encode(key_id + key.sign(body.encode())).decode()}\n"

    def request(self, old, size, root=None, proof=None, lines=None, extra="", origin=None):
        proof = self.proof(old, size) if proof is None else proof
        b64 = [base64.b64encode(h).decode() + "\n" for h in proof]
        body = (f"{origin or self.origin}\n{size}\n"
                f"{base64.b64encode(root or self.root(size)).decode()}\n{extra}")
        lines = self.line(body) if lines is None else lines(body)
        return (f"old {old}\n" + "".join(b64) + "\n" + body + "\n" + lines).encode()


def post(w, body, path="/add-checkpoint", method="POST"):
    c = http.client.HTTPConnection("127.0.0.1", w.port, timeout=LIMIT_S)
    c.request(method, path, body)
    r = c.getresponse()
    out = r.status, r.read(), r.getheader("Content-Type")
    c.close()
    return out


@pytest.fixture(scope="module", params=["theirs", "ours"])
def matrix(request):
    kind = sigsumlib.Witness if request.param == "theirs" else sigsumlib.OwnWitness
    bin_dir = sigsumlib.tools() if request.param == "theirs" else None
    tree = Tree()
    with sigsumlib.new_folder() as folder:
        folder = pathlib.Path(folder)
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + tree.key.public
        (folder / "log.pub").write_text(f"ssh-ed25519 {base64.b64encode(blob).decode()} log\n")
        w = kind(bin_dir, folder, "w", folder / "log.pub")
        w.start()
        steps = [post(w, tree.request(0, 0)), post(w, tree.request(0, 1)), post(w, tree.request(1, 5)),
                 post(w, tree.request(5, 5))]
        w.stop()
        w.start()
        yield request.param, tree, w, steps
        w.stop()


def test_a_growing_log_is_cosigned_step_by_step(matrix):
    _, tree, w, steps = matrix
    assert [s[0] for s in steps] == [200] * 4
    name, text = steps[-1][1].decode().split()[1:]
    raw = base64.b64decode(text)
    assert name == "sigsum.org/v1/witness/" + sha(w.pub).hex()
    assert raw[:4] == sha(name.encode() + b"\n\4" + w.pub)[:4]
    message = (f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n{tree.origin}\n5\n"
               f"{base64.b64encode(tree.root(5)).decode()}\n")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    Ed25519PublicKey.from_public_bytes(w.pub).verify(raw[12:], message.encode())


other = pycose.Signer(pycose.ED25519)
CASES = {
    "unchanged after a restart": (200, lambda t: t.request(5, 5)),
    "a foreign signature line more": (200, lambda t: t.request(5, 5, lines=lambda b: t.line(b) + t.line(
        b, "example.org/other", other))),
    "behind": (409, lambda t: t.request(4, 6)),
    "from nothing": (409, lambda t: t.request(0, 6)),
    "truncated proof": (422, lambda t: t.request(5, 7, proof=t.proof(5, 7)[:-1])),
    "other root at the same size": (422, lambda t: t.request(5, 5, root=sha(b"x"))),
    "larger fork": (422, lambda t: t.request(5, 7, root=sha(b"x"))),
    "unknown key": (403, lambda t: t.request(5, 6, lines=lambda b: t.line(b, key=other))),
    "spoiled signature": (403, lambda t: t.request(5, 6, lines=lambda b: t.line(b + "x"))),
    "unknown origin": (404, lambda t: t.request(5, 6, origin="example.org/log",
                                                      lines=lambda b: t.line(b, "example.org/log"))),
    "garbage": (400, lambda t: b"garbage"),
    "empty": (400, lambda t: b""),
    "leading zero": (400, lambda t: t.request(5, 6).replace(b"old 5", b"old 05")),
    "too many proof lines": (400, lambda t: t.request(5, 6, proof=[sha()] * 64)),
    "extension line": (400, lambda t: t.request(5, 6, extra="more\n")),
    "no signature line": (400, lambda t: t.request(5, 6, lines=lambda b: "")),
    "two signature lines": (400, lambda t: t.request(5, 6, lines=lambda b: t.line(b) + t.line(b))),
    "larger old": (400, lambda t: t.request(7, 6, proof=[])),
}


@pytest.mark.parametrize("name", CASES)
def test_every_request_has_the_status_of_the_table(matrix, name):
    _, tree, w, _ = matrix
    want, make = CASES[name]
    status, body, kind = post(w, make(tree))
    assert status == want, body
    if want == 409:
        assert (body, kind) == (b"5\n", "text/x.tlog.size")


def test_a_proof_in_the_wrong_place_is_refused(matrix):
    """The specification says 422, Debian's witness 400."""
    who, tree, w, _ = matrix
    want = 422 if who == "ours" else 400
    assert post(w, tree.request(5, 5, proof=[sha()]))[0] == want
    assert post(w, tree.request(5, 6, proof=[]))[0] == want


def test_other_paths_and_methods(matrix):
    _, tree, w, _ = matrix
    assert post(w, tree.request(5, 5), "/other")[0] == 404
    assert post(w, None, method="GET")[0] == 405


def test_a_wrong_empty_tree_is_refused():
    """Needs a witness that saw nothing yet."""
    tree = Tree()
    with sigsumlib.new_folder() as folder:
        folder = pathlib.Path(folder)
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + tree.key.public
        (folder / "log.pub").write_text(f"ssh-ed25519 {base64.b64encode(blob).decode()} log\n")
        w = sigsumlib.OwnWitness(None, folder, "w", folder / "log.pub")
        w.start()
        assert post(w, tree.request(0, 0, root=sha(b"x")))[0] == 422
        assert post(w, tree.request(0, 0))[0] == 200
        w.stop()
