/*
 * Who runs the hops of a trail: by registrable domain, else by host or address, numbered in the
 * order in which they come. What the name, the link, the certificate and the case's own facts
 * tell is filled by parties_make; what somebody looked up about them (clicktrail lookup) is put
 * to it by lookups.h. Borrows from the report; own memory in its arena. One thread.
 */
#ifndef UI_REPORT_PARTY_H
#define UI_REPORT_PARTY_H

#include "store/base/arena.h"
#include "store/derive/wrapper.h"

struct report;
struct report_trail;

/* Where a party takes complaints, and who says so. */
struct party_contact {
	struct span email; /* absent: only a form */
	struct span form;  /* a web form's address, exact; or absent */
	struct span name;  /* "Example Registrar Abuse Desk"; may be absent */
	struct span role;  /* whose desk: "network", "registrar", "registry", "platform",
			      "domain"; "operator": of who runs it by the CNAME path */
	struct span
		source; /* where it is from: the RDAP URL, or a word: "rfc2142" for a guess */
	int64_t at_us;  /* when that was answered; FACT_NULL: nobody was asked */
	bool guessed;   /* nobody named it: abuse@ by RFC 2142 */
};

/* A content delivery network or filter that the party's address belongs to, as far as that
 * shows: the origin is hidden behind it. */
struct party_front {
	const char *key;  /* fixed word: "cloudflare"; NULL: none was recognised */
	const char *name; /* "Cloudflare" */
	bool sure;        /* its network or its CNAME says so; else only what the server says
			     about itself, which anybody can imitate: "likely" */
	struct span how;  /* the evidence, in words: "AS13335; response header cf-ray" */
};

struct report_party {
	size_t n;         /* --party N, from 1, in order of first appearance in the trail */
	struct span name; /* registrable domain (A-labels), else host, else address */
	struct span registered_domain; /* what a registrar sold; absent for an address */
	struct span unicode;           /* the name as people read it, where that differs */
	bool mixed_scripts;            /* a label of it mixes scripts, as look-alikes do */
	bool lookalike; /* a label of it is of another script and looks Latin throughout */
	struct span looks_like;       /* that label's Latin twin; absent without lookalike */
	bool is_address, is_platform; /* is_platform: a suffix of the list's private section:
					 the platform's desk, not a registrar */
	size_t *hops;                 /* numbers of its hops, from 1 */
	size_t n_hops;
	/* A mailing service, gateway, shortener ... recognised by the links' shape; NULL: none.
	 */
	const struct wrapper_rule *service;
	struct span run_by; /* registrable domain at the end of the CNAME path, where that is
			       somebody else's: who really runs a branded domain; else absent */
	/* Of its first hop that was reached. */
	struct span address, reverse_name; /* reverse_name: as looked up; else absent */
	int64_t asn;                       /* FACT_NULL: unknown */
	struct span network, country;      /* of the address: the AS's name, ISO 3166; absent */
	struct span network_by;            /* which database or directory says so */
	struct party_front front;
	struct span cert_subject, cert_issuer; /* of its last hop with TLS; absent */
	/* Looked up; absent where nobody asked. */
	struct span registrar, registrar_id; /* name, IANA id */
	struct span registrant;              /* where it is published */
	int64_t registered_us, changed_us, expires_us;
	struct span *nameservers;
	size_t n_nameservers;
	struct span *mx, *txt; /* of the registered domain, as in a zone file */
	size_t n_mx, n_txt;
	struct span *status; /* of the domain: "active", "client hold" (RFC 8056) */
	size_t n_status;
	int dnssec;               /* the delegation is signed: 1, 0; -1: not said */
	struct span whois_server; /* port43 */
	struct span *caa; /* current records, as in a zone file: "0 issue \"ca.example\"" */
	size_t n_caa;
	int64_t caa_at_us;
	struct party_contact *contacts; /* best first */
	size_t n_contacts;
	int64_t looked_up_us; /* the newest answer; FACT_NULL: nobody asked */
};

struct parties {
	struct report_party *list;
	size_t n;
	const char *list_date; /* of the Public Suffix List in use */
};

/* Of one trail. */
void parties_make(const struct report *r, const struct report_trail *t, struct arena *a,
	struct parties *out);
/* Recognises fronts anew, from what parties know by now (asn). */
void parties_fronts(const struct report_trail *t, struct arena *a, struct parties *p);
/* The party of hop n (from 1); NULL: it has none. */
const struct report_party *parties_of_hop(const struct parties *p, size_t n);

#endif
