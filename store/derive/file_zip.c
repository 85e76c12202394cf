#include "store/derive/file_zip.h"

#include <zlib.h>

/* APPNOTE.TXT 4.3: signatures, and lengths without the variable parts. */
enum {
	END_LEN = 22,
	END_COMMENT_MAX = 65535,
	CENTRAL_LEN = 46,
	LOCAL_LEN = 30,
	METHOD_STORED = 0,
	METHOD_DEFLATED = 8,
	FLAG_ENCRYPTED = 1,
};
#define END_SIGNATURE 0x06054b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define LOCAL_SIGNATURE 0x04034b50u

/* Offset of the end record (4.3.16); SIZE_MAX: there is none. */
static size_t find_end(struct span s)
{
	if (s.n < END_LEN)
		return SIZE_MAX;
	size_t last = s.n - END_LEN;
	size_t first = last > END_COMMENT_MAX ? last - END_COMMENT_MAX : 0;
	for (size_t at = last + 1; at-- > first;)
		if (zip_u32(s, at) == END_SIGNATURE)
			return at;
	return SIZE_MAX;
}

bool zip_read(struct arena *a, struct span bytes, struct zip_listing *out)
{
	size_t end = find_end(bytes);
	*out = (struct zip_listing){.bytes = bytes};
	if (end == SIZE_MAX)
		return false;
	out->said = zip_u16(bytes, end + 10);
	/* What stands before the archive (a program that unpacks itself) is not counted in its
	 * offsets: the directory ends where the end record begins. */
	size_t length = zip_u32(bytes, end + 12), at = zip_u32(bytes, end + 16), before = 0;
	if (length <= end && end - length >= at) {
		before = end - length - at;
		at = end - length;
	}
	out->directory = at;
	for (uint64_t i = 0; i < out->said && i < ZIP_MEMBERS_MAX; i++) {
		if (at > end || end - at < CENTRAL_LEN ||
			zip_u32(bytes, at) != CENTRAL_SIGNATURE)
			break;
		size_t name = zip_u16(bytes, at + 28), extra = zip_u16(bytes, at + 30),
		       comment = zip_u16(bytes, at + 32);
		if (end - at - CENTRAL_LEN < name)
			break;
		struct zip_entry m = {.name = span_of(bytes.p + at + CENTRAL_LEN, name),
			.size = zip_u32(bytes, at + 24),
			.packed = zip_u32(bytes, at + 20),
			.method = zip_u16(bytes, at + 10),
			.encrypted = (zip_u16(bytes, at + 8) & FLAG_ENCRYPTED) != 0,
			.header = before + zip_u32(bytes, at + 42)};
		ARENA_PUSH(a, out->members, out->n_members, m);
		at += CENTRAL_LEN + name + extra + comment;
	}
	out->more = out->n_members < out->said;
	return out->said == 0 || out->n_members > 0;
}

/* Raw deflate (RFC 1951), at most ZIP_MEMBER_MAX bytes. */
static struct span inflated(struct arena *a, struct span packed)
{
	enum { STEP = 32 * 1024 };
	struct buf out = {0};
	z_stream z = {0};
	int rc = Z_OK;
	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return SPAN_NONE;
	/* zlib only reads it. */
	memcpy(&z.next_in, &packed.p, sizeof packed.p);
	z.avail_in = (uInt)packed.n;
	while (rc == Z_OK && buf_len(&out) <= ZIP_MEMBER_MAX) {
		z.next_out = buf_room(&out, STEP);
		z.avail_out = STEP;
		rc = inflate(&z, Z_NO_FLUSH);
		buf_grew(&out, STEP - z.avail_out);
		if (rc == Z_BUF_ERROR || (rc == Z_OK && z.avail_in == 0 && z.avail_out > 0))
			break;
	}
	inflateEnd(&z);
	bool good = rc == Z_STREAM_END && buf_len(&out) <= ZIP_MEMBER_MAX;
	struct span copy = good ? arena_copy(a, buf_span(&out)) : SPAN_NONE;
	buf_fini(&out);
	return copy;
}

struct span zip_unpack_member(
	struct arena *a, const struct zip_listing *z, const struct zip_entry *m)
{
	struct span s = z->bytes;
	if (m->encrypted || m->size > ZIP_MEMBER_MAX || m->header > s.n ||
		s.n - m->header < LOCAL_LEN || zip_u32(s, m->header) != LOCAL_SIGNATURE)
		return SPAN_NONE;
	/* 4.3.7: the local header has lengths of its own for name and extra. */
	size_t start =
		m->header + LOCAL_LEN + zip_u16(s, m->header + 26) + zip_u16(s, m->header + 28);
	if (start > s.n || s.n - start < m->packed || m->packed > UINT32_MAX)
		return SPAN_NONE;
	struct span packed = span_of(s.p + start, m->packed);
	if (m->method == METHOD_STORED)
		return m->packed <= ZIP_MEMBER_MAX ? packed : SPAN_NONE;
	return m->method == METHOD_DEFLATED ? inflated(a, packed) : SPAN_NONE;
}

struct span zip_unpack(struct arena *a, const struct zip_listing *z, const char *name)
{
	for (size_t i = 0; i < z->n_members; i++)
		if (span_is(z->members[i].name, name))
			return zip_unpack_member(a, z, &z->members[i]);
	return SPAN_NONE;
}
