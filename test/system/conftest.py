"""conftest -- fixtures of the system tests: one per peer, ready when it accepts, stopped by its own pid.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import agentlib  # noqa: E402
import brokerlib  # noqa: E402
import buslib  # noqa: E402
import fleetlib  # noqa: E402
import reallib  # noqa: E402


@pytest.fixture(scope="module")
def broker(request):
    """One Mosquitto with our plugin per file; for tests that leave it as they found it."""
    before = request.session.testsfailed
    yield from brokerlib.run_broker(lambda: request.session.testsfailed > before)


@pytest.fixture
def own_broker(request):
    """A Mosquitto of its own for tests that disturb it."""
    before = request.session.testsfailed
    yield from brokerlib.run_broker(lambda: request.session.testsfailed > before)


@pytest.fixture
def world(request):
    """A claimed, connected device with broker and EST; for tests that may do anything to it."""
    before = request.session.testsfailed
    yield from agentlib.run_world(lambda: request.session.testsfailed > before)


@pytest.fixture
def new_world(request):
    """The same before its first start: the test provisions, claims and starts."""
    before = request.session.testsfailed
    yield from agentlib.run_world(lambda: request.session.testsfailed > before, begin=False)


@pytest.fixture
def bus_rig(request):
    """Mosquitto, plugin and the real bus with its own store."""
    before = request.session.testsfailed
    rig = buslib.BusRig()
    yield rig
    code = rig.stop()
    if request.session.testsfailed > before:
        print(rig.broker.log.read_text())
        print((rig.folder / "bus.log").read_text())
    shutil.rmtree(rig.folder, ignore_errors=True)
    assert code == 0, f"the bus ended with {code}"


@pytest.fixture(scope="module")
def fleet(request):
    """A running deployment per file, with two operators and the product line `lamp`."""
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before)


@pytest.fixture
def own_fleet(request):
    """A deployment of its own for tests that disturb it."""
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before)


@pytest.fixture
def real():
    """A maker, a real log and three real witnesses."""
    made = reallib.Real()
    made.start()
    yield made
    made.close()
