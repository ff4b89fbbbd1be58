"""test_ca_holders_sign_apart -- the next Operational CA with its key on a token, and with root keys that
nobody has together: each holder signs a file at home, one after another, and only a quorum puts the new CA in
force.

identity.md section 1. SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import fleetlib
import keylib
from estlib import joined, new_key, renew
from test_operational_ca_is_replaced import issued_by, pem


@pytest.fixture(scope="module")
def token():
    made = keylib.Token()
    os.environ.update(made.env)  # holdfast and holdfastd find the token by it
    yield made
    os.environ.pop("SOFTHSM2_CONF")
    made.close()


@pytest.fixture(scope="module")
def fleet(request, token):
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before,
                                  conf=f"token-dir = {token.folder}/tokens\n")


@pytest.fixture(scope="module")
def homes(fleet):
    """Each root key of the policy at another place, and no longer in the deployment."""
    found = []
    for i in (1, 2, 3):
        home = fleet.folder / f"home-{i}"
        home.mkdir()
        shutil.move(fleet.dir / f"root/policy-root-{i}.key", home / "root.key")
        found.append(home)
    return found


def holdfast(fleet, *words, want=0):
    run = fleet.cli(*words, check=False)
    assert run.returncode == want, (words, run.stdout, run.stderr)
    return run.stderr


def sign(fleet, file, home, *options, code=None, want=0):
    words = ("ca", "sign", file, "--key", f"file:{home / 'root.key'}", "--passphrase-file", fleet.pass_file)
    code = code or re.search(r"change \(([0-9a-f]{8})\)",
                             holdfast(fleet, *words, "--code", "00000000", want=1)).group(1)
    return holdfast(fleet, *words, "--code", code, *options, want=want)


@pytest.fixture(scope="module")
def change(fleet, token, homes):
    """Prepared with the key on the token; what the holders sign."""
    file = fleet.folder / "change"
    said = holdfast(fleet, "ca", "replace", fleet.dir, "--unsigned", file, "--key",
                    token.uri("token=holdfast;object=op-2"), "--passphrase-file", fleet.pass_file)
    assert "Nothing is in force yet" in said
    return file


def test_without_the_root_keys_nothing_is_replaced(fleet, homes):
    assert "the old CA stays" in holdfast(fleet, "ca", "replace", fleet.dir, "--passphrase-file",
                                          fleet.pass_file, want=1)


def test_a_prepared_change_is_no_ca(fleet, change):
    assert (fleet.dir / "ca/op-2.uri").read_text().startswith("pkcs11:")
    _, _, cert = joined(fleet)
    assert issued_by(cert, pem(fleet, "op.crt"))


def test_one_holder_is_no_quorum_and_nobody_counts_twice(fleet, change, homes):
    assert "it has 1 signature now" in sign(fleet, change, homes[0])
    assert "the old CA stays" in holdfast(fleet, "ca", "install", fleet.dir, change, want=1)
    before = change.read_bytes()
    assert "has signed it already" in sign(fleet, change, homes[0], want=1)
    assert change.read_bytes() == before
    assert not (fleet.dir / "trust/ca-key-op-2.cose").exists()


def test_what_was_not_read_is_not_signed(fleet, change, homes):
    before = change.read_bytes()
    assert "nothing was signed" in sign(fleet, change, homes[1], code="ffffffff", want=1)
    assert change.read_bytes() == before


def test_signatures_for_another_key_do_not_count(fleet, change, homes, token):
    """The same ceremony for another key: its signatures do not fit the certificate that lies there."""
    other, file = fleet.folder / "other-fleet", fleet.folder / "other-change"
    shutil.copytree(fleet.dir, other, symlinks=True, ignore=shutil.ignore_patterns("run"))
    holdfast(fleet, "ca", "replace", other, "--unsigned", file, "--passphrase-file", fleet.pass_file)
    for home in homes[:2]:
        sign(fleet, file, home)
    assert "another key" in holdfast(fleet, "ca", "install", fleet.dir, file, want=1)
    assert not (fleet.dir / "trust/ca-key-op-2.cose").exists()


def test_a_stranger_does_not_make_the_quorum(fleet, change):
    stranger, file = fleet.folder / "stranger.key", fleet.folder / "strange"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", stranger], check=True, timeout=30)
    stranger.chmod(0o600)
    shutil.copy(change, file)
    (fleet.folder / "home-x").mkdir()
    shutil.move(stranger, fleet.folder / "home-x/root.key")
    sign(fleet, file, fleet.folder / "home-x")
    assert "the old CA stays" in holdfast(fleet, "ca", "install", fleet.dir, file, want=1)


def test_two_holders_one_after_the_other_make_the_new_ca(fleet, change, homes):
    _, key, cert = joined(fleet)
    assert "it has 2 signatures now" in sign(fleet, change, homes[2])
    fleet.stop()
    assert "Operational CA 2 follows 1" in holdfast(fleet, "ca", "install", fleet.dir, change)
    fleet.start()
    child = renew(fleet, cert, key, new_key()).cert()
    assert issued_by(child, pem(fleet, "op-2.crt")) and not issued_by(child, pem(fleet, "op.crt"))
    pem(fleet, "op-2.crt").public_key().verify(child.signature, child.tbs_certificate_bytes,
                                               ec.ECDSA(child.signature_hash_algorithm))  # by the token
    holdfast(fleet, "ca", "install", fleet.dir, change, want=1)  # it is generation 3's turn

