/*
 * Who watches the proxy's connections from outside, by their packets, and wants to be told
 * which they are and by what secrets they can be read. The proxy does not know what is made of
 * it. Every call may come from any tunnel's thread, and returns at once where it does not say
 * otherwise; all may be NULL.
 */
#ifndef PROXY_TAP_H
#define PROXY_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct tap {
	void *self;
	/* A socket of ours, bound to a local port, is about to send its first packet to
	 * `remote`: an attempt to reach an origin or a proxy, or a question to a name server.
	 */
	void (*opening)(void *self, int fd, const struct sockaddr *remote, socklen_t len);
	/* A line of a TLS key log (RFC 9850), without line end. */
	void (*secret)(void *self, int64_t tunnel, int64_t leg, const char *line);
	/* --no-intercept: a connection is passed through unread to host:port. Called once, when
	 * the origin was reached (leg: its number), before the client is told that it may send.
	 */
	void (*passing)(void *self, int64_t tunnel, int64_t leg, const struct sockaddr *client,
		const char *host, uint16_t port);
	/* So many bytes of a tunnel that is passed through were taken from the client (up) and
	 * handed to its socket (down), behind CONNECT and its answer. Often. */
	void (*passed)(void *self, int64_t tunnel, uint64_t up, uint64_t down);
	/* Nothing more is passed, once, behind the last `passed`. up_whole: the client's end
	 * came, and all before it was taken. down_most: bytes that its socket may yet get. */
	void (*passed_all)(void *self, int64_t tunnel, bool up_whole, uint64_t down_most);
	/* A request that the proxy itself reads is about to be written down: what was passed
	 * through before it is to be written first, for the order of facts is the order of what
	 * happened. The only call that may take its time: a second at most. */
	void (*turn)(void *self);
};

#endif
