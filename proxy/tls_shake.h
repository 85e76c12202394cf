/*
 * One TLS handshake on a leg's socket, from the first byte to its end, whichever side we are:
 * waits, deadline, stop, and what went wrong in words. Also the facts that both sides share.
 * Inside proxy/tls_* only; tunnel threads.
 */
#ifndef PROXY_TLS_SHAKE_H
#define PROXY_TLS_SHAKE_H

#include "proxy/leg.h"
#include "proxy/tls_capture.h"
#include "proxy/tls_facts.h"

struct ssl_st;

/* False: *_TLS, *_TIMEOUT, *_CLOSED, *_RESET of the leg's side, or SHUTDOWN. */
bool tls_shake(struct ssl_st *ssl, const struct leg *leg, int64_t until_us, int stop_fd,
	const struct tls_capture *seen, struct err *err);
/* version, cipher, alpn, key_group, peer_signature, resumed, server_hello: as far as it went.
 */
void tls_shake_facts(struct ssl_st *ssl, const struct tls_capture *seen, struct arena *a,
	struct fact_handshake *out);

#endif
