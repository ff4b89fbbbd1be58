"""test_est_http -- HTTP and base64 as any EST client writes them; what is ambiguous is refused.

identity.md section 4, rules 1 to 5, and section 14 rows 13 and 14.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import socket
import ssl

import pytest

import fleetlib
from estlib import ROOT, Channel, Secret, enrol, new_key


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before)


def claimed(fleet):
    secret = Secret()
    assert secret.claim(fleet.api())[0] == 201
    return secret


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_status_line_mirrors_the_request(fleet, version):
    with Channel(fleet) as c:
        answer = c.request("GET", f"{ROOT}/lamp/cacerts", version=version)
    assert answer.status_line == f"HTTP/{version} 200 OK"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "transfer-encoding" not in answer.headers
    assert answer.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only"


def test_http_1_0_and_close_end_the_connection(fleet):
    for version, headers in (("1.0", ()), ("1.1", [("Connection", "close")])):
        with Channel(fleet) as c:
            c.request("GET", f"{ROOT}/lamp/csrattrs", headers=headers, version=version)
            assert c.read().status_line == ""  # the other side closed


def test_a_connection_is_kept_for_more(fleet):
    with Channel(fleet) as c:
        for _ in range(3):
            assert c.request("GET", f"{ROOT}/lamp/csrattrs").status == 200


def test_csrattrs_are_those_of_the_design(fleet):
    with Channel(fleet) as c:
        answer = c.request("GET", f"{ROOT}/lamp/csrattrs")
    assert answer.headers["content-type"] == "application/csrattrs"
    raw = answer.der()
    for oid in ("06082a8648ce3d030107", "06082a8648ce3d040302", "06092a864886f70d010907"):
        assert bytes.fromhex(oid) in raw


def test_the_answer_is_one_line_unless_the_request_was_wrapped_or_1_0(fleet):
    secret, key = claimed(fleet), new_key()
    assert b"\n" not in enrol(fleet, secret, key).body
    for options in ({"wrap": True}, {"version": "1.0"}):
        body = enrol(fleet, secret, key, **options).body
        lines = body.split(b"\n")
        assert lines[-1] == b"" and all(len(line) == 64 for line in lines[:-2])


@pytest.mark.parametrize("mangle", [
    lambda t: t, lambda t: b"\r\n".join(t[i:i + 76] for i in range(0, len(t), 76)),
            lambda t: b" \t" + t + b"\r\n\r\n",
    lambda t: b"\n".join(t[i:i + 1] for i in range(len(t)))])
def test_blanks_in_base64_are_dropped(fleet, mangle):
    secret, key = claimed(fleet), new_key()
    with Channel(fleet) as c:
        csr = c.csr(key)
        text = mangle(base64.b64encode(csr))
        answer = c.request("POST", f"{ROOT}/lamp/simpleenroll", text,
                           [("Content-Type", "application/pkcs10"), ("Content-Transfer-Encoding", "base64"),
                            c.authorization(secret, csr)])
    assert answer.status == 200


@pytest.mark.parametrize("text", [b"", b"====", b"AAAA!AAA", b"-----BEGIN", b"AAA", b"AA=A", b"AB==",
        b"\0AAA",
                                  b"AAAA\xff", b"QUJD=", b"_-AA"])
def test_foreign_bytes_in_base64_are_refused(fleet, text):
    with Channel(fleet) as c:
        answer = c.request("POST", f"{ROOT}/lamp/simpleenroll", text, [("Content-Type",
                "application/pkcs10")])
    assert answer.status == 400


@pytest.mark.parametrize("path", ["/", "/.well-known/est", f"{ROOT}/lamp", f"{ROOT}/lamp/serverkeygen",
                                  f"{ROOT}/lamp/fullcmc", f"{ROOT}/nothing/cacerts", f"{ROOT}/cacerts/x",
                                  "/v1/devices", "/metrics", f"{ROOT}/lamp/cacerts/"])
def test_an_unknown_path_is_404(fleet, path):
    with Channel(fleet) as c:
        assert c.request("GET", path).status in (400, 404)


def test_an_unknown_method_is_refused(fleet):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "BREW", "get"):
        with Channel(fleet) as c:
            assert c.request(method, f"{ROOT}/lamp/cacerts").status in (400, 404, 405, 411, 501)


def test_the_content_type_must_fit(fleet):
    with Channel(fleet) as c:
        assert c.request("POST", f"{ROOT}/lamp/simpleenroll", b"AAAA", [("Content-Type",
                "text/plain")]).status == 415
    with Channel(fleet) as c:
        assert c.request("POST", f"{ROOT}/lamp/simpleenroll", b"AAAA").status == 415


def test_length_is_needed_single_and_small(fleet):
    post = (f"POST {ROOT}/lamp/simpleenroll HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/pkcs10\r\n")
    for head, status in (("", 411), ("Transfer-Encoding: chunked\r\n", 411),
                         ("Content-Length: 4\r\nContent-Length: 5\r\n", 400),
                         ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400),
                         ("Content-Length: 16385\r\n", 413), ("Content-Length: -1\r\n", 400)):
        with Channel(fleet) as c:
            c.send((post + head + "\r\n").encode())
            assert c.read().status == status, head


def test_two_proofs_are_one_too_many(fleet):
    secret, key = claimed(fleet), new_key()
    with Channel(fleet) as c:
        csr = c.csr(key)
        header = c.authorization(secret, csr)
        assert c.post("simpleenroll", csr, [header, header]).status == 400


def test_no_plain_text_and_no_old_tls(fleet):
    with socket.create_connection(("127.0.0.1", fleet.ports["est"]), timeout=10) as s:
        s.sendall(b"GET /.well-known/est/lamp/cacerts HTTP/1.0\r\n\r\n")
        assert b"HTTP/" not in s.recv(1000)
    context = ssl.create_default_context(cafile=fleet.dir / "ca/server.crt")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", fleet.ports["est"]), timeout=10) as s:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(s, server_hostname="localhost")


def test_cacerts_hold_the_operational_ca_first(fleet):
    from cryptography import x509
    with Channel(fleet) as c:
        cert = c.request("GET", f"{ROOT}/lamp/cacerts").cert()
    assert cert == x509.load_pem_x509_certificate((fleet.dir / "ca/op.crt").read_bytes())


def test_the_revocation_list_is_signed_and_names_the_revoked(fleet):
    from cryptography import x509
    with Channel(fleet) as c:
        answer = c.request("GET", "/v1/crl")
    crl = x509.load_der_x509_crl(answer.body)
    op = x509.load_pem_x509_certificate((fleet.dir / "ca/op.crt").read_bytes())
    assert crl.is_signature_valid(op.public_key())
