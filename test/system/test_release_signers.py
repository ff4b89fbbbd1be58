"""Rule: a key of the release world may lie in a file, in an ssh-agent or behind a program; whatever signs,
the signature is verified before it is stored.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from cryptography.hazmat.primitives import serialization

from keylib import PIN, SOFTHSM
from releaselib import Maker, code, raw_public


@pytest.fixture
def maker():
    made = Maker()
    yield made
    made.close()


@pytest.fixture
def agent(maker):
    """The real ssh-agent, stopped by its own pid."""
    socket = maker.folder / "agent.sock"
    text = subprocess.run(["ssh-agent", "-s", "-a", socket], capture_output=True, text=True, check=True,
                          timeout=60).stdout
    pid = int(text.split("SSH_AGENT_PID=")[1].split(";")[0])
    yield {"SSH_AUTH_SOCK": str(socket)}
    os.kill(pid, signal.SIGTERM)
    for _ in range(600):  # it removes its socket at the end
        if not socket.exists():
            break
        time.sleep(0.1)


def print_of(maker, name):
    return subprocess.run(["ssh-keygen", "-lf", maker.folder / f"{name}.pub"], capture_output=True, text=True,
                          check=True, timeout=60).stdout.split()[1]


def sign(maker, uri, *more, env=None):
    """Sign policy 1 by this signer; nothing else is needed for that."""
    done = maker.draft()
    assert done.returncode in (0, 1), done
    digest = done.stdout.split()[1] if done.returncode == 0 else maker.digest
    maker.digest = digest
    return maker.run("release", "policy", "sign", 1, "--key", uri, "--digest", digest, *more, env=env)


def stored(maker):
    return (maker.shelf / "policies/draft-1.cose").exists()


def program(maker, body):
    file = maker.folder / "signer.py"
    file.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
    file.chmod(0o755)
    return f"exec:{file}"


def test_openssh_and_pkcs8_files_sign(maker):
    assert sign(maker, "file:root1").returncode == 0
    pem = maker.folder / "root2.pem"
    pem.write_bytes(maker.private("root2").private_bytes(serialization.Encoding.PEM,
                                                         serialization.PrivateFormat.PKCS8,
                                                         serialization.NoEncryption()))
    pem.chmod(0o600)
    assert sign(maker, "file:root2.pem").returncode == 0
    assert "policy      1\n" in maker.must("release", "policy", "show")


def test_a_key_file_others_can_read_is_refused(maker):
    for mode in (0o644, 0o640, 0o604):
        (maker.folder / "root1").chmod(mode)
        done = sign(maker, "file:root1")
        assert done.returncode == 1 and "chmod 600" in done.stderr, done
    assert not stored(maker)


def test_keys_with_a_passphrase_or_of_another_kind_are_refused(maker):
    for name, options in (("locked", ("-t", "ed25519", "-N", "abcdefgh")),
                          ("p256", ("-t", "ecdsa", "-N", ""))):
        subprocess.run(["ssh-keygen", "-q", *options, "-f", maker.folder / name], check=True, timeout=60)
    assert "has a passphrase" in sign(maker, "file:locked").stderr
    assert "not a plain ssh-ed25519" in sign(maker, "file:p256").stderr
    for uri in ("file:", "nosuch:x", "agent:SHA256:short", "exec:"):
        done = sign(maker, uri, "--public", "root1.pub")
        assert done.returncode == 1 and code("HF_ERR_SIGNER_URI") in done.stderr, uri
    for uri in ("file:nosuch", "exec:nosuch", "file:root1.pub"):
        assert sign(maker, uri, "--public", "root1.pub").returncode in (1, 3), uri
    assert not stored(maker)


def test_a_key_the_policy_does_not_know_as_root_is_refused(maker):
    for name in ("stranger", "rel1", "pub"):
        done = sign(maker, f"file:{name}")
        assert done.returncode == 1 and code("HF_ERR_SIGNER_ABSENT") in done.stderr
        assert "as root" in done.stderr
    assert not stored(maker)


def test_ssh_agent_signs(maker, agent):
    env = {**os.environ, **agent}
    subprocess.run(["ssh-add", "-q", maker.folder / "root1"], env=env, check=True, timeout=60)
    uri = "agent:" + print_of(maker, "root1")
    assert sign(maker, uri, env=agent).returncode == 0 and stored(maker)
    assert "has no key" in sign(maker, "agent:" + print_of(maker, "root2"), env=agent).stderr
    assert sign(maker, uri, env={"SSH_AUTH_SOCK": "/nonexistent"}).returncode == 3


def test_other_kinds_of_key_in_the_agent_are_refused_with_the_reason(maker, agent):
    """A key on a token reaches the agent as another kind: it signs other bytes than asked for."""
    file = maker.folder / "p256"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", file], check=True, timeout=60)
    subprocess.run(["ssh-add", "-q", file], env={**os.environ, **agent}, check=True, timeout=60)
    done = sign(maker, "agent:" + print_of(maker, "p256"), env=agent)
    assert done.returncode == 1 and "sk-ssh-ed25519" in done.stderr
    assert not stored(maker)


def test_an_emptied_agent_refuses_and_nothing_is_stored(maker, agent):
    env = {**os.environ, **agent}
    subprocess.run(["ssh-add", "-q", maker.folder / "root1"], env=env, check=True, timeout=60)
    uri = "agent:" + print_of(maker, "root1")
    subprocess.run(["ssh-add", "-D"], env=env, check=True, capture_output=True, timeout=60)
    assert sign(maker, uri, env=agent).returncode == 1 and not stored(maker)


def last_32(data):
    """The key at the end of a SubjectPublicKeyInfo, which some versions of the tool write as PEM."""
    if data.startswith(b"-----"):
        lines = [line for line in data.splitlines() if not line.startswith(b"-")]
        data = base64.b64decode(b"".join(lines))
    return data[-32:]


def test_softhsm_signs_behind_a_program(maker):
    """The hook for HSMs: a few lines of shell around pkcs11-tool."""
    conf = maker.folder / "softhsm.conf"
    (maker.folder / "tokens").mkdir()
    conf.write_text(f"directories.tokendir = {maker.folder}/tokens\n")
    env = {**os.environ, "SOFTHSM2_CONF": str(conf)}
    tool = ["pkcs11-tool", "--module", SOFTHSM, "--login", "--pin", PIN, "--token-label", "maker"]
    for command in (["softhsm2-util", "--init-token", "--free", "--label", "maker", "--so-pin", "98765432",
                     "--pin", PIN],
                    [*tool, "--keypairgen", "--key-type", "EC:edwards25519", "--label", "root",
                     "--id", "01"]):
        subprocess.run(command, env=env, check=True, capture_output=True, timeout=120)
    der = maker.folder / "point.der"
    subprocess.run([*tool, "--read-object", "--type", "pubkey", "--id", "01", "-o", der], env=env, check=True,
                   capture_output=True, timeout=120)
    public = last_32(der.read_bytes()).hex()
    script = maker.folder / "hsm"
    script.write_text(f"""#!/bin/sh -e
[ "$1" = {public} ]
t=$(mktemp -d); trap 'rm -r "$t"' EXIT
cat > "$t/m"
{' '.join(map(str, tool))} --sign --mechanism EDDSA --id 01 -i "$t/m" -o "$t/s" > "$t/log" 2>&1
cat "$t/s"
""")
    script.chmod(0o755)
    text = maker.policy_text()
    text["keys"][0]["key"] = public
    (maker.folder / "hsm.json").write_text(json.dumps(text))
    digest = maker.must("release", "policy", "new", "hsm.json").split()[1]
    maker.must("release", "policy", "sign", 1, "--key", f"exec:{script}", "--public", public,
               "--digest", digest, env={"SOFTHSM2_CONF": str(conf)})
    maker.must("release", "policy", "sign", 1, "--key", "file:root2", "--digest", digest)
    assert "policy      1\n" in maker.must("release", "policy", "show")


def test_a_program_that_signs_wrongly_stores_nothing(maker):
    bodies = {code("HF_ERR_SIGNER_WRONG"): "sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(64))",
              "64 bytes": "sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(63))",
              "exit status": "sys.exit(3)", code("HF_ERR_SIGNER_FAILED"): "sys.exit(1)",
              "did not": "sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(65))"}
    for words, body in bodies.items():
        done = sign(maker, program(maker, body), "--public", "root1.pub")
        assert done.returncode in (1, 3) and words.strip() in done.stderr, (words, done)
    (maker.folder / "text").write_text("no program")
    (maker.folder / "text").chmod(0o755)
    assert sign(maker, f"exec:{maker.folder}/text", "--public", "root1.pub").returncode == 3
    assert "--public" in sign(maker, program(maker, "pass")).stderr
    assert not stored(maker)


def test_a_program_gets_key_and_message_and_no_shell(maker):
    body = ("import json; json.dump(sys.argv[1:], open('args', 'w'))\n"
            "open('message', 'wb').write(sys.stdin.buffer.read()); sys.exit(1)")
    sign(maker, program(maker, body), "--public", "root1.pub")
    assert json.loads((maker.folder / "args").read_text()) == [raw_public(maker.private("root1")).hex()]
    assert (maker.folder / "message").read_bytes()[:2] == b"\x85\x69"
