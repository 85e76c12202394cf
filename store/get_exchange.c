/* Requests, responses and their bodies. */
#include "store/get.h"

const char get_sql_request[] =
	"SELECT seq, session, at_us, exchange, tunnel, n, method, url, version, "
	"oddities, head, fields "
	"FROM fact_request WHERE seq > :after ORDER BY seq";

const char get_sql_interim[] = "SELECT seq, session, at_us, exchange, status, head "
			       "FROM fact_interim WHERE seq > :after ORDER BY seq";

const char get_sql_response[] =
	"SELECT seq, session, at_us, exchange, leg, status, reason, version, made_by, "
	"oddities, head, fields "
	"FROM fact_response WHERE seq > :after ORDER BY seq";

const char get_sql_chunk[] =
	"SELECT seq, session, at_us, exchange, side, n, size, same_as, sha256, "
	"NULL AS data "
	"FROM fact_chunk WHERE seq > :after ORDER BY seq";

const char get_sql_exchange_end[] =
	"SELECT seq, session, at_us, exchange, leg, reason, detail, req_size, "
	"req_stored, req_sha256, req_trailers, req_ended_us, first_byte_us, res_size, "
	"res_stored, res_sha256, res_trailers, recorder_wait_us "
	"FROM fact_exchange_end WHERE seq > :after ORDER BY seq";
