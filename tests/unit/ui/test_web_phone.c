/*
 * What a phone is shown: the QR code, read again by the program's own reader, and what the
 * proxy hands to the window.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/put_exchange.h"
#include "tests/kit/window_page.h"
#include "ui/cli/qr.h"
#include "ui/web/phone.h"
#include "ui/web/phone_here.h"
#include "ui/web/qr_svg.h"

enum { SCALE = 6 };

static void tell(void *ctx, struct span text)
{
	int *fd = ctx;
	if (write(*fd, text.p, text.n) < 0 || write(*fd, "\n", 1) < 0)
		_exit(1);
}

/* The SVG as a camera sees it: white, and each run of its path black. */
static void raster(const char *svg, struct qr_picture *out)
{
	unsigned side = 0;
	assert_int_equal(sscanf(strstr(svg, "viewBox=\"0 0 "), "viewBox=\"0 0 %u", &side), 1);
	*out = (struct qr_picture){.width = side * SCALE, .height = side * SCALE};
	out->grey = malloc((size_t)out->width * out->height);
	assert_non_null(out->grey);
	memset(out->grey, 0xff, (size_t)out->width * out->height);
	for (const char *at = strstr(svg, " d=\""); (at = strchr(at + 1, 'M')) != NULL;) {
		unsigned x, y, run;
		assert_int_equal(sscanf(at, "M%u %uh%uv1", &x, &y, &run), 3);
		assert_true(x >= QR_SVG_QUIET && x + run <= side - QR_SVG_QUIET);
		assert_true(y >= QR_SVG_QUIET && y < side - QR_SVG_QUIET);
		for (unsigned row = y * SCALE; row < (y + 1) * SCALE; row++)
			memset(out->grey + row * out->width + x * SCALE, 0, run * SCALE);
	}
}

/* In a process of its own, as the program does it: the scanner is never given back. */
static void scan(const struct qr_picture *picture, char out[2048])
{
	int fds[2], status;
	size_t n = 0;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct err err;
		struct qr_scanner *s = qr_scanner_new(&err);
		if (s != NULL)
			qr_scan(s, picture, tell, &fds[1]);
		_exit(s != NULL ? 0 : 1);
	}
	close(fds[1]);
	for (ssize_t got; (got = read(fds[0], out + n, 2047 - n)) > 0;)
		n += (size_t)got;
	out[n] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_code_is_read_again(void **state)
{
	static const char *const texts[] = {"http://192.168.1.5:8080/", "http://10.0.0.1:1/",
		"http://[fd00:1234:5678:9abc:def0:1234:5678:9abc]:65535/", "x"};
	struct err err = {0};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buf code = {0};
		struct qr_picture picture;
		char got[2048], want[200];
		assert_true(qr_svg(&code, texts[i], "a <code> \"of\" it", &err));
		char *text = buf_take_str(&code);
		assert_non_null(strstr(text, "role=\"img\""));
		assert_non_null(
			strstr(text, "aria-label=\"a &lt;code&gt; &quot;of&quot; it\""));
		assert_non_null(strstr(text, "fill=\"#fff\""));
		raster(text, &picture);
		scan(&picture, got);
		snprintf(want, sizeof want, "%s\n", texts[i]);
		assert_string_equal(got, want);
		free(picture.grey);
		free(text);
	}
	struct buf svg = {0};
	char *big = malloc(QR_SVG_TEXT_MAX + 2);
	memset(big, 'x', QR_SVG_TEXT_MAX + 1);
	big[QR_SVG_TEXT_MAX + 1] = 0;
	assert_false(qr_svg(&svg, big, "", &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	big[QR_SVG_TEXT_MAX] = 0;
	assert_true(qr_svg(&svg, big, "", &err));
	buf_fini(&svg);
	free(big);
}

static void what_the_proxy_says_arrives(void **state)
{
	const char *const clients[] = {"10.0.0.0/8", "fd00::/8", NULL}, *const only[] = {
										"a.example",
										NULL};
	const struct phone_about sent = {.listen = "10.0.0.1:8080",
		.user = "u\"<",
		.password = "p\\:\xc3\xbc",
		.ca_sha256 = "00ff",
		.clients = clients,
		.only = only};
	struct phone_about got;
	struct arena a = {0};
	struct err err;
	int fds[2];
	char *text = phone_text(&sent), *taken = NULL;
	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, strlen(text)), strlen(text));
	close(fds[1]);
	assert_true(phone_take(fds[0], &taken, &err));
	assert_string_equal(taken, text);
	assert_true(phone_read(&a, taken, &got, &err));
	assert_string_equal(got.listen, sent.listen);
	assert_string_equal(got.user, sent.user);
	assert_string_equal(got.password, sent.password);
	assert_string_equal(got.ca_sha256, sent.ca_sha256);
	assert_string_equal(got.clients[1], "fd00::/8");
	assert_null(got.clients[2]);
	assert_string_equal(got.only[0], "a.example");
	assert_null(got.only[1]);
	free(text);
	free(taken);
	static const char *const bad[] = {
		"", "{}", "[]", "{\"listen\":1}", "x", "{\"listen\":"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(phone_read(&a, bad[i], &got, &err));
	assert_true(phone_read(&a, "{\"listen\":\"10.0.0.1:1\"}", &got, &err));
	assert_null(got.password);
	assert_null(got.only[0]);
	arena_fini(&a);
}

static void addresses_are_those_of_this_machine(void **state)
{
	struct phone_net nets[PHONE_NETS_MAX];
	size_t n = phone_nets(nets);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(strncmp(nets[i].ip, "127.", 4) != 0);
		assert_string_not_equal(nets[i].ip, "::1");
		assert_non_null(strchr(nets[i].range, '/'));
		assert_true(phone_net_in(
			&nets[i], (const char *[]){"203.0.113.0/32", nets[i].range, NULL}));
		assert_false(
			phone_net_in(&nets[i], (const char *[]){"203.0.113.0/32", "x", NULL}));
		assert_true(i == 0 || nets[i].v6 >= nets[i - 1].v6);
	}
}

static bool says(struct window_pages *w, const char *words)
{
	return strstr(window_page(w, "/phone", 200), words) != NULL;
}

/* What counts is who answered, not what an address looks like; and a session before this one is
 * another phone's. */
static void what_is_known_is_not_what_a_page_says(void **state)
{
	enum { FOREIGN = 250 };
	static const char our_ca[] = "http://clicktrail.internal/ca.crt";
	struct temp_case t;
	struct window_pages w;
	(void)state;
	temp_case_start(&t);
	int64_t before = put_session(&t, "x");
	PUT_EXCHANGE(&t, before, .url = our_ca, .ours = true);
	int64_t s = put_session(&t, "x");
	for (int i = 0; i < FOREIGN; i++)
		PUT_EXCHANGE(&t, s, .url = "http://evil.test/clicktrail.internal/ca.crt");
	PUT_EXCHANGE(&t, s, .url = our_ca); /* an origin by that name */
	PUT_EXCHANGE(&t, s, .url = our_ca, .ours = true, .status = 407);
	PUT_EXCHANGE(&t, s, .url = "http://evil.test/ca.crt", .ours = true);
	PUT_EXCHANGE(&t, s, .url = "http://evil.test/?https://", .at_ms = 10);
	PUT_EXCHANGE(&t, s, .url = "https://shop.test/", .ours = true, .status = 502);
	window_pages_start(&w);
	w.window.phone = strdup("{\"listen\":\"10.0.0.1:1\",\"ca\":\"00\"}");
	struct book *b = window_pages_add(&w, t.path);
	assert_true(says(&w, "No device has opened"));
	assert_true(says(&w, "The certificate was not fetched yet"));
	assert_true(says(&w, "No request inside TLS was read yet"));
	PUT_EXCHANGE(&t, s, .url = "http://clicktrail.internal/?/ca.crt", .ours = true);
	PUT_EXCHANGE(&t, s, .url = "https://shop.test/");
	for (int64_t v = -1; !says(&w, "A request inside TLS was read, <time");)
		v = book_wait(b, v, 1000);
	assert_true(says(&w, "A device has opened"));
	assert_true(says(&w, "The certificate was not fetched yet"));
	PUT_EXCHANGE(&t, s, .url = our_ca, .ours = true);
	for (int64_t v = -1; !says(&w, "The certificate was fetched, <time");)
		v = book_wait(b, v, 1000);
	free(w.window.phone);
	window_pages_end(&w);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_read_again),
		cmocka_unit_test(what_the_proxy_says_arrives),
		cmocka_unit_test(addresses_are_those_of_this_machine),
		cmocka_unit_test(what_is_known_is_not_what_a_page_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
