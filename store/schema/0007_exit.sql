-- Of a proxy that origins are reached through: its own address, and the one that it says it goes out by.

DROP VIEW fact_leg;

CREATE VIEW fact_leg AS
SELECT
	seq, session, at_us, f3 AS tunnel, f4 AS leg, f5 AS host, f6 AS port, f7 AS dial_host,
	f8 AS dial_port, f9 AS remote_ip, f10 AS remote_port, f11 AS local_ip,
	f12 AS local_port, f13 AS via, f14 AS attempts, f15 AS elapsed_us, f16 AS outcome,
	f17 AS detail, f18 AS via_ip, f19 AS exit_ip
FROM fact
WHERE kind = 6;
