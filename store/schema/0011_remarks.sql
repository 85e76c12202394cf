-- What people say about a trail or a hop, in the companion of its case.

INSERT INTO fact_kind (kind, name) VALUES
	(33, 'remark');

CREATE VIEW fact_remark AS
SELECT
	seq, session, at_us, f3 AS trail, f4 AS hop, f5 AS exchange, f6 AS act, f7 AS operator_name,
	f8 AS tool_version, f9 AS text, f10 AS withdraws
FROM fact
WHERE kind = 33;

-- One that was withdrawn stays, and says when and by whom.
CREATE VIEW remark AS
SELECT
	r.seq AS number,
	r.session AS session,
	r.trail AS trail,
	r.hop AS hop,
	r.exchange AS exchange,
	r.act AS act,
	strftime('%Y-%m-%dT%H:%M:%S', r.at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', r.at_us % 1000000) AS at,
	r.operator_name AS operator_name,
	r.text AS text,
	strftime('%Y-%m-%dT%H:%M:%S', w.at_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', w.at_us % 1000000) AS withdrawn_at,
	w.operator_name AS withdrawn_by
FROM fact_remark AS r
LEFT JOIN fact_remark AS w ON w.seq = (
	SELECT min(seq) FROM fact_remark
	WHERE act = 'withdrawn' AND withdraws = r.seq AND seq > r.seq
)
WHERE r.act <> 'withdrawn';
