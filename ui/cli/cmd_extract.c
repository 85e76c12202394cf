/*
 * `clicktrail extract`: one body, or one attachment, out of a case, in an archive with a
 * password, so that nobody opens by mistake what may be malware. What comes out is first held
 * against what the case says that it is, and that it came out is noted beside the case.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/output.h"
#include "ui/export/locked_zip.h"
#include "ui/report/say.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/base/log.h"
#include "store/case_pick.h"
#include "store/derive/decode.h"
#include "store/derive/file_facts.h"
#include "store/derive/model.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXTRACT_MAX = 512 * 1024 * 1024, PASSWORD_MAX = 127 };
#define PASSWORD "infected" /* what the trade uses for samples */
#define MANIFEST "manifest.txt"

struct extract {
	const char *path, *file, *password, *seal_dir;
	bool request, raw, has_attachment;
	int64_t exchange, attachment;
	/* Found. */
	struct case_file *c;
	struct arena arena;
	struct model model;
	const struct fact_attachment *found;
	struct buf bytes; /* what is handed out */
	struct buf manifest;
	char *name; /* of it */
	int64_t at_us;
	bool cut; /* it is not whole */
};

static bool take(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct extract *x = ctx;
	const struct fact_request *request = fact;
	const struct fact_response *response = fact;
	const struct fact_exchange_end *end = fact;
	bool mine = (kind == FACT_KIND_REQUEST && request->exchange == x->exchange) ||
		    (kind == FACT_KIND_RESPONSE && response->exchange == x->exchange) ||
		    (kind == FACT_KIND_EXCHANGE_END && end->exchange == x->exchange);
	if (mine)
		model_add(&x->model, kind, seq, fact);
	if (kind != FACT_KIND_ATTACHMENT || !x->has_attachment || seq != x->attachment)
		return !x->has_attachment || seq < x->attachment;
	struct fact_attachment *copy = arena_alloc(&x->arena, sizeof *copy);
	fact_copy(kind, fact, copy, &x->arena);
	x->found = copy;
	return false;
}

static bool find(struct extract *x, struct err *err)
{
	static const enum fact_kind kinds[] = {
		FACT_KIND_REQUEST, FACT_KIND_RESPONSE, FACT_KIND_EXCHANGE_END};
	bool indexed = false;
	if (!case_indexed(x->c, &indexed, err))
		return false;
	if (x->has_attachment || !indexed)
		return case_facts(
			x->c, x->has_attachment ? x->attachment - 1 : 0, 0, take, x, err);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!case_facts_by(x->c, kinds[i], x->exchange, take, x, err))
			return false;
	return true;
}

static void add_line(struct buf *out, const char *name, struct span value)
{
	buf_addf(out, "%-16s ", name);
	say_text(out, value);
	buf_add_byte(out, '\n');
}

static void add_digest(struct buf *out, const char *name, struct span bytes)
{
	uint8_t digest[SHA256_LEN];
	struct buf hex = {0};
	sha256(bytes, digest);
	hex_add(&hex, span_of(digest, sizeof digest));
	buf_addf(&hex, ", %zu bytes", bytes.n);
	add_line(out, name, buf_span(&hex));
	buf_fini(&hex);
}

static void add_time(struct buf *out, const char *name, int64_t at_us)
{
	char text[CLOCK_TEXT_MAX] = "-";
	if (at_us != FACT_NULL)
		clock_text(at_us, text);
	add_line(out, name, span_str(text));
}

/* Do the bytes hash to what was recorded as they passed? */
static bool check(struct span bytes, struct span recorded, const char *what, struct err *err)
{
	uint8_t digest[SHA256_LEN];
	sha256(bytes, digest);
	return span_eq(recorded, span_of(digest, sizeof digest)) ||
	       err_set(err, ERR_CASE_READ,
		       "%s does not hash to what was recorded: it was changed since, or "
		       "erased; "
		       "nothing was written",
		       what);
}

static bool take_attachment(struct extract *x, struct err *err)
{
	const struct fact_attachment *f = x->found;
	if (f == NULL)
		return err_set(err, ERR_USAGE,
			"--attachment: %s has none with number %lld (what was attached by "
			"`clicktrail note` is in the companion: name that file)",
			x->path, (long long)x->attachment);
	if (f->data.p == NULL && f->size > 0)
		return err_set(
			err, ERR_USAGE, "attachment %lld was erased", (long long)x->attachment);
	if (!check(f->data, f->sha256, "the attachment", err))
		return false;
	buf_add_span(&x->bytes, f->data);
	struct file_facts facts;
	file_facts_read(&x->arena, f->data, true, f->name, &facts);
	struct span name = file_name_safe(&x->arena, f->name);
	x->name = name.n > 0 ? arena_str(&x->arena, name)
			     : arena_printf(&x->arena, "%.*s-%lld%s%s",
				       (int)file_name_safe(&x->arena, f->kind).n,
				       (const char *)file_name_safe(&x->arena, f->kind).p,
				       (long long)x->attachment, facts.kind != NULL ? "." : "",
				       facts.kind != NULL ? facts.kind : "");
	x->at_us = f->at_us;
	buf_addf(&x->manifest, "%-16s %lld\n", "attachment", (long long)x->attachment);
	add_line(&x->manifest, "kind", f->kind);
	add_line(&x->manifest, "name", f->name);
	add_line(&x->manifest, "detail", f->detail);
	add_line(&x->manifest, "media type", f->media_type);
	add_time(&x->manifest, "taken at", f->at_us);
	return true;
}

/* Decoded, unless it is wanted as it was on the wire or its coding cannot be undone. */
static void decode(struct extract *x, struct span raw, struct span codings)
{
	enum decode_result result = DECODE_UNKNOWN;
	struct buf *out = &x->bytes;
	if (!x->raw && codings.n > 0)
		result = decode_body(raw, codings, EXTRACT_MAX, out);
	bool undone = result == DECODE_WHOLE || (result == DECODE_CUT && buf_len(out) > 0);
	if (!undone) {
		buf_clear(out);
		buf_add_span(out, raw);
	}
	x->cut |= result == DECODE_CUT;
	add_line(&x->manifest, "content coding", codings);
	if (codings.n > 0)
		add_line(&x->manifest, "the file is",
			span_str(undone && result == DECODE_WHOLE ? "decoded"
				 : undone ? "decoded as far as that went"
					  : "as it was on the wire"));
}

static void describe(struct extract *x, const struct model_exchange *e, const char *side)
{
	struct buf *out = &x->manifest;
	buf_addf(out, "%-16s %lld, %s\n", "exchange", (long long)x->exchange, side);
	add_line(out, "url", e->request->url);
	add_line(out, "method", e->request->method);
	if (e->response != NULL)
		buf_addf(out, "%-16s %lld\n", "status", (long long)e->response->status);
	add_time(out, "requested at", e->request->at_us);
	add_line(out, "media type",
		x->request ? model_request_header(e, "Content-Type")
			   : model_response_header(e, "Content-Type"));
}

static bool take_body(struct extract *x, struct err *err)
{
	const struct model_exchange *e = model_exchange(&x->model, x->exchange);
	struct buf raw = {0};
	bool stored = false;
	if (e == NULL || e->request == NULL)
		return err_set(
			err, ERR_USAGE, "there is no exchange %lld", (long long)x->exchange);
	enum fact_side side = x->request ? SIDE_REQUEST : SIDE_RESPONSE;
	describe(x, e, x->request ? "request body" : "response body");
	if (!case_body(x->c, x->exchange, side, EXTRACT_MAX, &raw, &stored, err)) {
		buf_fini(&raw);
		return false;
	}
	int64_t size = FACT_NULL;
	struct span digest = SPAN_NONE;
	if (e->end != NULL) {
		size = x->request ? e->end->req_size : e->end->res_size;
		digest = x->request ? e->end->req_sha256 : e->end->res_sha256;
	}
	bool whole = stored && size == (int64_t)buf_len(&raw), ok = true;
	x->cut = !whole;
	if (buf_len(&raw) == 0)
		ok = err_set(err, ERR_USAGE, "exchange %lld has no stored %s body",
			(long long)x->exchange, x->request ? "request" : "response");
	else if (whole)
		ok = check(buf_span(&raw), digest, "the body", err);
	add_digest(&x->manifest, "on the wire", buf_span(&raw));
	buf_addf(&x->manifest, "%-16s %s\n", "checked",
		whole ? "the bytes on the wire hash to what was recorded as they passed"
		      : "no: not all of it was stored, or it was cut off");
	if (ok)
		decode(x, buf_span(&raw),
			x->request ? model_request_header(e, "Content-Encoding")
				   : model_response_header(e, "Content-Encoding"));
	buf_fini(&raw);
	x->at_us = e->request->at_us;
	struct span name = x->request ? span_str(arena_printf(&x->arena, "request-%lld.bin",
						(long long)x->exchange))
				      : file_name(&x->arena,
						model_response_header(e, "Content-Disposition"),
						e->request->url);
	x->name = arena_str(&x->arena, name);
	return ok;
}

static bool write_archive(struct extract *x, const char *file, struct err *err)
{
	struct buf out = {0}, head = {0};
	uint8_t digest[SHA256_LEN];
	char detail[PATH_MAX + 100];
	struct case_about about;
	if (!case_about(x->c, &about, err))
		return false;
	buf_addf(&head, "%-16s clicktrail " CLICKTRAIL_VERSION "\n", "extracted by");
	add_line(&head, "case", about.id);
	buf_add_span(&head, buf_span(&x->manifest));
	/* A download that calls itself like our own list is not to be taken for it. */
	if (strcasecmp(x->name, MANIFEST) == 0) /* some systems take them for one */
		x->name = arena_printf(&x->arena, "body-%s", x->name);
	add_line(&head, "file", span_str(x->name));
	add_digest(&head, "SHA-256", buf_span(&x->bytes));
	const struct locked_member members[] = {{MANIFEST, buf_span(&head), x->at_us},
		{x->name, buf_span(&x->bytes), x->at_us}};
	const char *password = x->password != NULL ? x->password : PASSWORD;
	bool ok = locked_zip(members, 2, password, &out, err) &&
		  output_write(file, x->path, &out, err);
	if (ok && !custody_is_companion(x->path)) {
		struct err lost;
		sha256(buf_span(&out), digest);
		snprintf(detail, sizeof detail, "extract %s %lld: %s",
			x->has_attachment ? "attachment"
			: x->request      ? "request body of exchange"
					  : "body of exchange",
			(long long)(x->has_attachment ? x->attachment : x->exchange), file);
		if (!custody_put(x->path, x->seal_dir, CUSTODY_EXPORTED, detail, digest, &lost))
			log_error("the export is not noted beside the case: %s: %s",
				err_sentence(lost.kind), lost.detail);
	}
	buf_fini(&head);
	buf_fini(&out);
	return ok;
}

/* To standard output, unless the archive itself goes there. */
static void tell(const struct extract *x, const char *file)
{
	struct buf out = {0};
	buf_add_str(&out, "Written to ");
	say_text(&out, span_str(file));
	buf_add_str(&out, ": ");
	say_text(&out, span_str(x->name));
	buf_addf(&out, ", %zu bytes; ", buf_len(&x->bytes));
	buf_add_str(&out, x->password != NULL ? "the password is the one that was given"
					      : "the password is \"" PASSWORD "\"");
	buf_add_str(&out, " (AES-256: 7z opens it, Debian's unzip cannot)\n");
	say_write(strcmp(file, "-") == 0 ? STDERR_FILENO : STDOUT_FILENO, &out);
	buf_fini(&out);
	if (x->cut)
		log_error("the body is not whole: not all of it was stored, or it was cut off");
}

static int extract(struct extract *x)
{
	struct err err;
	char made_up[64];
	snprintf(made_up, sizeof made_up, "%s-%lld.zip",
		x->has_attachment ? "attachment" : "exchange",
		(long long)(x->has_attachment ? x->attachment : x->exchange));
	const char *file = x->file != NULL ? x->file : made_up;
	model_init(&x->model);
	x->c = case_open(x->path, &err);
	bool good = x->c != NULL && find(x, &err) &&
		    (x->has_attachment ? take_attachment(x, &err) : take_body(x, &err));
	int code = good ? EXIT_DONE : command_fail_reading(&err);
	if (good && x->file == NULL && access(file, F_OK) == 0) {
		err_set(&err, ERR_USAGE, "\"%s\" is there already; name another file by -o",
			file);
		code = command_fail(&err);
	} else if (good && !write_archive(x, file, &err)) {
		code = command_fail(&err);
	} else if (good) {
		tell(x, file);
		code = x->cut ? EXIT_INCOMPLETE : EXIT_DONE;
	}
	buf_fini(&x->bytes);
	buf_fini(&x->manifest);
	model_fini(&x->model);
	arena_fini(&x->arena);
	if (x->c != NULL)
		case_close(x->c);
	return code;
}

static bool number(const char *text, int64_t *out)
{
	uint64_t n;
	if (!span_u64(span_str(text), &n) || n == 0 || n > INT64_MAX)
		return false;
	*out = (int64_t)n;
	return true;
}

static const struct option longs[] = {{"output", required_argument, NULL, 'o'},
	{"request", no_argument, NULL, 'q'}, {"raw", no_argument, NULL, 'r'},
	{"password", required_argument, NULL, 'p'},
	{"attachment", required_argument, NULL, 'a'},
	{"seal-dir", required_argument, NULL, 'd'}, {0}};

static int run(const struct command *self, int argc, char **argv)
{
	struct extract x = {.at_us = FACT_NULL};
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":o:", longs, NULL)) != -1;) {
		switch (c) {
		case 'o': x.file = optarg; break;
		case 'q': x.request = true; break;
		case 'r': x.raw = true; break;
		case 'p': x.password = optarg; break;
		case 'd': x.seal_dir = optarg; break;
		case 'a':
			x.has_attachment = true;
			if (!number(optarg, &x.attachment))
				return command_usage(self,
					"--attachment: \"%s\" is no number from 1", optarg);
			break;
		default:
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		}
	}
	if (x.password != NULL && (x.password[0] == 0 || strlen(x.password) > PASSWORD_MAX))
		return command_usage(self, "--password: give 1 to %d bytes", (int)PASSWORD_MAX);
	if (x.has_attachment && (x.request || x.raw))
		return command_usage(
			self, "--attachment goes with neither --request nor --raw");
	if (argc - optind != (x.has_attachment ? 1 : 2))
		return command_usage(self, "give a case file, and %s",
			x.has_attachment ? "no exchange beside --attachment" : "an exchange");
	x.path = argv[optind];
	if (!x.has_attachment && !number(argv[optind + 1], &x.exchange))
		return command_usage(self, "\"%s\" is no exchange's number", argv[optind + 1]);
	return extract(&x);
}

const struct command command_extract = {
	.name = "extract",
	.args = "CASE EXCHANGE [-o FILE] [options]",
	.summary = "hand out a body, or an attachment, in a password-protected zip",
	.details =
		"EXCHANGE is its number, as reports name it. The archive holds the body and a "
		"manifest.txt that says\nwhere it came from; it is readable for its owner "
		"only, and "
		"noted in the case's companion. It is\nencrypted by AES-256, which 7z, bsdtar "
		"and "
		"most desktops open; Debian's unzip cannot. Names and\nsizes in it stay "
		"readable. "
		"Before anything is written, the bytes are held against the hash that\nwas "
		"recorded "
		"as they passed.\n\n"
		"  -o, --output FILE      write there (default: exchange-N.zip here)\n"
		"  --password P           instead of \"infected\"\n"
		"  --raw                  as it was on the wire, its content coding left on\n"
		"  --request              the request's body instead of the response's\n"
		"  --attachment SEQ       instead of an exchange: a picture of the screen, a "
		"mail, a "
		"file;\n"
		"                         `clicktrail note CASE` lists them\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
