#include "store/writer_state.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Text as almost all of it is: ASCII without NUL. */
static bool plain(struct span s)
{
	uint64_t word, bad = 0;
	for (; s.n >= sizeof word; s = span_from(s, sizeof word)) {
		memcpy(&word, s.p, sizeof word);
		/* High bits, and bytes that borrow when one is taken from each: 0. */
		bad |= word | (word - 0x0101010101010101u);
	}
	for (size_t i = 0; i < s.n; i++)
		bad |= s.p[i] == 0 || s.p[i] >= 0x80 ? 0x80 : 0;
	return (bad & 0x8080808080808080u) == 0;
}

/* Bytes behind the struct; false if a text has to be looked at more closely. */
static bool measure(const struct fact_info *info, const void *fact, size_t *len)
{
	bool is_plain = true;
	for (size_t i = 0; i < info->n_fields; i++) {
		struct span v;
		if (info->fields[i].type == FACT_TYPE_INT)
			continue;
		memcpy(&v, (const uint8_t *)fact + info->fields[i].offset, sizeof v);
		*len += v.n;
		if (info->fields[i].type == FACT_TYPE_TEXT && v.n > 0)
			is_plain &= plain(v) || text_valid(v);
	}
	return is_plain;
}

static struct writer_node *new_node(enum fact_kind kind, size_t len)
{
	struct writer_node *node = malloc(sizeof *node + len);
	if (node == NULL)
		abort();
	node->next = NULL;
	node->kind = kind;
	node->len = len;
	return node;
}

/* Some text is ill-formed: by way of the encoding, which mends it. */
static struct writer_node *make_mended(enum fact_kind kind, const void *fact)
{
	struct buf b = {0};
	fact_encode(kind, fact, &b);
	size_t size = fact_info(kind)->size;
	struct writer_node *node = new_node(kind, size + buf_len(&b));
	memcpy(node->bytes + size, buf_span(&b).p, buf_len(&b));
	bool sound = fact_decode(kind, span_of(node->bytes + size, buf_len(&b)), node->bytes);
	assert(sound);
	buf_fini(&b);
	return node;
}

struct writer_node *writer_node_make(enum fact_kind kind, const void *fact)
{
	const struct fact_info *info = fact_info(kind);
	size_t len = info->size;
	if (!measure(info, fact, &len))
		return make_mended(kind, fact);
	struct writer_node *node = new_node(kind, len);
	uint8_t *to = node->bytes + info->size;
	memcpy(node->bytes, fact, info->size);
	for (size_t i = 0; i < info->n_fields; i++) {
		struct span v;
		if (info->fields[i].type == FACT_TYPE_INT)
			continue;
		memcpy(&v, node->bytes + info->fields[i].offset, sizeof v);
		if (v.p == NULL)
			continue;
		if (v.n > 0)
			memcpy(to, v.p, v.n);
		v.p = to;
		to += v.n;
		memcpy(node->bytes + info->fields[i].offset, &v, sizeof v);
	}
	return node;
}

void writer_node_free_all(struct writer_node *node)
{
	while (node != NULL) {
		struct writer_node *next = node->next;
		free(node);
		node = next;
	}
}

int64_t writer_tick_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

uint64_t writer_append(struct writer *w, struct writer_node *node)
{
	if (w->head == NULL)
		w->oldest_us = writer_tick_us();
	*w->tail = node;
	w->tail = &node->next;
	w->queued += node->len;
	w->stats.facts++;
	return ++w->tickets;
}

bool writer_due(const struct writer *w)
{
	if (w->head == NULL || w->wanted > w->taken)
		return w->head != NULL;
	if (w->patient)
		return w->tickets - w->taken >= WRITER_BATCH_MAX ||
		       w->queued >= WRITER_BATCH_BYTES;
	return w->tickets - w->taken >= WRITER_LINGER_FACTS || w->queued >= WRITER_LINGER_BYTES;
}

void writer_be_patient(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->patient = true;
	pthread_mutex_unlock(&w->lock);
}

/* A large piece of a body waits sooner: what others put behind it shall not wait for long. */
static bool has_room(const struct writer *w, size_t len)
{
	size_t most = len > WRITER_LARGE_FACT ? WRITER_QUEUE_LARGE : WRITER_QUEUE_MAX;
	return w->queued == 0 || w->queued + len <= most;
}

static void wait_for_room(struct writer *w, size_t len, int64_t *waited_us)
{
	int64_t from = clock_now_us(clock_real());
	w->stats.queue_waits++;
	w->blocked_puts++;
	while (!w->failed && !has_room(w, len))
		pthread_cond_wait(&w->room, &w->lock);
	w->blocked_puts--;
	int64_t took = clock_now_us(clock_real()) - from;
	w->stats.queue_waited_us += took;
	if (waited_us != NULL)
		*waited_us += took;
}

uint64_t writer_put(struct writer *w, enum fact_kind kind, const void *fact, int64_t *waited_us,
	struct err *err)
{
	struct writer_node *node = writer_node_make(kind, fact);
	if (node->len > DB_VALUE_MAX / 2) {
		err_set(err, ERR_LIMIT, "a %s fact of %zu bytes", fact_info(kind)->name,
			node->len);
		free(node);
		return 0;
	}
	uint64_t ticket = 0;
	pthread_mutex_lock(&w->lock);
	if (!w->failed && !has_room(w, node->len))
		wait_for_room(w, node->len, waited_us);
	if (!w->failed)
		ticket = writer_append(w, node);
	bool wake = ticket != 0 &&
		    (w->sleep == WRITER_IDLES ||
			    (w->sleep == WRITER_LINGERS && !w->busy && writer_due(w)));
	if (wake)
		w->sleep = WRITER_AWAKE;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->work);
	if (ticket == 0) {
		free(node);
		if (err != NULL)
			*err = w->err;
	}
	return ticket;
}

int64_t writer_new_session(struct writer *w)
{
	return atomic_fetch_add(&w->sessions, 1) + 1;
}

int64_t writer_new_tunnel(struct writer *w)
{
	return atomic_fetch_add(&w->tunnels, 1) + 1;
}

int64_t writer_new_leg(struct writer *w)
{
	return atomic_fetch_add(&w->legs, 1) + 1;
}

int64_t writer_new_exchange(struct writer *w)
{
	return atomic_fetch_add(&w->exchanges, 1) + 1;
}

bool writer_certificate_new(struct writer *w, const uint8_t digest[SHA256_LEN])
{
	pthread_mutex_lock(&w->certificate_lock);
	bool is_new = seen_find(&w->certificates, digest) == 0;
	if (is_new)
		seen_add(&w->certificates, digest, 1); /* full: it is stored again, no harm */
	pthread_mutex_unlock(&w->certificate_lock);
	return is_new;
}

int writer_observer_fd(struct writer *w)
{
	atomic_store(&w->observed, true);
	return w->observer;
}

void writer_stats(struct writer *w, struct writer_stats *out)
{
	pthread_mutex_lock(&w->lock);
	*out = w->stats;
	pthread_mutex_unlock(&w->lock);
}

const char *writer_path(const struct writer *w)
{
	return w->path;
}

const char *writer_case_id(const struct writer *w)
{
	return w->id;
}
