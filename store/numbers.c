#include "store/numbers.h"

/* A session's own fact comes before all others of it. */
static const char last_session_sql[] = "SELECT max(session) FROM fact_session";

static const char last_tunnel_sql[] = "SELECT max(m) FROM ("
				      "SELECT max(tunnel) AS m FROM fact_tunnel UNION ALL "
				      "SELECT max(tunnel) FROM fact_connect UNION ALL "
				      "SELECT max(tunnel) FROM fact_dns UNION ALL "
				      "SELECT max(tunnel) FROM fact_leg UNION ALL "
				      "SELECT max(tunnel) FROM fact_hello UNION ALL "
				      "SELECT max(tunnel) FROM fact_handshake UNION ALL "
				      "SELECT max(tunnel) FROM fact_request UNION ALL "
				      "SELECT max(tunnel) FROM fact_opaque UNION ALL "
				      "SELECT max(tunnel) FROM fact_leg_end UNION ALL "
				      "SELECT max(tunnel) FROM fact_tunnel_end UNION ALL "
				      "SELECT max(tunnel) FROM fact_note UNION ALL "
				      "SELECT max(tunnel) FROM fact_h2_frame)";

static const char last_leg_sql[] = "SELECT max(m) FROM ("
				   "SELECT max(leg) AS m FROM fact_dns UNION ALL "
				   "SELECT max(leg) FROM fact_leg UNION ALL "
				   "SELECT max(leg) FROM fact_hello UNION ALL "
				   "SELECT max(leg) FROM fact_handshake UNION ALL "
				   "SELECT max(leg) FROM fact_response UNION ALL "
				   "SELECT max(leg) FROM fact_exchange_end UNION ALL "
				   "SELECT max(leg) FROM fact_opaque UNION ALL "
				   "SELECT max(leg) FROM fact_leg_end UNION ALL "
				   "SELECT max(leg) FROM fact_h2_frame)";

static const char last_exchange_sql[] =
	"SELECT max(m) FROM ("
	"SELECT max(exchange) AS m FROM fact_request UNION ALL "
	"SELECT max(exchange) FROM fact_interim UNION ALL "
	"SELECT max(exchange) FROM fact_response UNION ALL "
	"SELECT max(exchange) FROM fact_chunk UNION ALL "
	"SELECT max(exchange) FROM fact_exchange_end UNION ALL "
	"SELECT max(exchange) FROM fact_opaque UNION ALL "
	"SELECT max(exchange) FROM fact_note UNION ALL "
	"SELECT max(exchange) FROM fact_h2_frame UNION ALL "
	/* Attachments and remarks, which older cases have no view of. */
	"SELECT max(f3) FROM fact WHERE kind = 24 UNION ALL "
	"SELECT max(f5) FROM fact WHERE kind = 33)";

static bool last_number(sqlite3 *db, const char *sql, int64_t *out, struct err *err)
{
	*out = 0;
	if (!db_int(db, sql, out, ERR_CASE_READ, err))
		return false;
	return (*out >= 0 && *out <= INT64_MAX / 2) ||
	       err_set(err, ERR_CASE_READ, "its numbers make no sense");
}

bool numbers_read(sqlite3 *db, struct case_numbers *out, struct err *err)
{
	return last_number(db, last_session_sql, &out->sessions, err) &&
	       last_number(db, last_tunnel_sql, &out->tunnels, err) &&
	       last_number(db, last_leg_sql, &out->legs, err) &&
	       last_number(db, last_exchange_sql, &out->exchanges, err);
}
