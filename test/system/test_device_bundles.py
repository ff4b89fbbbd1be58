"""test_device_bundles -- where devices fetch bundles: content address, ETag, ranges, and who is let in.

release-log.md issue deliver 4; channel.md sections 1 and 9. SPDX-License-Identifier: Apache-2.0
"""
import hashlib

import pytest

import fleetlib
from estlib import Channel, dev_of, joined, new_key
from test_api_contract import bundle

KIND = {"Content-Type": "application/vnd.holdfast.bundle"}


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before)


@pytest.fixture(scope="module")
def held(fleet):
    body, d = bundle(3, b"x" * 2000)
    status, _, row = fleet.api().call("POST", "/v1/releases", body, KIND)
    assert status == 201
    return body, d, row["bundle"]


class Fetcher:
    def __init__(self, fleet):
        answer = joined(fleet)
        self.fleet, self.dev, self.key, self.cert = fleet, dev_of(answer[2]), answer[1], answer[2]

    def get(self, path, headers=None, method="GET"):
        with Channel(self.fleet, port=self.fleet.ports["device"], cert=self.cert, key=self.key) as c:
            return c.request(method, path, headers=list((headers or {}).items()))


@pytest.fixture(scope="module")
def device(fleet):
    return Fetcher(fleet)


def test_a_bundle_is_given_whole_under_its_hash(device, held):
    body, _, address = held
    answer = device.get(f"/v1/bundles/{address}")
    assert answer.status == 200 and answer.body == body
    assert hashlib.sha256(answer.body).hexdigest() == address
    assert answer.headers["etag"] == f'"{address}"' and answer.headers["accept-ranges"] == "bytes"
    assert device.get(f"/v1/bundles/{address.upper()}").status == 200


@pytest.mark.parametrize("value,first,last", [("bytes=0-0", 0, 0), ("bytes=100-199", 100, 199),
                                              ("bytes=2000-", 2000, None), ("bytes=-7", -7, None)])
def test_one_range_is_given(device, held, value, first, last):
    body, _, address = held
    answer = device.get(f"/v1/bundles/{address}", {"Range": value})
    first = first if first >= 0 else len(body) + first
    last = len(body) - 1 if last is None else last
    assert answer.status == 206 and answer.body == body[first:last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(body)}"


def test_a_range_outside_is_416_and_a_broken_one_means_the_whole(device, held):
    body, _, address = held
    answer = device.get(f"/v1/bundles/{address}", {"Range": f"bytes={len(body)}-"})
    assert answer.status == 416 and answer.headers["content-range"] == f"bytes */{len(body)}"
    for value in ("bytes=1-2,4-5", "bytes=5-1", "items=0-1", "bytes=x"):
        assert device.get(f"/v1/bundles/{address}", {"Range": value}).body == body


def test_conditions(device, held):
    body, _, address = held
    path, tag = f"/v1/bundles/{address}", f'"{address}"'
    for value in (tag, f'"x", {tag}', "*", f"W/{tag}"):
        answer = device.get(path, {"If-None-Match": value})
        assert answer.status == 304 and answer.body == b"", value
    assert device.get(path, {"If-None-Match": '"x"'}).body == body
    part = {"Range": "bytes=1-3"}
    assert device.get(path, {**part, "If-Range": tag}).body == body[1:4]
    assert device.get(path, {**part, "If-Range": '"old"'}).body == body


def test_what_is_not_there(device, held):
    for name in ("0" * 64, "zz", held[2][:-2], held[2] + "00"):
        assert device.get(f"/v1/bundles/{name}").status == 404, name
    assert device.get("/v1/bundles").status == 404
    assert device.get("/v1/releases").status == 404
    assert device.get(f"/v1/bundles/{held[2]}", method="DELETE").status == 405


def test_nobody_without_a_row_is_let_in(fleet, held, device):
    path = f"/v1/bundles/{held[2]}"
    with Channel(fleet, port=fleet.ports["device"]) as c:
        assert c.request("GET", path, headers=[]).status == 403
    with pytest.raises(Exception):  # the key of another certificate does not even finish its handshake
        with Channel(fleet, port=fleet.ports["device"], cert=device.cert, key=new_key()) as c:
            assert c.request("GET", path, headers=[]).status


@pytest.mark.parametrize("act", ["revoke", "quarantine", "release"])
def test_a_device_that_may_not_is_refused_at_its_next_request(fleet, held, act):
    device = Fetcher(fleet)
    with Channel(fleet, port=fleet.ports["device"], cert=device.cert, key=device.key) as c:
        assert c.request("GET", f"/v1/bundles/{held[2]}", headers=[]).status == 200
        fleet.api().post(f"/v1/devices/{device.dev}/{act}", {"reason": "test"})
        assert c.request("GET", f"/v1/bundles/{held[2]}", headers=[]).status == 403


def test_a_revoked_release_is_given_no_more(fleet, device):
    body, d = bundle(4)
    fleet.api().call("POST", "/v1/releases", body, KIND)
    path = f"/v1/bundles/{hashlib.sha256(body).hexdigest()}"
    assert device.get(path).status == 200
    fleet.api().post(f"/v1/releases/{d}/revoke", {"reason": "test"})
    assert device.get(path).status == 404


def test_the_store_of_an_older_program_is_upgraded_when_opened(fleet, held, device):
    """A store of layout 1 is one without what later layouts added."""
    import sqlite3
    fleet.stop()
    db = sqlite3.connect(fleet.dir / "store/holdfast.db")
    db.executescript("DROP TABLE device_floor; DROP TABLE head; DROP TABLE look; DROP TABLE release_bundle;"
                     "DROP TABLE release; DROP TABLE blob; ALTER TABLE claim DROP COLUMN label;"
                     "PRAGMA user_version = 1;")
    db.close()
    conf = fleet.dir / "holdfast.conf"
    lines = conf.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("device-listen")]
    assert len(kept) == len(lines) - 1  # an older file does not know the key; ours is free on this machine
    conf.write_text("".join(kept) + f"device-listen = 127.0.0.1:{fleet.ports['device']}\n")
    fleet.start()
    assert device.get(f"/v1/bundles/{held[2]}").status == 404
    assert fleet.api().call("POST", "/v1/releases", held[0], KIND)[0] == 201
    assert device.get(f"/v1/bundles/{held[2]}").body == held[0]
