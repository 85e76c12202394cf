-- What a reader needs so that one trail of a large case can be shown without deriving them all.

ALTER TABLE derived_trail ADD COLUMN handoff_url TEXT;

-- A row says that the trails of that session are all stored, as derived by that version.
CREATE TABLE derived_session (
	session INTEGER PRIMARY KEY,
	tool_version TEXT NOT NULL,
	exchanges INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	opaque INTEGER NOT NULL,
	user_agent TEXT -- as set, else as the first request had it
) STRICT;
