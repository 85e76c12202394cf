#include "proxy/record.h"

#include <stdarg.h>
#include <stdio.h>

/* Every kind begins with session and at_us; kinds that belong to a tunnel carry it third. */
struct fact_common {
	int64_t session, at_us;
};
_Static_assert(offsetof(struct fact_request, session) == 0, "session comes first");
_Static_assert(offsetof(struct fact_request, at_us) == sizeof(int64_t), "at_us comes second");

static void fill_tunnel(const struct record *r, enum fact_kind kind, void *fact)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 2; i < info->n_fields && i < 5; i++) {
		int64_t *at = (int64_t *)(void *)((uint8_t *)fact + info->fields[i].offset);
		if (strcmp(info->fields[i].name, "tunnel") == 0 && *at == FACT_NULL)
			*at = r->tunnel;
	}
}

uint64_t record_put(struct record *r, enum fact_kind kind, void *fact)
{
	struct fact_common *common = fact;
	if (r->failed)
		return 0;
	if (r->muted)
		return r->last_ticket;
	if (common->session == FACT_NULL)
		common->session = r->session;
	if (common->at_us == FACT_NULL)
		common->at_us = clock_now_us(clock_real());
	fill_tunnel(r, kind, fact);
	uint64_t ticket = writer_put(r->writer, kind, fact, &r->waited_us, &r->err);
	if (ticket == 0)
		r->failed = true;
	else
		r->last_ticket = ticket;
	return ticket;
}

void record_note(
	struct record *r, enum note_code code, int64_t exchange, const char *format, ...)
{
	char detail[ERR_DETAIL_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(detail, sizeof detail, format, ap);
	va_end(ap);
	struct fact_note note;
	fact_init(FACT_KIND_NOTE, &note);
	note.exchange = exchange;
	note.code = span_str(note_word(code));
	note.detail = span_str(detail);
	record_put(r, FACT_KIND_NOTE, &note);
}

void record_leg_end(struct record *r, const struct leg *leg, const struct err *why)
{
	uint8_t in[SHA256_LEN], out[SHA256_LEN];
	sha256_peek(&leg->in_hash, in);
	sha256_peek(&leg->out_hash, out);
	struct fact_leg_end end;
	fact_init(FACT_KIND_LEG_END, &end);
	end.leg = leg->number;
	end.reason = span_str(err_word(why->kind));
	end.detail = why->detail[0] != 0 ? span_str(why->detail) : SPAN_NONE;
	end.in_bytes = (int64_t)leg->in_bytes;
	end.in_sha256 = span_of(in, sizeof in);
	end.out_bytes = (int64_t)leg->out_bytes;
	end.out_sha256 = span_of(out, sizeof out);
	if (leg->urgent)
		record_note(r, NOTE_URGENT_BYTE, FACT_NULL,
			"%s marked a byte as TCP urgent data: it was read and passed on in "
			"its place",
			leg->browser ? "the browser" : "the origin");
	record_put(r, FACT_KIND_LEG_END, &end);
}
