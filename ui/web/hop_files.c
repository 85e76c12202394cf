#include "ui/web/hop_files.h"
#include "ui/web/page_hop.h"

#include <stdio.h>

static uint32_t little(struct span s, size_t at, size_t n)
{
	uint32_t v = 0;
	for (size_t i = n; i > 0; i--)
		v = v << 8 | (at + i - 1 < s.n ? s.p[at + i - 1] : 0u);
	return v;
}

static uint32_t big(struct span s, size_t at, size_t n)
{
	uint32_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | (at + i < s.n ? s.p[at + i] : 0u);
	return v;
}

static bool starts(struct span s, const char *bytes, size_t n)
{
	return s.n >= n && memcmp(s.p, bytes, n) == 0;
}

/* The largest of what a file holds counts: that is what a reader takes memory for. */
static void grow(struct hop_picture *out, int64_t width, int64_t height)
{
	out->width = width > out->width ? width : out->width;
	out->height = height > out->height ? height : out->height;
}

/* The first frame header (ITU T.81 B.2.2) among the segments. Before a marker any number of
 * 0xff may stand (B.1.1.2); what is no segment leaves the size unknown. */
static void jpeg_size(struct span s, struct hop_picture *out)
{
	for (size_t at = 2; at + 9 < s.n && s.p[at] == 0xff;) {
		uint8_t m = s.p[at + 1];
		if (m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc) {
			grow(out, big(s, at + 7, 2), big(s, at + 5, 2));
			return;
		}
		bool alone = m == 0x01 || (m >= 0xd0 && m <= 0xd8);
		at += m == 0xff ? 1 : alone ? 2 : 2 + big(s, at + 2, 2);
	}
}

/* Behind blocks of at most 255 bytes each, which end with an empty one (GIF89a 15). */
static size_t gif_behind(struct span s, size_t at)
{
	while (at < s.n && s.p[at] != 0)
		at += 1 + (size_t)s.p[at];
	return at + 1;
}

/* The screen, and each picture on it, which may be larger than it (GIF89a 18, 20). */
static void gif_size(struct span s, struct hop_picture *out)
{
	size_t at = 13 + (s.n > 10 && (s.p[10] & 0x80) != 0 ? (size_t)6 << (s.p[10] & 7) : 0);
	grow(out, little(s, 6, 2), little(s, 8, 2));
	while (at + 2 < s.n) {
		if (s.p[at] == 0x21) {
			at = gif_behind(s, at + 2);
			continue;
		}
		if (s.p[at] != 0x2c || at + 9 >= s.n)
			return;
		grow(out, (int64_t)little(s, at + 1, 2) + little(s, at + 5, 2),
			(int64_t)little(s, at + 3, 2) + little(s, at + 7, 2));
		uint8_t table = s.p[at + 9];
		at += 11 + ((table & 0x80) != 0 ? (size_t)6 << (table & 7) : 0);
		at = gif_behind(s, at);
	}
}

static bool starts_png(struct span s)
{
	return starts(s, "\x89PNG\r\n\x1a\n", 8);
}

/* Of each picture's own head: the directory's bytes are looked at by nobody. */
static void ico_size(struct span s, struct hop_picture *out)
{
	for (size_t i = 0; i < little(s, 4, 2); i++) {
		struct span one = span_from(s, little(s, 6 + 16 * i + 12, 4));
		if (starts_png(one))
			grow(out, big(one, 16, 4), big(one, 20, 4));
		else
			grow(out, little(one, 4, 4), little(one, 8, 4) / 2);
	}
}

/* Every "ispe" (ISO 23008-12 6.5.3), wherever it stands. */
static void avif_size(struct span s, struct hop_picture *out)
{
	for (size_t at = 0; (at = span_find(s, span_str("ispe"), at)) != SIZE_MAX; at++)
		grow(out, big(s, at + 8, 4), big(s, at + 12, 4));
}

static void webp_size(struct span s, struct hop_picture *out)
{
	if (starts(span_from(s, 12), "VP8X", 4)) {
		out->width = 1 + (int64_t)little(s, 24, 3);
		out->height = 1 + (int64_t)little(s, 27, 3);
	} else if (starts(span_from(s, 12), "VP8L", 4)) {
		uint32_t bits = little(s, 21, 4);
		out->width = 1 + (int64_t)(bits & 0x3fff);
		out->height = 1 + (int64_t)(bits >> 14 & 0x3fff);
	} else {
		out->width = little(s, 26, 2) & 0x3fff;
		out->height = little(s, 28, 2) & 0x3fff;
	}
}

static bool is_bmp(struct span s)
{
	uint32_t head = little(s, 14, 4);
	return starts(s, "BM", 2) && s.n > 26 &&
	       (head == 12 || head == 40 || head == 52 || head == 56 || head == 64 ||
		       head == 108 || head == 124);
}

/* ISO 14496-12 4.3: a file type box whose major or compatible brands name AVIF. */
static bool is_avif(struct span s)
{
	size_t n = big(s, 0, 4);
	if (!starts(span_from(s, 4), "ftyp", 4) || n < 16 || n > 256)
		return false;
	for (size_t at = 8; at + 4 <= n && at + 4 <= s.n; at += 4)
		if (at != 12 && (starts(span_from(s, at), "avif", 4) ||
					starts(span_from(s, at), "avis", 4)))
			return true;
	return false;
}

struct hop_picture hop_picture_of(struct span s)
{
	struct hop_picture p = {0};
	if (starts_png(s)) {
		p = (struct hop_picture){"image/png", "PNG", big(s, 16, 4), big(s, 20, 4)};
	} else if (starts(s, "GIF87a", 6) || starts(s, "GIF89a", 6)) {
		p = (struct hop_picture){.type = "image/gif", .word = "GIF"};
		gif_size(s, &p);
	} else if (starts(s, "\xff\xd8\xff", 3)) {
		p = (struct hop_picture){.type = "image/jpeg", .word = "JPEG"};
		jpeg_size(s, &p);
	} else if (starts(s, "RIFF", 4) && starts(span_from(s, 8), "WEBPVP8", 7)) {
		p = (struct hop_picture){.type = "image/webp", .word = "WebP"};
		webp_size(s, &p);
	} else if (is_bmp(s)) {
		bool core = little(s, 14, 4) == 12;
		p = (struct hop_picture){"image/bmp", "BMP", little(s, 18, core ? 2 : 4),
			(int64_t)(int32_t)little(s, core ? 20 : 22, core ? 2 : 4)};
		p.height = p.height < 0 ? -p.height : p.height;
	} else if (starts(s, "\0\0\1\0", 4) && s.n > 22 && little(s, 4, 2) > 0 &&
		   little(s, 4, 2) < 256) {
		p = (struct hop_picture){.type = "image/x-icon", .word = "ICO"};
		ico_size(s, &p);
	} else if (is_avif(s)) {
		p = (struct hop_picture){.type = "image/avif", .word = "AVIF"};
		avif_size(s, &p);
	}
	return p;
}

bool hop_picture_fits(const struct hop_picture *p)
{
	return p->width > 0 && p->height > 0 && p->width <= HOP_PIXELS_MAX &&
	       p->height <= HOP_PIXELS_MAX && p->width * p->height <= HOP_PIXELS_MAX;
}

/* ---- what leaves ---- */

static void refuse(struct web_request *q, struct web_answer *a, const char *why)
{
	struct err err;
	err_set(&err, ERR_USAGE, "%s", why);
	page_error(q, a, 404, &err);
}

/* The exchange that the path names; false: a is answered. The reading is to be closed if *open.
 */
static bool read_exchange(struct web_request *q, struct web_answer *a, struct book_reading *r,
	const struct model_exchange **x, bool *open)
{
	struct err err = {0};
	bool found = false;
	int64_t n;
	struct book *b = web_book(q, a);
	*open = false;
	if (b == NULL)
		return false;
	if (!web_number(q->segments[1], &n)) {
		page_not_there(q, a, NULL, "there is no such exchange");
		return false;
	}
	*open = true;
	if (!book_read_exchange(b, n, r, &found, &err)) {
		page_error(q, a, 500, &err);
		return false;
	}
	*x = found ? r->hop.exchange : NULL;
	if (*x == NULL)
		page_not_there(q, a, b, "there is no such exchange");
	return *x != NULL;
}

static enum fact_side asked_side(const struct web_request *q)
{
	return span_is(web_value(&q->query, "side"), "request") ? SIDE_REQUEST : SIDE_RESPONSE;
}

void hop_picture_file(struct web_request *q, struct web_answer *a)
{
	struct book_reading r;
	const struct model_exchange *x;
	struct edition_start about;
	struct err err = {0};
	bool open;
	if (read_exchange(q, a, &r, &x, &open)) {
		bool ok = edition_body_start(&r.edition, x, asked_side(q), true,
			HOP_PICTURE_MAX, &a->body, &about, &err);
		struct hop_picture p = hop_picture_of(buf_span(&a->body));
		if (!ok)
			page_error(q, a, 500, &err);
		else if (p.type == NULL)
			refuse(q, a, "it is no picture by its first bytes");
		else if (!hop_picture_fits(&p))
			refuse(q, a,
				"its head names more pixels than are shown here, or does not "
				"say how many");
		else
			a->kind = WEB_PICTURE, a->type = p.type;
	}
	if (open)
		book_reading_close(&r);
}

void hop_bytes_file(struct web_request *q, struct web_answer *a)
{
	struct book_reading r;
	const struct model_exchange *x;
	struct edition_body about;
	struct err err = {0};
	struct span as = web_value(&q->query, "as");
	bool open, stored = span_is(as, "stored"), text = span_is(as, "text");
	enum fact_side side = asked_side(q);
	if (read_exchange(q, a, &r, &x, &open)) {
		if (!edition_body(&r.edition, x, side, !stored, &a->body, &about, &err)) {
			page_error(q, a, 500, &err);
		} else {
			bool all = about.whole && buf_len(&a->body) < EDITION_BODY_MAX;
			a->kind = text ? WEB_TEXT : WEB_DOWNLOAD;
			a->file_name = arena_printf(&q->arena, "exchange-%lld-%s%s%s.%s",
				(long long)x->id, side == SIDE_REQUEST ? "request" : "response",
				stored ? "-as-stored" : "", all ? "" : "-not-whole",
				text ? "txt" : "bin");
		}
	}
	if (open)
		book_reading_close(&r);
}
