"""Rule: an operator notices receipts that a hostile server drops, repeats, swaps or makes up, and gets back
from the device what it still has.

The server turns hostile by its store: the rows are changed under the real server, its API answers from them.
SPDX-License-Identifier: Apache-2.0
"""
import json
import shutil
import sqlite3
import subprocess
import time

import pytest

from fleetlib import HOLDFAST
from test_cli_commands_and_data import Person


class Owner(Person):
    """Alice, her device, and the store behind her server."""

    def __init__(self, fleet, name):
        super().__init__(fleet, "alice")
        device = fleet.device(name)
        self.say("device", "claim", device.code, "--wait", "0")
        device.start()
        answer = self.say("device", "claim", device.code, "--wait", "60", "--json")
        self.dev = json.loads(answer.stdout)["dev"]
        self.other = Person(fleet, "alice-elsewhere")
        shutil.copytree(self.folder, self.other.folder)

    def sql(self, text, *values):
        db = sqlite3.connect(self.fleet.dir / "store/holdfast.db", timeout=30)
        with db:
            rows = db.execute(text, values).fetchall()
        db.close()
        return rows

    def rows(self):
        return [r[0] for r in self.sql("SELECT id FROM receipt WHERE dev = ? ORDER BY id", self.dev)]

    def order_unseen(self):
        """A command from her other workstation: she has not seen its receipt here."""
        self.other.say("command", "run", self.dev, "nop")
        return self.rows()[-1]

    def book(self, *options, want):
        run = self.say("command", "receipts", self.dev, *options, "--json", want=want)
        assert run.stdout, run.stderr
        return json.loads(run.stdout), run.stderr


@pytest.fixture(scope="module")
def owner(fleet):
    found = Owner(fleet, "lamp-receipts")
    found.say("command", "run", found.dev, "nop")
    return found


@pytest.fixture
def whole(owner):
    """Each test begins and ends with a book that is whole."""
    assert owner.book(want=0)[0]["whole"]
    yield owner
    owner.sql("DROP TRIGGER IF EXISTS hide")
    owner.sql("DELETE FROM receipt WHERE dev = ? AND length(sha256) <> 32", owner.dev)
    assert owner.book("--recover", want=0)[0]["whole"]


def test_an_honest_server_shows_every_receipt_once(whole):
    before = whole.book(want=0)[0]["newest"]
    for _ in range(3):
        answer = json.loads(whole.say("command", "run", whole.dev, "nop", "--json").stdout)
        assert answer["receipts"]["whole"], answer
    assert whole.book(want=0)[0]["newest"] == before + 3


def test_a_dropped_receipt_shows_as_a_gap_and_the_device_sends_it_again(whole):
    before = whole.book(want=0)[0]["newest"]
    rows = [whole.order_unseen() for _ in range(4)]
    whole.sql("DELETE FROM receipt WHERE id IN (?, ?)", rows[1], rows[2])
    found, said = whole.book(want=1)
    assert found["missing"] == [{"from": before + 2, "to": before + 3}] and not found["whole"]
    assert f"receipts {before + 2} to {before + 3} of {whole.dev} are missing" in said and "--recover" in said
    # It is remembered, also by the next command, which itself succeeds.
    answer = whole.say("command", "run", whole.dev, "nop", "--json")
    assert json.loads(answer.stdout)["receipts"]["missing"] and "are missing" in answer.stderr
    found, _ = whole.book("--recover", want=0)
    assert found["whole"] and found["newest"] == before + 5


def test_a_server_that_goes_on_dropping_is_told_of_each_time(whole):
    rows = [whole.order_unseen() for _ in range(2)]
    digest, = whole.sql("SELECT sha256 FROM receipt WHERE id = ?", rows[0])[0]
    whole.sql(f"CREATE TRIGGER hide AFTER INSERT ON receipt WHEN NEW.sha256 = x'{digest.hex()}' "
              "BEGIN DELETE FROM receipt WHERE id = NEW.id; END")
    whole.sql("DELETE FROM receipt WHERE id = ?", rows[0])
    for options in ((), ("--recover", "--wait", "8")):
        found, said = whole.book(*options, want=1)
        assert len(found["missing"]) == 1 and "is missing" in said


def test_the_newest_receipt_cannot_be_held_back_either(whole):
    row = whole.order_unseen()
    whole.sql("DELETE FROM receipt WHERE id = ?", row)
    answer = whole.say("command", "run", whole.dev, "ping", "--json")
    assert json.loads(answer.stdout)["receipts"]["newer_not_shown"]
    assert "that the server does not show" in answer.stderr


def test_what_is_lost_can_be_accepted(whole):
    row = whole.order_unseen()
    whole.order_unseen()
    whole.sql("DELETE FROM receipt WHERE id = ?", row)
    assert whole.book(want=1)[0]["missing"]
    assert whole.book("--accept", want=0)[0]["missing"]  # said once more, then taken note of
    assert whole.book(want=0)[0]["whole"]


def test_a_receipt_shown_twice_is_noticed(whole):
    whole.sql("INSERT INTO receipt(dev, cti, bytes, sha256, cert_sha256, received) SELECT dev, cti, bytes, "
              "x'00', cert_sha256, received FROM receipt WHERE id = ?", whole.rows()[0])
    found, said = whole.book(want=1)
    assert found["repeated"] == 1 and "twice" in said


def test_receipts_under_each_others_names_are_noticed_and_answer_nothing(whole):
    row = whole.order_unseen()
    cti, = whole.sql("SELECT cti FROM receipt WHERE id = ?", row)[0]
    other = whole.rows()[0]
    kept, = whole.sql("SELECT cti FROM receipt WHERE id = ?", other)[0]
    whole.sql("UPDATE receipt SET cti = ? WHERE id = ?", cti, other)
    found, said = whole.book(want=1)
    assert found["foreign"] == 1 and "of other commands" in said
    whole.sql("UPDATE receipt SET cti = ? WHERE id = ?", kept, other)


@pytest.mark.parametrize("made", [b"\xd2\x84" + bytes(40), b"", b"flipped", b"of another device"])
def test_a_receipt_the_device_did_not_sign_is_noticed(whole, made):
    row, = whole.sql("SELECT bytes FROM receipt WHERE id = ?", whole.rows()[-1])[0]
    if made == b"flipped":
        made = row[:-1] + bytes([row[-1] ^ 1])
    elif made == b"of another device":
        made = row.replace(whole.dev.encode(), b"a" * 16)
        assert made != row
    whole.sql("INSERT INTO receipt(dev, cti, bytes, sha256, cert_sha256, received) "
              "VALUES(?, zeroblob(16), ?, x'01', zeroblob(32), 0)", whole.dev, made)
    found, said = whole.book(want=1)
    assert found["foreign"] == 1 and "that are none" in said and not found["missing"]


def test_kill_9_at_any_moment_leaves_a_book_that_reads(whole):
    for _ in range(3):
        whole.order_unseen()
    argv = [HOLDFAST, "command", "receipts", whole.dev, "--as", str(whole.folder), "--passphrase-file",
            str(whole.fleet.pass_file)]
    for step in range(12):
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(step * 0.02)
        process.kill()
        process.wait()
    assert whole.book(want=0)[0]["whole"]


def test_a_damaged_book_is_refused_in_one_line(whole):
    book = whole.folder / "devices" / f"{whole.dev}.receipts"
    kept = book.read_bytes()
    for bad in (b"", b"words", kept[:-1], kept + b"\0", kept.replace(b"hf-receipts1", b"hf-receipts2")):
        book.write_bytes(bad)
        run = whole.say("command", "receipts", whole.dev, want=1)
        assert len(run.stderr.splitlines()) == 1 and "damaged" in run.stderr and run.stdout == ""
    book.write_bytes(kept)
