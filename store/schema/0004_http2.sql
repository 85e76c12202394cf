-- HTTP/2: lines of interim responses, and the frames that are about a connection or end a stream.

ALTER TABLE fact_interim ADD COLUMN fields BLOB;

CREATE TABLE fact_h2_frame (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	leg INTEGER,
	exchange INTEGER,
	sender TEXT,
	frame TEXT,
	stream INTEGER,
	code INTEGER,
	code_name TEXT,
	last_stream INTEGER,
	payload BLOB
) STRICT;

-- As before, and of HTTP/2 the names that begin with a colon.
DROP VIEW header;

CREATE VIEW header AS
SELECT
	q.exchange AS exchange,
	'request' AS side,
	CAST(l.key AS INTEGER) + (q.fields IS NOT NULL) AS n,
	substr(l.value, 1, instr(substr(l.value, p.skip + 1), ':') + p.skip - 1) AS name,
	trim(substr(l.value, instr(substr(l.value, p.skip + 1), ':') + p.skip + 1), ' ' || char(9)) AS value
FROM fact_request AS q,
	json_each('[' || replace(replace(
		json_quote(coalesce(CAST(q.fields AS TEXT),
			ltrim(CAST(q.head AS TEXT), char(13, 10)), '')),
		'\\', '\u005c'), '\r\n', '","') || ']') AS l,
	(SELECT 0 AS skip UNION ALL SELECT 1) AS p
WHERE (q.fields IS NOT NULL OR l.key > 0) AND instr(substr(l.value, p.skip + 1), ':') > 0
	AND p.skip = (q.head IS NULL AND substr(l.value, 1, 1) = ':')
UNION ALL
SELECT
	a.exchange,
	'response',
	CAST(l.key AS INTEGER) + (a.fields IS NOT NULL),
	substr(l.value, 1, instr(substr(l.value, p.skip + 1), ':') + p.skip - 1),
	trim(substr(l.value, instr(substr(l.value, p.skip + 1), ':') + p.skip + 1), ' ' || char(9))
FROM fact_response AS a,
	json_each('[' || replace(replace(
		json_quote(coalesce(CAST(a.fields AS TEXT),
			ltrim(CAST(a.head AS TEXT), char(13, 10)), '')),
		'\\', '\u005c'), '\r\n', '","') || ']') AS l,
	(SELECT 0 AS skip UNION ALL SELECT 1) AS p
WHERE (a.fields IS NOT NULL OR l.key > 0) AND instr(substr(l.value, p.skip + 1), ':') > 0
	AND p.skip = (a.head IS NULL AND substr(l.value, 1, 1) = ':');

-- As before, with the protocol's version.
DROP VIEW exchange;

CREATE VIEW exchange AS
SELECT
	q.exchange AS id,
	q.session AS session,
	q.tunnel AS tunnel,
	coalesce(e.leg, a.leg) AS leg,
	q.n AS n,
	strftime('%Y-%m-%dT%H:%M:%S', q.at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', q.at_us % 1000000) AS started_at,
	strftime('%Y-%m-%dT%H:%M:%S', e.at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', e.at_us % 1000000) AS ended_at,
	(e.at_us - q.at_us) / 1000.0 AS elapsed_ms,
	q.method AS method,
	q.url AS url,
	a.status AS status,
	CASE WHEN e.seq IS NULL THEN 'cut-off' ELSE e.reason END AS reason,
	e.detail AS detail,
	a.made_by AS made_by,
	q.oddities AS request_oddities,
	a.oddities AS response_oddities,
	e.req_size AS request_size,
	e.res_size AS response_size,
	q.version AS version
FROM fact_request AS q
LEFT JOIN fact_response AS a ON a.exchange = q.exchange
LEFT JOIN fact_exchange_end AS e ON e.exchange = q.exchange;
