/* A request's head, one field a line behind "method target version": what it is judged to be,
 * and who is let in by it. @T, @S and @F stand for this start's token, session and secret. */
#include "store/base/buf.h"
#include "tests/fuzz/fuzz_check.h"
#include "ui/web/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gate gate;

static void fill(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char *put = NULL;
		if (s.p[i] == '@' && i + 1 < s.n)
			put = s.p[i + 1] == 'T'   ? gate.token
			      : s.p[i + 1] == 'S' ? gate.session
			      : s.p[i + 1] == 'F' ? gate.secret
						  : NULL;
		if (put != NULL) {
			buf_add_str(out, put);
			i++;
		} else {
			buf_add_byte(out, s.p[i]);
		}
	}
}

static struct span take(struct span *rest, uint8_t end)
{
	size_t at = span_find_byte(*rest, end, 0);
	struct span one = span_first(*rest, at);
	*rest = at == SIZE_MAX ? SPAN_NONE : span_from(*rest, at + 1);
	return one;
}

static void check_path(const struct head *h)
{
	MUST(h->path.n > 0 && h->path.n <= WEB_URL_MAX && h->path.p[0] == '/');
	MUST(h->path.n < 2 || h->path.p[1] != '/');
	MUST(span_find(h->path, span_str("//"), 0) == SIZE_MAX);
	MUST(span_find(h->path, span_str("/../"), 0) == SIZE_MAX);
	MUST(!span_ends_nocase(h->path, "/.."));
	MUST(span_find_nocase(h->path,
		     span_str("%2"
			      "f"),
		     0) == SIZE_MAX);
	MUST(span_find_nocase(h->path, span_str("%2e"), 0) == SIZE_MAX);
	for (size_t i = 0; i < h->path.n; i++)
		MUST(h->path.p[i] > ' ' && h->path.p[i] < 0x7f && h->path.p[i] != '?');
}

static void check_in(const struct head *h, enum gate_verdict verdict)
{
	if (verdict != GATE_FOREIGN) {
		MUST(span_is(h->gate.host, gate.host) && !h->gate.several_hosts);
		MUST(!h->gate.post || h->gate.origin.p != NULL);
		MUST(!h->gate.post || span_is(h->gate.origin, gate.origin) ||
			span_is(h->gate.fetch_site, "same-origin"));
	}
	if (verdict == GATE_IN) {
		MUST(span_find(h->gate.cookie, span_str(gate.session), 0) != SIZE_MAX);
		MUST(!span_is(h->gate.fetch_site, "cross-site"));
		MUST(!span_is(h->gate.fetch_site, "same-site"));
	}
	if (verdict == GATE_ELSEWHERE)
		MUST(!h->gate.post && span_is(h->gate.fetch_mode, "navigate"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = {0};
	struct head h = {0};
	struct err err = {0};
	if (gate.host[0] == 0)
		MUST(gate_init(&gate, "127.0.0.1", false, 8800, &err));
	fill(&text, span_of(data, size));
	struct span rest = buf_span(&text), line = take(&rest, '\n');
	h.method = take(&line, ' ');
	h.target = take(&line, ' ');
	h.version = line;
	while (rest.n > 0) {
		line = take(&rest, '\n');
		struct span name = take(&line, ':');
		head_add(&h, name, span_trim(line, " \t"));
	}
	int status = head_judge(&h, &err);
	MUST(status == 200 || (status >= 400 && status <= 505 && err.detail[0] != 0));
	if (status == 200) {
		check_path(&h);
		MUST(h.body <= WEB_BODY_MAX && (h.gate.post || h.body == 0));
		MUST(h.twice == NULL && !h.encoded);
	}
	check_in(&h, gate_look(&gate, &h.gate));
	head_has_tag(h.if_none_match, "\"a\"");
	buf_fini(&text);
	return 0;
}
