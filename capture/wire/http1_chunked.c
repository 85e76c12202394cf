/*
 * The chunked coding (RFC 9112 7.1), read by us and, beside us, by llhttp. Our reader decides
 * and counts; llhttp gets each size's digits as written and the data as it came, and must see
 * the same sizes, the same bytes and the same end. It does not get extensions, padding,
 * trailers or bare LFs: browsers skip or take them and llhttp's grammar for them is narrower.
 *
 * Requests: CRLF only, nothing between size and CRLF but an extension (with white space before
 * its ';'). Responses: what Firefox and Chromium both take without reading it differently is
 * taken and recorded: white space behind a size, LF alone behind a size or data, any trailer
 * line. An LF or CR within an extension is refused in both: some readers end the line there.
 */
#include "capture/wire/http1_inner.h"

#include <assert.h>
#include <llhttp.h>
#include <stdlib.h>

enum chunk_state {
	CHUNK_FIRST_DIGIT,
	CHUNK_DIGITS,
	CHUNK_PADDING,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER_START,
	CHUNK_TRAILER_START_LF,
	CHUNK_TRAILER_LINE,
	CHUNK_BROKEN,
};

struct chunked {
	enum http1_side side;
	enum chunk_state state;
	uint64_t left;       /* size so far, then bytes of data still to come */
	size_t line;         /* bytes of this chunk-size line */
	size_t trailer_line; /* where this line begins in the trailers */
	struct err broken;   /* CHUNK_BROKEN: why */

	llhttp_t parser;
	llhttp_settings_t settings;
	uint64_t its_size; /* of the chunk, says llhttp */
	size_t its_bytes;  /* of data, from the last piece it was given */
	bool its_end;
};

static int on_chunk_header(llhttp_t *p)
{
	struct chunked *c = p->data;
	c->its_size = p->content_length;
	return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
	struct chunked *c = p->data;
	(void)at;
	c->its_bytes += n;
	return 0;
}

static int on_end(llhttp_t *p)
{
	struct chunked *c = p->data;
	c->its_end = true;
	return 0;
}

static bool second(struct chunked *c, const void *p, size_t n)
{
	return llhttp_execute(&c->parser, p, n) == HPE_OK;
}

void *http1_chunked_new(enum http1_side side)
{
	static const char head[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct chunked *c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	c->side = side;
	llhttp_settings_init(&c->settings);
	c->settings.on_chunk_header = on_chunk_header;
	c->settings.on_body = on_body;
	c->settings.on_message_complete = on_end;
	llhttp_init(&c->parser, HTTP_REQUEST, &c->settings);
	c->parser.data = c;
	bool ok = second(c, head, sizeof head - 1);
	assert(ok);
	return c;
}

void http1_chunked_free(void *chunked)
{
	free(chunked);
}

static bool lenient(const struct chunked *c)
{
	return c->side == HTTP1_RESPONSE;
}

static bool disagree(struct err *err)
{
	return err_set(err, ERR_PARSERS_DISAGREE, "llhttp reads this chunk otherwise");
}

/* A chunk-size line is whole. */
static bool size_known(struct chunked *c, struct err *err)
{
	if (!second(c, "\r\n", 2) || c->its_size != c->left)
		return disagree(err);
	c->line = 0;
	c->state = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START;
	return true;
}

static bool take_digit(struct chunked *c, uint8_t byte, struct err *err)
{
	int digit = ascii_hex(byte);
	if (c->left > HTTP1_LENGTH_MAX >> 4)
		return err_set(err, ERR_CHUNK, "a chunk of 2^63 bytes or more");
	c->left = c->left << 4 | (uint64_t)digit;
	c->state = CHUNK_DIGITS;
	return second(c, &byte, 1) || disagree(err);
}

static bool size_byte(struct http1_body *b, struct chunked *c, uint8_t byte, struct err *err)
{
	if (++c->line > HTTP1_CHUNK_LINE_MAX)
		return err_set(err, ERR_LIMIT, "a chunk-size line of more than %d bytes",
			HTTP1_CHUNK_LINE_MAX);
	if (c->state == CHUNK_SIZE_LF)
		return byte == '\n' ? size_known(c, err)
				    : err_set(err, ERR_CHUNK,
					      "a CR without LF in a chunk-size line");
	if (c->state == CHUNK_FIRST_DIGIT && ascii_hex(byte) < 0)
		return err_set(err, ERR_CHUNK, "a chunk size does not start with a hex digit");
	if (byte == '\r') {
		if (c->state == CHUNK_PADDING && !lenient(c))
			return err_set(err, ERR_CHUNK, "white space behind a chunk size");
		c->state = CHUNK_SIZE_LF;
		return true;
	}
	if (c->state == CHUNK_EXTENSION) {
		if (byte == '\n' || byte == 0 || (!lenient(c) && byte < 0x20 && byte != '\t'))
			return err_set(err, ERR_CHUNK, "a control byte in a chunk extension");
		return true;
	}
	if (byte == '\n' && lenient(c)) {
		b->oddities |= HTTP1_ODD(BARE_LF);
		return size_known(c, err);
	}
	if (c->state != CHUNK_PADDING && ascii_hex(byte) >= 0)
		return take_digit(c, byte, err);
	if (byte == ';') {
		b->oddities |= HTTP1_ODD(CHUNK_EXTENSION);
		c->state = CHUNK_EXTENSION;
		return true;
	}
	if (http1_blank(byte)) {
		b->oddities |= HTTP1_ODD(CHUNK_SPACE);
		c->state = CHUNK_PADDING;
		return true;
	}
	return err_set(err, ERR_CHUNK, "a chunk size is not a hex number");
}

/* The CRLF behind a chunk's data. */
static bool data_end_byte(
	struct http1_body *b, struct chunked *c, uint8_t byte, struct err *err)
{
	if (c->state == CHUNK_DATA_CR && byte == '\r') {
		c->state = CHUNK_DATA_LF;
		return true;
	}
	if (byte != '\n' || (c->state == CHUNK_DATA_CR && !lenient(c)))
		return err_set(err, ERR_CHUNK, "no CRLF behind a chunk's data");
	if (c->state == CHUNK_DATA_CR)
		b->oddities |= HTTP1_ODD(BARE_LF);
	c->state = CHUNK_FIRST_DIGIT;
	return second(c, "\r\n", 2) || disagree(err);
}

/* RFC 9112 7.1.2. A request's trailers are read as strictly as its fields; a response's lines
 * are only noted. */
static bool trailer_line(struct http1_body *b, struct chunked *c, struct err *err)
{
	uint32_t odd = 0;
	struct span text =
		http1_line_text(span_from(buf_span(&b->trailers), c->trailer_line), &odd);
	size_t colon = span_find_byte(text, ':', 0);
	struct span name = span_first(text, colon);
	bool fold = http1_blank(text.p[0]);
	if (!lenient(c) && (odd != 0 || fold || colon == SIZE_MAX || !http1_is_token(name)))
		return err_set(err, ERR_TRAILER, "a trailer line is no field");
	if (fold)
		odd |= HTTP1_ODD(OBS_FOLD);
	else if (colon == SIZE_MAX)
		odd |= HTTP1_ODD(NO_COLON);
	else if (colon == 0)
		odd |= HTTP1_ODD(EMPTY_NAME);
	else if (!http1_is_token(name))
		odd |= http1_is_token(span_trim(name, " \t")) ? HTTP1_ODD(SPACE_BEFORE_COLON)
							      : HTTP1_ODD(NAME_BYTES);
	if (http1_has_controls(text))
		odd |= HTTP1_ODD(VALUE_BYTES);
	b->oddities |= odd;
	return true;
}

static bool trailers_end(struct http1_body *b, struct chunked *c, struct err *err)
{
	if (!second(c, "\r\n", 2) || !c->its_end)
		return disagree(err);
	b->ended = true;
	return true;
}

static bool trailer_byte(struct http1_body *b, struct chunked *c, uint8_t byte, struct err *err)
{
	if (c->state == CHUNK_TRAILER_START) {
		if (byte == '\r') {
			c->state = CHUNK_TRAILER_START_LF;
			return true;
		}
		if (byte == '\n' && lenient(c))
			b->oddities |= HTTP1_ODD(BARE_LF);
		if (byte == '\n')
			return lenient(c) ? trailers_end(b, c, err)
					  : err_set(err, ERR_TRAILER,
						    "LF without CR behind the trailers");
		c->trailer_line = buf_len(&b->trailers);
	} else if (c->state == CHUNK_TRAILER_START_LF) {
		if (byte == '\n')
			return trailers_end(b, c, err);
		if (!lenient(c))
			return err_set(err, ERR_TRAILER, "a CR without LF in the trailers");
		c->trailer_line = buf_len(&b->trailers);
		buf_add_byte(&b->trailers, '\r');
	}
	if (byte == 0)
		return err_set(err, ERR_TRAILER, "a NUL byte");
	if (buf_len(&b->trailers) >= HTTP1_TRAILERS_MAX)
		return err_set(
			err, ERR_LIMIT, "trailers of more than %d bytes", HTTP1_TRAILERS_MAX);
	c->state = CHUNK_TRAILER_LINE;
	buf_add_byte(&b->trailers, byte);
	if (byte != '\n')
		return true;
	c->state = CHUNK_TRAILER_START;
	return trailer_line(b, c, err);
}

static bool take_data(struct chunked *c, struct span data, http1_payload_fn *payload, void *ctx,
	struct err *err)
{
	c->its_bytes = 0;
	if (!second(c, data.p, data.n) || c->its_bytes != data.n)
		return disagree(err);
	c->left -= data.n;
	if (c->left == 0)
		c->state = CHUNK_DATA_CR;
	payload(ctx, data);
	return true;
}

bool http1_chunked_feed(struct http1_body *b, struct span in, size_t *used,
	http1_payload_fn *payload, void *ctx, struct err *err)
{
	struct chunked *c = b->chunked;
	/* Fed again after a failure: the same answer, nothing used. */
	struct err why = c->broken;
	bool ok = c->state != CHUNK_BROKEN;
	size_t at = 0;
	while (ok && at < in.n && !b->ended) {
		size_t n = 1;
		switch (c->state) {
		case CHUNK_FIRST_DIGIT:
		case CHUNK_DIGITS:
		case CHUNK_PADDING:
		case CHUNK_EXTENSION:
		case CHUNK_SIZE_LF: ok = size_byte(b, c, in.p[at], &why); break;
		case CHUNK_DATA:
			n = c->left < in.n - at ? (size_t)c->left : in.n - at;
			ok = take_data(c, span_of(in.p + at, n), payload, ctx, &why);
			break;
		case CHUNK_DATA_CR:
		case CHUNK_DATA_LF: ok = data_end_byte(b, c, in.p[at], &why); break;
		case CHUNK_TRAILER_START:
		case CHUNK_TRAILER_START_LF:
		case CHUNK_TRAILER_LINE: ok = trailer_byte(b, c, in.p[at], &why); break;
		case CHUNK_BROKEN: break;
		}
		if (ok)
			at += n;
	}
	*used = at;
	if (ok)
		return true;
	c->state = CHUNK_BROKEN;
	c->broken = why;
	if (err != NULL)
		*err = why;
	return false;
}
