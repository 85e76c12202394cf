#include "ui/cli/report_pdf.h"
#include "ui/cli/render.h"
#include "ui/report/html.h"

#include <stdio.h>

#define PAGE "report.html"
#define PRINTED "report.pdf"

/* PDF/UA-1 (ISO 14289-1) makes WeasyPrint 57 write a tagged file, which screen readers need. */
static bool by_weasyprint(struct render *r, const char *program, struct err *err)
{
	const char *argv[] = {program, "--quiet", "--encoding", "utf-8", "--pdf-variant",
		"pdf/ua-1", PAGE, PRINTED, NULL};
	return render_run(r, argv, RENDER_SECONDS_MAX, err);
}

/* Its own sandbox stays on. Scripts are not switched off by its settings, for printing is made
 * of one; the page has none, and its policy allows none. */
static bool by_chromium(struct render *r, const char *program, struct err *err)
{
	char profile[PATH_MAX + 64];
	snprintf(profile, sizeof profile, "--user-data-dir=%s/profile", r->dir);
	const char *argv[] = {program, "--headless", "--disable-gpu", "--no-first-run",
		"--no-default-browser-check", "--disable-extensions", "--disable-sync",
		"--disable-background-networking", "--disable-component-update",
		"--disable-breakpad", "--disable-dev-shm-usage", "--no-pings",
		"--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
		"--host-resolver-rules=MAP * ~NOTFOUND", profile, "--no-pdf-header-footer",
		"--generate-pdf-document-outline", "--print-to-pdf=" PRINTED, PAGE, NULL};
	return render_run(r, argv, RENDER_SECONDS_MAX, err);
}

typedef bool renderer_fn(struct render *r, const char *program, struct err *err);

/* Above so many hops Chromium goes first: 500 take it seconds, and WeasyPrint minutes. */
enum { WEASYPRINT_HOPS_MAX = 100 };

/* In order of preference. */
static const struct renderer {
	const char *names[4];
	renderer_fn *run;
} renderers[] = {
	{{"weasyprint", NULL}, by_weasyprint},
	{{"chromium", "chromium-browser", "google-chrome", NULL}, by_chromium},
};
enum { RENDERERS = sizeof renderers / sizeof *renderers };

static bool is_long(const struct report *r)
{
	size_t hops = 0;
	for (size_t i = 0; i < r->n_trails; i++)
		hops += r->trails[i].n_hops;
	return hops > WEASYPRINT_HOPS_MAX;
}

/* ISO 32000-2 7.5.2, 7.5.5: how a file begins and what its end holds. */
static bool is_pdf(struct span s)
{
	enum { TAIL = 1024 };
	size_t from = s.n > TAIL ? s.n - TAIL : 0;
	return span_starts(s, "%PDF-") && span_find(s, span_str("%%EOF"), from) != SIZE_MAX;
}

static bool print_by(const struct renderer *how, const char *program, struct span page,
	struct buf *out, struct err *err)
{
	struct render r = {.dir = ""};
	struct buf printed = {0};
	bool good = render_open(&r, err) && render_put(&r, PAGE, page, err) &&
		    how->run(&r, program, err) && render_get(&r, PRINTED, &printed, err);
	if (good && !is_pdf(buf_span(&printed)))
		good = err_set(err, ERR_SYSTEM, "what \"%s\" made is no PDF", program);
	if (good)
		buf_add_span(out, buf_span(&printed));
	render_close(&r);
	buf_fini(&printed);
	return good;
}

bool edition_pdf(struct edition *e, struct buf *out, struct err *err)
{
	struct buf page = {0};
	char program[PATH_MAX];
	bool good = false, found = false;
	html_write(e, true, &page);
	/* One that fails makes room for the next. */
	for (size_t i = 0; !good && i < RENDERERS; i++) {
		const struct renderer *how =
			&renderers[is_long(e->report) ? RENDERERS - 1 - i : i];
		if (!render_find(how->names, program))
			continue;
		found = true;
		good = print_by(how, program, buf_span(&page), out, err);
	}
	buf_fini(&page);
	return found ? good
		     : err_set(err, ERR_USAGE,
			       "--format pdf: nothing here can make a PDF of the HTML report: "
			       "install weasyprint or chromium");
}
