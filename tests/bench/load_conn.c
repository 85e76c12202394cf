/*
 * One connection of the load client: dial, CONNECT, handshake, request, answer. Edge-triggered:
 * each step goes as far as it can, and what would block ends the round.
 */
#include "tests/bench/load.h"
#include "tests/bench/load_list.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum step { STEP_ON, STEP_WAIT, STEP_ENDED };

int64_t load_now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

ssize_t load_conn_read(struct load_conn *c, void *to, size_t max)
{
	if (c->ssl == NULL) {
		ssize_t n = read(c->fd, to, max);
		return n >= 0 ? n : errno == EAGAIN ? -1 : -2;
	}
	ERR_clear_error();
	int n = SSL_read(c->ssl, to, (int)max);
	if (n > 0)
		return n;
	int why = SSL_get_error(c->ssl, n);
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1
	       : why == SSL_ERROR_ZERO_RETURN                            ? 0
									 : -2;
}

ssize_t load_conn_write(struct load_conn *c, const void *from, size_t n)
{
	if (c->ssl == NULL) {
		ssize_t sent = send(c->fd, from, n, MSG_NOSIGNAL);
		return sent >= 0 ? sent : errno == EAGAIN ? -1 : -2;
	}
	ERR_clear_error();
	int sent = SSL_write(c->ssl, from, (int)n);
	if (sent > 0)
		return sent;
	int why = SSL_get_error(c->ssl, sent);
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1 : -2;
}

void load_conn_close(struct load_conn *c)
{
	if (c->state == LOAD_CLOSED)
		return;
	if (c->h2 != NULL)
		load_h2_end(c);
	if (c->ssl != NULL) {
		/* RFC 8446 6.1: our end is announced; nobody waits for theirs. */
		if (SSL_is_init_finished(c->ssl))
			SSL_shutdown(c->ssl);
		ERR_clear_error();
		SSL_free(c->ssl);
	}
	c->ssl = NULL;
	close(c->fd);
	c->fd = -1;
	c->state = LOAD_CLOSED;
}

static void dial(struct load_conn *c)
{
	struct load_run *run = c->run;
	const struct sockaddr_in *to = run->o.via_proxy ? &run->o.proxy : &run->o.origin;
	int on = 1;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
	c->state = LOAD_DIALLING;
	run->stats.connections++;
	if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
		epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0 ||
		(connect(c->fd, (const struct sockaddr *)to, sizeof *to) != 0 &&
			errno != EINPROGRESS))
		load_conn_failed(c, LOAD_ERROR_DIAL);
}

static enum step cut(struct load_conn *c, const char *doing, ssize_t n)
{
	unsigned long code = ERR_peek_error();
	snprintf(c->run->stats.trouble, sizeof c->run->stats.trouble, "cut while %s: %s", doing,
		n == 0      ? "the end"
		: code != 0 ? ERR_reason_error_string(code)
			    : strerror(errno));
	load_conn_failed(c, LOAD_ERROR_CUT);
	return STEP_ENDED;
}

static void put_request(struct load_conn *c)
{
	const struct load_options *o = &c->run->o;
	const struct load_request *r = &c->request;
	bool absolute = o->mode->plain && o->via_proxy && !o->transparent;
	bool upload = o->mode->body == BODY_KIND_UPLOAD;
	unsigned port = ntohs(o->origin.sin_port);
	char before[LOAD_HOST_MAX + 32] = "", length[48] = "", at[16] = "";
	/* Browsers leave out what goes without saying. */
	if (port != (o->mode->plain ? 80 : 443))
		snprintf(at, sizeof at, ":%u", port);
	if (absolute)
		snprintf(before, sizeof before, "http://%s%s", r->host, at);
	if (upload)
		snprintf(length, sizeof length, "Content-Length: %llu\r\n",
			(unsigned long long)r->body.size);
	int n = snprintf(c->out, sizeof c->out, "%s %s%s HTTP/1.1\r\nHost: %s%s\r\n%s%s%s\r\n",
		upload ? "PUT" : "GET", before, r->path, r->host, at,
		o->of > 0 ? load_list_lines
			  : "User-Agent: bench_load/1\r\nAccept: text/html,*/*\r\n",
		length,
		o->mode->trail ? "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n"
				 "Sec-Fetch-Dest: document\r\n"
			       : "");
	if (n < 0 || (size_t)n >= sizeof c->out)
		abort();
	c->out_len = (size_t)n;
	c->out_sent = c->piece_len = c->piece_sent = 0;
	reply_init(&c->reply);
	c->state = LOAD_SENDING;
}

static void put_connect(struct load_conn *c)
{
	unsigned port = ntohs(c->run->o.origin.sin_port);
	int n = snprintf(c->out, sizeof c->out, "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n\r\n",
		c->host, port, c->host, port);
	c->out_len = (size_t)n;
	c->out_sent = 0;
	reply_init(&c->reply);
	c->state = LOAD_ASKING;
}

static void put_hello(struct load_conn *c)
{
	struct load_run *run = c->run;
	static const unsigned char h1[] = "\x08http/1.1", h2[] = "\x02h2\x08http/1.1";
	c->ssl = SSL_new(run->tls);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
		SSL_set_tlsext_host_name(c->ssl, c->host) != 1 ||
		SSL_set1_host(c->ssl, c->host) != 1 ||
		(run->o.mode->h2 ? SSL_set_alpn_protos(c->ssl, h2, sizeof h2 - 1)
				 : SSL_set_alpn_protos(c->ssl, h1, sizeof h1 - 1)) != 0)
		abort();
	SSL_set_connect_state(c->ssl);
	c->state = LOAD_SHAKING;
}

/* Acknowledges at once what comes now. A proxy without TCP_NODELAY (sslsplit) holds its next
 * segment until then; 40 ms of our own kernel's delay would be all that is measured of it. */
static void hurry(struct load_conn *c)
{
	int on = 1;
	if (c->run->o.mode->fresh)
		setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static enum step dialled(struct load_conn *c)
{
	const struct load_options *o = &c->run->o;
	int error = 0;
	socklen_t len = sizeof error;
	struct sockaddr_in peer;
	socklen_t peer_len = sizeof peer;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
		load_conn_failed(c, LOAD_ERROR_DIAL);
		return STEP_ENDED;
	}
	if (getpeername(c->fd, (struct sockaddr *)&peer, &peer_len) != 0)
		return STEP_WAIT;
	if (o->mode->plain)
		put_request(c);
	else if (o->via_proxy && !o->transparent)
		put_connect(c);
	else
		put_hello(c);
	return STEP_ON;
}

/* What is left of c->out. */
static enum step send_head(struct load_conn *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = load_conn_write(c, c->out + c->out_sent, c->out_len - c->out_sent);
		if (n == -1)
			return STEP_WAIT;
		if (n <= 0) {
			return cut(c, "sending a head", n);
		}
		c->out_sent += (size_t)n;
	}
	return STEP_ON;
}

/* RFC 9110 9.3.6: the tunnel begins behind the empty line; a proxy says nothing more before we
 * do, so that reading byte by byte is not needed. */
static enum step ask(struct load_conn *c)
{
	char bytes[REPLY_HEAD_MAX];
	enum step sent = send_head(c);
	if (sent != STEP_ON)
		return sent;
	while (!c->reply.headed) {
		ssize_t n = load_conn_read(c, bytes, sizeof bytes);
		if (n == -1)
			return STEP_WAIT;
		long used = n > 0 ? reply_head(&c->reply, bytes, (size_t)n) : -1;
		/* A 200 to CONNECT has no length: the reader calls that no answer. */
		bool answer = c->reply.headed && c->reply.status == 200;
		if (n <= 0 || (used < 0 && !answer) || (c->reply.headed && !answer)) {
			snprintf(c->run->stats.trouble, sizeof c->run->stats.trouble,
				"CONNECT %s: status %u", c->host, c->reply.status);
			load_conn_failed(c, LOAD_ERROR_CONNECT);
			return STEP_ENDED;
		}
	}
	put_hello(c);
	return STEP_ON;
}

static void note_issuer(struct load_conn *c)
{
	char issuer[128] = "?", tls[96];
	X509 *cert = SSL_get0_peer_certificate(c->ssl);
	if (cert != NULL)
		X509_NAME_get_text_by_NID(
			X509_get_issuer_name(cert), NID_commonName, issuer, (int)sizeof issuer);
	snprintf(tls, sizeof tls, "%s %s %s", SSL_get_version(c->ssl),
		SSL_get_cipher_name(c->ssl),
		cert != NULL ? EVP_PKEY_get0_type_name(X509_get0_pubkey(cert)) : "");
	stats_issuer(&c->run->stats, issuer, tls);
}

static enum step shake(struct load_conn *c)
{
	struct load_stats *stats = &c->run->stats;
	ERR_clear_error();
	int n = SSL_do_handshake(c->ssl);
	if (n != 1) {
		int why = SSL_get_error(c->ssl, n);
		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
			return STEP_WAIT;
		long verified = SSL_get_verify_result(c->ssl);
		unsigned long code = ERR_peek_error();
		snprintf(stats->trouble, sizeof stats->trouble, "TLS with %s: %s", c->host,
			verified != X509_V_OK ? X509_verify_cert_error_string(verified)
			: code != 0           ? ERR_reason_error_string(code)
					      : "cut");
		load_conn_failed(c, LOAD_ERROR_TLS);
		return STEP_ENDED;
	}
	note_issuer(c);
	if (!c->run->o.mode->h2) {
		put_request(c);
		return STEP_ON;
	}
	const unsigned char *alpn;
	unsigned alpn_len;
	SSL_get0_alpn_selected(c->ssl, &alpn, &alpn_len);
	if (alpn_len != 2 || memcmp(alpn, "h2", 2) != 0) {
		snprintf(stats->trouble, sizeof stats->trouble, "h2 was not chosen");
		load_conn_failed(c, LOAD_ERROR_TLS);
		return STEP_ENDED;
	}
	load_h2_begin(c);
	return STEP_ON;
}

static enum step send_request(struct load_conn *c)
{
	struct body *body = &c->request.body;
	enum step sent = send_head(c);
	if (sent != STEP_ON)
		return sent;
	while (body->kind == BODY_KIND_UPLOAD &&
		(c->piece_sent < c->piece_len || body->at < body->size)) {
		if (c->piece == NULL && (c->piece = malloc(LOAD_PIECE)) == NULL)
			abort();
		if (c->piece_sent == c->piece_len) {
			c->piece_len = body_make(body, c->piece, LOAD_PIECE);
			c->piece_sent = 0;
		}
		ssize_t n = load_conn_write(
			c, c->piece + c->piece_sent, c->piece_len - c->piece_sent);
		if (n == -1)
			return STEP_WAIT;
		if (n <= 0) {
			return cut(c, "sending a body", n);
		}
		c->piece_sent += (size_t)n;
		c->progress_us = load_now_us();
	}
	c->state = LOAD_READING;
	hurry(c);
	/* The answer is an edge of its own, and now it is the others' turn; but to an upload it
	 * may have come before. */
	return body->kind == BODY_KIND_UPLOAD ? STEP_ON : STEP_WAIT;
}

static enum load_error check_head(struct load_conn *c)
{
	const struct load_reply *reply = &c->reply;
	const struct load_request *r = &c->request;
	bool upload = c->run->o.mode->body == BODY_KIND_UPLOAD;
	bool last = !c->run->o.mode->trail || r->hop + 1 == LOAD_TRAIL_HOPS;
	unsigned wanted = !last ? 302 : 200;
	/* RFC 9110 9.3.4: 201 for what was made, 204 for what was replaced. */
	bool status =
		upload ? reply->status == 201 || reply->status == 204 : reply->status == wanted;
	if (!status)
		snprintf(c->run->stats.trouble, sizeof c->run->stats.trouble, "%s%s: %u",
			r->host, r->path, reply->status);
	return !status                                            ? LOAD_ERROR_STATUS
	       : !upload && last && reply->length != r->body.size ? LOAD_ERROR_LENGTH
								  : LOAD_ERROR_KINDS;
}

static enum load_error take_bytes(struct load_conn *c, const char *bytes, size_t n)
{
	struct load_reply *reply = &c->reply;
	if (!reply->headed) {
		long used = reply_head(reply, bytes, n);
		if (used < 0)
			return LOAD_ERROR_FRAMING;
		if (!reply->headed)
			return LOAD_ERROR_KINDS;
		enum load_error wrong = check_head(c);
		if (wrong != LOAD_ERROR_KINDS)
			return wrong;
		bytes += used;
		n -= (size_t)used;
	}
	if (n == 0)
		return LOAD_ERROR_KINDS;
	if (c->request.first_us == 0)
		c->request.first_us = load_now_us();
	reply->got += n;
	if (reply->got > reply->length)
		return LOAD_ERROR_LENGTH;
	if (reply->status == 200 && !body_check(&c->request.body, bytes, n))
		return LOAD_ERROR_BYTES;
	return LOAD_ERROR_KINDS;
}

static enum step read_answer(struct load_conn *c)
{
	char bytes[LOAD_PIECE];
	while (!c->reply.headed || c->reply.got < c->reply.length) {
		ssize_t n = load_conn_read(c, bytes, sizeof bytes);
		if (n == -1)
			return STEP_WAIT;
		if (n <= 0) {
			return cut(c, "reading", n);
		}
		c->progress_us = load_now_us();
		enum load_error wrong = take_bytes(c, bytes, (size_t)n);
		if (wrong != LOAD_ERROR_KINDS) {
			load_conn_failed(c, wrong);
			return STEP_ENDED;
		}
	}
	c->state = LOAD_IDLE;
	load_plan_answered(c);
	/* A connection that was dialled anew waits for its turn: on loopback it could run
	 * through all its steps now, and the others would starve. */
	return c->state == LOAD_DIALLING ? STEP_WAIT : STEP_ON;
}

void load_conn_drive(struct load_conn *c)
{
	enum step step = STEP_ON;
	c->progress_us = load_now_us();
	while (step == STEP_ON) {
		switch (c->state) {
		case LOAD_CLOSED: return;
		case LOAD_DIALLING: step = dialled(c); break;
		case LOAD_ASKING: step = ask(c); break;
		case LOAD_SHAKING: step = shake(c); break;
		case LOAD_SENDING: step = send_request(c); break;
		case LOAD_READING: step = read_answer(c); break;
		case LOAD_H2: load_h2_drive(c); return;
		case LOAD_IDLE: {
			/* Tickets come here, and the other side's end. */
			char bytes[16];
			ssize_t n = load_conn_read(c, bytes, sizeof bytes);
			if (n == -1)
				return;
			if (c->run->o.mode->hold)
				load_conn_failed(c, LOAD_ERROR_CUT);
			else
				load_conn_close(c);
			return;
		}
		}
	}
}

void load_conn_send(struct load_conn *c)
{
	c->request.begun_us = c->progress_us = load_now_us();
	if (c->state == LOAD_IDLE && strcmp(c->host, c->request.host) == 0) {
		put_request(c);
		return;
	}
	load_conn_close(c);
	memcpy(c->host, c->request.host, sizeof c->host);
	dial(c);
}
