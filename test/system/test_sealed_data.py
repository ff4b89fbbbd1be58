"""Application data, from a program on the device to its owner, read by an implementation that shares no code
with the device; broker and server never have it.

SPDX-License-Identifier: Apache-2.0
"""
import pytest

from agentlib import until
from pycose import ES256, InvalidTag, Signer, open_encrypt
from pyoperator import DANGER, DONE, Owned, items_of, operator_key, sequence, unb64
from test_commands_end_to_end import App
import pycose


@pytest.fixture(scope="module")
def both(fleet):
    return [operator_key(fleet, "alice"), operator_key(fleet, "bob")]


@pytest.fixture
def made(fleet, both, request):
    """A device, its owner's view, and the data-owner key that two operators gave it."""
    device = fleet.device(request.node.name.removeprefix("test_")[:20])
    device.join(fleet.api())
    owned, owner = Owned(fleet.api(), both[0], device).endorsed(), Signer(ES256)
    assert owned.run("owners.set", DANGER, {"keys": [owner.public]}, both)[0] == DONE
    return device, owned, owner


def test_without_owner_key_nothing_is_taken(fleet):
    device = fleet.device("no-owner")
    device.join(fleet.api())
    app = App(fleet, "no-owner")
    assert app.ask("data", "climate", b"21.5")[:2] == ["error", "AG6"]
    app.close()


def test_the_owner_reads_it_in_order(fleet, made):
    device, owned, owner = made
    app = App(fleet, device.name)
    sent = [f"{n} degrees".encode() for n in range(20)]
    for text in sent:
        assert app.ask("data", "climate", text) == ["ok", ""]
    assert app.ask("data", "door", b"shut") == ["ok", ""]
    data = until("all frames", lambda: (d := owned.data(owner)) and sum(map(len, d.values())) == 21 and d)
    assert [data["climate"][k] for k in sorted(data["climate"], key=lambda k: k[1])] == sent
    assert list(data["door"].values()) == [b"shut"]
    app.close()


def test_nobody_else_reads_it(fleet, made):
    device, owned, owner = made
    app = App(fleet, device.name)
    assert app.ask("data", "climate", b"secret reading") == ["ok", ""]
    until("the frame", lambda: owned.data(owner))
    key = unb64(items_of(owned.api, f"/v1/devices/{owned.dev}/streams")[0]["bytes"])
    stranger = Signer(ES256)
    stranger.kid = owner.kid
    with pytest.raises(InvalidTag):
        open_encrypt(pycose.enc(next(sequence(key))), stranger, b"hf/skey/1/" + owned.dev.encode())
    for path in fleet.dir.glob("store/*"):
        assert b"secret reading" not in path.read_bytes()
    app.close()


def test_what_was_taken_survives_kill_and_an_absent_server(fleet, made):
    device, owned, owner = made
    app = App(fleet, device.name)
    fleet.stop()
    for n in range(5):
        assert app.ask("data", "climate", b"%d" % n) == ["ok", ""]
    app.close()
    device.kill()
    fleet.start()
    device.start()
    data = until("all frames", lambda: (d := owned.data(owner)) and len(d.get("climate", {})) == 5 and d, 60)
    assert sorted(data["climate"].values()) == [b"%d" % n for n in range(5)]


def test_a_new_owner_key_makes_a_new_stream_key(fleet, made, both):
    device, owned, owner = made
    app = App(fleet, device.name)
    assert app.ask("data", "climate", b"for the first") == ["ok", ""]
    until("the frame", lambda: owned.data(owner))
    second = Signer(ES256)
    assert owned.run("owners.set", DANGER, {"keys": [second.public]}, both)[0] == DONE
    assert app.ask("data", "climate", b"for the second") == ["ok", ""]
    data = until("the frame", lambda: owned.data(second))
    assert list(data["climate"].values()) == [b"for the second"]
    assert list(owned.data(owner)["climate"].values()) == [b"for the first"]
    app.close()
