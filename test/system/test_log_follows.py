"""Rule: a log goes from policy N to N+1 as devices do, without a gap in what it serves; any other policy file
leaves it as it was. And it speaks TLS where it is told to.

SPDX-License-Identifier: Apache-2.0
"""
import shutil
import signal
import subprocess

import pytest

from loglib import wait_for
from reallib import Real
from releaselib import code

pytestmark = pytest.mark.timeout(600)


def put_policy(real, number):
    """Another file in the log's folder, and the signal to read it."""
    real.must("release", "policy", "export", number, "--out", real.dir / "policy.cose")
    hup(real)


def hup(real):
    real.running["log"].p.send_signal(signal.SIGHUP)


def said(real, words):
    wait_for(words, lambda: words in real.running["log"].text())


def next_policy(real, **changes):
    number, _ = real.policy(**changes)
    assert real.publish(f"policy-{number}").returncode == 0
    return number


def test_a_next_policy_is_followed_at_a_signal(real):
    first = real.published()
    number = next_policy(real, more_keys={"pub2": "publisher"}, publishers=["pub", "pub2"])
    d = real.signed(version="2", sequence=11)
    done = real.publish(d, key="pub2")
    assert done.returncode == 1 and "403" in done.stderr  # the log does not know this publisher yet
    size = real.head_size()
    put_policy(real, number)
    said(real, "policy=2")
    wait_for("the log listens again", lambda: real.head_size() == size)
    done = real.publish(d, key="pub2")
    assert done.returncode == 0, done.stderr
    assert real.verify(real.bundle(d), offline=True) == "good"
    assert real.verify(real.bundle(first), offline=True) == "good"
    assert real.stop("log") == 0
    real.must("log", "fsck", real.dir)


def test_a_policy_that_does_not_follow_leaves_the_log_as_it_was(real):
    real.published()
    next_policy(real, stale_after=1000)
    number = next_policy(real, stale_after=2000)
    put_policy(real, number)  # 3 after 1
    said(real, "policy 3 does not follow policy 1")
    assert real.published(version="2", sequence=11)
    stranger = Real()
    try:
        shutil.copy(stranger.folder / "policy-1.cose", real.dir / "policy.cose")
        hup(real)
        said(real, "is no witness of the policy")
    finally:
        stranger.close()
    (real.dir / "policy.cose").write_bytes(b"nothing of the kind")
    hup(real)
    said(real, "policy of the log: ")
    assert real.running["log"].p.poll() is None
    real.stop("log")
    done = real.run("log", "serve", real.dir)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    for number in (2, 3):  # one after the other, it goes
        real.must("release", "policy", "export", number, "--out", real.dir / "policy.cose")
        real.start(head=None)
        wait_for("the log serves", lambda: real.head_size() is not None)
        real.stop("log")


def test_a_policy_that_names_another_log_ends_nothing_here(real):
    """The old log is served on under the policy before it, until it is frozen."""
    real.published()
    number = next_policy(real, more_keys={"log2": "log"}, logs=["log2"])
    put_policy(real, number)
    said(real, "policy 2 does not name this log")
    assert real.head_size() == 2 and real.running["log"].p.poll() is None


def test_a_policy_with_other_witnesses_needs_their_quorum_first(real):
    """Nothing that only the old ones cosigned is shown under the new policy."""
    real.published()
    real.make_key("w4")
    number = next_policy(real, more_keys={"w4": "witness"}, witness={"k": 2, "of": ["w3", "w4"]})
    size = real.head_size()
    lines = (real.dir / "witnesses").read_text().splitlines(keepends=True)
    (real.dir / "witnesses").write_text(lines[2])
    put_policy(real, number)
    said(real, "policy=2")
    wait_for("the log listens again", lambda: real.listens(real.port))
    assert real.head_size() is None
    from loglib import free_port, public_of
    real.ports["w4"] = free_port()
    real.start_witness("w4")
    (real.dir / "witnesses").write_text(
        lines[2] + f"{public_of(real.folder / 'w4.pub').hex()} http://127.0.0.1:{real.ports['w4']}\n")
    hup(real)
    wait_for("a head by the new quorum", lambda: real.head_size() == size)


# ---- TLS ----

@pytest.fixture
def secure():
    made = Real()
    (made.folder / "pass").write_text("correct horse battery\n")
    (made.folder / "pass").chmod(0o600)
    made.must("init", "fleet", "--passphrase-file", "pass")
    fleet = made.folder / "fleet"
    with open(made.dir / "log.conf", "a") as conf:
        conf.write(f"tls-certificate = {fleet}/tls/broker.crt\ntls-key = {fleet}/tls/broker.key\n")
    made.ca = fleet / "ca/server.crt"
    made.secure_url = f"https://localhost:{made.port}"
    made.start(head=None)
    wait_for("a head", lambda: made.run("log", "head", made.secure_url, "--log-ca", made.ca).returncode == 0)
    yield made
    made.close()


def test_a_release_goes_through_a_log_that_speaks_tls(secure):
    d = secure.signed()
    done = secure.publish(d, "--log-ca", str(secure.ca), url=secure.secure_url)
    assert done.returncode == 0, done.stderr
    assert secure.verify(secure.bundle(d), offline=True) == "good"
    done = secure.run("monitor", "run", secure.secure_url, "--log-ca", secure.ca, "--state", "state",
                      "--policy", "policy-1.cose", "--once")
    assert done.returncode == 0 and d in done.stdout


def test_another_server_another_ca_and_plain_text_are_refused(secure):
    d = secure.signed()
    done = secure.publish(d, url=secure.secure_url)
    assert done.returncode == 1 and code("HF_ERR_LOG_URL") in done.stderr
    other = secure.folder / "fleet/root/root.crt"
    for url, ca in ((secure.secure_url, other), (f"https://127.0.0.1:{secure.port}", secure.ca),
                    (secure.url, secure.ca)):
        done = secure.publish(d, "--log-ca", str(ca), url=url)
        assert done.returncode in (1, 3), (url, ca)
    assert secure.run("release", "status", d, "--json").stdout.count('"published":false') == 1


def test_a_foreign_client_reads_it_too(secure):
    bundle = secure.folder / "bundle.pem"
    fleet = secure.folder / "fleet"
    bundle.write_bytes((fleet / "root/root.crt").read_bytes() + secure.ca.read_bytes())
    done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", bundle,
                           f"{secure.secure_url}/get-tree-head"], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("size=0\n"), done.stderr


def test_plain_text_stays_on_loopback(real):
    conf = (real.dir / "log.conf").read_text()
    real.stop("log")
    (real.dir / "log.conf").write_text(conf.replace("listen = 127.0.0.1", "listen = 0.0.0.0"))
    done = real.run("log", "serve", real.dir)
    assert done.returncode == 1 and code("HF_ERR_HTTP_CONF") in done.stderr
    for line in ("tls-certificate = x\n", "tls-key = x\n", "tls-certificate = x\ntls-key = x\n"):
        (real.dir / "log.conf").write_text(conf + line)
        done = real.run("log", "serve", real.dir)
        assert done.returncode == 1, line
