#include "ui/report/html_write.h"
#include "store/base/clock.h"
#include "store/fact/fact.h"
#include "ui/report/defang.h"
#include "ui/report/say.h"

/* HTML 13.1.3, 13.1.2.4: both quotes, so that the same serves text and attributes. */
static void escape(struct buf *out, struct span clean)
{
	size_t from = 0;
	for (size_t i = 0; i < clean.n; i++) {
		const char *name = NULL;
		switch (clean.p[i]) {
		case '&': name = "&amp;"; break;
		case '<': name = "&lt;"; break;
		case '>': name = "&gt;"; break;
		case '"': name = "&quot;"; break;
		case '\'': name = "&#39;"; break;
		default: continue;
		}
		buf_add(out, clean.p + from, i - from);
		buf_add_str(out, name);
		from = i + 1;
	}
	if (clean.n > from)
		buf_add(out, clean.p + from, clean.n - from);
}

void html_text(struct buf *out, struct span s)
{
	struct buf clean = {0};
	say_text(&clean, s);
	escape(out, buf_span(&clean));
	buf_fini(&clean);
}

void html_attr(struct buf *out, struct span s)
{
	if (s.p != NULL)
		html_text(out, s);
}

/* Not in the middle of a character, which would look like ill-formed bytes. */
static struct span cut(struct span s)
{
	if (s.n <= HTML_VALUE_MAX)
		return s;
	size_t n = HTML_VALUE_MAX;
	for (int back = 0; back < 3 && (s.p[n] & 0xc0) == 0x80; back++)
		n--;
	return span_first(s, n);
}

static void say_more(struct buf *out, size_t more)
{
	if (more == 0)
		return;
	buf_add_str(out, " <span class=\"more\">(and ");
	html_number(out, (int64_t)more);
	buf_add_str(out, " more bytes, which are not shown here)</span>");
}

/* is_host: a name alone, of which every dot goes. No host has a slash; what has one may be an
 * address. */
static void write_value(struct buf *out, struct span s, bool defang, bool is_host)
{
	struct span shown = cut(s);
	struct buf harmless = {0};
	if (defang)
		html_defang(&harmless, shown, is_host);
	html_text(out, defang && shown.n > 0 ? buf_span(&harmless) : shown);
	say_more(out, s.n - shown.n);
	buf_fini(&harmless);
}

void html_defang(struct buf *out, struct span s, bool is_host)
{
	if (is_host && span_find_byte(s, '/', 0) == SIZE_MAX)
		defang_host(out, s);
	else
		defang_add(out, s);
}

void html_value_text(struct buf *out, struct span s, bool defang)
{
	write_value(out, s, defang, false);
}

void html_url_text(struct buf *out, struct span url, bool defang)
{
	write_value(out, url, defang, false);
}

void html_host_text(struct buf *out, struct span host, bool defang)
{
	write_value(out, host, defang, true);
}

void html_time(struct buf *out, int64_t us)
{
	char at[CLOCK_TEXT_MAX];
	if (us == FACT_NULL) {
		say_day(out, us);
		return;
	}
	clock_text(us, at);
	struct span text = span_str(at);
	/* HTML 2.3.5 wants at most three digits of a second, and a year of four. */
	bool valid = text.n == 27 && text.p[4] == '-';
	if (valid)
		buf_addf(out, "<time datetime=\"%.23sZ\">", at);
	say_day(out, us);
	if (valid)
		buf_add_str(out, "</time>");
}

void html_age(struct buf *out, double us)
{
	static const struct unit {
		double us;
		const char *one, *many;
	} units[] = {{365.25 * 86400e6, "year", "years"}, {86400e6, "day", "days"},
		{3600e6, "hour", "hours"}, {60e6, "minute", "minutes"},
		{1e6, "second", "seconds"}};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		/* Days say more than a year and a half. */
		if (us < units[i].us * (i == 0 ? 2 : 1))
			continue;
		double n = us / units[i].us;
		buf_addf(out, "%.0f %s", n, n < 1.5 ? units[i].one : units[i].many);
		return;
	}
	buf_add_str(out, "less than a second");
}

void html_number(struct buf *out, int64_t n)
{
	struct buf digits = {0};
	buf_addf(&digits, "%lld", (long long)n);
	struct span s = buf_span(&digits);
	for (size_t i = 0; i < s.n; i++) {
		if (i > 0 && (s.n - i) % 3 == 0 && s.p[i - 1] != '-')
			buf_add_byte(out, ',');
		buf_add_byte(out, s.p[i]);
	}
	buf_fini(&digits);
}
