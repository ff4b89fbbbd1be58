"""A device whose keys live in a TPM 2.0 (swtpm): same life, and nothing on its disk opens the key elsewhere.

SPDX-License-Identifier: Apache-2.0
"""
import shutil

import cbor2
import pytest

from agentlib import until
from keylib import Tpm


@pytest.fixture
def tpm():
    t = Tpm()
    yield t
    t.close()


def test_device_with_a_tpm_lives_the_same_life(new_world, tpm):
    world = new_world
    world.start_broker()
    world.est.say(f"claim {world.agent.provision('--key', f'tpm2:?tcti={tpm.tcti}')}")
    world.agent.start().stable(timeout=30)
    record = cbor2.loads((world.agent.dir / "records/key0").read_bytes()[12:])
    assert record[0] == "hf-key1" and record[2][0] == 2 and len(record[2]) > 200  # wrapped by the TPM
    world.agent.kill()
    world.agent.start().stable(timeout=30)  # opens the same key again
    assert world.est.count("enrolled") == 1


def test_stolen_disk_is_useless_without_its_tpm(new_world, tpm):
    world = new_world
    world.start_broker()
    world.est.say(f"claim {world.agent.provision('--key', f'tpm2:?tcti={tpm.tcti}')}")
    world.agent.start().stable(timeout=30)
    world.agent.stop()
    thief = Tpm()
    try:
        stolen = world.folder / "stolen"
        shutil.copytree(world.agent.dir, stolen, ignore=shutil.ignore_patterns("*.sock"))
        world.agent.dir = stolen
        world.agent.configure(key=f"tpm2:?tcti={thief.tcti}")
        hellos = len(world.server.seen("id/hello"))
        world.agent.start()
        until("refused by the other TPM", lambda: "[net] warn" in world.agent.log.read_text())
        assert len(world.server.seen("id/hello")) == hellos
    finally:
        thief.close()
