/*
 * Who is let in: Host, Origin, Fetch Metadata, the cookie and a form's secret against this
 * start's token. Pure but for random bytes at the start; decides, and answers nothing. Any
 * thread.
 */
#ifndef UI_WEB_GATE_H
#define UI_WEB_GATE_H

#include "store/base/err.h"
#include "ui/web/window.h"

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
	bool several_hosts; /* more than one Host field */
};
enum gate_verdict {
	GATE_IN,
	GATE_NO_SESSION, /* the door is shown: GET only */
	GATE_FOREIGN,    /* 403: another Host, Origin, or site */
};
enum gate_verdict gate_look(const struct gate *g, const struct gate_fields *f);
/* Compared in constant time. */
bool gate_token_is(const struct gate *g, struct span token);
bool gate_secret_is(const struct gate *g, struct span secret);
/* "name=value; Path=/; HttpOnly; SameSite=Strict" */
void gate_set_cookie(const struct gate *g, char out[160]);

#endif
