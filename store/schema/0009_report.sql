-- What reports need beyond the wire: answers of directories about parties, and what was put to a case beside its connections.

INSERT INTO fact_kind (kind, name) VALUES
	(23, 'lookup'),
	(24, 'attachment');

CREATE VIEW fact_lookup AS
SELECT
	seq, session, at_us, f3 AS kind, f4 AS subject, f5 AS source, f6 AS status, f7 AS outcome,
	f8 AS detail, f9 AS elapsed_us, f10 AS media_type, f11 AS answer
FROM fact
WHERE kind = 23;

CREATE VIEW fact_attachment AS
SELECT
	seq, session, at_us, f3 AS exchange, f4 AS kind, f5 AS name, f6 AS media_type, f7 AS detail,
	f8 AS size, f9 AS sha256, f10 AS data
FROM fact
WHERE kind = 24;
