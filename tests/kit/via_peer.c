#include "tests/kit/via_peer.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

struct script_origin *via_peer_start(const struct script_step *steps)
{
	struct script_origin *peer = script_origin_start(false, NULL);
	assert_non_null(peer);
	script_origin_play(peer, steps);
	return peer;
}

void via_peer_end(struct script_origin *peer)
{
	char why[500];
	if (!script_origin_end(peer, why, sizeof why))
		fail_msg("the proxy saw: %s", why);
}

struct via via_peer_url(const struct script_origin *peer, const char *format)
{
	struct via via;
	struct err err = {0};
	char url[200];
	snprintf(url, sizeof url, "%s127.0.0.1:%u", format, script_origin_port(peer));
	if (!via_parse(url, &via, &err))
		fail_msg("%s", err.detail);
	return via;
}

void via_peer_assert_next(int fd, const char *want)
{
	char got[100];
	size_t n = 0, len = strlen(want);
	while (n < len) {
		struct pollfd p = {fd, POLLIN, 0};
		assert_int_equal(poll(&p, 1, 10000), 1);
		ssize_t r = recv(fd, got + n, len - n, 0);
		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_memory_equal(got, want, len);
}
