/*
 * The table of contents of a ZIP archive, and single members of it, from hostile bytes: enough
 * to say what is in a download. Believes the central directory alone, as the programs do that
 * open such files. No ZIP64, no encryption, no files. Pure; any thread.
 */
#ifndef STORE_DERIVE_FILE_ZIP_H
#define STORE_DERIVE_FILE_ZIP_H

#include "store/base/arena.h"
#include "store/base/buf.h"

enum {
	ZIP_MEMBERS_MAX = 20000,          /* looked at */
	ZIP_MEMBER_MAX = 8 * 1024 * 1024, /* bytes of one that is unpacked */
};

struct zip_entry {
	struct span name; /* as it stands there */
	uint64_t size;    /* as it is said, unpacked */
	bool encrypted;
	/* Private. */
	unsigned method;
	size_t packed, header;
};

struct zip_listing {
	struct span bytes;
	struct zip_entry *members;
	size_t n_members;
	uint64_t said;    /* how many there are, as it says */
	size_t directory; /* where the central directory begins */
	bool more;        /* there are more than were read, or the directory is broken */
};

/* Is it one? */
bool zip_read(struct arena *a, struct span bytes, struct zip_listing *out);
/* The first member of that name, unpacked into the arena; absent: there is none, it is too
 * large, or broken. */
struct span zip_unpack(struct arena *a, const struct zip_listing *z, const char *name);
struct span zip_unpack_member(
	struct arena *a, const struct zip_listing *z, const struct zip_entry *m);

/* Little-endian numbers at an offset; 0 beyond the end. */
static inline uint32_t zip_u16(struct span s, size_t at)
{
	return at < s.n && s.n - at >= 2 ? (uint32_t)s.p[at] | (uint32_t)s.p[at + 1] << 8 : 0;
}
static inline uint32_t zip_u32(struct span s, size_t at)
{
	return at < s.n && s.n - at >= 4 ? zip_u16(s, at) | zip_u16(s, at + 2) << 16 : 0;
}
static inline uint64_t zip_u64(struct span s, size_t at)
{
	return at < s.n && s.n - at >= 8
		       ? (uint64_t)zip_u32(s, at) | (uint64_t)zip_u32(s, at + 4) << 32
		       : 0;
}

#endif
