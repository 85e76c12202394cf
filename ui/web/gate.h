/*
 * Who is let in: Host, Origin, Fetch Metadata, the cookie and a form's secret against this
 * start's token. Decides, and answers nothing. Pure but for random bytes at the start; the
 * count of wrong tokens has a lock of its own. Any thread.
 *
 * What browsers say of where a request comes from (Fetch Metadata; pages cannot forge it), and
 * what it is good for. "Door": the page that asks for the token, style and script of it, and
 * nothing else, whatever cookie came along. Another port of this machine is same-site.
 *
 *   Sec-Fetch-Site   Mode, Dest               GET, HEAD      POST
 *   absent           any                      by cookie      Origin is ours
 *   none             any below                by cookie      403
 *   same-origin      any below                by cookie      Origin is ours, or "null"
 *   same-site        navigate, document       door           403
 *   cross-site       navigate, document       door           403
 *   these two        anything else            403            403
 *   another word     any                      403            403
 *   any              Dest is none of: document, iframe, empty, image, script, style      403
 *   any              Service-Worker: script   403            403
 *
 * A POST has an Origin in every case. Under Referrer-Policy no-referrer, which our pages have,
 * a form's is "null": that it is our page's says Sec-Fetch-Site then, and it alone.
 * What an answer may be for which Dest is in answer_head.h.
 */
#ifndef UI_WEB_GATE_H
#define UI_WEB_GATE_H

#include "store/base/err.h"
#include "ui/web/window.h"

#include <pthread.h>

struct gate {
	char token[WINDOW_TOKEN_LEN + 1];   /* in the printed address; gives a session */
	char session[WINDOW_TOKEN_LEN + 1]; /* in the cookie */
	char secret[WINDOW_TOKEN_LEN + 1];  /* in each form */
	char cookie[32];                    /* its name: cookies know no ports */
	char host[64];                      /* "127.0.0.1:8800", "[::1]:8800": the only Host */
	char origin[80];                    /* "http://" and that */
};

/* ip: of the listening socket, as text. Errors: SYSTEM (no random bytes). */
bool gate_init(struct gate *g, const char *ip, bool v6, unsigned port, struct err *err);

/* A request's fields as they came; absent where there was none. */
struct gate_fields {
	bool post;
	struct span host, origin, fetch_site, fetch_mode, fetch_dest, cookie;
	bool several_hosts;  /* more than one Host field */
	bool service_worker; /* a Service-Worker field, whatever it says */
};
enum gate_verdict {
	GATE_IN,
	GATE_NO_SESSION, /* the door is shown */
	GATE_ELSEWHERE,  /* the same, with a session or without: from another site's page */
	GATE_FOREIGN,    /* 403: another Host, Origin, or site */
};
enum gate_verdict gate_look(const struct gate *g, const struct gate_fields *f);
/* Compared in constant time. */
bool gate_token_is(const struct gate *g, struct span token);
/* Wrong tokens are counted, of everybody together. 258 bits cannot be guessed, but who tries is
 * to be seen. The right one always lets in: every user of the machine can try, and so can a
 * page of another site by an address with a wrong one, and neither may lock the window's user
 * out. */
enum {
	GATE_WRONG_MAX = 10, /* within GATE_WRONG_MS: then wrong ones are not counted, and */
	GATE_WRONG_MS = 60 * 1000,
	GATE_SHUT_MS = 10 * 1000, /* for so long are told to wait */
};
struct gate_tries {
	pthread_mutex_t lock;
	unsigned wrong;
	int64_t since_us, shut_until_us;
	bool told;
};
void gate_tries_init(struct gate_tries *t);
void gate_tries_fini(struct gate_tries *t);
enum gate_try {
	GATE_RIGHT,
	GATE_WRONG,
	GATE_SHUT, /* wrong, and one of too many */
};
/* *tell: it was shut just now, for the first time since the start: say so on stderr. */
enum gate_try gate_try(const struct gate *g, struct gate_tries *t, struct span token,
	int64_t now_us, bool *tell);
bool gate_secret_is(const struct gate *g, struct span secret);
/* "name=value; Path=/; HttpOnly; SameSite=Strict" */
void gate_set_cookie(const struct gate *g, char out[160]);

#endif
