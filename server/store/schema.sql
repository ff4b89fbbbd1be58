-- schema.sql -- the registry, layout 1. Numbers in state columns are the enums of include/hf/store_*.h.
-- A later layout adds a file step-N.sql and a row to the table in migrate.c; it never edits this one.
-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE value(
	name TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE ca(
	spki_sha256 BLOB NOT NULL,
	der BLOB NOT NULL UNIQUE,
	kind INTEGER NOT NULL,
	line TEXT NOT NULL DEFAULT '',
	not_after INTEGER NOT NULL
);

CREATE TABLE product(
	line TEXT PRIMARY KEY,
	oid TEXT NOT NULL,
	enrol INTEGER NOT NULL,
	life_s INTEGER NOT NULL CHECK(life_s BETWEEN 604800 AND 34387200),
	grace_s INTEGER NOT NULL,
	offline_s INTEGER NOT NULL,
	pop_required INTEGER NOT NULL,
	basic INTEGER NOT NULL,
	wrap INTEGER NOT NULL,
	owner TEXT NOT NULL,
	has_ca INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE device(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	dev TEXT UNIQUE,
	handle TEXT UNIQUE,
	line TEXT NOT NULL,
	owner TEXT NOT NULL DEFAULT '',
	state INTEGER NOT NULL,
	budget INTEGER NOT NULL DEFAULT 2,
	reason TEXT NOT NULL DEFAULT '',
	label TEXT NOT NULL DEFAULT '',
	rearmed INTEGER NOT NULL DEFAULT 0,
	boot_count INTEGER,
	serial_enc BLOB,
	serial_hmac BLOB UNIQUE,
	created INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX device_owner ON device(owner, id);

CREATE TABLE cert(
	serial BLOB PRIMARY KEY CHECK(length(serial) = 16),
	sha256 BLOB UNIQUE,
	spki_sha256 BLOB NOT NULL UNIQUE,
	pub BLOB NOT NULL,
	kind INTEGER NOT NULL,
	state INTEGER NOT NULL,
	device INTEGER REFERENCES device(id),
	dev TEXT NOT NULL DEFAULT '',
	parent BLOB,
	lineage BLOB NOT NULL,
	identity TEXT NOT NULL,
	not_before INTEGER NOT NULL,
	not_after INTEGER NOT NULL,
	issued_at INTEGER NOT NULL,
	changed_at INTEGER NOT NULL,
	reissues INTEGER NOT NULL DEFAULT 0,
	der BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX cert_parent ON cert(parent) WHERE parent IS NOT NULL;
CREATE INDEX cert_device ON cert(device, issued_at) WHERE device IS NOT NULL;
CREATE INDEX cert_live ON cert(kind, state, not_after);

-- What the broker must hear: one row for each change of an LDevID's admission.
CREATE TABLE cert_change(
	epoch INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256 BLOB NOT NULL,
	dev TEXT NOT NULL,
	state INTEGER NOT NULL,
	budget INTEGER NOT NULL,
	not_after INTEGER NOT NULL
);

CREATE TABLE claim(
	cid BLOB PRIMARY KEY CHECK(length(cid) = 16),
	kc BLOB NOT NULL,
	factory INTEGER NOT NULL,
	device INTEGER REFERENCES device(id),
	line TEXT NOT NULL DEFAULT '',
	owner TEXT NOT NULL DEFAULT '',
	open_until INTEGER NOT NULL DEFAULT 0,
	spki_sha256 BLOB,
	wrong INTEGER NOT NULL DEFAULT 0,
	locked_until INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX claim_device ON claim(device) WHERE device IS NOT NULL;

CREATE TABLE basic_code(
	hash BLOB PRIMARY KEY,
	device INTEGER REFERENCES device(id),
	line TEXT NOT NULL,
	owner TEXT NOT NULL,
	spki_sha256 BLOB,
	expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE person(
	kind INTEGER NOT NULL,
	name TEXT NOT NULL,
	account TEXT NOT NULL DEFAULT '',
	spki_sha256 BLOB NOT NULL UNIQUE,
	pub BLOB NOT NULL,
	admin INTEGER NOT NULL DEFAULT 0,
	state INTEGER NOT NULL,
	created INTEGER NOT NULL,
	version INTEGER NOT NULL DEFAULT 1,
	PRIMARY KEY(kind, name)
);
CREATE VIEW operator AS SELECT * FROM person WHERE kind = 1;
CREATE VIEW station AS SELECT * FROM person WHERE kind = 2;

CREATE TABLE prod_order(
	row INTEGER PRIMARY KEY AUTOINCREMENT,
	id BLOB NOT NULL UNIQUE CHECK(length(id) = 16),
	line TEXT NOT NULL,
	quantity INTEGER NOT NULL,
	allowance INTEGER NOT NULL,
	not_before INTEGER NOT NULL,
	not_after INTEGER NOT NULL,
	mode INTEGER NOT NULL,
	state INTEGER NOT NULL,
	commit_s INTEGER NOT NULL,
	ca_spki BLOB NOT NULL,
	stations BLOB NOT NULL,
	by_name TEXT NOT NULL,
	created INTEGER NOT NULL,
	version INTEGER NOT NULL DEFAULT 1,
	object BLOB NOT NULL
);

CREATE TABLE unit(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	order_id BLOB NOT NULL REFERENCES prod_order(id),
	device INTEGER NOT NULL REFERENCES device(id),
	handle TEXT NOT NULL UNIQUE,
	spki_sha256 BLOB NOT NULL UNIQUE,
	serial BLOB NOT NULL,
	station BLOB NOT NULL,
	state INTEGER NOT NULL,
	shipped INTEGER NOT NULL DEFAULT 0,
	nonce BLOB,
	issued_at INTEGER NOT NULL,
	commit_by INTEGER NOT NULL
);
CREATE INDEX unit_order ON unit(order_id, id);
CREATE INDEX unit_open ON unit(commit_by) WHERE state = 1;

-- Issuance journal: entries and the roots of full subtrees, so that a root costs O(log n) reads.
CREATE TABLE journal(
	tree BLOB NOT NULL,
	pos INTEGER NOT NULL,
	entry BLOB NOT NULL,
	PRIMARY KEY(tree, pos)
) WITHOUT ROWID;
CREATE TABLE journal_node(
	tree BLOB NOT NULL,
	level INTEGER NOT NULL,
	pos INTEGER NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY(tree, level, pos)
) WITHOUT ROWID;

CREATE TABLE event(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	level INTEGER NOT NULL,
	kind TEXT NOT NULL,
	account TEXT NOT NULL,
	dev TEXT NOT NULL,
	actor TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash BLOB NOT NULL
);
CREATE INDEX event_account ON event(account, id);
CREATE INDEX event_dev ON event(dev, id);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TABLE command(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	dev TEXT NOT NULL,
	cti BLOB NOT NULL CHECK(length(cti) = 16),
	state INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	sha256 BLOB NOT NULL,
	created INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	version INTEGER NOT NULL DEFAULT 1,
	by_name TEXT NOT NULL,
	UNIQUE(dev, cti)
);
CREATE INDEX command_open ON command(dev, id) WHERE state <= 2;
CREATE INDEX command_queued ON command(id) WHERE state = 1;

CREATE TABLE receipt(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	dev TEXT NOT NULL,
	cti BLOB NOT NULL,
	bytes BLOB NOT NULL,
	sha256 BLOB NOT NULL,
	cert_sha256 BLOB NOT NULL,
	received INTEGER NOT NULL,
	UNIQUE(dev, sha256)
);

CREATE TABLE endorsement(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	dev TEXT NOT NULL,
	gen INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	sha256 BLOB NOT NULL,
	cert_sha256 BLOB NOT NULL,
	received INTEGER NOT NULL,
	UNIQUE(dev, gen, sha256)
);

CREATE TABLE device_state(
	dev TEXT PRIMARY KEY,
	bytes BLOB NOT NULL,
	cert_sha256 BLOB NOT NULL,
	received INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE message(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	dev TEXT NOT NULL,
	class TEXT NOT NULL,
	name TEXT NOT NULL,
	bytes BLOB NOT NULL,
	sha256 BLOB NOT NULL,
	cert_sha256 BLOB NOT NULL,
	received INTEGER NOT NULL,
	UNIQUE(dev, class, name, sha256)
);

CREATE TABLE stream(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	dev TEXT NOT NULL,
	kid BLOB NOT NULL,
	bytes BLOB NOT NULL,
	sha256 BLOB NOT NULL,
	received INTEGER NOT NULL,
	UNIQUE(dev, kid, sha256)
);

CREATE TABLE frame(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	dev TEXT NOT NULL,
	kid BLOB NOT NULL,
	counter INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	sha256 BLOB NOT NULL,
	received INTEGER NOT NULL,
	UNIQUE(dev, kid, counter, sha256)
);

CREATE TABLE presence(
	dev TEXT PRIMARY KEY,
	up INTEGER NOT NULL,
	cert_sha256 BLOB NOT NULL,
	address TEXT NOT NULL,
	since INTEGER NOT NULL,
	hello INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE idempotency(
	operator TEXT NOT NULL,
	key TEXT NOT NULL,
	request BLOB NOT NULL,
	status INTEGER NOT NULL,
	type TEXT NOT NULL,
	audit INTEGER NOT NULL,
	created INTEGER NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY(operator, key)
) WITHOUT ROWID;
