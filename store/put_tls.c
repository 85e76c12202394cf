/* TLS as it was seen and done on either leg. */
#include "store/put.h"

const char put_sql_hello[] =
	"INSERT INTO fact_hello "
	"(seq, session, at_us, tunnel, leg, sni, alpn, ja3, ja3_full, ja4, ja4_raw, "
	"raw) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :leg, :sni, :alpn, :ja3, :ja3_full, :ja4, "
	":ja4_raw, :raw)";

const char put_sql_handshake[] =
	"INSERT INTO fact_handshake "
	"(seq, session, at_us, tunnel, leg, started_us, version, cipher, alpn, sni, "
	"key_group, peer_signature, resumed, verified, verify_code, verify_error, "
	"permitted, certs, ocsp, scts, server_hello, outcome, detail) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :leg, :started_us, :version, :cipher, "
	":alpn, :sni, :key_group, :peer_signature, :resumed, :verified, :verify_code, "
	":verify_error, :permitted, :certs, :ocsp, :scts, :server_hello, :outcome, "
	":detail)";

const char put_sql_certificate[] =
	"INSERT INTO fact_certificate "
	"(seq, session, at_us, sha256, subject, issuer, serial, not_before_us, "
	"not_after_us, san, key_kind, signature_kind, der) "
	"VALUES "
	"(:seq, :session, :at_us, :sha256, :subject, :issuer, :serial, :not_before_us, "
	":not_after_us, :san, :key_kind, :signature_kind, :der)";
