/* Connections: who came, where it wanted to go, how the origin was reached, what passed unread.
 */
#include "store/put.h"

const char put_sql_tunnel[] =
	"INSERT INTO fact_tunnel "
	"(seq, session, at_us, tunnel, client_ip, client_port, listener_ip, "
	"listener_port) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :client_ip, :client_port, :listener_ip, "
	":listener_port)";

const char put_sql_connect[] =
	"INSERT INTO fact_connect "
	"(seq, session, at_us, tunnel, kind, host, port, outcome, detail, head) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :kind, :host, :port, :outcome, :detail, "
	":head)";

const char put_sql_dns[] =
	"INSERT INTO fact_dns "
	"(seq, session, at_us, tunnel, leg, name, source, resolver, cnames, addresses, "
	"ttl, elapsed_us, outcome, detail) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :leg, :name, :source, :resolver, :cnames, "
	":addresses, :ttl, :elapsed_us, :outcome, :detail)";

const char put_sql_leg[] =
	"INSERT INTO fact_leg "
	"(seq, session, at_us, tunnel, leg, host, port, dial_host, dial_port, "
	"remote_ip, remote_port, local_ip, local_port, via, attempts, elapsed_us, "
	"outcome, detail) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :leg, :host, :port, :dial_host, :dial_port, "
	":remote_ip, :remote_port, :local_ip, :local_port, :via, :attempts, "
	":elapsed_us, :outcome, :detail)";

const char put_sql_opaque[] =
	"INSERT INTO fact_opaque "
	"(seq, session, at_us, tunnel, leg, exchange, why, up_bytes, up_sha256, "
	"down_bytes, down_sha256, reason, detail) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :leg, :exchange, :why, :up_bytes, "
	":up_sha256, :down_bytes, :down_sha256, :reason, :detail)";

const char put_sql_leg_end[] =
	"INSERT INTO fact_leg_end "
	"(seq, session, at_us, tunnel, leg, reason, detail, in_bytes, in_sha256, "
	"out_bytes, out_sha256) "
	"VALUES "
	"(:seq, :session, :at_us, :tunnel, :leg, :reason, :detail, :in_bytes, "
	":in_sha256, :out_bytes, :out_sha256)";

const char put_sql_tunnel_end[] = "INSERT INTO fact_tunnel_end "
				  "(seq, session, at_us, tunnel, reason, detail) "
				  "VALUES "
				  "(:seq, :session, :at_us, :tunnel, :reason, :detail)";
