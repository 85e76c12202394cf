#include "ui/web/answer_head.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

#include <stdio.h>

/* Pages: our own script, style, pictures and events, forms to ourselves, and frames of
 * ourselves, which answer_suits keeps to pictures. Nothing inline, no workers, nothing from
 * elsewhere, in nobody's frame. */
static const char page_policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
	"'self'; frame-src 'self'; worker-src 'none'; form-action 'self'; frame-ancestors "
	"'none'; base-uri 'none'";
/* What is no page can do nothing, if it is ever shown as one. */
static const char other_policy[] =
	"sandbox; default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri "
	"'none'";
/* An opaque origin of its own, in a frame of ours. Browsers make a document around a picture,
 * and style it in place. */
static const char picture_policy[] =
	"sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; "
	"frame-ancestors 'self'; base-uri 'none'";
static const char permissions[] =
	"accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
	"fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
	"payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), "
	"usb=(), xr-spatial-tracking=()";

static const char *type_of(const struct web_answer *a)
{
	switch (a->kind) {
	case WEB_PAGE: return "text/html; charset=utf-8";
	case WEB_EVENTS: return "text/event-stream; charset=utf-8";
	case WEB_DOWNLOAD: return "application/octet-stream";
	case WEB_TEXT: return "text/plain; charset=utf-8";
	case WEB_PICTURE: {
		/* What draws, and cannot do anything else. */
		static const char *const raster[] = {"image/png", "image/jpeg", "image/gif",
			"image/webp", "image/bmp", "image/x-icon", "image/avif"};
		for (size_t i = 0; a->type != NULL && i < sizeof raster / sizeof *raster; i++)
			if (strcmp(a->type, raster[i]) == 0)
				return raster[i];
		return "application/octet-stream";
	}
	case WEB_ASSET: break;
	}
	return a->type != NULL ? a->type : "application/octet-stream";
}

static void add_disposition(const struct web_answer *a, answer_field_fn *add, void *ctx)
{
	enum { NAME_MAX_LEN = 100 };
	char name[NAME_MAX_LEN + 1], field[NAME_MAX_LEN + 40];
	size_t n = 0;
	const char *given = a->file_name != NULL ? a->file_name : "captured";
	for (; given[n] != 0 && n < NAME_MAX_LEN; n++) {
		uint8_t c = (uint8_t)given[n];
		bool plain = ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_' ||
			     (c == '.' && n > 0);
		name[n] = plain ? given[n] : '_';
	}
	name[n] = 0;
	snprintf(field, sizeof field, "attachment; filename=\"%s\"", name);
	add(ctx, "Content-Disposition", field);
}

/* A path of ours, and nothing that a browser could read as another host. */
static bool is_path(const char *s)
{
	for (const char *at = s; *at != 0; at++)
		if (*at <= ' ' || *at == 0x7f || *at == '\\')
			return false;
	return s[0] == '/' && s[1] != '/';
}

void answer_head(const struct web_answer *a, answer_field_fn *add, void *ctx)
{
	bool picture = a->kind == WEB_PICTURE;
	add(ctx, "Content-Type", type_of(a));
	add(ctx, "Content-Security-Policy",
		a->kind == WEB_PAGE ? page_policy
		: picture           ? picture_policy
				    : other_policy);
	add(ctx, "X-Content-Type-Options", "nosniff");
	add(ctx, "X-Frame-Options", picture ? "SAMEORIGIN" : "DENY");
	add(ctx, "Referrer-Policy", "no-referrer");
	add(ctx, "Cross-Origin-Opener-Policy", "same-origin");
	add(ctx, "Cross-Origin-Resource-Policy", "same-origin");
	add(ctx, "Permissions-Policy", permissions);
	add(ctx, "Cache-Control", a->kind == WEB_ASSET ? "private, no-cache" : "no-store");
	if (a->kind == WEB_ASSET && a->etag != NULL)
		add(ctx, "ETag", a->etag);
	if (a->kind == WEB_DOWNLOAD || a->kind == WEB_TEXT)
		add_disposition(a, add, ctx);
	if (a->location != NULL)
		add(ctx, "Location", is_path(a->location) ? a->location : "/");
	if (a->allow != NULL)
		add(ctx, "Allow", a->allow);
	if (a->retry_s > 0) {
		char seconds[16];
		snprintf(seconds, sizeof seconds, "%d", a->retry_s);
		add(ctx, "Retry-After", seconds);
	}
}

bool answer_suits(enum web_kind kind, struct span dest)
{
	if (span_is(dest, "script") || span_is(dest, "style"))
		return kind == WEB_ASSET;
	if (span_is(dest, "image"))
		return kind == WEB_ASSET || kind == WEB_PICTURE;
	if (span_is(dest, "iframe"))
		return kind == WEB_PICTURE;
	return true;
}

void answer_tag(struct span body, char out[ANSWER_TAG_MAX])
{
	uint8_t digest[SHA256_LEN];
	struct arena a = {0};
	sha256(body, digest);
	snprintf(out, ANSWER_TAG_MAX, "\"%s\"", hex_str(&a, span_of(digest, sizeof digest)));
	arena_fini(&a);
}
