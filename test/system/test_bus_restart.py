"""The broker is killed with hundreds of devices on it: all return, and no alarm is lost or stored twice.
HF_DEVICES=5000 for the full number of the design.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import time

import pytest

from mqtt5 import Closed

DEVICES = int(os.environ.get("HF_DEVICES", "500"))


def acknowledged(life, payload):
    """Our word for it: the hash of the alarm on dn/ack."""
    try:
        if life.client.publish(life.device.topic("alarm/a1"), payload) == 16:
            return False
        topic, ack, _ = life.client.message(1)
        return topic == life.device.topic("ack/a1", "dn") and ack == hashlib.sha256(payload).digest()
    except (Closed, TimeoutError, OSError):
        return False


@pytest.mark.timeout(900)
def test_all_devices_survive_a_killed_broker(bus_rig):
    lives = [bus_rig.life() for _ in range(DEVICES)]
    for life in lives:
        life.connect()
    early = sum(acknowledged(life, life.serial) for life in lives[:DEVICES // 2])
    assert early > 0
    bus_rig.broker.process.kill()
    bus_rig.broker.process.wait()
    assert not any(acknowledged(life, life.serial) for life in lives[-3:])
    bus_rig.broker.start()
    start = time.monotonic()
    waiting = list(lives)
    while waiting and time.monotonic() - start < 600:
        for life in list(waiting):
            life.client.close()
            life.connect()
            if acknowledged(life, life.serial):  # sent again, also when it was stored before
                waiting.remove(life)
    print(f"{DEVICES} devices back after {time.monotonic() - start:.1f} s")
    assert not waiting
    for life in lives:
        assert bus_rig.bus.tell("count", "alarm", life.dev) == "1"
        bus_rig.bus.wait(1, "here", life.dev)
