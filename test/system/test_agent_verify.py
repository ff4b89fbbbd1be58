"""Rule: a device judges a file as `holdfast verify` does: the same name of the reason and the same exit
status, for every file of a corpus, without network; and what it learnt survives kill -9 at every step.

release-log.md sections 9 and 15. SPDX-License-Identifier: Apache-2.0
"""
import json
import re
import shutil
import subprocess

import cbor2
import pytest

from agentlib import AGENT, Agent
from releaselib import Bundle, Maker

NO_NETWORK = ["unshare", "--map-root-user", "--net"]
MAY_UNSHARE = subprocess.run([*NO_NETWORK, "true"], capture_output=True, check=False).returncode == 0
LINE = "lamp-1"
FACTS = ("--class", LINE, "--board", 0, "--floor", 0, "--installed", 0, "--agent-level", 1, "--data-level", 0)
CONDITIONS = {"boards": "1,2", "agent-level": 2, "installed": 1, "policy": 9,  # not met
              "agent-level ": 1, "data-level": 0}


class Pair:
    """A device's state and the policy file of a customer."""

    def __init__(self, maker, folder):
        self.maker, self.folder = maker, folder
        policy = (maker.folder / "policy-1.cose").read_bytes()
        self.agent = Agent(folder, cbor2.dumps({
            0: "holdfast/provision/1", 1: LINE, 2: "localhost", 3: 1, 4: "localhost", 5: 1,
            6: b"certificate", 7: policy, 8: 2, 9: "example.com", 10: [b"certificate"]}, canonical=True))
        self.agent.provision()
        self.trust = self.agent.dir / "trust"

    def forget(self):
        shutil.rmtree(self.trust)
        self.trust.mkdir(0o700)

    def device(self, path):
        """Reason and exit status of the agent, in a network namespace of its own where that is allowed."""
        run = subprocess.run([*(NO_NETWORK if MAY_UNSHARE else []), AGENT, "verify", path, "--dir",
                              self.agent.dir, "--json"],
                             capture_output=True, text=True, timeout=60, check=False)
        assert run.stdout, run
        said = json.loads(run.stdout)
        return said["reason"], run.returncode, said

    def desk(self, path, *more):
        run = self.maker.run("verify", path, "--policy", "policy-1.cose", *FACTS, *more)
        assert run.returncode in (0, 1), run
        return "good" if run.returncode == 0 else run.stderr.split(": ")[2], run.returncode


@pytest.fixture(scope="module")
def maker():
    """Policies 1 to 4, a release under each, one for another class and one for other boards."""
    made = Maker()
    made.policy()
    made.export_policy()
    log = made.log()
    log.fill(6)
    made.bundles = made.bundles_under(4, log)
    for name, more in (("class", {"class": "lamp-2"}), *((n, {n.strip(): v}) for n, v in CONDITIONS.items())):
        d = made.signed(version=name.replace(" ", "-met"), **more)
        assert made.publish(d, log).returncode == 0
        made.bundles[name] = made.bundle(d).read_bytes()
    made.must("release", "bundle", "policies", "--out", "policies.hfb")
    made.bundles["policies"] = (made.folder / "policies.hfb").read_bytes()
    yield made
    made.close()


@pytest.fixture
def pair(maker, tmp_path):
    return Pair(maker, tmp_path)


def altered(data, act):
    bundle = Bundle(data)
    act(bundle)
    return bundle.bytes()


def with_blocks(bundle, act):
    members = cbor2.loads(bundle.object).value
    items = act(cbor2.loads(members[2]))
    bundle.object = cbor2.dumps(cbor2.CBORTag(107, {**members, 2: cbor2.dumps(items)}), canonical=True)


def corpus(maker):
    """Name and bytes; the good ones first."""
    good, chain = maker.bundles[1], maker.bundles[4]
    files = {f"bundle {name}": data for name, data in maker.bundles.items()}
    files |= {"empty": b"", "one byte": b"H", "header": good[:12], "longer": good + b"\0",
              "text": b"x" * 5000, "longer than any": good + bytes(200000), "links only": chain[:-1]}
    files |= {f"cut at {n}": good[:n] for n in range(0, len(good), 97)}
    for at in range(0, len(good), 11):
        files[f"bit of byte {at}"] = good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1:]
    for at in range(12, len(chain), 211):
        files[f"bit of byte {at} of the chain"] = chain[:at] + bytes([chain[at] ^ 1]) + chain[at + 1:]
    changes = {
        "one signature": lambda b: with_blocks(b, lambda i: i[:2]),
        "no signature": lambda b: with_blocks(b, lambda i: i[:1]),
        "a signature twice": lambda b: with_blocks(b, lambda i: [i[0], i[1], i[1]]),
        "one witness": lambda b: setattr(b.proofs[0], "cosigs", b.proofs[0].cosigs[:1]),
        "a witness twice": lambda b: setattr(b.proofs[0], "cosigs", b.proofs[0].cosigs[:1] * 2),
        "short path": lambda b: b.proofs[0].path.pop(),
        "swapped siblings": lambda b: b.proofs[0].path.reverse(),
        "index = size": lambda b: setattr(b.proofs[0], "index", b.proofs[0].size),
        "another policy's proof": lambda b: setattr(b.proofs[0], "ref", bytes(8)),
        "a statement": lambda b: setattr(b, "object", (maker.folder / "policy-1.cose").read_bytes())}
    files |= {name: altered(good, act) for name, act in changes.items()}
    for keep in ((1, 2), (0, 2), (0, 1), (1, 0, 2)):
        bundle = Bundle(chain)
        bundle.links = [bundle.links[i] for i in keep]
        files[f"links {keep}"] = bundle.bytes()
    return files


def test_same_verdict_and_exit_status_for_every_file(maker, pair):
    reasons = {}
    path = maker.folder / "corpus.hfb"
    for name, data in corpus(maker).items():
        path.write_bytes(data)
        pair.forget()
        reason, status, _ = pair.device(path)
        assert (reason, status) == pair.desk(path), name
        reasons[reason] = reasons.get(reason, 0) + 1
    print(f"{sum(reasons.values())} files, without network: {MAY_UNSHARE}, {reasons}")
    assert reasons["good"] == 7 and reasons["E_CONDITION"] == 4 and {
        "E_FORMAT", "E_CHAIN", "E_ENVELOPE", "E_SIGNATURE", "E_QUORUM", "E_CLASS", "E_CONDITION",
        "E_NO_PROOF", "E_LEAF", "E_INCLUSION", "E_LOG", "E_WITNESS"} <= reasons.keys()


def test_same_verdicts_when_both_remember(maker, pair):
    """One state for the whole corpus: what came before decides what an old bundle is worth."""
    path, state = maker.folder / "corpus.hfb", maker.folder / "desk-state"
    first = None
    for name, data in corpus(maker).items():
        path.write_bytes(data)
        reason, status, said = pair.device(path)
        assert (reason, status) == pair.desk(path, "--state", state), name
        first = first or (name, reason, said["policy"])
    assert first == ("bundle 1", "good", 1)
    path.write_bytes(maker.bundles[1])
    assert pair.desk(path, "--state", state)[0] == "E_NO_PROOF"
    assert pair.device(path)[0] == "E_NO_PROOF" and pair.device(path)[2]["policy"] == 4


def test_a_shelf_device_three_policies_behind_catches_up_offline(maker, pair):
    path = maker.folder / "chain.hfb"
    path.write_bytes(maker.bundles[4])
    reason, status, said = pair.device(path)
    assert (reason, status, said["links"], said["policy"]) == ("good", 0, 3, 4)
    assert pair.device(path)[2]["links"] == 0


def test_nineteen_policies_need_two_files(tmp_path):
    """At most 16 links fit: the release alone does not reach such a device; a file of policies goes first."""
    made = Maker()
    try:
        made.policy()
        made.export_policy()
        log = made.log()
        for number in range(2, 21):
            made.policy(stale_after=1209600 + number)
            assert made.publish(f"policy-{number}", log).returncode == 0
        d = made.signed()
        assert made.publish(d, log).returncode == 0
        made.must("release", "bundle", "policies", "--out", "policies.hfb")
        pair = Pair(made, tmp_path)
        reason, status, said = pair.device(made.bundle(d))
        assert (reason, status, said["policy"], said["links"]) == ("E_CHAIN", 1, 1, 0)
        reason, status, said = pair.device(made.folder / "policies.hfb")
        assert (reason, status, said["policy"], said["links"]) == ("good", 0, 17, 16)
        assert not said["install"]
        reason, status, said = pair.device(made.bundle(d))
        assert (reason, status, said["policy"], said["links"]) == ("good", 0, 20, 3)
    finally:
        made.close()


def test_a_damaged_state_is_a_verdict_and_installs_nothing(maker, pair):
    """HF_ERR_TRUST_RECORD"""
    path, state = maker.folder / "good.hfb", maker.folder / "damaged"
    path.write_bytes(maker.bundles[4])
    assert pair.device(path)[0] == "good" and pair.desk(path, "--state", state)[0] == "good"
    for where in (pair.trust, state):
        record, = where.glob("policy*")
        data = bytearray(record.read_bytes())
        data[len(data) // 2] ^= 1
        record.write_bytes(data)
    reason, status, _ = pair.device(path)
    assert (reason, status) == ("record of trust is damaged", 1)
    assert pair.desk(path, "--state", state)[1] == 1


def test_what_is_no_verdict(maker, pair):
    run = pair.agent.cli("verify", maker.folder / "absent", "--dir", pair.agent.dir, check=False)
    assert run.returncode == 3 and maker.run("verify", "absent", "--policy", "policy-1.cose").returncode == 3
    for wrong in ((), ("a", "b"), ("--json",), ("a",), ("a", "--dir")):
        assert pair.agent.cli("verify", *wrong, check=False).returncode == 2
    path = maker.folder / "good.hfb"
    path.write_bytes(maker.bundles[1])
    shutil.rmtree(pair.trust)
    run = pair.agent.cli("verify", path, "--dir", pair.agent.dir, check=False)
    assert run.returncode == 3 and "trust" in run.stderr


def traced(pair, path, *inject):
    trace = pair.folder / "trace"
    run = subprocess.run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=write,fsync,renameat", *inject,
                          AGENT, "verify", path, "--dir", pair.agent.dir, "--json"],
                         capture_output=True, text=True, timeout=60, check=False)
    return run, trace.read_text()


def test_kill_9_at_every_step_of_a_catch_up(maker, pair):
    """Killed inside each write, flush and rename of the stored trust; what is there goes on to the same."""
    path = maker.folder / "chain.hfb"
    path.write_bytes(maker.bundles[4])
    run, trace = traced(pair, path)
    assert run.returncode == 0, run.stderr
    steps = {call: len(re.findall(rf"^\d+ +{call}\(", trace, re.M))
             for call in ("write", "fsync", "renameat")}
    steps["write"] -= 1  # the last one is the verdict on standard output
    assert steps["fsync"] >= 8 and steps["renameat"] >= 4
    cuts = 0
    for call, count in steps.items():
        for n in range(1, count + 1):
            pair.forget()
            run, trace = traced(pair, path, "-e", f"inject={call}:signal=SIGKILL:when={n}")
            cuts += "killed by SIGKILL" in trace
            assert run.stdout == "", (call, n)
            reason, status, said = pair.device(path)
            assert (reason, status, said["policy"]) == ("good", 0, 4), (call, n)
            assert said["links"] <= 3
    print(f"{cuts} cuts at {steps}")
    assert cuts == sum(steps.values()) > 0


def test_the_verifier_cannot_reach_the_network(maker, pair):
    """Its sandbox has no socket, wherever it runs."""
    path = maker.folder / "good.hfb"
    path.write_bytes(maker.bundles[1])
    trace = pair.folder / "calls"
    subprocess.run(["strace", "-f", "-qq", "-o", trace, AGENT, "verify", path, "--dir", pair.agent.dir],
                   capture_output=True, timeout=60, check=True)
    calls = trace.read_text()
    assert "seccomp(" in calls and not re.search(r"^\d+ +(socket|connect|bind)\(", calls, re.M)
