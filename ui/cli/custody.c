#include "ui/cli/custody.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/case.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char build[SHA256_HEX] = "unknown";

static void hash_program(void)
{
	uint8_t digest[SHA256_LEN];
	int64_t size;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	bool ok = sha256_fd(fd, digest, &size);
	close(fd);
	if (!ok)
		return;
	struct arena a = {0};
	snprintf(build, sizeof build, "%s", hex_str(&a, span_of(digest, sizeof digest)));
	arena_fini(&a);
}

const char *custody_build(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, hash_program);
	return build;
}

struct fact_custody custody_fact(
	enum custody_act act, const char *detail, const uint8_t *sha256)
{
	struct fact_custody f;
	fact_init(FACT_KIND_CUSTODY, &f);
	f.at_us = clock_now_us(clock_real());
	f.act = span_str(custody_word(act));
	f.operator_name = span_str(getenv("CLICKTRAIL_OPERATOR"));
	f.tool_version = span_str(CLICKTRAIL_VERSION);
	f.build = span_str(custody_build());
	f.detail = span_str(detail);
	f.sha256 = sha256 != NULL ? span_of(sha256, SHA256_LEN) : SPAN_NONE;
	return f;
}

bool custody_is_companion(const char *path)
{
	return span_ends_nocase(span_str(path), ".companion.case");
}

bool custody_companion(const char *case_path, char out[PATH_MAX])
{
	static const char tail[] = ".case";
	size_t n = strlen(case_path), t = sizeof tail - 1;
	if (n > t && strcmp(case_path + n - t, tail) == 0)
		n -= t;
	int len = snprintf(out, PATH_MAX, "%.*s.companion%s", (int)n, case_path, tail);
	return len > 0 && len < PATH_MAX;
}

static bool put(struct writer *w, struct fact_custody f, struct err *err)
{
	uint64_t ticket = writer_put(w, FACT_KIND_CUSTODY, &f, NULL, err);
	return ticket != 0 && writer_wait(w, ticket, err);
}

/* Whose companion it is, once, as its first fact. */
static bool introduce(
	struct writer *w, const char *path, const struct case_about *about, struct err *err)
{
	struct case_file *c = case_open(path, err);
	char detail[CUSTODY_DETAIL_MAX];
	int64_t newest = 0;
	bool ok = c != NULL && case_last_seq(c, &newest, err);
	if (c != NULL)
		case_close(c);
	if (!ok || newest > 0)
		return ok;
	snprintf(detail, sizeof detail, CUSTODY_OF_CASE "%.*s", (int)about->id.n,
		(const char *)about->id.p);
	return put(w, custody_fact(CUSTODY_COMPANION, detail, NULL), err);
}

static bool open_companion(struct custody_writing *w, const char *path,
	const struct case_about *about, const char *seal_dir, struct err *err)
{
	struct writer_options options = {.durability = DURABILITY_POWER};
	if (!sealing_open(&w->sealing, seal_dir, err))
		return false;
	sealing_use(&w->sealing, &options);
	w->writer = writer_open(path, &options, err);
	if (w->writer == NULL)
		return false;
	if (introduce(w->writer, path, about, err))
		return true;
	writer_close(w->writer, NULL);
	w->writer = NULL;
	return false;
}

bool custody_begin(
	struct custody_writing *w, const char *case_path, const char *seal_dir, struct err *err)
{
	char path[PATH_MAX];
	struct case_about about;
	*w = (struct custody_writing){.writer = NULL};
	if (custody_is_companion(case_path))
		return err_set(err, ERR_USAGE,
			"%s is a companion itself: name the case that it belongs to",
			case_path);
	if (!custody_companion(case_path, path))
		return err_set(err, ERR_CASE_OPEN, "the companion's name is too long");
	struct case_file *c = case_open(case_path, err);
	bool ok = c != NULL && case_about(c, &about, err) &&
		  open_companion(w, path, &about, seal_dir, err);
	if (!ok)
		sealing_close(&w->sealing);
	if (c != NULL)
		case_close(c);
	return ok;
}

bool custody_end(struct custody_writing *w, const struct fact_custody *f, struct err *err)
{
	bool ok = f == NULL || put(w->writer, *f, err);
	if (!writer_close(w->writer, ok ? err : NULL))
		ok = false;
	sealing_close(&w->sealing);
	return ok;
}

bool custody_put(const char *case_path, const char *seal_dir, enum custody_act act,
	const char *detail, const uint8_t *sha256, struct err *err)
{
	struct custody_writing w;
	struct fact_custody f = custody_fact(act, detail, sha256);
	return custody_begin(&w, case_path, seal_dir, err) && custody_end(&w, &f, err);
}
