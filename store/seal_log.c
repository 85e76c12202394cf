#include "store/seal_head.h"
#include "store/seal_dir.h"
#include "store/base/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_FILE "heads.log"

/* A line: the link, the statement's values, the signature. */
enum { VALUES = 9, FIELDS = VALUES + 2, CHUNK = 16 * 1024 };
static const char *const value_names[VALUES] = {
	"case", "head", "kind", "facts", "at", "running", "root", "previous", "key"};

/* How long a field is and what it is made of, to tell a line that was cut off. */
static const struct form {
	size_t min, max;
	const char *bytes;
	bool or_dash;
} forms[FIELDS] = {
	{64, 64, "0123456789abcdef", false},
	{32, 32, "0123456789abcdef", false},
	{1, 19, "0123456789", false},
	{7, 7, "cegilnorsu", false},
	{1, 19, "0123456789", false},
	{27, 27, "0123456789-:.TZ", false},
	{64, 64, "0123456789abcdef", false},
	{64, 64, "0123456789abcdef", false},
	{64, 64, "0123456789abcdef", false},
	{64, 64, "0123456789abcdef", true},
	{128, 128, "0123456789abcdef", true},
};

static void write_line(
	const uint8_t link[SHA256_LEN], const struct seal_head *h, struct buf *out)
{
	struct buf statement = {0};
	seal_head_write(h, &statement);
	struct span rest = buf_span(&statement);
	rest = span_from(rest, span_find_byte(rest, '\n', 0) + 1);
	hex_add(out, span_of(link, SHA256_LEN));
	while (rest.n > 0) {
		size_t end = span_find_byte(rest, '\n', 0),
		       value = span_find_byte(rest, ' ', 0);
		buf_add_span(out, span_of(rest.p + value, end - value));
		rest = span_from(rest, end + 1);
	}
	buf_add_byte(out, ' ');
	if (h->has_key)
		hex_add(out, span_of(h->signature, sizeof h->signature));
	else
		buf_add_byte(out, '-');
	buf_add_byte(out, '\n');
	buf_fini(&statement);
}

/* How many fields there are; FIELDS + 1: more than a line has. */
static size_t split(struct span line, struct span fields[FIELDS])
{
	for (size_t n = 0; n < FIELDS; n++) {
		size_t end = span_find_byte(line, ' ', 0);
		fields[n] = span_first(line, end);
		if (end == SIZE_MAX)
			return n + 1;
		line = span_from(line, end + 1);
	}
	return FIELDS + 1;
}

/* The line is exactly what write_line would write, but perhaps for its link. */
static bool read_line(struct span line, struct seal_head *h, uint8_t link[SHA256_LEN])
{
	struct span fields[FIELDS];
	struct buf b = {0};
	if (split(line, fields) != FIELDS)
		return false;
	buf_add_str(&b, "clicktrail-head/1\n");
	for (size_t i = 0; i < VALUES; i++) {
		buf_add_str(&b, value_names[i]);
		buf_add_byte(&b, ' ');
		buf_add_span(&b, fields[i + 1]);
		buf_add_byte(&b, '\n');
	}
	bool ok = seal_head_read(buf_span(&b), h);
	buf_clear(&b);
	ok = ok && hex_read(fields[0], &b) && buf_len(&b) == SHA256_LEN;
	if (ok)
		memcpy(link, b.p, SHA256_LEN);
	buf_clear(&b);
	if (ok && h->has_key)
		ok = hex_read(fields[FIELDS - 1], &b) && buf_len(&b) == SEAL_SIGNATURE_LEN;
	if (ok && h->has_key)
		memcpy(h->signature, b.p, SEAL_SIGNATURE_LEN);
	buf_clear(&b);
	if (ok) {
		write_line(link, h, &b);
		ok = span_eq(span_first(buf_span(&b), buf_len(&b) - 1), line);
	}
	buf_fini(&b);
	return ok;
}

static bool has_form(const struct form *f, struct span s, bool whole)
{
	if (f->or_dash && span_is(s, "-"))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0 || strchr(f->bytes, s.p[i]) == NULL)
			return false;
	return s.n <= f->max && (!whole || s.n >= f->min);
}

/* Is it the beginning of a line with that link, and not the whole of one? */
static bool was_cut(struct span line, const uint8_t link[SHA256_LEN])
{
	struct span fields[FIELDS];
	size_t n = split(line, fields);
	if (line.n == 0 || n > FIELDS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!has_form(&forms[i], fields[i], i + 1 < n))
			return false;
	for (size_t i = 0; i < fields[0].n; i++)
		if (ascii_hex(fields[0].p[i]) != (link[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15))
			return false;
	struct span last = fields[n - 1];
	return n < FIELDS || (last.n < forms[n - 1].min && !span_is(last, "-"));
}

/* A descriptor of the log, locked. Whoever puts it away while we wait for the lock takes the
 * file that we opened with him: what we locked must still have the name. */
static int open_locked(const struct seal_dir *d, struct err *err)
{
	struct stat held, named;
	bool missing;
	for (;;) {
		int fd = seal_dir_file(
			d, LOG_FILE, O_RDWR | O_APPEND | O_CREAT, 022, &missing, err);
		if (fd < 0)
			return -1;
		while (flock(fd, LOCK_EX) != 0) {
			if (errno == EINTR)
				continue;
			seal_dir_fail(d, LOG_FILE, "locking", err);
			close(fd);
			return -1;
		}
		if (fstat(fd, &held) == 0 &&
			fstatat(d->fd, LOG_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
			held.st_ino == named.st_ino && held.st_dev == named.st_dev)
			return fd;
		close(fd);
	}
}

/* All n bytes at `at`; false with errno. */
static bool read_at(int fd, uint8_t *out, size_t n, off_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, out, n, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got == 0 ? EIO : errno;
			return false;
		}
		out += got;
		n -= (size_t)got;
		at += got;
	}
	return true;
}

/* Where the line that ends at `end` begins. */
static bool find_line(int fd, off_t end, off_t *begin)
{
	uint8_t bytes[SEAL_LINE_MAX];
	*begin = end;
	while (*begin > 0) {
		size_t n = *begin < SEAL_LINE_MAX ? (size_t)*begin : SEAL_LINE_MAX;
		if (!read_at(fd, bytes, n, *begin - (off_t)n))
			return false;
		const uint8_t *lf = memrchr(bytes, '\n', n);
		if (lf != NULL) {
			*begin -= (off_t)n - (lf + 1 - bytes);
			return true;
		}
		*begin -= (off_t)n;
	}
	return true;
}

static bool hash_range(int fd, off_t from, off_t to, uint8_t out[SHA256_LEN])
{
	uint8_t bytes[SEAL_LINE_MAX];
	struct sha256 h;
	bool ok = true;
	sha256_init(&h);
	while (ok && from < to) {
		size_t n = to - from < SEAL_LINE_MAX ? (size_t)(to - from) : SEAL_LINE_MAX;
		ok = read_at(fd, bytes, n, from);
		sha256_add(&h, bytes, ok ? n : 0);
		from += (off_t)n;
	}
	sha256_end(&h, out);
	return ok;
}

/* The link of the line that comes next; *cut: the last one has no LF. */
static bool last_link(int fd, off_t size, uint8_t link[SHA256_LEN], bool *cut)
{
	off_t begin, end = size;
	uint8_t last;
	*cut = false;
	memset(link, 0, SHA256_LEN);
	if (size == 0)
		return true;
	if (!read_at(fd, &last, 1, size - 1))
		return false;
	*cut = last != '\n';
	if (!*cut)
		end--;
	return find_line(fd, end, &begin) && hash_range(fd, begin, end, link);
}

/* What cannot be read again would make the log unsound for ever. */
static bool can_be_read(struct span line)
{
	struct seal_head h = {0};
	uint8_t link[SHA256_LEN];
	return read_line(span_first(line, line.n - 1), &h, link);
}

static bool append(const struct seal_dir *d, int fd, const struct seal_head *h, struct err *err)
{
	struct stat st;
	struct buf line = {0};
	uint8_t link[SHA256_LEN];
	bool cut;
	if (fstat(fd, &st) != 0 || !last_link(fd, st.st_size, link, &cut))
		return seal_dir_fail(d, LOG_FILE, "reading", err);
	if (cut)
		buf_add_byte(&line, '\n');
	write_line(link, h, &line);
	if (!can_be_read(span_from(buf_span(&line), cut))) {
		buf_fini(&line);
		return err_set(err, d->kind, "head %" PRId64 " of case %.32s is no head", h->n,
			h->case_id);
	}
	/* One write: a process that dies leaves a whole line or none. */
	ssize_t n = write(fd, line.p, buf_len(&line));
	bool ok = n == (ssize_t)buf_len(&line);
	if (!ok) {
		errno = n >= 0 ? ENOSPC : errno;
		seal_dir_fail(d, LOG_FILE, "writing", err);
		/* A piece of a line serves nobody; if it stays, it is a cut like another. */
		if (n > 0 && ftruncate(fd, st.st_size) != 0)
			ok = false;
	}
	buf_fini(&line);
	/* While recording one comes every second, and a commit shall not wait for a disk: a
	 * loss of power may take the last of them. */
	bool keep = h->kind != HEAD_RUNNING || st.st_size == 0;
	if (ok && keep && (fdatasync(fd) != 0 || (st.st_size == 0 && fsync(d->fd) != 0)))
		ok = seal_dir_fail(d, LOG_FILE, "writing out", err);
	return ok;
}

bool seal_log_append(const char *dir, const struct seal_head *h, struct err *err)
{
	struct seal_dir d;
	if (!seal_dir_open(&d, dir, ERR_SEAL_LOG, err))
		return false;
	int fd = open_locked(&d, err);
	bool ok = fd >= 0 && append(&d, fd, h, err);
	if (fd >= 0)
		close(fd);
	seal_dir_close(&d);
	return ok;
}

struct reading {
	const char *case_id;
	seal_log_fn *each;
	void *ctx;
	uint8_t link[SHA256_LEN]; /* of the line before */
	int64_t lines, first_bad, cuts;
};

/* False: `each` has had enough. */
static bool take_line(struct reading *r, struct span line)
{
	struct seal_head h = {0};
	uint8_t link[SHA256_LEN];
	bool is_head = read_line(line, &h, link), good;
	r->lines++;
	if (is_head)
		good = memcmp(link, r->link, SHA256_LEN) == 0;
	else
		good = was_cut(line, r->link);
	r->cuts += !is_head && good;
	if (!good && r->first_bad == 0)
		r->first_bad = r->lines;
	sha256(line, r->link);
	if (!is_head || (r->case_id != NULL && strcmp(r->case_id, h.case_id) != 0))
		return true;
	return r->each(r->ctx, &h);
}

/* A line longer than any of ours is bad, and so is what leads on from it: its hash is not
 * needed. */
static bool take_chunk(struct reading *r, struct buf *line, struct span chunk)
{
	while (chunk.n > 0) {
		size_t end = span_find_byte(chunk, '\n', 0);
		struct span part = span_first(chunk, end);
		if (buf_len(line) <= SEAL_LINE_MAX)
			buf_add_span(line, span_first(part, SEAL_LINE_MAX + 1 - buf_len(line)));
		if (end == SIZE_MAX)
			return true;
		if (!take_line(r, buf_span(line)))
			return false;
		buf_clear(line);
		chunk = span_from(chunk, end + 1);
	}
	return true;
}

static bool read_lines(int fd, struct reading *r, off_t size)
{
	uint8_t chunk[CHUNK];
	struct buf line = {0};
	bool ok = true, more = true;
	for (off_t at = 0; ok && more && at < size;) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		ok = read_at(fd, chunk, n, at);
		if (ok)
			more = take_chunk(r, &line, span_of(chunk, n));
		at += (off_t)n;
	}
	/* Without its LF: cut off, or whole, as it will be once the next one is appended. */
	if (ok && more && buf_len(&line) > 0)
		take_line(r, buf_span(&line));
	buf_fini(&line);
	return ok;
}

/* How long the log is while nobody is writing a line. A file system without locks, or a log
 * that may only be read, is read as it is. */
static bool settled_size(int fd, off_t *size)
{
	struct stat st;
	int locked;
	while ((locked = flock(fd, LOCK_SH)) != 0 && errno == EINTR)
		;
	bool ok = fstat(fd, &st) == 0;
	if (ok && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		ok = false;
	}
	if (locked == 0)
		flock(fd, LOCK_UN);
	*size = ok ? st.st_size : 0;
	return ok;
}

bool seal_log_read(const char *dir, const char *case_id, seal_log_fn *each, void *ctx,
	bool *sound, int64_t *first_bad, int64_t *cuts, struct err *err)
{
	struct reading r = {.case_id = case_id, .each = each, .ctx = ctx};
	struct buf path = {0};
	off_t size;
	buf_addf(&path, "%s/" LOG_FILE, dir);
	char *name = buf_take_str(&path);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool ok = fd >= 0 || errno == ENOENT;
	if (fd >= 0)
		ok = settled_size(fd, &size) && read_lines(fd, &r, size);
	if (!ok)
		err_set_os(err, ERR_SEAL_LOG, errno, "reading %s", name);
	if (fd >= 0)
		close(fd);
	free(name);
	*sound = ok && r.first_bad == 0;
	*first_bad = r.first_bad;
	*cuts = r.cuts;
	return ok;
}

static bool copy(
	int fd, off_t size, seal_log_bytes_fn *take, void *ctx, bool *taken, struct err *err)
{
	uint8_t chunk[CHUNK];
	for (off_t at = 0; at < size;) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		if (!read_at(fd, chunk, n, at))
			return false;
		*taken = take(ctx, span_of(chunk, n), err);
		if (!*taken)
			return false;
		at += (off_t)n;
	}
	return true;
}

bool seal_log_copy(
	const char *dir, seal_log_bytes_fn *take, void *ctx, bool *there, struct err *err)
{
	struct buf path = {0};
	off_t size;
	bool taken = true;
	buf_addf(&path, "%s/" LOG_FILE, dir);
	char *name = buf_take_str(&path);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*there = fd >= 0;
	bool ok = fd >= 0 || errno == ENOENT;
	if (fd >= 0)
		ok = settled_size(fd, &size) && copy(fd, size, take, ctx, &taken, err);
	if (!ok && taken)
		err_set_os(err, ERR_SEAL_LOG, errno, "reading %s", name);
	if (fd >= 0)
		close(fd);
	free(name);
	return ok;
}
