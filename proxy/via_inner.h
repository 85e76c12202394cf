/*
 * What the files of via share: exact reading and writing with deadline and stop. Nobody else
 * includes this.
 */
#ifndef PROXY_VIA_INNER_H
#define PROXY_VIA_INNER_H

#include "proxy/via.h"
#include "store/base/buf.h"

struct via_talk {
	const struct via *via;
	int fd;
	int64_t until_us;
	int stop_fd;
	const char *step; /* what is under way, for errors: "answer to the greeting" */
};

/* VIA_FAILED: "socks5h://host:port: " and the text. */
bool via_fail(const struct via_talk *t, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool via_send(const struct via_talk *t, struct span bytes, struct err *err);
/* Exactly n bytes. */
bool via_read(const struct via_talk *t, uint8_t *out, size_t n, struct err *err);
/* At least one byte, at most n, left in the socket: *got of them are in out. */
bool via_peek(const struct via_talk *t, uint8_t *out, size_t n, size_t *got, struct err *err);

bool via_socks5(const struct via_talk *t, const char *host, uint16_t port,
	struct via_exit *exit, struct err *err);
bool via_http(const struct via_talk *t, const char *host, uint16_t port, struct err *err);

#endif
