/* Runs of a browser or client, and what is worth a note. */
#include "store/get.h"

const char get_sql_session[] =
	"SELECT seq, session, at_us, command, mode, link, sent_link, options, "
	"tool_name, tool_version, operator_name, browser, browser_version, "
	"user_agent, language, timezone, device, via, resolver, durability, "
	"ca_sha256, clock_source, clock_offset_us "
	"FROM fact_session WHERE seq > :after ORDER BY seq";

const char get_sql_session_end[] =
	"SELECT seq, session, at_us, reason, detail, complete, incomplete_reason, "
	"clock_drift_us "
	"FROM fact_session_end WHERE seq > :after ORDER BY seq";

const char get_sql_note[] = "SELECT seq, session, at_us, tunnel, exchange, code, detail "
			    "FROM fact_note WHERE seq > :after ORDER BY seq";
