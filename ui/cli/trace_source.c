#include "ui/cli/trace_source.h"
#include "ui/cli/input.h"
#include "ui/cli/trace.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "store/base/clock.h"
#include "store/base/hash.h"
#include "store/derive/file_facts.h"
#include "store/derive/url.h"
#include "store/fact/attachment.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_link(const char *text)
{
	struct span s = span_str(text);
	return span_starts_nocase(s, "http://") || span_starts_nocase(s, "https://");
}

enum trace_source trace_source_of(const char *argument, struct span file)
{
	if (is_link(argument) || file.n == 0)
		return SOURCE_URL;
	return qr_is_picture(file) ? SOURCE_IMAGE : SOURCE_MAIL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static void say_codes(const struct trace_given *g, struct buf *out)
{
	say_text(out, span_str(g->argument));
	buf_add_str(out, g->codes.more ? " holds more QR codes than are read:\n"
				       : " holds these QR codes:\n");
	for (size_t i = 0; i < g->codes.n; i++) {
		buf_addf(out, "%4zu  ", i + 1);
		say_text(out, g->codes.list[i]);
		buf_add_byte(out, '\n');
	}
}

static void list_codes(const struct trace_given *g)
{
	struct buf out = {0};
	say_codes(g, &out);
	say_write(STDERR_FILENO, &out);
	buf_fini(&out);
}

static void codes_json(const struct trace_given *g, struct buf *out)
{
	json_t *j = json_object(), *list = json_array();
	json_object_set_new(j, "format", json_string("clicktrail-codes/1"));
	json_object_set_new(j, "complete", json_boolean(!g->codes.more));
	for (size_t i = 0; i < g->codes.n; i++)
		json_array_append_new(list, json_text_of(g->codes.list[i]));
	json_object_set_new(j, "codes", list);
	char *text = json_dumps(j, JSON_INDENT(2));
	if (text == NULL)
		abort();
	buf_add_str(out, text);
	buf_add_byte(out, '\n');
	free(text);
	json_decref(j);
}

bool trace_source_list(const char *argument, bool json, struct buf *out, struct err *err)
{
	struct trace_given g = {.argument = argument};
	struct err why = {0};
	bool ok = !is_link(argument) && input_read(argument, ATTACHMENT_MAX, &g.file, err);
	if (!ok && is_link(argument))
		err_set(err, ERR_USAGE, "--list is for a mail or a picture");
	if (ok && !qr_is_picture(buf_span(&g.file)))
		ok = err_set(err, ERR_USAGE,
			"\"%s\" is neither a mail nor a picture (PNG or JPEG): there is "
			"nothing to list",
			argument);
	else if (ok && !qr_read(buf_span(&g.file), &g.arena, &g.codes, &why))
		ok = err_set(err, why.kind, "\"%s\": %s", argument, why.detail);
	if (ok && json)
		codes_json(&g, out);
	else if (ok)
		say_codes(&g, out);
	trace_source_close(&g);
	return ok;
}

/* A code may hold anything: a network's password, a contact, a payment. Only web addresses are
 * opened. */
static bool take_code(struct trace_given *g, struct err *err)
{
	struct span text = span_trim(g->codes.list[g->chosen - 1], " \t\r\n");
	char shown[200];
	struct url url;
	text_escape(text, shown, sizeof shown);
	if (!url_parse(&g->arena, NULL, text, &url) || !url_is_web(&url) ||
		memchr(text.p, 0, text.n) != NULL)
		return err_set(err, ERR_USAGE,
			"the QR code in \"%s\" holds no web address and is not opened: %s",
			g->argument, shown);
	g->link = arena_str(&g->arena, text);
	return true;
}

/* What the session keeps of the picture: itself, and a line about each code. The opened one
 * stands whole in the session's link. */
static void tell_origin(struct trace_given *g)
{
	enum { CODE_SHOWN = 200 };
	struct file_facts facts;
	struct buf text = {0};
	for (size_t i = 0; i < g->codes.n; i++) {
		struct span code = g->codes.list[i];
		buf_addf(&text, "%s%zu of %zu%s%s, %zu bytes: ", i > 0 ? "; " : "", i + 1,
			g->codes.n, g->codes.more ? " and more" : "",
			i + 1 == g->chosen ? ", opened" : "", code.n);
		buf_add_span(&text, span_first(code, CODE_SHOWN));
	}
	file_facts_read(&g->arena, buf_span(&g->file), true, SPAN_NONE, &facts);
	g->origin = (struct trace_origin){.kind = ATTACHMENT_IMAGE,
		.name = span_str(base_name(g->argument)),
		.media_type = span_str(file_media_type(facts.kind)),
		.data = buf_span(&g->file),
		.note = NOTE_QR_CODE,
		.note_text = arena_str(&g->arena, buf_span(&text))};
	buf_fini(&text);
}

static bool open_image(struct trace_given *g, size_t number, struct err *err)
{
	struct err why = {0};
	if (!qr_read(buf_span(&g->file), &g->arena, &g->codes, &why))
		return err_set(err, why.kind, "\"%s\": %s", g->argument, why.detail);
	if (number == 0 && g->codes.n > 1) {
		list_codes(g);
		return err_set(err, ERR_USAGE,
			"\"%s\" holds %zu QR codes: say by --link N which to open", g->argument,
			g->codes.n);
	}
	if (number > g->codes.n) {
		list_codes(g);
		return err_set(err, ERR_USAGE, "--link: \"%s\" holds no QR code %zu",
			g->argument, number);
	}
	g->chosen = number != 0 ? number : 1;
	if (!take_code(g, err))
		return false;
	tell_origin(g);
	return true;
}

bool trace_source_open(
	struct trace_given *g, const char *argument, size_t number, struct err *err)
{
	*g = (struct trace_given){.argument = argument, .link = argument};
	bool file = !is_link(argument) && access(argument, F_OK) == 0;
	if (file && !input_read(argument, ATTACHMENT_MAX, &g->file, err))
		return false;
	g->source = trace_source_of(argument, buf_span(&g->file));
	switch (g->source) {
	case SOURCE_URL:
		if (number != 0)
			return err_set(err, ERR_USAGE,
				"--link goes with a file that holds links, not with \"%s\"",
				argument);
		return true; /* what is no link is refused by who opens it */
	case SOURCE_IMAGE: return open_image(g, number, err);
	case SOURCE_MAIL: break;
	}
	return err_set(err, ERR_USAGE,
		"\"%s\" is a file, but neither a mail nor a picture (PNG or JPEG) with a QR "
		"code",
		argument);
}

void trace_source_close(struct trace_given *g)
{
	buf_fini(&g->file);
	arena_fini(&g->arena);
}
