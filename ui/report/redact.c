#include "ui/report/redact_parts.h"
#include "store/base/hash.h"

#include <stdlib.h>
#include <sys/random.h>

const char *redact_word(enum redact_how how)
{
	switch (how) {
	case REDACT_KEYED: return "keyed";
	case REDACT_STRIP: return "strip";
	case REDACT_NONE: break;
	}
	return "none";
}

/* 12 of 32 letters and digits (RFC 4648 6): 60 bits, of which nobody without the key can try
 * one. It is good anywhere in a URL, as a label of a host name and as a header's value. */
struct span redact_tag(const struct redactor *r, struct span value)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	enum { TAG = 12, FRONT = sizeof REDACT_WORD };
	uint8_t mac[SHA256_LEN], text[FRONT + TAG];
	if (r->order.how != REDACT_KEYED)
		return span_str(REDACT_WORD);
	hmac_sha256(span_of(r->key, sizeof r->key), value, mac);
	memcpy(text, REDACT_WORD "-", FRONT);
	uint64_t bits = 0;
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | mac[i];
	for (size_t i = 0; i < TAG; i++)
		text[FRONT + i] = (uint8_t)digits[bits >> (59 - 5 * i) & 31];
	return arena_copy(r->a, span_of(text, sizeof text));
}

static struct span place_text(struct redactor *r, struct redact_place p)
{
	if (p.number == FACT_NULL)
		return span_str(p.what);
	return span_str(
		arena_printf(&r->own, "%s of %s %lld", p.what, p.of, (long long)p.number));
}

void redact_note(struct redactor *r, const char *what, struct redact_place p, struct span tag,
	const char *form, size_t times)
{
	struct redaction *x = &r->said;
	if (r->quiet)
		return;
	struct span where = place_text(r, p);
	char *key = arena_printf(&r->own, "%s\n%.*s\n%.*s\n%s", what, (int)where.n,
		(const char *)where.p, (int)tag.n, (const char *)tag.p, form);
	void **at = map_at(&r->items, span_str(key), &r->own);
	if (*at != NULL) {
		x->items[(size_t)(uintptr_t)*at - 1].times += times;
		return;
	}
	if (x->n_items >= REDACT_ITEMS_MAX) {
		x->more = true;
		return;
	}
	struct redacted_item item = {.what = what,
		.where = where,
		.tag = r->order.how == REDACT_KEYED ? tag : SPAN_NONE,
		.form = form,
		.times = times};
	ARENA_PUSH(&r->own, x->items, x->n_items, item);
	*at = (void *)(uintptr_t)x->n_items;
}

bool redact_active(const struct redactor *r)
{
	return hide_count(r->hide) > 0;
}

static bool take_secrets(struct redactor *r, struct err *err)
{
	for (size_t i = 0; i < r->order.n_secrets && r->order.how != REDACT_NONE; i++) {
		struct span s = span_str(r->order.secrets[i]);
		if (s.n < HIDE_MIN)
			return err_set(err, ERR_USAGE,
				"--secret: %zu bytes are too few to be looked for, %d are "
				"needed",
				s.n, HIDE_MIN);
		if (span_find_byte(s, '@', 0) != SIZE_MAX)
			r->addresses |= hide_address(r->hide, s);
		hide_text(r->hide, HIDE_SECRET, s);
	}
	return true;
}

/* When the case was recorded, a day to each side. */
static void take_times(struct redactor *r)
{
	const int64_t day = INT64_C(86400) * 1000 * 1000;
	const struct model *m = r->report->model;
	r->from_us = INT64_MAX;
	r->to_us = INT64_MIN;
	for (size_t i = 0; i < m->n_sessions; i++) {
		int64_t at = m->sessions[i]->at_us;
		if (at != FACT_NULL && at - day < r->from_us)
			r->from_us = at - day;
	}
	if (m->last_at_us != FACT_NULL)
		r->to_us = m->last_at_us + day;
}

static void keep_names(struct redactor *r)
{
	struct map seen = {0};
	for (size_t i = 0; i < r->report->n_trails; i++) {
		const struct report_trail *t = &r->report->trails[i];
		for (size_t k = 0; k < t->n_hops; k++)
			hide_keep(r->hide, t->hops[k].host);
		for (size_t k = 0; k < t->parties.n; k++) {
			void **at = map_at(&seen, t->parties.list[k].name, &r->own);
			if (*at == NULL)
				ARENA_PUSH(&r->own, r->names, r->n_names,
					arena_copy(&r->own, t->parties.list[k].name));
			*at = r;
		}
	}
	map_fini(&seen);
}

struct redaction *redaction_new(
	const struct redact_order *order, struct gather *g, struct report *r, struct err *err)
{
	struct redactor *x = calloc(1, sizeof *x);
	if (x == NULL)
		abort();
	struct model *m = (struct model *)(uintptr_t)r->model;
	x->said.how = order->how;
	x->said.by = x;
	x->said.coarse_time = order->coarse_time;
	x->said.withheld_egress = order->withhold_egress;
	x->said.pictured = order->with_pictures;
	x->order = *order;
	x->hide = hide_new();
	x->report = r;
	x->gather = g;
	x->a = &m->arena;
	/* Without a key the tags are like those of no other edition; never a known key. */
	if (order->how == REDACT_KEYED && order->key != NULL)
		memcpy(x->key, order->key, sizeof x->key);
	else if (getrandom(x->key, sizeof x->key, 0) != (ssize_t)sizeof x->key)
		abort();
	take_times(x);
	keep_names(x);
	bool ok = take_secrets(x, err) && redact_collect(x, err);
	if (ok) {
		hide_ready(x->hide);
		ok = redact_bodies(x, err);
	}
	if (ok) {
		redact_apply(x);
		redact_trails(x);
		return &x->said;
	}
	redaction_free(&x->said);
	return NULL;
}

void redaction_free(struct redaction *x)
{
	if (x == NULL)
		return;
	struct redactor *r = x->by;
	map_fini(&r->texts);
	map_fini(&r->items);
	map_fini(&r->urls);
	map_fini(&r->stays);
	map_fini(&r->exempt);
	hide_free(r->hide);
	arena_fini(&r->own);
	memset(r->key, 0, sizeof r->key);
	free(r);
}

struct span redaction_text(struct redaction *x, const char *where, struct span text)
{
	return redact_text(x->by, PLACE(where, NULL, FACT_NULL), text);
}
