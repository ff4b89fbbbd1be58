"""Rule: when a key's backend dies, signing fails and does not hang; when it is back, signing goes on.

SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import os
import pathlib
import random
import subprocess
import time

import pytest

from keylib import Token, Tpm, try_key
from keypeer import generated

DIGEST = bytes(range(32))


@pytest.fixture
def tpm():
    peer = Tpm()
    yield peer
    peer.close()


@pytest.fixture
def token():
    peer = Token()
    yield peer
    peer.close()


@pytest.fixture
def tpm_key(tpm, tmp_path):
    return generated("tpm", tmp_path, tpm=tpm)


@pytest.fixture
def token_key(token, tmp_path):
    return generated("pkcs11", tmp_path, token=token)


@pytest.mark.timeout(60)
def test_a_tpm_killed_between_two_signatures(tpm, tpm_key):
    with tpm_key.serving() as (ask, _):
        tpm_key.judge(DIGEST, ask(DIGEST))
        tpm.process.kill()
        tpm.process.wait(10)
        started = time.monotonic()
        assert ask(DIGEST) == "error" and ask(DIGEST) == "error"
        assert time.monotonic() - started < 5
        tpm.start()
        tpm_key.judge(DIGEST, ask(DIGEST))


@pytest.mark.timeout(120)
def test_a_tpm_killed_again_and_again_while_it_signs(tpm, tpm_key):
    """At moments nobody chose; each time the same process signs again."""
    pick = random.Random(7)
    errors = 0
    with tpm_key.serving() as (ask, process):
        for _ in range(10):
            for _ in range(40):
                process.stdin.write(DIGEST.hex() + "\n")
            process.stdin.flush()
            time.sleep(pick.uniform(0.005, 0.1))
            tpm.process.kill()
            tpm.process.wait(10)
            answers = [process.stdout.readline().strip() for _ in range(40)]
            for line in answers:
                if line != "error":
                    tpm_key.judge(DIGEST, line)
            errors += answers.count("error")
            tpm.start()
            tpm_key.judge(DIGEST, ask(DIGEST))
    assert errors > 0, "no kill hit a signature: nothing was tried"
    assert tpm.transient_handles() == []


@pytest.mark.timeout(60)
def test_a_killed_holder_leaves_no_handle(tpm, tpm_key):
    with tpm_key.serving() as (ask, process):
        tpm_key.judge(DIGEST, ask(DIGEST))
        process.kill()
        process.wait(10)
    assert tpm.transient_handles() == []


@pytest.mark.timeout(120)
def test_holders_killed_at_any_moment_do_not_fill_the_tpm(tpm, tpm_key):
    """A kill between load and flush leaves a handle behind; two of them would close the TPM to everybody."""
    pick = random.Random(3)
    left = 0
    for _ in range(40):
        with subprocess.Popen(tpm_key.command("serve"), stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as process:
            process.stdin.write((DIGEST.hex() + "\n").encode() * 60)
            process.stdin.flush()
            time.sleep(pick.uniform(0.001, 0.04))
            process.kill()
        left += len(tpm.transient_handles())
        assert tpm_key.does("pub").returncode == 0
    assert left > 0, "no kill left a handle: nothing was tried"


@pytest.mark.timeout(60)
def test_a_full_tpm_is_swept_of_our_handles_only(tpm, tpm_key):
    env = {**os.environ, "TPM2TOOLS_TCTI": tpm.tcti}
    ours = ("noda|fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt", 3)
    others = ("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt", 2)
    for attributes, count in (ours, others):
        for _ in range(count):
            subprocess.run(["tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc256:aes128cfb", "-a", attributes,
                            "-c", os.devnull], env=env, check=True, capture_output=True, timeout=30)
        assert len(tpm.transient_handles()) == count
        assert tpm_key.does("pub").returncode == (0 if count == 3 else 1)
    assert len(tpm.transient_handles()) == 2


@pytest.mark.timeout(60)
def test_two_holders_share_one_tpm(tpm_key):
    with tpm_key.serving() as (one, _), tpm_key.serving() as (two, _):
        for _ in range(10):
            tpm_key.judge(DIGEST, one(DIGEST))
            tpm_key.judge(DIGEST, two(DIGEST))


@pytest.mark.timeout(60)
def test_eight_processes_share_one_token(token_key):
    with contextlib.ExitStack() as stack:
        holders = [stack.enter_context(token_key.serving())[0] for _ in range(8)]
        for _ in range(5):
            for ask in holders:
                token_key.judge(DIGEST, ask(DIGEST))


@pytest.mark.timeout(60)
def test_a_key_deleted_from_its_token(token, token_key, tmp_path):
    with token_key.serving() as (ask, _):
        token_key.judge(DIGEST, ask(DIGEST))
        token.tool("--delete-object", "--type", "privkey", "--label", tmp_path.name)
        assert ask(DIGEST) == "error"


@pytest.mark.timeout(60)
def test_another_key_under_the_same_name_does_not_sign(token, token_key, tmp_path):
    """The certificate belongs to the old one."""
    with token_key.serving() as (ask, _):
        for kind in ("privkey", "pubkey"):
            token.tool("--delete-object", "--type", kind, "--label", tmp_path.name)
        token.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", tmp_path.name, "--id", "55")
        assert ask(DIGEST) == "error"


@pytest.mark.timeout(60)
def test_a_key_file_replaced_below_its_holder(tmp_path):
    key = generated("file", tmp_path)
    with key.serving() as (ask, _):
        (tmp_path / "k").write_text("torn")
        key.judge(DIGEST, ask(DIGEST))
    assert try_key("open", key.uri)[0] == "HF_ERR_CRYPTO_KEY"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_other_users_are_refused(tmp_path):
    key = generated("file", tmp_path)
    os.chown(tmp_path / "k", 65534, -1)
    name, said = try_key("open", key.uri)
    assert name == "HF_ERR_KEYURI_MODE" and "65534" in said


@pytest.mark.timeout(60)
def test_the_pin_shows_nowhere(token, token_key):
    """Not in the command line or environment of the process, nor in what it prints."""
    with token_key.serving() as (ask, process):
        ask(DIGEST)
        seen = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        seen += pathlib.Path(f"/proc/{process.pid}/environ").read_bytes()
    pin = token.pin_file.read_bytes().strip()
    assert pin not in seen and token_key.uri.encode() in seen
    wrong = token.secret("wrong", "31415926\n")
    run = token_key.does("pub", uri=token_key.uri.replace(str(token.pin_file), str(wrong)))
    assert run.returncode == 1 and "wrong PIN" in run.stderr and "31415926" not in run.stderr
