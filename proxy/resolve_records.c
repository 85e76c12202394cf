#include "proxy/resolve_records.h"
#include "proxy/resolve_inner.h"

#include <ares.h>

/* Does another server perhaps know what this one could not say? */
static bool server_failed(struct span message)
{
	struct dns_reader r;
	return dns_open(&r, message) &&
	       (r.rcode == DNS_SERVFAIL || r.rcode == DNS_REFUSED || r.rcode == DNS_NOTIMP);
}

static bool explain(enum ask_result result, int status, const char *name, struct err *err)
{
	switch (result) {
	case ASK_STOPPED: return err_set(err, ERR_SHUTDOWN, "while %s was asked for", name);
	case ASK_SYSTEM: return err_set(err, ERR_SYSTEM, "%s could not be asked for", name);
	case ASK_TIMEOUT: return err_set(err, ERR_DNS_TIMEOUT, "%s: no answer", name);
	case ASK_DONE: break;
	}
	if (status == ARES_ETIMEOUT)
		return err_set(err, ERR_DNS_TIMEOUT, "%s: no answer", name);
	return err_set(err, ERR_DNS_FAILED, "%s: %s", name, ares_strerror(status));
}

bool resolve_records(struct resolver *r, const char *name, uint16_t type, int64_t until_us,
	int stop_fd, struct buf *message, struct err *err)
{
	buf_clear(message);
	for (const char *servers = resolver_csv(r); servers != NULL;
		servers = resolve_next_server(servers)) {
		struct resolve_answer answer = {.type = type};
		enum ask_result result = resolve_ask(
			servers, resolver_tap(r), name, until_us, stop_fd, &answer, 1);
		if (buf_len(&answer.raw) > 0) {
			buf_clear(message);
			buf_add_span(message, buf_span(&answer.raw));
		} else if (buf_len(message) == 0) {
			explain(result, answer.status, name, err);
		}
		buf_fini(&answer.raw);
		if (result != ASK_DONE || !server_failed(buf_span(message)))
			break;
	}
	return buf_len(message) > 0;
}
