#include "capture/keylog.h"
#include "store/base/buf.h"
#include "store/fact/fact.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { RANDOM_LEN = 32, CHUNK = 64, SLOTS_MIN = 256, TLS12_MASTER_LEN = 48 };

struct entry {
	uint8_t random[RANDOM_LEN];
	struct keylog_secrets secrets;
};

struct keylog {
	struct entry **chunks; /* of CHUNK entries each: what was found stays where it is */
	size_t n;              /* entries */
	uint32_t *slots;       /* number of an entry, from 1; 0: free */
	size_t room;           /* a power of two */
	uint64_t seed[2];      /* peers choose randoms: they shall not choose slots */
	int64_t tunnel, leg;   /* of the lines that follow */
	struct keylog_counts counts;
	uint8_t line[KEYLOG_LINE_MAX]; /* the last one, of which the end is not there yet */
	size_t line_n;
	bool line_over; /* it is longer than that */
};

struct keylog *keylog_new(void)
{
	struct keylog *k = calloc(1, sizeof *k);
	if (k == NULL)
		abort();
	k->tunnel = k->leg = FACT_NULL;
	/* Without entropy the table is only slower against whoever makes it so. */
	if (getrandom(k->seed, sizeof k->seed, GRND_NONBLOCK) != (ssize_t)sizeof k->seed)
		k->seed[0] = k->seed[1] = (uint64_t)(uintptr_t)k;
	return k;
}

void keylog_free(struct keylog *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i * CHUNK < k->n; i++) {
		explicit_bzero(k->chunks[i], CHUNK * sizeof *k->chunks[i]);
		free(k->chunks[i]);
	}
	free(k->chunks);
	free(k->slots);
	explicit_bzero(k, sizeof *k);
	free(k);
}

static struct entry *entry_of(const struct keylog *k, size_t i)
{
	return &k->chunks[i / CHUNK][i % CHUNK];
}

static size_t slot_of(const struct keylog *k, const uint8_t *random)
{
	uint64_t h = k->seed[0];
	for (size_t i = 0; i < RANDOM_LEN; i += 8) {
		uint64_t v;
		memcpy(&v, random + i, 8);
		h = (h ^ v) * UINT64_C(0x9fb21c651e98df25);
		h ^= (h >> 29) ^ k->seed[1];
	}
	return (size_t)(h ^ h >> 32) & (k->room - 1);
}

/* Its slot, or the free one where it would stand. */
static uint32_t *look(const struct keylog *k, const uint8_t *random)
{
	size_t at = slot_of(k, random);
	while (k->slots[at] != 0 &&
		memcmp(entry_of(k, k->slots[at] - 1)->random, random, RANDOM_LEN) != 0)
		at = (at + 1) & (k->room - 1);
	return &k->slots[at];
}

static void widen(struct keylog *k)
{
	if (k->room > 0 && k->n < k->room / 2)
		return;
	free(k->slots);
	k->room = k->room > 0 ? 2 * k->room : SLOTS_MIN;
	k->slots = calloc(k->room, sizeof *k->slots);
	if (k->slots == NULL)
		abort();
	for (size_t i = 0; i < k->n; i++)
		*look(k, entry_of(k, i)->random) = (uint32_t)i + 1;
}

/* NULL: there are too many. */
static struct entry *enter(struct keylog *k, const uint8_t *random)
{
	widen(k);
	uint32_t *slot = look(k, random);
	if (*slot != 0)
		return entry_of(k, *slot - 1);
	if (k->n == KEYLOG_CONNECTIONS_MAX)
		return NULL;
	if (k->n % CHUNK == 0) {
		size_t chunks = k->n / CHUNK;
		/* Powers of two, so that the list is seldom moved. */
		if ((chunks & (chunks - 1)) == 0) {
			k->chunks = realloc(k->chunks,
				(chunks > 0 ? 2 * chunks : 1) * sizeof(struct entry *));
			if (k->chunks == NULL)
				abort();
		}
		k->chunks[chunks] = calloc(CHUNK, sizeof(struct entry));
		if (k->chunks[chunks] == NULL)
			abort();
	}
	struct entry *e = entry_of(k, k->n++);
	memcpy(e->random, random, RANDOM_LEN);
	e->secrets.tunnel = k->tunnel;
	e->secrets.leg = k->leg;
	*slot = (uint32_t)k->n;
	k->counts.connections++;
	return e;
}

/* ---- lines ---- */

/* The next word; words are parted by one space (RFC 9850 2). */
static struct span word(struct span *rest)
{
	size_t at = span_find_byte(*rest, ' ', 0);
	struct span w = span_first(*rest, at);
	*rest = at == SIZE_MAX ? SPAN_NONE : span_from(*rest, at + 1);
	return w;
}

/* Returns the number of bytes; 0: it is no hex, or none, or too much. */
static size_t read_hex(struct span hex, uint8_t *out, size_t max)
{
	if (hex.n % 2 != 0 || hex.n / 2 > max)
		return 0;
	for (size_t i = 0; i < hex.n; i += 2) {
		int high = ascii_hex(hex.p[i]), low = ascii_hex(hex.p[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return hex.n / 2;
}

/* RFC 9850 2.1, 2.2. KEYLOG_LABELS: another one. */
static enum keylog_label label_of(struct span name)
{
	static const char *const names[KEYLOG_LABELS] = {
		[KEYLOG_MASTER] = "CLIENT_RANDOM",
		[KEYLOG_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
		[KEYLOG_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		[KEYLOG_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
		[KEYLOG_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
		[KEYLOG_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
	};
	size_t i = 0;
	while (i < KEYLOG_LABELS && !span_is(name, names[i]))
		i++;
	return (enum keylog_label)i;
}

static bool label_well_formed(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]) && name.p[i] != '_')
			return false;
	return name.n > 0;
}

/* "# tunnel N leg M" */
static void comment(struct keylog *k, struct span line)
{
	uint64_t tunnel, leg;
	struct span rest = span_from(line, 1);
	if (word(&rest).n != 0 || !span_is(word(&rest), "tunnel") ||
		!span_u64(word(&rest), &tunnel) || !span_is(word(&rest), "leg") ||
		!span_u64(word(&rest), &leg) || rest.p != NULL || tunnel > INT64_MAX ||
		leg > INT64_MAX)
		return;
	k->tunnel = (int64_t)tunnel;
	k->leg = (int64_t)leg;
}

/* A secret that is there already stays: a second, other value is nobody's. */
static bool put(struct entry *e, enum keylog_label label, const uint8_t *bytes, size_t n)
{
	struct keylog_secret *s = &e->secrets.of[label];
	if (s->n > 0)
		return s->n == n && memcmp(s->bytes, bytes, n) == 0;
	memcpy(s->bytes, bytes, n);
	s->n = (uint8_t)n;
	return true;
}

static bool read_line(struct keylog *k, struct span line)
{
	uint8_t random[RANDOM_LEN], secret[KEYLOG_SECRET_MAX];
	struct span rest = line;
	struct span name = word(&rest);
	struct span random_hex = word(&rest);
	struct span secret_hex = word(&rest);
	if (!label_well_formed(name) || rest.p != NULL)
		return false;
	enum keylog_label label = label_of(name);
	if (label == KEYLOG_LABELS) {
		/* EXPORTER_SECRET, ECH_SECRET and those to come: of no use here. */
		return random_hex.n > 0 && secret_hex.n > 0;
	}
	size_t n = read_hex(secret_hex, secret, sizeof secret);
	/* RFC 5246 8.1; a hash of TLS 1.3 otherwise. */
	bool fits = n == TLS12_MASTER_LEN || (label != KEYLOG_MASTER && (n == 32 || n == 64));
	bool ok = fits && read_hex(random_hex, random, RANDOM_LEN) == RANDOM_LEN;
	struct entry *e = ok ? enter(k, random) : NULL;
	ok = e != NULL && put(e, label, secret, n);
	k->counts.contradicting += e != NULL && !ok;
	explicit_bzero(secret, sizeof secret);
	return ok;
}

static void take_line(struct keylog *k, struct span line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return;
	if (line.p[0] == '#') {
		comment(k, line);
		return;
	}
	if (read_line(k, line))
		k->counts.lines++;
	else
		k->counts.unread++;
}

void keylog_add(struct keylog *k, struct span text)
{
	while (text.n > 0) {
		size_t end = span_find_byte(text, '\n', 0);
		struct span part = span_first(text, end);
		bool whole = end != SIZE_MAX;
		text = span_from(text, whole ? end + 1 : text.n);
		if (whole && k->line_n == 0 && !k->line_over && part.n <= KEYLOG_LINE_MAX) {
			take_line(k, part);
			continue;
		}
		if (part.n > sizeof k->line - k->line_n)
			k->line_over = true;
		else if (part.n > 0)
			memcpy(k->line + k->line_n, part.p, part.n);
		k->line_n = k->line_over ? 0 : k->line_n + part.n;
		if (!whole)
			continue;
		if (k->line_over)
			k->counts.unread++;
		else
			take_line(k, span_of(k->line, k->line_n));
		k->line_n = 0;
		k->line_over = false;
	}
}

const struct keylog_secrets *keylog_find(const struct keylog *k, struct span random)
{
	if (k == NULL || random.n != RANDOM_LEN || k->room == 0)
		return NULL;
	uint32_t slot = *look(k, random.p);
	return slot != 0 ? &entry_of(k, slot - 1)->secrets : NULL;
}

void keylog_counts(const struct keylog *k, struct keylog_counts *out)
{
	*out = k->counts;
}
