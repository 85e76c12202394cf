/*
 * Where answers come from. The live network (origin_live.c) is one; a recorded case and a
 * scripted one for tests can stand in its place. Opening gives a leg: from there on everything
 * is the same.
 */
#ifndef PROXY_ORIGIN_H
#define PROXY_ORIGIN_H

#include "proxy/record.h"

enum { ORIGIN_ALPN_MAX = 32 };

struct x509_st;

struct origin_ask {
	const char *host; /* A-label name or IP literal without brackets, lower case */
	uint16_t port;
	bool tls;
	const char *const *alpn; /* what to offer, NULL-terminated; NULL: nothing */
	struct record *record;   /* every step is recorded here, failures too */
	struct arena *arena;
	int stop_fd;
};

struct origin_got {
	char alpn[ORIGIN_ALPN_MAX]; /* what the origin chose; "" = nothing */
	struct x509_st *peer; /* its certificate, freed by tls_cert_free; NULL: none. Given on
				 failure too */
};

struct origin {
	/* True: leg is initialised and open (its number is set). False: leg is untouched, err
	 * says why, and the facts are put. */
	bool (*open)(void *self, const struct origin_ask *ask, struct leg *leg,
		struct origin_got *got, struct err *err);
	void *self;
};

#endif
