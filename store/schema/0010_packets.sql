-- The second witness: packet recorders, and in companions what the packets show.

INSERT INTO fact_kind (kind, name) VALUES
	(25, 'capture'),
	(26, 'packet_file'),
	(27, 'flow'),
	(28, 'flow_tls'),
	(29, 'flow_plain'),
	(30, 'flow_exchange'),
	(31, 'packet_dns'),
	(32, 'stray');

CREATE VIEW fact_capture AS
SELECT
	seq, session, at_us, f3 AS side, f4 AS event, f5 AS name, f6 AS detail, f7 AS packets,
	f8 AS dropped, f9 AS size, f10 AS sha256
FROM fact
WHERE kind = 25;

CREATE VIEW fact_packet_file AS
SELECT
	seq, session, at_us, f3 AS file, f4 AS run, f5 AS side, f6 AS name, f7 AS size, f8 AS sha256,
	f9 AS packets, f10 AS first_us, f11 AS last_us, f12 AS dropped, f13 AS malformed, f14 AS flows,
	f15 AS key_lines, f16 AS outcome, f17 AS detail
FROM fact
WHERE kind = 26;

CREATE VIEW fact_flow AS
SELECT
	seq, session, at_us, f3 AS flow, f4 AS file, f5 AS client_ip, f6 AS client_port, f7 AS server_ip,
	f8 AS server_port, f9 AS first_packet, f10 AS last_packet, f11 AS last_us, f12 AS up_bytes,
	f13 AS up_sha256, f14 AS up_lost, f15 AS down_bytes, f16 AS down_sha256, f17 AS down_lost,
	f18 AS conflicts, f19 AS conflict_packet, f20 AS ended, f21 AS target, f22 AS detail
FROM fact
WHERE kind = 27;

CREATE VIEW fact_flow_tls AS
SELECT
	seq, session, at_us, f3 AS flow, f4 AS hello_packet, f5 AS hello, f6 AS ja3, f7 AS ja4, f8 AS sni,
	f9 AS offered_alpn, f10 AS server_packet, f11 AS server_hello, f12 AS version, f13 AS cipher,
	f14 AS alpn, f15 AS certs, f16 AS certs_packet, f17 AS resumed, f18 AS hellos, f19 AS early_data,
	f20 AS keys, f21 AS why, f22 AS why_packet
FROM fact
WHERE kind = 28;

CREATE VIEW fact_flow_plain AS
SELECT
	seq, session, at_us, f3 AS flow, f4 AS layer, f5 AS protocol, f6 AS up_bytes, f7 AS up_sha256,
	f8 AS up_lost, f9 AS down_bytes, f10 AS down_sha256, f11 AS down_lost, f12 AS exchanges,
	f13 AS last_us, f14 AS why, f15 AS why_packet, f16 AS up_tail, f17 AS down_tail,
	f18 AS up_stream_tail, f19 AS down_stream_tail
FROM fact
WHERE kind = 29;

CREATE VIEW fact_flow_exchange AS
SELECT
	seq, session, at_us, f3 AS flow, f4 AS n, f5 AS stream, f6 AS method, f7 AS url, f8 AS version,
	f9 AS status, f10 AS request_packet, f11 AS request_sha256, f12 AS req_size, f13 AS req_sha256,
	f14 AS response_packet, f15 AS response_us, f16 AS response_sha256, f17 AS res_size,
	f18 AS res_sha256, f19 AS last_packet, f20 AS ended_us, f21 AS reason, f22 AS res_tail
FROM fact
WHERE kind = 30;

CREATE VIEW fact_packet_dns AS
SELECT
	seq, session, at_us, f3 AS file, f4 AS packet, f5 AS server_ip, f6 AS server_port, f7 AS name,
	f8 AS type, f9 AS rcode, f10 AS cnames, f11 AS addresses, f12 AS ttl
FROM fact
WHERE kind = 31;

CREATE VIEW fact_stray AS
SELECT
	seq, session, at_us, f3 AS file, f4 AS packet, f5 AS protocol, f6 AS source_ip, f7 AS source_port,
	f8 AS destination_ip, f9 AS destination_port, f10 AS packets, f11 AS last_us, f12 AS detail
FROM fact
WHERE kind = 32;

-- Verdicts lie in the companion of their case: which leg and connection, and where it can be seen.
ALTER TABLE derived_verdict ADD COLUMN leg INTEGER;
ALTER TABLE derived_verdict ADD COLUMN flow INTEGER;
ALTER TABLE derived_verdict ADD COLUMN packet INTEGER;
ALTER TABLE derived_verdict ADD COLUMN file TEXT;

DROP VIEW verdict;

CREATE VIEW verdict AS
SELECT
	session, tunnel, exchange, subject, verdict, proxy_value, witness_value, detail, leg, flow, packet,
	file
FROM derived_verdict;
