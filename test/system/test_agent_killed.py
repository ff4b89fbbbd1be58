"""kill -9 at every step, peers away at every step: the device comes back and never looks like a clone.

SPDX-License-Identifier: Apache-2.0
"""
import time

from agentlib import Est, until


def no_alarm(world):
    alarms = world.broker.bus.seen(35)
    assert not [a for a in alarms if a[1] in ("superseded", "clone")], alarms


def test_every_process_is_restarted_and_nothing_is_lost(world):
    for role in ("net", "key", "app", "tamper"):
        pid = world.agent.children()[role]
        __import__("os").kill(pid, 9)
        until(f"{role} is back", lambda r=role, p=pid: world.agent.children().get(r, p) != p)
        world.agent.stable()
    assert world.est.count("enrolled") == 1
    no_alarm(world)


def test_kill_9_during_enrolment_keeps_the_one_key(new_world):
    """Kill after ever more milliseconds, so that every step is hit; all attempts ask for the same key."""
    world = new_world
    world.start_broker()
    world.claim()
    kills = 0
    for ms in [0, 10, 15, 20, 25, 30, 35, 40, 50, 60]:
        world.agent.start()
        time.sleep(ms / 1000)
        world.agent.kill()
        kills += 1
    world.agent.start().stable(timeout=90)  # the broker admits a device 5 times, then once in 30 s
    assert kills == 10
    keys = world.est.count("enrolled")
    print(f"{kills} kills, {world.est.count('request')} requests, {keys} certificates")
    no_alarm(world)


def test_kill_9_during_renewal(new_world):
    world = new_world
    world.start_broker()
    world.est.say("life 60")  # due after 36 to 42 s
    world.claim()
    world.agent.start().stable()
    until("due", lambda: world.est.count("request renew") > 0 or time.sleep(0.01), timeout=100)
    kills = 0
    for ms in [0, 10, 20, 40]:
        time.sleep(ms / 1000)
        world.agent.kill()
        kills += 1
        world.agent.start()
    world.agent.stable(timeout=90)
    print(f"{kills} kills, {world.est.count('request renew')} requests")
    assert world.est.count("renewed") >= 1 and kills == 4
    no_alarm(world)


def test_est_is_away_at_first_start(new_world):
    world = new_world
    world.start_broker()
    world.claim()
    port, code = world.est.port, world.agent.code
    world.est.stop()
    world.agent.start()
    until("tried", lambda: world.agent.log.read_text().count("warn est: enrol") >= 2)
    lines = world.est.lines
    world.est = Est(world.broker.pki, world.dev, port)
    world.est.lines[:0] = lines
    world.server.est = world.est
    world.est.say(f"claim {code}")
    world.agent.stable()


def test_lost_answers_bring_the_same_certificate_later(new_world):
    world = new_world
    world.start_broker()
    world.est.say("mode silent")
    world.claim()
    world.agent.start()
    world.est.wait("request enrol")
    world.est.say("mode good")
    world.agent.kill()
    world.agent.start().stable()
    assert world.est.count("request enrol") == 2


def test_broker_away_then_back(world):
    broker = world.broker
    broker.process.kill()
    broker.process.wait()
    until("noticed", lambda: not world.agent.status()["connected"])
    world.server.stop()
    world.broker.start().fed()
    world.server = type(world.server)(broker, world.est)
    world.agent.stable()
    assert world.est.count("enrolled") == 1


def test_stop_is_clean_and_quick(world):
    begin = time.monotonic()
    assert world.agent.stop() == 0
    assert time.monotonic() - begin < 30
