#include "ui/fetch.h"
#include "store/derive/url.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct work {
	CURL *curl;
	const struct fetch_request *req;
	struct fetch_answer *out;
	struct curl_slist *fields;
	const char *host; /* for people */
	size_t head_bytes;
	bool head_over, head_too_long, body_too_long;
	bool refused, given_up;      /* by who asks */
	char words[CURL_ERROR_SIZE]; /* libcurl's own */
};

static pthread_once_t started = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

void fetch_answer_fini(struct fetch_answer *a)
{
	buf_fini(&a->head);
	buf_fini(&a->body);
	*a = (struct fetch_answer){0};
}

struct span fetch_field(const struct fetch_answer *a, const char *name)
{
	struct span left = buf_span(&a->head);
	while (left.n > 0) {
		size_t end = span_find_byte(left, '\n', 0);
		struct span line = span_first(left, end);
		size_t colon = span_find_byte(line, ':', 0);
		if (colon != SIZE_MAX && span_is_nocase(span_first(line, colon), name))
			return span_trim(span_from(line, colon + 1), " \t\r");
		left = end == SIZE_MAX ? SPAN_NONE : span_from(left, end + 1);
	}
	return SPAN_NONE;
}

/* libcurl's callbacks: what is not the count of the bytes ends the transfer. */
static size_t take_head(char *p, size_t size, size_t n, void *ctx)
{
	struct work *w = ctx;
	struct span line = span_of(p, size * n);
	long status = 0;
	w->head_bytes += line.n;
	w->head_too_long = w->head_bytes > FETCH_HEAD_MAX;
	if (w->head_too_long)
		return 0;
	if (w->head_over) /* trailers */
		return line.n;
	if (span_starts(line, "HTTP/"))
		buf_clear(&w->out->head);
	buf_add_span(&w->out->head, line);
	curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
	w->head_over = status >= 200 && span_trim(line, "\r\n").n == 0;
	return line.n;
}

static size_t take_body(char *p, size_t size, size_t n, void *ctx)
{
	struct work *w = ctx;
	size_t room = w->req->max_bytes - buf_len(&w->out->body);
	w->body_too_long = size * n > room;
	if (w->body_too_long && w->req->keep_start)
		buf_add(&w->out->body, p, room);
	if (w->body_too_long)
		return 0;
	buf_add(&w->out->body, p, size * n);
	return size * n;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct work *w = ctx;
	(void)purpose;
	/* Decided on the address that is then connected to, never on a name. */
	if (!w->req->may_connect(w->req->ctx, &address->addr)) {
		w->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct work *w = ctx;
	(void)a, (void)b, (void)c, (void)d;
	w->given_up = w->given_up || w->req->give_up(w->req->ctx);
	return w->given_up;
}

static bool add_field(struct work *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static bool add_field(struct work *w, const char *format, ...)
{
	char line[512];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	assert(n > 0 && n < (int)sizeof line && strpbrk(line, "\r\n") == NULL);
	struct curl_slist *more = curl_slist_append(w->fields, line);
	if (more != NULL)
		w->fields = more;
	return more != NULL;
}

static bool set_fields(struct work *w)
{
	const struct fetch_request *req = w->req;
	bool good = true;
	if (req->accept != NULL)
		good = add_field(w, "Accept: %s", req->accept);
	if (req->body.p == NULL)
		return good;
	assert(req->content_type != NULL);
	return good && add_field(w, "Content-Type: %s", req->content_type);
}

static bool set_message(struct work *w, const char *url)
{
	const struct fetch_request *req = w->req;
	CURL *c = w->curl;
	bool good = set_fields(w) && curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK;
	if (req->body.p != NULL)
		good = good && curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
			       (curl_off_t)req->body.n) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)req->body.p) ==
			       CURLE_OK;
	return good &&
	       curl_easy_setopt(c, CURLOPT_USERAGENT, "clicktrail/" CLICKTRAIL_VERSION) ==
		       CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTPHEADER, w->fields) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERDATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, w) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, w->words) == CURLE_OK &&
	       (req->keep_start || curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE,
					   (curl_off_t)req->max_bytes) == CURLE_OK);
}

static bool set_calls(struct work *w)
{
	const struct fetch_request *req = w->req;
	CURL *c = w->curl;
	bool good = true;
	if (req->may_connect != NULL && req->proxy == NULL)
		good = curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) ==
			       CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, w) == CURLE_OK;
	if (req->give_up != NULL)
		good = good && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, progress) == CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_XFERINFODATA, w) == CURLE_OK;
	return good;
}

/* Where it may go, and for how long. What libcurl would do by default is said as well. */
static bool set_road(struct work *w)
{
	const struct fetch_request *req = w->req;
	CURL *c = w->curl;
	long all = req->timeout_ms > 0 ? req->timeout_ms : FETCH_TIMEOUT_MS;
	long connect = all < FETCH_CONNECT_MS ? all : FETCH_CONNECT_MS;
	/* An empty text, where NULL would mean the environment's. */
	const char *proxy = req->proxy != NULL ? req->proxy : "";
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
		       CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, proxy) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, all) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect) == CURLE_OK &&
	       /* The system's stay trusted: Debian's libcurl has them as a folder too. */
	       (req->cacert == NULL ||
		       curl_easy_setopt(c, CURLOPT_CAINFO, req->cacert) == CURLE_OK);
}

static bool explain(const struct work *w, CURLcode code, struct err *err)
{
	const char *words = w->words[0] != 0 ? w->words : curl_easy_strerror(code);
	if (w->given_up)
		return err_set(err, ERR_SHUTDOWN, "while %s was asked", w->host);
	if (w->refused && code == CURLE_COULDNT_CONNECT)
		return err_set(err, ERR_REFUSED_ADDRESS,
			"%s: its address is private or reserved", w->host);
	if (w->body_too_long || code == CURLE_FILESIZE_EXCEEDED)
		return err_set(err, ERR_LIMIT, "%s: its answer is longer than %zu bytes",
			w->host, w->req->max_bytes);
	if (w->head_too_long)
		return err_set(err, ERR_LIMIT, "%s: its answer's head is longer than %d bytes",
			w->host, FETCH_HEAD_MAX);
	/* libcurl has many codes: those that people meet get words of ours. */
	const char *ours = code == CURLE_COULDNT_RESOLVE_HOST ? "its name cannot be resolved"
			   : code == CURLE_COULDNT_CONNECT    ? "it cannot be reached"
			   : code == CURLE_OPERATION_TIMEDOUT ? "no whole answer in time"
			   : code == CURLE_GOT_NOTHING        ? "it closed without an answer"
			   : code == CURLE_PARTIAL_FILE       ? "its answer ended early"
			   : code == CURLE_PEER_FAILED_VERIFICATION
				   ? "its certificate does not verify"
			   : code == CURLE_SSL_CACERT_BADFILE
				   ? "the file of certificates to trust cannot be read"
				   : "the request failed";
	return err_set(err, ERR_FETCH, "%s: %s (%s)", w->host, ours, words);
}

static bool run(struct work *w, const char *url, struct err *err)
{
	const char *ip = NULL;
	long status = 0;
	if (!set_message(w, url) || !set_road(w) || !set_calls(w))
		return err_set(err, ERR_INTERNAL, "libcurl lacks an option that is needed");
	CURLcode code = curl_easy_perform(w->curl);
	w->out->cut = w->body_too_long && w->req->keep_start;
	if (code != CURLE_OK && !w->out->cut) {
		w->out->timed_out = code == CURLE_OPERATION_TIMEDOUT;
		return explain(w, code, err);
	}
	curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(w->curl, CURLINFO_PRIMARY_IP, &ip);
	struct span type = fetch_field(w->out, "content-type");
	w->out->status = (int)status;
	snprintf(w->out->remote_ip, sizeof w->out->remote_ip, "%s", ip != NULL ? ip : "");
	text_escape(type, w->out->content_type, sizeof w->out->content_type);
	return true;
}

static const char *refuse_text(const char *text)
{
	if (strlen(text) > FETCH_URL_MAX)
		return "is too long";
	for (const char *c = text; *c != 0; c++)
		if ((uint8_t)*c <= 0x20 || *c == 0x7f)
			return "holds a space or a control character";
	return NULL;
}

/* Read by our own parser; libcurl gets what that has written, so that both mean one place. */
static bool check_url(const char *text, struct arena *a, struct url *url, struct err *err)
{
	const char *why = refuse_text(text);
	if (why == NULL && (!url_parse(a, NULL, span_str(text), url) || !url_is_web(url)))
		why = "is not an address that begins with http:// or https://";
	if (why == NULL && (url->username.n > 0 || url->password.n > 0))
		why = "holds a name or password";
	if (why == NULL)
		return true;
	err_set(err, ERR_USAGE, "\"%s\" %s", text, why);
	return false;
}

bool fetch_url_good(const char *text, struct err *err)
{
	struct arena a = {0};
	struct url url;
	bool good = check_url(text, &a, &url, err);
	arena_fini(&a);
	return good;
}

static bool check_proxy(const char *text, struct err *err)
{
	struct span s = span_str(text);
	return text == NULL ||
	       (refuse_text(text) == NULL &&
		       (span_starts(s, "http://") || span_starts(s, "socks5://") ||
			       span_starts(s, "socks5h://"))) ||
	       err_set(err, ERR_USAGE, "\"%s\" is not a proxy's address", text);
}

bool fetch_url(const struct fetch_request *req, struct fetch_answer *out, struct err *err)
{
	struct arena a = {0};
	struct url url;
	struct work w = {.req = req, .out = out};
	assert(req->max_bytes > 0);
	*out = (struct fetch_answer){0};
	pthread_once(&started, start_library);
	bool good = check_url(req->url, &a, &url, err) && check_proxy(req->proxy, err);
	if (good) {
		w.host = arena_str(&a, url.host);
		w.curl = curl_easy_init();
		good = w.curl != NULL ||
		       err_set(err, ERR_INTERNAL, "libcurl could not be started");
	}
	good = good && run(&w, arena_str(&a, url_no_fragment(url.href)), err);
	curl_easy_cleanup(w.curl);
	curl_slist_free_all(w.fields);
	arena_fini(&a);
	if (!good) {
		bool timed_out = out->timed_out;
		fetch_answer_fini(out);
		out->timed_out = timed_out;
	}
	return good;
}
