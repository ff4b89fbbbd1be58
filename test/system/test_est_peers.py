"""test_est_peers -- programs that others wrote enrol here: curl on our listener, strongSwan's pki on the
compatibility listener with TLS 1.2 and 1.3. Judged by what they wrote, never by how they exit.

identity.md section 13.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import os
import pathlib
import subprocess
import tempfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

import fleetlib
from estlib import Secret, dev_of, joined, make_csr, new_key

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


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield pathlib.Path(name)


def run(folder, *argv, env=None, data=None):
    return subprocess.run([str(a) for a in argv], cwd=folder, capture_output=True, timeout=60, input=data,
                          env={**os.environ, **(env or {})})


def code(fleet):
    answer = fleet.api().post("/v1/codes", {"line": "esp"})
    return f"{answer['user']}:{answer['password']}"


def curl(fleet, folder, op, *options, port=None):
    return run(folder, "curl", "-sS", "--cacert", fleet.dir / "ca/server.crt", *options,
               f"https://localhost:{port or fleet.ports['est']}/.well-known/est/{op}")


@pytest.mark.parametrize("http", ["--http1.1", "--http1.0"])
def test_curl_reads_cacerts_and_csrattrs(fleet, folder, http):
    body = base64.b64decode(curl(fleet, folder, "lamp/cacerts", "--tlsv1.3", http).stdout)
    op = x509.load_pem_x509_certificate((fleet.dir / "ca/op.crt").read_bytes())
    assert load_der_pkcs7_certificates(body)[0] == op
    assert base64.b64decode(curl(fleet, folder, "csrattrs", "--tlsv1.3", http).stdout)[0] == 0x30


@pytest.mark.parametrize("wrap", [False, True])
def test_curl_enrols_with_a_code_and_renews_with_its_certificate(fleet, folder, wrap):
    key, fresh = new_key(), new_key()
    encode = base64.encodebytes if wrap else base64.b64encode
    (folder / "csr").write_bytes(encode(make_csr(key, cn="x")))
    user = code(fleet)
    post = ("--data-binary", "@csr", "-H", "Content-Type: application/pkcs10")
    out = curl(fleet, folder, "simpleenroll", *post, "-u", user, port=fleet.compat).stdout
    cert = load_der_pkcs7_certificates(base64.b64decode(out))[0]
    assert cert.public_key().public_numbers() == key.public_key().public_numbers()
    (folder / "cert").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
                                                   serialization.NoEncryption()))
    (folder / "csr").write_bytes(encode(make_csr(fresh, cn="hf-" + dev_of(cert))))
    out = curl(fleet, folder, "simplereenroll", *post, "--cert", "cert", "--key", "key",
            port=fleet.compat).stdout
    child = load_der_pkcs7_certificates(base64.b64decode(out))[0]
    assert dev_of(child) == dev_of(cert)
    # The code is used up: another key is refused.
    (folder / "csr").write_bytes(encode(make_csr(new_key(), cn="x")))
    status = curl(fleet, folder, "simpleenroll", *post, "-u", user, "-o", "/dev/null", "-w", "%{http_code}",
                  port=fleet.compat).stdout
    assert status == b"403"


def test_basic_is_for_the_compatibility_listener_only(fleet, folder):
    (folder / "csr").write_bytes(base64.b64encode(make_csr(new_key(), cn="x")))
    post = ("--data-binary", "@csr", "-H", "Content-Type: application/pkcs10", "-o", "/dev/null", "-w",
            "%{http_code}")
    assert curl(fleet, folder, "esp/simpleenroll", *post, "-u", code(fleet)).stdout == b"403"
    assert curl(fleet, folder, "simpleenroll", *post, port=fleet.compat).stdout == b"401"
    assert curl(fleet, folder, "simpleenroll", *post, "-u", "a:b", port=fleet.compat).stdout == b"403"
    assert curl(fleet, folder, "lamp/simpleenroll", *post, "-u", "a:b", port=fleet.compat).stdout == b"404"


def test_curl_with_a_client_certificate_renews_on_our_own_listener_only_with_its_channel(fleet, folder):
    _, key, cert = joined(fleet)
    (folder / "cert").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
                                                   serialization.NoEncryption()))
    (folder / "csr").write_bytes(base64.b64encode(make_csr(new_key())))
    status = curl(fleet, folder, "lamp/simplereenroll", "--tlsv1.3", "--cert", "cert", "--key", "key",
            "--data-binary",
                  "@csr", "-H", "Content-Type: application/pkcs10", "-o", "/dev/null", "-w",
                          "%{http_code}").stdout
    assert status == b"403"  # curl cannot bind the request to its channel


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_strongswan_enrols_and_renews(fleet, folder, tls):
    # Its X.509 reader does not know the critical name constraints of our Server CA.
    (folder / "swan.conf").write_text("include /etc/strongswan.conf\n"
                                      f"libtls {{ version_max = {tls} }}\n"
                                      "libstrongswan { x509 { enforce_critical = no } }\n")
    env = {"STRONGSWAN_CONF": str(folder / "swan.conf")}
    url = f"https://localhost:{fleet.compat}"
    root, op = fleet.dir / "root/root.crt", fleet.dir / "ca/op.crt"
    run(folder, "pki", "--estca", "--url", url, "--cacert", root, "--caout", "ca.pem", "--outform", "pem",
            "--force",
        env=env)
    assert list(folder.glob("ca*.pem")), "no CA certificate was written"

    def request(name, subject):
        key = run(folder, "pki", "--gen", "--type", "ecdsa", "--size", "256", "--outform", "pem").stdout
        (folder / f"{name}.key").write_bytes(key)
        csr = run(folder, "pki", "--req", "--in", f"{name}.key", "--type", "ecdsa", "--dn", f"CN={subject}",
                "--outform",
                  "der").stdout
        (folder / f"{name}.csr").write_bytes(csr)

    request("a", "x")
    first = run(folder, "pki", "--est", "--url", url, "--in", "a.csr", "--cacert", root, "--cacert", op,
            "--userpass",
                code(fleet), "--outform", "pem", env=env)
    cert = x509.load_pem_x509_certificate(first.stdout)
    (folder / "a.pem").write_bytes(first.stdout)
    request("b", "hf-" + dev_of(cert))
    second = run(folder, "pki", "--est", "--url", url, "--in", "b.csr", "--cacert", root, "--cacert", op,
            "--cert",
                 "a.pem", "--key", "a.key", "--outform", "pem", env=env)
    child = x509.load_pem_x509_certificate(second.stdout)
    assert dev_of(child) == dev_of(cert)
    assert child.serial_number != cert.serial_number


def test_a_claim_is_no_use_on_the_compatibility_listener(fleet):
    from estlib import Channel
    secret, key = Secret(), new_key()
    assert secret.claim(fleet.api(), "esp")[0] == 201
    with Channel(fleet, port=fleet.compat) as c:
        csr = c.csr(key)
        assert c.post("simpleenroll", csr, [c.authorization(secret, csr)], line=None).status == 401
