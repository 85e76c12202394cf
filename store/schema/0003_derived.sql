-- What is derived from the facts: dropped and rebuilt at will, never part of the evidence itself.

CREATE TABLE derived_trail (
	id TEXT PRIMARY KEY, -- session.number
	session INTEGER NOT NULL,
	number INTEGER NOT NULL,
	started_us INTEGER,
	start_url TEXT,
	final_url TEXT,
	ended_by TEXT,
	hops INTEGER NOT NULL,
	recording_complete INTEGER NOT NULL,
	notes TEXT NOT NULL -- JSON array of texts
) STRICT;

CREATE TABLE derived_hop (
	trail TEXT NOT NULL,
	n INTEGER NOT NULL,
	session INTEGER NOT NULL,
	url TEXT,
	method TEXT,
	status INTEGER,
	at_us INTEGER,
	elapsed_us INTEGER,
	on_wire INTEGER NOT NULL,
	mechanism TEXT NOT NULL,
	confidence TEXT NOT NULL,
	exchange INTEGER,
	tunnel INTEGER,
	claimed_target TEXT,
	evidence TEXT NOT NULL,     -- JSON, as in the report
	alternatives TEXT NOT NULL, -- JSON, as in the report
	PRIMARY KEY (trail, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE derived_verdict (
	session INTEGER NOT NULL,
	tunnel INTEGER,
	exchange INTEGER,
	subject TEXT NOT NULL, -- what was compared
	verdict TEXT NOT NULL, -- agree, differ, unseen, bypass
	proxy_value TEXT,
	witness_value TEXT,
	detail TEXT
) STRICT;

CREATE VIEW trail AS
SELECT
	id,
	session,
	number,
	strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', started_us % 1000000) AS started_at,
	start_url,
	final_url,
	ended_by,
	hops,
	recording_complete,
	notes
FROM derived_trail;

CREATE VIEW hop AS
SELECT
	trail,
	n,
	session,
	url,
	method,
	status,
	strftime('%Y-%m-%dT%H:%M:%S', at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', at_us % 1000000) AS at,
	elapsed_us / 1000.0 AS elapsed_ms,
	on_wire,
	mechanism,
	confidence,
	exchange,
	tunnel,
	claimed_target,
	evidence,
	alternatives
FROM derived_hop;

CREATE VIEW verdict AS
SELECT session, tunnel, exchange, subject, verdict, proxy_value, witness_value, detail
FROM derived_verdict;
