#include "ui/cli/companion.h"
#include "ui/cli/custody.h"
#include "store/base/log.h"

#include <unistd.h>

bool companion_is_ours(const struct sealing *s, const struct seal_verdict *v)
{
	uint8_t mine[SEAL_KEY_LEN];
	return v->has_key && seal_public_read(s->dir, mine) &&
	       memcmp(mine, v->key, sizeof mine) == 0;
}

static bool whose(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct companion *c = ctx;
	const struct fact_custody *f = fact;
	(void)seq;
	if (kind != FACT_KIND_CUSTODY || !span_is(f->act, custody_word(CUSTODY_COMPANION)))
		return true;
	c->mine = custody_is_of(f, c->id);
	return false;
}

bool companion_verify(struct companion *c, const char *case_path, struct span case_id,
	const struct sealing *s, const char *log_dir, struct arena *a, struct seal_words *words,
	struct err *err)
{
	const struct seal_expect expect = {.log_dir = log_dir};
	*c = (struct companion){.id = case_id};
	if (!custody_companion(case_path, c->path) || access(c->path, F_OK) != 0)
		return true;
	struct err why;
	c->file = case_open(c->path, &why);
	words->companion = &c->words;
	c->words = (struct seal_words){.path = c->path};
	if (c->file == NULL || !case_about(c->file, &c->about, &why)) {
		log_error("%s: %s: %s", c->path, err_sentence(why.kind), why.detail);
		return true;
	}
	if (!seal_verify(c->file, &expect, a, &c->verdict, err) ||
		!case_facts(c->file, 0, 0, whose, c, err))
		return false;
	c->words = (struct seal_words){.path = c->path,
		.verdict = &c->verdict,
		.our_key = companion_is_ours(s, &c->verdict),
		.being_written = c->about.being_written};
	words->stranger = !c->mine;
	return true;
}

void companion_close(struct companion *c)
{
	if (c->file != NULL)
		case_close(c->file);
	c->file = NULL;
}

bool companion_holds(const struct seal_words *w)
{
	return seal_holds(w->verdict) &&
	       (w->companion == NULL || (!w->stranger && w->companion->verdict != NULL &&
						seal_holds(w->companion->verdict)));
}
