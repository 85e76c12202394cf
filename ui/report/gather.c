#include "ui/report/gather_windows.h"
#include "ui/report/report.h"
#include "ui/report/trail_rows.h"
#include "store/case_pick.h"
#include "store/base/hash.h"

struct case_file *gather_file(const struct gather *g, int64_t exchange)
{
	return g->also != NULL && exchange > g->also_after ? g->also : g->file;
}

void gather_attach(struct gather_attached *to, int64_t seq, const struct fact_attachment *fact)
{
	/* Those beyond the limit are not kept, and what a hostile case may hold is not copied.
	 */
	if (to->n == GATHER_ATTACHED_MAX || fact->data.n > GATHER_ATTACHED_BYTES - to->bytes) {
		to->more = true;
		return;
	}
	struct fact_attachment *copy = arena_alloc(&to->arena, sizeof *copy);
	fact_copy(FACT_KIND_ATTACHMENT, fact, copy, &to->arena);
	ARENA_PUSH(&to->arena, to->list, to->n, (struct gather_attachment){seq, copy});
	to->bytes += fact->data.n;
}

static bool load_body(
	struct gather *g, struct model_exchange *x, enum fact_side side, struct err *err)
{
	struct buf raw = {0};
	bool whole = false;
	if (!model_wants_body(x, side))
		return true;
	bool good = case_body(
		gather_file(g, x->id), x->id, side, MODEL_BODY_MAX, &raw, &whole, err);
	if (good)
		model_set_body(&g->model, x, side, buf_span(&raw), whole && x->end != NULL);
	buf_fini(&raw);
	return good;
}

static void fetch_body(void *ctx, struct model_exchange *x)
{
	struct gather *g = ctx;
	struct err err = {0};
	if (!load_body(g, x, SIDE_RESPONSE, &err) && g->unread.kind == ERR_NONE)
		g->unread = err;
}

bool gather_open(struct gather *g, const char *path, int64_t session, struct err *err)
{
	struct case_file *file = case_open(path, err);
	if (file == NULL) {
		*g = (struct gather){.texts = texts_new()};
		model_init(&g->model);
		return false;
	}
	bool ok = gather_open_on(g, file, session, err);
	g->borrowed = false;
	return ok;
}

bool gather_open_on(struct gather *g, struct case_file *file, int64_t session, struct err *err)
{
	*g = (struct gather){.file = file,
		.borrowed = true,
		.session = session,
		.window = GATHER_WINDOW,
		.margin = GATHER_MARGIN};
	model_init(&g->model);
	g->model.texts = g->texts = texts_new();
	g->model.fetch = fetch_body;
	g->model.fetch_ctx = g;
	int64_t *erased = NULL;
	size_t n = 0;
	if (!case_erased(g->file, &g->erased, &erased, &n, err))
		return false;
	g->model.erased = erased;
	g->model.n_erased = n;
	return true;
}

void gather_close(struct gather *g)
{
	arena_fini(&g->arena);
	arena_fini(&g->erased);
	arena_fini(&g->sliding.arena);
	arena_fini(&g->attached.arena);
	model_fini(&g->model);
	texts_free(g->texts);
	g->texts = NULL;
	if (g->file != NULL && !g->borrowed)
		case_close(g->file);
	if (g->also != NULL)
		case_close(g->also);
	g->file = g->also = NULL;
}

void gather_forget(struct gather *g)
{
	const struct wrapper_rules *wrappers = g->model.wrappers;
	const int64_t *erased = g->model.erased;
	size_t n_erased = g->model.n_erased;
	model_fini(&g->model);
	model_init(&g->model);
	g->model.erased = erased;
	g->model.n_erased = n_erased;
	texts_trim(g->texts);
	g->model.wrappers = wrappers;
	g->model.texts = g->texts;
	g->model.fetch = fetch_body;
	g->model.fetch_ctx = g;
	g->trails = (struct trail_set){0};
	arena_fini(&g->arena);
}

static bool take_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct gather *g = ctx;
	if (g->until != 0 && seq > g->until)
		return false;
	if (kind == FACT_KIND_ATTACHMENT)
		gather_attach(&g->attached, seq, fact);
	model_add(&g->model, kind, seq, fact);
	if (g->sliding.on)
		gather_slide_keep(g, kind, seq, fact);
	g->last_seq = seq;
	g->more = true;
	return true;
}

bool gather_bodies(struct gather *g, struct err *err)
{
	for (size_t i = 0; i < g->model.n_exchanges; i++) {
		struct model_exchange *x = g->model.exchanges[i];
		if (g->session != 0 && x->session != g->session)
			continue;
		if (!load_body(g, x, SIDE_REQUEST, err))
			return false;
	}
	return true;
}

/* A session in a case that had others before: those are not read. */
static bool skip_earlier(struct gather *g, struct err *err)
{
	if (g->session == 0 || g->last_seq != 0)
		return true;
	if (!case_session_after(g->file, g->session, &g->after, err))
		return false;
	g->last_seq = g->after;
	return true;
}

static bool take_certificate(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct gather *g = ctx;
	const struct fact_certificate *certificate = fact;
	if (model_certificate(&g->model, certificate->sha256) == NULL)
		model_add(&g->model, kind, seq, fact);
	return true;
}

/* A certificate is a fact once per case, in the session that saw it first: looked for when one
 * that was not in this session is needed. */
static bool find_certificates(struct gather *g, struct err *err)
{
	if (g->after == 0 || g->earlier_certs || !g->more)
		return true;
	for (size_t i = 0; i < g->model.n_handshakes; i++) {
		struct span certs = g->model.handshakes[i]->certs;
		for (size_t at = 0; at + SHA256_LEN <= certs.n; at += SHA256_LEN)
			g->earlier_certs |= model_certificate(&g->model,
						    span_of(certs.p + at, SHA256_LEN)) == NULL;
	}
	return !g->earlier_certs ||
	       case_certificates_until(g->file, g->after, take_certificate, g, err);
}

bool gather_derive(struct gather *g, int64_t session, struct err *err)
{
	g->unread = (struct err){0};
	trail_derive(&g->model, session, &g->arena, &g->trails);
	if (g->unread.kind == ERR_NONE)
		return true;
	*err = g->unread;
	return false;
}

void gather_slides(struct gather *g)
{
	g->sliding.on = true;
	g->window = GATHER_LIVE_WINDOW;
}

bool gather_slid(const struct gather *g)
{
	return g->sliding.settled > 0;
}

static bool take_also(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct gather *g = ctx;
	if (kind == FACT_KIND_ATTACHMENT)
		gather_attach(&g->attached, seq, fact);
	model_add(&g->model, kind, g->last_seq + seq, fact);
	return true;
}

bool gather_read_also(struct gather *g, const char *path, struct err *err)
{
	struct case_numbers numbers;
	if (!case_numbers(g->file, &numbers, err))
		return false;
	g->also_after = numbers.exchanges;
	g->also = case_open(path, err);
	if (g->also == NULL || !case_facts(g->also, 0, 0, take_also, g, err) ||
		!gather_bodies(g, err))
		return false;
	arena_fini(&g->arena);
	return gather_derive(g, 0, err);
}

bool gather_read(struct gather *g, bool *news, struct err *err)
{
	g->more = false;
	gather_slide(g);
	if (!skip_earlier(g, err) || !case_facts(g->file, g->last_seq, 0, take_fact, g, err) ||
		!find_certificates(g, err))
		return false;
	if (news != NULL)
		*news = g->more;
	if (!g->more)
		return true;
	if (!gather_bodies(g, err))
		return false;
	arena_fini(&g->arena);
	arena_init(&g->arena);
	bool good = gather_derive(g, g->session, err);
	gather_slide_trails(g);
	return good;
}

static bool store_summary(struct gather *g, struct writer *w, int64_t session, struct err *err)
{
	struct report_session counts;
	report_count(&g->model, session, &counts);
	struct derived_session summary = {.session = session,
		.exchanges = (int64_t)counts.n_exchanges,
		.failed = (int64_t)counts.n_failed,
		.opaque = (int64_t)counts.n_opaque,
		.user_agent = counts.user_agent};
	return writer_put_summary(w, &summary, err);
}

bool gather_store(struct gather *g, struct writer *w, struct err *err)
{
	if (!trail_rows_store(w, g->session, &g->trails, false, err))
		return false;
	for (size_t i = 0; i < g->model.n_sessions; i++) {
		int64_t session = g->model.sessions[i]->session;
		if ((g->session == 0 || g->session == session) &&
			!store_summary(g, w, session, err))
			return false;
	}
	return true;
}
