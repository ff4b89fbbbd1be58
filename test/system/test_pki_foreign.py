"""Rule: a request or certificate that no profile of ours contains is refused, however well it is signed.

Rows 12 and 13 of the identity page's list of other people's bugs, and the strict form it asks for.
SPDX-License-Identifier: Apache-2.0
"""
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from brokerlib import BUILD
from derlib import (BASIC, CHALLENGE, CHANGE_NAME, EC_KEY, ECDSA384, EKU, EXTENSIONS, SAN, USAGE, attribute,
                    bits, certificate, challenge, explicit_p256, extension, integer, key_id, name, new_key,
                    octets, oid, point, request, seq, spki, tlv, uri_san, utf8, wants)

PROGRAM = BUILD / "test/system/pki_try"
CLIENT, SERVER, ANY = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"
NOW = 1767225600
CSR, SIGNATURE, POINT, CERT, CHAIN = "CR7", "CR2", "CR4", "CR6", "CR8"  # HF_ERR_CRYPTO_...
KEY, KEY384, CA = new_key(), new_key(ec.SECP384R1()), new_key()
URI = "spiffe://fleet.example/d/a"


@pytest.fixture
def read(tmp_path):
    """What pki_try says of some bytes: code, and fields."""
    def run(kind, data, *more):
        (tmp_path / "in").write_bytes(data)
        args = [str(m) for m in more]
        done = subprocess.run([PROGRAM, kind, tmp_path / "in", *args], capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.returncode in (0, 1), done.stderr
        code, *fields = done.stdout.splitlines()
        return code, dict(f.split("=", 1) for f in fields)
    return run


# ---- requests -------------------------------------------------------------------------------------------

def test_a_full_request_is_understood(read):
    code, csr = read("csr", request(KEY, challenge("q83v"), wants(uri_san(URI))))
    assert code == "OK" and csr == {"cn": "hf-a", "uri": URI, "challenge": "q83v", "subject": "1", "san": "1",
                                    "plain": "1"}


def test_a_request_without_names_asks_for_nothing(read):
    for data in (request(KEY, subject=name()), request(KEY, wants(uri_san("")), subject=name()),
                 request(KEY, wants(extension(SAN, seq())), subject=name())):
        code, csr = read("csr", data)
        assert code == "OK" and (csr["subject"], csr["san"], csr["plain"]) == ("0", "0", "1")


def test_names_of_other_kinds_are_not_plain(read):
    """The server compares CN and URI; what else stands there must not slip through."""
    organisation = seq(*(tlv(0x31, seq(oid(kind), utf8(text))) for kind, text in (
        ("2.5.4.10", "evil"), ("2.5.4.3", "hf-a"))))
    mail = wants(extension(SAN, seq(tlv(0x81, b"a@b"))))
    both = wants(extension(SAN, seq(tlv(0x86, URI.encode()), tlv(0x82, b"evil.example"))))
    for data in (request(KEY, subject=organisation), request(KEY, wants(uri_san("")), subject=organisation),
                 request(KEY, mail), request(KEY, both)):
        code, csr = read("csr", data)
        assert code == "OK" and csr["plain"] == "0"


def test_wishes_beside_the_names_are_passed_over(read):
    data = request(KEY, wants(extension(BASIC, seq(tlv(1, b"\xff")), True), extension(EKU, seq(oid(SERVER)))))
    assert read("csr", data)[0] == "OK"
    assert read("csr", request(KEY, wants(extension(EKU, seq()))))[0] == "OK"  # smallstep CVE-2026-40097


REFUSED_REQUESTS = {
    "version 1": request(KEY, version=1),
    "curve spelled out": request(KEY, public=spki(KEY, params=explicit_p256())),
    "compressed point": request(KEY, public=spki(KEY, raw=point(KEY, compressed=True))),
    "point at infinity": request(KEY, public=spki(KEY, raw=b"\0")),
    "point off the curve": request(KEY, public=spki(KEY, raw=b"\4" + bytes(64))),
    "P-384": request(KEY384, public=seq(seq(oid(EC_KEY), oid("1.3.132.0.34")), bits(point(KEY384)))),
    "SHA-384": request(KEY, algorithm=ECDSA384, digest=hashes.SHA384()),
    "changeSubjectName": request(KEY, attribute(CHANGE_NAME, name("x"))),
    "challenge twice": request(KEY, challenge("a"), challenge("b")),
    "challenge of two values": request(KEY, attribute(CHALLENGE, utf8("a"), utf8("b"))),
    "challenge of no value": request(KEY, attribute(CHALLENGE)),
    "challenge that is no text": request(KEY, attribute(CHALLENGE, integer(5))),
    "challenge with a NUL": request(KEY, challenge("a\0b")),
    "challenge too long": request(KEY, challenge("a" * 256)),
    "extensions twice": request(KEY, wants(), wants(uri_san(URI))),
    "extensions of two values": request(KEY, attribute(EXTENSIONS, seq(uri_san("a")), seq(uri_san("b")))),
    "extensions of no value": request(KEY, attribute(EXTENSIONS)),
    "extensions that are none": request(KEY, attribute(EXTENSIONS, octets(b"xx"))),
    "extensions damaged inside": request(KEY, attribute(EXTENSIONS, seq(integer(4)))),
    "names damaged": request(KEY, wants(extension(SAN, b"\4\1x"))),
    "names twice": request(KEY, wants(uri_san("a"), uri_san("b"))),
    "two URIs": request(KEY, wants(uri_san("a", "b"))),
    "URI with a NUL": request(KEY, wants(uri_san("a\0b"))),
    "URI too long": request(KEY, wants(uri_san("a" * 385))),
    "unknown attribute twice": request(KEY, attribute("1.2.3.4", utf8("a")), attribute("1.2.3.4", utf8("b"))),
    "five attributes": request(KEY, *(attribute(f"1.2.3.{i}", utf8("a")) for i in range(5))),
    "two common names": request(KEY, subject=name("a", "b")),
    "common name too long": request(KEY, subject=name("a" * 65)),
    "common name with a NUL": request(KEY, subject=name("a\0b")),
    "a byte behind": request(KEY) + b"\0",
    "another one behind": request(KEY) * 2,
    "cut": request(KEY)[:-1],
    "too large": request(KEY, attribute("1.2.3.4", octets(bytes(4096)))),
    "empty": b"",
}


@pytest.mark.parametrize("why", REFUSED_REQUESTS)
def test_a_request_is_refused(read, why):
    assert read("csr", REFUSED_REQUESTS[why])[0] == (POINT if why == "point off the curve" else CSR)


def test_a_request_for_somebody_elses_key_is_refused(read):
    assert read("csr", request(new_key(), public=spki(KEY)))[0] == SIGNATURE


# ---- certificates ---------------------------------------------------------------------------------------

def hardware(*inner):
    """otherName hardwareModuleName."""
    return tlv(0xA0, oid("1.3.6.1.5.5.7.8.4"), tlv(0xA0, *inner))


def test_a_certificate_is_understood(read):
    data = certificate(KEY, extension(EKU, seq(oid(CLIENT))), extension(SAN, seq(
        tlv(0x82, b"a.example"), tlv(0x82, b"b.example"), tlv(0x86, URI.encode()),
        hardware(seq(oid("1.2.3"), octets(b"handle"))))), life=("250101000000Z", "99991231235959Z"))
    code, cert = read("cert", data)
    assert code == "OK" and (cert["cn"], cert["uri"], cert["dns"], cert["handle"]) == (
        "leaf", URI, "a.example", "handle")
    assert (cert["serial"], cert["usage"], cert["curve"]) == ("16", "1", "1")
    assert (cert["from"], cert["to"]) == ("1735689600", "253402300799")


def test_a_curve_spelled_out_counts_as_another_kind_of_key(read):
    code, cert = read("cert", certificate(KEY, public=spki(KEY, params=explicit_p256())))
    assert code == "OK" and cert["curve"] == "0"


def test_an_empty_usage_is_no_usage(read):
    code, cert = read("cert", certificate(KEY, extension(EKU, seq())))
    assert code == "OK" and cert["usage"] == "0"


def with_san(*names):
    return certificate(KEY, extension(SAN, seq(*names)))


REFUSED_CERTIFICATES = {
    "version 1": certificate(KEY, version=0),
    "serial 0": certificate(KEY, serial=0),
    "negative serial": certificate(KEY, serial=tlv(2, b"\xff")),
    "serial of no byte": certificate(KEY, serial=tlv(2)),
    "serial of 17 bytes": certificate(KEY, serial=0x41 << 128),
    "serial of 21 bytes": certificate(KEY, serial=0x41 << 160),
    "padded serial": certificate(KEY, serial=tlv(2, b"\0\0\0\x41")),
    "usage damaged": certificate(KEY, extension(EKU, b"\4\1x")),
    "usage twice": certificate(KEY, extension(EKU, seq(oid(CLIENT))), extension(EKU, seq(oid(SERVER)))),
    "two URIs": certificate(KEY, uri_san("a", "b")),
    "names twice": certificate(KEY, uri_san("a"), uri_san("b")),
    "URI with a NUL": certificate(KEY, uri_san("a\0b")),
    "URI too long": certificate(KEY, uri_san("a" * 385)),
    "DNS name with a NUL": certificate(KEY, extension(SAN, seq(tlv(0x82, b"a"), tlv(0x82, b"a\0b")))),
    "hardware name with more": with_san(hardware(seq(oid("1.2.3"), octets(b"h"), octets(b"i")))),
    "hardware name of another type": with_san(hardware(octets(b"h"))),
    "hardware name twice": with_san(*2 * [hardware(seq(oid("1.2.3"), octets(b"h")))]),
    "month 33": certificate(KEY, life=("250101000000Z", "993301000000Z")),
    "a byte behind": certificate(KEY) + b"\0",
    "cut": certificate(KEY)[:-1],
    "empty": b"",
}


@pytest.mark.parametrize("why", REFUSED_CERTIFICATES)
def test_a_certificate_is_refused(read, why):
    assert read("cert", REFUSED_CERTIFICATES[why])[0] == CERT


# ---- chains ---------------------------------------------------------------------------------------------

IS_CA = (extension(BASIC, seq(tlv(1, b"\xff")), True), extension(USAGE, tlv(3, b"\1\6"), True))
PAST, FUTURE = ("200101000000Z", "210101000000Z"), ("300101000000Z", "310101000000Z")


def ca(**how):
    return certificate(CA, *IS_CA, extension("2.5.29.14", octets(key_id(CA))), cn="ca", issuer="root", **how)


def leaf(*extensions, issuer_key=CA, **how):
    ids = (extension("2.5.29.35", seq(tlv(0x80, key_id(CA)))), extension("2.5.29.14", octets(key_id(KEY))))
    return certificate(KEY, *extensions, *ids, issuer_key=issuer_key, **how)


def usage(*kinds):
    return extension(EKU, seq(*(oid(k) for k in kinds)))


@pytest.fixture
def verify(read, tmp_path):
    def run(data, anchor=None):
        (tmp_path / "anchor").write_bytes(anchor or ca())
        code, fields = read("verify", data, tmp_path / "anchor", NOW)
        return code, int(fields["marks"])
    return run


def test_expiry_of_the_leaf_alone_is_only_marked(verify):
    assert verify(leaf(usage(CLIENT))) == ("OK", 0)
    for life in (PAST, FUTURE):
        assert verify(leaf(usage(CLIENT), life=life)) == ("OK", 1)
        assert verify(leaf(usage(SERVER), life=life)) == (CHAIN, 0)
        assert verify(leaf(usage(CLIENT), issuer_key=KEY, life=life)) == (CHAIN, 0)
    assert verify(leaf(usage(CLIENT)), ca(life=PAST)) == (CHAIN, 0)


UNCHAINED = {
    "no usage": leaf(),
    "empty usage": leaf(usage()),
    "any usage": leaf(usage(ANY)),
    "server usage": leaf(usage(SERVER)),
    "usage twice": leaf(usage(CLIENT), usage(CLIENT)),
    "unknown critical extension": leaf(usage(CLIENT), extension("1.2.3.4", b"\5\0", True)),
    "another signer": leaf(usage(CLIENT), issuer_key=KEY),
    "signed by itself": certificate(KEY, usage(CLIENT)),
    "another issuer's name": leaf(usage(CLIENT), issuer="other"),
    "a CA as a leaf, without path": leaf(usage(CLIENT), *IS_CA),
}


@pytest.mark.parametrize("why", UNCHAINED)
def test_a_chain_is_refused(verify, why):
    assert verify(UNCHAINED[why]) == (CHAIN, 0)


def test_an_anchor_that_is_no_ca_signs_nothing(verify):
    plain = certificate(CA, extension("2.5.29.14", octets(key_id(CA))), cn="ca", issuer="root")
    assert verify(leaf(usage(CLIENT)), plain) == (CHAIN, 0)


# ---- certs-only -----------------------------------------------------------------------------------------

def certs_only(*certs, kind="1.2.840.113549.1.7.2", inner=None, tail=b""):
    body = seq(integer(1), tlv(0x31), seq(oid("1.2.840.113549.1.7.1")), inner or tlv(0xA0, *certs), tlv(0x31))
    return seq(oid(kind), tlv(0xA0, body)) + tail


def test_certs_only(read):
    one = certificate(KEY)
    assert read("certs", certs_only(one, ca())) == ("OK", {"n": "2"})
    for bad in (certs_only(), certs_only(*9 * [one]), certs_only(one, tail=b"\0"), certs_only(one)[:-1], b"",
                certs_only(one, kind="1.2.840.113549.1.7.1"), certs_only(inner=tlv(0xA1, one)),
                certs_only(inner=tlv(0xA0, octets(b"x"))), seq(), seq(oid("1.2.3"))):
        assert read("certs", bad)[0] == CERT


@pytest.mark.parametrize("n", [1, 2, 8])
def test_openssl_reads_our_certs_only(tmp_path, read, n):
    """Written by hand, with lengths of one, two and three bytes."""
    files = []
    for i in range(n):
        files.append(tmp_path / str(i))
        files[-1].write_bytes(certificate(KEY, uri_san(URI + "a" * 40 * i), cn=f"leaf{i}"))
    out = tmp_path / "out"
    subprocess.run([PROGRAM, "bundle", out, *files], check=True, capture_output=True, timeout=20)
    text = subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-in", out, "-print_certs", "-noout"],
                          check=True, capture_output=True, text=True, timeout=20).stdout
    assert [line for line in text.splitlines() if line.startswith("subject")] == [
        f"subject=CN = leaf{i}" for i in range(n)]
    assert read("certs", out.read_bytes()) == ("OK", {"n": str(n)})


def test_what_is_no_certificate_is_not_bundled(tmp_path):
    for data in (b"", b"x", seq() + b"x", octets(b"x"), certificate(KEY)[:-1]):
        (tmp_path / "in").write_bytes(data)
        run = subprocess.run([PROGRAM, "bundle", tmp_path / "out", tmp_path / "in"], capture_output=True,
                             text=True, timeout=20, check=False)
        assert run.stdout.strip() == CERT and (tmp_path / "out").read_bytes() == b""
