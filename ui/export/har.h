/*
 * HAR 1.2 (the "HTTP Archive format" of the Web Performance group, as browsers write and read
 * it): the format `har` itself is declared in ui/export/formats.h; here are the parts that its
 * files share. A view for tools, not the evidence: it cannot hold raw heads. New references,
 * made of an edition only. One thread.
 */
#ifndef UI_EXPORT_HAR_H
#define UI_EXPORT_HAR_H

#include "ui/export/export_list.h"
#include "ui/report/json_value.h"

enum {
	HAR_PAIRS_MAX = 2000, /* cookies, parameters of one message; a comment says more */
	HAR_BODY_MAX = 16 * 1024 * 1024,    /* decoded bytes of one body */
	HAR_BODIES_MAX = 256 * 1024 * 1024, /* of all together */
};

struct har {
	struct edition *edition;
	size_t body_bytes;  /* written so far */
	size_t bodies_left; /* out, for HAR_BODY_MAX or HAR_BODIES_MAX */
};

/* One entry. NULL: CASE_READ. */
json_t *har_entry(struct har *h, const struct export_item *i, struct err *err);

/* Its parts. */
json_t *har_content(struct har *h, const struct export_item *i, struct err *err);
/* json_null(): there is no body. NULL: CASE_READ. */
json_t *har_post_data(struct har *h, const struct export_item *i, struct err *err);
json_t *har_query(struct span url);
json_t *har_request_cookies(const struct model_exchange *x);
json_t *har_response_cookies(const struct model_exchange *x);
/* name=value pairs joined by '&' (application/x-www-form-urlencoded), decoded. *more: there
 * were more than HAR_PAIRS_MAX. */
json_t *har_pairs(struct arena *a, struct span text, bool *more);
/* Chrome's words for what a request was for: "document", "image", ... */
const char *har_resource_type(const struct model_exchange *x);
json_t *har_initiator(const struct export_item *i);

#endif
