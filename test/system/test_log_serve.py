"""A leaf goes in, a cosigned head comes out, and everything served agrees with a tree computed here.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib

import loglib
import pytest
from loglib import LIMIT_S, Log, Publisher, root_of, sha, wait_for

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def log():
    log = Log()
    log.start()
    log.wait_head(0)
    yield log
    log.close()


def test_the_empty_tree_is_cosigned_first(log):
    head = log.wait_head(0)
    assert len(head["cosig"]) == 2
    if head["size"] == 0:
        assert head["root"] == sha()


def test_an_added_leaf_is_in_a_cosigned_head_when_200_comes(log):
    size = log.head()["size"]
    status, body = log.add(b"\1" * 32)
    assert (status, body) == (200, b"")
    assert log.head()["size"] == size + 1


def test_the_same_leaf_again_is_not_added_twice(log):
    log.add(b"\2" * 32)
    size = log.head()["size"]
    assert log.add(b"\2" * 32) == (200, b"")
    assert log.head()["size"] == size


def leaves_of(log, size):
    status, body = log.ask("GET", f"/get-leaves/0/{size}")
    assert status == 200
    return [bytes.fromhex("".join(line.split("=")[1].split())) for line in body.decode().splitlines()]


def test_root_leaves_and_proofs_agree_with_a_tree_computed_here(log):
    for i in range(20):
        assert log.add(b"\3" + bytes([i]) * 31)[0] == 200
    head = log.head()
    size = head["size"]
    hashes = [sha(b"\0", leaf) for leaf in leaves_of(log, size)]
    assert len(hashes) == size and root_of(hashes) == head["root"]
    for i, h in enumerate(hashes):
        status, body = log.ask("GET", f"/get-inclusion-proof/{size}/{h.hex()}")
        lines = body.decode().splitlines()
        assert status == 200 and lines[0] == f"leaf_index={i}"
        at, n, value = i, size, h
        for line in lines[1:]:
            sibling = bytes.fromhex(line.split("=")[1])
            while at % 2 == 0 and at == n - 1:
                at, n = at // 2, (n + 1) // 2
            value = loglib.node(sibling, value) if at % 2 else loglib.node(value, sibling)
            at, n = at // 2, (n + 1) // 2
        assert value == head["root"]


def test_tiles_hold_the_leaves_and_their_hashes(log):
    size = log.head()["size"]
    leaves = leaves_of(log, size)
    status, entries = log.ask("GET", f"/tile/entries/000.p/{size}")
    assert status == 200 and entries == b"".join(b"\0\x80" + leaf for leaf in leaves)
    status, tile = log.ask("GET", f"/tile/0/000.p/{size}")
    assert status == 200 and tile == b"".join(sha(b"\0", leaf) for leaf in leaves)


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/nothing", 404), ("POST", "/get-tree-head", 405), ("GET", "/add-leaf", 405),
    ("GET", "/get-inclusion-proof/1/" + "00" * 32, 400), ("GET", "/get-inclusion-proof/x/" + "00" * 32, 400),
    ("GET", "/get-inclusion-proof/02/" + "00" * 32, 400), ("GET", "/get-inclusion-proof/2/00", 400),
    ("GET", "/get-inclusion-proof/2/" + "00" * 32, 404),
    ("GET", "/get-inclusion-proof/99999/" + "00" * 32, 404),
    ("GET", "/get-consistency-proof/0/1", 400), ("GET", "/get-consistency-proof/2/2", 400),
    ("GET", "/get-consistency-proof/3/2", 400), ("GET", "/get-consistency-proof/1/99999", 404),
    ("GET", "/get-leaves/1/1", 400), ("GET", "/get-leaves/99999/100000", 404),
    ("GET", "/tile/0/000", 404), ("GET", "/tile/0/000.p/255", 404), ("GET", "/tile/9/000.p/1", 404),
    ("GET", "/tile/0/0.p/1", 404), ("GET", "/tile/0/000.p/01", 404), ("GET", "/tile/0/x000/001", 404),
    ("GET", "/object/" + "00" * 32, 404), ("GET", "/object/x", 404), ("GET", "/leafobj/" + "00" * 32, 404),
])
def test_what_is_not_there_or_not_asked_well_has_its_status(log, method, path, status):
    assert log.ask(method, path, b"" if method == "POST" else None)[0] == status


def test_submissions_that_are_not_well_formed_are_400_or_413(log):
    good = log.publisher.body(b"\4" * 32)
    lines = good.splitlines(True)
    for bad in (b"", good[:-1], good + b"x", b"".join(reversed(lines)), good.replace(b"message", b"mess"),
                good.replace(b"message=", b"message=0"), lines[0] + good, good + good):
        assert log.ask("POST", "/add-leaf", bad)[0] == 400
    assert log.ask("POST", "/add-leaf", b"a" * 65537)[0] == 413


def test_foreign_publishers_and_moved_signatures_are_403(log):
    assert log.add(b"\5" * 32, Publisher())[0] == 403
    moved = log.publisher.body(b"\5" * 32).replace((b"\5" * 32).hex().encode(), (b"\6" * 32).hex().encode())
    assert log.ask("POST", "/add-leaf", moved)[0] == 403


def test_a_published_object_is_served_by_its_hash(log):
    data = os.urandom(100)
    (log.dir / "data/object" / sha(data).hex()).write_bytes(data)
    assert log.ask("GET", f"/object/{sha(data).hex()}") == (200, data)
    assert log.ask("GET", f"/object/{sha(data).hex().upper()}") == (200, data)


def test_submit_proof_and_head_work_from_the_command_line(log):
    import base64
    import subprocess
    key = log.folder / "publisher"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=LIMIT_S)
    blob = base64.b64decode((log.folder / "publisher.pub").read_text().split()[1])
    (log.folder / "file").write_text("hello")
    r = log.run("log", "submit", log.url, log.folder / "file", "--key", key, ok=False)
    assert r.returncode == 1 and "403" in r.stderr and len(blob) == 51
    assert log.run("log", "head", log.url).startswith("size=")


def children(proc):
    """The processes of a log or witness, by role."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().decode().split("\0")
            status = dict(line.split(":\t", 1) for line in (path / "status").read_text().splitlines())
        except (OSError, ValueError):
            continue
        if status.get("PPid") == str(proc.p.pid) and "--role" in words:
            found[words[words.index("--role") + 1]] = path, status
    return found


@pytest.mark.parametrize("name,roles", (("log", {"front", "sign"}), ("w0", {"front", "key"})))
def test_each_process_gave_its_other_powers_up_and_the_key_has_no_network(log, name, roles):
    """What the profiles deny is tried in test/unit/host_sandbox.c; here: the real processes entered them."""
    found = children(log.running[name])
    assert set(found) == roles
    for role, (path, status) in found.items():
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", role
        inet = {line.split()[9] for table in ("tcp", "tcp6", "udp", "udp6")
                for line in (path / "net" / table).read_text().splitlines()[1:]}
        sockets = {os.readlink(fd)[8:-1] for fd in (path / "fd").iterdir()
                   if os.readlink(fd).startswith("socket:")}
        assert bool(sockets & inet) == (role == "front"), role


def test_commands_that_ask_a_log_say_why_they_failed_by_their_status(log):
    """1 refused, 3 not reached, 4 no quorum yet: as for releases."""
    import subprocess
    key = log.folder / "asker"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=LIMIT_S)
    nobody = f"http://127.0.0.1:{loglib.free_port()}"
    assert log.run("log", "head", nobody, ok=False).returncode == 3
    assert log.run("log", "submit", nobody, key, "--key", key, ok=False).returncode == 3
    assert log.run("log", "submit", log.url, key, "--key", key, ok=False).returncode == 1
    assert log.run("log", "head", log.url, ok=False).returncode == 0
    other = Log()
    try:
        other.start(witnesses=False)
        assert other.run("log", "head", other.url, ok=False).returncode == 4
    finally:
        other.close()


def test_a_second_server_on_the_same_log_is_refused(log):
    r = log.run("log", "serve", log.dir, ok=False)
    assert r.returncode == 1 and "another process serves this log" in r.stderr


def test_a_key_that_is_not_the_one_of_log_pub_does_not_sign(log):
    """HF_ERR_LOG_KEY."""
    log.stop()
    conf = log.dir / "log.conf"
    good = conf.read_text()
    conf.write_text(good.replace("key = key/log.key", f"key = {log.witness_dir(0)}/witness.key"))
    proc = log.start(wait=False)
    wait_for("the log stops", lambda: proc.p.poll() is not None)
    assert proc.p.returncode == 1 and "does not belong to log.pub" in proc.text()
    conf.write_text(good)
    log.start()
    log.wait_head(0)


def test_everything_is_there_after_a_restart_and_fsck_agrees(log):
    before = log.head()
    assert log.stop() == 0
    found = log.run("log", "fsck", log.dir)
    assert f"leaves={before['size']} " in found
    log.start()
    after = log.wait_head(before["size"])
    assert (after["size"], after["root"], after["sig"]) == (before["size"], before["root"], before["sig"])
    assert log.add(b"\7" * 32)[0] == 200


def test_without_a_quorum_nothing_is_published_and_it_comes_later(log):
    size = log.head()["size"]
    log.stop("w1")
    status, _ = log.add(b"\x08" * 32)
    assert status == 202
    assert log.head()["size"] == size
    log.start_witness(1)
    log.wait_head(size + 1)
    wait_for("200", lambda: log.add(b"\x08" * 32)[0] == 200)


def test_a_frozen_log_takes_no_leaf_and_is_served(log):
    size = log.head()["size"]
    log.run("log", "freeze", log.dir)
    assert log.add(b"\x09" * 32)[0] == 403
    assert log.head()["size"] == size
    (log.dir / "data/frozen").unlink()
