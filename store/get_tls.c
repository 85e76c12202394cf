/* TLS as it was seen and done on either leg. */
#include "store/get.h"

const char get_sql_hello[] =
	"SELECT seq, session, at_us, tunnel, leg, sni, alpn, ja3, ja3_full, ja4, "
	"ja4_raw, raw "
	"FROM fact_hello WHERE seq > :after ORDER BY seq";

const char get_sql_handshake[] =
	"SELECT seq, session, at_us, tunnel, leg, started_us, version, cipher, alpn, "
	"sni, key_group, peer_signature, resumed, verified, verify_code, "
	"verify_error, permitted, certs, ocsp, scts, server_hello, outcome, detail "
	"FROM fact_handshake WHERE seq > :after ORDER BY seq";

const char get_sql_certificate[] =
	"SELECT seq, session, at_us, sha256, subject, issuer, serial, not_before_us, "
	"not_after_us, san, key_kind, signature_kind, der "
	"FROM fact_certificate WHERE seq > :after ORDER BY seq";
