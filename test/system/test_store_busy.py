"""Another process holds the write lock of the store: every door says 503 and when to come back, readers are
served, and the same request goes through when the lock is gone.

SPDX-License-Identifier: Apache-2.0
"""
import sqlite3

from estlib import Secret, enrol, joined, new_key


def test_a_locked_store_is_a_matter_of_coming_back(fleet):
    api, secret, key, late = fleet.api(), Secret(), new_key(), Secret()
    joined(fleet)
    assert secret.claim(api)[0] == 201
    other = sqlite3.connect(fleet.dir / "store/holdfast.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = enrol(fleet, secret, key)
        assert answer.status == 503 and int(answer.headers["retry-after"]) > 0
        status, headers, body = late.claim(api)
        assert status == 503 and int(headers["Retry-After"]) > 0 and "busy" in body["detail"], body
        assert api.get("/v1/devices?limit=1")["items"]
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert enrol(fleet, secret, key).status == 200
    assert late.claim(api)[0] == 201
