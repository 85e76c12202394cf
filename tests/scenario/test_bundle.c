/*
 * A bundle as its receiver has it: made by the program from a recorded demo, checked by the
 * script in it with coreutils and openssl alone. Then everything that somebody could do to it:
 * bytes changed, files taken out, swapped and put in, with and without a manifest made anew.
 */
#include "store/base/codec.h"
#include "store/base/hash.h"
#include "store/fact/fact.h"
#include "tests/kit/run_program.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SECONDS = 60, NAMES_MAX = 2000 };

/* What check.sh may rely on; not all of coreutils, so that a new need is noticed. */
static const char *const tools[] = {"cat", "cut", "date", "dirname", "mkdir", "mktemp", "mv",
	"od", "rm", "sha256sum", "sort", "tr", "openssl"};

static struct world {
	struct run_program p;
	char bin[200], hop[200], tiny[200];
} w;

/* ---- files ---- */

static const char *in(const char *folder, const char *name)
{
	return arena_printf(&w.p.arena, "%s/%s", folder, name);
}

static const char *at(const char *name)
{
	return in(w.p.dir, name);
}

static struct span content(const char *path)
{
	struct buf b = {0};
	ssize_t n;
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		fail_msg("no %s", path);
	while ((n = read(fd, buf_room(&b, 65536), 65536)) > 0)
		buf_grew(&b, (size_t)n);
	close(fd);
	struct span s = arena_copy(&w.p.arena, buf_span(&b));
	buf_fini(&b);
	return s.p != NULL ? s : arena_copy(&w.p.arena, span_str(""));
}

static void put(const char *path, struct span s)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, s.p, s.n), (ssize_t)s.n);
	close(fd);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list(const char *folder, char *names[NAMES_MAX])
{
	size_t n = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.') {
			assert_true(n < NAMES_MAX);
			names[n++] = arena_str(&w.p.arena, span_str(e->d_name));
		}
	closedir(dir);
	qsort(names, n, sizeof *names, by_name);
	return n;
}

/* As who changes a bundle would do it, too. */
static void make_manifest(const char *folder)
{
	char *names[NAMES_MAX];
	size_t n = list(folder, names);
	struct buf out = {0};
	for (size_t i = 0; i < n; i++) {
		uint8_t digest[SHA256_LEN];
		if (strcmp(names[i], "manifest.sha256") == 0)
			continue;
		sha256(content(in(folder, names[i])), digest);
		hex_add(&out, span_of(digest, sizeof digest));
		buf_addf(&out, "  %s\n", names[i]);
	}
	put(in(folder, "manifest.sha256"), buf_span(&out));
	buf_fini(&out);
}

/* ---- programs ---- */

static int run(const char *program, const char *const *args)
{
	w.p.program = program;
	int code = run_program(&w.p, SECONDS, args);
	w.p.program = NULL;
	return code;
}

/* How check.sh ends, with nothing on its PATH but what it says that it needs. */
static int check(const char *folder)
{
	const char *path = arena_printf(&w.p.arena, "PATH=%s", w.bin);
	const char *const args[] = {path, "/bin/sh", in(folder, "check.sh"), NULL};
	return run("/usr/bin/env", args);
}

static void holds(const char *folder)
{
	int code = check(folder);
	const char *out = run_program_stdout(&w.p);
	if (code != 0 || strstr(out, ": holds\n") == NULL)
		fail_msg("%s: %d: %s%s", folder, code, out, run_program_stderr(&w.p));
}

static void fails(const char *folder, const char *what)
{
	int code = check(folder);
	const char *out = run_program_stdout(&w.p);
	if (code != 1 || strstr(out, "DOES NOT HOLD") == NULL ||
		strstr(out, ": holds\n") != NULL)
		fail_msg("%s: %d: %s%s", what, code, out, run_program_stderr(&w.p));
}

static int verify(const char *folder, const char *more, const char *value)
{
	const char *const args[] = {"verify", "x.case", "--bundle", folder, more,
		more != NULL ? value : NULL, NULL};
	return run_program(&w.p, SECONDS, args);
}

static const char *made(const char *folder, const char *more, const char *value)
{
	int code = verify(folder, more, value);
	if (code != 0)
		fail_msg("%d: %s", code, run_program_stderr(&w.p));
	return at(folder);
}

static void copy(const char *from, const char *to)
{
	const char *const gone[] = {"-rf", "--", to, NULL}, *const args[] = {
								    "-a", "--", from, to, NULL};
	assert_int_equal(run("/bin/rm", gone), 0);
	assert_int_equal(run("/bin/cp", args), 0);
}

static bool is_kept(const char *folder, const char *fact)
{
	const char *text =
		(const char *)content(in(folder, arena_printf(&w.p.arena, "%s.txt", fact))).p;
	return strstr(text, ": request\n") != NULL || strstr(text, ": response\n") != NULL ||
	       strstr(text, ": chunk\n") != NULL;
}

/* Less to check, again and again: a bundle from which whole facts were taken is one, too. */
static void make_tiny(void)
{
	char *names[NAMES_MAX];
	snprintf(w.tiny, sizeof w.tiny, "%s/tiny", w.p.dir);
	copy(w.hop, w.tiny);
	size_t n = list(w.tiny, names);
	for (size_t i = 0; i < n; i++) {
		const char *fact =
			arena_printf(&w.p.arena, "%.*s", (int)strcspn(names[i], "."), names[i]);
		if (strncmp(fact, "fact-", 5) == 0 && !is_kept(w.hop, fact))
			unlink(in(w.tiny, names[i]));
	}
	make_manifest(w.tiny);
	holds(w.tiny);
}

static int set_up(void **state)
{
	const char *const demo[] = {"demo", "--browser", "none", "--case", "x.case", NULL};
	(void)state;
	run_program_folder(&w.p);
	snprintf(w.bin, sizeof w.bin, "%s/bin", w.p.dir);
	assert_int_equal(mkdir(w.bin, 0700), 0);
	for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
		const char *usr = in("/usr/bin", tools[i]), *bin = in("/bin", tools[i]);
		assert_int_equal(
			symlink(access(usr, X_OK) == 0 ? usr : bin, in(w.bin, tools[i])), 0);
	}
	assert_int_equal(run_program(&w.p, SECONDS, demo), 0);
	snprintf(w.hop, sizeof w.hop, "%s", made("one hop", "--hop", "1.1"));
	make_tiny();
	return 0;
}

static int tear_down(void **state)
{
	const char *const args[] = {"-rf", "--", w.hop, w.tiny, at("trail of it"),
		at("all of it"), at("closed"), at("redacted"), at("all redacted"), at("forged"),
		w.bin, NULL};
	(void)state;
	run("/bin/rm", args);
	run_program_end(&w.p);
	return 0;
}

/* ---- bundles that hold ---- */

static void mode_is(const char *path, mode_t mode)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void hold(void **state)
{
	char *names[NAMES_MAX];
	(void)state;
	holds(w.hop);
	holds(made("trail of it", NULL, NULL));
	assert_non_null(strstr(run_program_stdout(&w.p), "fact 1: session\n"));
	holds(made("all of it", "--all", NULL));
	mode_is(w.hop, 0700);
	size_t n = list(w.hop, names);
	for (size_t i = 0; i < n; i++)
		mode_is(in(w.hop, names[i]), 0600);
}

/* The script has the names of all fields, for they are in no leaf. */
static void names_of_fields(void **state)
{
	struct span script = content(in(w.hop, "check.sh"));
	(void)state;
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++) {
		const struct fact_info *info = fact_info((enum fact_kind)kind);
		struct buf line = {0};
		buf_addf(&line, "\t%s) names='", info->name);
		for (size_t i = 0; i < info->n_fields; i++)
			buf_addf(&line, "%s ", info->fields[i].name);
		buf_add_str(&line, "' ;;\n");
		if (span_find(script, buf_span(&line), 0) == SIZE_MAX)
			fail_msg("ui/report/bundle_check.sh does not have:\n%.*s",
				(int)buf_len(&line), (const char *)buf_span(&line).p);
		buf_fini(&line);
	}
}

static void refuses(
	const char *folder, const char *more, const char *value, int code, const char *why)
{
	assert_int_equal(verify(folder, more, value), code);
	if (strstr(run_program_stderr(&w.p), why) == NULL)
		fail_msg("%s: %s", why, run_program_stderr(&w.p));
}

static void what_cannot_be_made(void **state)
{
	(void)state;
	refuses("one hop", "--hop", "1.1", 1, "is there already");
	refuses("no", "--hop", "1.400", 1, "has no hop");
	refuses("no", "--trail", "7.1", 1, "there is no trail");
	refuses("no", "--hop", "1", 1, "no hop like");
	refuses("no/where", NULL, NULL, 2, "making");
	assert_int_not_equal(access(at("no"), F_OK), 0);
}

static bool holds_text(const char *folder, const char *text)
{
	char *names[NAMES_MAX];
	size_t n = list(folder, names);
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], "check.sh") != 0 &&
			span_find(content(in(folder, names[i])), span_str(text), 0) != SIZE_MAX)
			return true;
	return false;
}

/* What stands behind `before` on some line of a fact's text. */
static char *find_secret(const char *folder, const char *before, char end)
{
	char *names[NAMES_MAX];
	size_t n = list(folder, names);
	for (size_t i = 0; i < n; i++) {
		const char *text = (const char *)content(in(folder, names[i])).p;
		const char *found = strstr(names[i], ".txt") ? strstr(text, before) : NULL;
		if (found == NULL || strcmp(names[i], "README.txt") == 0)
			continue;
		found += strlen(before);
		size_t length = strcspn(found, (const char[]){end, '\n', 0});
		if (length >= 6)
			return arena_str(&w.p.arena, span_of(found, length));
	}
	fail_msg("no %s", before);
	return NULL;
}

static void redacted(void **state)
{
	(void)state;
	const char *open = at("all of it");
	char *cookie = find_secret(open, "Cookie: ", '\\'),
	     *query = find_secret(open, "?", ' ');
	assert_true(holds_text(open, cookie) && holds_text(open, query));
	holds(made("redacted", "--redact", NULL));
	assert_false(holds_text(at("redacted"), cookie));
	assert_false(holds_text(at("redacted"), query));
	assert_true(holds_text(at("redacted"), "Cookie:\\[not shown]"));
	const char *const args[] = {
		"verify", "x.case", "--bundle", "all redacted", "--all", "--redact", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, args), 0);
	holds(at("all redacted"));
	assert_false(holds_text(at("all redacted"), cookie));
	assert_false(holds_text(at("all redacted"), query));
}

/* ---- bundles that were changed ---- */

/* One byte of a file, and how it was. */
static void change(const char *folder, const char *name, size_t where, bool anew)
{
	const char *path = in(folder, name);
	struct span was = content(path);
	uint8_t *bytes = arena_alloc(&w.p.arena, was.n + 1);
	if (was.n == 0)
		return;
	memcpy(bytes, was.p, was.n);
	bytes[where] ^= 1;
	put(path, span_of(bytes, was.n));
	if (anew)
		make_manifest(folder);
	fails(folder, arena_printf(&w.p.arena, "%s, byte %zu%s", name, where,
			      anew ? ", manifest made anew" : ""));
	put(path, was);
}

static bool is_ours(const char *name)
{
	return strcmp(name, "check.sh") == 0 || strcmp(name, "README.txt") == 0;
}

static void changed_bytes(void **state)
{
	char *names[NAMES_MAX];
	(void)state;
	copy(w.tiny, at("forged"));
	size_t n = list(at("forged"), names);
	for (size_t i = 0; i < n; i++) {
		size_t len = content(in(at("forged"), names[i])).n;
		/* check.sh itself is what would find it: only what it says can be spoilt. */
		if (len == 0 || strcmp(names[i], "check.sh") == 0)
			continue;
		for (size_t k = 0; k < 2; k++)
			change(at("forged"), names[i], k * (len - 1), false);
	}
	/* The manifest only shows what happened by accident; the rest has to stand alone. */
	for (size_t i = 0; i < n; i++) {
		size_t len = content(in(at("forged"), names[i])).n;
		if (len == 0 || is_ours(names[i]) || strcmp(names[i], "manifest.sha256") == 0)
			continue;
		for (size_t k = 0; k < 3; k++)
			change(at("forged"), names[i], (i * 31 + k * (len - 1) / 2) % len,
				true);
	}
	make_manifest(at("forged"));
	holds(at("forged"));
}

/* All over a proof, in whose lines something could go unread. */
static void bytes_of_a_proof(void **state)
{
	char *names[NAMES_MAX];
	(void)state;
	copy(w.tiny, at("forged"));
	size_t n = list(at("forged"), names), i = 0;
	while (i < n && (strstr(names[i], ".proof") == NULL ||
				span_find(content(in(at("forged"), names[i])),
					span_str(" response "), 0) == SIZE_MAX))
		i++;
	assert_true(i < n);
	size_t len = content(in(at("forged"), names[i])).n;
	for (size_t k = 0; k<len; k += len> 200 ? len / 100 : 1)
		change(at("forged"), names[i], k, true);
}

static void missing_files(void **state)
{
	char *names[NAMES_MAX];
	(void)state;
	copy(w.tiny, at("forged"));
	size_t n = list(at("forged"), names);
	for (size_t i = 0; i < n; i++) {
		const char *path = in(at("forged"), names[i]);
		if (strcmp(names[i], "check.sh") == 0)
			continue;
		struct span was = content(path);
		assert_int_equal(unlink(path), 0);
		fails(at("forged"), names[i]);
		/* A fact that is left out whole is another, smaller bundle. */
		if (strstr(names[i], ".proof") != NULL) {
			make_manifest(at("forged"));
			fails(at("forged"), names[i]);
		}
		put(path, was);
		make_manifest(at("forged"));
	}
	holds(at("forged"));
}

static void swap(const char *folder, const char *a, const char *b)
{
	struct span was_a = content(in(folder, a)), was_b = content(in(folder, b));
	put(in(folder, a), was_b);
	put(in(folder, b), was_a);
}

static void swapped_facts(void **state)
{
	static const char *const parts[] = {"proof", "leaf", "path", "txt"};
	char *names[NAMES_MAX];
	char first[60] = "", second[60] = "";
	(void)state;
	copy(w.tiny, at("forged"));
	const char *forged = at("forged");
	size_t n = list(forged, names);
	for (size_t i = 0; i < n; i++)
		if (strstr(names[i], ".proof") != NULL)
			snprintf(first[0] == 0 ? first : second, sizeof first, "%.*s",
				(int)strcspn(names[i], "."), names[i]);
	for (size_t which = 0; which <= 4; which++) {
		for (size_t turn = 0; turn < 2; turn++) {
			for (size_t k = 0; k < 4; k++)
				if (which == k || which == 4)
					swap(forged,
						arena_printf(
							&w.p.arena, "%s.%s", first, parts[k]),
						arena_printf(
							&w.p.arena, "%s.%s", second, parts[k]));
			make_manifest(forged);
			if (turn == 0)
				fails(forged, which < 4 ? parts[which] : "all of two facts");
		}
	}
	holds(forged);
}

static void strangers(void **state)
{
	(void)state;
	copy(w.tiny, at("forged"));
	const char *forged = at("forged"), *added = in(forged, "fact-9999.txt");
	put(added, span_str("fact 9999: note\n\ndetail = made up\n"));
	fails(forged, "a file put in");
	make_manifest(forged);
	fails(forged, "a text without proof");
	unlink(added);
	const char *txt = NULL;
	char *names[NAMES_MAX];
	size_t n = list(forged, names);
	for (size_t i = 0; i < n; i++)
		if (strncmp(names[i], "fact-", 5) == 0 && strstr(names[i], ".txt") != NULL)
			txt = names[i];
	assert_non_null(txt);
	struct buf more = {0};
	buf_add_span(&more, content(in(forged, txt)));
	buf_add_str(&more, "made up = yes\n");
	put(in(forged, txt), buf_span(&more));
	buf_fini(&more);
	make_manifest(forged);
	fails(forged, "a line behind a fact's text");
}

/* A fact less in a bundle of all: the running hash and the tree are of all. */
static void one_less_of_all(void **state)
{
	(void)state;
	copy(at("all of it"), at("forged"));
	const char *forged = at("forged");
	unlink(in(forged, "fact-2.proof"));
	unlink(in(forged, "fact-2.leaf"));
	unlink(in(forged, "fact-2.txt"));
	make_manifest(forged);
	fails(forged, "a fact less");
	copy(at("all of it"), forged);
	change(forged, "case.proof", 60, true);
	unlink(in(forged, "case.proof"));
	make_manifest(forged);
	fails(forged, "all facts without paths and without the case");
}

/* ---- the case itself ---- */

static void closed_and_changed(void **state)
{
	const char *const close_it[] = {"close", "x.case", NULL};
	(void)state;
	assert_int_equal(run_program(&w.p, SECONDS, close_it), 0);
	holds(made("closed", NULL, NULL));
	assert_true(holds_text(at("closed"), "kind closing"));
	struct span was = content(at("x.case"));
	uint8_t *bytes = arena_alloc(&w.p.arena, was.n);
	memcpy(bytes, was.p, was.n);
	size_t where = span_find(was, span_str("302 Found"), 0);
	assert_int_not_equal(where, SIZE_MAX);
	bytes[where + 2] = '3';
	chmod(at("x.case"), 0600);
	put(at("x.case"), span_of(bytes, was.n));
	assert_int_equal(verify("no", "--all", NULL), 4);
	assert_int_not_equal(access(at("no"), F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hold),
		cmocka_unit_test(names_of_fields),
		cmocka_unit_test(what_cannot_be_made),
		cmocka_unit_test(redacted),
		cmocka_unit_test(changed_bytes),
		cmocka_unit_test(bytes_of_a_proof),
		cmocka_unit_test(missing_files),
		cmocka_unit_test(swapped_facts),
		cmocka_unit_test(strangers),
		cmocka_unit_test(one_less_of_all),
		cmocka_unit_test(closed_and_changed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
