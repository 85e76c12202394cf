/* A leg whose far end is in this process: bytes, ends, failures, and the clock that wakes it.
 */
#include "proxy/leg.h"
#include "proxy/pump.h"
#include "store/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

struct scripted {
	struct leg_peer peer;
	struct buf taken;
	const char *says; /* what it still has to say */
	int64_t due_us;
	enum leg_result then; /* behind that */
	bool ended, freed;
	int asked;
};

static struct scripted *of(struct leg_peer *p)
{
	return (struct scripted *)(void *)p;
}

static void take(struct leg_peer *p, struct span bytes)
{
	buf_add_span(&of(p)->taken, bytes);
}

static void end(struct leg_peer *p)
{
	of(p)->ended = true;
}

static enum leg_result give(
	struct leg_peer *p, uint8_t *to, size_t max, size_t *n, struct err *err)
{
	struct scripted *s = of(p);
	s->asked++;
	if (clock_now_us(clock_real()) < s->due_us)
		return LEG_AGAIN;
	*n = strlen(s->says) < max ? strlen(s->says) : max;
	if (*n > 0) {
		memcpy(to, s->says, *n);
		s->says += *n;
		return LEG_OK;
	}
	if (s->then == LEG_BROKEN)
		err_set(err, ERR_ORIGIN_RESET, "as recorded");
	return s->then;
}

static int64_t due_us(struct leg_peer *p)
{
	struct scripted *s = of(p);
	return s->says[0] != 0 || s->then != LEG_AGAIN ? s->due_us : INT64_MAX;
}

static void about(struct leg_peer *p, int32_t stream, struct leg_answer *out)
{
	(void)p;
	out->ours = stream == 3;
}

static void free_peer(struct leg_peer *p)
{
	buf_fini(&of(p)->taken);
	of(p)->freed = true;
}

static const struct leg_peer_calls calls = {take, end, give, due_us, about, free_peer};

static void start(struct scripted *s, struct leg *l, const char *says, enum leg_result then)
{
	*s = (struct scripted){.peer = {&calls}, .says = says, .then = then};
	leg_init_peer(l, &s->peer);
}

static void bytes_pass_and_are_counted(void **state)
{
	(void)state;
	struct scripted s;
	struct leg l;
	uint8_t in[SHA256_LEN], want[SHA256_LEN];
	start(&s, &l, "answer", LEG_EOF);
	assert_true(leg_live(&l));
	assert_true(leg_send(&l, span_str("request")));
	assert_true(span_is(buf_span(&s.taken), "request"));
	assert_int_equal(l.out_bytes, 7);
	assert_int_equal(buf_len(&l.out), 0);
	assert_true(leg_has_pending(&l));
	assert_int_equal(leg_fill(&l, 4), LEG_OK);
	assert_int_equal(leg_fill(&l, LEG_READ_MAX), LEG_OK);
	assert_true(span_is(buf_span(&l.in), "answer"));
	assert_int_equal(l.in_bytes, 6);
	sha256_peek(&l.in_hash, in);
	sha256(span_str("answer"), want);
	assert_memory_equal(in, want, SHA256_LEN);
	assert_int_equal(leg_fill(&l, 1), LEG_EOF);
	assert_true(l.in_eof);
	assert_false(leg_has_pending(&l));
	assert_int_equal(leg_end(&l), LEG_OK);
	assert_true(s.ended);
	leg_fini(&l);
	assert_true(s.freed);
}

static void a_failure_breaks_the_leg(void **state)
{
	(void)state;
	struct scripted s;
	struct leg l;
	start(&s, &l, "", LEG_BROKEN);
	assert_int_equal(leg_fill(&l, 10), LEG_BROKEN);
	assert_true(l.broken);
	assert_int_equal(l.err.kind, ERR_ORIGIN_RESET);
	assert_string_equal(l.err.detail, "as recorded");
	assert_false(leg_live(&l));
	assert_false(leg_send(&l, span_str("x")));
	assert_int_equal(leg_due_us(&l), INT64_MAX);
	leg_fini(&l);
}

static void a_socket_has_nothing_to_say_of_itself(void **state)
{
	(void)state;
	struct scripted s;
	struct leg l, none = {.fd = -1};
	struct leg_answer a = {.ours = true};
	start(&s, &l, "", LEG_AGAIN);
	leg_about(&l, 3, &a);
	assert_true(a.ours);
	leg_about(&l, 1, &a);
	assert_false(a.ours);
	a.ours = true;
	leg_about(&none, 3, &a);
	assert_false(a.ours);
	leg_fini(&l);
}

/* It sleeps until then, and neither spins nor takes the wake for the deadline. */
static void the_pump_wakes_when_it_is_due(void **state)
{
	(void)state;
	struct scripted s;
	struct leg l, browser = {.fd = -1, .broken = true};
	int stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int64_t now = clock_now_us(clock_real());
	start(&s, &l, "late", LEG_AGAIN);
	s.due_us = now + 60000;
	struct pump p = {.browser = &browser,
		.origin = &l,
		.read_origin = true,
		.commit_fd = -1,
		.stop_fd = stop,
		.until_us = now + 10000000};
	unsigned happened = 0;
	int rounds = 0;
	for (; buf_len(&l.in) == 0 && rounds < 10; rounds++)
		happened = pump_wait(&p);
	assert_int_equal(happened & (PUMP_MOVED | PUMP_TIMEOUT), PUMP_MOVED);
	assert_true(clock_now_us(clock_real()) >= s.due_us);
	assert_true(rounds <= 3 && s.asked <= 2);
	/* Nothing is due any more: the deadline is what ends the wait. */
	p.until_us = clock_now_us(clock_real()) + 20000;
	assert_int_equal(pump_wait(&p), PUMP_TIMEOUT);
	/* Not read, it does not wake. */
	s.says = "more";
	s.due_us = 0;
	p.read_origin = false;
	p.until_us = clock_now_us(clock_real()) + 20000;
	assert_int_equal(pump_wait(&p), PUMP_TIMEOUT);
	leg_fini(&l);
	close(stop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass_and_are_counted),
		cmocka_unit_test(a_failure_breaks_the_leg),
		cmocka_unit_test(a_socket_has_nothing_to_say_of_itself),
		cmocka_unit_test(the_pump_wakes_when_it_is_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
