/*
 * A body: what is known of it, and a page of it as text, taken apart, as hex, or as a picture
 * in a frame that can do nothing.
 */
#include "ui/web/hop_files.h"
#include "ui/web/page_hop_pieces.h"
#include "store/base/hash.h"
#include "store/derive/url.h"

enum body_as { AS_TEXT, AS_DECODED, AS_HEX, AS_PICTURE, AS_COUNT };
static const char *const as_words[] = {"text", "decoded", "hex", "picture"};
static const char *const as_titles[] = {"Text", "Taken apart", "Hex", "Picture"};

struct body {
	struct hop_view *v;
	enum fact_side side;
	enum body_as as;
	bool coded; /* hex as stored, with its content coding */
	struct buf bytes;
	struct edition_start about;
	struct hop_charset charset;
	struct hop_picture picture;
	struct span type; /* Content-Type */
	size_t from;
};

static const char *side_word(const struct body *b)
{
	return b->side == SIDE_REQUEST ? "request" : "response";
}

static int64_t passed(const struct hop_view *v, enum fact_side side)
{
	if (v->x->end == NULL)
		return FACT_NULL;
	return side == SIDE_REQUEST ? v->x->end->req_size : v->x->end->res_size;
}

static void choose_side(struct body *b)
{
	struct span asked = web_value(b->v->q, "side");
	bool has_request = passed(b->v, SIDE_REQUEST) > 0;
	bool has_response = passed(b->v, SIDE_RESPONSE) > 0;
	b->side = SIDE_RESPONSE;
	if (span_is(asked, "request") ||
		(!span_is(asked, "response") && has_request && !has_response))
		b->side = SIDE_REQUEST;
	if (!has_request)
		return;
	page_say(b->v->p, "<nav class=\"hop-modes\" aria-label=\"Which body\"><ul>");
	for (int i = 0; i < 2; i++) {
		const char *word = i == SIDE_REQUEST ? "request" : "response";
		page_sayf(b->v->p,
			"<li><a data-detail href=\"%s?show=body&amp;side=%s\"%s>Of the "
			"%s</a></li>",
			b->v->path, word, i == (int)b->side ? " aria-current=\"page\"" : "",
			word);
	}
	page_say(b->v->p, "</ul></nav>\n");
}

static void choose_as(struct body *b)
{
	struct span asked = web_value(b->v->q, "as");
	struct span s = buf_span(&b->bytes);
	b->as = b->picture.type != NULL         ? AS_PICTURE
		: hop_is_binary(s, &b->charset) ? AS_HEX
						: AS_TEXT;
	for (int i = 0; i < AS_COUNT; i++)
		if (span_is(asked, as_words[i]))
			b->as = (enum body_as)i;
	page_say(b->v->p, "<nav class=\"hop-modes\" aria-label=\"How to show it\"><ul>");
	for (int i = 0; i < AS_COUNT; i++) {
		if (i == AS_PICTURE && b->picture.type == NULL)
			continue;
		page_sayf(b->v->p,
			"<li><a data-detail "
			"href=\"%s?show=body&amp;side=%s&amp;as=%s\"%s>%s</a></li>",
			b->v->path, side_word(b), as_words[i],
			i == (int)b->as ? " aria-current=\"page\"" : "", as_titles[i]);
	}
	page_say(b->v->p, "</ul></nav>\n");
}

/* ---- what is known of it ---- */

static const char *fault_words(enum edition_fault f)
{
	switch (f) {
	case EDITION_NO_FAULT: break;
	case EDITION_ENDED_EARLY: return "it ends before its coding says so";
	case EDITION_BOMB: return "it is a bomb: it grows a thousandfold, and was given up on";
	case EDITION_UNKNOWN_CODING:
		return "nobody knows that coding: these are the bytes as they came";
	case EDITION_BROKEN_CODING:
		return "it is not what its coding says: this is what came before the fault";
	}
	return NULL;
}

static void coding_fact(struct body *b)
{
	struct buf list = {0};
	struct span codings = redaction_codings(b->v->x, b->side, &list);
	const char *fault = fault_words(b->about.fault);
	if (codings.n > 0) {
		html_fact_open(b->v->h, "Coded as");
		html_code(b->v->h, codings);
		page_say(b->v->p, b->about.decoded ? ", undone here" : "");
		if (fault != NULL)
			page_sayf(b->v->p, "; <strong class=\"bad\">%s</strong>", fault);
		html_fact_close(b->v->h);
	}
	buf_fini(&list);
}

static void size_fact(struct body *b)
{
	struct page *p = b->v->p;
	html_fact_open(b->v->h, "Size");
	page_bytes(p, b->about.size);
	page_say(p, " passed");
	if (b->about.stored != FACT_NULL && b->about.stored != b->about.size) {
		page_say(p, ", ");
		page_bytes(p, b->about.stored);
		page_say(p, " of them stored");
	}
	if (b->about.decoded) {
		page_say(p, ", ");
		page_bytes(p, (int64_t)buf_len(&b->bytes));
		page_say(p, b->about.whole ? " decoded" : " and more decoded");
	}
	html_fact_close(b->v->h);
}

static void digest_facts(struct body *b)
{
	const struct fact_exchange_end *end = b->v->x->end;
	struct span sha = SPAN_NONE;
	if (end != NULL)
		sha = b->side == SIDE_REQUEST ? end->req_sha256 : end->res_sha256;
	if (sha.p != NULL) {
		html_fact_open(b->v->h, "SHA-256");
		html_hex(b->v->h, sha);
		page_say(b->v->p, " <span class=\"dim\">as it passed</span>");
		if (b->about.decoded && b->about.whole) {
			uint8_t digest[SHA256_LEN];
			sha256(buf_span(&b->bytes), digest);
			page_say(b->v->p, "<br>");
			html_hex(b->v->h, span_of(digest, sizeof digest));
			page_say(b->v->p, " <span class=\"dim\">decoded</span>");
		}
		html_fact_close(b->v->h);
	}
}

static void type_fact(struct body *b)
{
	html_fact_open(b->v->h, "Type");
	if (b->type.n > 0)
		html_code(b->v->h, b->type);
	else
		page_say(b->v->p, "none is given");
	if (b->picture.type != NULL) {
		page_sayf(b->v->p, "; by its first bytes a %s picture", b->picture.word);
		if (b->picture.width > 0 && b->picture.height > 0)
			page_sayf(b->v->p, ", %lld \u00d7 %lld", (long long)b->picture.width,
				(long long)b->picture.height);
	} else if (b->charset.by != NULL) {
		page_say(b->v->p, "; charset ");
		page_text(b->v->p, b->charset.name);
		page_sayf(b->v->p, ", by its %s", b->charset.by);
	}
	html_fact_close(b->v->h);
}

/* What is not here, and why. */
static void missing(struct body *b)
{
	struct page *p = b->v->p;
	const struct edition_start *s = &b->about;
	if (b->v->x->erased && s->all_read == false && s->read < HOP_VIEW_MAX)
		page_say(p, "<p class=\"warning\">Some of it was erased from the case; what "
			    "stood before that is here.</p>\n");
	else if (s->stored != FACT_NULL && s->size != FACT_NULL && s->stored < s->size)
		page_say(p, s->stored == 0 ? "<p class=\"warning\">It passed, and was not "
					     "stored.</p>\n"
					   : "<p class=\"warning\">Only its beginning was "
					     "stored.</p>\n");
	else if (buf_len(&b->bytes) >= HOP_VIEW_MAX || s->read >= HOP_VIEW_MAX)
		page_sayf(p,
			"<p class=\"hint\">Only its first %d MiB are looked at here; a "
			"download "
			"has the rest.</p>\n",
			HOP_VIEW_MAX / 1024 / 1024);
}

static void downloads(struct body *b)
{
	struct page *p = b->v->p;
	html_fact_open(b->v->h, "Take it out");
	static const char *const as[] = {"decoded", "stored", "text"};
	const char *const words[] = {b->about.decoded ? "decoded" : "its bytes",
		"as it was stored", "as a text file"};
	for (int i = 0; i < 3; i++) {
		if (i == 1 && !b->about.decoded)
			continue;
		page_say(p, i > 0 ? " \u00b7 <a download href=\"" : "<a download href=\"");
		page_href(p, b->v->r->book, "/x/%lld/bytes?side=%s&amp;as=%s",
			(long long)b->v->x->id, side_word(b), as[i]);
		page_sayf(p, "\">%s</a>", words[i]);
	}
	page_sayf(p,
		" <span class=\"dim\">It may be harmful: <code>clicktrail extract CASE "
		"%lld</code> puts it into a locked zip.</span>",
		(long long)b->v->x->id);
	html_fact_close(b->v->h);
}

/* ---- a page of it ---- */

static void turn(struct body *b, size_t from, size_t n, size_t step, size_t total)
{
	struct page *p = b->v->p;
	if (total <= step && from == 0)
		return;
	const char *query = arena_printf(b->v->a, "show=body&amp;side=%s&amp;as=%s%s",
		side_word(b), as_words[b->as], b->coded ? "&amp;coded=1" : "");
	page_turns(p, b->v->path, query, from, n, step, total);
	page_ask_open(p, "hop-from", "%s", b->v->path);
	page_sayf(p,
		"<input type=\"hidden\" name=\"show\" value=\"body\"><input type=\"hidden\" "
		"name=\"side\" value=\"%s\"><input type=\"hidden\" name=\"as\" value=\"%s\">",
		side_word(b), as_words[b->as]);
	if (b->coded)
		page_say(p, "<input type=\"hidden\" name=\"coded\" value=\"1\">");
	page_sayf(p,
		"<label>Show from byte <input type=\"number\" name=\"from\" min=\"0\" "
		"max=\"%zu\" value=\"%zu\"></label> <button "
		"type=\"submit\">Go</button></form>\n",
		total > 0 ? total - 1 : 0, from);
}

static size_t count_lines(struct span s)
{
	size_t n = 0;
	for (size_t at = 0; (at = span_find_byte(s, '\n', at)) != SIZE_MAX; at++)
		n++;
	return n;
}

/* One page of text that is all in memory: at most so many bytes and lines. */
static void text_page(struct body *b, struct span all, struct hop_charset *c)
{
	size_t from = b->from < all.n ? b->from : 0, lines = 0;
	from -= from % c->unit;
	for (int skip = 0;
		c->utf8 && skip < 3 && from < all.n && from > 0 && (all.p[from] & 0xc0) == 0x80;
		skip++)
		from++;
	size_t end = hop_piece_end(all, from, HOP_TEXT_PAGE, c);
	for (size_t at = from; at < end && c->unit == 1; at++)
		if (all.p[at] == '\n' && ++lines == HOP_LINES_PAGE)
			end = at + 1;
	struct span piece = span_of(all.p + from, end - from);
	struct span text = hop_to_utf8(b->v->a, piece, c);
	if (c->unknown)
		page_say(b->v->p, "<p class=\"hint\">That charset is not known here: bytes "
				  "that are no ASCII are shown by their number.</p>\n");
	else if (c->wrong)
		page_say(b->v->p, "<p class=\"hint\">Not all of it is of that charset: what "
				  "could not be read is shown as \ufffd.</p>\n");
	if (from > 0 && all.p[from - 1] != '\n' && c->unit == 1)
		page_say(b->v->p, "<p class=\"hint\">It begins inside of a line.</p>\n");
	turn(b, from, end - from, HOP_TEXT_PAGE, all.n);
	hop_scroll_open(b->v, "hop-text", "The body as text");
	hop_lines(b->v, text, count_lines(span_first(all, from)) + 1);
	hop_scroll_close(b->v);
	if (end < all.n)
		turn(b, from, end - from, HOP_TEXT_PAGE, all.n);
}

static void as_text(struct body *b)
{
	page_say(b->v->p, "<p class=\"hint\">http is written hxxp, so that nothing follows an "
			  "address in it; a download has the exact bytes.</p>\n");
	text_page(b, buf_span(&b->bytes), &b->charset);
}

static void as_decoded(struct body *b)
{
	struct span s = buf_span(&b->bytes), type = fields_media_type(b->type);
	struct span seen = span_trim(span_first(s, 1024), " \t\r\n\xef\xbb\xbf");
	struct hop_charset plain = {.unit = 1, .utf8 = true};
	if (span_is_nocase(type, "application/x-www-form-urlencoded")) {
		hop_values(b->v, s, "Values of the form");
	} else if (fields_is_json(type) ||
		   (seen.n > 0 && (seen.p[0] == '{' || seen.p[0] == '['))) {
		struct buf pretty = {0};
		if (!hop_pretty_json(s, HOP_PRETTY_MAX, &pretty))
			page_say(b->v->p, "<p class=\"hint\">It grew too long: the end is left "
					  "out.</p>\n");
		page_say(b->v->p, "<p class=\"hint\">JSON, a line for each member; nothing in "
				  "it was changed.</p>\n");
		text_page(b, buf_span(&pretty), &plain);
		buf_fini(&pretty);
	} else {
		page_say(b->v->p, "<p class=\"hint\">With %XX decoded, as in addresses.</p>\n");
		text_page(b, url_unescape(b->v->a, s, false), &b->charset);
	}
}

static void as_hex(struct body *b)
{
	struct span all = buf_span(&b->bytes);
	size_t from = b->from < all.n ? b->from - b->from % 16 : 0;
	struct span piece = span_first(span_from(all, from), HOP_HEX_PAGE);
	if (b->about.decoded || b->coded)
		page_sayf(b->v->p,
			"<p><a data-detail href=\"%s?show=body&amp;side=%s&amp;as=hex%s\">%s"
			"</a></p>\n",
			b->v->path, side_word(b), b->coded ? "" : "&amp;coded=1",
			b->coded ? "Without its coding" : "As it was stored, with its coding");
	turn(b, from, piece.n, HOP_HEX_PAGE, all.n);
	hop_hex(b->v, piece, from);
}

static void as_picture(struct body *b)
{
	struct page *p = b->v->p;
	int64_t width = b->picture.width, height = b->picture.height;
	if (b->picture.type == NULL) {
		hop_nothing(b->v, "It is no picture that can be shown, by its first bytes.");
		return;
	}
	if (!hop_picture_fits(&b->picture)) {
		hop_nothing(b->v, "Its head names more pixels than are shown here, or does not "
				  "say how many.");
		return;
	}
	page_say(p,
		"<iframe sandbox class=\"hop-picture\" loading=\"lazy\" title=\"The picture "
		"that this exchange carried\" src=\"");
	page_href(p, b->v->r->book, "/x/%lld/picture?side=%s", (long long)b->v->x->id,
		side_word(b));
	page_sayf(p, "\" width=\"%lld\" height=\"%lld\"></iframe>\n",
		(long long)(width > 0 && width < 800 ? width + 24 : 800),
		(long long)(height > 0 && height < 600 ? height + 24 : 600));
}

static void show(struct body *b)
{
	b->charset = (struct hop_charset){.unit = 1};
	hop_charset_of(b->type, buf_span(&b->bytes), &b->charset);
	if (!b->coded)
		b->picture = hop_picture_of(buf_span(&b->bytes));
	choose_as(b);
	hop_open_facts(b->v);
	size_fact(b);
	type_fact(b);
	coding_fact(b);
	digest_facts(b);
	downloads(b);
	hop_close_facts(b->v);
	missing(b);
	if (buf_len(&b->bytes) == 0) {
		hop_nothing(b->v, "There are no bytes to show.");
		return;
	}
	switch (b->as) {
	case AS_TEXT:
	case AS_COUNT: as_text(b); break;
	case AS_DECODED: as_decoded(b); break;
	case AS_HEX: as_hex(b); break;
	case AS_PICTURE: as_picture(b); break;
	}
}

void hop_body(struct hop_view *v)
{
	struct body b = {.v = v};
	struct err err = {0};
	choose_side(&b);
	b.coded = web_value_number(v->q, "coded", 0) == 1 &&
		  span_is(web_value(v->q, "as"), as_words[AS_HEX]);
	b.from = (size_t)web_value_number(v->q, "from", 0);
	b.type = b.side == SIDE_REQUEST ? model_request_header(v->x, "Content-Type")
					: model_response_header(v->x, "Content-Type");
	if (!edition_body_start(&v->r->edition, v->x, b.side, !b.coded, HOP_VIEW_MAX, &b.bytes,
		    &b.about, &err)) {
		page_say(v->p, "<p class=\"warning\">It could not be read: ");
		page_text(v->p, span_str(err.detail));
		page_say(v->p, "</p>\n");
	} else if (b.about.size == FACT_NULL && buf_len(&b.bytes) == 0) {
		hop_nothing(v, "Nothing is recorded of a body: the exchange is not over, or "
			       "was cut off.");
	} else if (b.about.size == 0) {
		hop_nothing(v, "It had no body.");
	} else {
		show(&b);
	}
	buf_fini(&b.bytes);
}
