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

/* The first frame header (ITU T.81 B.2.2) among the segments. */
static void jpeg_size(struct span s, struct hop_picture *out)
{
	for (size_t at = 2; at + 9 < s.n && s.p[at] == 0xff;) {
		uint8_t m = s.p[at + 1];
		if (m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc) {
			out->height = big(s, at + 5, 2);
			out->width = big(s, at + 7, 2);
			return;
		}
		at += 2 + big(s, at + 2, 2);
	}
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
	if (starts(s, "\x89PNG\r\n\x1a\n", 8)) {
		p = (struct hop_picture){"image/png", "PNG", big(s, 16, 4), big(s, 20, 4)};
	} else if (starts(s, "GIF87a", 6) || starts(s, "GIF89a", 6)) {
		p = (struct hop_picture){"image/gif", "GIF", little(s, 6, 2), little(s, 8, 2)};
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
	} else if (is_avif(s)) {
		p = (struct hop_picture){.type = "image/avif", .word = "AVIF"};
	}
	return p;
}

bool hop_picture_fits(const struct hop_picture *p)
{
	return p->width <= HOP_PIXELS_MAX && p->height <= HOP_PIXELS_MAX &&
	       p->width * p->height <= HOP_PIXELS_MAX;
}

/* ---- what leaves ---- */

static void refuse(struct web_request *q, struct web_answer *a, int status, const char *why)
{
	struct err err;
	err_set(&err, ERR_USAGE, "%s", why);
	page_error(q, a, status, &err);
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
		refuse(q, a, 404, "there is no such exchange");
		return false;
	}
	*open = true;
	if (!book_read_exchange(b, n, r, &found, &err)) {
		page_error(q, a, 500, &err);
		return false;
	}
	*x = found ? r->hop.exchange : NULL;
	if (*x == NULL)
		refuse(q, a, 404, "there is no such exchange");
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
			refuse(q, a, 404, "it is no picture by its first bytes");
		else if (!hop_picture_fits(&p))
			refuse(q, a, 404, "its head names more pixels than are shown here");
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
