#include "ui/web/phone.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *words(const char *const *list)
{
	json_t *j = json_array();
	for (; list != NULL && *list != NULL; list++)
		json_array_append_new(j, json_string(*list));
	return j;
}

char *phone_text(const struct phone_about *p)
{
	json_t *j = json_object();
	json_object_set_new(j, "listen", json_string(p->listen));
	if (p->user != NULL)
		json_object_set_new(j, "user", json_string(p->user));
	if (p->password != NULL)
		json_object_set_new(j, "password", json_string(p->password));
	if (p->ca_sha256 != NULL)
		json_object_set_new(j, "ca", json_string(p->ca_sha256));
	json_object_set_new(j, "clients", words(p->clients));
	json_object_set_new(j, "only", words(p->only));
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(j);
	return text;
}

static const char *member(struct arena *a, const json_t *j, const char *name)
{
	const json_t *v = json_object_get(j, name);
	return json_is_string(v) ? arena_str(a, span_str(json_string_value(v))) : NULL;
}

static const char *const *list(struct arena *a, const json_t *j, const char *name)
{
	const json_t *v = json_object_get(j, name);
	size_t n = json_array_size(v), kept = 0;
	const char **out = arena_alloc(a, (n + 1) * sizeof *out);
	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(v, i));
		if (word != NULL)
			out[kept++] = arena_str(a, span_str(word));
	}
	out[kept] = NULL;
	return out;
}

bool phone_read(struct arena *a, const char *text, struct phone_about *out, struct err *err)
{
	json_error_t why;
	json_t *j = json_loads(text, 0, &why);
	*out = (struct phone_about){.listen = member(a, j, "listen"),
		.user = member(a, j, "user"),
		.password = member(a, j, "password"),
		.ca_sha256 = member(a, j, "ca"),
		.clients = list(a, j, "clients"),
		.only = list(a, j, "only")};
	json_decref(j);
	return out->listen != NULL ||
	       err_set(err, ERR_FIELD, "what the proxy says of itself cannot be read");
}

bool phone_take(int fd, char **out, struct err *err)
{
	size_t n = 0;
	ssize_t got = 0;
	char *text = calloc(1, PHONE_TEXT_MAX + 1);
	if (text == NULL)
		abort();
	while (n < PHONE_TEXT_MAX && ((got = read(fd, text + n, PHONE_TEXT_MAX - n)) > 0 ||
					     (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	int os = errno;
	close(fd);
	*out = text;
	if (got == 0)
		return true;
	explicit_bzero(text, n);
	free(text);
	*out = NULL;
	return got < 0 ? err_set_os(err, ERR_SYSTEM, os, "what the proxy says of itself")
		       : err_set(err, ERR_LIMIT, "what the proxy says of itself");
}
