#include "capture/witness_inner.h"

#include "store/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

void witness_put(struct witness *w, enum fact_kind kind, const void *fact)
{
	if (!w->stopped)
		w->stopped = !w->put(w->ctx, kind, fact, w->err);
}

/* Whole microseconds, downwards. */
int64_t witness_us(int64_t ns)
{
	return ns / 1000 - (ns % 1000 < 0 ? 1 : 0);
}

int64_t witness_number(uint64_t n)
{
	return n <= INT64_MAX ? (int64_t)n : FACT_NULL;
}

struct span witness_ip(struct witness *w, const struct packet_address *ip)
{
	char *text = arena_alloc(&w->scratch, PACKET_ADDRESS_TEXT);
	packet_address_text(ip, text);
	return text[0] != 0 ? span_str(text) : SPAN_NONE;
}

/* ---- what is no TCP ---- */

static void datagram(void *self, const struct packet *p, const struct packet_parts *parts)
{
	struct witness *w = self;
	struct packet_at at = {p->number, p->at_ns};
	/* An answer comes from its server; a question is told by its answer. */
	struct flow_end server = {parts->src, parts->src_port};
	if (w->order->side != CAPTURE_ORIGIN || !witness_dns(w, parts->payload, &server, &at))
		strays_add(w->strays, p, parts);
}

static void other(void *self, const struct packet *p, const struct packet_parts *parts)
{
	struct witness *w = self;
	strays_add(w->strays, p, parts);
}

static const struct flow_calls calls = {.opened = witness_flow_opened,
	.bytes = witness_flow_bytes,
	.lost = witness_flow_lost,
	.closed = witness_flow_closed,
	.ended = witness_flow_ended,
	.datagram = datagram,
	.other = other};

/* ---- reading ---- */

static void take_secrets(struct witness *w, struct packet_file *file)
{
	struct packet_file_about about;
	packet_file_about(file, &about);
	if (about.secrets.n <= w->secrets_seen)
		return;
	keylog_add(w->keys, span_from(about.secrets, w->secrets_seen));
	w->secrets_seen = about.secrets.n;
}

static enum packet_next read_packets(
	struct witness *w, struct packet_file *file, struct err *why)
{
	struct packet p;
	enum packet_next next;
	while (!w->stopped && (next = packet_file_next(file, &p, why)) == PACKET_NEXT) {
		take_secrets(w, file);
		if (w->counts.packets == 0) {
			w->first_ns = p.at_ns;
			w->last_ns = p.at_ns;
		}
		if (p.at_ns < w->first_ns)
			w->first_ns = p.at_ns;
		if (p.at_ns > w->last_ns)
			w->last_ns = p.at_ns;
		w->counts.packets++;
		flows_packet(w->flows, &p);
	}
	return w->stopped ? PACKET_END : next;
}

/* Only what lies there as a file: nothing that leads elsewhere, could wait, or be something
 * else the next time. */
static int open_file(const char *path, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0) {
		err_set_os(err, ERR_SYSTEM, errno, "%s", path);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	err_set(err, ERR_SYSTEM, "%s is no regular file", path);
	return -1;
}

/* Of the whole file, where it was not read to its end. */
static bool hash_file(int fd, uint8_t out[SHA256_LEN], int64_t *size, struct err *err)
{
	struct sha256 h;
	uint8_t block[READ_SIZE];
	ssize_t n;
	off_t at = 0;
	sha256_init(&h);
	while ((n = pread(fd, block, sizeof block, at)) > 0) {
		sha256_add(&h, block, (size_t)n);
		at += n;
	}
	sha256_end(&h, out);
	*size = at;
	return n == 0 || err_set_os(err, ERR_SYSTEM, errno, "reading packets");
}

/* ---- the file's own fact ---- */

static void add_part(struct buf *b, const char *before, uint64_t n, const char *behind)
{
	if (n == 0)
		return;
	if (buf_len(b) > 0)
		buf_add_str(b, "; ");
	buf_addf(b, "%s%llu%s", before, (unsigned long long)n, behind);
}

static void describe(const struct witness *w, const struct packet_file_about *about,
	uint64_t strays_over, const struct err *why, struct buf *out)
{
	struct flows_counts counts;
	struct keylog_counts keys;
	flows_counts(w->flows, &counts);
	keylog_counts(w->keys, &keys);
	for (size_t i = 0; i < about->n_links; i++)
		buf_addf(out, "%s%d", i == 0 ? "link types " : ", ", about->links[i]);
	if (why->kind != ERR_NONE) {
		buf_add_str(out, buf_len(out) > 0 ? "; " : "");
		buf_add_str(out, why->detail[0] != 0 ? why->detail : err_sentence(why->kind));
	}
	add_part(out, "", about->skipped, " blocks of other kinds");
	add_part(out, "a limit of connections was met ", counts.limits, " times");
	/* Behind an end that was forged, say: no connection is said to have carried them. */
	add_part(out, "", counts.outside, " bytes beyond the end of their connections");
	add_part(out, "", strays_over, " stray packets beyond those that are told apart");
	add_part(out, "", w->texts_left, " exchanges without their URL: a limit");
	add_part(out, "", w->tails_left,
		" directions and bodies whose last boundaries were not all kept: a limit");
	/* The first stays; where it is the wrong one, its connection is told not to fit. */
	add_part(out, "", keys.contradicting, " secrets contradict earlier ones and were left");
	if (about->secrets_cut)
		add_part(out, "more secrets than the ", PACKET_FILE_SECRETS_MAX,
			" bytes that are kept");
}

struct finding {
	struct packet_file *file; /* NULL: it is none */
	int fd;
	enum packet_next how;
	struct err why;
	uint64_t strays_over;
};

static bool put_file(struct witness *w, struct finding *found, struct err *err)
{
	struct packet_file_about about = {.dropped = UINT64_MAX};
	struct keylog_counts keys;
	struct flows_counts counts;
	struct fact_packet_file f;
	uint8_t digest[SHA256_LEN];
	struct buf detail = {0};
	if (found->file != NULL)
		packet_file_about(found->file, &about);
	flows_counts(w->flows, &counts);
	keylog_counts(w->keys, &keys);
	fact_init(FACT_KIND_PACKET_FILE, &f);
	f.size = witness_number(about.bytes);
	if (found->file != NULL && found->how != PACKET_BROKEN)
		packet_file_sha256(found->file, digest);
	else if (!hash_file(found->fd, digest, &f.size, err))
		return false;
	f.session = w->order->session;
	f.file = w->order->file;
	f.run = w->order->run;
	f.side = span_str(capture_side_word(w->order->side));
	f.name = span_str(w->order->name);
	f.sha256 = span_of(digest, sizeof digest);
	f.packets = witness_number(w->counts.packets);
	if (w->counts.packets > 0) {
		f.first_us = witness_us(w->first_ns);
		f.last_us = witness_us(w->last_ns);
	}
	if (about.dropped != UINT64_MAX)
		f.dropped = witness_number(about.dropped);
	f.malformed = witness_number(counts.malformed);
	f.flows = witness_number(w->counts.flows);
	f.key_lines = witness_number(keys.lines);
	f.outcome = span_str(err_word(found->why.kind));
	describe(w, &about, found->strays_over, &found->why, &detail);
	f.detail = buf_len(&detail) > 0 ? buf_span(&detail) : SPAN_NONE;
	f.at_us = clock_now_us(clock_real());
	w->counts.bytes = (uint64_t)f.size;
	witness_put(w, FACT_KIND_PACKET_FILE, &f);
	buf_fini(&detail);
	return !w->stopped;
}

static bool read_all(struct witness *w, struct finding *found, struct err *err)
{
	int fd = dup(found->fd);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", w->order->path);
	found->file = packet_file_of(fd, w->order->name, false, &found->why);
	if (found->file != NULL) {
		found->how = read_packets(w, found->file, &found->why);
		if (found->how == PACKET_CUT)
			err_set(&found->why, ERR_PACKETS, "it ends inside a block");
		else if (found->how != PACKET_BROKEN)
			found->why.kind = ERR_NONE;
	} else if (found->why.kind == ERR_SYSTEM) {
		*err = found->why;
		return false;
	}
	flows_end(w->flows);
	strays_put(w->strays, w, &found->strays_over);
	bool good = !w->stopped && put_file(w, found, err);
	packet_file_close(found->file);
	return good;
}

bool witness_read(const struct witness_order *order, witness_put_fn *put, void *ctx,
	struct witness_counts *counts, struct err *err)
{
	struct finding found = {.fd = open_file(order->path, err)};
	struct witness w = {.order = order,
		.put = put,
		.ctx = ctx,
		.err = err,
		.keys = order->keys,
		.counts = {.next_flow = order->first_flow}};
	if (found.fd < 0)
		return false;
	if (w.keys == NULL)
		w.keys = keylog_new();
	w.strays = strays_new();
	w.flows = flows_new(&calls, &w);
	bool good = read_all(&w, &found, err);
	flows_free(w.flows);
	strays_free(w.strays);
	if (order->keys == NULL)
		keylog_free(w.keys);
	arena_fini(&w.scratch);
	close(found.fd);
	*counts = w.counts;
	return good;
}
