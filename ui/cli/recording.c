#include "ui/cli/recording.h"
#include "ui/cli/case_beside.h"
#include "ui/cli/custody.h"
#include "store/derive/party.h"
#include "proxy/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

enum {
	NAME_TRIES = 1000,
	NOTE_TEXT_MAX = 4200 /* an address of --referer */,
	MICROS = 1000000
};

void recording_init(struct recording *r, struct options *options)
{
	*r = (struct recording){.options = options};
	window_child_init(&r->window);
}

static bool open_ca(struct recording *r, struct err *err)
{
	char dir[PATH_MAX];
	const char *where = r->options->ca_dir;
	if (where == NULL) {
		if (!ca_default_dir(dir, sizeof dir, err))
			return false;
		where = dir;
	}
	r->ca = ca_open(where, &r->made_ca, err);
	return r->ca != NULL;
}

/* No name is looked up, and what nobody keeps is not signed. */
static bool open_for_replay(struct recording *r, struct err *err)
{
	int64_t around_s = r->replayed->scratch_ca_s;
	if (around_s != 0)
		r->ca = ca_new_scratch(around_s, err);
	else if (!open_ca(r, err))
		return false;
	return r->ca != NULL && (r->scratch || r->replayed->unrecorded ||
					sealing_open(&r->sealing, r->options->seal_dir, err));
}

bool recording_open_ca(struct recording *r, struct err *err)
{
	if (r->replayed != NULL)
		return open_for_replay(r, err);
	if (!open_ca(r, err) || !sealing_open(&r->sealing, r->options->seal_dir, err))
		return false;
	r->resolver = resolver_new(r->options->dns_servers, err);
	return r->resolver != NULL;
}

/* "clicktrail-20260131-235959.case", the first that is free. */
static bool make_up_name(struct recording *r, struct err *err)
{
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
	for (int i = 1; i < NAME_TRIES; i++) {
		char more[16] = "";
		if (i > 1)
			snprintf(more, sizeof more, "-%d", i);
		snprintf(
			r->case_path, sizeof r->case_path, "clicktrail-%s%s.case", stamp, more);
		if (access(r->case_path, F_OK) != 0)
			return true;
	}
	return err_set(err, ERR_CASE_OPEN, "no free name like \"%s\"", r->case_path);
}

bool recording_open_case(struct recording *r, struct err *err)
{
	if (r->replayed != NULL && r->replayed->unrecorded) {
		r->writer = writer_of_nothing();
		return true;
	}
	struct writer_options options = {.durability = r->options->durability,
		.operator_name = getenv("CLICKTRAIL_OPERATOR")};
	const char *given = r->options->case_path;
	if (r->case_path[0] == 0 && given == NULL) {
		if (!make_up_name(r, err))
			return false;
	} else if (r->case_path[0] == 0) {
		int n = snprintf(r->case_path, sizeof r->case_path, "%s", given);
		if (n < 0 || (size_t)n >= sizeof r->case_path)
			return err_set(err, ERR_USAGE, "--case: \"%s\" is too long", given);
	}
	options.after = r->after;
	/* What is removed again needs no witness. */
	if (!r->scratch)
		sealing_use(&r->sealing, &options);
	r->writer = writer_open(r->case_path, &options, err);
	return r->writer != NULL;
}

bool recording_listen_window(struct recording *r, struct err *err)
{
	return !r->options->has_ui || window_child_listen(&r->window, &r->options->ui, err);
}

void recording_show(struct recording *r, const char *also, const char *phone)
{
	const char *paths[3] = {also != NULL ? also : r->case_path};
	if (also != NULL && strcmp(also, r->case_path) != 0)
		paths[1] = r->case_path;
	if (r->options->has_ui && !r->scratch)
		window_child_start(&r->window, paths, phone);
}

/* What the kernel knows about the machine's clock (adjtimex(2), asked and not set). */
static void fill_clock(struct fact_session *f)
{
	struct timex t = {0};
	int state = adjtimex(&t);
	bool synchronised = state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
	f->clock_source = span_str(synchronised ? "ntp" : "not synchronised");
	if (synchronised)
		f->clock_offset_us = (t.status & STA_NANO) ? t.offset / 1000 : t.offset;
}

/* By which build of the program, with which lists, seen from where. */
static bool put_opened(struct recording *r, struct err *err)
{
	char detail[256];
	snprintf(detail, sizeof detail, "public suffix list %s", party_list());
	struct fact_custody f = custody_fact(CUSTODY_OPENED, detail, NULL);
	f.session = r->session;
	return writer_put(r->writer, FACT_KIND_CUSTODY, &f, NULL, err) != 0 &&
	       (r->options->egress == NULL ||
		       recording_note(r, NOTE_EGRESS, err, "%s", r->options->egress));
}

bool recording_begin(struct recording *r, struct fact_session *about, struct err *err)
{
	uint8_t fingerprint[SHA256_LEN];
	char via[VIA_TEXT_MAX];
	struct fact_session f = *about;
	char *options = options_json(r->options);
	r->session = writer_new_session(r->writer);
	ca_sha256(r->ca, fingerprint);
	f.session = r->session;
	f.at_us = clock_now_us(clock_real());
	f.mode = span_str(r->replayed != NULL ? "replay"
			  : r->no_intercept   ? "no-intercept"
					      : "intercept");
	f.options = span_str(options);
	f.tool_name = span_str("clicktrail");
	f.tool_version = span_str(CLICKTRAIL_VERSION);
	f.operator_name = span_str(getenv("CLICKTRAIL_OPERATOR"));
	if (r->resolver != NULL)
		f.resolver = span_str(resolver_servers(r->resolver));
	f.durability = span_str(r->options->durability == DURABILITY_POWER ? "power" : "crash");
	f.ca_sha256 = span_of(fingerprint, sizeof fingerprint);
	if (r->options->has_via) {
		via_text(&r->options->via, via);
		f.via = span_str(via);
	}
	fill_clock(&f);
	bool good = writer_put(r->writer, FACT_KIND_SESSION, &f, NULL, err) != 0;
	free(options);
	return good && put_opened(r, err) && writer_flush(r->writer, err);
}

bool recording_witness(
	struct recording *r, const struct witnessing_order *about, struct err *err)
{
	struct witnessing_order order = *about;
	if (!r->options->pcap && !r->no_intercept)
		return true;
	order.writer = r->writer;
	order.case_path = r->case_path;
	order.session = r->session;
	r->witness = witnessing_start(&order, err);
	r->tap = r->witness != NULL ? witnessing_tap(r->witness) : NULL;
	return r->witness != NULL;
}

bool recording_serve(struct recording *r, int listen_fd, bool hold,
	const char *const *noise_hosts, struct err *err)
{
	const struct options *o = r->options;
	struct proxy_options p = {
		.listen_fd = listen_fd,
		.writer = r->writer,
		.session = r->session,
		.ca = r->ca,
		.policy = &r->policy,
		.connect_to = &o->connect_to,
		.resolver = r->resolver,
		.via = o->has_via ? &o->via : NULL,
		.cacert = o->cacert,
		.permit_bad_cert = o->permit_bad_cert.items,
		.only_hosts = o->only.items,
		.noise_hosts = noise_hosts,
		.store_bodies = !o->no_bodies,
		.max_body = o->max_body,
		.clients = o->n_clients > 0 ? o->clients : NULL,
		.n_clients = o->n_clients,
		.password = r->credentials,
		.hold = hold,
		.referer = r->referer_link != NULL ? o->referer : NULL,
		.referer_link = r->referer_link,
		.browser_offset_s = r->browser_offset_s,
		.tap = r->tap,
		.no_intercept = r->no_intercept,
	};
	if (r->replayed != NULL) {
		p.replay = r->replayed->replay;
		p.like_offset_s = r->replayed->like_offset_s;
		p.unrecorded = r->replayed->unrecorded;
		p.pages = r->replayed->pages;
		p.pages_ctx = r->replayed->pages_ctx;
	}
	r->policy = o->policy;
	if (o->has_ui &&
		!policy_add_own(&r->policy, (const struct sockaddr *)&r->window.at, err)) {
		close(listen_fd);
		return false;
	}
	r->proxy = proxy_start(&p, err);
	return r->proxy != NULL;
}

bool recording_note(
	struct recording *r, enum note_code code, struct err *err, const char *format, ...)
{
	char detail[NOTE_TEXT_MAX];
	struct fact_note f;
	va_list ap;
	va_start(ap, format);
	vsnprintf(detail, sizeof detail, format, ap);
	va_end(ap);
	fact_init(FACT_KIND_NOTE, &f);
	f.session = r->session;
	f.at_us = clock_now_us(clock_real());
	f.code = span_str(note_word(code));
	f.detail = span_str(detail);
	return writer_put(r->writer, FACT_KIND_NOTE, &f, NULL, err) != 0;
}

void recording_stop(struct recording *r)
{
	if (r->proxy != NULL)
		proxy_stop(r->proxy);
	r->proxy = NULL;
}

bool recording_end(struct recording *r, const char *reason, const char *detail,
	const char *incomplete, struct err *err)
{
	struct fact_session_end f;
	if (r->ended || r->session == 0)
		return true;
	r->ended = true;
	if (!witnessing_finish(r->witness, err))
		return false;
	fact_init(FACT_KIND_SESSION_END, &f);
	f.session = r->session;
	f.at_us = clock_now_us(clock_real());
	f.reason = span_str(reason);
	f.detail = span_str(detail);
	f.complete = incomplete == NULL;
	f.incomplete_reason = span_str(incomplete);
	f.clock_drift_us = clock_drift_us();
	return writer_put(r->writer, FACT_KIND_SESSION_END, &f, NULL, err) != 0 &&
	       writer_flush(r->writer, err);
}

static void remove_scratch(const struct recording *r)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal", ".lock"};
	char path[PATH_MAX + 16];
	for (int side = 0; side < CAPTURE_SIDE_COUNT && r->witness != NULL; side++)
		if (case_beside_packets(
			    r->case_path, r->session, (enum capture_side)side, path))
			unlink(path);
	if (r->witness != NULL && case_beside_keys(r->case_path, r->session, path))
		unlink(path);
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(path, sizeof path, "%s%s", r->case_path, tails[i]);
		unlink(path);
	}
}

bool recording_close(struct recording *r, struct err *err)
{
	bool good = true;
	recording_stop(r);
	if (r->writer != NULL) {
		bool told = witnessing_finish(r->witness, err);
		good = writer_close(r->writer, told ? err : NULL) && told;
		if (r->scratch)
			remove_scratch(r);
	}
	r->writer = NULL;
	witnessing_stop(r->witness, NULL);
	r->witness = NULL;
	if (r->resolver != NULL)
		resolver_free(r->resolver);
	r->resolver = NULL;
	if (r->ca != NULL)
		ca_free(r->ca);
	r->ca = NULL;
	sealing_close(&r->sealing);
	return good;
}

/* Who reads a case while its writer closes it keeps SQLite's side files there, empty. */
void recording_end_window(struct recording *r)
{
	const struct writer_options options = {.durability = r->options->durability};
	bool was_read = r->window.pid != 0 && r->session != 0 && r->case_path[0] != 0;
	window_child_end(&r->window);
	if (!was_read || r->writer != NULL)
		return;
	struct writer *w = writer_open(r->case_path, &options, NULL);
	if (w != NULL)
		writer_close(w, NULL);
}

static socklen_t address_len(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in)
				       : sizeof(struct sockaddr_in6);
}

void recording_address_text(const struct sockaddr_storage *a, char out[ADDRESS_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN] = "?";
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
		inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
		snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", ip, ntohs(v4->sin_port));
	} else {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;
		inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
		snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", ip, ntohs(v6->sin6_port));
	}
}

/* A filter that keeps nothing: the kernel throws a SYN away, which its sender repeats. */
static bool shut_out(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {1, &nothing};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

void recording_let_in(int listen_fd)
{
	int none = 0;
	setsockopt(listen_fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
}

int recording_listen(const struct sockaddr_storage *where, bool shut,
	struct sockaddr_storage *bound, struct err *err)
{
	char text[ADDRESS_TEXT_MAX];
	int one = 1;
	socklen_t len = sizeof *bound;
	recording_address_text(where, text);
	int fd = socket(where->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		err_set_os(err, ERR_SYSTEM, errno, "socket");
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (where->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)where, address_len(where)) != 0 ||
		(shut && !shut_out(fd)) || listen(fd, SOMAXCONN) != 0 ||
		(bound != NULL && getsockname(fd, (struct sockaddr *)bound, &len) != 0)) {
		err_set_os(err, ERR_SYSTEM, errno, "listening on %s", text);
		close(fd);
		return -1;
	}
	return fd;
}
