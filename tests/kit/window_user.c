#include "tests/kit/window_user.h"
#include "tests/kit/raw_client.h"
#include "ui/web/form.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARGS_MAX = 40, END_S = 60, AWAIT_TRIES = 2000 };

static const char boundary[] = "----aBoundaryThatIsInNoFile";

/* From behind `before` to the first of `until`. */
static void cut(const char *text, const char *before, const char *until, char *out, size_t max)
{
	const char *at = strstr(text, before);
	if (at == NULL)
		fail_msg("no \"%s\" in:\n%s", before, text);
	at += strlen(before);
	size_t n = strcspn(at, until);
	assert_true(n < max);
	memcpy(out, at, n);
	out[n] = 0;
}

static void take_answer(struct window_user *u, struct raw_client *c)
{
	struct arena *a = &u->program.arena;
	const char *head = arena_str(a, span_str(raw_head(c)));
	char location[1024] = "";
	if (sscanf(head, "HTTP/1.1 %d", &u->status) != 1)
		fail_msg("no answer: %s", head);
	if (strstr(head, "\r\nLocation: ") != NULL)
		cut(head, "\r\nLocation: ", "\r", location, sizeof location);
	if (strstr(head, "\r\nSet-Cookie: ") != NULL)
		cut(head, "\r\nSet-Cookie: ", ";\r", u->cookie, sizeof u->cookie);
	u->location = arena_str(a, span_str(location));
	size_t n;
	const char *rest = raw_rest(c, &n);
	u->head = head;
	u->bytes = arena_copy(a, span_of(rest, n));
	u->body = arena_str(a, span_str(rest));
	if (strstr(u->body, "name=\"secret\" value=\"") != NULL)
		cut(u->body, "name=\"secret\" value=\"", "\"", u->secret, sizeof u->secret);
}

static void send_request(struct window_user *u, struct raw_client *c, const char *method,
	const char *path, const char *type, struct span body)
{
	struct buf head = {0};
	raw_open(c, u->port);
	buf_addf(&head,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\nCookie: %s\r\n"
		"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n"
		"Sec-Fetch-Dest: document\r\n",
		method, path, u->port, u->cookie);
	if (type != NULL)
		buf_addf(&head,
			"Origin: http://127.0.0.1:%u\r\nContent-Type: %s\r\n"
			"Content-Length: %zu\r\n",
			u->port, type, body.n);
	buf_add_str(&head, "\r\n");
	buf_add_span(&head, body);
	raw_send_bytes(c, buf_span(&head).p, buf_len(&head));
	buf_fini(&head);
}

static void ask(struct window_user *u, const char *method, const char *path, const char *type,
	struct span body)
{
	struct raw_client c;
	send_request(u, &c, method, path, type, body);
	take_answer(u, &c);
	raw_close(&c);
}

static void post(struct window_user *u, const char *path, const char *form)
{
	ask(u, "POST", path, "application/x-www-form-urlencoded", span_str(form));
}

static void come_in(struct window_user *u, const char *printed)
{
	char port[16];
	cut(printed, "http://127.0.0.1:", "/", port, sizeof port);
	u->port = (unsigned)atoi(port);
	cut(printed, "/#", "\n ", u->token, sizeof u->token);
	post(u, "/door", arena_printf(&u->program.arena, "token=%s", u->token));
	assert_int_equal(u->status, 303);
	window_user_get(u, "/trace");
	assert_int_equal(u->status, 200);
	assert_true(u->secret[0] != 0);
}

void window_user_start(struct window_user *u, const char *const *args)
{
	const char *all[ARGS_MAX] = {"ui", "--listen", "127.0.0.1:0"};
	size_t n = 3;
	*u = (struct window_user){.port = 0};
	for (; args != NULL && *args != NULL; args++) {
		assert_true(n + 1 < ARGS_MAX);
		all[n++] = *args;
	}
	run_program_folder(&u->program);
	run_program_start(&u->program, all);
	run_program_port(&u->program); /* waits until it was printed */
	come_in(u, run_program_stdout(&u->program));
}

void window_user_join(struct window_user *u, const char *printed)
{
	*u = (struct window_user){.port = 0};
	run_program_folder(&u->program);
	come_in(u, printed);
}

void window_user_end(struct window_user *u)
{
	if (u->program.pid != 0) {
		run_program_signal(&u->program, SIGINT);
		assert_int_equal(run_program_wait(&u->program, END_S), 0);
	}
	const char *said = run_program_stderr(&u->program);
	if (said[0] != 0)
		fail_msg("the window said: %s", said);
	run_program_end(&u->program);
}

void window_user_get(struct window_user *u, const char *path)
{
	ask(u, "GET", path, NULL, SPAN_NONE);
}

void window_user_post(struct window_user *u, const char *path, const char *form)
{
	post(u, path,
		arena_printf(&u->program.arena, "secret=%s%s%s", u->secret,
			form[0] != 0 ? "&" : "", form));
}

static void is_status(const struct window_user *u, int status, const char *path)
{
	if (u->status != status)
		fail_msg("%s: %d, not %d:\n%.3000s", path, u->status, status, u->body);
}

const char *window_user_page(struct window_user *u, int status, const char *path)
{
	window_user_get(u, path);
	is_status(u, status, path);
	return u->body;
}

const char *window_user_answer(
	struct window_user *u, int status, const char *path, const char *form)
{
	window_user_post(u, path, form);
	is_status(u, status, path);
	return u->body;
}

void window_user_await(struct window_user *u, const char *path)
{
	for (int i = 0; i < AWAIT_TRIES; i++) {
		window_user_get(u, path);
		if (u->status == 200)
			return;
	}
	fail_msg("%s never came", path);
}

const char *window_user_encode(struct window_user *u, const char *text)
{
	struct buf b = {0};
	web_encode(&b, span_str(text));
	const char *s = arena_str(&u->program.arena, buf_span(&b));
	buf_fini(&b);
	return s;
}

void window_user_send_file(
	struct window_user *u, const char *path, const char *name, struct span bytes)
{
	struct buf body = {0};
	buf_addf(&body,
		"--%s\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\n%s\r\n--%s\r\n"
		"Content-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
		"Content-Type: application/octet-stream\r\n\r\n",
		boundary, u->secret, boundary, name);
	buf_add_span(&body, bytes);
	buf_addf(&body, "\r\n--%s--\r\n", boundary);
	ask(u, "POST", path,
		arena_printf(&u->program.arena, "multipart/form-data; boundary=%s", boundary),
		buf_span(&body));
	buf_fini(&body);
}

void window_user_wait_job(struct window_user *u, int number)
{
	window_user_get(u, arena_printf(&u->program.arena, "/jobs/%d/events", number));
	assert_int_equal(u->status, 200);
	window_user_get(u, arena_printf(&u->program.arena, "/jobs/%d", number));
	assert_int_equal(u->status, 200);
	window_user_misses(u, ">running<");
}

void window_user_hears(struct window_user *u, const char *path, const char *words)
{
	struct raw_client c;
	send_request(u, &c, "GET", path, NULL, SPAN_NONE);
	while (span_find(buf_span(&c.in), span_str(words), 0) == SIZE_MAX)
		if (!raw_more(&c))
			fail_msg("%s was not heard at %s, but:\n%.*s", words, path,
				(int)buf_len(&c.in), (const char *)buf_span(&c.in).p);
	raw_close(&c);
}

void window_user_sees(struct window_user *u, const char *words)
{
	if (strstr(u->body, words) == NULL)
		fail_msg("no \"%s\" in:\n%s", words, u->body);
}

void window_user_misses(struct window_user *u, const char *words)
{
	if (strstr(u->body, words) != NULL)
		fail_msg("there is \"%s\" in:\n%s", words, u->body);
}
