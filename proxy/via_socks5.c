#include "proxy/policy.h"
#include "proxy/via_inner.h"

#include <arpa/inet.h>

enum { SOCKS_VERSION = 5, NO_AUTH = 0, USER_PASSWORD = 2, NONE_ACCEPTABLE = 0xff };
enum { CONNECT = 1, ATYP_V4 = 1, ATYP_NAME = 3, ATYP_V6 = 4 };

/* RFC 1928 6 */
static const char *const replies[] = {"succeeded", "general failure",
	"not allowed by its rules", "network unreachable", "host unreachable",
	"connection refused", "TTL expired",
	"it cannot connect for clients (command not supported)", "address type not supported"};

static bool send_bytes(struct via_talk *t, struct buf *b, struct err *err)
{
	bool ok = via_send(t, buf_span(b), err);
	buf_fini(b);
	return ok;
}

/* RFC 1929 2. The version byte of the answer is wrong in some servers and says nothing: only
 * the status counts. */
static bool log_in(struct via_talk *t, struct err *err)
{
	struct buf b = {0};
	uint8_t answer[2];
	buf_add_byte(&b, 1);
	buf_add_byte(&b, (uint8_t)strlen(t->via->user));
	buf_add_str(&b, t->via->user);
	buf_add_byte(&b, (uint8_t)strlen(t->via->password));
	buf_add_str(&b, t->via->password);
	t->step = "answer to user name and password";
	if (!send_bytes(t, &b, err) || !via_read(t, answer, sizeof answer, err))
		return false;
	return answer[1] == 0 ||
	       via_fail(t, err, "user name or password refused (status %u)", answer[1]);
}

/* RFC 1928 3 */
static bool greet(struct via_talk *t, struct err *err)
{
	struct buf b = {0};
	uint8_t answer[2];
	buf_add_byte(&b, SOCKS_VERSION);
	buf_add_byte(&b, t->via->has_credentials ? 2 : 1);
	buf_add_byte(&b, NO_AUTH);
	if (t->via->has_credentials)
		buf_add_byte(&b, USER_PASSWORD);
	t->step = "answer to the greeting";
	if (!send_bytes(t, &b, err) || !via_read(t, answer, sizeof answer, err))
		return false;
	if (answer[0] != SOCKS_VERSION)
		return via_fail(t, err, "does not speak SOCKS5 (its answer begins with 0x%02x)",
			answer[0]);
	if (answer[1] == NO_AUTH)
		return true;
	if (answer[1] == USER_PASSWORD && t->via->has_credentials)
		return log_in(t, err);
	if (answer[1] == NONE_ACCEPTABLE)
		return via_fail(t, err,
			t->via->has_credentials ? "takes no user name and password"
						: "wants a user name and password");
	return via_fail(
		t, err, "chose authentication 0x%02x, which was not offered", answer[1]);
}

static bool ask(struct via_talk *t, const char *host, uint16_t port, struct err *err)
{
	struct buf b = {0};
	uint8_t address[16];
	size_t n = strlen(host);
	buf_add_byte(&b, SOCKS_VERSION);
	buf_add_byte(&b, CONNECT);
	buf_add_byte(&b, 0);
	if (inet_pton(AF_INET, host, address) == 1) {
		buf_add_byte(&b, ATYP_V4);
		buf_add(&b, address, 4);
	} else if (inet_pton(AF_INET6, host, address) == 1) {
		buf_add_byte(&b, ATYP_V6);
		buf_add(&b, address, 16);
	} else if (n > 0 && n <= UINT8_MAX) {
		buf_add_byte(&b, ATYP_NAME);
		buf_add_byte(&b, (uint8_t)n);
		buf_add(&b, host, n);
	} else {
		buf_fini(&b);
		return via_fail(t, err, "a host name of %zu bytes cannot be asked for", n);
	}
	buf_add_u16(&b, port);
	return send_bytes(t, &b, err);
}

/* What the policy calls special (a proxy's own network, 0.0.0.0 for "I do not say") is nobody's
 * address out there. A name says nothing either. */
static void note_exit(int family, const uint8_t *bytes, struct via_exit *exit)
{
	static const struct policy nothing_allowed;
	struct sockaddr_storage to = {.ss_family = (sa_family_t)family};
	struct err special;
	if (family == AF_INET)
		memcpy(&((struct sockaddr_in *)(void *)&to)->sin_addr, bytes, 4);
	else
		memcpy(&((struct sockaddr_in6 *)(void *)&to)->sin6_addr, bytes, 16);
	if (policy_check(&nothing_allowed, (struct sockaddr *)&to, &special))
		inet_ntop(family, bytes, exit->ip, sizeof exit->ip);
}

/* RFC 1928 6. The bind address must be read to its end and not a byte further: what follows is
 * the origin's. Of a refusal only the code is read, for some servers send no more than that. */
static bool answer(struct via_talk *t, struct via_exit *exit, struct err *err)
{
	uint8_t head[4], rest[UINT8_MAX + 2], len;
	if (!via_read(t, head, 2, err))
		return false;
	if (head[0] != SOCKS_VERSION)
		return via_fail(t, err, "its answer begins with 0x%02x in place of 5", head[0]);
	if (head[1] != 0 && head[1] < sizeof replies / sizeof *replies)
		return via_fail(t, err, "%s (reply %u)", replies[head[1]], head[1]);
	if (head[1] != 0)
		return via_fail(t, err, "reply 0x%02x, which has no meaning", head[1]);
	if (!via_read(t, head + 2, 2, err))
		return false;
	switch (head[3]) {
	case ATYP_V4:
		if (!via_read(t, rest, 4 + 2, err))
			return false;
		note_exit(AF_INET, rest, exit);
		return true;
	case ATYP_V6:
		if (!via_read(t, rest, 16 + 2, err))
			return false;
		note_exit(AF_INET6, rest, exit);
		return true;
	case ATYP_NAME: return via_read(t, &len, 1, err) && via_read(t, rest, len + 2u, err);
	default: return via_fail(t, err, "its bind address is of the unknown type %u", head[3]);
	}
}

bool via_socks5(const struct via_talk *talk, const char *host, uint16_t port,
	struct via_exit *exit, struct err *err)
{
	struct via_talk t = *talk;
	if (!greet(&t, err))
		return false;
	t.step = "answer to the request";
	return ask(&t, host, port, err) && answer(&t, exit, err);
}
