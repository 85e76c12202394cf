#include "proxy/via_inner.h"
#include "proxy/wait.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

/* ---- the URL ---- */

/* RFC 3986 2.1. NUL and control bytes have no place in a credential. */
static bool percent_decode(struct span s, char out[VIA_CREDENTIAL_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '%') {
			int high = i + 2 < s.n ? ascii_hex(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? ascii_hex(s.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (uint8_t)(high * 16 + low);
			i += 2;
		}
		if (c < ' ' || c == 0x7f || n + 1 >= VIA_CREDENTIAL_MAX)
			return false;
		out[n++] = (char)c;
	}
	out[n] = 0;
	return true;
}

static bool read_credentials(struct span s, struct via *out)
{
	size_t colon = span_find_byte(s, ':', 0);
	struct span user = span_first(s, colon), password = SPAN_NONE;
	if (colon != SIZE_MAX)
		password = span_from(s, colon + 1);
	out->has_credentials = true;
	if (!percent_decode(user, out->user) || !percent_decode(password, out->password))
		return false;
	/* RFC 1929 2: a user has 1 to 255 bytes; an empty password is not foreseen, but common.
	 * RFC 7617 2: the first colon ends the user. */
	return out->kind == VIA_SOCKS5 ? out->user[0] != 0 : strchr(out->user, ':') == NULL;
}

static bool host_byte(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_';
}

static bool read_host(struct span s, bool brackets, struct via *out)
{
	struct in6_addr in6;
	if (s.n == 0 || s.n >= sizeof out->host)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (brackets ? ascii_hex(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.'
			     : !host_byte(s.p[i]))
			return false;
		out->host[i] = (char)ascii_lower(s.p[i]);
	}
	out->host[s.n] = 0;
	return !brackets || inet_pton(AF_INET6, out->host, &in6) == 1;
}

static bool read_host_port(struct span s, struct via *out)
{
	bool brackets = s.n > 0 && s.p[0] == '[';
	size_t end = span_find_byte(s, brackets ? ']' : ':', 0);
	if (end == SIZE_MAX)
		return false;
	struct span host = brackets ? span_of(s.p + 1, end - 1) : span_first(s, end);
	struct span rest = span_from(s, end + (brackets ? 1 : 0));
	uint64_t port;
	if (rest.n < 2 || rest.p[0] != ':' || !span_u64(span_from(rest, 1), &port) ||
		port == 0 || port > UINT16_MAX)
		return false;
	out->port = (uint16_t)port;
	return read_host(host, brackets, out);
}

/* The URL without what stands before its last '@': errors are shown and stored, credentials
 * never. */
static bool usage(struct err *err, struct span scheme, struct span rest, const char *why)
{
	for (size_t at; (at = span_find_byte(rest, '@', 0)) != SIZE_MAX;)
		rest = span_from(rest, at + 1);
	return err_set(err, ERR_USAGE, "--via '%.*s%.*s': %s", (int)scheme.n,
		(const char *)scheme.p, (int)(rest.n > 300 ? 300 : rest.n),
		(const char *)rest.p, why);
}

bool via_parse(const char *url, struct via *out, struct err *err)
{
	static const char socks[] = "socks5h://", http[] = "http://";
	struct span all = span_str(url), none = span_of("", 0);
	*out = (struct via){0};
	size_t skip;
	if (span_starts_nocase(all, socks)) {
		out->kind = VIA_SOCKS5;
		skip = sizeof socks - 1;
	} else if (span_starts_nocase(all, http)) {
		out->kind = VIA_HTTP;
		skip = sizeof http - 1;
	} else if (span_starts_nocase(all, "socks5://")) {
		return usage(err, none, all, "say socks5h://, for the exit resolves the names");
	} else {
		return usage(
			err, none, all, "is neither socks5h://host:port nor http://host:port");
	}
	struct span scheme = span_first(all, skip), rest = span_from(all, skip);
	if (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	struct span place = rest;
	for (size_t at; (at = span_find_byte(place, '@', 0)) != SIZE_MAX;)
		place = span_from(place, at + 1);
	if (place.n < rest.n && !read_credentials(span_first(rest, rest.n - place.n - 1), out))
		return usage(err, scheme, rest, "its user name or password cannot be used");
	if (!read_host_port(place, out))
		return usage(err, scheme, rest, "is not host:port behind the scheme");
	return true;
}

void via_text(const struct via *via, char out[VIA_TEXT_MAX])
{
	bool brackets = strchr(via->host, ':') != NULL;
	snprintf(out, VIA_TEXT_MAX, "%s://%s%s%s:%u",
		via->kind == VIA_SOCKS5 ? "socks5h" : "http", brackets ? "[" : "", via->host,
		brackets ? "]" : "", via->port);
}

/* ---- the socket ---- */

bool via_fail(const struct via_talk *t, struct err *err, const char *format, ...)
{
	char name[VIA_TEXT_MAX], text[ERR_DETAIL_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	via_text(t->via, name);
	return err_set(err, ERR_VIA_FAILED, "%s: %s", name, text);
}

static bool wait_for(const struct via_talk *t, short events, struct err *err)
{
	switch (wait_fd(t->fd, events, t->until_us, t->stop_fd)) {
	case WAIT_READY: return true;
	case WAIT_TIMEOUT: return via_fail(t, err, "no %s in time", t->step);
	case WAIT_STOPPED:
		return err_set(err, ERR_SHUTDOWN, "while waiting for the %s", t->step);
	}
	return false;
}

static bool again(int os)
{
	return os == EAGAIN || os == EWOULDBLOCK || os == EINTR;
}

bool via_send(const struct via_talk *t, struct span bytes, struct err *err)
{
	while (bytes.n > 0) {
		if (!wait_for(t, POLLOUT, err))
			return false;
		ssize_t n = send(t->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n < 0 && !again(errno))
			return via_fail(t, err, "%s", strerror(errno));
		if (n > 0)
			bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

static bool receive(const struct via_talk *t, uint8_t *out, size_t n, int flags, size_t *got,
	struct err *err)
{
	for (;;) {
		if (!wait_for(t, POLLIN, err))
			return false;
		ssize_t r = recv(t->fd, out, n, flags);
		if (r == 0)
			return via_fail(t, err, "closed the connection before its %s was whole",
				t->step);
		if (r < 0 && !again(errno))
			return via_fail(t, err, "%s", strerror(errno));
		if (r > 0) {
			*got = (size_t)r;
			return true;
		}
	}
}

bool via_read(const struct via_talk *t, uint8_t *out, size_t n, struct err *err)
{
	for (size_t got; n > 0; out += got, n -= got)
		if (!receive(t, out, n, 0, &got, err))
			return false;
	return true;
}

bool via_peek(const struct via_talk *t, uint8_t *out, size_t n, size_t *got, struct err *err)
{
	return receive(t, out, n, MSG_PEEK, got, err);
}

bool via_connect(const struct via *via, int fd, const char *host, uint16_t port,
	int64_t until_us, int stop_fd, struct via_exit *exit, struct err *err)
{
	*exit = (struct via_exit){0};
	struct via_talk t = {via, fd, until_us, stop_fd, "answer"};
	switch (via->kind) {
	case VIA_SOCKS5: return via_socks5(&t, host, port, exit, err);
	case VIA_HTTP: return via_http(&t, host, port, err);
	}
	return false;
}
