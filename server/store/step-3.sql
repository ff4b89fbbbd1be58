-- step-3.sql -- layout 3: the lowest sequence that a device still accepts, as it reported, only ever raised;
-- and a claim remembers its owner's name for the device until there is one.
-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE device_floor(
	dev TEXT PRIMARY KEY,
	sequence INTEGER NOT NULL,
	changed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER device_floor_rises BEFORE UPDATE ON device_floor WHEN new.sequence < old.sequence
BEGIN SELECT RAISE(ABORT, 'a floor never falls'); END;
ALTER TABLE claim ADD COLUMN label TEXT NOT NULL DEFAULT '';
