/*
 * A case held against its packets: one that agrees in everything, and then each way to differ,
 * which must be told as what it is and of the tunnel where it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/witness_case.h"
#include "ui/report/compared.h"

enum { TUNNELS = 8, WHICH = 7 };

struct told {
	struct arena arena;
	struct verdict *of; /* all but agree */
	size_t n;
	struct compared_counts counts;
	bool ok;
	struct err err;
};

static bool take(void *ctx, const struct verdict *v)
{
	struct told *t = ctx;
	struct verdict kept = *v;
	if (v->kind == VERDICT_AGREE)
		return true;
	kept.proxy_value = arena_copy(&t->arena, v->proxy_value);
	kept.witness_value = arena_copy(&t->arena, v->witness_value);
	kept.detail = arena_copy(&t->arena, v->detail);
	kept.file = arena_copy(&t->arena, v->file);
	ARENA_PUSH(&t->arena, t->of, t->n, kept);
	return true;
}

/* What is kept for who asks again says the same, and what is too large says nothing. */
static void same_when_kept(struct case_file *f, const char *companion, const struct told *t)
{
	struct told again = {0};
	struct err err = {0};
	struct compared_all *all = compared_all_read(f, companion, 64 << 20, &err);
	assert_non_null(all);
	assert_false(compared_all_full(all));
	compared_all_walk(all, take, &again, &again.counts);
	assert_int_equal(again.n, t->n);
	assert_memory_equal(&again.counts, &t->counts, sizeof t->counts);
	for (size_t i = 0; i < t->n; i++) {
		assert_int_equal(again.of[i].kind, t->of[i].kind);
		assert_int_equal(again.of[i].exchange, t->of[i].exchange);
		assert_true(span_eq(again.of[i].file, t->of[i].file));
		assert_true(span_eq(again.of[i].detail, t->of[i].detail));
		assert_true(t->of[i].proxy_value.n > COMPARED_VALUE_MAX ||
			    span_eq(again.of[i].proxy_value, t->of[i].proxy_value));
		assert_true(t->of[i].witness_value.n > COMPARED_VALUE_MAX ||
			    span_eq(again.of[i].witness_value, t->of[i].witness_value));
	}
	arena_fini(&again.arena);
	bool any = compared_all_bytes(all) > 0;
	compared_all_free(all);
	all = compared_all_read(f, companion, 0, &err);
	assert_non_null(all);
	assert_int_equal(compared_all_full(all), any);
	compared_all_free(all);
}

static void walk(const struct witness_case *c, struct told *t)
{
	*t = (struct told){0};
	struct case_file *f = case_open(c->of_case.path, &t->err);
	assert_non_null(f);
	t->ok = compared_walk(f, c->path, 0, take, t, &t->counts, &t->err);
	if (t->ok)
		same_when_kept(f, c->path, t);
	case_close(f);
}

static void print(const struct told *t)
{
	for (size_t i = 0; i < t->n; i++)
		print_message(
			"  %s %s: tunnel %lld leg %lld exchange %lld: %.*s | %.*s (%.*s)\n",
			verdict_kind_word(t->of[i].kind),
			verdict_subject_word(t->of[i].subject), (long long)t->of[i].tunnel,
			(long long)t->of[i].leg, (long long)t->of[i].exchange,
			(int)t->of[i].proxy_value.n, (const char *)t->of[i].proxy_value.p,
			(int)t->of[i].witness_value.n, (const char *)t->of[i].witness_value.p,
			(int)t->of[i].detail.n, (const char *)t->of[i].detail.p);
}

static void all_agrees(void **state)
{
	(void)state;
	struct witness_case c;
	struct told t;
	witness_case_make(&c, TUNNELS, NULL, NULL);
	walk(&c, &t);
	if (!t.ok)
		print_message("%s: %s\n", err_word(t.err.kind), t.err.detail);
	assert_true(t.ok);
	print(&t);
	assert_int_equal(t.n, 0);
	assert_int_equal(t.counts.tunnels, TUNNELS);
	assert_int_equal(t.counts.legs, 2 * TUNNELS);
	assert_int_equal(t.counts.flows, 2 * TUNNELS);
	assert_int_equal(t.counts.exchanges, TUNNELS);
	/* Both files; per tunnel and leg what there is to compare; the name. */
	assert_int_equal(t.counts.of[VERDICT_AGREE], 2 + TUNNELS * (15 + 14 + 6 + 5 + 1));
	arena_fini(&t.arena);
	witness_case_fini(&c);
}

/* ---- one fact is changed, or left out ---- */

enum how {
	DROP,  /* the fact is not there */
	FLIP,  /* the lowest bit of the field is another */
	CLEAR, /* the field is unknown */
	WORD,  /* the field is this word, or this number */
};

struct change {
	const char *name;
	bool in_companion;
	enum fact_kind kind;
	int64_t leg; /* of a fact that has one: 0 the browser's, 1 an origin's; -1: any */
	const char *field;
	enum how how;
	const char *word;
	int64_t number;
	/* What comes of it, in order: all that is not agree. */
	struct {
		enum verdict_kind kind;
		enum verdict_subject subject;
		int64_t leg;  /* 0, 1; -1: no leg */
		bool nowhere; /* of no tunnel: the case does not have it */
	} expect[4];
};

static const struct fact_field *field_of(enum fact_kind kind, const char *name)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++)
		if (strcmp(info->fields[i].name, name) == 0)
			return &info->fields[i];
	fail_msg("%s has no %s", info->name, name);
	return NULL;
}

static int64_t number_in(enum fact_kind kind, const void *fact, const char *name)
{
	int64_t v;
	memcpy(&v, (const uint8_t *)fact + field_of(kind, name)->offset, sizeof v);
	return v;
}

/* Which tunnel a fact is of: kinds of the case count tunnels, legs, exchanges alike; flows of
 * the origin's side come behind all of the browser's. */
static bool is_the_one(const struct change *c, enum fact_kind kind, const void *fact)
{
	const struct fact_info *info = fact_info(kind);
	const char *key = info->fields[2].name;
	int64_t n = number_in(kind, fact, key);
	if (strcmp(key, "flow") == 0) {
		int64_t side = n > TUNNELS;
		return n - side * TUNNELS == WHICH && (c->leg < 0 || c->leg == side);
	}
	if (strcmp(key, "tunnel") != 0 && strcmp(key, "exchange") != 0)
		return kind == FACT_KIND_PACKET_DNS
			       ? number_in(kind, fact, "packet") == WHICH * 20 + 1
			       : n == 1 || info->fields[2].type != FACT_TYPE_INT;
	if (n != WHICH)
		return false;
	if (c->leg < 0 || strcmp(key, "tunnel") != 0 || kind == FACT_KIND_TUNNEL ||
		kind == FACT_KIND_CONNECT || kind == FACT_KIND_TUNNEL_END)
		return true;
	return (number_in(kind, fact, "leg") != 0) == (c->leg != 0);
}

static uint8_t changed[4096];

static bool apply(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	const struct change *c = ctx;
	if (in_companion != c->in_companion || kind != c->kind || !is_the_one(c, kind, fact))
		return true;
	if (c->how == DROP)
		return false;
	const struct fact_field *f = field_of(kind, c->field);
	uint8_t *at = (uint8_t *)fact + f->offset;
	if (f->type == FACT_TYPE_INT) {
		int64_t v;
		memcpy(&v, at, sizeof v);
		v = c->how == CLEAR ? FACT_NULL : c->how == WORD ? c->number : v ^ 1;
		memcpy(at, &v, sizeof v);
		return true;
	}
	struct span s;
	memcpy(&s, at, sizeof s);
	if (c->how == CLEAR)
		s = SPAN_NONE;
	if (c->how == WORD)
		s = span_str(c->word);
	if (c->how == FLIP) {
		assert_true(s.n > 0 && s.n < sizeof changed);
		memcpy(changed, s.p, s.n);
		changed[s.n - 1] ^= 1;
		s.p = changed;
	}
	memcpy(at, &s, sizeof s);
	return true;
}

#define D(subject, leg)                                                                        \
	{                                                                                      \
		VERDICT_DIFFER, VERDICT_OF_##subject, leg, false                               \
	}
#define U(subject, leg)                                                                        \
	{                                                                                      \
		VERDICT_UNSEEN, VERDICT_OF_##subject, leg, false                               \
	}
#define GONE(subject)                                                                          \
	{                                                                                      \
		VERDICT_DIFFER, VERDICT_OF_##subject, -1, true                                 \
	}
#define OURS(kind, leg, field) #kind, false, FACT_KIND_##kind, leg, field
#define THEIRS(kind, leg, field) #kind, true, FACT_KIND_##kind, leg, field

#define X8(s) s s s s s s s s
#define X64(s) X8(s) X8(s) X8(s) X8(s) X8(s) X8(s) X8(s) X8(s)

static const struct change changes[] = {
	/* a flipped bit in the case */
	{OURS(TUNNEL, -1, "client_port"), FLIP, NULL, 0, {D(CONNECTION, 0), GONE(CONNECTION)}},
	{OURS(CONNECT, -1, "host"), FLIP, NULL, 0, {D(TARGET, 0)}},
	{OURS(CONNECT, -1, "port"), FLIP, NULL, 0, {D(TARGET, 0)}},
	{OURS(HELLO, 0, "raw"), FLIP, NULL, 0, {D(HELLO, 0)}},
	{OURS(HELLO, 1, "raw"), FLIP, NULL, 0, {D(HELLO, 1)}},
	{OURS(HELLO, 0, "ja3"), FLIP, NULL, 0, {D(JA3, 0)}},
	{OURS(HELLO, 1, "ja4"), FLIP, NULL, 0, {D(JA4, 1)}},
	{OURS(HELLO, 1, "sni"), FLIP, NULL, 0, {D(SNI, 1)}},
	{OURS(HELLO, 1, "sni"), CLEAR, NULL, 0, {D(SNI, 1)}},
	{OURS(HELLO, 0, "alpn"), FLIP, NULL, 0, {D(OFFERED_ALPN, 0)}},
	{OURS(HANDSHAKE, 0, "server_hello"), FLIP, NULL, 0, {D(SERVER_HELLO, 0)}},
	{OURS(HANDSHAKE, 1, "version"), FLIP, NULL, 0, {D(VERSION, 1)}},
	{OURS(HANDSHAKE, 1, "cipher"), FLIP, NULL, 0, {D(CIPHER, 1)}},
	{OURS(HANDSHAKE, 0, "alpn"), FLIP, NULL, 0, {D(ALPN, 0)}},
	{OURS(HANDSHAKE, 1, "certs"), FLIP, NULL, 0, {D(CERTIFICATES, 1)}},
	{OURS(HANDSHAKE, 1, "certs"), CLEAR, NULL, 0, {U(CERTIFICATES, 1)}},
	{OURS(LEG_END, 0, "in_bytes"), FLIP, NULL, 0, {D(UP, 0)}},
	{OURS(LEG_END, 0, "in_sha256"), FLIP, NULL, 0, {D(UP, 0)}},
	{OURS(LEG_END, 1, "in_sha256"), FLIP, NULL, 0, {D(DOWN, 1)}},
	{OURS(LEG_END, 0, "out_sha256"), FLIP, NULL, 0, {D(DOWN, 0)}},
	{OURS(LEG_END, 1, "out_bytes"), FLIP, NULL, 0, {D(UP, 1)}},
	{OURS(LEG_END, 1, ""), DROP, NULL, 0, {U(UP, 1), U(DOWN, 1)}},
	{OURS(TUNNEL, -1, "at_us"), WORD, NULL, WITNESS_EPOCH_US - 1000000, {D(TIME, 0)}},
	{OURS(LEG, -1, "at_us"), WORD, NULL, WITNESS_EPOCH_US - 1000000, {D(TIME, 1)}},
	{OURS(DNS, -1, "addresses"), FLIP, NULL, 0, {D(DNS, 1)}},
	{OURS(LEG, -1, "attempts"), WORD, X64("a:1 limit\n") "a:2 limit\n", 0,
		{U(CONNECTION, 1)}},
	{OURS(REQUEST, -1, "method"), FLIP, NULL, 0, {D(REQUEST, 0), D(REQUEST, 1)}},
	{OURS(REQUEST, -1, "url"), FLIP, NULL, 0, {D(REQUEST, 0), D(REQUEST, 1)}},
	{OURS(REQUEST, -1, "head"), FLIP, NULL, 0, {D(REQUEST, 0), D(REQUEST, 1)}},
	{OURS(REQUEST, -1, "at_us"), WORD, NULL, WITNESS_EPOCH_US, {D(TIME, 0)}},
	{OURS(RESPONSE, -1, "status"), FLIP, NULL, 0, {D(RESPONSE, 0), D(RESPONSE, 1)}},
	{OURS(RESPONSE, -1, "head"), FLIP, NULL, 0, {D(RESPONSE, 0), D(RESPONSE, 1)}},
	{OURS(RESPONSE, -1, "head"), CLEAR, NULL, 0, {U(RESPONSE, 0), U(RESPONSE, 1)}},
	{OURS(RESPONSE, -1, ""), DROP, NULL, 0, {D(RESPONSE, 0), D(RESPONSE, 1)}},
	{OURS(EXCHANGE_END, -1, "res_sha256"), FLIP, NULL, 0,
		{D(RESPONSE_BODY, 0), D(RESPONSE_BODY, 1)}},
	{OURS(EXCHANGE_END, -1, "res_size"), FLIP, NULL, 0,
		{D(RESPONSE_BODY, 0), D(RESPONSE_BODY, 1)}},
	{OURS(EXCHANGE_END, -1, "res_stored"), FLIP, NULL, 0, {D(STORED_BODY, 0)}},
	{OURS(CHUNK, -1, "data"), FLIP, NULL, 0, {D(STORED_BODY, 0)}},
	{OURS(CHUNK, -1, ""), DROP, NULL, 0, {D(STORED_BODY, 0)}},
	/* something was taken out of the case */
	{OURS(REQUEST, -1, ""), DROP, NULL, 0, {D(EXCHANGE, 0), D(EXCHANGE, 1)}},
	{OURS(LEG, -1, ""), DROP, NULL, 0, {GONE(CONNECTION)}},
	{OURS(TUNNEL, -1, ""), DROP, NULL, 0, {GONE(CONNECTION)}},
	{OURS(HELLO, 1, ""), DROP, NULL, 0, {D(HELLO, 1)}},
	{OURS(CAPTURE, -1, "size"), FLIP, NULL, 0, {GONE(FILE), GONE(FILE)}},
	/* something is not in the packets */
	{THEIRS(FLOW, 0, ""), DROP, NULL, 0, {D(CONNECTION, 0)}},
	{THEIRS(FLOW, 1, ""), DROP, NULL, 0, {D(CONNECTION, 1)}},
	{THEIRS(FLOW_EXCHANGE, 0, ""), DROP, NULL, 0, {D(EXCHANGE, 0)}},
	{THEIRS(FLOW_EXCHANGE, 1, ""), DROP, NULL, 0, {D(EXCHANGE, 1)}},
	{THEIRS(FLOW, 1, "conflicts"), WORD, NULL, 12, {D(OVERLAP, 1)}},
	{THEIRS(FLOW, 0, "server_port"), WORD, NULL, 443,
		{D(CONNECTION, 0), {VERDICT_BYPASS, VERDICT_OF_CONNECTION, -1, true}}},
	{THEIRS(FLOW_PLAIN, 0, "down_lost"), WORD, NULL, 1460, {U(DOWN, 0)}},
	{THEIRS(FLOW_TLS, 1, "hello"), CLEAR, NULL, 0, {U(HELLO, 1)}},
	{THEIRS(PACKET_DNS, 1, ""), DROP, NULL, 0, {U(DNS, 1)}},
};

/* ---- each change is made in a copy of one case that agrees ---- */

enum { CHANGES = sizeof changes / sizeof *changes };

static struct {
	struct buf sql[CHANGES];
	int64_t seq[2]; /* of the facts so far, in the case and in its companion */
} made;

/* The fields that another value was put into, as SQL. */
static void add_sql(enum fact_kind kind, int64_t seq, const uint8_t *before,
	const uint8_t *after, struct buf *out)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		size_t n = f->type == FACT_TYPE_INT ? sizeof(int64_t) : sizeof(struct span);
		if (memcmp(before + f->offset, after + f->offset, n) == 0)
			continue;
		if (i < 2)
			buf_addf(out, "UPDATE fact SET %s = ", f->name);
		else
			buf_addf(out, "UPDATE fact SET f%zu = ", i + 1);
		int64_t v;
		struct span text = SPAN_NONE;
		memcpy(&v, after + f->offset, sizeof v);
		if (f->type != FACT_TYPE_INT)
			memcpy(&text, after + f->offset, sizeof text);
		if (f->type == FACT_TYPE_INT ? v == FACT_NULL : text.p == NULL) {
			buf_add_str(out, "NULL");
		} else if (f->type == FACT_TYPE_INT) {
			buf_addf(out, "%lld", (long long)v);
		} else {
			buf_add_str(out, f->type == FACT_TYPE_TEXT ? "CAST(X'" : "X'");
			for (size_t k = 0; k < text.n; k++)
				buf_addf(out, "%02x", text.p[k]);
			buf_add_str(out, f->type == FACT_TYPE_TEXT ? "' AS TEXT)" : "'");
		}
		buf_addf(out, " WHERE seq = %lld; ", (long long)seq);
	}
}

static bool look(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	const struct fact_info *info = fact_info(kind);
	int64_t seq = ++made.seq[in_companion];
	uint8_t *copy = malloc(info->size);
	assert_non_null(copy);
	(void)ctx;
	for (size_t i = 0; i < CHANGES; i++) {
		struct change one = changes[i];
		memcpy(copy, fact, info->size);
		if (!apply(&one, kind, copy, in_companion))
			buf_addf(&made.sql[i], "DELETE FROM fact WHERE seq = %lld; ",
				(long long)seq);
		else
			add_sql(kind, seq, fact, copy, &made.sql[i]);
	}
	free(copy);
	return true;
}

static void read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;
	assert_non_null(f);
	do {
		n = fread(buf_room(out, 65536), 1, 65536, f);
		buf_grew(out, n);
	} while (n > 0);
	fclose(f);
}

static void write_file(const char *path, const struct buf *from)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(buf_span(from).p, 1, buf_len(from), f), buf_len(from));
	assert_int_equal(fclose(f), 0);
}

static void spoil(const char *path, const struct buf *sql)
{
	struct temp_case t = {.writer = NULL};
	struct arena a = {0};
	assert_true(strlen(path) < sizeof t.path);
	memcpy(t.path, path, strlen(path) + 1);
	temp_case_spoil(&t, arena_printf(&a, "PRAGMA synchronous = OFF; %.*s",
				    (int)buf_len(sql), (const char *)buf_span(sql).p));
	arena_fini(&a);
}

/* Is that what was to come of it? */
static bool as_expected(const struct change *x, const struct told *t)
{
	size_t n = 0;
	while (n < 4 && x->expect[n].kind != VERDICT_AGREE)
		n++;
	bool same = t->ok && t->n == n;
	for (size_t k = 0; same && k < n; k++) {
		const struct verdict *v = &t->of[k];
		int64_t leg = x->expect[k].leg < 0    ? FACT_NULL
			      : x->expect[k].leg == 0 ? 0
						      : WHICH;
		same = v->kind == x->expect[k].kind && v->subject == x->expect[k].subject &&
		       v->tunnel == (x->expect[k].nowhere ? FACT_NULL : WHICH) &&
		       v->leg == leg && (v->kind != VERDICT_UNSEEN || v->detail.n > 0);
	}
	return same;
}

static void each_change_is_told(void **state)
{
	(void)state;
	int bad = 0;
	struct witness_case c;
	struct buf ours = {0}, theirs = {0};
	witness_case_make(&c, TUNNELS, look, NULL);
	read_file(c.of_case.path, &ours);
	read_file(c.path, &theirs);
	for (size_t i = 0; i < CHANGES; i++) {
		struct told t;
		assert_true(buf_len(&made.sql[i]) > 0);
		write_file(c.of_case.path, &ours);
		write_file(c.path, &theirs);
		spoil(changes[i].in_companion ? c.path : c.of_case.path, &made.sql[i]);
		walk(&c, &t);
		if (!as_expected(&changes[i], &t)) {
			bad++;
			print(&t);
			print_message("%s.%s (%zu): %zu verdicts that are not agree\n",
				changes[i].name, changes[i].field, i, t.n);
		}
		arena_fini(&t.arena);
		buf_fini(&made.sql[i]);
	}
	buf_fini(&ours);
	buf_fini(&theirs);
	witness_case_fini(&c);
	assert_int_equal(bad, 0);
}

/* A reading that did not come to its end says nothing. */
static bool without_its_end(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	(void)ctx;
	return !in_companion || kind != FACT_KIND_CUSTODY ||
	       !span_is(((struct fact_custody *)fact)->act, "crosschecked");
}

/* Nor does the companion of another case. */
static bool of_another(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	struct fact_custody *f = fact;
	(void)ctx;
	if (in_companion && kind == FACT_KIND_CUSTODY && span_is(f->act, "companion"))
		f->detail = span_str("of case 00000000000000000000000000000000");
	return true;
}

static void not_believed(void **state)
{
	(void)state;
	struct witness_case c;
	struct told t;
	witness_case_make(&c, 2, without_its_end, NULL);
	walk(&c, &t);
	assert_true(t.ok);
	assert_int_equal(t.counts.tunnels, 0);
	witness_case_fini(&c);
	witness_case_make(&c, 2, of_another, NULL);
	walk(&c, &t);
	assert_false(t.ok);
	assert_int_equal(t.err.kind, ERR_CASE_OPEN);
	witness_case_fini(&c);
}

/* One port, used again and again: each connection has its own flow, also where those of others
 * are missing. */
static bool one_port(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	int64_t *leave_out = ctx;
	struct fact_tunnel *t = fact;
	struct fact_flow *f = fact;
	if (!in_companion && kind == FACT_KIND_TUNNEL)
		t->client_port = 40000;
	if (in_companion && kind == FACT_KIND_FLOW && f->flow <= TUNNELS)
		f->client_port = 40000;
	return !in_companion || kind != FACT_KIND_FLOW || f->flow != *leave_out;
}

static void a_port_that_is_used_again(void **state)
{
	(void)state;
	for (int64_t out = 0; out <= TUNNELS; out += 4) {
		struct witness_case c;
		struct told t;
		witness_case_make(&c, TUNNELS, one_port, &out);
		walk(&c, &t);
		print(&t);
		assert_true(t.ok);
		assert_int_equal(t.n, out == 0 ? 0 : 1);
		if (out > 0) {
			assert_int_equal(t.of[0].kind, VERDICT_DIFFER);
			assert_int_equal(t.of[0].subject, VERDICT_OF_CONNECTION);
			assert_int_equal(t.of[0].tunnel, out);
		}
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* A port that is used again at once: the next connection's packets come within the time that
 * clocks may be apart. */
static bool at_once(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	const int64_t *late_us = ctx;
	struct fact_tunnel *t = fact;
	struct fact_flow *f = fact;
	if (!in_companion && kind == FACT_KIND_TUNNEL) {
		t->client_port = 40000;
		t->at_us = WITNESS_EPOCH_US + t->tunnel * 1000;
	}
	if (in_companion && kind == FACT_KIND_FLOW && f->flow <= TUNNELS) {
		f->client_port = 40000;
		f->at_us = WITNESS_EPOCH_US + f->flow * 1000 + *late_us;
	}
	return true;
}

static void a_port_that_is_used_at_once(void **state)
{
	/* The packet before the connection, right at it, and behind it. */
	static const int64_t late[] = {-900, -1, 0, 1, 900};
	(void)state;
	for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
		struct witness_case c;
		struct told t;
		int64_t late_us = late[i];
		witness_case_make(&c, TUNNELS, at_once, &late_us);
		walk(&c, &t);
		print(&t);
		assert_true(t.ok);
		assert_int_equal(t.n, 0);
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* ---- a clock that was set ---- */

/* From the third tunnel on the kernel's clock is another. */
static bool clock_set(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	int64_t drift = *(const int64_t *)ctx;
	bool told = drift % 2 == 0;
	struct fact_flow *f = fact;
	if (!in_companion && kind == FACT_KIND_SESSION_END)
		((struct fact_session_end *)fact)->clock_drift_us = told ? drift : FACT_NULL;
	/* One port; where packets seem to come in another order, whose they are is not told. */
	if (!in_companion && kind == FACT_KIND_TUNNEL && drift > 0)
		((struct fact_tunnel *)fact)->client_port = 40000;
	if (in_companion && kind == FACT_KIND_FLOW && f->flow <= TUNNELS) {
		f->client_port = drift > 0 ? 40000 : f->client_port;
		f->at_us += f->flow > 2 ? drift : 0;
	}
	return true;
}

static void a_clock_that_was_set(void **state)
{
	/* Odd: the case does not tell of it. Within what a busy machine explains nothing is
	 * off. */
	static const struct {
		int64_t drift;
		enum verdict_kind kind;
	} rounds[] = {{2000000, VERDICT_UNSEEN}, {2000001, VERDICT_DIFFER},
		{-90000000, VERDICT_UNSEEN}, {-90000001, VERDICT_DIFFER}};
	(void)state;
	for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
		struct witness_case c;
		struct told t;
		int64_t drift = rounds[i].drift;
		size_t times = 0;
		witness_case_make(&c, TUNNELS, clock_set, &drift);
		walk(&c, &t);
		print(&t);
		assert_true(t.ok);
		for (size_t k = 0; k < t.n; k++) {
			times += t.of[k].subject == VERDICT_OF_TIME;
			if (drift % 2 == 0)
				assert_int_equal(t.of[k].subject, VERDICT_OF_TIME);
			if (t.of[k].subject == VERDICT_OF_TIME)
				assert_int_equal(t.of[k].kind, rounds[i].kind);
		}
		assert_true(times >= TUNNELS - 2);
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* ---- a session beside it ---- */

/* A session 2 with one connection, behind all else; and in the companion a later reading, of
 * its browser's side alone. */
static void add_session(const struct witness_case *c, const char *options, bool read)
{
	struct buf sql = {0};
	buf_addf(&sql,
		"CREATE TEMP TABLE t AS SELECT * FROM fact WHERE kind = %d OR kind = %d LIMIT "
		"2; "
		"UPDATE t SET seq = seq + 100000, session = 2; "
		"UPDATE t SET f%d = '%s' WHERE kind = %d; UPDATE t SET f3 = 99 WHERE kind = "
		"%d; "
		"INSERT INTO fact SELECT * FROM t; ",
		(int)FACT_KIND_SESSION + 1, (int)FACT_KIND_TUNNEL + 1,
		(int)(field_of(FACT_KIND_SESSION, "options") -
			fact_info(FACT_KIND_SESSION)->fields) +
			1,
		options, (int)FACT_KIND_SESSION + 1, (int)FACT_KIND_TUNNEL + 1);
	spoil(c->of_case.path, &sql);
	buf_clear(&sql);
	const struct fact_field *first = fact_info(FACT_KIND_PACKET_FILE)->fields;
	buf_addf(&sql,
		"CREATE TEMP TABLE t AS SELECT * FROM fact WHERE (kind = %d AND f%d = "
		"'browser') "
		"OR (kind = %d AND f%d = 'crosschecked'); UPDATE t SET seq = seq + 100000; "
		"UPDATE t SET session = 2, f%d = 99, f%d = 2 WHERE kind = %d; "
		"INSERT INTO fact SELECT * FROM t; ",
		(int)FACT_KIND_PACKET_FILE + 1,
		(int)(field_of(FACT_KIND_PACKET_FILE, "side") - first) + 1,
		(int)FACT_KIND_CUSTODY + 1,
		(int)(field_of(FACT_KIND_CUSTODY, "act") -
			fact_info(FACT_KIND_CUSTODY)->fields) +
			1,
		(int)(field_of(FACT_KIND_PACKET_FILE, "file") - first) + 1,
		(int)(field_of(FACT_KIND_PACKET_FILE, "run") - first) + 1,
		(int)FACT_KIND_PACKET_FILE + 1);
	if (read)
		spoil(c->path, &sql);
	buf_fini(&sql);
}

static void a_session_beside_it(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct witness_case c;
		struct told t = {0};
		witness_case_make(&c, TUNNELS, NULL, NULL);
		add_session(&c, i == 0 ? "{\"only\":[]}" : "{\"pcap\":true}", i == 3);
		struct case_file *f = case_open(c.of_case.path, &t.err);
		assert_non_null(f);
		assert_true(
			compared_walk(f, c.path, i == 2 ? 1 : 0, take, &t, &t.counts, &t.err));
		case_close(f);
		print(&t);
		/* Nobody wanted packets of it; there are none; it is not asked about; it was
		 * read, later than the other, of which all stays. */
		assert_int_equal(t.counts.without, i == 0 ? 1 : 0);
		assert_int_equal(t.counts.first_without, i == 0 ? 2 : 0);
		if (i < 3)
			assert_int_equal(t.n, i == 1 ? 1 : 0);
		assert_int_equal(t.counts.flows, 2 * TUNNELS);
		for (size_t k = 0; k < t.n; k++)
			assert_int_equal(t.of[k].session, 2);
		assert_true(t.counts.of[VERDICT_AGREE] >= 2 + TUNNELS * (15 + 14 + 6 + 5 + 1));
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* ---- bodies that were not to be kept ---- */

static bool keep_none(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	const int *how = ctx;
	if (in_companion)
		return true;
	if (kind == FACT_KIND_SESSION && *how > 0)
		((struct fact_session *)fact)->options = span_str("{\"no-bodies\":true}");
	if (kind == FACT_KIND_EXCHANGE_END)
		((struct fact_exchange_end *)fact)->res_stored = 0;
	return kind != FACT_KIND_CHUNK || *how > 1;
}

static void bodies_that_were_not_to_be_kept(void **state)
{
	(void)state;
	/* Without the option; with it; with it, and some are there all the same. */
	for (int how = 0; how < 3; how++) {
		struct witness_case c;
		struct told t;
		witness_case_make(&c, TUNNELS, keep_none, &how);
		walk(&c, &t);
		assert_true(t.ok);
		assert_int_equal(t.n, how == 1 ? 0 : TUNNELS);
		for (size_t k = 0; k < t.n; k++) {
			assert_int_equal(t.of[k].subject, VERDICT_OF_STORED_BODY);
			assert_int_equal(
				t.of[k].kind, how == 0 ? VERDICT_UNSEEN : VERDICT_DIFFER);
		}
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* ---- limits that are met ---- */

enum { MANY = 40, LATE = 30 };

/* One name that is asked for again and again, each time with another answer. */
static bool one_name(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	const int64_t *leave_out = ctx;
	struct fact_packet_dns *answer = fact;
	if (kind == FACT_KIND_DNS)
		((struct fact_dns *)fact)->name = span_str("one.example");
	if (kind == FACT_KIND_LEG)
		((struct fact_leg *)fact)->dial_host = span_str("one.example");
	if (!in_companion || kind != FACT_KIND_PACKET_DNS)
		return true;
	answer->name = span_str("ONE.example");
	return answer->packet != *leave_out * 20 + 1;
}

static void many_answers_about_one_name(void **state)
{
	(void)state;
	for (int64_t out = 0; out <= LATE; out += LATE) {
		struct witness_case c;
		struct told t;
		witness_case_make(&c, MANY, one_name, &out);
		walk(&c, &t);
		print(&t);
		assert_true(t.ok);
		assert_int_equal(t.n, out == 0 ? 0 : 1);
		if (out > 0) {
			/* Another answer may be among those that were not looked at. */
			assert_int_equal(t.of[0].kind, VERDICT_UNSEEN);
			assert_int_equal(t.of[0].subject, VERDICT_OF_DNS);
			assert_int_equal(t.of[0].tunnel, LATE);
			assert_true(span_starts(t.of[0].detail, "there are more than 16"));
		}
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* Too many places of the proxy's own to keep each: what may be one of them is no contradiction.
 */
static bool many_places(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	static char resolver[32];
	struct fact_tunnel *t = fact;
	struct fact_dns *d = fact;
	struct fact_flow *f = fact;
	(void)ctx;
	if (in_companion && kind == FACT_KIND_FLOW && f->flow <= MANY)
		f->server_port = 8080 + f->flow;
	if (in_companion)
		return true;
	if (kind == FACT_KIND_TUNNEL) {
		t->listener_port = 8080 + t->tunnel;
		return t->tunnel != MANY;
	}
	if (kind == FACT_KIND_LEG)
		return ((struct fact_leg *)fact)->leg != MANY - 1;
	if (kind == FACT_KIND_DNS) {
		snprintf(resolver, sizeof resolver, "192.0.2.%d:53", (int)d->leg);
		d->resolver = span_str(resolver);
	}
	return true;
}

static void many_places_of_the_proxys(void **state)
{
	struct witness_case c;
	struct told t;
	(void)state;
	witness_case_make(&c, MANY, many_places, NULL);
	walk(&c, &t);
	print(&t);
	assert_true(t.ok);
	/* The flows of a tunnel and of a leg that are gone. */
	size_t flows = 0;
	for (size_t i = 0; i < t.n; i++)
		if (t.of[i].flow == MANY || t.of[i].flow == 2 * MANY - 1) {
			flows++;
			assert_int_equal(t.of[i].subject, VERDICT_OF_CONNECTION);
			assert_int_equal(t.of[i].kind, VERDICT_UNSEEN);
			assert_true(
				span_find(t.of[i].detail, span_str("too many"), 0) != SIZE_MAX);
		}
	assert_int_equal(flows, 2);
	arena_fini(&t.arena);
	witness_case_fini(&c);
}

static void what_contradicts_is_kept(void **state)
{
	/* How many unseen come before, between and behind two that are not. */
	static const int before[] = {0, 3, 9, 12, 40};
	enum { ROOM = 10 };
	(void)state;
	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		struct arena a = {0};
		struct compared_keep k = {.max = ROOM};
		size_t n, loud = 0;
		for (int round = 0; round < 3; round++) {
			for (int u = 0; u < before[i]; u++) {
				struct verdict v = {.kind = VERDICT_UNSEEN, .packet = round};
				if (compared_keeps(&k, &v))
					compared_keep(&k, &a, &v);
			}
			struct verdict v = {.kind = round == 0   ? VERDICT_DIFFER
						    : round == 1 ? VERDICT_BYPASS
								 : VERDICT_AGREE,
				.packet = round};
			if (compared_keeps(&k, &v))
				compared_keep(&k, &a, &v);
		}
		struct verdict *kept = compared_kept(&k, &a, &n);
		size_t all = (size_t)before[i] * 3 + 2;
		assert_int_equal(n, all < ROOM ? all : ROOM);
		for (size_t at = 0; at < n; at++) {
			loud += kept[at].kind != VERDICT_UNSEEN;
			assert_true(at == 0 || kept[at].packet >= kept[at - 1].packet);
		}
		assert_int_equal(loud, 2);
		arena_fini(&a);
	}
}

/* ---- HTTP in clear behind CONNECT ---- */

#define DIGEST "a digest of thirty-two bytes...."

/* Of what is in the packets of such connections, and of what is in the case. */
static bool in_clear(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	struct fact_flow_plain *p = fact;
	static const enum fact_kind no[] = {FACT_KIND_HELLO, FACT_KIND_HANDSHAKE,
		FACT_KIND_RESPONSE, FACT_KIND_EXCHANGE_END, FACT_KIND_CHUNK,
		FACT_KIND_FLOW_TLS};
	(void)ctx;
	(void)in_companion;
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (kind == no[i])
			return false;
	if (kind == FACT_KIND_FLOW_PLAIN) {
		p->up_sha256 = p->down_sha256 = span_str(DIGEST);
		p->up_bytes = p->down_bytes = 10;
		p->layer = span_str("tcp");
	}
	return true;
}

/* A request becomes what says that the bytes were passed through. Tunnels, legs and exchanges
 * have the same numbers; kinds are stored from 1 on. */
static void pass_unread(const struct witness_case *c, const char *why)
{
	struct buf sql = {0};
	const struct fact_info *to = fact_info(FACT_KIND_OPAQUE);
	buf_addf(&sql, "UPDATE fact SET kind = %d", (int)FACT_KIND_OPAQUE + 1);
	for (size_t i = 2; i < fact_info(FACT_KIND_REQUEST)->n_fields; i++) {
		const char *name = i < to->n_fields ? to->fields[i].name : "";
		bool is_leg = strcmp(name, "tunnel") == 0 || strcmp(name, "leg") == 0;
		bool bytes = i < to->n_fields && to->fields[i].type == FACT_TYPE_BYTES;
		buf_addf(&sql, ", f%zu = ", i + 1);
		if (is_leg)
			buf_addf(&sql, "f%d",
				(int)(field_of(FACT_KIND_REQUEST, "tunnel") -
					fact_info(FACT_KIND_REQUEST)->fields) +
					1);
		else if (strcmp(name, "why") == 0 || strcmp(name, "reason") == 0)
			buf_addf(&sql, "'%s'", name[0] == 'w' ? why : "ok");
		else if (bytes)
			buf_add_str(&sql, "CAST('" DIGEST "' AS BLOB)");
		else
			buf_add_str(&sql, strstr(name, "_bytes") != NULL ? "10" : "NULL");
	}
	buf_addf(&sql, " WHERE kind = %d; ", (int)FACT_KIND_REQUEST + 1);
	spoil(c->of_case.path, &sql);
	buf_fini(&sql);
}

static void behind_connect_in_clear(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct witness_case c;
		struct told t;
		witness_case_make(&c, TUNNELS, in_clear, NULL);
		pass_unread(&c, i == 0 ? "not-tls" : "no-intercept");
		walk(&c, &t);
		print(&t);
		assert_true(t.ok);
		/* What was to be read from its packets should be there; and each way agrees. */
		assert_int_equal(t.n, i == 0 ? 0 : 2 * TUNNELS);
		for (size_t k = 0; k < t.n; k++)
			assert_int_equal(t.of[k].subject, VERDICT_OF_EXCHANGE);
		assert_true(t.counts.of[VERDICT_AGREE] > 4 * TUNNELS);
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* ---- why nothing is seen ---- */

static bool no_recorder(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	struct fact_capture *f = fact;
	struct fact_flow *flow = fact;
	const char *const *event = ctx;
	if (in_companion && kind == FACT_KIND_PACKET_FILE)
		return !span_is(((struct fact_packet_file *)fact)->side, "origin");
	if (in_companion && kind == FACT_KIND_FLOW)
		return flow->flow <= TUNNELS;
	if (in_companion && kind == FACT_KIND_PACKET_DNS)
		return false;
	if (in_companion || kind != FACT_KIND_CAPTURE || !span_is(f->side, "origin"))
		return true;
	if (*event == NULL)
		return false;
	if (span_is(f->event, "started"))
		return strcmp(*event, "failed") != 0;
	f->event = span_str(*event);
	f->detail = span_str("no right to");
	return true;
}

static void a_side_without_a_recorder(void **state)
{
	static const char *const events[] = {NULL, "failed", "lost", "ended"};
	static const char *const whys[] = {"no packets were recorded on the origin's side",
		"could not begin: no right to", "ended by itself at", "was not read"};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct witness_case c;
		struct told t;
		const char *event = events[i];
		witness_case_make(&c, TUNNELS, no_recorder, &event);
		walk(&c, &t);
		assert_true(t.ok);
		/* Of a side that was never recorded, once; of one that was for a time, once of
		 * each connection and name, and not for every value below. */
		assert_int_equal(t.n, i < 2 ? 1 : 2 * TUNNELS);
		for (size_t k = 0; k < t.n; k++) {
			assert_int_equal(t.of[k].kind, VERDICT_UNSEEN);
			if (span_find(t.of[k].detail, span_str(whys[i]), 0) == SIZE_MAX)
				fail_msg("%zu: %.*s", i, (int)t.of[k].detail.n,
					(const char *)t.of[k].detail.p);
		}
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* Browsers that are not intercepted are recorded on their own side; the other only with --pcap.
 */
struct asking {
	const char *mode, *options;
	const char *event; /* of the origin's recorder, as above */
	bool unasked;
};

static bool ask(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	struct asking *a = ctx;
	struct fact_session *f = fact;
	if (kind == FACT_KIND_SESSION) {
		f->mode = span_str(a->mode);
		f->options = a->options != NULL ? span_str(a->options) : SPAN_NONE;
	}
	return no_recorder(&a->event, kind, fact, in_companion);
}

static void a_side_that_nobody_asked_for(void **state)
{
	static const struct asking cases[] = {
		{"no-intercept", "{\"only\":[]}", NULL, true},
		{"no-intercept", "{\"only\":[],\"pcap\":true}", NULL, false},
		{"no-intercept", NULL, NULL, false},
		{"no-intercept", "{\"only\":[]}", "failed", false},
		{"intercept", "{\"only\":[]}", NULL, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct witness_case c;
		struct told t;
		struct asking a = cases[i];
		witness_case_make(&c, TUNNELS, ask, &a);
		walk(&c, &t);
		assert_true(t.ok);
		assert_int_equal(t.n, a.unasked ? 0 : 1);
		assert_int_equal(t.counts.unasked, a.unasked ? 1 : 0);
		assert_int_equal(
			t.counts.overheard, strcmp(a.mode, "no-intercept") == 0 ? 1 : 0);
		assert_int_equal(t.counts.of[VERDICT_UNSEEN], a.unasked ? 0 : 1);
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

/* Its file is known all the same. */
static bool lost_recorder(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	const bool *other = ctx;
	struct fact_capture *f = fact;
	if (in_companion || kind != FACT_KIND_CAPTURE || !span_is(f->event, "ended"))
		return true;
	f->event = span_str("lost");
	f->size += *other;
	return true;
}

static void a_file_of_a_recorder_that_was_lost(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct witness_case c;
		struct told t;
		bool other = i == 1;
		witness_case_make(&c, TUNNELS, lost_recorder, &other);
		walk(&c, &t);
		print(&t);
		assert_true(t.ok);
		assert_int_equal(t.n, other ? 2 : 0);
		for (size_t k = 0; k < t.n; k++) {
			assert_int_equal(t.of[k].kind, VERDICT_DIFFER);
			assert_int_equal(t.of[k].subject, VERDICT_OF_FILE);
		}
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

static bool no_keys(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	struct fact_flow_tls *t = fact;
	struct fact_flow_plain *p = fact;
	const char *word = ctx;
	if (in_companion && kind == FACT_KIND_FLOW_TLS && t->flow == WHICH) {
		t->keys = span_str(word);
		t->alpn = t->certs = SPAN_NONE;
		t->why = span_str("no key");
	}
	if (in_companion && kind == FACT_KIND_FLOW_PLAIN && p->flow == WHICH)
		p->up_sha256 = p->down_sha256 = SPAN_NONE;
	return !in_companion || kind != FACT_KIND_FLOW_EXCHANGE ||
	       ((struct fact_flow_exchange *)fact)->flow != WHICH;
}

static void without_keys(void **state)
{
	static char words[][8] = {"none", "wrong"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct witness_case c;
		struct told t;
		witness_case_make(&c, TUNNELS, no_keys, words[i]);
		walk(&c, &t);
		assert_true(t.ok);
		print(&t);
		assert_int_equal(t.n, 2);
		for (size_t k = 0; k < t.n; k++) {
			assert_int_equal(t.of[k].kind, VERDICT_UNSEEN);
			assert_int_equal(t.of[k].tunnel, WHICH);
			assert_int_equal(
				t.of[k].subject, k == 0 ? VERDICT_OF_UP : VERDICT_OF_DOWN);
			assert_true(span_find(t.of[k].detail, span_str("key"), 0) != SIZE_MAX);
		}
		arena_fini(&t.arena);
		witness_case_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_agrees),
		cmocka_unit_test(each_change_is_told),
		cmocka_unit_test(not_believed),
		cmocka_unit_test(a_port_that_is_used_again),
		cmocka_unit_test(a_port_that_is_used_at_once),
		cmocka_unit_test(a_clock_that_was_set),
		cmocka_unit_test(a_file_of_a_recorder_that_was_lost),
		cmocka_unit_test(a_session_beside_it),
		cmocka_unit_test(bodies_that_were_not_to_be_kept),
		cmocka_unit_test(many_answers_about_one_name),
		cmocka_unit_test(many_places_of_the_proxys),
		cmocka_unit_test(what_contradicts_is_kept),
		cmocka_unit_test(behind_connect_in_clear),
		cmocka_unit_test(a_side_without_a_recorder),
		cmocka_unit_test(a_side_that_nobody_asked_for),
		cmocka_unit_test(without_keys),
	};
	/* A hundred cases: where nothing waits for a disk. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
