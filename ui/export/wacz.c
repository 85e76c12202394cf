/* WACZ 1.1.1 (specs.webrecorder.net/wacz/1.1.1): a WARC file, its index, its pages and a list
 * of digests in one zip file, which readers open without unpacking it. */
#include "store/base/clock.h"
#include "ui/export/export_json.h"
#include "ui/export/formats.h"
#include "ui/export/head.h"
#include "ui/export/warc_file.h"
#include "ui/export/zip_file.h"

#include <stdio.h>

enum { LEFT_MAX = 500 }; /* lines that the index left out, which are named; more are counted */

struct package {
	struct edition *edition;
	struct export_list list;
	struct warc_file warc;
	struct buf index, pages, report, package, digest;
	json_t *left; /* what the index left out */
	size_t n_left;
};

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static void note_left(void *ctx, int64_t exchange, int64_t later)
{
	struct package *p = ctx;
	p->n_left++;
	if (json_array_size(p->left) >= LEFT_MAX)
		return;
	json_array_append_new(p->left, json_pack("{s:I,s:I}", "exchange", (json_int_t)exchange,
					       "later", (json_int_t)later));
}

/* ---- pages ---- */

/* The first request of a trail: what a reader begins its walk with. */
static const struct export_item *first_of(
	const struct export_list *list, const struct report_trail *t)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].trail == t && list->items[i].hop != NULL &&
			list->items[i].answered)
			return &list->items[i];
	return NULL;
}

/* As WARC-Target-URI has it. */
static json_t *page_url(const struct export_item *i)
{
	struct buf url = {0};
	head_add_url(&url, i->x->request->url);
	json_t *j = json_text_of(buf_span(&url));
	buf_fini(&url);
	return j;
}

static void add_page(struct package *p, const struct report_trail *t, size_t hop,
	const struct export_item *first, const char *title)
{
	struct buf name = {0};
	char uuid[40];
	json_t *j = json_object();
	buf_add_str(&name, "clicktrail page\n");
	buf_add_span(&name, p->edition->report->about.id);
	buf_addf(&name, "\n%s\n%zu", t->id, hop);
	warc_uuid(buf_span(&name), uuid);
	set(j, "id", json_string(uuid));
	set(j, "url", page_url(first));
	set(j, "ts", json_time_of(first->x->request->at_us));
	set(j, "title", json_string(title));
	buf_fini(&name);
	json_write(j, JSON_COMPACT, &p->pages);
	buf_add_byte(&p->pages, '\n');
}

/* The address of a meta refresh stands in quotes of its own: "0; url='https://...'". */
static bool is_quoted(struct span tag)
{
	size_t at = span_find_nocase(tag, span_str("url"), 0);
	struct span rest = at == SIZE_MAX ? SPAN_NONE : span_from(tag, at + 3);
	while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '='))
		rest = span_from(rest, 1);
	return rest.n > 0 && (rest.p[0] == '"' || rest.p[0] == '\'' || rest.p[0] == '&');
}

/* Steps that readers do not make by themselves (tried with ReplayWeb.page): a Refresh header is
 * not theirs to rewrite (head.c), and of a meta refresh they take the quotes for a part of the
 * address. A page of its own lets who walks go on behind it. */
static bool readers_stop(const struct trail_hop *t)
{
	if (t->mechanism == MECHANISM_REFRESH_HEADER)
		return true;
	for (size_t i = 0; t->mechanism == MECHANISM_META_REFRESH && i < t->n_evidence; i++) {
		if (span_starts(span_str(t->evidence[i].signal), "meta") &&
			is_quoted(t->evidence[i].quote))
			return true;
	}
	return false;
}

static void add_pages(struct package *p, const struct report_trail *t)
{
	char title[120];
	const struct export_item *first = first_of(&p->list, t);
	if (first == NULL)
		return;
	snprintf(title, sizeof title, "Trail %s, from its first link", t->id);
	add_page(p, t, 1, first, title);
	for (const struct export_item *i = first + 1; i < p->list.items + p->list.n; i++) {
		if (i->trail != t || i->hop == NULL || !i->answered ||
			!readers_stop(i->hop->hop))
			continue;
		snprintf(title, sizeof title,
			"Trail %s, on from step %zu, behind a %s that readers do not follow",
			t->id, i->hop->hop->n, mechanism_word(i->hop->hop->mechanism));
		add_page(p, t, i->hop->hop->n, i, title);
	}
}

static void make_pages(struct package *p)
{
	json_t *head = json_pack("{s:s,s:s,s:s}", "format", "json-pages-1.0", "id", "pages",
		"title", "All Pages");
	json_write(head, JSON_COMPACT, &p->pages);
	buf_add_byte(&p->pages, '\n');
	for (size_t i = 0; i < p->list.n_trails; i++)
		add_pages(p, p->list.trails[i]);
}

/* ---- the list of digests ---- */

static json_t *resource(const struct zip_member *m)
{
	char digest[WARC_DIGEST_MAX];
	const char *slash = strrchr(m->name, '/');
	warc_digest(m->content, digest);
	return json_pack("{s:s,s:s,s:s,s:I}", "name", slash != NULL ? slash + 1 : m->name,
		"path", m->name, "hash", digest, "bytes", (json_int_t)m->content.n);
}

/* When the newest of what is in it was recorded: the same edition of a case is the same file.
 */
static int64_t newest_us(const struct export_list *list, int64_t otherwise)
{
	int64_t at = otherwise;
	for (size_t i = 0; i < list->n; i++) {
		const struct model_exchange *x = list->items[i].x;
		int64_t us = x->end != NULL ? x->end->at_us : x->request->at_us;
		at = us > at ? us : at;
	}
	return at;
}

static json_t *ours_json(const struct package *p)
{
	json_t *j = export_about(p->edition, &p->list), *index = json_object();
	set(index, "left_out", json_incref(p->left));
	set(index, "left_out_total", json_integer((json_int_t)p->n_left));
	set(index, "why",
		json_string("asked again at a later step of the same trail: readers look up by "
			    "address and time, and a walk would go round for ever"));
	set(j, "index", index);
	set(j, "bodies_cut", json_integer((json_int_t)p->warc.bodies_left));
	return j;
}

static void make_package(struct package *p, const struct zip_member *members, size_t n)
{
	const struct report *r = p->edition->report;
	json_t *j = json_object(), *resources = json_array();
	json_t *created = json_time_of(newest_us(&p->list, r->about.created_us));
	struct buf software = {0};
	buf_add_span(&software, r->about.tool_name);
	buf_add_byte(&software, ' ');
	buf_add_span(&software, r->about.tool_version);
	set(j, "profile", json_string("data-package"));
	set(j, "wacz_version", json_string("1.1.1"));
	set(j, "title", json_string("A click and where it led"));
	set(j, "description",
		json_string("Recorded by clicktrail. Each page is a trail, and begins with its "
			    "first link."));
	set(j, "created", json_incref(created));
	set(j, "modified", created);
	set(j, "software", json_text_of(buf_span(&software)));
	buf_fini(&software);
	for (size_t i = 0; i < p->list.n_trails; i++) {
		const struct export_item *first = first_of(&p->list, p->list.trails[i]);
		if (first == NULL)
			continue;
		set(j, "mainPageUrl", page_url(first));
		set(j, "mainPageDate", json_time_of(first->x->request->at_us));
		break;
	}
	for (size_t i = 0; i < n; i++)
		json_array_append_new(resources, resource(&members[i]));
	set(j, "resources", resources);
	set(j, "clicktrail", ours_json(p));
	json_write(j, JSON_INDENT(2), &p->package);
	buf_add_byte(&p->package, '\n');
}

static void make_digest(struct package *p)
{
	char digest[WARC_DIGEST_MAX];
	warc_digest(buf_span(&p->package), digest);
	json_write(json_pack("{s:s,s:s}", "path", "datapackage.json", "hash", digest),
		JSON_INDENT(2), &p->digest);
	buf_add_byte(&p->digest, '\n');
}

/* ---- the file ---- */

/* The report on the trails that the edition is about, and no others. */
static void add_report(struct package *p)
{
	struct report r = *p->edition->report;
	r.trails = arena_alloc(&p->edition->arena, (p->list.n_trails + 1) * sizeof *r.trails);
	r.n_trails = p->list.n_trails;
	for (size_t i = 0; i < p->list.n_trails; i++)
		r.trails[i] = *p->list.trails[i];
	report_json(&r, &p->report);
}

static bool make(struct package *p, struct buf *out, struct err *err)
{
	enum { LISTED = 4 };
	export_list_make(p->edition, &p->list);
	if (!warc_file_make(&p->warc, p->edition, &p->list, err))
		return false;
	cdx_write(&p->warc.index, &p->index, note_left, p);
	make_pages(p);
	add_report(p);
	struct zip_member members[LISTED + 2] = {
		{"archive/data.warc.gz", buf_span(&p->warc.bytes)},
		{"indexes/index.cdx", buf_span(&p->index)},
		{"pages/pages.jsonl", buf_span(&p->pages)},
		{"clicktrail/report.json", buf_span(&p->report)},
	};
	make_package(p, members, LISTED);
	make_digest(p);
	members[LISTED] = (struct zip_member){"datapackage.json", buf_span(&p->package)};
	members[LISTED + 1] =
		(struct zip_member){"datapackage-digest.json", buf_span(&p->digest)};
	return zip_file_write(members, LISTED + 2, out, err);
}

bool edition_wacz(struct edition *e, struct buf *out, struct err *err)
{
	struct package p = {.edition = e, .left = json_array()};
	bool ok = make(&p, out, err);
	warc_file_fini(&p.warc);
	buf_fini(&p.index);
	buf_fini(&p.pages);
	buf_fini(&p.report);
	buf_fini(&p.package);
	buf_fini(&p.digest);
	json_decref(p.left);
	return ok;
}
