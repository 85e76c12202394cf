/*
 * The story of one TCP connection, told from its packets: what was asked of a proxy at its
 * start (CONNECT, SOCKS5), TLS, HTTP. Composes stream, decrypt and http_flow; each event goes
 * to whoever listens: `witness` makes witness facts of it, `overheard` the facts that the proxy
 * would have made. One thread.
 */
#ifndef CAPTURE_STORY_H
#define CAPTURE_STORY_H

#include "capture/decrypt.h"
#include "capture/http_flow.h"

enum { STORY_PREAMBLE_MAX = 64 * 1024 }; /* bytes each way before the connection proper */

enum story_layer { STORY_UNKNOWN, STORY_CLEAR, STORY_TLS };

struct story;

struct story_about {
	const struct flow *flow;
	/* Asked of a proxy, with success; "" and 0: nothing was. */
	char target_host[256];
	uint16_t target_port;
	bool refused; /* it was asked, and refused */
	enum story_layer layer;
	const struct decrypt_about *tls; /* NULL: none */
	const char *protocol;            /* "http/1.1", "h2", "other"; NULL: not known */
	/* Of the layer, behind the preamble: what HTTP was read from. By enum flow_way. */
	uint64_t bytes[2], lost[2];
	/* Behind the direction's end, which close_notify is: not read. In one packet with it:
	 * see decrypt_about. */
	uint64_t past[2];
	const char *why; /* what could not be read; NULL: all was. Static */
	struct packet_at why_at;
};

/* All may be NULL. */
struct story_calls {
	/* The target was granted (status 200, or SOCKS success) or refused. */
	void (*asked)(void *ctx, const struct story_about *about, const struct packet_at *at);
	void (*hello)(void *ctx, const struct story_about *about);
	void (*secured)(void *ctx, const struct story_about *about);
	/* Bytes of the layer, both for TLS plaintext and clear connections. */
	void (*plain)(
		void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at);
	/* What of it belongs to no exchange comes by http.beyond, whatever it is. */
	struct http_flow_calls http; /* ctx is the story's */
};

/* keys, calls: borrowed. to_proxy: the server of this flow is a proxy: its preamble is looked
 * for, and a plain connection's requests are in absolute form. */
struct story *story_new(const struct flow *f, bool to_proxy, const struct keylog *keys,
	bool wait, const struct story_calls *calls, void *ctx);
void story_free(struct story *s);
void story_bytes(
	struct story *s, enum flow_way way, struct span bytes, const struct packet_at *at);
void story_lost(struct story *s, enum flow_way way, uint64_t n, const struct packet_at *at);
/* By FIN. */
void story_closed(struct story *s, enum flow_way way, const struct packet_at *at);
/* By RST: what was under way was broken off. */
void story_reset(struct story *s, enum flow_way way, const struct packet_at *at);
void story_retry(struct story *s); /* the key log has grown */
void story_end(struct story *s);
const struct story_about *story_about(const struct story *s);

#endif
