/* Connections: who came, where it wanted to go, how the origin was reached, what passed unread.
 */
#include "store/get.h"

const char get_sql_tunnel[] =
	"SELECT seq, session, at_us, tunnel, client_ip, client_port, listener_ip, "
	"listener_port "
	"FROM fact_tunnel WHERE seq > :after ORDER BY seq";

const char get_sql_connect[] =
	"SELECT seq, session, at_us, tunnel, kind, host, port, outcome, detail, head "
	"FROM fact_connect WHERE seq > :after ORDER BY seq";

const char get_sql_dns[] =
	"SELECT seq, session, at_us, tunnel, leg, name, source, resolver, cnames, "
	"addresses, ttl, elapsed_us, outcome, detail "
	"FROM fact_dns WHERE seq > :after ORDER BY seq";

const char get_sql_leg[] =
	"SELECT seq, session, at_us, tunnel, leg, host, port, dial_host, dial_port, "
	"remote_ip, remote_port, local_ip, local_port, via, attempts, elapsed_us, "
	"outcome, detail "
	"FROM fact_leg WHERE seq > :after ORDER BY seq";

const char get_sql_opaque[] =
	"SELECT seq, session, at_us, tunnel, leg, exchange, why, up_bytes, up_sha256, "
	"down_bytes, down_sha256, reason, detail "
	"FROM fact_opaque WHERE seq > :after ORDER BY seq";

const char get_sql_leg_end[] =
	"SELECT seq, session, at_us, tunnel, leg, reason, detail, in_bytes, "
	"in_sha256, out_bytes, out_sha256 "
	"FROM fact_leg_end WHERE seq > :after ORDER BY seq";

const char get_sql_tunnel_end[] = "SELECT seq, session, at_us, tunnel, reason, detail "
				  "FROM fact_tunnel_end WHERE seq > :after ORDER BY seq";
