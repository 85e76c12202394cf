-- The facts. One table per kind, columns in the order of store/fact/fact.h (a test compares them). A row is written once and
-- never changed. seq is the fact's number in the case, over all tables, without gaps. Any value may be unknown (NULL).
-- Times are UTC in microseconds since 1970. Columns are only ever appended, by a later file.

CREATE TABLE case_info (
	n INTEGER PRIMARY KEY CHECK (n = 1),
	id TEXT NOT NULL,
	created_us INTEGER NOT NULL,
	opened_us INTEGER NOT NULL, -- last time a writer opened it
	closed_us INTEGER,          -- closed for good
	tool_name TEXT NOT NULL,
	tool_version TEXT NOT NULL,
	operator_name TEXT
) STRICT;

CREATE TABLE fact_session (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	command TEXT,
	mode TEXT,
	link TEXT,
	sent_link TEXT,
	options TEXT,
	tool_name TEXT,
	tool_version TEXT,
	operator_name TEXT,
	browser TEXT,
	browser_version TEXT,
	user_agent TEXT,
	language TEXT,
	timezone TEXT,
	device TEXT,
	via TEXT,
	resolver TEXT,
	durability TEXT,
	ca_sha256 BLOB,
	clock_source TEXT,
	clock_offset_us INTEGER
) STRICT;

CREATE TABLE fact_session_end (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	reason TEXT,
	detail TEXT,
	complete INTEGER,
	incomplete_reason TEXT,
	clock_drift_us INTEGER
) STRICT;

CREATE TABLE fact_tunnel (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	client_ip TEXT,
	client_port INTEGER,
	listener_ip TEXT,
	listener_port INTEGER
) STRICT;

CREATE TABLE fact_connect (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	kind TEXT,
	host TEXT,
	port INTEGER,
	outcome TEXT,
	detail TEXT,
	head BLOB
) STRICT;

CREATE TABLE fact_dns (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	leg INTEGER,
	name TEXT,
	source TEXT,
	resolver TEXT,
	cnames TEXT,
	addresses TEXT,
	ttl INTEGER,
	elapsed_us INTEGER,
	outcome TEXT,
	detail TEXT
) STRICT;

CREATE TABLE fact_leg (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	leg INTEGER,
	host TEXT,
	port INTEGER,
	dial_host TEXT,
	dial_port INTEGER,
	remote_ip TEXT,
	remote_port INTEGER,
	local_ip TEXT,
	local_port INTEGER,
	via TEXT,
	attempts TEXT,
	elapsed_us INTEGER,
	outcome TEXT,
	detail TEXT
) STRICT;

CREATE TABLE fact_hello (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	leg INTEGER,
	sni TEXT,
	alpn TEXT,
	ja3 TEXT,
	ja3_full TEXT,
	ja4 TEXT,
	ja4_raw TEXT,
	raw BLOB
) STRICT;

CREATE TABLE fact_handshake (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	leg INTEGER,
	started_us INTEGER,
	version TEXT,
	cipher TEXT,
	alpn TEXT,
	sni TEXT,
	key_group TEXT,
	peer_signature TEXT,
	resumed INTEGER,
	verified INTEGER,
	verify_code INTEGER,
	verify_error TEXT,
	permitted INTEGER,
	certs BLOB,
	ocsp BLOB,
	scts BLOB,
	server_hello BLOB,
	outcome TEXT,
	detail TEXT
) STRICT;

CREATE TABLE fact_certificate (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	sha256 BLOB,
	subject TEXT,
	issuer TEXT,
	serial TEXT,
	not_before_us INTEGER,
	not_after_us INTEGER,
	san TEXT,
	key_kind TEXT,
	signature_kind TEXT,
	der BLOB
) STRICT;

CREATE TABLE fact_request (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	exchange INTEGER,
	tunnel INTEGER,
	n INTEGER,
	method TEXT,
	url TEXT,
	version TEXT,
	oddities TEXT,
	head BLOB,
	fields BLOB
) STRICT;

CREATE TABLE fact_interim (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	exchange INTEGER,
	status INTEGER,
	head BLOB
) STRICT;

CREATE TABLE fact_response (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	exchange INTEGER,
	leg INTEGER,
	status INTEGER,
	reason TEXT,
	version TEXT,
	made_by TEXT,
	oddities TEXT,
	head BLOB,
	fields BLOB
) STRICT;

CREATE TABLE fact_chunk (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	exchange INTEGER,
	side INTEGER,
	n INTEGER,
	size INTEGER,
	same_as INTEGER,
	sha256 BLOB,
	data BLOB
) STRICT;

CREATE TABLE fact_exchange_end (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	exchange INTEGER,
	leg INTEGER,
	reason TEXT,
	detail TEXT,
	req_size INTEGER,
	req_stored INTEGER,
	req_sha256 BLOB,
	req_trailers BLOB,
	req_ended_us INTEGER,
	first_byte_us INTEGER,
	res_size INTEGER,
	res_stored INTEGER,
	res_sha256 BLOB,
	res_trailers BLOB,
	recorder_wait_us INTEGER
) STRICT;

CREATE TABLE fact_opaque (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	leg INTEGER,
	exchange INTEGER,
	why TEXT,
	up_bytes INTEGER,
	up_sha256 BLOB,
	down_bytes INTEGER,
	down_sha256 BLOB,
	reason TEXT,
	detail TEXT
) STRICT;

CREATE TABLE fact_leg_end (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	leg INTEGER,
	reason TEXT,
	detail TEXT,
	in_bytes INTEGER,
	in_sha256 BLOB,
	out_bytes INTEGER,
	out_sha256 BLOB
) STRICT;

CREATE TABLE fact_tunnel_end (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	reason TEXT,
	detail TEXT
) STRICT;

CREATE TABLE fact_note (
	seq INTEGER PRIMARY KEY,
	session INTEGER,
	at_us INTEGER,
	tunnel INTEGER,
	exchange INTEGER,
	code TEXT,
	detail TEXT
) STRICT;
