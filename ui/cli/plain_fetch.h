/*
 * One request of the built-in client, through our own proxy like any browser's: CONNECT and TLS
 * for https, absolute form for http, one connection per request. It knows no cookies, follows
 * nothing and records nothing: the proxy does that. One thread.
 */
#ifndef UI_CLI_PLAIN_FETCH_H
#define UI_CLI_PLAIN_FETCH_H

#include "capture/wire/http1.h"
#include "proxy/tls_connect.h"
#include "store/derive/url.h"

#include <sys/socket.h>

enum {
	PLAIN_FETCH_TIMEOUT_S = 180, /* one exchange; the proxy's own limits are tighter */
	PLAIN_BODY_KEEP = 2 * 1024 * 1024,  /* bytes of a body that are looked at */
	PLAIN_BODY_MAX = 256 * 1024 * 1024, /* bytes that are read before we hang up */
	PLAIN_INTERIM_MAX = 16,             /* 1xx answers before the final one */
};

/* The way to the proxy. */
struct plain_road {
	struct sockaddr_storage proxy;
	char authorization[512]; /* a whole "Proxy-Authorization: ..." line with its CRLF, or ""
				  */
	struct tls_client *tls;  /* trusts our own CA */
	int stop_fd;
};

struct plain_answer {
	struct http1_head head; /* in the arena */
	struct span body;       /* as it came, at most PLAIN_BODY_KEEP bytes; in the arena */
	bool whole;             /* the message ended as announced */
};

/* fields: header lines with their CRLF, Host and Connection left out. Errors: those of legs,
 * TLS and HTTP/1. */
bool plain_fetch(const struct plain_road *road, const struct url *url, const char *method,
	struct span fields, struct arena *a, struct plain_answer *out, struct err *err);

#endif
