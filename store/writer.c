#include "store/writer_state.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Bytes that fact_encode will write, if no text needs cleaning. */
static size_t encoded_len(const struct fact_info *info, const void *fact)
{
	size_t n = info->n_fields * 9;
	for (size_t i = 0; i < info->n_fields; i++) {
		struct span v;
		if (info->fields[i].type == FACT_TYPE_INT)
			continue;
		memcpy(&v, (const uint8_t *)fact + info->fields[i].offset, sizeof v);
		n += v.n;
	}
	return n;
}

/* The node's head is the start of the buffer that the fact is encoded into: one allocation. */
struct writer_node *writer_node_make(enum fact_kind kind, const void *fact)
{
	size_t cap = sizeof(struct writer_node) + encoded_len(fact_info(kind), fact);
	struct buf b = {.p = malloc(cap), .end = sizeof(struct writer_node), .cap = cap};
	if (b.p == NULL)
		abort();
	fact_encode(kind, fact, &b);
	struct writer_node *node = (struct writer_node *)(void *)b.p;
	node->next = NULL;
	node->kind = kind;
	node->len = b.end - sizeof(struct writer_node);
	return node;
}

uint64_t writer_append(struct writer *w, struct writer_node *node)
{
	*w->tail = node;
	w->tail = &node->next;
	w->queued += node->len;
	w->stats.facts++;
	return ++w->tickets;
}

bool writer_due(const struct writer *w)
{
	return w->head != NULL &&
	       (w->wanted > w->taken || w->tickets - w->taken >= WRITER_LINGER_FACTS ||
		       w->queued >= WRITER_LINGER_BYTES);
}

static bool has_room(const struct writer *w, size_t len)
{
	return w->queued == 0 || w->queued + len <= WRITER_QUEUE_MAX;
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
		    (w->sleep == WRITER_IDLES || (w->sleep == WRITER_LINGERS && writer_due(w)));
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
