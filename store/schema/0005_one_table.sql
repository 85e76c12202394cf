-- All facts in one table: they are appended at one place, so that a commit writes one page again and not one per kind
-- (docs/decisions/0009). What each kind calls its fields is said by its view, fact_<name>, below: ask those.

CREATE TABLE fact_kind (
	kind INTEGER PRIMARY KEY,
	name TEXT NOT NULL
) STRICT;

INSERT INTO fact_kind (kind, name) VALUES
	(1, 'session'),
	(2, 'session_end'),
	(3, 'tunnel'),
	(4, 'connect'),
	(5, 'dns'),
	(6, 'leg'),
	(7, 'hello'),
	(8, 'handshake'),
	(9, 'certificate'),
	(10, 'request'),
	(11, 'interim'),
	(12, 'response'),
	(13, 'chunk'),
	(14, 'exchange_end'),
	(15, 'opaque'),
	(16, 'leg_end'),
	(17, 'tunnel_end'),
	(18, 'note'),
	(19, 'h2_frame');

-- f3 is the third field of the fact's kind, and so on. Columns are only ever appended, by a later file.
CREATE TABLE fact (
	seq INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL, -- of fact_kind
	session INTEGER,
	at_us INTEGER,
	f3 ANY,
	f4 ANY,
	f5 ANY,
	f6 ANY,
	f7 ANY,
	f8 ANY,
	f9 ANY,
	f10 ANY,
	f11 ANY,
	f12 ANY,
	f13 ANY,
	f14 ANY,
	f15 ANY,
	f16 ANY,
	f17 ANY,
	f18 ANY,
	f19 ANY,
	f20 ANY,
	f21 ANY,
	f22 ANY
) STRICT;

-- What earlier versions recorded.
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22)
	SELECT seq, 1, session, at_us, command, mode, link, sent_link, options, tool_name,
		tool_version, operator_name, browser, browser_version, user_agent, language,
		timezone, device, via, resolver, durability, ca_sha256, clock_source,
		clock_offset_us
	FROM fact_session;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7)
	SELECT seq, 2, session, at_us, reason, detail, complete, incomplete_reason,
		clock_drift_us
	FROM fact_session_end;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7)
	SELECT seq, 3, session, at_us, tunnel, client_ip, client_port, listener_ip,
		listener_port
	FROM fact_tunnel;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9)
	SELECT seq, 4, session, at_us, tunnel, kind, host, port, outcome, detail, head
	FROM fact_connect;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13)
	SELECT seq, 5, session, at_us, tunnel, leg, name, source, resolver, cnames, addresses,
		ttl, elapsed_us, outcome, detail
	FROM fact_dns;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17)
	SELECT seq, 6, session, at_us, tunnel, leg, host, port, dial_host, dial_port,
		remote_ip, remote_port, local_ip, local_port, via, attempts, elapsed_us,
		outcome, detail
	FROM fact_leg;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11)
	SELECT seq, 7, session, at_us, tunnel, leg, sni, alpn, ja3, ja3_full, ja4, ja4_raw, raw
	FROM fact_hello;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22)
	SELECT seq, 8, session, at_us, tunnel, leg, started_us, version, cipher, alpn, sni,
		key_group, peer_signature, resumed, verified, verify_code, verify_error,
		permitted, certs, ocsp, scts, server_hello, outcome, detail
	FROM fact_handshake;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12)
	SELECT seq, 9, session, at_us, sha256, subject, issuer, serial, not_before_us,
		not_after_us, san, key_kind, signature_kind, der
	FROM fact_certificate;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11)
	SELECT seq, 10, session, at_us, exchange, tunnel, n, method, url, version, oddities,
		head, fields
	FROM fact_request;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6)
	SELECT seq, 11, session, at_us, exchange, status, head, fields
	FROM fact_interim;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11)
	SELECT seq, 12, session, at_us, exchange, leg, status, reason, version, made_by,
		oddities, head, fields
	FROM fact_response;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9)
	SELECT seq, 13, session, at_us, exchange, side, n, size, same_as, sha256, data
	FROM fact_chunk;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17)
	SELECT seq, 14, session, at_us, exchange, leg, reason, detail, req_size, req_stored,
		req_sha256, req_trailers, req_ended_us, first_byte_us, res_size, res_stored,
		res_sha256, res_trailers, recorder_wait_us
	FROM fact_exchange_end;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12)
	SELECT seq, 15, session, at_us, tunnel, leg, exchange, why, up_bytes, up_sha256,
		down_bytes, down_sha256, reason, detail
	FROM fact_opaque;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10)
	SELECT seq, 16, session, at_us, tunnel, leg, reason, detail, in_bytes, in_sha256,
		out_bytes, out_sha256
	FROM fact_leg_end;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5)
	SELECT seq, 17, session, at_us, tunnel, reason, detail
	FROM fact_tunnel_end;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6)
	SELECT seq, 18, session, at_us, tunnel, exchange, code, detail
	FROM fact_note;
INSERT INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12)
	SELECT seq, 19, session, at_us, tunnel, leg, exchange, sender, frame, stream, code,
		code_name, last_stream, payload
	FROM fact_h2_frame;

DROP TABLE fact_session;
DROP TABLE fact_session_end;
DROP TABLE fact_tunnel;
DROP TABLE fact_connect;
DROP TABLE fact_dns;
DROP TABLE fact_leg;
DROP TABLE fact_hello;
DROP TABLE fact_handshake;
DROP TABLE fact_certificate;
DROP TABLE fact_request;
DROP TABLE fact_interim;
DROP TABLE fact_response;
DROP TABLE fact_chunk;
DROP TABLE fact_exchange_end;
DROP TABLE fact_opaque;
DROP TABLE fact_leg_end;
DROP TABLE fact_tunnel_end;
DROP TABLE fact_note;
DROP TABLE fact_h2_frame;

CREATE VIEW fact_session AS
SELECT
	seq, session, at_us, f3 AS command, f4 AS mode, f5 AS link, f6 AS sent_link,
	f7 AS options, f8 AS tool_name, f9 AS tool_version, f10 AS operator_name,
	f11 AS browser, f12 AS browser_version, f13 AS user_agent, f14 AS language,
	f15 AS timezone, f16 AS device, f17 AS via, f18 AS resolver, f19 AS durability,
	f20 AS ca_sha256, f21 AS clock_source, f22 AS clock_offset_us
FROM fact
WHERE kind = 1;

CREATE VIEW fact_session_end AS
SELECT
	seq, session, at_us, f3 AS reason, f4 AS detail, f5 AS complete,
	f6 AS incomplete_reason, f7 AS clock_drift_us
FROM fact
WHERE kind = 2;

CREATE VIEW fact_tunnel AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS client_ip, f5 AS client_port,
	f6 AS listener_ip, f7 AS listener_port
FROM fact
WHERE kind = 3;

CREATE VIEW fact_connect AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS kind, f5 AS host, f6 AS port, f7 AS outcome,
	f8 AS detail, f9 AS head
FROM fact
WHERE kind = 4;

CREATE VIEW fact_dns AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS name, f6 AS source, f7 AS resolver,
	f8 AS cnames, f9 AS addresses, f10 AS ttl, f11 AS elapsed_us, f12 AS outcome,
	f13 AS detail
FROM fact
WHERE kind = 5;

CREATE VIEW fact_leg AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS host, f6 AS port, f7 AS dial_host,
	f8 AS dial_port, f9 AS remote_ip, f10 AS remote_port, f11 AS local_ip,
	f12 AS local_port, f13 AS via, f14 AS attempts, f15 AS elapsed_us, f16 AS outcome,
	f17 AS detail
FROM fact
WHERE kind = 6;

CREATE VIEW fact_hello AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS sni, f6 AS alpn, f7 AS ja3,
	f8 AS ja3_full, f9 AS ja4, f10 AS ja4_raw, f11 AS raw
FROM fact
WHERE kind = 7;

CREATE VIEW fact_handshake AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS started_us, f6 AS version,
	f7 AS cipher, f8 AS alpn, f9 AS sni, f10 AS key_group, f11 AS peer_signature,
	f12 AS resumed, f13 AS verified, f14 AS verify_code, f15 AS verify_error,
	f16 AS permitted, f17 AS certs, f18 AS ocsp, f19 AS scts, f20 AS server_hello,
	f21 AS outcome, f22 AS detail
FROM fact
WHERE kind = 8;

CREATE VIEW fact_certificate AS
SELECT
	seq, session, at_us, f3 AS sha256, f4 AS subject, f5 AS issuer, f6 AS serial,
	f7 AS not_before_us, f8 AS not_after_us, f9 AS san, f10 AS key_kind,
	f11 AS signature_kind, f12 AS der
FROM fact
WHERE kind = 9;

CREATE VIEW fact_request AS
SELECT
	seq, session, at_us, f3 AS exchange, f4 AS tunnel, f5 AS n, f6 AS method, f7 AS url,
	f8 AS version, f9 AS oddities, f10 AS head, f11 AS fields
FROM fact
WHERE kind = 10;

CREATE VIEW fact_interim AS
SELECT
	seq, session, at_us, f3 AS exchange, f4 AS status, f5 AS head, f6 AS fields
FROM fact
WHERE kind = 11;

CREATE VIEW fact_response AS
SELECT
	seq, session, at_us, f3 AS exchange, f4 AS leg, f5 AS status, f6 AS reason,
	f7 AS version, f8 AS made_by, f9 AS oddities, f10 AS head, f11 AS fields
FROM fact
WHERE kind = 12;

CREATE VIEW fact_chunk AS
SELECT
	seq, session, at_us, f3 AS exchange, f4 AS side, f5 AS n, f6 AS size, f7 AS same_as,
	f8 AS sha256, f9 AS data
FROM fact
WHERE kind = 13;

CREATE VIEW fact_exchange_end AS
SELECT
	seq, session, at_us, f3 AS exchange, f4 AS leg, f5 AS reason, f6 AS detail,
	f7 AS req_size, f8 AS req_stored, f9 AS req_sha256, f10 AS req_trailers,
	f11 AS req_ended_us, f12 AS first_byte_us, f13 AS res_size, f14 AS res_stored,
	f15 AS res_sha256, f16 AS res_trailers, f17 AS recorder_wait_us
FROM fact
WHERE kind = 14;

CREATE VIEW fact_opaque AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS exchange, f6 AS why, f7 AS up_bytes,
	f8 AS up_sha256, f9 AS down_bytes, f10 AS down_sha256, f11 AS reason, f12 AS detail
FROM fact
WHERE kind = 15;

CREATE VIEW fact_leg_end AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS reason, f6 AS detail,
	f7 AS in_bytes, f8 AS in_sha256, f9 AS out_bytes, f10 AS out_sha256
FROM fact
WHERE kind = 16;

CREATE VIEW fact_tunnel_end AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS reason, f5 AS detail
FROM fact
WHERE kind = 17;

CREATE VIEW fact_note AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS exchange, f5 AS code, f6 AS detail
FROM fact
WHERE kind = 18;

CREATE VIEW fact_h2_frame AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS exchange, f6 AS sender, f7 AS frame,
	f8 AS stream, f9 AS code, f10 AS code_name, f11 AS last_stream, f12 AS payload
FROM fact
WHERE kind = 19;
