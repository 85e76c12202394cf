/* Runs of a browser or client, and what is worth a note. */
#include "store/put.h"

const char put_sql_session[] =
	"INSERT INTO fact_session "
	"(seq, session, at_us, command, mode, link, sent_link, options, tool_name, "
	"tool_version, operator_name, browser, browser_version, user_agent, language, "
	"timezone, device, via, resolver, durability, ca_sha256, clock_source, "
	"clock_offset_us) "
	"VALUES "
	"(:seq, :session, :at_us, :command, :mode, :link, :sent_link, :options, "
	":tool_name, :tool_version, :operator_name, :browser, :browser_version, "
	":user_agent, :language, :timezone, :device, :via, :resolver, :durability, "
	":ca_sha256, :clock_source, :clock_offset_us)";

const char put_sql_session_end[] =
	"INSERT INTO fact_session_end "
	"(seq, session, at_us, reason, detail, complete, incomplete_reason, "
	"clock_drift_us) "
	"VALUES "
	"(:seq, :session, :at_us, :reason, :detail, :complete, :incomplete_reason, "
	":clock_drift_us)";

const char put_sql_note[] = "INSERT INTO fact_note "
			    "(seq, session, at_us, tunnel, exchange, code, detail) "
			    "VALUES "
			    "(:seq, :session, :at_us, :tunnel, :exchange, :code, :detail)";
