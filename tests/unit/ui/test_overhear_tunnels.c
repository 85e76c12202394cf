/* Who is behind by how much: the table of connections that are passed through unread. */
#include "ui/cli/overhear_tunnels.h"
#include "store/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define LONG INT64_C(60000000)

static struct overhear_tunnels ts;
static const struct packet_address client = {4, {127, 0, 0, 1}};

static int set_up(void **state)
{
	(void)state;
	overhear_tunnels_init(&ts);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	overhear_tunnels_fini(&ts);
	return 0;
}

static void add(int64_t tunnel, int64_t leg, uint16_t port)
{
	const struct overhear_way way = {client, port, "a.test", 443};
	overhear_tunnels_add(&ts, tunnel, leg, &way);
}

static bool take(uint16_t port, int64_t want_tunnel, int64_t want_leg)
{
	int64_t tunnel = 0, leg = 0;
	const struct overhear_way way = {client, port, "A.test", 443};
	return overhear_tunnels_take(&ts, &way, &tunnel, &leg) && tunnel == want_tunnel &&
	       leg == want_leg;
}

/* A port may be used again: each connection gets its own tunnel, in their order. */
static void a_connection_finds_its_tunnel(void **state)
{
	(void)state;
	int64_t tunnel, leg;
	const struct overhear_way other = {client, 4002, "a.test", 443},
				  elsewhere = {client, 4000, "b.test", 443},
				  again = {client, 4000, "a.test", 443},
				  plain = {client, 4000, "a.test", 80};
	add(5, 50, 4000);
	add(3, 30, 4000);
	add(4, 40, 4001);
	assert_false(overhear_tunnels_take(&ts, &other, &tunnel, &leg));
	assert_false(overhear_tunnels_take(&ts, &elsewhere, &tunnel, &leg));
	assert_false(overhear_tunnels_take(&ts, &plain, &tunnel, &leg));
	assert_true(take(4000, 3, 30));
	assert_true(take(4001, 4, 40));
	assert_true(take(4000, 5, 50));
	assert_false(overhear_tunnels_take(&ts, &again, &tunnel, &leg));
}

/* The same port of another address is another connection. */
static void an_address_tells_apart(void **state)
{
	(void)state;
	int64_t tunnel, leg;
	const struct overhear_way evil = {{4, {127, 0, 0, 2}}, 4000, "a.test", 443};
	add(1, 10, 4000);
	assert_false(overhear_tunnels_take(&ts, &evil, &tunnel, &leg));
	overhear_tunnels_add(&ts, 2, 20, &evil);
	assert_true(overhear_tunnels_take(&ts, &evil, &tunnel, &leg));
	assert_int_equal(tunnel, 2);
	assert_true(take(4000, 1, 10));
}

static void read_to(int64_t tunnel, uint64_t up, uint64_t down, bool over, bool down_whole)
{
	const uint64_t bytes[2] = {up, down};
	overhear_tunnels_read(&ts, tunnel, bytes, over, down_whole);
}

static void read(int64_t tunnel, uint64_t up, uint64_t down, bool over)
{
	read_to(tunnel, up, down, over, false);
}

/* Only a connection's end explains that packets and proxy count differently. */
static void any_other_difference_is_wrong(void **state)
{
	(void)state;
	static const struct {
		uint64_t passed[2];
		bool up_whole;
		uint64_t down_most, read[2];
		bool down_whole, wrong;
	} rows[] = {
		{{10, 20}, true, 20, {10, 20}, true, false},
		/* Sent, and not taken when the proxy had stopped. */
		{{10, 20}, false, 20, {11, 20}, true, false},
		{{10, 20}, true, 20, {11, 20}, true, true},
		{{10, 20}, false, 20, {9, 20}, true, true},
		/* What the browser left in the socket. */
		{{10, 20}, true, 20, {10, 19}, false, false},
		{{10, 20}, true, 20, {10, 19}, true, true},
		/* What was still to be sent when the proxy stopped. */
		{{10, 20}, true, 22, {10, 22}, false, false},
		{{10, 20}, true, 22, {10, 23}, false, true},
		{{10, 20}, false, 20, {10, 21}, true, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		tear_down(NULL);
		set_up(NULL);
		add(1, 10, 4000);
		assert_true(take(4000, 1, 10));
		overhear_tunnels_passed(&ts, 1, rows[i].passed[0], rows[i].passed[1]);
		overhear_tunnels_passed_all(&ts, 1, rows[i].up_whole, rows[i].down_most);
		read_to(1, rows[i].read[0], rows[i].read[1], true, rows[i].down_whole);
		if ((overhear_tunnels_wrong(&ts) != NULL) != rows[i].wrong)
			fail_msg("row %zu", i);
	}
}

/* One that no connection was found to be is told, whichever way its bytes went. */
static void what_nobody_heard_is_wrong(void **state)
{
	(void)state;
	add(1, 10, 4000);
	assert_null(overhear_tunnels_wrong(&ts));
	overhear_tunnels_passed(&ts, 1, 0, 1);
	assert_non_null(overhear_tunnels_wrong(&ts));
}

static void what_was_passed_is_awaited(void **state)
{
	(void)state;
	assert_false(overhear_tunnels_behind(&ts, LONG));
	add(1, 10, 4000);
	assert_true(take(4000, 1, 10));
	assert_false(overhear_tunnels_behind(&ts, LONG));
	overhear_tunnels_passed(&ts, 1, 100, 0);
	assert_true(overhear_tunnels_behind(&ts, LONG));
	read(1, 99, 0, false);
	assert_true(overhear_tunnels_behind(&ts, LONG));
	read(1, 100, 0, false);
	assert_false(overhear_tunnels_behind(&ts, LONG));
	overhear_tunnels_passed(&ts, 1, 100, 7);
	assert_true(overhear_tunnels_behind(&ts, LONG));
	/* Packets may be ahead of the proxy. */
	read(1, 200, 8, false);
	assert_false(overhear_tunnels_behind(&ts, LONG));
	/* Of a connection that is over nothing comes, whatever the proxy put into its socket.
	 */
	overhear_tunnels_passed(&ts, 1, 200, 90);
	assert_true(overhear_tunnels_behind(&ts, LONG));
	read(1, 200, 8, true);
	assert_false(overhear_tunnels_behind(&ts, LONG));
	assert_null(overhear_tunnels_wrong(&ts));
	/* One that nobody told of. */
	overhear_tunnels_passed(&ts, 77, 1, 1);
	read(77, 1, 1, false);
	assert_false(overhear_tunnels_behind(&ts, LONG));
}

static void patience_ends(void **state)
{
	(void)state;
	add(1, 10, 4000);
	assert_true(take(4000, 1, 10));
	overhear_tunnels_passed(&ts, 1, 100, 0);
	assert_true(overhear_tunnels_behind(&ts, LONG));
	assert_false(overhear_tunnels_behind(&ts, -1));
	/* Not waited for, but missing it is. */
	assert_non_null(overhear_tunnels_wrong(&ts));
	read(1, 100, 0, true);
	assert_null(overhear_tunnels_wrong(&ts));
}

static void waiting_has_a_deadline(void **state)
{
	(void)state;
	int64_t start = clock_now_us(clock_real());
	add(1, 10, 4000);
	assert_true(overhear_tunnels_await(&ts, 60000, LONG));
	overhear_tunnels_passed(&ts, 1, 1, 0);
	assert_false(overhear_tunnels_await(&ts, 30, LONG));
	assert_true(clock_now_us(clock_real()) - start >= 30000);
	/* One whose packets do not come holds nobody up. */
	assert_true(overhear_tunnels_await(&ts, 60000, -1));
}

static void *reader(void *arg)
{
	(void)arg;
	for (uint64_t i = 1; i <= 1000; i++)
		read(1, i, i / 2, false);
	return NULL;
}

/* A download that goes on and on holds up nobody: what was passed later is not waited for. */
static void *downloader(void *arg)
{
	for (uint64_t i = 1; !atomic_load((atomic_bool *)arg); i++) {
		overhear_tunnels_passed(&ts, 1, 1, 1000 * i + 1000);
		read(1, 1, 1000 * i, false);
	}
	return NULL;
}

static void what_comes_later_is_not_waited_for(void **state)
{
	(void)state;
	pthread_t thread;
	atomic_bool stop = false;
	add(1, 10, 4000);
	assert_int_equal(pthread_create(&thread, NULL, downloader, &stop), 0);
	for (int i = 0; i < 20; i++)
		assert_true(overhear_tunnels_await(&ts, 20000, LONG));
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
}

static void waiting_ends_when_all_is_read(void **state)
{
	(void)state;
	pthread_t thread;
	add(1, 10, 4000);
	overhear_tunnels_passed(&ts, 1, 1000, 500);
	assert_int_equal(pthread_create(&thread, NULL, reader, NULL), 0);
	assert_true(overhear_tunnels_await(&ts, 20000, LONG));
	assert_false(overhear_tunnels_behind(&ts, LONG));
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_connection_finds_its_tunnel, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_address_tells_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			any_other_difference_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_heard_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_passed_is_awaited, set_up, tear_down),
		cmocka_unit_test_setup_teardown(patience_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_comes_later_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting_has_a_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			waiting_ends_when_all_is_read, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
