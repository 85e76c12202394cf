#include "proxy/tls_io.h"
#include "proxy/urgent.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	WIRE_AHEAD = 32 * 1024, /* fetched at once: a record's header and body come by one call,
				   and the next records too */
	WIRE_DIRECT = 8 * 1024, /* asked for so much, OpenSSL gets it without a copy */
	WIRE_IDLE_MAX = 64,     /* buffers kept for whoever comes next */
};

/* Below the SSL: a BIO of ours, for OpenSSL's socket BIO raises SIGPIPE, cannot give bytes
 * back, and asks the kernel twice for each record. */
struct wire {
	int fd;
	uint8_t *
		prefix; /* what reading gives first: handed over, or fetched and not yet used */
	size_t prefix_len, prefix_at;
	bool drained; /* the socket gave all that it had: asking again would be for nothing */
	int os;       /* errno of the last call that failed for good */
	bool eof;     /* recv gave 0 */
	bool urgent;  /* a byte of it was marked */
	uint8_t first[TLS_IO_FIRST];
	size_t first_n;
	enum tls_io end; /* TLS_IO_OK until a read met the end */
	struct err end_err;
};

static int wire_read_prefix(struct wire *w, char *p, int n)
{
	size_t left = w->prefix_len - w->prefix_at;
	size_t take = left < (size_t)n ? left : (size_t)n;
	memcpy(p, w->prefix + w->prefix_at, take);
	w->prefix_at += take;
	if (w->prefix_at == w->prefix_len) {
		free(w->prefix);
		w->prefix = NULL;
		w->prefix_len = w->prefix_at = 0;
	}
	return (int)take;
}

static void wire_note_first(struct wire *w, const char *p, size_t n)
{
	size_t room = sizeof w->first - w->first_n;
	if (n > room)
		n = room;
	memcpy(w->first + w->first_n, p, n);
	w->first_n += n;
}

/* Fetched ahead by the call under way in this thread, which reads from one wire; what it leaves
 * goes into that wire's prefix. The buffer is lent for the call: as many are needed as threads
 * run at once, not one for each that there is. */
struct ahead_bytes {
	struct ahead_bytes *next;
	uint8_t bytes[WIRE_AHEAD];
};

static _Thread_local struct {
	struct wire *wire;      /* whose bytes; NULL: nobody reads */
	struct ahead_bytes *in; /* NULL until needed */
	size_t at, end;
} ahead;

static struct {
	pthread_mutex_t lock; /* guards what follows */
	struct ahead_bytes *idle;
	size_t n;
} lender = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct ahead_bytes *borrow(void)
{
	pthread_mutex_lock(&lender.lock);
	struct ahead_bytes *b = lender.idle;
	if (b != NULL) {
		lender.idle = b->next;
		lender.n--;
	}
	pthread_mutex_unlock(&lender.lock);
	if (b == NULL)
		b = malloc(sizeof *b);
	if (b == NULL)
		abort();
	return b;
}

static void give_back(struct ahead_bytes *b)
{
	pthread_mutex_lock(&lender.lock);
	bool kept = lender.n < WIRE_IDLE_MAX;
	if (kept) {
		b->next = lender.idle;
		lender.idle = b;
		lender.n++;
	}
	pthread_mutex_unlock(&lender.lock);
	if (!kept)
		free(b);
}

static void ahead_begin(struct wire *w)
{
	ahead.wire = w;
	ahead.at = ahead.end = 0;
	w->drained = false;
}

static void ahead_end(struct wire *w)
{
	size_t left = ahead.end - ahead.at;
	ahead.wire = NULL;
	if (left > 0) {
		w->prefix = malloc(left); /* it is empty, or nothing would have been fetched */
		if (w->prefix == NULL)
			abort();
		memcpy(w->prefix, ahead.in->bytes + ahead.at, left);
		w->prefix_len = left;
		w->prefix_at = 0;
	}
	if (ahead.in != NULL)
		give_back(ahead.in);
	ahead.in = NULL;
}

static size_t ahead_read(char *p, size_t n)
{
	size_t left = ahead.end - ahead.at;
	if (n > left)
		n = left;
	memcpy(p, ahead.in->bytes + ahead.at, n);
	ahead.at += n;
	return n;
}

/* As recv; notes what the socket said. */
static ssize_t wire_recv(struct wire *w, void *p, size_t n)
{
	ssize_t got;
	w->urgent = w->urgent || urgent_next(w->fd);
	do
		got = recv(w->fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		wire_note_first(w, p, (size_t)got);
	else if (got == 0)
		w->eof = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK)
		w->os = errno;
	/* Less than was asked for is all there is: poll tells when there is more. */
	w->drained = got > 0 && (size_t)got < n;
	return got;
}

static int wire_read(BIO *bio, char *p, int n)
{
	struct wire *w = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (p == NULL || n <= 0)
		return 0;
	if (w->prefix_len > w->prefix_at)
		return wire_read_prefix(w, p, n);
	bool mine = ahead.wire == w;
	if (mine && ahead.end > ahead.at)
		return (int)ahead_read(p, (size_t)n);
	if (mine && w->drained) {
		BIO_set_retry_read(bio);
		return -1;
	}
	bool direct = !mine || n >= WIRE_DIRECT;
	if (!direct && ahead.in == NULL)
		ahead.in = borrow();
	ssize_t got = wire_recv(
		w, direct ? (uint8_t *)p : ahead.in->bytes, direct ? (size_t)n : WIRE_AHEAD);
	if (got < 0 && w->os == 0)
		BIO_set_retry_read(bio);
	if (got <= 0 || direct)
		return (int)got;
	ahead.at = 0;
	ahead.end = (size_t)got;
	return (int)ahead_read(p, (size_t)n);
}

static int wire_write(BIO *bio, const char *p, int n)
{
	struct wire *w = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (p == NULL || n <= 0)
		return 0;
	ssize_t sent;
	do
		sent = send(w->fd, p, (size_t)n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	w->drained = true; /* in a handshake: an answer to it cannot be there yet */
	if (sent >= 0)
		return (int)sent;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		BIO_set_retry_write(bio);
	else
		w->os = errno;
	return -1;
}

static long wire_ctrl(BIO *bio, int command, long n, void *p)
{
	(void)n, (void)p;
	struct wire *w = BIO_get_data(bio);
	if (command == BIO_CTRL_EOF)
		return w->eof;
	return command == BIO_CTRL_FLUSH; /* nothing is buffered here */
}

static int wire_free(BIO *bio)
{
	struct wire *w = BIO_get_data(bio);
	if (w != NULL)
		free(w->prefix);
	free(w);
	BIO_set_data(bio, NULL);
	return 1;
}

static BIO_METHOD *wire_method;
static pthread_once_t wire_once = PTHREAD_ONCE_INIT;

static void wire_make_method(void)
{
	/* Lives as long as the process: SSLs in any thread use it. */
	wire_method =
		BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "clicktrail wire");
	if (wire_method == NULL || BIO_meth_set_read(wire_method, wire_read) != 1 ||
		BIO_meth_set_write(wire_method, wire_write) != 1 ||
		BIO_meth_set_ctrl(wire_method, wire_ctrl) != 1 ||
		BIO_meth_set_destroy(wire_method, wire_free) != 1)
		abort();
}

bool tls_io_attach(struct ssl_st *ssl, int fd, struct span prefix)
{
	pthread_once(&wire_once, wire_make_method);
	struct wire *w = calloc(1, sizeof *w);
	BIO *bio = BIO_new(wire_method);
	if (w == NULL || bio == NULL)
		abort();
	w->fd = fd;
	if (prefix.n > 0) {
		w->prefix = malloc(prefix.n);
		if (w->prefix == NULL)
			abort();
		memcpy(w->prefix, prefix.p, prefix.n);
		w->prefix_len = prefix.n;
		wire_note_first(w, (const char *)prefix.p, prefix.n);
	}
	BIO_set_data(bio, w);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	return true;
}

static struct wire *wire_of(const struct ssl_st *ssl)
{
	return BIO_get_data(SSL_get_rbio(ssl));
}

int tls_io_os(const struct ssl_st *ssl)
{
	return wire_of(ssl)->os;
}

bool tls_io_eof(const struct ssl_st *ssl)
{
	return wire_of(ssl)->eof;
}

struct span tls_io_first(struct ssl_st *ssl)
{
	struct wire *w = wire_of(ssl);
	/* OpenSSL took no more than a record header before it gave up. */
	ssize_t n =
		recv(w->fd, w->first + w->first_n, sizeof w->first - w->first_n, MSG_DONTWAIT);
	if (n > 0)
		w->first_n += (size_t)n;
	return span_of(w->first, w->first_n);
}

const char *tls_io_why(void)
{
	unsigned long e = ERR_peek_error();
	const char *why = e != 0 ? ERR_reason_error_string(e) : "";
	ERR_clear_error();
	return why != NULL ? why : "an error without a name";
}

struct tls *tls_io_new(struct ssl_st *ssl)
{
	struct tls *t = calloc(1, sizeof *t);
	if (t == NULL)
		abort();
	t->ssl = ssl;
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A FIN without close_notify must not keep us from writing what we still owe; the wire
	 * remembers that it was a cut. */
	SSL_set_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	return t;
}

void tls_io_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	free(t);
}

void tls_io_rest(struct tls *t)
{
	/* 0: something is in them, and they stay. */
	(void)!SSL_free_buffers(t->ssl);
}

static enum tls_io why_not(struct tls *t, int ret, struct err *err)
{
	struct wire *w = wire_of(t->ssl);
	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ: return TLS_IO_WANT_READ;
	case SSL_ERROR_WANT_WRITE: return TLS_IO_WANT_WRITE;
	/* close_notify ends a read before the FIN behind it is looked at: eof means that none
	 * came (RFC 8446 6.1). */
	case SSL_ERROR_ZERO_RETURN: return w->eof ? TLS_IO_CUT : TLS_IO_EOF;
	default: break;
	}
	const char *why = tls_io_why();
	if (w->os != 0)
		err_set_os(err, ERR_SYSTEM, w->os, "%s", "");
	else if (w->eof)
		return TLS_IO_CUT;
	else
		err_set(err, ERR_INTERNAL, "TLS: %s", why[0] != 0 ? why : "broken off");
	if (err != NULL)
		err->os = w->os;
	return TLS_IO_ERROR;
}

int tls_io_handshake(struct ssl_st *ssl)
{
	struct wire *w = wire_of(ssl);
	ERR_clear_error();
	ahead_begin(w);
	int ret = SSL_do_handshake(ssl);
	ahead_end(w);
	return ret;
}

/* Another SSL_read would find nothing: neither OpenSSL nor we hold any of it, and the socket
 * was empty. */
static bool dry(const struct tls *t, const struct wire *w)
{
	return w->drained && ahead.at == ahead.end && w->prefix_at == w->prefix_len &&
	       SSL_has_pending(t->ssl) == 0;
}

/* One SSL_read gives one record at most: go on until the room is full or there is nothing,
 * which is told by what SSL_read gives, or by *dried. */
static int read_records(struct tls *t, uint8_t *p, size_t n, size_t *got, bool *dried)
{
	struct wire *w = wire_of(t->ssl);
	int ret = 1;
	ahead_begin(w);
	*dried = false;
	for (size_t part; *got < n && !*dried && ret == 1;) {
		ERR_clear_error();
		ret = SSL_read_ex(t->ssl, p + *got, n - *got, &part);
		if (ret == 1) {
			*got += part;
			*dried = dry(t, w);
		}
	}
	ahead_end(w);
	return ret;
}

enum tls_io tls_io_read(struct tls *t, uint8_t *p, size_t n, size_t *got, struct err *err)
{
	struct wire *w = wire_of(t->ssl);
	*got = 0;
	if (w->end != TLS_IO_OK) {
		if (err != NULL)
			*err = w->end_err;
		return w->end;
	}
	bool dried;
	int ret = read_records(t, p, n, got, &dried);
	if (ret == 1)
		return dried ? TLS_IO_WANT_READ : TLS_IO_OK;
	struct err why = {0};
	enum tls_io end = why_not(t, ret, &why);
	if (end != TLS_IO_WANT_READ && end != TLS_IO_WANT_WRITE) {
		w->end = end;
		w->end_err = why;
	}
	if (err != NULL)
		*err = why;
	return end;
}

enum tls_io tls_io_write(
	struct tls *t, const uint8_t *p, size_t n, size_t *sent, struct err *err)
{
	*sent = 0;
	ERR_clear_error();
	int ret = SSL_write_ex(t->ssl, p, n, sent);
	if (ret == 1)
		return TLS_IO_OK;
	return why_not(t, ret, err);
}

enum tls_io tls_io_end(struct tls *t)
{
	ERR_clear_error();
	int ret = SSL_shutdown(t->ssl);
	if (ret >= 0)
		return TLS_IO_OK; /* 0: sent, the peer's has not come; nobody waits for it */
	return why_not(t, ret, NULL);
}

size_t tls_io_pending(const struct tls *t)
{
	const struct wire *w = wire_of(t->ssl);
	int n = SSL_pending(t->ssl);
	return (n > 0 ? (size_t)n : 0) + (w->prefix_len - w->prefix_at);
}

bool tls_io_urgent(const struct tls *t)
{
	return wire_of(t->ssl)->urgent;
}

bool tls_io_ended(const struct tls *t)
{
	return wire_of(t->ssl)->end != TLS_IO_OK;
}
