/* A trace without interception is whole only if packets show all that the proxy passed on. */
#include "ui/cli/trace.h"
#include "capture/pcapng.h"
#include "tests/kit/temp_case.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SNAPLEN = 65535 };

static void write_file(const char *path, struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
	close(fd);
}

/* Bytes that were passed on, and a packet file without packets. NULL: nothing was missed. */
static const char *after(uint64_t up, uint64_t down)
{
	struct temp_case c;
	struct err err = {0};
	struct buf file = {0};
	char packets[100], keys[100];
	static struct trace t;
	const struct sockaddr_in client = {.sin_family = AF_INET,
		.sin_port = htons(4000),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	temp_case_start(&c);
	snprintf(packets, sizeof packets, "%s/packets", c.folder);
	snprintf(keys, sizeof keys, "%s/keys", c.folder);
	pcapng_section(&file, NULL, NULL, "test", NULL);
	pcapng_interface(&file, LINK_ETHERNET, SNAPLEN, "browser", NULL, NULL);
	write_file(packets, buf_span(&file));
	write_file(keys, SPAN_NONE);
	buf_fini(&file);
	memset(&t, 0, sizeof t);
	t.keys[0] = t.keys[1] = -1;
	const struct overhear_order order = {.writer = c.writer,
		.session = writer_new_session(c.writer),
		.packets = packets,
		.keys = keys};
	t.overhear = overhear_start(&order, &err);
	if (t.overhear == NULL)
		fail_msg("%s", err.detail);
	const struct tap *tap = overhear_tap(t.overhear);
	tap->passing(tap->self, 1, 1, (const struct sockaddr *)&client, "a.test", 443);
	tap->passed(tap->self, 1, up, down);
	trace_overhear_finish(&t);
	const char *why = t.unheard;
	trace_overhear_fini(&t);
	unlink(packets);
	unlink(keys);
	temp_case_fini(&c);
	return why;
}

static void what_no_packet_shows_was_missed(void **state)
{
	(void)state;
	assert_null(after(0, 0));
	const char *why = after(300, 0);
	assert_non_null(why);
	assert_string_equal(why, "no packets show a connection that was passed through");
	assert_non_null(after(0, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_no_packet_shows_was_missed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
