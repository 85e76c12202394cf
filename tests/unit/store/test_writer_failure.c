/* The disk is full: the failure is final, everybody is told, and what was reported as committed
 * is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/case.h"
#include "store/rebuild.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DISK = 1024 * 1024, CHUNK = 16 * 1024 };

/* What the child saw; shared with the parent. */
struct seen {
	_Atomic uint64_t committed; /* highest ticket that it was told of */
	const char *wrong;          /* the first thing that was not as it should be */
};

static struct seen *seen;

#define CHECK(condition)                                                                       \
	do {                                                                                   \
		if (!(condition) && seen->wrong == NULL)                                       \
			seen->wrong = #condition;                                              \
	} while (0)

static uint64_t put_chunk(struct writer *w, int64_t n, struct err *err)
{
	static uint8_t data[CHUNK];
	struct fact_chunk chunk;
	memcpy(data, &n, sizeof n);
	fact_init(FACT_KIND_CHUNK, &chunk);
	chunk.session = chunk.exchange = 1;
	chunk.side = SIDE_RESPONSE;
	chunk.n = n;
	chunk.size = CHUNK;
	chunk.data = span_of(data, sizeof data);
	return writer_put(w, FACT_KIND_CHUNK, &chunk, NULL, err);
}

static void *block_on_last(void *arg)
{
	struct writer *w = arg;
	struct err err = {0};
	/* Far more than the disk takes: it is never committed. */
	CHECK(!writer_wait(w, 1000000, &err));
	CHECK(err.kind == ERR_CASE_WRITE);
	return NULL;
}

static bool fill_disk(struct writer *w, struct writer_waiter *waiter, struct err *err)
{
	for (int64_t n = 0; n < 1000; n++) {
		uint64_t ticket = put_chunk(w, n, err);
		if (ticket == 0)
			return true;
		enum writer_state state;
		while ((state = writer_poll(w, ticket, waiter, err)) == WRITER_PENDING) {
			struct pollfd p = {.fd = waiter->eventfd, .events = POLLIN};
			uint64_t times;
			CHECK(poll(&p, 1, 20000) == 1);
			CHECK(read(waiter->eventfd, &times, sizeof times) == sizeof times);
		}
		if (state == WRITER_FAILED)
			return true;
		seen->committed = ticket;
	}
	return false;
}

static void check_it_stays_failed(struct writer *w, struct writer_waiter *waiter)
{
	struct err err = {0};
	struct derived_trail trail = {.session = 1, .number = 1};
	CHECK(!waiter->armed);
	CHECK(put_chunk(w, 5000, &err) == 0 && err.kind == ERR_CASE_WRITE);
	err = (struct err){0};
	CHECK(!writer_flush(w, &err) && err.kind == ERR_CASE_WRITE);
	err = (struct err){0};
	CHECK(!writer_put_derived(w, 1, &trail, 1, &err) && err.kind == ERR_CASE_WRITE);
	/* What is on the disk stays said to be. */
	CHECK(writer_poll(w, 1, waiter, &err) == WRITER_COMMITTED);
	CHECK(writer_wait(w, seen->committed, &err));
	err = (struct err){0};
	CHECK(!writer_close(w, &err) && err.kind == ERR_CASE_WRITE && err.detail[0] != 0);
}

static void child_with_small_disk(const char *path, enum writer_durability durability)
{
	struct err err = {0};
	struct rlimit limit = {DISK, DISK};
	struct writer_options options = {.durability = durability};
	struct writer_waiter waiter = {.eventfd = eventfd(0, EFD_NONBLOCK)};
	pthread_t thread;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	struct writer *w = writer_open(path, &options, &err);
	CHECK(w != NULL);
	if (w == NULL)
		return;
	pthread_create(&thread, NULL, block_on_last, w);
	CHECK(fill_disk(w, &waiter, &err));
	CHECK(err.kind == ERR_CASE_WRITE);
	pthread_join(thread, NULL);
	check_it_stays_failed(w, &waiter);
}

static bool count_chunk(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	int64_t *n = ctx;
	(void)fact;
	assert_int_equal(kind, FACT_KIND_CHUNK);
	assert_int_equal(seq, ++*n);
	return true;
}

static void run_small_disk(enum writer_durability durability)
{
	struct temp_case t;
	struct err err = {0};
	int status = 0;
	int64_t n = 0;
	temp_case_init(&t);
	seen = mmap(
		NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(seen != MAP_FAILED);
	pid_t child = fork();
	if (child == 0) {
		child_with_small_disk(t.path, durability);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	if (seen->wrong != NULL)
		fail_msg("%s", seen->wrong);
	assert_true(seen->committed >= 10);
	struct case_file *c = case_open(t.path, &err);
	if (c == NULL)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	assert_true(case_facts(c, 0, 0, count_chunk, &n, &err));
	assert_true((uint64_t)n >= seen->committed);
	case_close(c);
	/* With room again, the case goes on. */
	temp_case_open(&t);
	temp_case_fill(&t);
	munmap(seen, sizeof *seen);
	temp_case_fini(&t);
}

static void full_disk_is_final(void **state)
{
	(void)state;
	run_small_disk(DURABILITY_CRASH);
	run_small_disk(DURABILITY_POWER);
}

/* No room for even the proof: then writer_open says so, before anything is recorded. */
static void full_disk_is_seen_at_opening(void **state)
{
	struct temp_case t;
	int status = 0;
	(void)state;
	temp_case_start(&t);
	temp_case_close(&t);
	pid_t child = fork();
	if (child == 0) {
		struct err err = {0};
		struct rlimit limit = {20000, 20000};
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		struct writer *w = writer_open(t.path, NULL, &err);
		_exit(w == NULL && (err.kind == ERR_CASE_WRITE || err.kind == ERR_CASE_OPEN)
				? 0
				: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	temp_case_open(&t);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_disk_is_final),
		cmocka_unit_test(full_disk_is_seen_at_opening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
