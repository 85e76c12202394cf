/*
 * Inside of redact*.c: what is to be hidden, how texts are rewritten, and what is remembered of
 * it. Nobody else includes it. What is rewritten lies in the model's arena, and lives as long
 * as the case is open.
 */
#ifndef UI_REPORT_REDACT_PARTS_H
#define UI_REPORT_REDACT_PARTS_H

#include "store/base/map.h"
#include "store/derive/hide.h"
#include "ui/report/edition.h"

enum {
	MEMO_TEXT_MAX = 4096, /* bytes of a text that is rewritten once for all its places */
	REWRITE_PASSES = 3,   /* until nothing is found in what was rewritten */
};

struct redactor {
	struct redaction said;
	struct redact_order order;
	uint8_t key[REDACT_KEY_LEN];
	struct hide *hide;
	struct report *report;
	struct gather *gather;
	struct arena *a; /* of the model */
	struct arena own;
	struct map texts, items, urls, stays, exempt;
	int pass;               /* of collecting */
	int64_t from_us, to_us; /* when the sessions were, for times in texts */
	struct span *names;     /* of the parties, each once */
	size_t n_names;
	struct span *tokens; /* of links: what else is made of them */
	size_t n_tokens;
	size_t checked; /* bytes of bodies that were looked through */
	bool addresses; /* an address is among the values */
	bool no_digest; /* the body at hand holds something */
	bool quiet;     /* what is replaced is told elsewhere */
};

/* Where something is: "request url of exchange 12". number FACT_NULL: none. */
struct redact_place {
	const char *what, *of;
	int64_t number;
};
#define PLACE(what_, of_, number_) ((struct redact_place){(what_), (of_), (number_)})

/* redact.c */
struct span redact_tag(const struct redactor *r, struct span value);
void redact_note(struct redactor *r, const char *what, struct redact_place p, struct span tag,
	const char *form, size_t times);
/* Is there anything to look for? */
bool redact_active(const struct redactor *r);

/* redact_text.c */
/* The text itself where nothing was found. Never a hidden value in what it returns. */
struct span redact_text(struct redactor *r, struct redact_place p, struct span text);
const char *redact_string(struct redactor *r, struct redact_place p, const char *text);
/* Appends; false: nothing was changed. *cut: it could not all be looked into, nothing was
 * appended. */
bool redact_into(struct redactor *r, struct redact_place p, struct span text, struct buf *out,
	bool *cut);
/* Does it hold any? */
bool redact_holds(struct redactor *r, struct span bytes);
struct span redact_whole(
	struct redactor *r, struct redact_place p, const char *what, struct span value);

/* redact_head.c */
struct span redact_field(
	struct redactor *r, struct redact_place p, struct span name, struct span value);
/* Header lines as they were on the wire; first: a start line stands before them. */
struct span redact_head(
	struct redactor *r, struct redact_place p, struct span head, bool first);
bool redact_is_cookie(struct span name);
bool redact_is_credential(struct span name);

/* redact_time.c */
int64_t redact_us(int64_t us); /* to the full hour before */
/* Times in a text to the full hour; always: also those that are not the session's. NULL: there
 * are none, or nothing changed. */
struct span redact_times(struct redactor *r, struct span text, bool always);

/* redact_collect.c, redact_collect_mail.c */
bool redact_collect(struct redactor *r, struct err *err);
void redact_collect_url(struct redactor *r, struct span text);
void redact_collect_clicked(struct redactor *r, struct span link);
void redact_collect_carried(struct redactor *r, struct span clicked, struct span url);
void redact_collect_addresses(struct redactor *r, struct span text);
void redact_collect_urls_in(struct redactor *r, struct span text);
void redact_collect_text(struct redactor *r, struct span text); /* both */
void redact_collect_value(struct redactor *r, enum hide_kind kind, struct span text);
void redact_collect_mail(struct redactor *r, struct span mail);
/* Links of a mail: what looks like a token in any of them is its reader's. */
void redact_collect_links_in(struct redactor *r, struct span mail);
/* redact_mail.c: the headers of a mail, as they may go out. */
struct span redact_mail(struct redactor *r, struct redact_place p, struct span mail);
/* What reports say of the mail. */
struct report_mail;
void redact_report_mail(struct redactor *r, struct report_mail *m);
/* redact_compared.c: verdicts of packets against facts */
void redact_collect_compared(struct redactor *r);
void redact_compared(struct redactor *r);
/* Is it long and mixed enough to be looked for everywhere? */
bool redact_telling(struct span s);

/* redact_apply.c, redact_trail.c, redact_body.c */
void redact_apply(struct redactor *r);
void redact_trails(struct redactor *r);
bool redact_bodies(struct redactor *r, struct err *err);

#endif
