#include "ui/cli/stamping.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "ui/fetch.h"
#include "ui/report/say.h"
#include "ui/timestamp.h"

#include <errno.h>
#include <stdio.h>

enum { READ_SIZE = 64 * 1024 };

/* ---- values ---- */

bool stamping_url(struct stamping *s, const char *value, struct err *err)
{
	if (!fetch_url_good(value, err))
		return false;
	for (const char *c = value; *c != 0; c++)
		if ((uint8_t)*c > 0x7e)
			return err_set(err, ERR_USAGE, "\"%s\" is not ASCII", value);
	s->url = value;
	return true;
}

static bool read_file(const char *file, struct buf *out, struct err *err)
{
	FILE *f = fopen(file, "re");
	size_t n = 1;
	if (f == NULL)
		return err_set_os(err, ERR_USAGE, errno, "cannot read \"%s\"", file);
	while (n > 0 && buf_len(out) <= STAMP_PEM_MAX) {
		n = fread(buf_room(out, READ_SIZE), 1, READ_SIZE, f);
		buf_grew(out, n);
	}
	bool good = ferror(f) == 0;
	int why = errno;
	fclose(f);
	if (!good)
		return err_set_os(err, ERR_USAGE, why, "cannot read \"%s\"", file);
	return buf_len(out) <= STAMP_PEM_MAX ||
	       err_set(err, ERR_USAGE, "\"%s\" is longer than %d bytes", file, STAMP_PEM_MAX);
}

typedef bool pem_fn(struct span pem, struct buf *out, struct err *err);

static bool read_pem(const char *file, pem_fn *take, struct buf *out, struct err *err)
{
	struct buf text = {0};
	struct err why = {0};
	bool good = read_file(file, &text, err);
	if (good && !take(buf_span(&text), out, &why))
		good = err_set(err, ERR_USAGE, "\"%s\": %s", file, why.detail);
	buf_fini(&text);
	return good;
}

bool stamping_read_certs(const char *file, struct buf *out, struct err *err)
{
	return read_pem(file, timestamp_certs, out, err);
}

bool stamping_certs(struct stamping *s, const char *file, struct err *err)
{
	buf_clear(&s->certs);
	return stamping_read_certs(file, &s->certs, err);
}

bool stamping_crls(struct stamping *s, const char *file, struct err *err)
{
	buf_clear(&s->crls);
	return read_pem(file, timestamp_crls, &s->crls, err);
}

void stamping_fini(struct stamping *s)
{
	buf_fini(&s->certs);
	buf_fini(&s->crls);
	*s = (struct stamping){.url = NULL};
}

/* ---- asking ---- */

/* What was given of the authority shall lead to a root: years later it is too late to find
 * that it does not. */
static void say_stamp(const struct stamping *s, const struct seal_head *head,
	const struct timestamp *t, struct buf *said)
{
	char at[CLOCK_TEXT_MAX];
	clock_text(t->at_us, at);
	buf_addf(said, "Timestamp: %s by ", at);
	say_text(said, t->authority);
	buf_addf(said, ", over head %lld, facts 1 to %lld", (long long)head->n,
		(long long)head->facts);
	if (buf_len(&s->certs) > 0 && !t->trusted) {
		buf_add_str(said, "; by the given certificates it is not trusted: ");
		say_text(said, t->why);
	}
	buf_add_byte(said, '\n');
}

bool stamping_ask(const struct stamping *s, const struct seal_head *head, struct span bytes,
	struct arena *a, struct seal_stamp *out, struct buf *said, struct err *err)
{
	struct timestamp t;
	struct buf token = {0}, certs = {0};
	const struct timestamp_trust trust = {
		.roots = buf_len(&s->certs) > 0 ? buf_span(&s->certs) : SPAN_NONE,
		.crls = buf_len(&s->crls) > 0 ? buf_span(&s->crls) : SPAN_NONE};
	*out = (struct seal_stamp){.head = head->n,
		.asked_us = clock_now_us(clock_real()),
		.url = span_str(s->url),
		.crls = arena_copy(a, trust.crls)};
	bool good = timestamp_ask(s->url, bytes, &token, err) &&
		    timestamp_check(buf_span(&token), bytes, &trust, a, &t, err);
	if (good) {
		buf_add_span(&certs, t.certs);
		buf_add_span(&certs, buf_span(&s->certs));
		out->token = arena_copy(a, buf_span(&token));
		out->certs = arena_copy(a, buf_span(&certs));
		const char *wrong = seal_stamp_wrong(out);
		good = wrong == NULL || err_set(err, ERR_LIMIT, "%s", wrong);
	}
	if (good)
		say_stamp(s, head, &t, said);
	buf_fini(&token);
	buf_fini(&certs);
	return good;
}

bool stamping_last_head(
	const struct stamping *s, struct writer *w, struct buf *said, struct err *err)
{
	struct seal_head head;
	struct seal_stamp stamp;
	struct arena a = {0};
	struct buf statement = {0};
	if (s->url == NULL)
		return true;
	writer_last_head(w, &head);
	if (head.n == 0)
		return true;
	seal_head_write(&head, &statement);
	bool good = stamping_ask(s, &head, buf_span(&statement), &a, &stamp, said, err) &&
		    writer_put_timestamp(w, &stamp, err);
	buf_fini(&statement);
	arena_fini(&a);
	return good;
}

void stamping_say_head(struct writer *w, struct buf *out)
{
	struct seal_head head;
	writer_last_head(w, &head);
	if (head.n == 0)
		return;
	buf_addf(out, "Sealed: %lld facts, head %lld, running ", (long long)head.facts,
		(long long)head.n);
	hex_add(out, span_of(head.running, SHA256_LEN));
	buf_add_str(out, "; write it down elsewhere to prove the end of the case\n");
}
