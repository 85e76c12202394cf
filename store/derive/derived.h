/*
 * What derivation keeps per exchange, so that a session that grows is not read anew after every
 * commit: the request's signs, its URL, and the cues of its response. Owned by the model's
 * exchange; made on demand; one thread. Not for anyone outside derive/.
 */
#ifndef STORE_DERIVE_DERIVED_H
#define STORE_DERIVE_DERIVED_H

#include "store/derive/cue.h"
#include "store/derive/model.h"

enum sec_site {
	SITE_UNSAID,
	SITE_NONE,
	SITE_SAME_ORIGIN,
	SITE_SAME_SITE,
	SITE_CROSS
}; /* the worse, the later */

/* What a request says about why it was made. */
struct signs {
	bool url_ok;
	struct url url;
	uint64_t key;      /* of the URL */
	uint64_t path_key; /* of the URL without its query */
	bool sec_fetch;    /* Sec-Fetch-* fields are there: https, and a browser */
	enum sec_site site;
	bool user;       /* Sec-Fetch-User: ?1 */
	bool prefetch;   /* Sec-Purpose or its forerunners */
	bool browser;    /* a browser made it, by its headers */
	bool navigation; /* a top-level document, as far as the request alone can tell */
	bool frame;      /* a document for a frame */
	struct span dest, mode, referer, origin, cookie;
	bool referer_ok;
	struct url referer_url;
};

struct derived {
	bool signs_made; /* what they point to lies in the model's arena */
	struct signs signs;
	struct arena cues_arena; /* cues */
	bool cues_made, cues_with_response, cues_with_body;
	struct cue_list cues;
};

void derived_fini(struct derived *d);
void derived_forget(struct derived *d); /* the cues: the body has come */

const struct signs *derived_signs(const struct model_exchange *x);
/* Empty until there is a response. */
const struct cue_list *derived_cues(const struct model_exchange *x);

#endif
