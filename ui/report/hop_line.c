#include "ui/report/hop_line.h"
#include "ui/report/say.h"

#include <stdio.h>

bool hop_settled(const struct trail_hop *h)
{
	return !h->on_wire || h->status != FACT_NULL ||
	       (h->exchange != NULL && h->exchange->end != NULL);
}

void say_address(struct buf *out, struct span url, const char *indent)
{
	say_long(out, trail_url_erased(url) ? span_str("(erased)") : url, indent);
}

void hop_line(const struct trail_hop *h, struct buf *out)
{
	char status[24] = "---";
	if (h->status != FACT_NULL)
		snprintf(status, sizeof status, "%lld", (long long)h->status);
	buf_addf(out, "%3zu  %-14s  %s  ", h->n, mechanism_word(h->mechanism), status);
	say_text(out, h->method);
	buf_add_byte(out, ' ');
	say_address(out, h->url, "     ");
	if (h->confidence != CONFIDENCE_CERTAIN)
		buf_addf(out, "  (%s)", confidence_word(h->confidence));
	if (!h->on_wire)
		buf_add_str(out, "  [inside the browser]");
	if (h->exchange == NULL || h->exchange->end == NULL)
		return;
	struct span reason = h->exchange->end->reason;
	if (reason.p != NULL && !span_is(reason, "ok")) {
		buf_add_str(out, "  [");
		say_text(out, reason);
		buf_add_byte(out, ']');
	}
}

const char *trail_end_sentence(enum trail_end e)
{
	switch (e) {
	case ENDED_PAGE: return "It ended with a page.";
	case ENDED_DOWNLOAD: return "It ended with a file to save.";
	case ENDED_HANDOFF:
		return "It ended by handing over to another program (not http or https).";
	case ENDED_GATE:
		return "It ended at a gate: a captcha, a login or a challenge wants a person.";
	case ENDED_ERROR: return "It ended with an error.";
	case ENDED_LOOP: return "It ended going round in a circle.";
	case ENDED_TIMEOUT: return "It was still going on when the time was up.";
	case ENDED_CLOSED: return "It was stopped before it had come to an end.";
	case ENDED_COUNT: break;
	}
	return "How it ended is not known.";
}
