/*
 * Response heads: what is taken, as what, with which oddities; what is refused, and for what;
 * cut at every byte. Rows marked F were measured with Firefox over loopback: taken or refused
 * alike.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "capture/wire/http1_inner.h"

#define WIRE(s) (s), sizeof(s) - 1
#define OK11 "HTTP/1.1 200 OK\r\n"
#define END "\r\n\r\n"

struct row {
	const char *method;
	const char *wire;
	size_t n;
	enum err_kind refused; /* or ERR_NONE and: */
	int status;
	enum http1_framing framing;
	uint64_t length;
	bool keep_alive;
	uint32_t oddities;
};

#define ODD(x) HTTP1_ODD(x)
#define TAKEN(method, wire, ...)                                                               \
	{                                                                                      \
		method, WIRE(wire), ERR_NONE, __VA_ARGS__                                      \
	}
#define REFUSED(method, wire, why)                                                             \
	{                                                                                      \
		method, WIRE(wire), ERR_##why, 0, 0, 0, 0, 0                                   \
	}

/* One row a line. clang-format 14 knows the mark only bare. */
/* clang-format off */
static const struct row rows[] = {
	/* RFC 9112 6.3, in its order */
	TAKEN("HEAD", OK11 "Content-Length: 5" END, 200, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("HEAD", OK11 "Transfer-Encoding: chunked" END, 200, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("HEAD", OK11 "\r\n", 200, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("HEAD", OK11 "Content-Length: 5\r\nTransfer-Encoding: chunked" END, 200, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("HEAD", OK11 "Content-Length: x" END, 200, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("head", OK11 "Content-Length: 5" END, 200, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", "HTTP/1.1 100 Continue" END, 100, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("GET", "HTTP/1.1 103 Early Hints\r\nLink: </a>" END, 103, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("GET", "HTTP/1.1 199 X\r\nContent-Length: 5" END, 199, HTTP1_NO_BODY, 0, true, ODD(LENGTH_UNUSED)),
	TAKEN("GET", "HTTP/1.1 204 No Content" END, 204, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("GET", "HTTP/1.1 204 N\r\nContent-Length: 5" END, 204, HTTP1_NO_BODY, 0, true, ODD(LENGTH_UNUSED)),
	TAKEN("GET", "HTTP/1.1 204 N\r\nContent-Length: 5\r\nContent-Length: 6" END, 204, HTTP1_NO_BODY, 0, true, ODD(LENGTH_UNUSED)),
	TAKEN("GET", "HTTP/1.1 204 N\r\nTransfer-Encoding: chunked" END, 204, HTTP1_NO_BODY, 0, true, ODD(CODING_UNUSED)),
	TAKEN("GET", "HTTP/1.1 304 N\r\nContent-Length: 5" END, 304, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("GET", "HTTP/1.1 304 N\r\nTransfer-Encoding: gzip" END, 304, HTTP1_NO_BODY, 0, true, 0),
	TAKEN("GET", "HTTP/1.1 205 Reset\r\nContent-Length: 0" END, 205, HTTP1_LENGTH, 0, true, 0),
	TAKEN("GET", "HTTP/1.1 205 Reset\r\nContent-Length: 5" END, 205, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade" END, 101, HTTP1_SWITCH, 0, false, 0),
	TAKEN("GET", "HTTP/1.1 101 S\r\nContent-Length: 3" END, 101, HTTP1_SWITCH, 0, false, ODD(LENGTH_UNUSED)),
	TAKEN("GET", "HTTP/1.1 101 S" END, 101, HTTP1_SWITCH, 0, false, 0),
	TAKEN("CONNECT", "HTTP/1.1 200 OK" END, 200, HTTP1_SWITCH, 0, false, 0),
	TAKEN("CONNECT", "HTTP/1.0 200 OK\r\nContent-Length: 9" END, 200, HTTP1_SWITCH, 0, false, ODD(LENGTH_UNUSED)),
	TAKEN("CONNECT", "HTTP/1.1 299 OK\r\nTransfer-Encoding: chunked" END, 299, HTTP1_SWITCH, 0, false, ODD(CODING_UNUSED)),
	TAKEN("CONNECT", "HTTP/1.1 403 No\r\nContent-Length: 9" END, 403, HTTP1_LENGTH, 9, true, 0),
	TAKEN("CONNECT", "HTTP/1.1 302 No\r\nLocation: /" END, 302, HTTP1_TO_CLOSE, 0, false, 0),
	TAKEN("GET", OK11 "Transfer-Encoding: chunked" END, 200, HTTP1_CHUNKED, 0, true, 0),
	TAKEN("GET", OK11 "Content-Length: 5" END, 200, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", OK11 "Content-Length: 0" END, 200, HTTP1_LENGTH, 0, true, 0),
	TAKEN("GET", OK11 "Content-Length: 9223372036854775807" END, 200, HTTP1_LENGTH, INT64_MAX, true, 0),
	TAKEN("GET", OK11 "\r\n", 200, HTTP1_TO_CLOSE, 0, false, 0),
	TAKEN("GET", OK11 "Connection: keep-alive" END, 200, HTTP1_TO_CLOSE, 0, false, 0),
	TAKEN("GET", OK11 "Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 1" END, 200, HTTP1_LENGTH, 1, true, 0),
	TAKEN("GET", "HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0" END, 302, HTTP1_LENGTH, 0, true, 0),

	/* RFC 9112 9.3: who keeps the connection */
	TAKEN("GET", OK11 "Content-Length: 5\r\nConnection: close" END, 200, HTTP1_LENGTH, 5, false, 0),
	TAKEN("GET", OK11 "Content-Length: 5\r\nConnection: Foo, CLOSE" END, 200, HTTP1_LENGTH, 5, false, 0),
	TAKEN("GET", OK11 "Content-Length: 5\r\nConnection: foo\r\nConnection: close" END, 200, HTTP1_LENGTH, 5, false, 0),
	TAKEN("GET", OK11 "Content-Length: 5\r\nConnection: closed" END, 200, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", OK11 "Content-Length: 5\r\nProxy-Connection: close" END, 200, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", "HTTP/1.0 200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, false, 0),
	TAKEN("GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive" END, 200, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive, close" END, 200, HTTP1_LENGTH, 5, false, 0),
	TAKEN("GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive, x" END, 200, HTTP1_LENGTH, 5, true, 0),

	/* Transfer-Encoding: smuggling vectors and sloppy spellings */
	TAKEN("GET", OK11 "Transfer-Encoding: CHUNKED" END, 200, HTTP1_CHUNKED, 0, true, ODD(CODING_CASE)), /* F */
	TAKEN("GET", OK11 "tRANSFER-eNCODING:\tchunked \t" END, 200, HTTP1_CHUNKED, 0, true, 0), /* F */
	TAKEN("GET", OK11 "Transfer-Encoding:chunked" END, 200, HTTP1_CHUNKED, 0, true, 0),
	TAKEN("GET", OK11 "Transfer-Encoding: chunked," END, 200, HTTP1_CHUNKED, 0, true, ODD(CODING_CASE)), /* F */
	TAKEN("GET", OK11 "Transfer-Encoding: , ,chunked" END, 200, HTTP1_CHUNKED, 0, true, ODD(CODING_CASE)), /* F */
	TAKEN("GET", OK11 "Transfer-Encoding: gzip, chunked" END, 200, HTTP1_CHUNKED, 0, true, ODD(CODING_OTHER)), /* F */
	TAKEN("GET", OK11 "Transfer-Encoding: identity, chunked" END, 200, HTTP1_CHUNKED, 0, true, ODD(CODING_OTHER)), /* F */
	TAKEN("GET", OK11 "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked" END, 200, HTTP1_CHUNKED, 0, true, ODD(CODING_OTHER)),
	TAKEN("GET", OK11 "Transfer-Encoding:\r\n chunked" END, 200, HTTP1_CHUNKED, 0, true, ODD(OBS_FOLD)), /* F */
	TAKEN("GET", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked" END, 200, HTTP1_CHUNKED, 0, false, ODD(CHUNKED_10)), /* F */
	TAKEN("GET", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive" END, 200, HTTP1_CHUNKED, 0, false, ODD(CHUNKED_10)),
	TAKEN("GET", OK11 "Transfer-Encoding: identity" END, 200, HTTP1_TO_CLOSE, 0, false, ODD(CODING_IDENTITY)), /* F */
	TAKEN("GET", OK11 "Transfer-Encoding: Identity\r\nContent-Length: 3" END, 200, HTTP1_LENGTH, 3, true, ODD(CODING_IDENTITY)), /* F */
	REFUSED("GET", OK11 "Transfer-Encoding: identity\r\nContent-Length: x" END, LENGTH),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked, chunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked, identity" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked, gzip" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: gzip" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: cow" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: xchunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: x chunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked x" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked;q=1" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: \"chunked\"" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: 'chunked'" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: \vchunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked\f" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: \xa0" "chunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: \x01" "chunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: c\rhunked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chun\r\n ked" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding:" END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: ," END, TRANSFER_ENCODING),
	REFUSED("GET", OK11 "Transfer-Encoding: chunked\r\nContent-Length: 5" END, LENGTH_AND_CHUNKED),
	REFUSED("GET", OK11 "Content-Length: 5\r\nTransfer-Encoding: chunked" END, LENGTH_AND_CHUNKED),
	REFUSED("GET", OK11 "Content-Length: 0\r\nTransfer-Encoding: chunked" END, LENGTH_AND_CHUNKED),
	REFUSED("GET", OK11 "Content-Length:\r\nTransfer-Encoding: chunked" END, LENGTH_AND_CHUNKED),
	REFUSED("GET", OK11 "Content-Length: 5\r\nTransfer-Encoding: gzip" END, LENGTH_AND_CHUNKED),
	REFUSED("GET", OK11 "Content-Length: 5\r\nTransfer-Encoding: identity, chunked" END, LENGTH_AND_CHUNKED),
	REFUSED("GET", OK11 "Content-Length: 5\r\nTransfer-Encoding:" END, LENGTH_AND_CHUNKED),

	/* Content-Length */
	TAKEN("GET", OK11 "Content-Length: 5\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(SAME_LENGTHS)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5, 5" END, 200, HTTP1_LENGTH, 5, true, ODD(SAME_LENGTHS)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5,5\r\nX: y\r\ncontent-length:5" END, 200, HTTP1_LENGTH, 5, true, ODD(SAME_LENGTHS)),
	TAKEN("GET", OK11 "Content-Length: 0005" END, 200, HTTP1_LENGTH, 5, true, 0), /* F */
	TAKEN("GET", OK11 "Content-Length: \t5\t " END, 200, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", OK11 "Content-Length: 3\r\r\nA: b" END, 200, HTTP1_LENGTH, 3, true, ODD(BARE_CR)), /* F */
	TAKEN("GET", OK11 "Content-Length:\r\n 5" END, 200, HTTP1_LENGTH, 5, true, ODD(OBS_FOLD)), /* F */
	TAKEN("GET", OK11 "X-F: a\r\n Content-Length: 3" END, 200, HTTP1_TO_CLOSE, 0, false, ODD(OBS_FOLD)), /* F */
	REFUSED("GET", OK11 "Content-Length: 5\r\nContent-Length: 6" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 5\r\nContent-Length: 05" END, LENGTH), /* F */
	REFUSED("GET", OK11 "Content-Length: 5, 6" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 5," END, LENGTH),                   /* F */
	REFUSED("GET", OK11 "Content-Length: ,5" END, LENGTH),                   /* F */
	REFUSED("GET", OK11 "Content-Length: 5\r\nContent-Length:" END, LENGTH), /* F */
	REFUSED("GET", OK11 "Content-Length:" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: +5" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: -5" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: -0" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 0x5" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 5 x" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 5.0" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 1 0" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 1\r\n 0" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 1_000" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: \"5\"" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: five" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 5;6" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: \v5" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: \xef\xbc\x95" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 9223372036854775808" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 18446744073709551616" END, LENGTH),
	REFUSED("GET", OK11 "Content-Length: 99999999999999999999999999999999999999" END, LENGTH),

	/* a framing field that is there for one reader and not for another */
	REFUSED("GET", OK11 "Content-Length : 5" END, FIELD),
	REFUSED("GET", OK11 "Transfer-Encoding : chunked" END, FIELD),
	REFUSED("GET", OK11 "Transfer-Encoding\t: chunked" END, FIELD),
	REFUSED("GET", OK11 "Transfer-Encoding\r\n : chunked" END, FIELD),
	REFUSED("GET", OK11 " Transfer-Encoding: chunked" END, FIELD),
	REFUSED("GET", OK11 "\tContent-Length: 5" END, FIELD),
	REFUSED("GET", OK11 "Content-Length\v: 5" END, FIELD),
	REFUSED("GET", OK11 "Content\x01-Length: 5" END, FIELD),
	REFUSED("GET", OK11 "\xa0Transfer-Encoding: chunked" END, FIELD),
	REFUSED("GET", OK11 "\xef\xbb\xbf" "Content-Length: 5" END, FIELD),
	REFUSED("GET", OK11 "\rContent-Length: 3" END, FIELD),
	REFUSED("GET", OK11 "X: a\rContent-Length: 3" END, FIELD),
	REFUSED("GET", OK11 "X: a\rTransfer-Encoding: chunked\r\nContent-Length: 3" END, FIELD),
	REFUSED("GET", OK11 "X: a\r\r transfer-encoding : chunked\r\nContent-Length: 3" END, FIELD),
	REFUSED("GET", OK11 "X: a\r\n b\rContent-Length: 3" END, FIELD),
	REFUSED("GET", OK11 "garbage\rContent-Length: 3" END, FIELD),
	REFUSED("GET", "HTTP/1.1 200 OK\rContent-Length: 3" END, START_LINE),
	TAKEN("GET", OK11 "X-Content-Length: 5\r\nContent-Lengths: 6\r\nContent-Length: 7" END, 200, HTTP1_LENGTH, 7, true, 0),
	TAKEN("GET", OK11 "ContentLength: 5\r\nContent_Length: 6\r\nContent-Length: 7" END, 200, HTTP1_LENGTH, 7, true, 0),
	TAKEN("GET", OK11 "Content-Length 5\r\nContent-Length: 7" END, 200, HTTP1_LENGTH, 7, true, ODD(NO_COLON)),

	/* line ends */
	TAKEN("GET", "HTTP/1.1 200 OK\nContent-Length: 5\n\n", 200, HTTP1_LENGTH, 5, true, ODD(BARE_LF)), /* F */
	TAKEN("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\n", 200, HTTP1_LENGTH, 5, true, ODD(BARE_LF)),
	TAKEN("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\n", 200, HTTP1_LENGTH, 5, true, ODD(BARE_LF)),
	TAKEN("GET", "HTTP/1.1 200 OK\n\n", 200, HTTP1_TO_CLOSE, 0, false, ODD(BARE_LF)),
	TAKEN("GET", "HTTP/1.1 200 OK\n\r\n", 200, HTTP1_TO_CLOSE, 0, false, ODD(BARE_LF)),
	TAKEN("GET", OK11 "A: b\r\n\r\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(BARE_CR) | ODD(NO_COLON)), /* F */
	TAKEN("GET", OK11 "X: a\rb\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(BARE_CR)), /* F */
	TAKEN("GET", "\r\n" OK11 "Content-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(LEADING_LINES)), /* F */
	TAKEN("GET", "\r\n\r\n" OK11 "Content-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(LEADING_LINES)), /* F */
	TAKEN("GET", "\n\n\n\n" OK11 "Content-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(LEADING_LINES) | ODD(BARE_LF)),
	REFUSED("GET", "\n\n\n\n\n" OK11 "Content-Length: 5" END, START_LINE),
	REFUSED("GET", "\r\n\r\n\r\n" OK11 "Content-Length: 5" END, START_LINE), /* F: as HTTP/0.9 */
	REFUSED("GET", "\r\r\n" OK11 "Content-Length: 5" END, START_LINE),

	/* fields */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX-F: a\r\n b\r\n\t c \r\n \r\nY: z" END, 200, HTTP1_LENGTH, 5, true, ODD(OBS_FOLD)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX-F : v" END, 200, HTTP1_LENGTH, 5, true, ODD(SPACE_BEFORE_COLON)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX-F\t : v" END, 200, HTTP1_LENGTH, 5, true, ODD(SPACE_BEFORE_COLON)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX F: v" END, 200, HTTP1_LENGTH, 5, true, ODD(NAME_BYTES)), /* F */
	TAKEN("GET", OK11 " X: v\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(NAME_BYTES)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX(F): v" END, 200, HTTP1_LENGTH, 5, true, ODD(NAME_BYTES)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX\xe9: v" END, 200, HTTP1_LENGTH, 5, true, ODD(NAME_BYTES)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\ngarbage" END, 200, HTTP1_LENGTH, 5, true, ODD(NO_COLON)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\n<html> <body>" END, 200, HTTP1_LENGTH, 5, true, ODD(NO_COLON)),
	TAKEN("GET", OK11 "Content-Length: 5\r\n: v" END, 200, HTTP1_LENGTH, 5, true, ODD(EMPTY_NAME)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX: a\x01" "b\x7f" END, 200, HTTP1_LENGTH, 5, true, ODD(VALUE_BYTES)), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nX: \xc3\xa9\xff\x80" END, 200, HTTP1_LENGTH, 5, true, 0), /* F */
	TAKEN("GET", OK11 "Content-Length: 5\r\nLocation: /a\r\nlocation: /b" END, 200, HTTP1_LENGTH, 5, true, ODD(SEVERAL_LOCATIONS)),
	TAKEN("GET", OK11 "Content-Length: 5\r\nX:\r\nY: \r\nZ:\t" END, 200, HTTP1_LENGTH, 5, true, 0),
	TAKEN("GET", OK11 "Content-Length: 5\r\nHost: a\r\nHost: b" END, 200, HTTP1_LENGTH, 5, true, 0),
	REFUSED("GET", "HTTP/1.1 200 O\0K\r\nContent-Length: 5" END, NUL_BYTE),
	REFUSED("GET", OK11 "X: a\0b\r\nContent-Length: 5" END, NUL_BYTE), /* F */
	REFUSED("GET", OK11 "X\0: b\r\nContent-Length: 5" END, NUL_BYTE),
	REFUSED("GET", OK11 "\0\r\nContent-Length: 5" END, NUL_BYTE),

	/* status lines */
	TAKEN("GET", "HTTP/1.1 200 \r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, 0), /* F */
	TAKEN("GET", "HTTP/1.1 200\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)), /* F */
	TAKEN("GET", "HTTP/1.1  200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)), /* F */
	TAKEN("GET", "HTTP/1.1 200\tOK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)), /* F */
	TAKEN("GET", "HTTP/1.1\t200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)),
	TAKEN("GET", "HTTP/1.1 200OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)),
	TAKEN("GET", "HTTP/1.1 200 O\x01K\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)), /* F */
	TAKEN("GET", "HTTP/1.1 200 O\rK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE) | ODD(BARE_CR)), /* F */
	TAKEN("GET", "HTTP/1.1 200 \xc3\xa9\xff\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, 0), /* F */
	TAKEN("GET", "HTTP/1.1\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)), /* F */
	TAKEN("GET", "HTTP/1.1 \r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(STATUS_LINE)),
	TAKEN("GET", "HTTP/1.1 999 Request denied\r\nContent-Length: 5" END, 999, HTTP1_LENGTH, 5, true, 0), /* F */
	TAKEN("GET", "HTTP/1.1 600 X\r\nContent-Length: 5" END, 600, HTTP1_LENGTH, 5, true, 0), /* F */
	TAKEN("GET", "http/1.1 200 ok\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, false, ODD(STATUS_LINE) | ODD(VERSION_ODD)),
	TAKEN("GET", "HTTP/2 200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(VERSION_ODD)), /* F */
	TAKEN("GET", "HTTP/2.0 200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(VERSION_ODD)), /* F */
	TAKEN("GET", "HTTP/3 302 F\r\nTransfer-Encoding: chunked" END, 302, HTTP1_CHUNKED, 0, true, ODD(VERSION_ODD)), /* F */
	TAKEN("GET", "HTTP/1.2 200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(VERSION_ODD)), /* F */
	TAKEN("GET", "HTTP/1.11 200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, true, ODD(VERSION_ODD)), /* F */
	TAKEN("GET", "HTTP/1. 200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, false, ODD(VERSION_ODD)), /* F */
	TAKEN("GET", "HTTP/1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive" END, 200, HTTP1_LENGTH, 5, false, ODD(VERSION_ODD)),
	TAKEN("GET", "HTTP/01.1 200 OK\r\nContent-Length: 5" END, 200, HTTP1_LENGTH, 5, false, ODD(VERSION_ODD)),
	REFUSED("GET", "HTTP/0.9 200 OK\r\nContent-Length: 5" END, VERSION),
	REFUSED("GET", "HTTP/ 200 OK\r\nContent-Length: 5" END, VERSION),
	REFUSED("GET", "HTTP/x 200 OK\r\nContent-Length: 5" END, VERSION),
	REFUSED("GET", "HTTP/1.1x 200 OK\r\nContent-Length: 5" END, VERSION),
	REFUSED("GET", "HTTP/1.1111 200 OK\r\nContent-Length: 5" END, VERSION),
	REFUSED("GET", "HTTP/1111111111111111111111.1 200 OK\r\nContent-Length: 5" END, VERSION),
	REFUSED("GET", "HTTP/-1.1 200 OK\r\nContent-Length: 5" END, VERSION),
	REFUSED("GET", "HTTP/1.1 2000 OK\r\nContent-Length: 5" END, START_LINE), /* F */
	REFUSED("GET", "HTTP/1.1 20 OK\r\nContent-Length: 5" END, START_LINE),
	REFUSED("GET", "HTTP/1.1 000 OK\r\nContent-Length: 5" END, START_LINE),
	REFUSED("GET", "HTTP/1.1 099 OK\r\nContent-Length: 5" END, START_LINE),
	REFUSED("GET", "HTTP/1.1 0200 OK\r\nContent-Length: 5" END, START_LINE),
	REFUSED("GET", "HTTP/1.1 -200 OK\r\nContent-Length: 5" END, START_LINE), /* F */
	REFUSED("GET", "HTTP/1.1 OK\r\nContent-Length: 5" END, START_LINE),      /* F */
	REFUSED("GET", "HTTP 200 OK\r\nContent-Length: 5" END, START_LINE),
	REFUSED("GET", "ICY 200 OK\r\nContent-Length: 5" END, START_LINE),
	REFUSED("GET", "<html>\n\n</html>", START_LINE),
	REFUSED("GET", " HTTP/1.1 200 OK" END, START_LINE),
	REFUSED("GET", "\x16\x03\x01", START_LINE),
	REFUSED("GET", "GET / HTTP/1.1" END, START_LINE),
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof *rows };

static void print_row(const struct row *row)
{
	char text[600];
	text_escape(span_of(row->wire, row->n), text, sizeof text);
	print_message("row %td: %s\n", row - rows, text);
}

static bool taken_as_told(const struct row *row, const struct http1_head *head)
{
	return head->status == row->status && head->framing == row->framing &&
	       head->length == row->length && head->keep_alive == row->keep_alive &&
	       head->oddities == row->oddities && head->raw.n == row->n &&
	       head->raw.p == (const uint8_t *)row->wire;
}

static void test_rows(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		struct arena a = {0};
		struct http1_head head = {0};
		struct err err = {0};
		enum http1_scan scan = http1_response_head(
			span_of(row->wire, row->n), span_str(row->method), &a, &head, &err);
		bool right = row->refused != ERR_NONE
				     ? scan == HTTP1_BAD && err.kind == row->refused
				     : scan == HTTP1_HEAD && taken_as_told(row, &head);
		if (!right) {
			struct buf words = {0};
			print_row(row);
			http1_oddity_words(head.oddities, &words);
			print_message("  scan %d, %s (%s), status %d framing %d length %llu "
				      "keep %d [%.*s]\n",
				scan, err_word(err.kind), err.detail, head.status, head.framing,
				(unsigned long long)head.length, head.keep_alive,
				(int)buf_len(&words),
				buf_len(&words) > 0 ? (const char *)buf_span(&words).p : "");
			buf_fini(&words);
			wrong++;
		}
		arena_fini(&a);
	}
	assert_int_equal(wrong, 0);
}

/* Cut anywhere, a good head is unfinished and costs no memory; a bad one never looks good, and
 * once refused stays refused. Bytes behind a head change nothing. Each cut is a heap block of
 * its own, so that a read past it is found. */
static void test_every_cut(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		bool refused = false;
		for (size_t n = 0; n <= row->n + 1; n++) {
			struct arena a = {0};
			struct http1_head head;
			uint8_t *copy = malloc(n + 1);
			assert_non_null(copy);
			memcpy(copy, row->wire, n <= row->n ? n : row->n);
			copy[n > row->n ? row->n : n] = 'x';
			uint8_t *exact = realloc(copy, n > 0 ? n : 1);
			enum http1_scan scan = http1_response_head(
				span_of(exact, n), span_str(row->method), &a, &head, NULL);
			bool right =
				n >= row->n ? scan == (row->refused ? HTTP1_BAD : HTTP1_HEAD)
				: row->refused
					? scan != HTTP1_HEAD && (!refused || scan == HTTP1_BAD)
					: scan == HTTP1_MORE && a.total == 0;
			if (!right) {
				print_row(row);
				fail_msg("cut at %zu of %zu: scan %d", n, row->n, scan);
			}
			if (scan == HTTP1_HEAD)
				assert_int_equal(head.raw.n, row->n);
			refused = refused || scan == HTTP1_BAD;
			arena_fini(&a);
			free(exact);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
