/*
 * Pictures of the browser's private screen as facts: when the trail has rested on a page for a
 * moment, and when it is over. They are taken by the thread that follows the trail, which no
 * answer waits for; one that cannot be had is a note.
 */
#include "ui/cli/trace.h"
#include "store/base/clock.h"
#include "store/fact/attachment.h"

#include <stdio.h>

static bool note_once(struct trace *t, struct err *err, const char *why)
{
	if (t->shots.told)
		return true;
	t->shots.told = true;
	return recording_note(&t->recording, NOTE_NO_SCREENSHOT, err, "%s", why);
}

bool trace_shots_start(struct trace *t, struct err *err)
{
	const struct options *o = t->options;
	bool wanted = t->browser != NULL && !o->no_screenshot && !t->recording.scratch;
	t->shots = (struct trace_shots){.document = FACT_NULL};
	if (!wanted)
		return true;
	if (t->about.shown)
		return note_once(t, err, "--show: the screen is the user's own");
	if (t->about.headless)
		return note_once(t, err, "the browser is headless, for Xvfb is not installed");
	t->shots.on = true;
	return true;
}

/* The newest hop of all trails: what the foremost tab shows, as far as the wire tells. */
static const struct trail *newest_trail(const struct trail_set *set)
{
	const struct trail *newest = NULL;
	int64_t at = 0;
	for (size_t i = 0; i < set->n; i++) {
		const struct trail *t = &set->trails[i];
		if (t->n_hops == 0 || (newest != NULL && t->hops[t->n_hops - 1].at_us < at))
			continue;
		newest = t;
		at = t->hops[t->n_hops - 1].at_us;
	}
	return newest;
}

/* FACT_NULL: nothing that came over the wire is shown, such as after a download, or on a page
 * that a script made. False: there is no answer yet. */
static bool shown_document(const struct trace *t, int64_t *exchange)
{
	const struct trail *trail = newest_trail(&t->gather.trails);
	if (trail == NULL)
		return false;
	const struct trail_hop *hop = &trail->hops[trail->n_hops - 1];
	*exchange = FACT_NULL;
	if (!hop->on_wire || hop->exchange == NULL || trail->ended_by == ENDED_DOWNLOAD)
		return true;
	*exchange = hop->exchange->id;
	return hop->exchange->response != NULL;
}

static bool within_limits(const struct trace_shots *s)
{
	return s->n < TRACE_SHOTS_MAX && s->bytes < TRACE_SHOTS_BYTES;
}

static bool put(struct trace *t, int64_t document, const char *when, struct span png,
	const struct browser_picture *about, const uint8_t digest[SHA256_LEN], struct err *err)
{
	struct fact_attachment f;
	char detail[64];
	fact_init(FACT_KIND_ATTACHMENT, &f);
	snprintf(
		detail, sizeof detail, "%s, %d x %d pixels", when, about->width, about->height);
	f.session = t->recording.session;
	f.at_us = clock_now_us(clock_real());
	f.exchange = document;
	f.kind = span_str(attachment_word(ATTACHMENT_SCREENSHOT));
	f.media_type = span_str("image/png");
	f.detail = span_str(detail);
	f.size = (int64_t)png.n;
	f.sha256 = span_of(digest, SHA256_LEN);
	f.data = png;
	return writer_put(t->recording.writer, FACT_KIND_ATTACHMENT, &f, NULL, err) != 0;
}

static bool take(struct trace *t, int64_t document, const char *when, struct err *err)
{
	struct trace_shots *s = &t->shots;
	struct browser_picture about;
	struct buf png = {0};
	struct err why = {0};
	uint8_t digest[SHA256_LEN];
	if (!browser_picture(t->browser, ATTACHMENT_MAX, &about, &png, &why)) {
		char text[ERR_DETAIL_MAX + 100];
		err_text(&why, text, sizeof text);
		buf_fini(&png);
		return note_once(t, err, text);
	}
	sha256(buf_span(&png), digest);
	bool same = s->n > 0 && s->document == document &&
		    memcmp(digest, s->digest, sizeof digest) == 0;
	bool good = same || put(t, document, when, buf_span(&png), &about, digest, err);
	if (good && !same) {
		s->n++;
		s->bytes += buf_len(&png);
		memcpy(s->digest, digest, sizeof digest);
	}
	s->document = document;
	s->any = true;
	buf_fini(&png);
	return good;
}

static bool shoot(struct trace *t, int64_t document, const char *when, struct err *err)
{
	struct trace_shots *s = &t->shots;
	if (within_limits(s))
		return take(t, document, when, err);
	if (!s->limit &&
		!recording_note(&t->recording, NOTE_LIMIT, err,
			"screenshots: %zu with %zu bytes; at most %d with %d bytes are "
			"taken of a session",
			s->n, s->bytes, TRACE_SHOTS_MAX, TRACE_SHOTS_BYTES))
		return false;
	s->limit = true;
	s->document = document;
	s->any = true;
	return true;
}

bool trace_shot_due(const struct trace *t)
{
	int64_t document;
	return t->shots.on && !t->browser_gone && shown_document(t, &document) &&
	       (!t->shots.any || document != t->shots.document);
}

bool trace_shot_resting(struct trace *t, struct err *err)
{
	int64_t document;
	return !shown_document(t, &document) || shoot(t, document, "resting", err);
}

bool trace_shot_last(struct trace *t, struct err *err)
{
	const char *when = "";
	int64_t document;
	switch (t->end) {
	case TRACE_SETTLED: when = "settled"; break;
	case TRACE_TIMEOUT: when = "time was up"; break;
	case TRACE_CLOSED: when = "stopped"; break;
	case TRACE_RUNNING:
	case TRACE_BROKEN: return true;
	}
	if (!t->shots.on || t->browser_gone || !t->gathering || !shown_document(t, &document))
		return true;
	return shoot(t, document, when, err);
}
