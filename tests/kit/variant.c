#include "tests/kit/variant.h"
#include "capture/packet_file.h"
#include "ui/cli/crosscheck.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, LIST_MAX = 40, SQL_MAX = 4096 };

/* ---- files ---- */

static void read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot read %s", path);
	for (size_t n; (n = fread(buf_room(out, 65536), 1, 65536, f)) > 0;)
		buf_grew(out, n);
	fclose(f);
}

static void read_packets(const char *path, struct packet_build *out)
{
	struct err err;
	struct packet p;
	struct packet_file *f = packet_file_open(path, &err);
	if (f == NULL)
		fail_msg("%s: %s", path, err.detail);
	enum packet_next next = packet_file_next(f, &p, &err);
	assert_int_equal(next, PACKET_NEXT);
	packet_build_init(out, p.link);
	out->step_ns = 0;
	for (; next == PACKET_NEXT; next = packet_file_next(f, &p, &err)) {
		assert_int_equal(p.link, out->link);
		out->now_ns = p.at_ns;
		packet_build_raw(out, p.bytes);
	}
	assert_int_equal(next, PACKET_END);
	packet_file_close(f);
}

void variant_packets(const struct variant_world *w, int side, struct packet_build *out)
{
	const struct packet_build *from = &w->packets[side];
	packet_build_init(out, from->link);
	out->step_ns = 0;
	for (size_t i = 0; i < from->n; i++) {
		out->now_ns = from->packets[i].at_ns;
		packet_build_raw(out, span_of(from->packets[i].bytes, from->packets[i].n));
	}
}

/* ---- comparing ---- */

struct judging {
	struct variant_world *w;
	struct arena arena;
	struct verdict *list; /* all that are not agree */
	size_t n;
	bool remember; /* which flow is which leg's */
};

static bool take(void *ctx, const struct verdict *v)
{
	struct judging *j = ctx;
	struct variant_world *w = j->w;
	if (v->kind == VERDICT_AGREE) {
		if (j->remember && v->subject == VERDICT_OF_CONNECTION &&
			v->flow != FACT_NULL) {
			assert_true(w->n_flows < VARIANT_FLOWS_MAX);
			w->flows[w->n_flows++] =
				(struct variant_flow){v->tunnel, v->leg, v->flow};
		}
		return true;
	}
	struct verdict copy = *v;
	copy.file = arena_copy(&j->arena, v->file);
	copy.proxy_value = arena_copy(&j->arena, v->proxy_value);
	copy.witness_value = arena_copy(&j->arena, v->witness_value);
	copy.detail = arena_copy(&j->arena, v->detail);
	ARENA_PUSH(&j->arena, j->list, j->n, copy);
	return true;
}

static void say(struct buf *out, const struct verdict *v)
{
	buf_addf(out,
		"\n  %s %s, tunnel %lld, leg %lld, exchange %lld, flow %lld: %.*s | %.*s | "
		"%.*s",
		verdict_kind_word(v->kind), verdict_subject_word(v->subject),
		(long long)v->tunnel, (long long)v->leg, (long long)v->exchange,
		(long long)v->flow, (int)span_first(v->proxy_value, 200).n,
		(const char *)v->proxy_value.p, (int)span_first(v->witness_value, 200).n,
		(const char *)v->witness_value.p, (int)span_first(v->detail, 200).n,
		(const char *)v->detail.p);
}

__attribute__((format(printf, 3, 4))) static void complain(
	struct judging *j, const struct variant_want *want, const char *format, ...)
{
	char text[300];
	struct buf out = {0};
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (size_t i = 0; i < j->n && i < LIST_MAX; i++)
		say(&out, &j->list[i]);
	char *list = buf_take_str(&out);
	fail_msg("variant %zu, %s (tunnel %lld, leg %lld, exchange %lld): %s; of %zu:%s",
		j->w->tried, want->what, (long long)want->tunnel, (long long)want->leg,
		(long long)want->exchange, text, j->n, list);
}

/* Is that what a flow that nobody claims brings with it? */
static bool is_lone(const struct verdict *v, const struct variant_want *want, bool seen[2])
{
	if (v->tunnel != FACT_NULL || v->flow == FACT_NULL)
		return false;
	for (int i = 0; i < 2; i++)
		if (want->lone_flow[i] == v->flow ||
			(want->lone_flow[i] == VARIANT_ANY && !seen[i])) {
			seen[i] = true;
			return true;
		}
	return false;
}

static bool fits(const struct verdict *v, const struct variant_want *want)
{
	uint64_t allowed = v->kind == want->kind       ? want->must | want->may
			   : v->kind == VERDICT_UNSEEN ? want->unseen
						       : 0;
	return (allowed >> v->subject & 1) != 0 && v->tunnel == want->tunnel &&
	       (want->leg == VARIANT_ANY || v->leg == want->leg) &&
	       (want->exchange == VARIANT_ANY || v->exchange == want->exchange);
}

static void judge(struct judging *j, const struct variant_want *want)
{
	uint64_t seen = 0;
	bool file = false, lone[2] = {false, false};
	for (size_t i = 0; i < j->n; i++) {
		const struct verdict *v = &j->list[i];
		if (v->subject == VERDICT_OF_FILE && want->file && v->kind == VERDICT_DIFFER)
			file = true;
		else if (!want->nothing && fits(v, want))
			seen |= (uint64_t)(v->kind == want->kind) << v->subject;
		else if (!is_lone(v, want, lone))
			complain(j, want, "%s %s is not to be there",
				verdict_kind_word(v->kind), verdict_subject_word(v->subject));
	}
	if (want->file && !file)
		complain(j, want, "that the file is another one is missing");
	for (int s = 0; s < VERDICT_SUBJECT_COUNT; s++)
		if ((want->must >> s & 1) != 0 && (seen >> s & 1) == 0)
			complain(j, want, "%s %s is missing", verdict_kind_word(want->kind),
				verdict_subject_word((enum verdict_subject)s));
	for (int i = 0; i < 2; i++)
		if (want->lone_flow[i] != 0 && !lone[i])
			complain(j, want, "the flow that nobody claims is missing");
}

static void walk(struct judging *j, const char *case_path, const char *companion)
{
	struct err err;
	struct compared_counts counts;
	struct case_file *c = case_open(case_path, &err);
	if (c == NULL || !compared_walk(c, companion, 0, take, j, &counts, &err))
		fail_msg("variant %zu: %s: %s", j->w->tried, err_word(err.kind), err.detail);
	case_close(c);
}

/* ---- changes in the case ---- */

sqlite3 *variant_case(struct variant_world *w)
{
	sqlite3 *db = NULL;
	w->tried++;
	packet_build_write(w->case_path, buf_span(&w->case_file));
	if (sqlite3_open_v2(w->case_path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		fail_msg("%s: %s", w->case_path, sqlite3_errmsg(db));
	variant_exec(db, "PRAGMA synchronous = OFF");
	variant_exec(db, "PRAGMA journal_mode = MEMORY");
	variant_exec(db, "BEGIN");
	return db;
}

void variant_exec(sqlite3 *db, const char *format, ...)
{
	char sql[SQL_MAX];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(sql, sizeof sql, format, args);
	va_end(args);
	assert_true(n > 0 && n < (int)sizeof sql);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

int64_t variant_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK ||
		sqlite3_step(s) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

void variant_abandon(struct variant_world *w, sqlite3 *db)
{
	w->tried--;
	variant_exec(db, "ROLLBACK");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The column of the one table of facts. */
static void column_of(enum fact_kind kind, const char *field, char out[32])
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++)
		if (strcmp(info->fields[i].name, field) == 0) {
			if (i < 2)
				snprintf(out, 32, "%s", field);
			else
				snprintf(out, 32, "f%zu", i + 1);
			return;
		}
	fail_msg("%s has no field %s", info->name, field);
}

static void change(struct variant_world *w, sqlite3_stmt *from, sqlite3_stmt *to)
{
	int type = sqlite3_column_type(from, 0);
	size_t n = (size_t)sqlite3_column_bytes(from, 0);
	if (type == SQLITE_INTEGER) {
		sqlite3_bind_int64(to, 1,
			sqlite3_column_int64(from, 0) ^
				(INT64_C(1) << random_below(&w->random, 4)));
		return;
	}
	uint8_t *copy = malloc(n);
	assert_non_null(copy);
	memcpy(copy, sqlite3_column_blob(from, 0), n);
	/* Of text the lowest bit: it stays ASCII. */
	copy[random_below(&w->random, n)] ^=
		(uint8_t)(type == SQLITE_TEXT ? 1 : 1 << random_below(&w->random, 8));
	if (type == SQLITE_TEXT)
		sqlite3_bind_text(to, 1, (const char *)copy, (int)n, SQLITE_TRANSIENT);
	else
		sqlite3_bind_blob(to, 1, copy, (int)n, SQLITE_TRANSIENT);
	free(copy);
}

bool variant_flip(struct variant_world *w, sqlite3 *db, enum fact_kind kind, const char *field,
	int64_t seq)
{
	char column[32], sql[200];
	sqlite3_stmt *from, *to;
	column_of(kind, field, column);
	snprintf(sql, sizeof sql, "SELECT %s FROM fact WHERE seq = %lld", column,
		(long long)seq);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &from, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(from), SQLITE_ROW);
	bool there = sqlite3_column_type(from, 0) == SQLITE_INTEGER ||
		     sqlite3_column_bytes(from, 0) > 0;
	if (there) {
		snprintf(sql, sizeof sql, "UPDATE fact SET %s = ? WHERE seq = %lld", column,
			(long long)seq);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &to, NULL), SQLITE_OK);
		change(w, from, to);
		assert_int_equal(sqlite3_step(to), SQLITE_DONE);
		sqlite3_finalize(to);
	}
	sqlite3_finalize(from);
	return there;
}

void variant_judge_case(struct variant_world *w, sqlite3 *db, const struct variant_want *want)
{
	struct judging j = {.w = w};
	variant_exec(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	walk(&j, w->case_path, w->rec.companion);
	judge(&j, want);
	arena_fini(&j.arena);
}

/* ---- changes in packets and keys ---- */

static void put_packets(
	const struct variant_world *w, int side, const struct packet_build *changed)
{
	struct buf out = {0};
	if (changed == NULL) {
		read_file(w->rec.packets[side], &out);
	} else {
		packet_build_pcapng(changed, SPAN_NONE, &out);
	}
	packet_build_write(w->packet_paths[side], buf_span(&out));
	buf_fini(&out);
}

void variant_judge_packets(struct variant_world *w, const struct packet_build *browser,
	const struct packet_build *origin, struct span keys, const struct variant_want *want)
{
	struct judging j = {.w = w};
	struct crosscheck c;
	struct err err;
	sqlite3 *db = variant_case(w);
	if (w->also != NULL)
		variant_exec(db, "%s", w->also);
	variant_exec(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	unlink(w->companion);
	packet_build_write(w->keys_path, keys.p != NULL ? keys : buf_span(&w->keys));
	put_packets(w, 0, browser);
	put_packets(w, 1, origin);
	if (!crosscheck_find(&c, w->case_path, 0, &err) ||
		!crosscheck_read(&c, w->rec.seal_dir, &err))
		fail_msg("variant %zu, %s: %s", w->tried, want->what, err.detail);
	assert_int_equal(c.n_files, 2);
	crosscheck_fini(&c);
	walk(&j, w->case_path, w->companion);
	judge(&j, want);
	arena_fini(&j.arena);
}

/* ---- the world ---- */

static const char *in_dir(struct variant_world *w, const char *name)
{
	return arena_printf(&w->rec.program.arena, "%s/%s", w->dir, name);
}

void variant_open(struct variant_world *w, size_t exchanges, uint64_t seed)
{
	*w = (struct variant_world){.random = {seed}};
	witnessed_record(&w->rec, exchanges, THREADS, seed, NULL);
	int code = witnessed_crosscheck(&w->rec, NULL);
	if (code != 0)
		fail_msg("unchanged, and exit %d: %s%s", code,
			run_program_stdout(&w->rec.program),
			run_program_stderr(&w->rec.program));
	w->dir = arena_printf(&w->rec.program.arena, "%s/v", w->rec.program.dir);
	assert_int_equal(mkdir(w->dir, 0700), 0);
	w->case_path = in_dir(w, "x.case");
	w->companion = in_dir(w, "x.companion.case");
	w->keys_path = in_dir(w, "x.1.keys");
	w->packet_paths[0] = in_dir(w, "x.1.browser.pcapng");
	w->packet_paths[1] = in_dir(w, "x.1.origin.pcapng");
	read_file(w->rec.case_path, &w->case_file);
	read_file(w->rec.keys, &w->keys);
	read_packets(w->rec.packets[0], &w->packets[0]);
	read_packets(w->rec.packets[1], &w->packets[1]);
	read_case(&w->facts, w->rec.case_path);
	struct judging j = {.w = w, .remember = true};
	walk(&j, w->rec.case_path, w->rec.companion);
	assert_int_equal(j.n, 0);
	arena_fini(&j.arena);
}

void variant_close(struct variant_world *w)
{
	packet_build_fini(&w->packets[0]);
	packet_build_fini(&w->packets[1]);
	buf_fini(&w->case_file);
	buf_fini(&w->keys);
	read_case_fini(&w->facts);
	witnessed_end(&w->rec);
}

int64_t variant_flow_of(const struct variant_world *w, int64_t tunnel, int64_t leg)
{
	for (size_t i = 0; i < w->n_flows; i++)
		if (w->flows[i].tunnel == tunnel && w->flows[i].leg == leg)
			return w->flows[i].flow;
	return FACT_NULL;
}
