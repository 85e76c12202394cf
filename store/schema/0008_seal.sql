-- The seal (docs/seal.md): each fact's salt and the running hash up to it, the signed heads, what was erased, timestamps.

ALTER TABLE fact ADD COLUMN seal BLOB;

INSERT INTO fact_kind (kind, name) VALUES
	(20, 'close'),
	(21, 'erasure'),
	(22, 'custody');

CREATE VIEW fact_close AS
SELECT
	seq, session, at_us, f3 AS operator_name, f4 AS tool_version, f5 AS reason
FROM fact
WHERE kind = 20;

CREATE VIEW fact_erasure AS
SELECT
	seq, session, at_us, f3 AS operator_name, f4 AS tool_version, f5 AS reason, f6 AS n,
	f7 AS list
FROM fact
WHERE kind = 21;

CREATE VIEW fact_custody AS
SELECT
	seq, session, at_us, f3 AS act, f4 AS operator_name, f5 AS tool_version, f6 AS build,
	f7 AS detail, f8 AS sha256
FROM fact
WHERE kind = 22;

CREATE TABLE seal_head (
	n INTEGER PRIMARY KEY,
	statement TEXT NOT NULL,
	signature BLOB,
	frontier BLOB
) STRICT;

CREATE TABLE seal_erased (
	seq INTEGER NOT NULL,
	part INTEGER NOT NULL,
	commitment BLOB NOT NULL,
	erasure INTEGER NOT NULL, -- the fact that says who and why
	PRIMARY KEY (seq, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE seal_salt (
	seq INTEGER NOT NULL,
	part INTEGER NOT NULL,
	salt BLOB NOT NULL,
	PRIMARY KEY (seq, part)
) STRICT, WITHOUT ROWID;

-- A timestamp authority's token over the statement of a head, with what it takes to check it years later.
CREATE TABLE seal_timestamp (
	n INTEGER PRIMARY KEY,
	head INTEGER NOT NULL, -- of seal_head
	asked_us INTEGER NOT NULL,
	url TEXT,
	token BLOB NOT NULL,
	certs TEXT, -- PEM, the authority's own up to its root, as far as known
	crls TEXT   -- PEM
) STRICT;
