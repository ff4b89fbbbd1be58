"""Rule: a log runs once. Two instances with one key, each with leaves of its own, never both get a head past
the witnesses: the second is left without a quorum, keeps the evidence, and stops when the witness is ahead.

release-log.md sections 7 and 14. SPDX-License-Identifier: Apache-2.0
"""
import shutil

import pytest

import loglib
from loglib import Log, Proc, wait_for

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def log():
    log = Log(n=2, k=2)
    log.start()
    log.wait_head(0)
    yield log
    log.close()


class Twin:
    """A copy of the whole folder, key and sign-state too, on another port: a machine that was cloned."""

    def __init__(self, log):
        self.log, self.dir, self.port = log, log.folder / "twin", loglib.free_port()
        log.stop()
        shutil.copytree(log.dir, self.dir)
        conf = self.dir / "log.conf"
        conf.write_text(conf.read_text().replace(f":{log.port}", f":{self.port}"))
        log.start()

    def start(self):
        command = [loglib.HOLDFAST, "log", "serve", self.dir]
        proc = self.log.running["twin"] = Proc(command, self.log.folder, "twin")
        return proc

    def there(self, act, *words):
        """`act` of the client, on the twin's port."""
        own, self.log.port = self.log.port, self.port
        try:
            return act(*words)
        finally:
            self.log.port = own

    def head(self):
        return self.there(self.log.head)


def test_the_second_instance_gets_no_quorum_for_its_tree(log):
    assert log.add(b"\1" * 32)[0] == 200
    twin = Twin(log)
    proc = twin.start()
    wait_for("the twin listens", lambda: twin.there(log.listens))
    wait_for("the twin's head", twin.head)
    assert twin.head()["size"] == 1  # so far they are one log, and nobody can tell
    assert log.add(b"\2" * 32)[0] == 200
    assert twin.there(log.add, b"\3" * 32)[0] == 202
    wait_for("the evidence", lambda: list((twin.dir / "data/evidence").iterdir()))
    head = twin.head() if proc.p.poll() is None else None
    assert head is None or head["size"] == 1  # its own second leaf is never published
    assert "422" in proc.text()
    assert log.add(b"\4" * 32)[0] == 200  # the first goes on


def test_the_second_instance_stops_when_the_witness_is_ahead(log):
    assert log.add(b"\1" * 32)[0] == 200
    twin = Twin(log)
    for i in range(3):
        assert log.add(b"\2" + bytes([i]) * 31)[0] == 200
    proc = twin.start()
    wait_for("the twin stops", lambda: proc.p.poll() is not None)
    assert proc.p.returncode == 1 and "rolled back" in proc.text()
    assert log.add(b"\4" * 32)[0] == 200
