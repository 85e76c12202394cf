/*
 * What an RDAP answer says (RFC 9083), as far as a complaint needs it: whose a domain or
 * network is, since when, and where it takes complaints, with jCard (RFC 7095) and JSContact
 * (RFC 9553) read alike. Hostile JSON: every depth and count has a limit, every e-mail and web
 * address is checked before anybody could write to it. Asks nobody. Memory in an arena. One
 * thread.
 */
#ifndef UI_REPORT_RDAP_H
#define UI_REPORT_RDAP_H

#include "store/base/arena.h"

enum {
	RDAP_DEPTH_MAX = 8,      /* of entities in entities */
	RDAP_ENTITIES_MAX = 256, /* of one answer */
	RDAP_CONTACTS_MAX = 32,
	RDAP_LIST_MAX = 64,  /* nameservers, status words, AS numbers */
	RDAP_TEXT_MAX = 256, /* bytes of one name; what is longer is cut */
	RDAP_URL_MAX = 2048, /* longer links are left out */
	RDAP_EMAIL_MAX = 254 /* RFC 5321 4.5.3.1.3 */
};

enum rdap_class {
	RDAP_NONE,
	RDAP_A_DOMAIN,
	RDAP_A_NETWORK,
	RDAP_AN_AUTNUM,
	RDAP_AN_ENTITY,
	RDAP_AN_ERROR
};

/* Whose desk a contact is: what the entities say that it stands in. */
enum rdap_whose { RDAP_OF_OBJECT, RDAP_OF_REGISTRAR, RDAP_OF_REGISTRY, RDAP_OF_HOLDER };

struct rdap_contact {
	struct span email; /* checked; absent: only a form */
	struct span form;  /* http or https; absent: none */
	struct span name;  /* may be absent */
	enum rdap_whose whose;
	bool abuse; /* the role `abuse`; else an organisation's own address, better than none */
};

struct rdap {
	enum rdap_class what;
	struct span handle, name; /* ldhName, or a network's name */
	struct span country;
	struct span registrar, registrar_id; /* name, IANA id */
	struct span registrant;
	struct span organisation;                      /* of a network: who holds it */
	int64_t registered_us, changed_us, expires_us; /* FACT_NULL: not said */
	struct span *status, *nameservers;
	size_t n_status, n_nameservers;
	int secure_dns; /* delegation signed: 1, 0, or -1: not said */
	struct span port43;
	int64_t *origin_asns; /* of a network (ARIN's extension) */
	size_t n_origin_asns;
	struct rdap_contact *contacts; /* those with the role `abuse` first */
	size_t n_contacts;
	bool redacted; /* RFC 9537: it says that something was taken out */
	/* Where there is more: http or https addresses with the media type of RDAP. */
	struct span related;      /* the registrar's own answer */
	struct span up;           /* the network that it is part of */
	struct span abuse_entity; /* an abuse contact that stands there without an address */
	struct span abuse_handle; /* its handle, for RFC 8521 */
	/* Of an error (RFC 9083 6). */
	int64_t error_code;
	struct span title;
	bool over; /* something was more than a limit allows, and left out */
};

/* False: not JSON, or no object; out->what is RDAP_NONE then. asked: the address that this is
 * the answer from, for relative links and those to itself; may be absent. */
bool rdap_read(struct span json, struct span asked, struct arena *a, struct rdap *out);

/* One address that mail can be sent to, and nothing else: no display name, no list, no control
 * characters, no quoted local part. */
bool rdap_email_good(struct span s);

#endif
