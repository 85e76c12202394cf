/*
 * Inside of the pages of one hop, or one exchange: what their panels share. Each panel is one
 * file, page_hop_<panel>.c, and writes HTML into the page from a reading that its caller holds;
 * it works on any exchange, of a trail or of none. Nothing here is remembered. On the
 * connection's thread.
 */
#ifndef UI_WEB_PAGE_HOP_H
#define UI_WEB_PAGE_HOP_H

#include "ui/web/page.h"

/* Name, word and function, title. */
#define HOP_PANELS(X)                                                                          \
	X(WHY, why, "Why")                                                                     \
	X(REQUEST, request, "Request")                                                         \
	X(RESPONSE, response, "Response")                                                      \
	X(COOKIES, cookies, "Cookies")                                                         \
	X(BODY, body, "Body")                                                                  \
	X(CUES, cues, "Cues")                                                                  \
	X(TLS, tls, "TLS")                                                                     \
	X(CERTIFICATES, certificates, "Certificates")                                          \
	X(PACKETS, packets, "Packets")
enum hop_panel {
#define X(name, word, title) HOP_##name,
	HOP_PANELS(X)
#undef X
		HOP_PANEL_COUNT
};

enum {
	HOP_VIEW_MAX = 4 * 1024 * 1024,   /* bytes of a body, decoded, that a view looks at */
	HOP_TEXT_PAGE = 32 * 1024,        /* bytes of text on one page, */
	HOP_LINES_PAGE = 1500,            /* and lines */
	HOP_HEX_PAGE = 4 * 1024,          /* bytes on one page of hex */
	HOP_PRETTY_MAX = 4 * 1024 * 1024, /* bytes that pretty-printing makes */
	HOP_VALUES_MAX = 500,             /* rows of a form's or a query's values */
	HOP_PICTURE_MAX = 16 * 1024 * 1024,
	HOP_PIXELS_MAX = 50 * 1000 * 1000, /* of a picture that is shown by itself */
	HOP_CUE_FIRST =
		512 * 1024, /* of a body, in which cues are looked for at first; all=1: */
	HOP_CUE_BODY_MAX = 2 * 1024 * 1024, /* as derivation reads (MODEL_BODY_MAX) */
	HOP_CUES_PAGE = 100,                /* cues of one page, */
	HOP_CUE_WHOLE = 24 * 1024, /* of a body of at most so many bytes shown whole, */
	HOP_CUE_AROUND = 300,      /* else so many bytes around each */
	HOP_NEAR_FACTS =
		4000, /* behind a request, among which its interim answers are looked for
		       */
	HOP_COOKIE_LOOK = 5000, /* exchanges in which a cookie's other ends are looked for, */
	HOP_COOKIES_LOOK = 100 * 1000, /* and in which those of all cookies of a page are */
	HOP_COMPARE_MAX = 2000, /* exchanges of a session that packets are compared with anew */
};

struct hop_view {
	struct page *p;
	struct html *h;     /* the page's; e and r are the reading's */
	struct buf *out;    /* the page's */
	struct web_form *q; /* what was asked */
	struct arena *a;    /* ends with the request */
	struct book_reading *r;
	const struct report_trail *trail; /* NULL: in none */
	size_t index;                     /* in it */
	const struct report_hop *hop;
	const struct model_exchange *x; /* NULL: it was not on the wire */
	const char *path;               /* of this page: "/c/1/t/1.2/h/3" */
	size_t place, looked; /* cookies: where x is in the model; exchanges looked at */
};

/* ---- page_hop.c ---- */

/* The whole <section id="hop-detail">. */
void hop_detail(struct hop_view *v, enum hop_panel panel);
const char *hop_panel_word(enum hop_panel p);

/* ---- page_hop_parts.c ---- */

/* href of a panel of this page, with more of a query ("" or "&amp;x=y") and an anchor ("" or
 * "#x"). The link is opened, and the caller closes it. */
void hop_link_open(
	struct hop_view *v, enum hop_panel panel, const char *more, const char *anchor);
/* A link to an exchange, as a hop of this trail if it is one: "hop 3", "exchange 14". panel:
 * HOP_PANEL_COUNT for the default. */
void hop_link_exchange(struct hop_view *v, int64_t exchange, enum hop_panel panel);
/* "hop 3" */
void hop_link_hop(struct hop_view *v, size_t n);
/* Its number in the trail; 0: it is no hop of it. */
size_t hop_of_exchange(const struct hop_view *v, int64_t exchange);
/* The first hop behind this one that was moved to from this exchange; 0: none. */
size_t hop_moved_to(const struct hop_view *v);
/* The request's URL, parsed. */
bool hop_url(const struct hop_view *v, struct url *out);
void hop_nothing(struct hop_view *v, const char *why); /* a panel's only sentence */
void hop_open_facts(struct hop_view *v);
void hop_close_facts(struct hop_view *v);
/* Sideways scrolling that the keyboard can do, too; label: ours. */
void hop_scroll_open(struct hop_view *v, const char *class, const char *label);
void hop_scroll_close(struct hop_view *v);
/* "430 µs", "1.2 ms", "870 ms" */
void hop_took(struct hop_view *v, int64_t us);
/* "3 hours", "90 days"; FACT_NULL: "-". */
void hop_duration(struct hop_view *v, int64_t us);

/* ---- one file each ---- */

void hop_why(struct hop_view *v);
void hop_request(struct hop_view *v);
void hop_response(struct hop_view *v);
void hop_cookies(struct hop_view *v);
void hop_body(struct hop_view *v);
void hop_cues(struct hop_view *v);
void hop_tls(struct hop_view *v);
void hop_certificates(struct hop_view *v);
void hop_packets(struct hop_view *v);

/* What packets say of this exchange, in a line. */
void hop_packets_line(struct hop_view *v);
/* The header lines of one side, with what they mean (page_hop_fields.c). */
void hop_fields(struct hop_view *v, enum fact_side side);
/* How long each part of it took (page_hop_timing.c). */
void hop_timing(struct hop_view *v);
/* Names and values of a query string or form, decoded; caption: ours. */
void hop_values(struct hop_view *v, struct span pairs, const char *caption);
/* Certificates as a drawing (page_hop_path.c). order: indexes into t->certs from the leaf on; n
 * of them are its path. */
struct hop_path {
	size_t order[16], n;
	bool to_root;        /* the last of them signed itself */
	struct span missing; /* issuer that comes next and was not sent; absent: to_root */
	size_t strays;       /* certificates that were sent and are not part of it */
};
void hop_path_find(const struct report_tls *t, struct hop_path *out);
void hop_path_draw(struct hop_view *v, const struct hop_path *path);
void hop_path_lives(struct hop_view *v, const struct hop_path *path, int64_t click_us);
struct span hop_common_name(struct span name); /* CN of a subject; else the whole */

#endif
