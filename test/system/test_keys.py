"""Rule: a private key does the same wherever it lives (file, TPM 2.0, PKCS#11 token), and never leaves there.

SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess

import pytest

from keylib import PIN, PROGRAM, Token, Tpm, try_key

BACKENDS = ("file", "encrypted file", "tpm", "pkcs11")


@pytest.fixture(scope="module")
def tpm():
    peer = Tpm()
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def token():
    peer = Token()
    yield peer
    peer.close()


class Key:
    """One key URI, with what opening it needs."""

    def __init__(self, uri, env=None, before=()):
        self.uri, self.env, self.before = uri, env, before

    def does(self, *steps):
        return try_key(*self.before, *steps, env=self.env)[0]


def make(backend, folder, tpm, token):
    if backend == "tpm":
        return Key(f"tpm2:{folder}/key.tpm?tcti={tpm.tcti}")
    if backend == "pkcs11":
        return Key(token.uri(f"token=holdfast;object={folder.name}"), token.env)
    return Key(f"file:{folder}/key.pem", before=() if backend == "file" else ("pass", "correct horse"))


@pytest.fixture(scope="module", params=BACKENDS)
def key(request, tmp_path_factory, tpm, token):
    made = make(request.param, tmp_path_factory.mktemp(request.param.replace(" ", "-")), tpm, token)
    assert made.does("generate256", made.uri, "sign") == "HF_OK"
    return made


# ---- the one list that every backend passes ------------------------------------------------------------

@pytest.mark.timeout(60)
@pytest.mark.parametrize("step", ["sign", "issue", "tls12", "tls13", "threads"])
def test_a_key_opened_again(key, step):
    assert key.does("open", key.uri, step) == "HF_OK"


@pytest.mark.timeout(60)
def test_a_request_that_openssl_verifies(key, tmp_path):
    assert key.does("open", key.uri, "csr", tmp_path / "csr") == "HF_OK"
    run = subprocess.run(["openssl", "req", "-inform", "DER", "-in", tmp_path / "csr", "-verify", "-noout",
                          "-text"], capture_output=True, text=True, check=True)
    assert "verify OK" in run.stderr and "ecdsa-with-SHA256" in run.stdout and "CN = hf-a" in run.stdout


@pytest.mark.timeout(60)
def test_eight_at_a_time_twice_over(key):
    assert key.does("many", key.uri) == "HF_OK"


@pytest.mark.timeout(60)
def test_a_new_key_never_replaces_one(key):
    assert key.does("generate256", key.uri) == "HF_ERR_KEYURI_EXISTS"
    assert key.does("open", key.uri, "sign") == "HF_OK"


# ---- stores ---------------------------------------------------------------------------------------------

@pytest.mark.timeout(60)
def test_stores_make_more_keys_than_a_tpm_has_slots(tpm):
    assert try_key("store", "software")[0] == "HF_OK"
    assert try_key("store", f"tpm2:?tcti={tpm.tcti}")[0] == "HF_OK"


# ---- TPM ------------------------------------------------------------------------------------------------

@pytest.fixture
def blob(tpm, tmp_path):
    uri = f"tpm2:{tmp_path}/k?tcti={tpm.tcti}"
    assert try_key("generate256", uri)[0] == "HF_OK"
    return uri


@pytest.mark.timeout(60)
def test_no_handle_is_left_in_the_tpm(tpm, blob):
    assert try_key("many", blob)[0] == "HF_OK"
    assert tpm.transient_handles() == []


@pytest.fixture
def crowded(tpm):
    """Somebody else leaked two of the three slots."""
    env = {**os.environ, "TPM2TOOLS_TCTI": tpm.tcti}
    for _ in range(2):
        subprocess.run(["tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", os.devnull], env=env,
                       check=True, capture_output=True, timeout=30)
    assert len(tpm.transient_handles()) == 2
    yield
    subprocess.run(["tpm2_flushcontext", "-t"], env=env, check=True, capture_output=True, timeout=30)


@pytest.mark.timeout(60)
def test_handles_leaked_by_others_are_reported(blob, crowded):
    """Loading a key takes its parent's slot too."""
    name, said = try_key("open", blob, "sign")
    assert name == "HF_ERR_KEYURI_TPM" and "out of memory for object contexts" in said and "0x902" in said


@pytest.mark.timeout(60)
def test_a_reset_of_the_tpm_is_survived(tmp_path):
    tpm = Tpm()
    uri = f"tpm2:{tmp_path}/k?tcti={tpm.tcti}"
    with subprocess.Popen([PROGRAM, "generate256", uri, "sign", "wait", "sign", "tls13"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "waiting\n"
        tpm.stop()
        tpm.start()
        out, _ = run.communicate("go on\n", timeout=30)
    tpm.close()
    assert out.strip() == "HF_OK"


@pytest.mark.timeout(60)
def test_a_lost_tpm_fails_and_does_not_hang(tmp_path):
    tpm = Tpm()
    uri = f"tpm2:{tmp_path}/k?tcti={tpm.tcti}"
    with subprocess.Popen([PROGRAM, "generate256", uri, "wait", "sign"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "waiting\n"
        tpm.close()
        out, _ = run.communicate("go on\n", timeout=30)
    assert out.strip() == "HF_ERR_PORT_KEY"
    name, said = try_key("open", uri)
    assert name == "HF_ERR_KEYURI_TPM" and str(tpm.port) in said


@pytest.mark.timeout(60)
def test_blobs_work_in_their_own_tpm_only(blob, tmp_path):
    other = Tpm()
    stolen = f"tpm2:{tmp_path}/k?tcti={other.tcti}"
    name, _ = try_key("open", stolen)
    other.close()
    assert name == "HF_ERR_KEYURI_BLOB"
    assert try_key("open", blob)[0] == "HF_OK"


@pytest.mark.timeout(60)
def test_damaged_blobs_are_refused(tpm, blob, tmp_path):
    good = (tmp_path / "k").read_bytes()
    bad = tmp_path / "bad"
    for data in (b"", good[:-1], good + b"\0", b"hft2" + good[4:], good[:60], bytes(700)):
        bad.write_bytes(data)
        bad.chmod(0o600)
        name, _ = try_key("open", f"tpm2:{bad}?tcti={tpm.tcti}")
        assert name in ("HF_ERR_KEYURI_BLOB", "HF_ERR_KEYURI_FILE"), data


@pytest.mark.timeout(60)
def test_a_tpm_behind_a_helper_process(tpm, blob, tmp_path):
    """What a sandbox without sockets uses."""
    uri = f"tpm2:{tmp_path}/k?tcti=cmd:tpm2_send --tcti={tpm.tcti}"
    assert try_key("open", uri, "sign", "tls13")[0] == "HF_OK"


def test_a_tpm_has_no_p384(tpm, tmp_path):
    assert try_key("generate384", f"tpm2:{tmp_path}/k?tcti={tpm.tcti}")[0] == "HF_ERR_KEYURI_KIND"
    assert not (tmp_path / "k").exists()


# ---- PKCS#11 --------------------------------------------------------------------------------------------

@pytest.mark.timeout(60)
def test_a_root_on_p384(token):
    uri = token.uri("token=holdfast;object=root")
    assert try_key("generate384", uri, "sign", "issue", env=token.env)[0] == "HF_OK"


@pytest.mark.timeout(60)
def test_a_key_that_another_tool_made(token):
    token.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "foreign", "--id", "07ff")
    by_id, by_name = token.uri("token=holdfast;id=%07%FF"), token.uri("object=foreign;type=private")
    assert try_key("open", by_id, "issue", "tls13", env=token.env)[0] == "HF_OK"
    assert try_key("open", by_name, "sign", env=token.env)[0] == "HF_OK"


@pytest.mark.timeout(60)
def test_a_generated_key_cannot_be_taken_out(token):
    assert try_key("generate256", token.uri("token=holdfast;object=kept"), env=token.env)[0] == "HF_OK"
    listing = token.tool("--list-objects", "--type", "privkey")
    kept = listing[listing.index("kept"):].split("Private Key Object")[0]
    assert "never extractable" in kept and "sensitive" in kept


@pytest.mark.timeout(60)
def test_names_that_fit_nothing_or_two(token):
    token.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "twin", "--id", "01")
    token.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "twin", "--id", "02")
    token.add("second")
    refused = {
        "token=holdfast;object=nobody": "HF_ERR_KEYURI_ABSENT",
        "token=holdfast;object=twin": "HF_ERR_KEYURI_ABSENT",
        "token=nowhere;object=twin": "HF_ERR_KEYURI_TOKEN",
        "object=twin;manufacturer=SoftHSM%20project": "HF_ERR_KEYURI_TOKEN",
        "token=holdfast;object=twin;slot-id=999999": "HF_ERR_KEYURI_TOKEN",
        "token=hold;object=twin": "HF_ERR_KEYURI_TOKEN",
    }
    for path, want in refused.items():
        assert try_key("open", token.uri(path), env=token.env)[0] == want, path
    twin = token.uri("token=holdfast;object=twin;id=%02")
    assert try_key("open", twin, "sign", env=token.env)[0] == "HF_OK"


@pytest.mark.timeout(60)
def test_the_pin_comes_from_a_private_file(token):
    assert try_key("generate256", token.uri("token=holdfast;object=pinned"), env=token.env)[0] == "HF_OK"
    cases = (("HF_ERR_KEYURI_PIN", token.secret("wrong", "0000")),
             ("HF_ERR_KEYURI_PIN", token.secret("blank", "\n")),
             ("HF_ERR_KEYURI_ABSENT", token.folder / "none"),
             ("HF_ERR_KEYURI_MODE", token.secret("open", PIN, 0o640)))
    for want, path in cases:
        name, said = try_key("open", token.uri("token=holdfast;object=pinned", pin=path), env=token.env)
        assert name == want and PIN not in said
    bare = token.uri("token=holdfast;object=pinned").split("&")[0]
    name, said = try_key("open", bare, env=token.env)
    assert name == "HF_ERR_KEYURI_ABSENT" and "pin-source" in said


@pytest.mark.timeout(60)
def test_what_is_no_module_and_no_key_for_us(token):
    token.tool("--keypairgen", "--key-type", "EC:secp521r1", "--label", "big", "--id", "21")
    uri = token.uri("token=holdfast;object=big")
    assert try_key("open", uri, env=token.env)[0] == "HF_ERR_KEYURI_CURVE"
    for module in ("/nowhere.so", "libc.so.6"):
        name, said = try_key("open", token.uri(module=module), env=token.env)
        assert name == "HF_ERR_KEYURI_MODULE" and module in said


@pytest.mark.timeout(60)
def test_a_left_over_public_key_is_noticed(token):
    """Else a CA would sign certificates that nobody can verify."""
    for label, number in (("mine", "3d"), ("other", "3f")):
        token.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", label, "--id", number)
    other = token.folder / "other.der"
    token.tool("--read-object", "--type", "pubkey", "--label", "other", "--output-file", str(other))
    token.tool("--delete-object", "--type", "pubkey", "--label", "mine")
    token.tool("--write-object", str(other), "--type", "pubkey", "--label", "mine", "--id", "3d")
    name, said = try_key("open", token.uri("token=holdfast;object=mine"), env=token.env)
    assert name == "HF_ERR_KEYURI_MODULE" and "public object" in said


# ---- files ----------------------------------------------------------------------------------------------

@pytest.mark.timeout(60)
def test_files_are_private_and_opened_by_their_passphrase(tmp_path):
    path = tmp_path / "k.pem"
    uri = f"file://{path}"
    assert try_key("pass", "one", "generate384", uri, "issue")[0] == "HF_OK"
    assert path.stat().st_mode & 0o7777 == 0o600 and b"ENCRYPTED" in path.read_bytes()
    assert try_key("open", uri)[0] == "HF_ERR_KEYURI_PASSPHRASE"
    assert try_key("pass", "two", "open", uri)[0] == "HF_ERR_KEYURI_PASSPHRASE"
    assert try_key("pass", "one", "open", uri, "issue")[0] == "HF_OK"
    for mode in (0o640, 0o604, 0o620, 0o601):
        path.chmod(mode)
        assert try_key("pass", "one", "open", uri)[0] == "HF_ERR_KEYURI_MODE"


@pytest.mark.timeout(60)
def test_files_that_are_no_keys(tmp_path):
    path = tmp_path / "k.pem"
    uri = f"file:{path}"
    for text, want in (("", "HF_ERR_CRYPTO_KEY"), ("junk", "HF_ERR_CRYPTO_KEY"),
                       ("x" * 9000, "HF_ERR_KEYURI_FILE")):
        path.write_text(text)
        path.chmod(0o600)
        assert try_key("open", uri)[0] == want
    path.unlink()
    assert try_key("open", uri)[0] == "HF_ERR_KEYURI_ABSENT"
    os.mkfifo(path, 0o600)
    assert try_key("open", uri)[0] == "HF_ERR_KEYURI_FILE"
    path.unlink()
    for kind, want in (("ed25519", "HF_ERR_KEYURI_CURVE"), ("rsa:2048", "HF_ERR_CRYPTO_KEY"),
                       ("ec", "HF_OK")):
        options = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []
        algorithm, _, bits = kind.partition(":")
        if bits:
            options = ["-pkeyopt", f"rsa_keygen_bits:{bits}"]
        subprocess.run(["openssl", "genpkey", "-algorithm", algorithm, *options, "-out", path], check=True,
                       capture_output=True)
        path.chmod(0o600)
        assert try_key("open", uri)[0] == want, kind
        path.unlink()


@pytest.mark.timeout(60)
def test_a_file_that_cannot_be_written(tmp_path):
    assert try_key("generate256", f"file:{tmp_path}/no/such/folder/k")[0] == "HF_ERR_KEYURI_FILE"
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert try_key("generate256", f"file:{tmp_path}/link")[0] == "HF_ERR_KEYURI_EXISTS"
    assert not (tmp_path / "target").exists()
