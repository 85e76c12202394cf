#include "ui/cli/replay_index.h"
#include "proxy/local.h"
#include "ui/report/gather.h"
#include "store/case_pick.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

/* No page can guess it, and each works once: one that is gone back to begins nothing anew. */
static bool make_restart(struct replay_index *x, struct err *err)
{
	uint8_t bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return err_set_os(err, ERR_SYSTEM, errno, "getrandom");
	int n = snprintf(x->restart, sizeof x->restart, "/restart-");
	for (size_t i = 0; i < sizeof bytes; i++)
		n += snprintf(x->restart + n, sizeof x->restart - (size_t)n, "%02x", bytes[i]);
	return true;
}

bool replay_index_init(
	struct replay_index *x, const char *path, struct replay *r, struct err *err)
{
	*x = (struct replay_index){.path = path, .replay = r};
	pthread_mutex_init(&x->lock, NULL);
	return make_restart(x, err);
}

void replay_index_fini(struct replay_index *x)
{
	if (x->path != NULL)
		pthread_mutex_destroy(&x->lock);
	buf_fini(&x->page);
}

/* Only what a link can open: no script may be clicked here. */
static void add_trail(struct buf *out, int64_t session, int64_t number, int64_t started_us,
	struct span url, size_t hops)
{
	char at[CLOCK_TEXT_MAX];
	clock_text(started_us, at);
	buf_addf(out, "<li>Trail %lld.%lld, %s, %zu hops: ", (long long)session,
		(long long)number, at, hops);
	bool whole = url.n <= REPLAY_INDEX_URL_MAX;
	bool web = whole &&
		   (span_starts_nocase(url, "http://") || span_starts_nocase(url, "https://"));
	if (web) {
		buf_add_str(out, "<a rel=\"noreferrer noopener\" href=\"");
		local_escape(out, url);
		buf_add_str(out, "\">");
	}
	local_escape(out, whole ? url : span_first(url, REPLAY_INDEX_URL_SHOWN));
	if (!whole)
		buf_addf(out, "... (%zu bytes)", url.n);
	buf_add_str(out, web ? "</a></li>\n" : "</li>\n");
}

/* The stored trails of all sessions. False: some are not stored. */
static bool add_stored(struct case_file *c, struct buf *out, bool *whole, struct err *err)
{
	struct case_numbers n;
	size_t listed = 0;
	*whole = false;
	if (!case_indexed(c, whole, err) || !*whole || !case_numbers(c, &n, err))
		return err->kind == ERR_NONE;
	bool more = n.sessions > REPLAY_INDEX_SESSIONS_MAX;
	int64_t last = more ? REPLAY_INDEX_SESSIONS_MAX : n.sessions;
	for (int64_t s = 1; s <= last; s++) {
		for (int64_t i = 1; listed < REPLAY_INDEX_TRAILS_MAX; i++) {
			struct arena a = {0};
			struct derived_trail t;
			bool found = false;
			bool ok = case_trail(c, s, i, &a, &t, &found, err);
			if (ok && found)
				add_trail(out, s, i, t.started_us, t.start_url, t.n_hops);
			arena_fini(&a);
			if (!ok)
				return false;
			if (!found)
				break;
			listed++;
		}
	}
	*whole = listed > 0;
	if (more || listed == REPLAY_INDEX_TRAILS_MAX)
		buf_add_str(out, "<li>There may be more.</li>\n");
	return true;
}

static bool add_derived(const char *path, struct buf *out, struct err *err)
{
	struct gather g;
	int64_t newest = 0;
	bool ok = gather_open(&g, path, 0, err) && case_last_seq(g.file, &newest, err);
	if (ok && newest > REPLAY_INDEX_FACTS_MAX) {
		buf_add_str(out, "<li>The trails of this case are not stored, and it is too "
				 "large to look for them here.</li>\n");
	} else if (ok) {
		ok = gather_read(&g, NULL, err);
		for (size_t i = 0; ok && i < g.trails.n && i < REPLAY_INDEX_TRAILS_MAX; i++) {
			const struct trail *t = &g.trails.trails[i];
			add_trail(out, t->session, (int64_t)t->number, t->started_us,
				t->start_url, t->n_hops);
		}
	}
	gather_close(&g);
	return ok;
}

static void make_page(struct replay_index *x)
{
	struct buf list = {0}, *out = &x->page;
	struct err err = {0};
	bool whole = false;
	struct case_file *c = case_open(x->path, &err);
	bool ok = c != NULL && add_stored(c, &list, &whole, &err);
	if (c != NULL)
		case_close(c);
	if (ok && !whole) {
		buf_clear(&list);
		ok = add_derived(x->path, &list, &err);
	}
	buf_add_str(out,
		"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
		"<meta name=\"referrer\" content=\"no-referrer\">"
		"<title>clicktrail replay</title><h1>A recorded case, served offline</h1>"
		"<p>What this browser asks for is answered from the case. Nothing is reached. "
		"To "
		"see inside https, trust this installation's certificate authority: "
		"<a href=\"/ca.pem\">PEM</a>, <a href=\"/ca.der\">DER</a>.</p><ul>\n");
	if (ok)
		buf_add_span(out, buf_span(&list));
	else
		buf_addf(out, "<li>The trails could not be read: %s</li>\n",
			err_sentence(err.kind));
	buf_addf(out,
		"</ul><p>One-time links answer as they did, in that order. "
		"<a href=\"%s\">Begin anew</a>, so that they answer as they did "
		"first.</p></html>\n",
		x->restart);
	buf_fini(&list);
}

/* Under the lock. */
static bool add_page(struct replay_index *x, struct span path, struct buf *html)
{
	struct err ignored;
	if (x->restart[0] != 0 && span_is(path, x->restart)) {
		replay_restart(x->replay);
		if (!make_restart(x, &ignored))
			x->restart[0] = 0;
		buf_clear(&x->page);
		buf_add_str(html, "<!doctype html><meta charset=\"utf-8\"><title>clicktrail "
				  "replay</title><p>Answers begin anew. <a href=\"/\">The "
				  "links</a></p>\n");
		return true;
	}
	if (!span_is(path, "/") && path.n != 0)
		return false;
	if (buf_len(&x->page) == 0)
		make_page(x);
	buf_add_span(html, buf_span(&x->page));
	return true;
}

bool replay_index_page(void *ctx, struct span path, struct buf *html)
{
	struct replay_index *x = ctx;
	pthread_mutex_lock(&x->lock);
	bool made = add_page(x, path, html);
	pthread_mutex_unlock(&x->lock);
	return made;
}
