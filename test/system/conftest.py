"""conftest -- fixtures of the system tests: one per peer, ready when it accepts, stopped by its own pid.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import brokerlib  # noqa: E402


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
