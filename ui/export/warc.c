#include "ui/export/warc.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/fact/fact.h"
#include "ui/export/gzip_member.h"
#include "ui/export/head.h"

#include <stdio.h>

static void hex_of(const uint8_t digest[SHA256_LEN], char *out)
{
	for (size_t i = 0; i < SHA256_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void warc_digest(struct span s, char out[WARC_DIGEST_MAX])
{
	uint8_t digest[SHA256_LEN];
	sha256(s, digest);
	memcpy(out, "sha256:", 7);
	hex_of(digest, out + 7);
}

void warc_uuid(struct span name, char out[40])
{
	char hex[SHA256_HEX];
	uint8_t d[SHA256_LEN];
	sha256(name, d);
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x80); /* version 8 */
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80); /* RFC 9562 4.1 */
	hex_of(d, hex);
	snprintf(out, 40, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		hex + 20);
}

void warc_name(struct warc_record *r, struct span case_id, int64_t number)
{
	char uuid[40], digest[WARC_DIGEST_MAX];
	struct buf name = {0};
	warc_digest(r->block, digest);
	buf_add_str(&name, "clicktrail WARC record\n");
	buf_add_span(&name, case_id);
	buf_addf(
		&name, "\n%s\n%s\n%lld\n%s", r->type, r->media_type, (long long)number, digest);
	warc_uuid(buf_span(&name), uuid);
	snprintf(r->id, sizeof r->id, "<urn:uuid:%s>", uuid);
	buf_fini(&name);
}

/* ISO 28500 4: header lines are UTF-8 text; ours are ASCII, so that every reader agrees. */
void warc_add(struct warc_record *r, const char *name, struct span value)
{
	if (value.n == 0)
		return;
	buf_addf(&r->more, "%s: ", name);
	for (size_t i = 0; i < value.n; i++)
		buf_add_byte(&r->more,
			value.p[i] >= 0x20 && value.p[i] < 0x7f ? value.p[i] : (uint8_t)'?');
	buf_add_str(&r->more, "\r\n");
}

static void header(const struct warc_record *r, struct warc_place *where, struct buf *out)
{
	char at[CLOCK_TEXT_MAX], digest[WARC_DIGEST_MAX];
	clock_text(r->at_us == FACT_NULL ? 0 : r->at_us, at);
	buf_addf(out, "WARC/1.1\r\nWARC-Type: %s\r\nWARC-Record-ID: %s\r\nWARC-Date: %s\r\n",
		r->type, r->id, at);
	if (r->url.p != NULL) {
		buf_add_str(out, "WARC-Target-URI: ");
		head_add_url(out, r->url);
		buf_add_str(out, "\r\n");
	}
	buf_add_span(out, buf_span(&r->more));
	warc_digest(r->block, digest);
	buf_addf(out, "WARC-Block-Digest: %s\r\n", digest);
	where->payload_digest[0] = 0;
	if (r->payload_at != SIZE_MAX) {
		warc_digest(span_from(r->block, r->payload_at), where->payload_digest);
		buf_addf(out, "WARC-Payload-Digest: %s\r\n", where->payload_digest);
	}
	buf_addf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", r->media_type,
		r->block.n);
}

void warc_put(struct buf *file, const struct warc_record *r, struct warc_place *where)
{
	struct buf head = {0};
	*where = (struct warc_place){.offset = buf_len(file)};
	header(r, where, &head);
	struct gzip_member *g = gzip_member_new(file);
	gzip_member_add(g, buf_span(&head));
	gzip_member_add(g, r->block);
	gzip_member_add(g, span_str("\r\n\r\n"));
	gzip_member_end(g);
	where->length = buf_len(file) - where->offset;
	warc_digest(span_from(buf_span(file), where->offset), where->record_digest);
	buf_fini(&head);
}

void warc_record_fini(struct warc_record *r)
{
	buf_fini(&r->more);
}
