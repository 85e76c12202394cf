#include "tests/kit/directory.h"
#include "store/base/buf.h"
#include "tests/kit/make_cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWERS_MAX = 128, SEEN_MAX = 512, HELD_MAX = 16, PATH_TEXT = 300, PATIENCE_MS = 10000 };

#define MUST(cond)                                                                             \
	do {                                                                                   \
		if (!(cond)) {                                                                 \
			fprintf(stderr, "directory: %s: %s\n", #cond, strerror(errno));        \
			abort();                                                               \
		}                                                                              \
	} while (0)

struct answer {
	char path[PATH_TEXT];
	bool for_ever;
	unsigned left;
	int status;
	struct buf fields, body;
};
struct seen {
	char path[PATH_TEXT];
	char *head;
};

struct directory {
	int listener, wake;
	char url[64], other[64], folder[64], cacert[96];
	SSL_CTX *ctx;
	pthread_t thread;
	pthread_mutex_t lock; /* what follows */
	pthread_cond_t news;
	struct answer answers[ANSWERS_MAX];
	size_t n_answers;
	struct seen seen[SEEN_MAX];
	size_t n_seen;
	int held[HELD_MAX];
	size_t n_held;
};

/* ---- one connection ---- */

static ssize_t get(SSL *ssl, int fd, void *p, size_t n)
{
	return ssl != NULL ? SSL_read(ssl, p, (int)n) : recv(fd, p, n, 0);
}

static void put(SSL *ssl, int fd, struct span s)
{
	/* The asker may be gone. */
	for (size_t at = 0; at < s.n;) {
		size_t piece = s.n - at < 16384 ? s.n - at : 16384;
		ssize_t n = ssl != NULL ? SSL_write(ssl, s.p + at, (int)piece)
					: send(fd, s.p + at, piece, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

static bool read_head(SSL *ssl, int fd, struct buf *in)
{
	while (span_find(buf_span(in), span_str("\r\n\r\n"), 0) == SIZE_MAX) {
		struct pollfd p = {fd, POLLIN, 0};
		if ((ssl == NULL || SSL_pending(ssl) == 0) && poll(&p, 1, PATIENCE_MS) != 1)
			return false;
		ssize_t n = get(ssl, fd, buf_room(in, 4096), 4096);
		if (n <= 0)
			return false;
		buf_grew(in, (size_t)n);
	}
	return true;
}

/* "GET /path HTTP/1.1" */
static void path_of(struct span head, char out[PATH_TEXT])
{
	size_t from = span_find_byte(head, ' ', 0);
	size_t to = from != SIZE_MAX ? span_find_byte(head, ' ', from + 1) : SIZE_MAX;
	out[0] = 0;
	if (to != SIZE_MAX)
		snprintf(out, PATH_TEXT, "%.*s", (int)(to - from - 1),
			(const char *)head.p + from + 1);
}

static void add_message(const struct answer *a, struct buf *out)
{
	static const char nothing[] = "{\"errorCode\":404,\"title\":\"Not Found\"}";
	int status = a != NULL ? a->status : 404;
	struct span body = a != NULL ? buf_span(&a->body) : span_str(nothing);
	buf_addf(out, "HTTP/1.1 %d Status\r\nConnection: close\r\nContent-Length: %zu\r\n",
		status, body.n);
	if (a != NULL)
		buf_add_span(out, buf_span(&a->fields));
	buf_add_str(out, "\r\n");
	buf_add_span(out, body);
}

/* Under the lock. */
static void write_down(struct directory *d, struct span head, const char *path)
{
	MUST(d->n_seen < SEEN_MAX);
	struct seen *seen = &d->seen[d->n_seen++];
	snprintf(seen->path, sizeof seen->path, "%s", path);
	MUST((seen->head = calloc(1, head.n + 1)) != NULL);
	memcpy(seen->head, head.p, head.n);
}

/* Whoever takes it for a proxy gets through to itself, whatever host he names. */
static bool play_proxy(struct directory *d, int fd)
{
	uint8_t first = 0;
	char path[PATH_TEXT];
	struct buf in = {0};
	struct pollfd p = {fd, POLLIN, 0};
	if (poll(&p, 1, PATIENCE_MS) != 1 || recv(fd, &first, 1, MSG_PEEK) != 1)
		return false;
	if (first != 'C')
		return true;
	bool good = read_head(NULL, fd, &in);
	if (good) {
		path_of(buf_span(&in), path);
		pthread_mutex_lock(&d->lock);
		write_down(d, buf_span(&in), path);
		pthread_mutex_unlock(&d->lock);
		put(NULL, fd, span_str("HTTP/1.1 200 OK\r\n\r\n"));
	}
	buf_fini(&in);
	return good;
}

/* False: nothing is answered. */
static bool find_answer(struct directory *d, struct span head, struct buf *out)
{
	char path[PATH_TEXT];
	struct answer *found = NULL;
	path_of(head, path);
	pthread_mutex_lock(&d->lock);
	write_down(d, head, path);
	for (size_t i = 0; i < d->n_answers && found == NULL; i++)
		if (strcmp(d->answers[i].path, path) == 0 &&
			(d->answers[i].for_ever || d->answers[i].left > 0))
			found = &d->answers[i];
	if (found != NULL && !found->for_ever)
		found->left--;
	bool answers = found == NULL || found->status != DIRECTORY_HANG;
	if (answers)
		add_message(found, out);
	pthread_cond_broadcast(&d->news);
	pthread_mutex_unlock(&d->lock);
	return answers;
}

/* False: the connection stays open. */
static bool talk(struct directory *d, int fd)
{
	struct buf in = {0}, out = {0};
	bool close_it = true;
	SSL *ssl = NULL;
	if (d->ctx != NULL) {
		struct timeval patience = {PATIENCE_MS / 1000, 0};
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		MUST((ssl = SSL_new(d->ctx)) != NULL && SSL_set_fd(ssl, fd) == 1);
		if (!play_proxy(d, fd)) {
			SSL_free(ssl);
			return true;
		}
	}
	if ((ssl == NULL || SSL_accept(ssl) == 1) && read_head(ssl, fd, &in)) {
		close_it = find_answer(d, buf_span(&in), &out);
		if (close_it)
			put(ssl, fd, buf_span(&out));
	}
	if (ssl != NULL && close_it)
		SSL_shutdown(ssl);
	SSL_free(ssl);
	buf_fini(&in);
	buf_fini(&out);
	return close_it;
}

static void *run(void *arg)
{
	struct directory *d = arg;
	for (;;) {
		struct pollfd fds[2] = {{d->wake, POLLIN, 0}, {d->listener, POLLIN, 0}};
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			return NULL;
		int fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		if (talk(d, fd)) {
			close(fd);
			continue;
		}
		MUST(d->n_held < HELD_MAX);
		d->held[d->n_held++] = fd;
	}
}

/* ---- outside ---- */

static void make_tls(struct directory *d)
{
	struct made root = make_root("Directory Root");
	struct made leaf = make_leaf("IP:127.0.0.1,DNS:shop.test", &root);
	const char *tmp = getenv("TMPDIR");
	snprintf(
		d->folder, sizeof d->folder, "%s/directory-XXXXXX", tmp != NULL ? tmp : "/tmp");
	MUST(mkdtemp(d->folder) != NULL);
	snprintf(d->cacert, sizeof d->cacert, "%s/root.pem", d->folder);
	made_write_pem(&root, d->cacert);
	MUST((d->ctx = SSL_CTX_new(TLS_server_method())) != NULL);
	MUST(SSL_CTX_use_certificate(d->ctx, leaf.cert) == 1 &&
		SSL_CTX_use_PrivateKey(d->ctx, leaf.key) == 1);
	made_free(&leaf);
	made_free(&root);
}

struct directory *directory_start(bool tls)
{
	struct directory *d = calloc(1, sizeof *d);
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	MUST(d != NULL);
	MUST((d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
	MUST(bind(d->listener, (struct sockaddr *)&in, sizeof in) == 0);
	MUST(listen(d->listener, 16) == 0);
	MUST(getsockname(d->listener, (struct sockaddr *)&in, &len) == 0);
	MUST((d->wake = eventfd(0, EFD_CLOEXEC)) >= 0);
	if (tls)
		make_tls(d);
	snprintf(d->url, sizeof d->url, "%s://127.0.0.1:%u", tls ? "https" : "http",
		ntohs(in.sin_port));
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->news, NULL);
	MUST(pthread_create(&d->thread, NULL, run, d) == 0);
	return d;
}

void directory_stop(struct directory *d)
{
	uint64_t one = 1;
	MUST(write(d->wake, &one, sizeof one) == sizeof one);
	pthread_join(d->thread, NULL);
	for (size_t i = 0; i < d->n_held; i++)
		close(d->held[i]);
	for (size_t i = 0; i < d->n_answers; i++) {
		buf_fini(&d->answers[i].fields);
		buf_fini(&d->answers[i].body);
	}
	for (size_t i = 0; i < d->n_seen; i++)
		free(d->seen[i].head);
	if (d->ctx != NULL) {
		SSL_CTX_free(d->ctx);
		unlink(d->cacert);
		rmdir(d->folder);
	}
	pthread_cond_destroy(&d->news);
	pthread_mutex_destroy(&d->lock);
	close(d->wake);
	close(d->listener);
	free(d);
}

const char *directory_url(const struct directory *d)
{
	return d->url;
}

const char *directory_cacert(const struct directory *d)
{
	return d->ctx != NULL ? d->cacert : NULL;
}

void directory_other(struct directory *d, const struct directory *other)
{
	memcpy(d->other, other->url, sizeof d->other);
}

static void add_filled(const struct directory *d, struct span text, struct buf *out)
{
	for (size_t at = 0; at < text.n;) {
		struct span rest = span_from(text, at);
		if (span_starts(rest, "@SELF@")) {
			buf_add_str(out, d->url);
			at += 6;
		} else if (span_starts(rest, "@OTHER@")) {
			buf_add_str(out, d->other);
			at += 7;
		} else {
			buf_add_byte(out, text.p[at++]);
		}
	}
}

void directory_on_bytes(struct directory *d, const char *path, unsigned times, int status,
	const char *fields, struct span body)
{
	struct answer a = {.for_ever = times == 0, .left = times, .status = status};
	MUST(strlen(path) < sizeof a.path);
	memcpy(a.path, path, strlen(path) + 1);
	add_filled(d, span_str(fields), &a.fields);
	add_filled(d, body, &a.body);
	pthread_mutex_lock(&d->lock);
	MUST(d->n_answers < ANSWERS_MAX);
	d->answers[d->n_answers++] = a;
	pthread_mutex_unlock(&d->lock);
}

void directory_on(struct directory *d, const char *path, unsigned times, int status,
	const char *fields, const char *body)
{
	directory_on_bytes(d, path, times, status, fields, span_str(body));
}

void directory_on_file(struct directory *d, const char *path, const char *file)
{
	char name[512];
	struct buf content = {0};
	const char *root = getenv("CLICKTRAIL_SOURCE");
	MUST(root != NULL);
	snprintf(name, sizeof name, "%s/tests/lookup/%s", root, file);
	FILE *f = fopen(name, "re");
	MUST(f != NULL);
	for (size_t n; (n = fread(buf_room(&content, 65536), 1, 65536, f)) > 0;)
		buf_grew(&content, n);
	fclose(f);
	directory_on_bytes(
		d, path, 0, 200, "Content-Type: application/rdap+json\r\n", buf_span(&content));
	buf_fini(&content);
}

static unsigned count(const struct directory *d, const char *path)
{
	unsigned n = 0;
	for (size_t i = 0; i < d->n_seen; i++)
		n += path == NULL || strcmp(d->seen[i].path, path) == 0;
	return n;
}

unsigned directory_asked(struct directory *d, const char *path)
{
	pthread_mutex_lock(&d->lock);
	unsigned n = count(d, path);
	pthread_mutex_unlock(&d->lock);
	return n;
}

bool directory_await(struct directory *d, const char *path)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&d->lock);
	while (count(d, path) == 0 && pthread_cond_timedwait(&d->news, &d->lock, &until) == 0)
		;
	bool came = count(d, path) > 0;
	pthread_mutex_unlock(&d->lock);
	return came;
}

char *directory_head(struct directory *d, const char *path)
{
	const char *head = "";
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->n_seen; i++)
		if (strcmp(d->seen[i].path, path) == 0)
			head = d->seen[i].head;
	char *copy = strdup(head);
	pthread_mutex_unlock(&d->lock);
	MUST(copy != NULL);
	return copy;
}
