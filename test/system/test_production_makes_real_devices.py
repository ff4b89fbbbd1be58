"""test_production_makes_real_devices -- from a signed order to a device of its owner, on the real agent: key,
label's secret made on the device, factory certificate by the order, proof at the end of the line, shipping,
claim, enrolment, first hello, exact books. Online, and by manifest without network or CA.

identity.md section 10. SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import re
import subprocess
import time

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import fleetlib
from agentlib import until
from estlib import Secret, events, make_csr, new_key
from factorylib import (LIST, Station, intake, make_unit, operator_signers, order, report, seal_kc, ship,
                        spki_hash)
from test_cli_commands_and_data import Person

OID = "1.3.6.1.4.1.99999.7"
OTHER_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4")


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    lines = (("tool", ("--enrol", "idevid+claim", "--oid", OID)),)
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before, lines=lines)


@pytest.fixture(scope="module")
def people(fleet):
    return Person(fleet, "alice"), Person(fleet, "bob")


def factory(device, *args, check=True):
    return subprocess.run([fleetlib.AGENT, "factory", *map(str, args), "--dir", device.state], check=check,
                          capture_output=True, text=True, timeout=60)


def certified(fleet, person, name):
    """A station by `holdfast order station`; the certificate file."""
    station = Station.__new__(Station)
    station.fleet, station.key = fleet, new_key()
    csr = x509.load_der_x509_csr(make_csr(station.key))
    (fleet.folder / f"{name}.csr").write_bytes(csr.public_bytes(Encoding.PEM))
    person.say("order", "station", name, "--csr", fleet.folder / f"{name}.csr", "--out",
               fleet.folder / f"{name}.crt")
    station.take((fleet.folder / f"{name}.crt").read_bytes())
    return station, fleet.folder / f"{name}.crt"


def signed_order(fleet, people, quantity, name, *options, cert=None):
    """An order by two people's hands on the command line; its number."""
    alice, bob = people
    station = None
    if cert is None:
        station, cert = certified(fleet, alice, name)
    file = fleet.folder / f"{name}.order"
    alice.say("order", "new", "tool", str(quantity), "--dir", fleet.dir, "--station", cert, "--out", file,
              *options)
    alone = alice.say("order", "send", file, want=1)
    assert "too few of the right people" in alone.stderr
    bob.say("order", "sign", file)
    return station, bytes.fromhex(alice.say("order", "send", file).stdout.strip())


def goes_to_its_owner(fleet, alice, device, handle, number):
    """Waits unshipped and unclaimed, then the label brings it to its owner."""
    alarms = len(events(fleet, "unit.not-shipped"))
    device.start()
    until("it asked", lambda: "end=wait" in device.log.read_text(), 60)
    assert len(events(fleet, "unit.not-shipped")) > alarms
    alice.say("order", "ship", number.hex(), handle)
    alice.say("device", "claim", device.code, "--wait", "0")
    poll(device)
    answer = alice.say("device", "claim", device.code, "--label", "t", "--wait", "60", "--json").stdout
    device.dev = dev_in(answer)
    until("confirmed", lambda: device.show(fleet.api())["certificate"]["state"] == "confirmed", 60)
    until("connected", lambda: device.show(fleet.api())["connected"], 60)
    assert device.dev not in handle and handle not in device.log.read_text()
    assert alice.say("command", "run", device.dev, "ping").returncode == 0


def dev_in(answer):
    return re.search(r'"dev":\s*"([a-z2-7]{16})"', answer).group(1)


def poll(device):
    subprocess.run([fleetlib.AGENT, "poll", "--dir", device.state], check=True, timeout=60,
                   capture_output=True)


class Floor:
    """A station by `holdfast station`: its folder, certified by an operator."""

    def __init__(self, fleet, person, name, *options):
        self.fleet, self.folder = fleet, fleet.folder / name
        self.options = options[2:]
        fleet.cli("station", "init", self.folder, "--line", fleet.dir / "products/tool.hfp", *options)
        self.cert = self.folder / "station.crt"
        person.say("order", "station", name, "--csr", self.folder / "station.csr", "--out", self.cert)

    def say(self, verb, *words, want=0):
        run = self.fleet.cli("station", verb, self.folder, *words, *self.options, check=False)
        assert run.returncode == want, (verb, words, run.stdout, run.stderr)
        return run.stdout.strip() if want == 0 else run.stderr


def test_an_ordered_device_reaches_its_owner(fleet, people):
    floor = Floor(fleet, people[0], "line-a")
    _, number = signed_order(fleet, people, 1, "line-a", cert=floor.cert)
    order_file, device = fleet.folder / "line-a.order", fleet.device("online", line="tool")
    unit, cert = fleet.folder / "unit.cbor", fleet.folder / "idevid.der"
    shown = json.loads(fleet.cli("order", "show", order_file, "--json").stdout)
    assert (shown["id"], shown["quantity"], shown["signatures"]) == (number.hex(), 1, 2)
    assert shown["intake"] == intake(fleet).public.hex()
    assert f"intake      {shown['intake']}" in fleet.cli("order", "show", order_file).stdout
    factory(device, "csr", "--intake", shown["intake"], "--out", unit)
    handle = floor.say("enrol", order_file, unit, "--out", cert)
    first = cert.read_bytes()
    assert floor.say("enrol", order_file, unit, "--out", cert) == handle and cert.read_bytes() == first
    factory(device, "install", "--cert", cert)
    number_to_sign = floor.say("commit", order_file, handle)
    assert len(bytes.fromhex(number_to_sign)) == 32
    proof = factory(device, "commit", "--nonce", number_to_sign).stdout.strip()
    assert "refused" in floor.say("commit", order_file, handle, "--signature", "01" * 64, want=1)
    assert floor.say("commit", order_file, handle, "--signature", proof) == "committed"
    goes_to_its_owner(fleet, people[0], device, handle, number)
    books = people[0].say("order", "report", number.hex()).stdout
    assert re.search(r"exact +yes|exact +true", books), books
    found = report(fleet, number)
    assert (found["issued"], found["committed"], found["shipped"], found["journal"]) == (1, 1, 1, 1)


def test_a_station_is_told_what_it_may_not_do(fleet, people):
    """Another station, one device too many, an order by manifest, somebody else's handle; then a key
    under a passphrase, and a certificate of another key."""
    floor = Floor(fleet, people[0], "line-s")
    _, number = signed_order(fleet, people, 1, "line-s", "--allowance", "0", cert=floor.cert)
    order_file, out = fleet.folder / "line-s.order", fleet.folder / "s.der"
    units = []
    for name in ("s-one", "s-two"):
        device, unit = fleet.device(name, line="tool"), fleet.folder / f"{name}.cbor"
        factory(device, "csr", "--intake", intake(fleet).public.hex(), "--out", unit)
        units.append(unit)
    stranger = Floor(fleet, people[0], "line-t", "--passphrase-file", fleet.pass_file)
    stranger.options = ("--passphrase-file", fleet.pass_file)
    assert b"ENCRYPTED" in (stranger.folder / "station.key").read_bytes()
    assert "refused" in stranger.say("enrol", order_file, units[0], "--out", out, want=1)
    handle = floor.say("enrol", order_file, units[0], "--out", out)
    made = out.read_bytes()
    assert "refused" in floor.say("enrol", order_file, units[1], "--out", out, want=1)
    assert "404" in floor.say("commit", order_file, "a" * 26, want=1)
    assert "404" in stranger.say("commit", order_file, handle, want=1)
    for bad in (b"", b"\x83\x40\x40\x40", units[0].read_bytes() + b"\0", units[0].read_bytes()[:-1]):
        (fleet.folder / "bad.cbor").write_bytes(bad)
        said = floor.say("enrol", order_file, fleet.folder / "bad.cbor", "--out", out, want=1)
        assert "no device's request" in said
    signed_order(fleet, people, 1, "line-q", "--manifest", cert=floor.cert)
    assert "by manifest" in floor.say("enrol", fleet.folder / "line-q.order", units[1], "--out", out, want=1)
    stranger.options = ()
    assert "passphrase" in stranger.say("enrol", order_file, units[1], "--out", out, want=1)
    expired = fleet.dir / "ca/station.crt"  # any certificate of another key will do: it is not this station's
    floor.cert.write_bytes(expired.read_bytes())
    floor.say("enrol", order_file, units[0], "--out", out, want=1)
    assert out.read_bytes() == made and report(fleet, number)["issued"] == 1


class Made:
    """A unit of a manifest without a device: key, claim, handle."""

    def __init__(self, fleet, key=None, handle=None):
        self.key, self.secret = key or new_key(), Secret()
        self.handle = handle or base64.b32encode(os.urandom(16)).decode().lower().rstrip("=")
        self.row = (self.handle, spki_hash(self.key.public_key()), self.secret.cid,
                    seal_kc(fleet, self.secret))


def bring(fleet, number, body):
    return fleet.api().call("POST", f"/v1/orders/{number.hex()}/units", body, LIST)[0]


def test_a_device_of_a_manifest_reaches_its_owner(fleet, people):
    station, number = signed_order(fleet, people, 2, "line-m", "--manifest")
    device, unit = fleet.device("manifest", line="tool"), fleet.folder / "munit.cbor"
    words = ("selfsign", "--intake", intake(fleet).public.hex(), "--oid", OID, "--out", unit)
    factory(device, *words)
    first = cbor2.loads(unit.read_bytes())
    factory(device, *words)
    assert cbor2.loads(unit.read_bytes())[0] == first[0]  # asked twice, one certificate
    cert = x509.load_der_x509_certificate(first[0])
    handle = cert.subject.rfc4514_string().removeprefix("CN=")
    assert cert.issuer == cert.subject and cert.not_valid_after.year == 9999 and len(handle) == 26
    name = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value[0]
    assert name.type_id == OTHER_NAME and handle.encode() in name.value
    cert.public_key().verify(cert.signature, cert.tbs_certificate_bytes, hash_of(cert))
    device.start()  # its list has not come yet: nobody knows this key
    until("refused", lambda: "end=refused" in device.log.read_text(), 60)
    device.stop()
    pack(fleet, people[0], station, "line-m", unit)
    people[0].say("order", "manifest", number.hex(), fleet.folder / "list")
    goes_to_its_owner(fleet, people[0], device, handle, number)
    found = report(fleet, number)
    assert (found["issued"], found["committed"], found["journal"], found["exact"]) == (1, 1, 1, True)


def pack(fleet, person, station, name, unit):
    """`holdfast order pack` as a station without network: what does not fit is refused, then the list."""
    made, pem = fleet.folder / "made", (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made.mkdir()
    for file, key in (("station.key", station.key), ("stranger.key", new_key())):
        (fleet.folder / file).touch(0o600)
        (fleet.folder / file).write_bytes(key.private_bytes(*pem))

    def run(key="station.key", order=f"{name}.order", want=0):
        return person.run("order", "pack", fleet.folder / order, made, "--key", f"file:{fleet.folder / key}",
                          "--out", fleet.folder / "list", want=want).stderr

    assert "0 devices" in run(want=1)
    (made / "a").write_bytes(b"x")
    assert "no device of a manifest" in run(want=1)
    (made / "a").write_bytes(unit.read_bytes())
    assert "does not name this station" in run(key="stranger.key", want=1)
    assert "made online" in run(order="line-a.order", want=1)
    (made / "b").write_bytes(unit.read_bytes())  # the same device twice
    assert run(want=1) and not (fleet.folder / "list").exists()
    (made / "b").unlink()
    run()


def hash_of(cert):
    return ec.ECDSA(cert.signature_hash_algorithm)


def test_a_list_that_does_not_fit_is_refused_whole(fleet):
    station, stranger = Station(fleet, "line-x"), Station(fleet, "line-y")
    signers = operator_signers(fleet)
    number, (status, _, _) = order(fleet, station, signers, quantity=2, allowance=5, mode=1)
    assert status == 201
    a, b, c = (Made(fleet) for _ in range(3))
    same_handle, same_key = Made(fleet, handle=a.handle), Made(fleet, key=a.key)

    def refused(body, to=number):
        before = report(fleet, to)["issued"]
        assert bring(fleet, to, body) in (400, 403, 409), body
        assert report(fleet, to)["issued"] == before

    refused(station.sign_list(number, [a.row, b.row, c.row]))  # the allowance is for attempts, not for units
    refused(station.sign_list(number, [a.row, same_handle.row]))
    refused(station.sign_list(number, [a.row, same_key.row]))
    refused(station.sign_list(number, [a.row], signer=stranger.signer))
    refused(station.sign_list(number, [a.row], made_at=time.time() - 7200))
    refused(station.sign_list(number, [a.row], made_at=time.time() + 7200))
    refused(station.sign_list(os.urandom(16), [a.row]))
    refused(station.sign_list(number, [("A" * 26, *a.row[1:])]))
    broken = bytearray(station.sign_list(number, [a.row]))
    broken[-1] ^= 1
    refused(bytes(broken))
    assert make_unit(fleet, station, number)[0].status == 403  # a manifest's order issues nothing online
    assert bring(fleet, number, station.sign_list(number, [a.row])) == 201
    refused(station.sign_list(number, [b.row, a.row]))       # known already: b does not come in either
    refused(station.sign_list(number, [b.row, same_handle.row]))
    refused(station.sign_list(number, [b.row, same_key.row]))
    refused(station.sign_list(number, [b.row, c.row]))       # one more than ordered, over two lists
    assert bring(fleet, number, station.sign_list(number, [b.row])) == 201
    assert report(fleet, number)["exact"]
    ship(fleet, number, a.handle)
    for dates in ({"begin": 600}, {"begin": -7200, "end": -3600}):
        late, (status, _, _) = order(fleet, station, signers, mode=1, **dates)
        inside = time.time() + (900 if "end" not in dates else -5400)
        assert status == 201
        refused(station.sign_list(late, [Made(fleet).row], made_at=inside), late)
    online, _ = order(fleet, station, signers, mode=0)
    refused(station.sign_list(online, [Made(fleet).row]), online)
