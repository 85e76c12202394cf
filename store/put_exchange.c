/* Requests, responses and their bodies. */
#include "store/put.h"

const char put_sql_request[] =
	"INSERT INTO fact_request "
	"(seq, session, at_us, exchange, tunnel, n, method, url, version, oddities, "
	"head, fields) "
	"VALUES "
	"(:seq, :session, :at_us, :exchange, :tunnel, :n, :method, :url, :version, "
	":oddities, :head, :fields)";

const char put_sql_interim[] = "INSERT INTO fact_interim "
			       "(seq, session, at_us, exchange, status, head) "
			       "VALUES "
			       "(:seq, :session, :at_us, :exchange, :status, :head)";

const char put_sql_response[] =
	"INSERT INTO fact_response "
	"(seq, session, at_us, exchange, leg, status, reason, version, made_by, "
	"oddities, head, fields) "
	"VALUES "
	"(:seq, :session, :at_us, :exchange, :leg, :status, :reason, :version, "
	":made_by, :oddities, :head, :fields)";

const char put_sql_chunk[] =
	"INSERT INTO fact_chunk "
	"(seq, session, at_us, exchange, side, n, size, same_as, sha256, data) "
	"VALUES "
	"(:seq, :session, :at_us, :exchange, :side, :n, :size, :same_as, :sha256, "
	":data)";

const char put_sql_exchange_end[] =
	"INSERT INTO fact_exchange_end "
	"(seq, session, at_us, exchange, leg, reason, detail, req_size, req_stored, "
	"req_sha256, req_trailers, req_ended_us, first_byte_us, res_size, res_stored, "
	"res_sha256, res_trailers, recorder_wait_us) "
	"VALUES "
	"(:seq, :session, :at_us, :exchange, :leg, :reason, :detail, :req_size, "
	":req_stored, :req_sha256, :req_trailers, :req_ended_us, :first_byte_us, "
	":res_size, :res_stored, :res_sha256, :res_trailers, :recorder_wait_us)";
