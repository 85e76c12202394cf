#include "tests/kit/window_client.h"
#include "tests/kit/raw_client.h"
#include "ui/web/form.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The value of a header field; NULL: there is none. */
static const char *field(struct window_client *c, const char *name)
{
	const char *at = strcasestr(c->head, arena_printf(&c->arena, "\r\n%s: ", name));
	if (at == NULL)
		return NULL;
	at += strlen(name) + 4;
	return arena_str(&c->arena, span_of(at, strcspn(at, "\r")));
}

static void keep_secret(struct window_client *c, const char *page)
{
	static const char before[] = "name=\"secret\" value=\"";
	const char *at = strstr(page, before);
	if (at != NULL)
		snprintf(c->secret, sizeof c->secret, "%.*s",
			(int)strcspn(at + sizeof before - 1, "\""), at + sizeof before - 1);
}

static const char *ask(struct window_client *c, const char *request, const char *body)
{
	struct raw_client raw = {.fd = -1};
	size_t n;
	raw_open(&raw, c->port);
	raw_send(&raw, request);
	raw_send(&raw, body);
	const char *all = raw_rest(&raw, &n);
	const char *end = strstr(all, "\r\n\r\n");
	if (end == NULL)
		fail_msg("no answer to %.200s", request);
	c->head = arena_str(&c->arena, span_of(all, (size_t)(end - all)));
	c->body = arena_copy(&c->arena, span_of(end + 4, n - (size_t)(end + 4 - all)));
	assert_int_equal(sscanf(c->head, "HTTP/1.1 %d", &c->status), 1);
	c->location = field(c, "Location");
	raw_close(&raw);
	keep_secret(c, (const char *)c->body.p);
	return (const char *)c->body.p;
}

static const char *head_of(struct window_client *c, const char *method, const char *path)
{
	return arena_printf(&c->arena,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nSec-Fetch-Site: same-origin\r\n"
		"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nConnection: close\r\n"
		"Origin: http://127.0.0.1:%u\r\n%s%s%s",
		method, path, c->port, c->port, c->cookie[0] != 0 ? "Cookie: " : "", c->cookie,
		c->cookie[0] != 0 ? "\r\n" : "");
}

static void is_status(const struct window_client *c, int status, const char *path)
{
	if (c->status != status)
		fail_msg("%s: %d, not %d:\n%.3000s", path, c->status, status,
			(const char *)c->body.p);
}

const char *window_get(struct window_client *c, int status, const char *path)
{
	const char *page =
		ask(c, arena_printf(&c->arena, "%s\r\n", head_of(c, "GET", path)), "");
	is_status(c, status, path);
	return page;
}

void window_await(struct window_client *c, const char *path)
{
	enum { TRIES = 2000 };
	for (int i = 0; i < TRIES; i++) {
		ask(c, arena_printf(&c->arena, "%s\r\n", head_of(c, "GET", path)), "");
		if (c->status == 200)
			return;
		arena_reset(&c->arena);
	}
	fail_msg("%s never came", path);
}

static const char *send_form(struct window_client *c, const char *path, const char *form)
{
	return ask(c,
		arena_printf(&c->arena,
			"%sContent-Type: application/x-www-form-urlencoded\r\n"
			"Content-Length: %zu\r\n\r\n",
			head_of(c, "POST", path), strlen(form)),
		form);
}

const char *window_post(struct window_client *c, int status, const char *path, const char *form)
{
	const char *page =
		send_form(c, path, arena_printf(&c->arena, "secret=%s&%s", c->secret, form));
	is_status(c, status, path);
	return page;
}

const char *window_encode(struct window_client *c, const char *text)
{
	struct buf b = {0};
	web_encode(&b, span_str(text));
	const char *s = arena_str(&c->arena, buf_span(&b));
	buf_fini(&b);
	return s;
}

void window_client_open(struct window_client *c, struct run_program *p)
{
	*c = (struct window_client){.port = run_program_port(p)};
	const char *at = NULL;
	/* The line is written at once; its port was there. */
	while (at == NULL || strchr(at, '\n') == NULL)
		at = strstr(run_program_stdout(p), "/#");
	const char *token = arena_str(&c->arena, span_of(at + 2, strcspn(at + 2, "\n")));
	send_form(c, "/door", arena_printf(&c->arena, "token=%s", token));
	is_status(c, 303, "/door");
	const char *cookie = field(c, "Set-Cookie");
	assert_non_null(cookie);
	snprintf(c->cookie, sizeof c->cookie, "%.*s", (int)strcspn(cookie, ";"), cookie);
}

void window_client_close(struct window_client *c)
{
	arena_fini(&c->arena);
}
