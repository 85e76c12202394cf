/* How recorders began and ended, as facts, and as words for people. */
#include "ui/cli/witnessing_inner.h"
#include "ui/cli/case_beside.h"
#include "store/base/clock.h"
#include "store/base/hash.h"
#include "store/base/log.h"
#include "store/fact/notes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { NOTE_TEXT_MAX = 600 };

static const char *side_words(const struct witness_side *s)
{
	switch (s->run.side) {
	case CAPTURE_BROWSER: return "the browser's side";
	case CAPTURE_ORIGIN: return "the origins' side";
	case CAPTURE_SIDE_COUNT: break;
	}
	return "";
}

static void put(struct witnessing *w, enum fact_kind kind, const void *fact)
{
	struct err err = {0};
	if (writer_put(w->order.writer, kind, fact, NULL, &err) != 0)
		return;
	pthread_mutex_lock(&w->lock);
	if (w->failed.kind == ERR_NONE)
		w->failed = err;
	pthread_mutex_unlock(&w->lock);
}

void witness_note(struct witnessing *w, const char *format, ...)
{
	char detail[NOTE_TEXT_MAX];
	struct fact_note f;
	va_list ap;
	va_start(ap, format);
	vsnprintf(detail, sizeof detail, format, ap);
	va_end(ap);
	fact_init(FACT_KIND_NOTE, &f);
	f.session = w->order.session;
	f.at_us = clock_now_us(clock_real());
	f.code = span_str(note_word(NOTE_NO_WITNESS));
	f.detail = span_str(detail);
	put(w, FACT_KIND_NOTE, &f);
}

static struct fact_capture capture_fact(
	const struct witnessing *w, const struct witness_side *s, enum capture_event event)
{
	struct fact_capture f;
	fact_init(FACT_KIND_CAPTURE, &f);
	f.session = w->order.session;
	f.at_us = clock_now_us(clock_real());
	f.side = span_str(capture_side_word(s->run.side));
	f.event = span_str(capture_event_word(event));
	if (event != CAPTURE_EVENT_FAILED)
		f.name = span_str(case_beside_name(s->run.path));
	return f;
}

void witness_put_started(struct witnessing *w, struct witness_side *s)
{
	struct fact_capture f = capture_fact(w, s, CAPTURE_EVENT_STARTED);
	f.detail = span_str(s->counts.text);
	put(w, FACT_KIND_CAPTURE, &f);
}

void witness_put_failed(struct witnessing *w, struct witness_side *s)
{
	struct fact_capture f = capture_fact(w, s, CAPTURE_EVENT_FAILED);
	f.detail = span_str(s->why);
	put(w, FACT_KIND_CAPTURE, &f);
	witness_note(w, "packets of %s are not recorded: %s", side_words(s), s->why);
}

/* What lies in the file: counted by who wrote it, hashed by us. */
static void put_end(struct witnessing *w, struct witness_side *s, struct fact_capture *f)
{
	uint8_t digest[SHA256_LEN];
	struct err err;
	/* Who was killed did not say how many they were; what it said last is not it. */
	if (s->counts.word == RECORDER_DONE || s->counts.word == RECORDER_FAILED)
		f->packets = (int64_t)s->counts.packets;
	f->dropped = (int64_t)s->counts.dropped;
	if (recorder_child_hash(&s->run, &f->size, digest, &err)) {
		f->sha256 = span_of(digest, sizeof digest);
	} else {
		f->size = FACT_NULL;
		witness_note(w, "%s: %s", err.detail, err_sentence(err.kind));
	}
	put(w, FACT_KIND_CAPTURE, f);
	if (s->counts.dropped > 0)
		witness_note(w,
			"the kernel dropped %" PRIu64
			" packets of %s: the recorder did not keep up",
			s->counts.dropped, side_words(s));
}

void witness_put_ended(struct witnessing *w, struct witness_side *s)
{
	struct fact_capture f = capture_fact(w, s, CAPTURE_EVENT_ENDED);
	put_end(w, s, &f);
	witness_note_untold(w, s, true);
	witness_note_remark(w, s, true);
	s->state = WITNESS_ENDED;
}

void witness_put_lost(struct witnessing *w, struct witness_side *s)
{
	struct fact_capture f = capture_fact(w, s, CAPTURE_EVENT_LOST);
	char at[CLOCK_TEXT_MAX];
	f.at_us = s->lost_us;
	f.detail = span_str(s->why);
	clock_text(s->lost_us, at);
	put_end(w, s, &f);
	witness_note(
		w, "from %s on no packets of %s are recorded: %s", at, side_words(s), s->why);
	log_error("packets of %s are no longer recorded: %s; the recording goes on",
		side_words(s), s->why);
	s->state = WITNESS_LOST;
}

void witness_note_untold(struct witnessing *w, struct witness_side *s, bool final)
{
	uint64_t n = atomic_load(&s->untold);
	if (n == 0 || (s->untold_noted && (!final || n == 1)))
		return;
	s->untold_noted = true;
	if (final)
		witness_note(w, "%" PRIu64 " connections in all had no witness on %s", n,
			side_words(s));
	else
		witness_note(w,
			"a connection has no witness on %s: the recorder could not be told of "
			"it in time",
			side_words(s));
}

/* The first of them at once, the last one at the end: it counts. */
void witness_note_remark(struct witnessing *w, struct witness_side *s, bool final)
{
	if (s->remark[0] == 0 || (s->noted[0] != 0 && !final) ||
		strcmp(s->noted, s->remark) == 0)
		return;
	memcpy(s->noted, s->remark, sizeof s->noted);
	witness_note(w, "the recorder of %s says: %s", side_words(s), s->remark);
}

/* ---- for people ---- */

static size_t add(struct witnessing *w, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static size_t add(struct witnessing *w, size_t at, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(w->says + at, sizeof w->says - at, format, ap);
	va_end(ap);
	at += n > 0 ? (size_t)n : 0;
	return at < sizeof w->says ? at : sizeof w->says - 1;
}

static bool has_packets(const struct witness_side *s)
{
	return s->state != WITNESS_NONE && s->state != WITNESS_FAILED;
}

static size_t add_gaps(struct witnessing *w, size_t at, const struct witness_side *s)
{
	char when[CLOCK_TEXT_MAX];
	if (s->state == WITNESS_FAILED)
		return add(w, at, "; none of %s: %s", side_words(s), s->why);
	if (s->state == WITNESS_LOST) {
		clock_text(s->lost_us, when);
		at = add(w, at, "; of %s none from %s on: %s", side_words(s), when, s->why);
	}
	if (has_packets(s) && s->counts.dropped > 0)
		at = add(w, at, "; %" PRIu64 " packets of %s were lost", s->counts.dropped,
			side_words(s));
	if (s->remark[0] != 0)
		at = add(w, at, "; of %s: %s", side_words(s), s->remark);
	if (atomic_load(&s->untold) > 0)
		at = add(w, at, "; %" PRIu64 " connections had no witness on %s",
			(uint64_t)atomic_load(&s->untold), side_words(s));
	return at;
}

void witness_say(struct witnessing *w)
{
	const struct witness_side *b = &w->sides[CAPTURE_BROWSER],
				  *o = &w->sides[CAPTURE_ORIGIN];
	bool both = has_packets(b) && has_packets(o);
	size_t at = 0;
	w->says[0] = 0;
	if (both)
		at = add(w, at, "packets of both sides (%s, %s)", case_beside_name(b->run.path),
			case_beside_name(o->run.path));
	else if (has_packets(b) || has_packets(o))
		at = add(w, at, "packets of %s (%s)", side_words(has_packets(b) ? b : o),
			case_beside_name((has_packets(b) ? b : o)->run.path));
	if (w->keys.lines > 0)
		at = add(w, at, " and the keys to read them (%s)",
			case_beside_name(w->keys.path));
	at = add_gaps(w, at, b);
	add_gaps(w, at, o);
}
