"""Bad input to every verb and key of holdfast-agent: one clear line, exit 1 or 2, nothing changed.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import subprocess

import pytest

from agentlib import AGENT, until


def snapshot(folder):
    return {str(p): p.read_bytes() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


def refused(world, code, *words):
    """Exit code, nothing on stdout, one line on stderr (usage has more), and no file touched."""
    before = snapshot(world.folder)
    run = world.agent.cli(*words, check=False)
    assert run.returncode == code, (words, run.stderr)
    assert run.stdout == ""
    usage = code == 2 and "no such verb" not in run.stderr
    assert run.stderr.startswith("usage: " if usage else "holdfast-agent: ")
    assert code == 2 or run.stderr.count("\n") == 1
    assert snapshot(world.folder) == before
    return run.stderr


USAGE = [(), ("nonsense",), ("run",), ("run", "--dir"), ("run", "--dir", "x", "--what"), ("provision",),
         ("provision", "--dir", "x"), ("provision", "--file", "x"), ("provision", "--dir", "x", "--file"),
         ("provision", "--dir", "x", "--file", "y", "--what", "z"), ("status",), ("status", "--dir"),
         ("status", "--what", "x"), ("poll",), ("poll", "x"), ("factory",), ("factory", "what", "--dir", "x"),
         ("factory", "csr"), ("--role",), ("--role", "key"), ("--role", "what", "--dir", "x", "y")]


@pytest.mark.parametrize("words", USAGE, ids=lambda words: " ".join(words) or "nothing")
def test_wrong_words_are_usage(new_world, words):
    refused(new_world, 2, *words)


def test_help_and_version_are_no_errors(new_world):
    assert "provision" in new_world.agent.cli("--help").stdout
    assert new_world.agent.cli("--version").stdout.startswith("holdfast-agent ")


def test_what_is_no_provisioning_file_is_refused(new_world):
    w = new_world
    w.agent.provision_file.write_bytes(b"nothing of the kind")
    assert "provisioning file" in refused(w, 1, "provision", "--dir", w.agent.dir, "--file",
                                          w.agent.provision_file)
    refused(w, 1, "provision", "--dir", w.agent.dir, "--file", "/nonexistent")
    refused(w, 1, "provision", "--dir", "/proc/nonexistent/x", "--file", w.agent.provision_file)


def test_second_provisioning_keeps_the_first_secret(new_world):
    w = new_world
    w.agent.provision()
    words = refused(w, 1, "provision", "--dir", w.agent.dir, "--file", w.agent.provision_file)
    assert "provisioned already" in words  # HF_ERR_AGENT_PROVISIONED


def test_a_directory_that_is_no_state_directory_is_named(new_world):
    w = new_world
    assert "holdfast-agent provision" in refused(w, 1, "run", "--dir", w.folder)  # HF_ERR_AGENT_STATE
    refused(w, 1, "run", "-n", "--dir", "/nonexistent")
    refused(w, 1, "factory", "commit", "--nonce", "00", "--dir", w.folder)


def test_status_without_an_agent_says_so(new_world):
    w = new_world
    w.agent.provision()
    assert "no agent answers" in refused(w, 1, "status", "--dir", w.agent.dir)  # HF_ERR_AGENT_AWAY
    assert "no agent answers" in refused(w, 1, "poll", "--dir", w.agent.dir)


def test_a_running_agent_is_left_alone(new_world):
    """What needs the device for itself says so at once, and the daemon goes on as if nothing were asked."""
    w, point, out = new_world, "04" + "00" * 64, new_world.folder / "unit"
    w.agent.provision()
    w.agent.start()
    status = ("status", "--dir", w.agent.dir)
    until("the agent answers", lambda: w.agent.cli(*status, check=False).returncode == 0)
    before = {p.name: p.stat().st_ino for p in w.agent.dir.iterdir()}
    for needle, *words in (("runs here already", "run"),
                           ("provisioned already", "provision", "--file", w.agent.provision_file),
                           ("in use", "factory", "csr", "--intake", point, "--out", out),
                           ("in use", "factory", "selfsign", "--intake", point, "--oid", "1.2", "--out", out),
                           ("in use", "factory", "install", "--cert", w.agent.provision_file),
                           ("in use", "factory", "commit", "--nonce", "00" * 32),
                           ("in use", "reset"), ("in use", "reset", "--fresh")):
        run = w.agent.cli(*words, "--dir", w.agent.dir, check=False)
        assert run.returncode == 1 and run.stdout == "", (words, run)
        assert needle in run.stderr and run.stderr.count("\n") == 1, (words, run.stderr)
    assert w.agent.cli(*status).returncode == 0
    assert {p.name: p.stat().st_ino for p in w.agent.dir.iterdir()} == before
    assert not out.exists()
    w.agent.cli("run", "-n", "--dir", w.agent.dir)  # looking at its configuration disturbs nobody


BAD_KEYS = [("unknown-key", "1"), ("log-level", "loud"), ("clock", "maybe"), ("heartbeat", "0"),
            ("heartbeat", "2d"), ("heartbeat", "soon"), ("keepalive", "1s"), ("keepalive", "4000s"),
            ("user", "x" * 64), ("app-group", "x" * 64), ("key", "x" * 600), ("reboot-command", "x" * 600),
            ("identify-command", "x" * 600)]


@pytest.mark.parametrize("key, value", BAD_KEYS, ids=lambda v: v[:16])
def test_bad_key_of_agent_conf_is_named_with_its_line(new_world, key, value):
    w = new_world
    w.agent.provision()
    conf = w.agent.dir / "agent.conf"
    lines = [line for line in conf.read_text().splitlines() if not line.startswith(f"{key} =")]
    conf.write_text("\n".join(lines + [f"{key} = {value}"]) + "\n")
    for flags in ([], ["-n"]):
        words = refused(w, 1, "run", "--dir", w.agent.dir, *flags)
        assert f"agent.conf:{len(lines) + 1}:" in words


@pytest.mark.parametrize("key, value", [("user", "no-such-user"), ("app-group", "no-such-group"),
                                        ("key", "what:")])
def test_names_that_do_not_exist_are_refused_before_the_start(new_world, key, value):
    w = new_world
    w.agent.provision()
    w.agent.configure(**{key.replace("-", "_"): value})
    words = refused(w, 1, "run", "--dir", w.agent.dir)
    assert f"{key} = {value}" in words


def test_a_tpm_that_does_not_answer_is_named_again_and_again(new_world):
    """It may come back, so the agent goes on trying, and says why it cannot."""
    w = new_world
    w.agent.provision()
    w.agent.configure(key="tpm2:?tcti=swtpm:host=127.0.0.1,port=1")
    run = subprocess.Popen([AGENT, "run", "--dir", w.agent.dir], stderr=subprocess.PIPE, text=True)
    line = ""
    try:
        while "why=" not in line:
            line = run.stderr.readline()
            assert line, "ended without a reason"
    finally:
        run.terminate()
        run.wait(10)
        run.stderr.close()
    assert "key tpm2:" in line
