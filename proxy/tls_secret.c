#include "proxy/tls_secret.h"
#include "proxy/tap.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int place; /* of a connection's tls_secret */

static void make_place(void)
{
	place = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (place < 0)
		abort();
}

static void tell(const SSL *ssl, const char *line)
{
	const struct tls_secret *s = SSL_get_ex_data(ssl, place);
	if (s != NULL && s->tap != NULL && s->tap->secret != NULL)
		s->tap->secret(s->tap->self, s->tunnel, s->leg, line);
}

void tls_secret_tell(struct ssl_ctx_st *ctx)
{
	pthread_once(&once, make_place);
	SSL_CTX_set_keylog_callback(ctx, tell);
}

/* OpenSSL takes what hangs on a connection as writable; nobody writes to it. */
void tls_secret_start(const struct tls_secret *s, struct ssl_st *ssl)
{
	if (s->tap == NULL || s->tap->secret == NULL)
		return; /* place may not be one */
	pthread_once(&once, make_place);
	SSL_set_ex_data(ssl, place, (void *)(uintptr_t)s);
}

void tls_secret_stop(struct ssl_st *ssl)
{
	if (SSL_CTX_get_keylog_callback(SSL_get_SSL_CTX(ssl)) != NULL)
		SSL_set_ex_data(ssl, place, NULL);
}
