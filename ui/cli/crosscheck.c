#include "ui/cli/crosscheck.h"
#include "ui/cli/case_beside.h"
#include "ui/cli/command.h"
#include "ui/cli/custody.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_SIZE = 64 * 1024,
	READERS = 2, /* files that are read at once: the sides of a session */
};
/* Of files, runs and flows: what a companion may claim to hold. */
#define NUMBER_MAX (INT64_C(1) << 52)

/* ---- what the case says ---- */

struct finding {
	struct crosscheck *c;
	int64_t only_session;
	struct err *err;
	bool bad;
};

static bool same_file(const struct crosscheck_file *f, int64_t session, struct span name)
{
	return f->session == session && span_is(name, f->name);
}

static bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool add_file(struct crosscheck *c, struct crosscheck_file file, struct err *err)
{
	if (c->n_files == CROSSCHECK_FILES_MAX)
		return err_set(
			err, ERR_LIMIT, "more than %d packet files", CROSSCHECK_FILES_MAX);
	file.missing = !is_there(file.path);
	c->n_missing += file.missing;
	size_t at = c->n_files;
	ARENA_PUSH(&c->arena, c->files, c->n_files, file);
	for (; at > 0 && c->files[at - 1].session > file.session; at--)
		c->files[at] = c->files[at - 1];
	c->files[at] = file;
	return true;
}

/* A recorder begins and ends with a fact of the same name: one file. */
static bool take_capture(struct finding *f, const struct fact_capture *fact)
{
	struct crosscheck *c = f->c;
	struct crosscheck_file file = {.session = fact->session};
	char path[PATH_MAX], keys[PATH_MAX];
	c->captures = true;
	if (fact->name.n == 0 || (f->only_session != 0 && fact->session != f->only_session) ||
		!capture_side_of(fact->side, &file.side))
		return true;
	for (size_t i = 0; i < c->n_files; i++)
		if (same_file(&c->files[i], fact->session, fact->name)) {
			if (fact->sha256.n == SHA256_LEN)
				c->files[i].sha256 = arena_copy(&c->arena, fact->sha256);
			return true;
		}
	if (!case_beside_find(c->path, fact->name, path))
		return err_set(f->err, ERR_CASE_READ,
			"the case names a packet file that is no plain name");
	file.path = arena_str(&c->arena, span_str(path));
	file.sha256 = arena_copy(&c->arena, fact->sha256);
	file.name = arena_str(&c->arena, fact->name);
	if (case_beside_keys(c->path, fact->session, keys) && is_there(keys))
		file.keys = arena_str(&c->arena, span_str(keys));
	return add_file(c, file, f->err);
}

static bool take_leg(struct crosscheck *c, const struct fact_leg *fact, struct err *err)
{
	int64_t port = compare_via_port(fact->via);
	if (fact->via_ip.n == 0 || port <= 0)
		return true;
	const char *text = arena_printf(&c->arena, "%.*s:%u", (int)fact->via_ip.n,
		(const char *)fact->via_ip.p, (unsigned)port);
	for (size_t i = 0; i < c->n_proxies; i++)
		if (strcmp(c->proxies[i], text) == 0)
			return true;
	if (c->n_proxies == CROSSCHECK_PROXIES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d proxies behind the proxy (--via)",
			CROSSCHECK_PROXIES_MAX);
	ARENA_PUSH(&c->arena, c->proxies, c->n_proxies, text);
	return true;
}

static bool look_at(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct finding *f = ctx;
	(void)seq;
	if (kind == FACT_KIND_SESSION) {
		const struct fact_session *s = fact;
		if (s->session > f->c->newest_session)
			f->c->newest_session = s->session;
	}
	f->c->unread |= kind == FACT_KIND_OPAQUE;
	if (kind == FACT_KIND_LEG)
		f->bad = !take_leg(f->c, fact, f->err);
	if (kind == FACT_KIND_CAPTURE)
		f->bad = !take_capture(f, fact);
	return !f->bad;
}

/* ---- what the companion holds ---- */

static bool count_on(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct crosscheck *c = ctx;
	const struct fact_packet_file *file = fact;
	const struct fact_flow *flow = fact;
	struct compared_destroyed d;
	(void)seq;
	if (kind == FACT_KIND_CUSTODY && compared_destroyed_of(fact, &d))
		compared_destroyed_add(&c->arena, &c->destroyed, &c->n_destroyed, &d);
	if (kind == FACT_KIND_PACKET_FILE && file->file >= c->next_file)
		c->next_file = file->file < NUMBER_MAX ? file->file + 1 : NUMBER_MAX;
	if (kind == FACT_KIND_PACKET_FILE && file->run >= c->run)
		c->run = file->run < NUMBER_MAX ? file->run + 1 : NUMBER_MAX;
	if (kind == FACT_KIND_FLOW && flow->flow >= c->next_flow)
		c->next_flow = flow->flow < NUMBER_MAX ? flow->flow + 1 : NUMBER_MAX;
	return true;
}

static bool read_numbers(struct crosscheck *c, struct err *err)
{
	c->run = c->next_file = c->next_flow = 1;
	if (access(c->companion, F_OK) != 0)
		return true;
	struct case_file *file = case_open(c->companion, err);
	bool good = file != NULL && case_facts(file, 0, 0, count_on, c, err);
	if (file != NULL)
		case_close(file);
	if (good && (c->run == NUMBER_MAX || c->next_file == NUMBER_MAX ||
			    c->next_flow == NUMBER_MAX))
		return err_set(err, ERR_LIMIT, "%s has no numbers left", c->companion);
	return good;
}

bool crosscheck_find(
	struct crosscheck *c, const char *case_path, int64_t session, struct err *err)
{
	struct finding f = {.c = c, .only_session = session, .err = err};
	struct case_about about;
	*c = (struct crosscheck){.path = case_path, .only_session = session};
	if (custody_is_companion(case_path))
		return err_set(err, ERR_USAGE,
			"%s is a companion itself: name the case that it belongs to",
			case_path);
	if (!custody_companion(case_path, c->companion))
		return err_set(err, ERR_CASE_OPEN, "the companion's name is too long");
	struct case_file *file = case_open(case_path, err);
	bool good = file != NULL && case_about(file, &about, err) &&
		    case_facts(file, 0, 0, look_at, &f, err) && !f.bad;
	c->live = good && about.being_written;
	if (file != NULL)
		case_close(file);
	return good && read_numbers(c, err);
}

void crosscheck_given(struct crosscheck *c)
{
	c->known = c->files;
	c->n_known = c->n_files;
	c->files = NULL;
	c->n_files = c->n_missing = 0;
}

static bool digest_of(const char *path, uint8_t out[SHA256_LEN])
{
	int64_t size;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool ok = sha256_fd(fd, out, &size);
	close(fd);
	return ok;
}

int64_t crosscheck_session_of(struct crosscheck *c, const char *path, const char **why)
{
	uint8_t digest[SHA256_LEN];
	bool hashed = c->n_known > 0 && is_there(path) && digest_of(path, digest);
	const struct span name = span_str(case_beside_name(path));
	*why = "by its SHA-256";
	for (size_t i = 0; hashed && i < c->n_known; i++)
		if (c->known[i].sha256.n == SHA256_LEN &&
			span_eq(c->known[i].sha256, span_of(digest, SHA256_LEN)))
			return c->known[i].session;
	*why = "by its name";
	for (size_t i = 0; i < c->n_known; i++)
		if (span_is(name, c->known[i].name))
			return c->known[i].session;
	*why = "the newest";
	return c->newest_session;
}

bool crosscheck_add(struct crosscheck *c, const char *path, const char *keys,
	enum capture_side side, int64_t session, const char *why, struct err *err)
{
	if (c->n_files == 0)
		c->only_session = session;
	else if (c->only_session != session)
		c->only_session = 0;
	return add_file(c,
		(struct crosscheck_file){.path = path,
			.name = case_beside_name(path),
			.keys = keys,
			.session = session,
			.taken = why,
			.side = side},
		err);
}

void crosscheck_fini(struct crosscheck *c)
{
	arena_fini(&c->arena);
}

/* ---- reading ---- */

/* Only what lies there as a file: nothing that leads elsewhere, could wait, or has no end. */
static int open_keys(const char *path, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0) {
		err_set_os(err, ERR_SYSTEM, errno, "the key log %s", path);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	err_set(err, ERR_SYSTEM, "the key log %s is no regular file", path);
	return -1;
}

/* What is beyond the limit is left, and *cut is set: secrets that are not known make
 * connections unseen, and nothing wrong. */
static bool read_keys(struct keylog *keys, const char *path, bool *cut, struct err *err)
{
	uint8_t *piece;
	ssize_t n;
	size_t all = 0;
	struct buf b = {0};
	int fd = open_keys(path, err);
	if (fd < 0)
		return false;
	do {
		piece = buf_room(&b, READ_SIZE);
		n = read(fd, piece, READ_SIZE);
		if (n > 0) {
			all += (size_t)n;
			*cut = all > CROSSCHECK_KEYS_MAX;
			keylog_add(keys, *cut ? SPAN_NONE : span_of(piece, (size_t)n));
		}
	} while (n > 0 && !*cut);
	int os = errno;
	close(fd);
	if (b.p != NULL) /* secrets */
		explicit_bzero(b.p, b.cap);
	buf_fini(&b);
	if (n < 0)
		return err_set_os(err, ERR_SYSTEM, os, "the key log %s", path);
	/* A line that was cut is none: its rest may be missing, too. */
	if (!*cut)
		keylog_add(keys, span_str("\n"));
	return true;
}

static bool put_fact(void *ctx, enum fact_kind kind, const void *fact, struct err *err)
{
	return writer_put(ctx, kind, fact, NULL, err) != 0;
}

/* One file, read by a thread of its own. Secrets of a file are for its session alone. */
struct reading {
	struct crosscheck_file *file;
	struct witness_order order;
	struct writer *writer;
	struct err err;
	bool good;
};

static void *read_file(void *self)
{
	struct reading *r = self;
	struct crosscheck_file *f = r->file;
	r->order.keys = keylog_new();
	r->good =
		(f->keys == NULL || read_keys(r->order.keys, f->keys, &f->keys_cut, &r->err)) &&
		witness_read(&r->order, put_fact, r->writer, &f->counts, &r->err);
	keylog_free(r->order.keys);
	return NULL;
}

/* The first one in this thread; one for which there is no other thread, too. */
static void read_beside(struct reading *of, size_t n)
{
	pthread_t threads[READERS];
	bool runs[READERS] = {false};
	for (size_t i = 1; i < n; i++)
		runs[i] = pthread_create(&threads[i], NULL, read_file, &of[i]) == 0;
	for (size_t i = 0; i < n; i++)
		if (!runs[i])
			read_file(&of[i]);
	for (size_t i = 1; i < n; i++)
		if (runs[i])
			pthread_join(threads[i], NULL);
}

/* The next files, READERS at most: both sides of a session, mostly. */
static size_t take_files(struct crosscheck *c, size_t *at, struct writer *w, struct reading *of)
{
	size_t n = 0;
	for (; *at < c->n_files && n < READERS; ++*at) {
		struct crosscheck_file *f = &c->files[*at];
		if (f->missing)
			continue;
		of[n] = (struct reading){.file = f, .writer = w};
		of[n++].order = (struct witness_order){.path = f->path,
			.name = f->name,
			.session = f->session,
			.side = f->side,
			.file = c->next_file++,
			.run = c->run,
			.first_flow = c->next_flow + (int64_t)n,
			.flow_step = READERS,
			.proxies = c->proxies,
			.n_proxies = c->n_proxies,
			.streams = c->unread || c->live};
	}
	return n;
}

static bool read_files(struct crosscheck *c, struct writer *w, struct err *err)
{
	struct reading of[READERS];
	size_t at = 0, n;
	while ((n = take_files(c, &at, w, of)) > 0) {
		read_beside(of, n);
		for (size_t i = 0; i < n; i++) {
			if (!of[i].good) {
				*err = of[i].err;
				return false;
			}
			if (of[i].file->counts.next_flow > c->next_flow)
				c->next_flow = of[i].file->counts.next_flow;
		}
	}
	return true;
}

static char *act_detail(const struct crosscheck *c)
{
	struct buf b = {0};
	uint64_t packets = 0, flows = 0, exchanges = 0;
	size_t n = 0;
	bool cut = false;
	for (size_t i = 0; i < c->n_files; i++) {
		cut |= c->files[i].keys_cut;
		packets += c->files[i].counts.packets;
		flows += c->files[i].counts.flows;
		exchanges += c->files[i].counts.exchanges;
		n += !c->files[i].missing;
	}
	buf_addf(&b,
		"run %lld: %zu packet files, %llu packets, %llu connections, %llu exchanges",
		(long long)c->run, n, (unsigned long long)packets, (unsigned long long)flows,
		(unsigned long long)exchanges);
	if (c->n_missing > 0)
		buf_addf(&b, "; %zu packet files are not there", c->n_missing);
	if (cut)
		buf_addf(&b, "; of a key log only the first %d bytes were read",
			CROSSCHECK_KEYS_MAX);
	return buf_take_str(&b);
}

bool crosscheck_read(struct crosscheck *c, const char *seal_dir, struct err *err)
{
	struct custody_writing w;
	if (!custody_begin(&w, c->path, seal_dir, err))
		return false;
	writer_be_patient(w.writer);
	bool good = read_files(c, w.writer, err);
	char *detail = act_detail(c);
	struct fact_custody f = custody_fact(CUSTODY_CROSSCHECKED, detail, NULL);
	struct err closing;
	bool closed = custody_end(&w, good ? &f : NULL, &closing);
	if (good && !closed)
		*err = closing;
	free(detail);
	return good && closed;
}

int crosscheck_code(const struct compared_counts *counts)
{
	if (counts->of[VERDICT_DIFFER] > 0 || counts->of[VERDICT_BYPASS] > 0)
		return EXIT_DIFFERENT;
	/* Where nothing was compared, nothing was seen. */
	return counts->of[VERDICT_UNSEEN] > 0 || counts->of[VERDICT_AGREE] == 0
		       ? EXIT_INCOMPLETE
		       : EXIT_DONE;
}
