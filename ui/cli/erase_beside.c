#include "ui/cli/erase_beside.h"
#include "ui/cli/case_beside.h"
#include "ui/cli/custody.h"
#include "ui/report/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024 };

/* ---- what they still hold ---- */

struct holding {
	const struct erase_beside *beside;
	const struct erase_found *found;
	size_t at; /* the next item of found */
	struct arena a;
	int64_t *clear; /* exchanges that went in clear */
	size_t n_clear;
	int64_t held;  /* a session with files of which something goes; 0: none */
	bool in_clear; /* of one with packets, and no key was needed to read it */
};

/* One by its name that is not the recorded one may still hold what the case holds. */
static bool is_of_case(const struct erase_beside_file *f)
{
	return f->ours || f->own;
}

static bool has_files(const struct holding *h, int64_t session, bool packets)
{
	for (size_t i = 0; i < h->beside->n; i++)
		if (h->beside->files[i].session == session &&
			is_of_case(&h->beside->files[i]) &&
			(!packets || !h->beside->files[i].keys))
			return true;
	return false;
}

static bool is_clear(const struct holding *h, int64_t exchange)
{
	for (size_t i = 0; i < h->n_clear; i++)
		if (h->clear[i] == exchange)
			return true;
	return false;
}

/* Could who has the packets alone read it there? Names that were asked for and reached could.
 */
static bool passed_in_clear(const struct holding *h, enum fact_kind kind, const void *fact)
{
	switch (kind) {
	case FACT_KIND_REQUEST:
		return is_clear(h, ((const struct fact_request *)fact)->exchange);
	case FACT_KIND_INTERIM:
		return is_clear(h, ((const struct fact_interim *)fact)->exchange);
	case FACT_KIND_RESPONSE:
		return is_clear(h, ((const struct fact_response *)fact)->exchange);
	case FACT_KIND_CHUNK: return is_clear(h, ((const struct fact_chunk *)fact)->exchange);
	case FACT_KIND_EXCHANGE_END:
		return is_clear(h, ((const struct fact_exchange_end *)fact)->exchange);
	case FACT_KIND_TUNNEL:
	case FACT_KIND_CONNECT:
	case FACT_KIND_DNS:
	case FACT_KIND_LEG:
	case FACT_KIND_HELLO:
	case FACT_KIND_HANDSHAKE:
	case FACT_KIND_CERTIFICATE:
	case FACT_KIND_OPAQUE: return true;
	case FACT_KIND_SESSION:
	case FACT_KIND_SESSION_END:
	case FACT_KIND_LEG_END:
	case FACT_KIND_TUNNEL_END:
	case FACT_KIND_NOTE:
	case FACT_KIND_H2_FRAME:
	case FACT_KIND_CLOSE:
	case FACT_KIND_ERASURE:
	case FACT_KIND_CUSTODY:
	case FACT_KIND_LOOKUP:
	case FACT_KIND_ATTACHMENT:
	case FACT_KIND_CAPTURE:
	case FACT_KIND_PACKET_FILE:
	case FACT_KIND_FLOW:
	case FACT_KIND_FLOW_TLS:
	case FACT_KIND_FLOW_PLAIN:
	case FACT_KIND_FLOW_EXCHANGE:
	case FACT_KIND_PACKET_DNS:
	case FACT_KIND_STRAY:
	case FACT_KIND_REMARK:
	case FACT_KIND_COUNT: break;
	}
	return false;
}

/* Items are by number, as the facts are. */
static bool hold(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct holding *h = ctx;
	const struct fact_request *r = fact;
	/* An address that is gone already may have been one. */
	if (kind == FACT_KIND_REQUEST && !span_starts_nocase(r->url, "https:"))
		ARENA_PUSH(&h->a, h->clear, h->n_clear, r->exchange);
	bool any = false;
	for (; h->at < h->found->n && h->found->items[h->at].seq <= seq; h->at++)
		any = any || h->found->items[h->at].seq == seq;
	int64_t session; /* every kind's first field */
	memcpy(&session, fact, sizeof session);
	if (!any || !has_files(h, session, false))
		return true;
	h->held = session;
	h->in_clear = has_files(h, session, true) && passed_in_clear(h, kind, fact);
	return !h->in_clear; /* there is nothing worse to be found */
}

bool erase_beside_check(struct case_file *c, const struct erase_beside *beside,
	const struct erase_found *found, bool keys, bool packets, struct err *err)
{
	struct holding h = {.beside = beside, .found = found};
	if (packets || beside->n == 0 || found->n == 0)
		return true;
	bool ok = case_facts(c, 0, 0, hold, &h, err);
	arena_fini(&h.a);
	if (ok && h.held != 0 && !keys)
		ok = err_set(err, ERR_USAGE,
			"the packets of session %" PRId64
			" still hold what is to be erased: give --packets, or --keys if it "
			"passed encrypted and nobody has the keys elsewhere",
			h.held);
	else if (ok && h.in_clear)
		ok = err_set(err, ERR_USAGE,
			"the packets hold what is to be erased in clear, and can be read "
			"without keys: give --packets");
	return ok;
}

bool erase_beside_same_folder(const char *path, const char *copy)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct stat one, two;
	int n = (int)(case_beside_name(path) - path), m = (int)(case_beside_name(copy) - copy);
	snprintf(a, sizeof a, "%.*s.", n, path);
	snprintf(b, sizeof b, "%.*s.", m, copy);
	return stat(a, &one) != 0 || stat(b, &two) != 0 ||
	       (one.st_dev == two.st_dev && one.st_ino == two.st_ino);
}

static bool goes(const struct erase_beside_file *f, bool packets)
{
	return f->ours && (packets || f->keys);
}

static void say_left(const struct erase_beside *beside, bool packets, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < beside->n; i++) {
		const struct erase_beside_file *f = &beside->files[i];
		if (f->ours || (!packets && !f->keys))
			continue;
		if (n++ == 0)
			buf_add_str(out,
				"Left, for the case does not say that they are its own "
				"(their SHA-256 is not the one it has, or it has none):\n");
		buf_add_str(out, "  ");
		say_text(out, span_str(f->name));
		buf_add_str(out, "\n");
	}
}

void erase_beside_say(const struct erase_beside *beside, bool keys, bool packets,
	const char *done, struct buf *out)
{
	size_t n = 0;
	if (!keys && !packets)
		return;
	for (size_t i = 0; i < beside->n; i++)
		n += goes(&beside->files[i], packets);
	buf_addf(out, "%s beside the case: ", done);
	say_count(out, n, "file", "files");
	buf_add_str(out, n > 0 ? ":\n" : ".\n");
	for (size_t i = 0; i < beside->n; i++) {
		const struct erase_beside_file *f = &beside->files[i];
		if (!goes(f, packets))
			continue;
		buf_add_str(out, "  ");
		say_text(out, span_str(f->name));
		buf_addf(out, ": %lld bytes\n", (long long)f->size);
	}
	say_left(beside, packets, out);
	if (n > 0)
		say_prose(out, "", "",
			span_str("Copies of them, and exports that packets or keys went into, "
				 "hold what they held; so may the disk."));
}

/* ---- their end ---- */

static bool overwrite(int fd, const char *path, struct err *err)
{
	static const uint8_t nothing[BLOCK];
	struct stat st;
	off_t at = 0;
	if (fstat(fd, &st) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", path);
	while (at < st.st_size) {
		off_t left = st.st_size - at;
		ssize_t n =
			pwrite(fd, nothing, left < BLOCK ? (size_t)left : sizeof nothing, at);
		if (n <= 0)
			return err_set_os(err, ERR_SYSTEM, errno, "overwriting %s", path);
		at += n;
	}
	return fsync(fd) == 0 || err_set_os(err, ERR_SYSTEM, errno, "overwriting %s", path);
}

static bool tell(struct custody_writing *w, const struct erase_beside_file *file,
	const char *reason, const uint8_t digest[SHA256_LEN], struct err *err)
{
	char detail[CUSTODY_DETAIL_MAX];
	snprintf(detail, sizeof detail, "%s, %s of session %" PRId64 ": %s", file->name,
		file->keys ? "keys" : "packets", file->session, reason);
	struct fact_custody f = custody_fact(CUSTODY_DESTROYED, detail, digest);
	uint64_t ticket = writer_put(w->writer, FACT_KIND_CUSTODY, &f, NULL, err);
	return ticket != 0 && writer_wait(w->writer, ticket, err);
}

/* It is told first: better a file too many than one that went without a word. */
static bool destroy(struct custody_writing *w, const struct erase_beside_file *file,
	const char *reason, struct err *err)
{
	uint8_t digest[SHA256_LEN];
	int64_t size;
	struct stat st;
	int fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", file->path);
	bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!ok)
		err_set(err, ERR_SYSTEM, "%s is no plain file", file->path);
	if (ok && !sha256_fd(fd, digest, &size))
		ok = err_set_os(err, ERR_SYSTEM, errno, "%s", file->path);
	/* It was looked at by its name. */
	if (ok && !file->keys && memcmp(digest, file->sha256, SHA256_LEN) != 0)
		ok = err_set(err, ERR_SYSTEM, "%s changed meanwhile", file->path);
	ok = ok && tell(w, file, reason, digest, err) && overwrite(fd, file->path, err);
	if (ok && unlink(file->path) != 0)
		ok = err_set_os(err, ERR_SYSTEM, errno, "%s", file->path);
	close(fd);
	return ok;
}

/* A companion has none itself: what is done beside it is told in it. */
static bool begin(
	struct custody_writing *w, const char *path, const char *seal_dir, struct err *err)
{
	struct writer_options options = {.durability = DURABILITY_POWER};
	if (!custody_is_companion(path))
		return custody_begin(w, path, seal_dir, err);
	*w = (struct custody_writing){.writer = NULL};
	if (sealing_open(&w->sealing, seal_dir, err)) {
		sealing_use(&w->sealing, &options);
		w->writer = writer_open(path, &options, err);
	}
	if (w->writer == NULL)
		sealing_close(&w->sealing);
	return w->writer != NULL;
}

bool erase_beside_destroy(const struct erase_beside *beside, bool packets,
	const char *case_path, const char *seal_dir, const char *reason, size_t *gone,
	struct err *err)
{
	struct custody_writing w;
	struct err late;
	size_t wanted = 0;
	bool ok = true;
	*gone = 0;
	for (size_t i = 0; i < beside->n; i++)
		wanted += goes(&beside->files[i], packets);
	if (wanted == 0)
		return true;
	if (!begin(&w, case_path, seal_dir, err))
		return false;
	for (size_t i = 0; ok && i < beside->n; i++) {
		if (!goes(&beside->files[i], packets))
			continue;
		ok = destroy(&w, &beside->files[i], reason, err);
		*gone += ok;
	}
	if (!custody_end(&w, NULL, ok ? err : &late))
		ok = false;
	return ok;
}
