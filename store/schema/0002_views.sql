-- What people and scripts may rely on: these views keep their columns (docs/schema.md has an example query for each).
-- Facts stay as they are; a view gives them readable times, words and names.

CREATE VIEW tunnel AS
SELECT
	t.tunnel AS id,
	t.session AS session,
	strftime('%Y-%m-%dT%H:%M:%S', t.at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', t.at_us % 1000000) AS started_at,
	strftime('%Y-%m-%dT%H:%M:%S', e.at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', e.at_us % 1000000) AS ended_at,
	t.client_ip AS client_ip,
	t.client_port AS client_port,
	c.kind AS kind,
	c.host AS host,
	c.port AS port,
	c.outcome AS outcome,
	CASE WHEN e.seq IS NULL THEN 'cut-off' ELSE e.reason END AS reason,
	coalesce(e.detail, c.detail) AS detail
FROM fact_tunnel AS t
LEFT JOIN fact_connect AS c ON c.tunnel = t.tunnel
LEFT JOIN fact_tunnel_end AS e ON e.tunnel = t.tunnel;

-- An exchange without an end fact was cut off (or is still under way while the case is being written).
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
	e.res_size AS response_size
FROM fact_request AS q
LEFT JOIN fact_response AS a ON a.exchange = q.exchange
LEFT JOIN fact_exchange_end AS e ON e.exchange = q.exchange;

-- Header lines as they came, in order, split out of the recorded head: nothing is stored twice. The head becomes a JSON array
-- of its lines: quoted, escaped backslashes made unmistakable, then every escaped CRLF turned into the end of one element
-- and the start of the next. n counts from 1; the start line is not a header.
CREATE VIEW header AS
SELECT
	q.exchange AS exchange,
	'request' AS side,
	CAST(l.key AS INTEGER) + (q.fields IS NOT NULL) AS n,
	substr(l.value, 1, instr(l.value, ':') - 1) AS name,
	trim(substr(l.value, instr(l.value, ':') + 1), ' ' || char(9)) AS value
FROM fact_request AS q,
	json_each('[' || replace(replace(
		json_quote(coalesce(CAST(q.fields AS TEXT),
			ltrim(CAST(q.head AS TEXT), char(13, 10)), '')),
		'\\', '\u005c'), '\r\n', '","') || ']') AS l
WHERE (q.fields IS NOT NULL OR l.key > 0) AND instr(l.value, ':') > 0
UNION ALL
SELECT
	a.exchange,
	'response',
	CAST(l.key AS INTEGER) + (a.fields IS NOT NULL),
	substr(l.value, 1, instr(l.value, ':') - 1),
	trim(substr(l.value, instr(l.value, ':') + 1), ' ' || char(9))
FROM fact_response AS a,
	json_each('[' || replace(replace(
		json_quote(coalesce(CAST(a.fields AS TEXT),
			ltrim(CAST(a.head AS TEXT), char(13, 10)), '')),
		'\\', '\u005c'), '\r\n', '","') || ']') AS l
WHERE (a.fields IS NOT NULL OR l.key > 0) AND instr(l.value, ':') > 0;

CREATE VIEW handshake AS
SELECT
	h.session AS session,
	h.tunnel AS tunnel,
	h.leg AS leg,
	CASE WHEN h.leg = 0 THEN 'browser' ELSE 'origin' END AS side,
	strftime('%Y-%m-%dT%H:%M:%S', h.started_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', h.started_us % 1000000) AS started_at,
	(h.at_us - h.started_us) / 1000.0 AS elapsed_ms,
	h.version AS version,
	h.cipher AS cipher,
	h.alpn AS alpn,
	h.sni AS sni,
	h.key_group AS key_group,
	h.resumed AS resumed,
	h.verified AS verified,
	h.verify_error AS verify_error,
	h.permitted AS permitted,
	c.ja3 AS ja3,
	c.ja4 AS ja4,
	lower(hex(substr(h.certs, 1, 32))) AS leaf_sha256,
	lower(hex(h.certs)) AS certs_sha256,
	h.outcome AS outcome,
	h.detail AS detail
FROM fact_handshake AS h
LEFT JOIN fact_hello AS c ON c.tunnel = h.tunnel AND c.leg = h.leg;

CREATE VIEW certificate AS
SELECT
	lower(hex(sha256)) AS sha256,
	subject,
	issuer,
	serial,
	strftime('%Y-%m-%dT%H:%M:%SZ', not_before_us / 1000000, 'unixepoch') AS not_before,
	strftime('%Y-%m-%dT%H:%M:%SZ', not_after_us / 1000000, 'unixepoch') AS not_after,
	san,
	key_kind,
	signature_kind,
	session,
	strftime('%Y-%m-%dT%H:%M:%S', at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', at_us % 1000000) AS first_seen_at,
	der
FROM fact_certificate;

CREATE VIEW dns AS
SELECT
	session,
	tunnel,
	leg,
	strftime('%Y-%m-%dT%H:%M:%S', at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', at_us % 1000000) AS at,
	name,
	source,
	resolver,
	cnames,
	addresses,
	ttl,
	elapsed_us / 1000.0 AS elapsed_ms,
	outcome,
	detail
FROM fact_dns;

-- size: payload bytes that passed (NULL where the exchange was cut off); stored: of them in the case.
CREATE VIEW body AS
SELECT
	exchange,
	session,
	'request' AS side,
	req_size AS size,
	req_stored AS stored,
	lower(hex(req_sha256)) AS sha256
FROM fact_exchange_end
WHERE req_size > 0
UNION ALL
SELECT exchange, session, 'response', res_size, res_stored, lower(hex(res_sha256))
FROM fact_exchange_end
WHERE res_size > 0
UNION ALL
SELECT
	c.exchange,
	c.session,
	CASE c.side WHEN 0 THEN 'request' ELSE 'response' END,
	NULL,
	sum(c.size),
	NULL
FROM fact_chunk AS c
WHERE c.exchange NOT IN (SELECT e.exchange FROM fact_exchange_end AS e WHERE e.exchange IS NOT NULL)
GROUP BY c.exchange, c.session, c.side;
