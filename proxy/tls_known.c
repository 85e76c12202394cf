#include "proxy/tls_known.h"
#include "proxy/tls_host.h"

#include <pthread.h>
#include <stdlib.h>

struct known {
	uint8_t key[SHA256_LEN];
	int64_t from_us, until_us; /* until 0: empty */
};

struct tls_known {
	pthread_mutex_t lock; /* guards the slots */
	struct known slots[TLS_KNOWN_SLOTS];
};

struct tls_known *tls_known_new(void)
{
	struct tls_known *k = calloc(1, sizeof *k);
	if (k == NULL)
		abort();
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void tls_known_free(struct tls_known *k)
{
	if (k == NULL)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* Each part behind its length, so that no two lists of parts give the same bytes. */
static void add_part(struct sha256 *h, struct span part)
{
	uint64_t n = part.p != NULL ? part.n : UINT64_MAX;
	sha256_add(h, &n, sizeof n);
	sha256_add(h, part.p, part.n);
}

void tls_known_key(const struct tls_host *host, struct span ocsp,
	const struct span *certificates, size_t n, uint8_t key[SHA256_LEN])
{
	struct sha256 h;
	sha256_init(&h);
	add_part(&h, span_str(host->name));
	add_part(&h, span_of(host->ip, host->ip_len));
	add_part(&h, ocsp);
	for (size_t i = 0; i < n; i++)
		add_part(&h, certificates[i]);
	sha256_peek(&h, key);
	sha256_fini(&h);
}

static struct known *slot(struct tls_known *k, const uint8_t key[SHA256_LEN])
{
	return &k->slots[((size_t)key[0] << 8 | key[1]) % TLS_KNOWN_SLOTS];
}

bool tls_known_find(struct tls_known *k, const uint8_t key[SHA256_LEN], int64_t now_us)
{
	pthread_mutex_lock(&k->lock);
	const struct known *s = slot(k, key);
	/* A clock that was set back knows nothing of what comes. */
	bool found = now_us >= s->from_us && now_us < s->until_us &&
		     memcmp(s->key, key, SHA256_LEN) == 0;
	pthread_mutex_unlock(&k->lock);
	return found;
}

void tls_known_add(
	struct tls_known *k, const uint8_t key[SHA256_LEN], int64_t now_us, int64_t ends_s)
{
	struct known new = {
		.from_us = now_us, .until_us = now_us + TLS_KNOWN_S * INT64_C(1000000)};
	if (ends_s < new.until_us / 1000000)
		new.until_us = ends_s *INT64_C(1000000);
	memcpy(new.key, key, SHA256_LEN);
	pthread_mutex_lock(&k->lock);
	*slot(k, key) = new;
	pthread_mutex_unlock(&k->lock);
}
