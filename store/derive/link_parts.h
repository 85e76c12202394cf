/*
 * What the parts of a link stand for: account, campaign, link, affiliate and recipient. A desk
 * that is written to needs the first four; the last must be protected, so every part says where
 * in the URL it is, and which values may be shown at all. Known by a rule (wrapper.h), by a
 * parameter's name, because an e-mail address stands there (plain, percent-encoded, in base64
 * or hex), or by nothing but its shape. Pure; any thread.
 */
#ifndef STORE_DERIVE_LINK_PARTS_H
#define STORE_DERIVE_LINK_PARTS_H

#include "store/derive/link_pieces.h"
#include "store/derive/wrapper.h"

enum {
	LINK_PARTS_MAX = 64, /* of one link; what is more is left out, and said */
	LINK_TOKEN_MIN = 16, /* shorter ones of a tracker are not taken for someone's id */
	LINK_CODED_MIN = 8   /* characters of base64 that an address may hide in */
};

enum link_known { KNOWN_BY_RULE, KNOWN_BY_NAME, KNOWN_BY_ADDRESS, KNOWN_BY_SHAPE };
const char *link_known_word(enum link_known k);

struct link_part {
	enum wrapper_label label; /* not LABEL_OTHER */
	enum link_known known_by;
	enum link_where where;
	unsigned number;       /* which label of the host, part of the path or value it is in */
	struct span name;      /* of its parameter; absent where there is none */
	size_t offset, length; /* in href */
	struct span value;     /* decoded */
	bool hidden;           /* the value is, or holds, what may name the recipient */
};

struct link_reading {
	struct wrapper_claim claim; /* of the outermost layer */
	struct link_part *parts;    /* by offset */
	size_t n_parts;
	bool more; /* there was more in the link than was looked at: anything in it may name the
		      recipient */
};

void link_read(struct arena *a, const struct wrapper_rules *more, const struct url *link,
	struct link_reading *out);

/* Recipients: LABEL_RECIPIENT and LABEL_MAYBE_RECIPIENT. */
bool link_is_recipient(enum wrapper_label l);
/* "recipient" for both; "account", ... */
const char *link_label_word(enum wrapper_label l);

#endif
