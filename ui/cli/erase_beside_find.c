#include "ui/cli/erase_beside.h"
#include "ui/cli/case_beside.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the case has of a recorder's file. */
struct recorded {
	int64_t session;
	enum capture_side side;
	uint8_t sha256[SHA256_LEN];
};

struct finding {
	struct case_file *file;
	struct arena *a;
	bool own_too;
	struct erase_beside *out;
	struct recorded *recorded;
	size_t n_recorded;
};

static void add_if_there(
	struct finding *f, const char *path, int64_t session, bool keys, bool own)
{
	struct stat st;
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	for (size_t i = 0; i < f->out->n; i++)
		if (strcmp(f->out->files[i].path, path) == 0) {
			f->out->files[i].own |= own;
			return;
		}
	struct erase_beside_file file = {.path = arena_str(f->a, span_str(path)),
		.session = session,
		.size = st.st_size,
		.keys = keys,
		.own = own};
	file.name = case_beside_name(file.path);
	ARENA_PUSH(f->a, f->out->files, f->out->n, file);
}

/* By the case's own name. */
static void add_session(struct finding *f, int64_t session)
{
	char path[PATH_MAX];
	const char *of = case_path(f->file);
	for (int side = 0; side < CAPTURE_SIDE_COUNT; side++)
		if (case_beside_packets(of, session, (enum capture_side)side, path))
			add_if_there(f, path, session, false, true);
	if (case_beside_keys(of, session, path))
		add_if_there(f, path, session, true, true);
}

static void tail_of(int64_t session, enum capture_side side, char out[64])
{
	snprintf(out, 64, ".%" PRId64 ".%s.pcapng", session, capture_side_word(side));
}

/* By the name that it had when they were made: "y.1.browser.pcapng", and "y.1.keys". */
static void add_capture(struct finding *f, const struct fact_capture *c)
{
	char path[PATH_MAX], tail[64];
	for (int side = 0; side < CAPTURE_SIDE_COUNT; side++) {
		tail_of(c->session, (enum capture_side)side, tail);
		if (c->name.n <= strlen(tail) || !span_ends_nocase(c->name, tail) ||
			!case_beside_find(case_path(f->file), c->name, path))
			continue;
		add_if_there(f, path, c->session, false, false);
		char *at = path + strlen(path) - strlen(tail);
		snprintf(tail, sizeof tail, ".%" PRId64 ".keys", c->session);
		memcpy(at, tail, strlen(tail) + 1);
		add_if_there(f, path, c->session, true, false);
	}
}

/* A recorder tells it at its end. */
static void add_recorded(struct finding *f, const struct fact_capture *c)
{
	struct recorded r = {.session = c->session};
	if (c->sha256.n != SHA256_LEN ||
		(!span_is(c->event, capture_event_word(CAPTURE_EVENT_ENDED)) &&
			!span_is(c->event, capture_event_word(CAPTURE_EVENT_LOST))))
		return;
	memcpy(r.sha256, c->sha256.p, SHA256_LEN);
	if (capture_side_of(c->side, &r.side))
		ARENA_PUSH(f->a, f->recorded, f->n_recorded, r);
}

static bool look(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct finding *f = ctx;
	(void)seq;
	if (kind == FACT_KIND_SESSION)
		add_session(f, ((const struct fact_session *)fact)->session);
	if (kind == FACT_KIND_CAPTURE) {
		add_capture(f, fact);
		add_recorded(f, fact);
	}
	return true;
}

/* ---- whose they are ---- */

static bool hash(const char *path, uint8_t out[SHA256_LEN])
{
	int64_t size;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool ok = sha256_fd(fd, out, &size);
	close(fd);
	return ok;
}

/* known: the case has a SHA-256 of such a file; result: it is this one's. */
static bool matches(const struct finding *f, const struct erase_beside_file *file, bool *known)
{
	char tail[64];
	*known = false;
	for (size_t i = 0; i < f->n_recorded; i++) {
		const struct recorded *r = &f->recorded[i];
		tail_of(r->session, r->side, tail);
		if (r->session != file->session ||
			!span_ends_nocase(span_str(file->name), tail))
			continue;
		*known = true;
		if (memcmp(r->sha256, file->sha256, SHA256_LEN) == 0)
			return true;
	}
	return false;
}

/* "y.1.keys" of "y.1.browser.pcapng" */
static bool same_stem(
	const struct erase_beside_file *keys, const struct erase_beside_file *packets)
{
	size_t n = strlen(keys->path) - strlen("keys");
	return packets->session == keys->session &&
	       strncmp(packets->path, keys->path, n) == 0 &&
	       strchr(packets->path + n, '.') == strrchr(packets->path, '.');
}

static void tell_packets(struct finding *f)
{
	for (size_t i = 0; i < f->out->n; i++) {
		struct erase_beside_file *file = &f->out->files[i];
		bool known;
		if (file->keys)
			continue;
		file->ours = file->own && !f->own_too;
		if (file->ours || !hash(file->path, file->sha256))
			continue;
		file->ours = matches(f, file, &known) || (!known && file->own);
	}
}

static void tell_keys(struct finding *f)
{
	struct erase_beside_file *files = f->out->files;
	for (size_t i = 0; i < f->out->n; i++) {
		if (!files[i].keys)
			continue;
		files[i].ours = files[i].own;
		for (size_t k = 0; k < f->out->n; k++)
			if (!files[k].keys && files[k].ours && same_stem(&files[i], &files[k]))
				files[i].ours = true;
	}
}

bool erase_beside_find(struct case_file *c, struct arena *a, bool own_too,
	struct erase_beside *out, struct err *err)
{
	struct finding f = {.file = c, .a = a, .own_too = own_too, .out = out};
	*out = (struct erase_beside){0};
	if (!case_facts(c, 0, 0, look, &f, err))
		return false;
	tell_packets(&f);
	tell_keys(&f);
	return true;
}
