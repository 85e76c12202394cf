#include "store/derive/refresh.h"

/* HTML 2.4.1: ASCII white space. */
static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static void skip_space(struct span *s)
{
	while (s->n > 0 && is_space(s->p[0]))
		*s = span_from(*s, 1);
}

/* Steps 12 to 16: "url", spaces, "=", spaces, of which each may break off; what stands then is
 * the URL from its start. */
static struct span after_url_word(struct span s)
{
	struct span rest = s;
	if (!span_starts_nocase(rest, "url"))
		return s;
	rest = span_from(rest, 3);
	skip_space(&rest);
	if (rest.n == 0 || rest.p[0] != '=')
		return s;
	rest = span_from(rest, 1);
	skip_space(&rest);
	return rest;
}

bool refresh_parse(struct span s, struct refresh *out)
{
	*out = (struct refresh){.url = SPAN_NONE};
	skip_space(&s);
	if (s.n == 0 || !(ascii_digit(s.p[0]) || s.p[0] == '.'))
		return false;
	for (; s.n > 0 && ascii_digit(s.p[0]); s = span_from(s, 1))
		if (out->seconds < REFRESH_SECONDS_MAX)
			out->seconds = out->seconds * 10 + (s.p[0] - '0');
	if (out->seconds > REFRESH_SECONDS_MAX)
		out->seconds = REFRESH_SECONDS_MAX;
	while (s.n > 0 && (ascii_digit(s.p[0]) || s.p[0] == '.'))
		s = span_from(s, 1);
	if (s.n == 0)
		return true;
	/* Step 8: what follows the time must be a separator. */
	if (s.p[0] != ';' && s.p[0] != ',' && !is_space(s.p[0]))
		return false;
	skip_space(&s);
	if (s.n > 0 && (s.p[0] == ';' || s.p[0] == ','))
		s = span_from(s, 1);
	skip_space(&s);
	if (s.n == 0)
		return true;
	s = after_url_word(s);
	out->has_url = true;
	/* Step 17: a quote at the start ends the URL at its like. */
	if (s.n > 0 && (s.p[0] == '\'' || s.p[0] == '"')) {
		uint8_t quote = s.p[0];
		s = span_from(s, 1);
		s = span_first(s, span_find_byte(s, quote, 0));
	}
	out->url = s;
	return true;
}
