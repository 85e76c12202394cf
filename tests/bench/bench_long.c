/*
 * A case whose one trail is long: bench_long CASE [HOPS] makes it. Every hop but the last is a
 * redirect with a small page and a browser's header lines; the last one is a page of 2 MB, full
 * of script. Its trails are not stored: `clicktrail rebuild` does that. No proxy and no
 * network. One thread.
 */
#include "store/derive/trail.h"
#include "tests/kit/put_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAVIGATES                                                                              \
	"User-Agent: Mozilla/5.0 test\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: "         \
	"navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n"

enum { PAGE_BYTES = 2 * 1024 * 1024 };

static void page(struct buf *out)
{
	buf_addf(out, "<!doctype html><title>Large</title><meta charset=utf-8>\n");
	for (int i = 0; buf_len(out) < PAGE_BYTES; i++)
		buf_addf(out,
			"<script>function f%d(a){var u='https://next%d.test/p?a='+a;"
			"if(a>%d){window.location.href=u}else{setTimeout(function(){"
			"document.location.replace(u)},%d)}}</script><p>Words and words %d "
			"<a href='/l/%d'>there</a></p>\n",
			i, i % 9, i, i, i, i);
}

int main(int argc, char **argv)
{
	int hops =
		argc > 2 ? atoi(argv[2]) : TRAIL_HOPS_MAX - 1; /* the last that is followed */
	struct temp_case t = {.writer = NULL};
	struct buf large = {0};
	char url[200], referer[300], location[300];
	if (argc < 2 || strlen(argv[1]) >= sizeof t.path || hops < 1)
		return fprintf(stderr, "usage: bench_long CASE [HOPS], a short path\n") > 0;
	strcpy(t.path, argv[1]);
	temp_case_open(&t);
	page(&large);
	int64_t s = put_session(&t, "http://host0.test/go/0?id=0");
	for (int i = 0; i < hops; i++) {
		bool last = i + 1 == hops;
		snprintf(url, sizeof url, "http://host%d.test/go/%d?id=%d", i % 40, i, i);
		snprintf(referer, sizeof referer, "%sCookie: sid=%d; seen=%d\r\n",
			i == 0 ? NAVIGATES
			       : "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n",
			i % 40, i);
		snprintf(location, sizeof location,
			"Location: http://host%d.test/go/%d?id=%d\r\nSet-Cookie: seen=%d; "
			"Path=/\r\n",
			(i + 1) % 40, i + 1, i + 1, i);
		PUT_EXCHANGE(&t, s, .url = url, .at_ms = 100 + i * 30, .request = referer,
			.status = last ? 200 : 302, .headers = last ? "" : location,
			.body = last ? buf_span(&large) : span_str("<h1>Moved</h1>"));
	}
	put_session_end(&t, s, hops * 30 + 5000, "page");
	temp_case_close(&t);
	buf_fini(&large);
	return 0;
}
