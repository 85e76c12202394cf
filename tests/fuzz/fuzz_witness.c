/* A packet file: the input is read whole, from either side, and what comes of it must hang
 * together. Secrets are those in the file. */
#include "capture/witness.h"
#include "store/base/hash.h"
#include "store/base/reader.h"
#include "tests/fuzz/fuzz_check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIRST_FLOW = 100 };

struct seen {
	uint64_t flows, tls, plain, exchanges, strays, dns, files;
	int64_t last_flow; /* the highest number */
};

static bool is_number(int64_t n)
{
	return n != FACT_NULL && n >= 0;
}

static void check_digest(struct span digest, int64_t lost)
{
	MUST(digest.p == NULL || digest.n == SHA256_LEN);
	MUST(is_number(lost));
	MUST(digest.p == NULL || lost == 0);
}

/* Places before the end, in order, and not more than there may be. */
static void check_tail(struct span tail, struct span digest, int64_t n)
{
	struct reader r = reader_of(tail);
	uint64_t last = 0;
	MUST(tail.p == NULL || digest.p != NULL);
	MUST(tail.n <= 32 * 40);
	while (r.n > 0) {
		uint64_t at = read_u64(&r);
		read_span(&r, 32);
		MUST(!r.bad && at > last && at < (uint64_t)n);
		last = at;
	}
}

static void check_flow(struct seen *s, const struct fact_flow *f)
{
	s->flows++;
	MUST(f->flow >= FIRST_FLOW && f->file == 7 && f->session == 3);
	if (f->flow > s->last_flow)
		s->last_flow = f->flow;
	MUST(is_number(f->first_packet) && is_number(f->last_packet));
	MUST(f->first_packet >= 1 && f->last_packet >= f->first_packet);
	check_digest(f->up_sha256, f->up_lost);
	check_digest(f->down_sha256, f->down_lost);
	MUST((f->conflicts > 0) == (f->conflict_packet != FACT_NULL));
	MUST(f->ended.n > 0);
}

static void check_exchange(struct seen *s, const struct fact_flow_exchange *f)
{
	s->exchanges++;
	MUST(f->flow >= FIRST_FLOW && f->n >= 1);
	MUST((f->request_packet == FACT_NULL) == (f->request_sha256.p == NULL));
	MUST((f->response_packet == FACT_NULL) == (f->status == FACT_NULL));
	MUST((f->req_size == FACT_NULL) == (f->req_sha256.p == NULL));
	MUST((f->res_size == FACT_NULL) == (f->res_sha256.p == NULL));
	check_tail(f->res_tail, f->res_sha256, f->res_size);
}

static bool put(void *ctx, enum fact_kind kind, const void *fact, struct err *err)
{
	struct seen *s = ctx;
	struct buf encoded = {0};
	(void)err;
	MUST(s->files == 0); /* it is the last one */
	fact_encode(kind, fact, &encoded);
	buf_fini(&encoded);
	if (kind == FACT_KIND_FLOW) {
		check_flow(s, fact);
	} else if (kind == FACT_KIND_FLOW_TLS) {
		s->tls++;
	} else if (kind == FACT_KIND_FLOW_PLAIN) {
		const struct fact_flow_plain *f = fact;
		s->plain++;
		check_digest(f->up_sha256, f->up_lost);
		check_digest(f->down_sha256, f->down_lost);
		check_tail(f->up_tail, f->up_sha256, f->up_bytes);
		check_tail(f->down_tail, f->down_sha256, f->down_bytes);
		check_tail(f->up_stream_tail, f->up_stream_tail, INT64_MAX);
		check_tail(f->down_stream_tail, f->down_stream_tail, INT64_MAX);
	} else if (kind == FACT_KIND_FLOW_EXCHANGE) {
		check_exchange(s, fact);
	} else if (kind == FACT_KIND_STRAY) {
		const struct fact_stray *f = fact;
		s->strays++;
		MUST(f->packets >= 1 && f->packet >= 1 && f->protocol.n > 0);
	} else if (kind == FACT_KIND_PACKET_DNS) {
		s->dns++;
	} else {
		const struct fact_packet_file *f = fact;
		MUST(kind == FACT_KIND_PACKET_FILE);
		s->files++;
		MUST(f->sha256.n == SHA256_LEN && is_number(f->packets));
		MUST((uint64_t)f->flows == s->flows);
		MUST(f->outcome.n > 0);
	}
	return true;
}

static void read_as(const char *path, enum capture_side side)
{
	static const char *const proxies[] = {"192.0.2.9:3128"};
	struct seen seen = {.flows = 0};
	struct witness_counts counts;
	struct err err;
	struct witness_order order = {.path = path,
		.name = "x.pcapng",
		.session = 3,
		.side = side,
		.file = 7,
		.run = 1,
		.first_flow = FIRST_FLOW,
		.streams = side == CAPTURE_ORIGIN,
		.proxies = proxies,
		.n_proxies = 1};
	MUST(witness_read(&order, put, &seen, &counts, &err));
	MUST(seen.files == 1);
	MUST(seen.tls <= seen.flows && seen.plain <= seen.flows);
	MUST(counts.flows == seen.flows && counts.exchanges == seen.exchanges);
	MUST(counts.strays == seen.strays);
	MUST(seen.flows == 0 || counts.next_flow == seen.last_flow + 1);
	MUST(side == CAPTURE_ORIGIN || seen.dns == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory, but a file of its own: links are not followed. */
	char path[] = "/dev/shm/fuzz-witness-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	MUST(fd >= 0);
	for (size_t at = 0; at < size;) {
		ssize_t n = write(fd, data + at, size - at);
		MUST(n > 0);
		at += (size_t)n;
	}
	close(fd);
	read_as(path, CAPTURE_BROWSER);
	read_as(path, CAPTURE_ORIGIN);
	unlink(path);
	return 0;
}
