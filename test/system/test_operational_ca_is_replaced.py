"""test_operational_ca_is_replaced -- `holdfast ca replace` makes the next Operational CA by the word of the
root keys: devices of the old one stay welcome and renew onto the new one, each CA vouches for the other,
and without that word no key is used. Judges: OpenSSL, strongSwan.

identity.md section 1; RFC 7030 section 4.1.3. The tests build on each other, in this order.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import os
import pathlib
import subprocess
import tempfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

import fleetlib
from estlib import Channel, dev_of, joined, new_key, renew

COMPAT = "compat-listen = 127.0.0.1:{compat}\ncompat-line = esp\ncompat-tls = 1.2\ndefault-line = lamp\n"


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    port = fleetlib.free_port()
    lines = (("lamp", ()), ("esp", ("--enrol", "idevid", "--third-party")))
    for fleet in fleetlib.run_fleet(lambda: request.session.testsfailed > before, lines=lines,
                                    conf=COMPAT.replace("{compat}", str(port))):
        fleet.compat = port
        yield fleet


def pem(fleet, name):
    return x509.load_pem_x509_certificate((fleet.dir / "ca" / name).read_bytes())


def point(cert):
    return cert.public_key().public_numbers()


def replace(fleet):
    fleet.stop()
    fleet.cli("ca", "replace", fleet.dir, "--passphrase-file", fleet.pass_file)
    fleet.start()


def issued_by(cert, ca):
    key = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    aki = cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    return cert.issuer == ca.subject and aki == key


def openssl_accepts(folder, fleet, leaf, anchor, cross=None):
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    argv = ["openssl", "verify", "-x509_strict", "-no-CAfile", "-no-CApath", "-partial_chain", "-trusted",
            fleet.dir / "ca" / anchor]
    argv += ["-untrusted", fleet.dir / "ca" / cross] if cross else []
    run = subprocess.run([str(a) for a in [*argv, folder / "leaf.pem"]], capture_output=True, timeout=60,
                         check=False)
    return run.returncode == 0 and run.stdout.rstrip().endswith(b"OK")


def test_devices_of_the_old_ca_stay_and_renew_onto_the_new(fleet):
    agent = fleet.device("stays")
    agent.join(fleet.api())
    before = agent.show(fleet.api())["last_hello"]
    _, key, cert = joined(fleet)
    old = pem(fleet, "op.crt")
    assert issued_by(cert, old)
    fleet.old_leaf = cert
    replace(fleet)
    new = pem(fleet, "op-2.crt")
    assert new.subject == old.subject
    assert point(new) != point(old)
    assert issued_by(pem(fleet, "op-2.old-with-new.crt"), new)
    assert issued_by(pem(fleet, "op-2.new-with-old.crt"), old)
    fleetlib.until("the agent comes back with its old certificate",
                   lambda: agent.show(fleet.api())["last_hello"] > before, 120)
    fresh = new_key()
    child = renew(fleet, cert, key, fresh).cert()
    assert dev_of(child) == dev_of(cert)
    assert issued_by(child, new) and not issued_by(child, old)
    for shown, its_key in ((cert, key), (child, fresh)):
        with Channel(fleet, port=fleet.ports["device"], cert=shown, key=its_key) as c:
            assert c.request("GET", f"/v1/bundles/{64 * '0'}").status == 404
    agent.stop()


def test_openssl_walks_from_each_ca_to_devices_of_the_other(fleet):
    assert point(pem(fleet, "op-2.old-with-new.crt")) == point(pem(fleet, "op.crt"))
    assert point(pem(fleet, "op-2.new-with-old.crt")) == point(pem(fleet, "op-2.crt"))
    fresh = joined(fleet)[2]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for leaf, own, other, cross, wrong in (
                (fleet.old_leaf, "op.crt", "op-2.crt", "op-2.old-with-new.crt", "op-2.new-with-old.crt"),
                (fresh, "op-2.crt", "op.crt", "op-2.new-with-old.crt", "op-2.old-with-new.crt")):
            assert openssl_accepts(folder, fleet, leaf, own)
            assert not openssl_accepts(folder, fleet, leaf, other)
            assert openssl_accepts(folder, fleet, leaf, other, cross)
            assert not openssl_accepts(folder, fleet, leaf, other, wrong)


def test_cacerts_tells_of_both_and_how_they_vouch_for_each_other(fleet):
    with Channel(fleet) as c:
        answer = c.request("GET", "/.well-known/est/lamp/cacerts")
    certs = load_der_pkcs7_certificates(base64.b64decode(answer.body))
    names = ("op-2.crt", "op-2.old-with-new.crt", "op-2.new-with-old.crt", "op.crt")
    assert certs[:4] == [pem(fleet, n) for n in names]
    assert certs[4].subject == certs[4].issuer


def test_strongswan_reads_the_mirror_and_enrols_onto_the_new_ca(fleet):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "swan.conf").write_text("include /etc/strongswan.conf\nlibtls { version_max = 1.3 }\n"
                                          "libstrongswan { x509 { enforce_critical = no } }\n")
        env = {**os.environ, "STRONGSWAN_CONF": str(folder / "swan.conf")}

        def pki(*argv):
            return subprocess.run(["pki", *[str(a) for a in argv]], cwd=folder, env=env, timeout=60,
                                  capture_output=True, check=False).stdout

        url = f"https://localhost:{fleet.compat}"
        root = fleet.dir / "root/root.crt"
        pki("--estca", "--url", url, "--cacert", root, "--caout", "ca.pem", "--outform", "pem", "--force")
        written = [x509.load_pem_x509_certificate(p.read_bytes()) for p in folder.glob("ca*.pem")]
        assert pem(fleet, "op-2.crt") in written
        (folder / "a.key").write_bytes(pki("--gen", "--type", "ecdsa", "--size", "256", "--outform", "pem"))
        (folder / "a.csr").write_bytes(pki("--req", "--in", "a.key", "--type", "ecdsa", "--dn", "CN=x",
                                           "--outform", "der"))
        code = fleet.api().post("/v1/codes", {"line": "esp"})
        got = pki("--est", "--url", url, "--in", "a.csr", "--cacert", root, "--cacert",
                  fleet.dir / "ca/op-2.crt", "--userpass", f"{code['user']}:{code['password']}", "--outform",
                  "pem")
        assert issued_by(x509.load_pem_x509_certificate(got), pem(fleet, "op-2.crt"))


def test_what_an_interrupted_change_left_is_no_ca_and_in_nobodys_way(fleet):
    for part in ("crt", "uri", "old-with-new.crt", "new-with-old.crt"):
        (fleet.dir / f"ca/op-3.{part}").write_text("half")
    fleet.stop()
    fleet.start()
    _, key, cert = joined(fleet)
    assert issued_by(cert, pem(fleet, "op-2.crt"))
    replace(fleet)
    child = renew(fleet, cert, key, new_key()).cert()
    assert issued_by(child, pem(fleet, "op-3.crt"))


def test_without_the_word_of_the_root_keys_no_key_is_used(fleet):
    fleet.stop()
    path = fleet.dir / "trust/ca-key-op-3.cose"
    good = path.read_bytes()
    other = (fleet.dir / "trust/ca-key-op-2.cose").read_bytes()
    for bad, word in ((good[:-1] + bytes([good[-1] ^ 1]), "did not sign"), (other, "another key"),
                      (b"", "did not sign")):
        path.write_bytes(bad)
        run = subprocess.run([str(fleetlib.HOLDFAST), "up", str(fleet.dir), "--passphrase-file",
                              str(fleet.pass_file)], capture_output=True, timeout=120, check=False)
        assert run.returncode == 1
        assert word in run.stderr.decode(), run.stderr
        check = subprocess.run([str(fleetlib.BUILD / "server/holdfastd"), "--dir", str(fleet.dir), "-n"],
                               capture_output=True, timeout=60, check=False)
        assert check.returncode == 1 and word in check.stderr.decode(), check.stderr
    path.write_bytes(good)
    fleet.start()
    assert issued_by(joined(fleet)[2], pem(fleet, "op-3.crt"))
