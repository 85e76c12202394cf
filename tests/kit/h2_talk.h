/*
 * One browser, the proxy, one origin, HTTP/2 on both legs: both ends are h2_raw in the hands of
 * the test, so that a conversation reads from top to bottom. What is recorded is looked at by
 * the functions of conversation.h on `rec`. One test thread.
 */
#ifndef TESTS_KIT_H2_TALK_H
#define TESTS_KIT_H2_TALK_H

#include "tests/kit/conversation.h"
#include "tests/kit/h2_origin.h"

struct h2_talk {
	struct conversation rec; /* proxy, base and facts only */
	struct h2_origin *origin;
	struct h2_raw b, o; /* the browser's end, the origin's end */
};

#define H2_GET(path) H2_ASK("GET", path)
#define H2_ASK(method, path)                                                                   \
	":method: " method "\n:scheme: https\n:authority: " ORIGIN_HOST "\n:path: " path "\n"

/* options may be NULL; its rules and cacert are filled in. alpn: the origin's. */
void h2_talk_start(
	struct h2_talk *t, const char *alpn, const struct run_proxy_options *options);
/* Both ends connect and exchange their SETTINGS (payloads; NULL, 0: empty ones). */
void h2_talk_open(struct h2_talk *t);
void h2_talk_open_with(struct h2_talk *t, const void *browser, size_t browser_len,
	const void *origin, size_t origin_len);
/* The browser's end only, over a connection of its own; the origin's is taken when it comes. */
void h2_talk_browser(struct h2_talk *t, const char *alpn);

/* A GET on the stream that both ends see through: 200, a body. */
void h2_talk_get(struct h2_talk *t, uint32_t stream, const char *path);

/* Closes both ends, lets the tunnels end, stops the proxy, reads the case. */
void h2_talk_end(struct h2_talk *t);
void h2_talk_free(struct h2_talk *t);

/* h2_frame facts of that sender ("peer", "clicktrail"), frame and code (UINT32_MAX: any), on
 * that leg (FACT_NULL: any). */
size_t h2_talk_frames(const struct read_case *facts, const char *sender, const char *frame,
	uint32_t code, int64_t leg);
/* The recorded lines of exchange i's request (response) are these, "name: value\n" each. */
void h2_talk_fields(const struct h2_talk *t, size_t i, enum fact_side side, const char *lines);
/* An oddity word, reason or the like stands in a text field. */
bool h2_talk_has(struct span text, const char *word);
/* Memory of this process in KiB, right now. */
size_t h2_talk_rss_kib(void);

#endif
