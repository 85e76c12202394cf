/*
 * A TLS client in a thread of its own, for tests of whatever answers it: says "ping", hears
 * what comes back, and remembers what it saw. Real OpenSSL. The fields above the line are the
 * caller's to set, those below are there once tls_browser_join came back.
 */
#ifndef KIT_TLS_BROWSER_H
#define KIT_TLS_BROWSER_H

#include <openssl/x509.h>
#include <pthread.h>
#include <stdbool.h>

enum tls_browser_temper {
	TLS_BROWSER_TALKS,
	TLS_BROWSER_RENEGOTIATES,
	TLS_BROWSER_LEAVES_AFTER_HELLO
};

struct tls_browser {
	const char *sni, *check_host, *groups;
	const char *alpn; /* wire form */
	unsigned alpn_len;
	int version;  /* 0: any */
	X509 *trusts; /* the root it trusts; NULL: none */
	enum tls_browser_temper temper;
	/* ---- */
	int fd;
	pthread_t thread;
	bool shaken;
	unsigned tickets;
	char alpn_chosen[32], heard[64], why[160];
	X509 *leaf;
};

/* Takes the socket (blocking); it is closed when the thread ends. */
void tls_browser_start(struct tls_browser *c, int fd);
void tls_browser_join(struct tls_browser *c);
void tls_browser_fini(struct tls_browser *c);

#endif
