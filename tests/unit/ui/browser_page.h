/*
 * What a browser test needs around the browser: a tiny proxy on its listening socket that
 * answers every request itself (https by a root of its own), remembers what was asked, and
 * looks at process trees. A thread for each connection (Chromium opens one more than it needs),
 * one request a connection. Included by one test program each; asserts are cmocka's.
 */
#ifndef TESTS_UNIT_UI_BROWSER_PAGE_H
#define TESTS_UNIT_UI_BROWSER_PAGE_H

#include "ui/browser/browser.h"
#include "ui/browser/inside.h"
#include "store/base/buf.h"
#include "store/base/clock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum {
	PAGE_LIMIT_S = 60,
	PAGE_WAIT_MS = 40000,
	PAGE_REQUESTS = 64,
	PAGE_CONN_S = 5,
	PAGE_LOOK_MS = 20,
	PAGE_TREE = 256
};

/* Reports what a page can see of its browser, in a request of its own. */
static const char page_html[] =
	"<!doctype html><meta name=viewport "
	"content='width=device-width'><title>t</title><body><p>page<script>\n"
	"fetch('/"
	"report?'+[navigator.webdriver,document.visibilityState,screen.width,screen.height,"
	"navigator.onLine,Intl.DateTimeFormat().resolvedOptions().timeZone,"
	"navigator.languages.join('+'),innerWidth,navigator.platform,'ontouchstart' in "
	"window].join(';')"
	"+';'+encodeURIComponent(navigator.userAgent));\n"
	"(async()=>{const u=navigator.userAgentData,h=u&&await u.getHighEntropyValues([]);\n"
	"fetch('/report2?;hints='+(u?[u.platform,u.mobile,h.platform,h.mobile]:'none')\n"
	"+';coarse='+matchMedia('(pointer:coarse)').matches+';'+navigator.maxTouchPoints)})()\n"
	"</script>";

/* Sends itself from https to http, of which browsers like to warn. */
static const char page_form[] =
	"<!doctype html><form id=f method=post action=http://link.example/took>"
	"<input name=a value=1></form><script>f.submit()</script>";

struct page {
	struct browser *browser;
	int listen_fd;
	EVP_PKEY *ca_key, *leaf_key;
	X509 *ca;
	char *ca_pem;
	pthread_mutex_t lock;      /* of the three that follow */
	char *seen[PAGE_REQUESTS]; /* "https|http host" newline and the head as it came */
	size_t seen_n;
	size_t busy; /* connections that are being answered */
	bool exited, gone;
	char last_line[BROWSER_LINE_MAX]; /* of the browser's stderr */
};

static inline X509 *page_cert(EVP_PKEY *key, const char *cn, X509 *issuer, EVP_PKEY *by)
{
	X509 *c = X509_new();
	X509V3_CTX ctx;
	char san[300];
	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(c), issuer != NULL ? 1000 + rand() : 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -86400);
	X509_gmtime_adj(X509_getm_notAfter(c), 30L * 86400);
	X509_set_pubkey(c, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
		(const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(issuer != NULL ? issuer : c));
	X509V3_set_ctx(&ctx, issuer != NULL ? issuer : c, c, NULL, NULL, 0);
	snprintf(san, sizeof san, "DNS:%s", cn);
	const struct {
		int nid;
		const char *value;
	} root[] = {{NID_basic_constraints, "critical,CA:TRUE"},
		{NID_key_usage, "critical,keyCertSign"}},
	  leaf[] = {{NID_subject_alt_name, san}, {NID_ext_key_usage, "serverAuth"}};
	for (size_t i = 0; i < 2; i++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx,
			issuer != NULL ? leaf[i].nid : root[i].nid,
			issuer != NULL ? leaf[i].value : root[i].value);
		assert_non_null(e);
		X509_add_ext(c, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(c, by, EVP_sha256()) > 0);
	return c;
}

static inline void page_init(struct page *p)
{
	*p = (struct page){.listen_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
	p->ca_key = EVP_EC_gen("P-256");
	p->leaf_key = EVP_EC_gen("P-256");
	p->ca = page_cert(p->ca_key, "clicktrail test root", NULL, p->ca_key);
	BIO *b = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(b, p->ca);
	char *text;
	long n = BIO_get_mem_data(b, &text);
	p->ca_pem = calloc(1, (size_t)n + 1);
	memcpy(p->ca_pem, text, (size_t)n);
	BIO_free(b);
}

static inline void page_fini(struct page *p)
{
	browser_free(p->browser);
	prctl(PR_SET_DUMPABLE, 1); /* the leak checker reads us */
	/* Its browser is gone: each ends at once, or when its time is over. */
	for (bool busy = true; busy; poll(NULL, 0, 1)) {
		pthread_mutex_lock(&p->lock);
		busy = p->busy > 0;
		pthread_mutex_unlock(&p->lock);
	}
	if (p->listen_fd >= 0)
		close(p->listen_fd);
	for (size_t i = 0; i < p->seen_n; i++)
		free(p->seen[i]);
	EVP_PKEY_free(p->ca_key);
	EVP_PKEY_free(p->leaf_key);
	X509_free(p->ca);
	free(p->ca_pem);
}

/* Reads up to the empty line, plain or through TLS. */
static inline bool page_head(int fd, SSL *tls, char *out, size_t cap)
{
	size_t n = 0;
	while (n + 1 < cap) {
		ssize_t got = tls != NULL ? SSL_read(tls, out + n, 1) : read(fd, out + n, 1);
		if (got <= 0)
			return false;
		out[++n] = 0;
		if (n >= 4 && memcmp(out + n - 4, "\r\n\r\n", 4) == 0)
			return true;
	}
	return false;
}

static inline void page_answer(struct page *p, int fd, SSL *tls, const char *host, char *head)
{
	char out[4096];
	const char *path = strchr(head, ' ');
	bool page = path != NULL &&
		    (strstr(head, "/start") != NULL || strstr(head, "/ready") != NULL) &&
		    strstr(head, "/report") == NULL && strstr(head, "favicon") == NULL;
	const char *text = path != NULL && strncmp(path, " /form", 6) == 0 ? page_form
			   : page                                          ? page_html
									   : "";
	int n = snprintf(out, sizeof out,
		"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n%s",
		text[0] != 0 ? "200 OK" : "404 Not Found", strlen(text), text);
	struct buf b = {0};
	buf_addf(&b, "%s %s\n%s", tls != NULL ? "https" : "http", host, head);
	pthread_mutex_lock(&p->lock);
	if (p->seen_n == PAGE_REQUESTS)
		abort(); /* no cmocka outside the main thread */
	p->seen[p->seen_n++] = buf_take_str(&b);
	pthread_mutex_unlock(&p->lock);
	if (tls != NULL)
		SSL_write(tls, out, n);
	else
		(void)!send(fd, out, (size_t)n, MSG_NOSIGNAL);
}

static inline void page_tls(struct page *p, int fd, const char *host)
{
	char head[16384];
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	X509 *leaf = page_cert(p->leaf_key, host, p->ca, p->ca_key);
	SSL_CTX_use_certificate(ctx, leaf);
	SSL_CTX_use_PrivateKey(ctx, p->leaf_key);
	SSL *tls = SSL_new(ctx);
	SSL_set_fd(tls, fd);
	if (SSL_accept(tls) == 1 && page_head(fd, tls, head, sizeof head)) {
		page_answer(p, fd, tls, host, head);
		SSL_shutdown(tls);
	}
	SSL_free(tls);
	X509_free(leaf);
	SSL_CTX_free(ctx);
}

static inline void page_connection(struct page *p, int fd)
{
	char head[16384], host[256];
	struct timeval limit = {PAGE_CONN_S, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (page_head(fd, NULL, head, sizeof head)) {
		if (sscanf(head, "CONNECT %255[^:]", host) == 1) {
			static const char ok[] = "HTTP/1.1 200 ok\r\n\r\n";
			(void)!send(fd, ok, strlen(ok), MSG_NOSIGNAL);
			page_tls(p, fd, host);
		} else if (sscanf(head, "%*s http://%255[^/]", host) == 1) {
			page_answer(p, fd, NULL, host, head);
		}
	}
	close(fd);
}

struct page_visit {
	struct page *p;
	int fd;
};

static inline void *page_visit(void *arg)
{
	struct page_visit v = *(struct page_visit *)arg;
	free(arg);
	page_connection(v.p, v.fd);
	pthread_mutex_lock(&v.p->lock);
	v.p->busy--;
	pthread_mutex_unlock(&v.p->lock);
	return NULL;
}

static inline void page_accept(struct page *p)
{
	pthread_t thread;
	int fd = accept(p->listen_fd, NULL, NULL);
	if (fd < 0)
		return;
	struct page_visit *v = malloc(sizeof *v);
	*v = (struct page_visit){p, fd};
	pthread_mutex_lock(&p->lock);
	p->busy++;
	pthread_mutex_unlock(&p->lock);
	assert_int_equal(pthread_create(&thread, NULL, page_visit, v), 0);
	pthread_detach(thread);
}

/* The request whose "https host" line and head contain both words; NULL: not yet. */
static inline char *page_find(struct page *p, const char *host, const char *word)
{
	char *found = NULL;
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->seen_n && found == NULL; i++) {
		size_t line = strcspn(p->seen[i], "\n");
		if (strlen(host) == line && strncmp(p->seen[i], host, line) == 0 &&
			strstr(p->seen[i] + line, word) != NULL)
			found = p->seen[i];
	}
	pthread_mutex_unlock(&p->lock);
	return found;
}

/* Serves until such a request was seen (NULL: until the browser exited), and asserts that it
 * came in time. */
static inline char *page_wait(struct page *p, const char *host, const char *word)
{
	int64_t until = clock_now_us(clock_real()) + (int64_t)PAGE_WAIT_MS * 1000;
	for (;;) {
		if (host == NULL && p->exited)
			return NULL;
		char *found = host != NULL ? page_find(p, host, word) : NULL;
		if (found != NULL)
			return found;
		int64_t left = (until - clock_now_us(clock_real())) / 1000;
		if (left <= 0 || p->gone || (host != NULL && p->exited)) {
			print_error("never seen: %s with %s; %zu requests; last words: %s\n",
				host != NULL ? host : "an exit", word != NULL ? word : "",
				p->seen_n, p->last_line);
			for (size_t i = 0; i < p->seen_n; i++)
				print_error("%.200s\n", p->seen[i]);
			fail();
		}
		struct pollfd f[2] = {
			{p->listen_fd, POLLIN, 0}, {browser_fd(p->browser), POLLIN, 0}};
		/* Other threads find as well. */
		poll(f, 2, left > PAGE_LOOK_MS ? PAGE_LOOK_MS : (int)left);
		page_accept(p);
		struct browser_event e;
		while (browser_next(p->browser, &e)) {
			if (e.kind == BROWSER_LINE)
				memcpy(p->last_line, e.line, sizeof p->last_line);
			p->exited = p->exited || e.kind == BROWSER_EXITED;
			p->gone = p->gone || e.kind == BROWSER_GONE;
		}
	}
}

/* Starts and opens; a failure shows its text. */
static inline void page_start(struct page *p, const struct browser_launch *launch,
	struct browser_about *about, const char *const *urls, size_t n)
{
	struct err err = {0};
	char text[600];
	*about = (struct browser_about){0};
	p->browser = browser_fork(&err);
	/* As the real program: unreadable to others from here on, which must not hinder the
	 * jail. */
	prctl(PR_SET_DUMPABLE, 0);
	bool ok = p->browser != NULL &&
		  browser_start(p->browser, launch, &p->listen_fd, about, &err) &&
		  browser_open(p->browser, urls, n, &err);
	err_text(&err, text, sizeof text);
	if (!ok)
		print_error("%s\n", text);
	assert_true(ok);
}

struct tree {
	pid_t pid[PAGE_TREE];
	int fd[PAGE_TREE]; /* pidfds: a number used again is not mistaken for the process that
			      had it */
	size_t n;
	char profile[256]; /* the folder that the browser was given */
};

static inline pid_t tree_parent(pid_t pid)
{
	char path[64], text[512];
	pid_t parent = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	char *at = strrchr(text, ')');
	return at != NULL && sscanf(at + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static inline void tree_profile(struct tree *t, pid_t pid)
{
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return;
	size_t n = fread(text, 1, sizeof text - 1, f);
	text[n] = 0;
	fclose(f);
	if (strstr(text, "firefox") == NULL && strstr(text, "chromium") == NULL)
		return;
	for (size_t at = 0; at < n; at += strlen(text + at) + 1) {
		if (strcmp(text + at, "--profile") == 0 && at + 10 < n)
			snprintf(t->profile, sizeof t->profile, "%.255s", text + at + 10);
		/* Chromium writes its line anew, with spaces. */
		const char *dir = strstr(text + at, "--user-data-dir=");
		if (dir != NULL)
			snprintf(t->profile, sizeof t->profile, "%.*s",
				(int)strcspn(dir + 16, " "), dir + 16);
	}
}

/* All descendants of root, without itself. */
static inline void tree_of(struct tree *t, pid_t root)
{
	*t = (struct tree){0};
	pid_t all[4096], parents[4096];
	size_t n = 0;
	DIR *d = opendir("/proc");
	for (struct dirent *e; n < 4096 && (e = readdir(d)) != NULL;)
		if (isdigit((unsigned char)e->d_name[0])) {
			all[n] = atoi(e->d_name);
			parents[n] = tree_parent(all[n]);
			n++;
		}
	closedir(d);
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < n; i++) {
			bool ours = parents[i] == root;
			for (size_t k = 0; !ours && k < t->n; k++)
				ours = t->pid[k] == parents[i];
			if (!ours || all[i] == 0)
				continue;
			assert_true(t->n < PAGE_TREE);
			t->fd[t->n] = pidfd_open(all[i], 0);
			t->pid[t->n] = all[i];
			tree_profile(t, all[i]);
			all[i] = 0;
			if (t->fd[t->n] >= 0)
				t->n++;
			more = true;
		}
	}
}

/* How many still run when time is over, or at once when none does. */
static inline size_t tree_alive(struct tree *t, int ms)
{
	size_t alive = 0;
	for (size_t i = 0; i < t->n; i++) {
		struct pollfd f = {t->fd[i], POLLIN, 0};
		alive += poll(&f, 1, alive > 0 ? 0 : ms) != 1;
	}
	return alive;
}

static inline void tree_fini(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		close(t->fd[i]);
	t->n = 0;
}

#endif
