#include "proxy/leaves.h"
#include "store/base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	LEAVES_BUCKETS = 8192, /* a power of two */
	LEAVES_SPARE_S = 3600, /* a leaf that ends sooner is made anew */
	LEAVES_KEY_MAX = 256,  /* longer ones are no host names: mint says so */
};

struct leaf {
	struct leaf *next_in_bucket;
	char host[LEAVES_KEY_MAX]; /* lower case */
	struct x509_st *cert;
};

struct leaves {
	pthread_mutex_t lock; /* guards everything below; held while minting, so that one host
				 is minted once */
	struct mint *mint;
	struct leaf *buckets[LEAVES_BUCKETS];
	struct leaf *ring[LEAVES_MAX]; /* in order of birth */
	size_t n, oldest;
};

struct leaves *leaves_new(struct mint *m)
{
	struct leaves *l = calloc(1, sizeof *l);
	if (l == NULL)
		abort();
	pthread_mutex_init(&l->lock, NULL);
	l->mint = m;
	return l;
}

static void leaf_free(struct leaf *leaf)
{
	mint_leaf_free(leaf->cert);
	free(leaf);
}

void leaves_free(struct leaves *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++)
		leaf_free(l->ring[i]);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* FNV-1a. Hosts come from hostile pages, but there are at most LEAVES_MAX of them: a long
 * bucket is not worth a keyed hash. */
static struct leaf **bucket(struct leaves *l, const char *key)
{
	uint32_t h = 2166136261u;
	for (const char *p = key; *p != 0; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return &l->buckets[h & (LEAVES_BUCKETS - 1)];
}

static struct leaf *find(struct leaves *l, const char *key)
{
	struct leaf *leaf = *bucket(l, key);
	while (leaf != NULL && strcmp(leaf->host, key) != 0)
		leaf = leaf->next_in_bucket;
	return leaf;
}

static bool still_good(const struct leaves *l, const struct leaf *leaf)
{
	return mint_leaf_ends_s(leaf->cert) > mint_now_s(l->mint) + LEAVES_SPARE_S;
}

static void unlink_from_bucket(struct leaves *l, struct leaf *leaf)
{
	for (struct leaf **at = bucket(l, leaf->host); *at != NULL;
		at = &(*at)->next_in_bucket) {
		if (*at != leaf)
			continue;
		*at = leaf->next_in_bucket;
		return;
	}
}

static void remember(struct leaves *l, const char *key, struct x509_st *cert)
{
	struct leaf *leaf = calloc(1, sizeof *leaf);
	if (leaf == NULL)
		abort();
	snprintf(leaf->host, sizeof leaf->host, "%s", key);
	leaf->cert = cert;
	if (l->n == LEAVES_MAX) {
		unlink_from_bucket(l, l->ring[l->oldest]);
		leaf_free(l->ring[l->oldest]);
		l->ring[l->oldest] = leaf;
		l->oldest = (l->oldest + 1) % LEAVES_MAX;
	} else {
		l->ring[l->n++] = leaf;
	}
	struct leaf **at = bucket(l, key);
	leaf->next_in_bucket = *at;
	*at = leaf;
}

struct x509_st *leaves_get(
	struct leaves *l, const char *host, const struct x509_st *like, struct err *err)
{
	char key[LEAVES_KEY_MAX] = "";
	size_t n = strlen(host);
	if (n >= sizeof key)
		return mint_leaf(l->mint, host, like, err);
	for (size_t i = 0; i <= n; i++)
		key[i] = (char)ascii_lower((uint8_t)host[i]);
	pthread_mutex_lock(&l->lock);
	struct leaf *leaf = find(l, key);
	struct x509_st *cert = leaf != NULL && still_good(l, leaf) ? leaf->cert : NULL;
	if (cert == NULL) {
		cert = mint_leaf(l->mint, key, like, err);
		if (cert != NULL && leaf != NULL) {
			mint_leaf_free(leaf->cert);
			leaf->cert = cert;
		} else if (cert != NULL) {
			remember(l, key, cert);
		}
	}
	if (cert != NULL)
		mint_leaf_ref(cert);
	pthread_mutex_unlock(&l->lock);
	return cert;
}
