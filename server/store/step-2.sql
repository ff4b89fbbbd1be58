-- step-2.sql -- layout 2: releases by content address, what devices are pointed at, heads of the log.
-- SPDX-License-Identifier: Apache-2.0

-- Named by their own hash, so they never change.
CREATE TABLE blob(
	sha256 BLOB PRIMARY KEY CHECK(length(sha256) = 32),
	bytes BLOB NOT NULL,
	created INTEGER NOT NULL
);
CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob BEGIN SELECT RAISE(ABORT, 'immutable'); END;
CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob BEGIN SELECT RAISE(ABORT, 'immutable'); END;

CREATE TABLE release(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	account TEXT NOT NULL,
	d BLOB NOT NULL CHECK(length(d) = 32),
	bundle BLOB NOT NULL REFERENCES blob(sha256),
	sequence INTEGER NOT NULL,
	state INTEGER NOT NULL,
	reason TEXT NOT NULL DEFAULT '',
	by_name TEXT NOT NULL,
	created INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	version INTEGER NOT NULL DEFAULT 1,
	UNIQUE(account, d)
);

-- Every bundle ever uploaded for a release: later ones prove the same D under a later policy.
CREATE TABLE release_bundle(
	release INTEGER NOT NULL REFERENCES release(id),
	sha256 BLOB NOT NULL REFERENCES blob(sha256),
	created INTEGER NOT NULL,
	PRIMARY KEY(release, sha256)
) WITHOUT ROWID;
CREATE INDEX release_bundle_sha256 ON release_bundle(sha256);

CREATE TABLE look(
	dev TEXT PRIMARY KEY,
	release INTEGER NOT NULL REFERENCES release(id),
	state INTEGER NOT NULL,
	by_name TEXT NOT NULL,
	created INTEGER NOT NULL,
	changed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX look_queued ON look(dev) WHERE state = 1;

CREATE TABLE head(
	account TEXT NOT NULL,
	policy_ref BLOB NOT NULL CHECK(length(policy_ref) = 8),
	log INTEGER NOT NULL,
	size INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	received INTEGER NOT NULL,
	PRIMARY KEY(account, policy_ref, log)
) WITHOUT ROWID;
