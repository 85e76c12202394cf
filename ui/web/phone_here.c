#include "ui/web/phone_here.h"
#include "ui/web/act.h"
#include "ui/web/window_state.h"
#include "proxy/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { PASSWORD_LEN = 12, CA_SECONDS = 20, CA_MAX = 200 };
#define USER "phone"

struct phone_here {
	pthread_mutex_t lock; /* of what was started last: */
	char *text;           /* phone.h's JSON, with the password */
	int64_t job;
	struct book *book;
	char ca[CA_MAX]; /* empty: nobody asked yet */
};

struct phone_here *phone_here_new(void)
{
	struct phone_here *h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

static void forget(struct phone_here *h)
{
	if (h->text != NULL)
		explicit_bzero(h->text, strlen(h->text));
	free(h->text);
	h->text = NULL;
	h->ca[0] = 0;
}

void phone_here_free(struct phone_here *h)
{
	if (h == NULL)
		return;
	forget(h);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- where it may listen ---- */

static unsigned bits_of(const uint8_t *mask, size_t n)
{
	unsigned bits = 0;
	for (size_t i = 0; i < n * 8 && (mask[i / 8] >> (7 - i % 8) & 1) != 0; i++)
		bits++;
	return bits;
}

static bool in_range(const char *ip, const char *cidr)
{
	struct policy_net range;
	struct err none;
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const void *at = &v4;
	if (inet_pton(AF_INET, ip, &v4.sin_addr) != 1) {
		at = &v6;
		if (inet_pton(AF_INET6, ip, &v6.sin6_addr) != 1)
			return false;
	}
	return policy_net_parse(cidr, &range, &none) && policy_net_holds(&range, at);
}

bool phone_net_in(const struct phone_net *net, const char *const *ranges)
{
	for (; *ranges != NULL; ranges++)
		if (in_range(net->ip, *ranges))
			return true;
	return false;
}

static bool is_private(const char *ip)
{
	static const char *const ranges[] = {
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (in_range(ip, ranges[i]))
			return true;
	return false;
}

static bool read_net(const struct ifaddrs *at, struct phone_net *out)
{
	uint8_t ip[16], mask[16];
	*out = (struct phone_net){0};
	if (at->ifa_addr == NULL || at->ifa_netmask == NULL || (at->ifa_flags & IFF_UP) == 0 ||
		(at->ifa_flags & IFF_LOOPBACK) != 0)
		return false;
	int family = at->ifa_addr->sa_family;
	if (family != AF_INET && family != AF_INET6)
		return false;
	out->v6 = family == AF_INET6;
	size_t from = out->v6 ? offsetof(struct sockaddr_in6, sin6_addr)
			      : offsetof(struct sockaddr_in, sin_addr);
	size_t n = out->v6 ? 16 : 4;
	memcpy(ip, (const uint8_t *)at->ifa_addr + from, n);
	memcpy(mask, (const uint8_t *)at->ifa_netmask + from, n);
	if (out->v6 && ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		return false; /* link-local: no phone's proxy field takes a zone */
	inet_ntop(family, ip, out->ip, sizeof out->ip);
	for (size_t i = 0; i < n; i++)
		ip[i] &= mask[i];
	char net[INET6_ADDRSTRLEN];
	inet_ntop(family, ip, net, sizeof net);
	snprintf(out->range, sizeof out->range, "%s/%u", net, bits_of(mask, n));
	snprintf(out->name, sizeof out->name, "%s", at->ifa_name);
	out->private = is_private(out->ip);
	return true;
}

static int order(const void *x, const void *y)
{
	const struct phone_net *a = x, *b = y;
	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	if (a->private != b->private)
		return a->private ? -1 : 1;
	return strcmp(a->ip, b->ip);
}

size_t phone_nets(struct phone_net out[PHONE_NETS_MAX])
{
	struct ifaddrs *list = NULL;
	size_t n = 0;
	if (getifaddrs(&list) != 0)
		return 0;
	for (const struct ifaddrs *at = list; at != NULL && n < PHONE_NETS_MAX;
		at = at->ifa_next)
		n += read_net(at, &out[n]);
	freeifaddrs(list);
	qsort(out, n, sizeof *out, order);
	return n;
}

/* ---- the form ---- */

struct order {
	struct arena arena;
	const char *listen, *clients[2], *only[PHONE_ONLY_MAX + 1];
	size_t n_only;
	char password[PASSWORD_LEN + 1];
};

static bool take_place(struct order *o, const struct web_form *f, struct err *err)
{
	struct phone_net nets[PHONE_NETS_MAX];
	size_t n = phone_nets(nets), i = 0;
	struct span ip = web_value(f, "address");
	struct span range = span_trim(web_value(f, "clients"), " \t\r\n");
	int64_t port = web_value_number(f, "port", PHONE_PORT);
	struct policy_net parsed;
	while (i < n && !span_is(ip, nets[i].ip))
		i++;
	if (i == n)
		return err_set(err, ERR_USAGE, "choose one of this machine's addresses");
	if (port < 1 || port > 65535)
		return err_set(err, ERR_USAGE, "the port is not one of 1 to 65535");
	o->listen = arena_printf(
		&o->arena, nets[i].v6 ? "[%s]:%lld" : "%s:%lld", nets[i].ip, (long long)port);
	o->clients[0] = range.n > 0 ? arena_str(&o->arena, range)
				    : arena_printf(&o->arena, "%s", nets[i].range);
	return policy_net_parse(o->clients[0], &parsed, err);
}

static bool take_hosts(struct order *o, struct span text, struct err *err)
{
	static const char blank[] = " \t\r\n,;";
	while (text.n > 0) {
		size_t end = 0;
		while (end < text.n && strchr(blank, text.p[end]) == NULL)
			end++;
		struct span one = span_first(text, end);
		text = end < text.n ? span_from(text, end + 1) : SPAN_NONE;
		if (one.n == 0)
			continue;
		if (o->n_only == PHONE_ONLY_MAX)
			return err_set(
				err, ERR_USAGE, "more than %d hosts", (int)PHONE_ONLY_MAX);
		/* The command says what is wrong with a name; here only that it is one word of
		 * it. */
		if (one.p[0] == '-')
			return err_set(err, ERR_USAGE, "a host that begins with a hyphen");
		o->only[o->n_only++] = arena_str(&o->arena, one);
	}
	return true;
}

/* Letters that nobody takes for others, as somebody types them on a phone. 32 of them, 12
 * times: 60 bits. */
static bool make_password(char out[PASSWORD_LEN + 1], struct err *err)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t raw[PASSWORD_LEN];
	if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
		return err_set_os(err, ERR_SYSTEM, errno, "random bytes");
	for (size_t i = 0; i < PASSWORD_LEN; i++)
		out[i] = letters[raw[i] % (sizeof letters - 1)];
	out[PASSWORD_LEN] = 0;
	return true;
}

static struct book *start(struct window *w, struct order *o, int64_t *job, struct err *err)
{
	struct act_words words = {.arena = &o->arena};
	char *login = arena_printf(&o->arena, USER ":%s", o->password);
	const struct act_new_case order_of = {.name = ACT_CASE_NAME "-phone",
		.title = "A proxy for a phone",
		.password = login};
	act_word(&words, "proxy");
	act_option(&words, "listen", span_str(o->listen));
	act_option(&words, "allow-client", span_str(o->clients[0]));
	for (size_t i = 0; i < o->n_only; i++)
		act_option(&words, "only", span_str(o->only[i]));
	struct book *b = act_new_case(w, &words, &order_of, job, err);
	explicit_bzero(login, strlen(login));
	return b;
}

/* The lock is held. */
static bool runs(struct window *w)
{
	const struct phone_here *h = w->phone_here;
	struct arena a = {0};
	struct job_about about;
	bool yes = h->job != 0 && job_about(w->jobs, h->job, &a, &about) && about.running;
	arena_fini(&a);
	return yes;
}

/* The lock is held. */
static void remember(struct phone_here *h, struct order *o, int64_t job, struct book *b)
{
	const struct phone_about about = {.listen = o->listen,
		.user = USER,
		.password = o->password,
		.clients = o->clients,
		.only = o->only};
	forget(h);
	h->text = phone_text(&about);
	h->job = job;
	h->book = b;
}

bool phone_start(struct window *w, const struct web_form *form, struct err *err)
{
	struct phone_here *h = w->phone_here;
	struct order o = {0};
	struct book *b = NULL;
	int64_t job;
	pthread_mutex_lock(&h->lock);
	bool ok = !runs(w) || err_set(err, ERR_USAGE, "one is running already");
	ok = ok && take_place(&o, form, err) && take_hosts(&o, web_value(form, "only"), err) &&
	     make_password(o.password, err);
	if (ok)
		b = start(w, &o, &job, err);
	if (b != NULL)
		remember(h, &o, job, b);
	pthread_mutex_unlock(&h->lock);
	explicit_bzero(o.password, sizeof o.password);
	arena_fini(&o.arena);
	return b != NULL;
}

void phone_stop(struct window *w)
{
	struct phone_here *h = w->phone_here;
	pthread_mutex_lock(&h->lock);
	if (h->job != 0)
		job_stop(w->jobs, h->job);
	pthread_mutex_unlock(&h->lock);
}

int64_t phone_ended(struct window *w)
{
	struct phone_here *h = w->phone_here;
	pthread_mutex_lock(&h->lock);
	int64_t job = h->job != 0 && !runs(w) ? h->job : 0;
	pthread_mutex_unlock(&h->lock);
	return job;
}

bool phone_running(
	struct window *w, struct arena *a, struct phone_about *out, struct book **book)
{
	struct phone_here *h = w->phone_here;
	struct err err;
	pthread_mutex_lock(&h->lock);
	bool yes = runs(w) && phone_read(a, h->text, out, &err);
	*book = yes ? h->book : NULL;
	pthread_mutex_unlock(&h->lock);
	return yes;
}

/* By the command: the key's folder is not this process's business. */
static void ask_ca(struct window *w, char ca[CA_MAX])
{
	struct buf out = {0}, said = {0};
	struct err err;
	int code = 0;
	ca[0] = 0;
	if (job_run(w->jobs, (const char *[]){"ca", "show", NULL}, CA_SECONDS, &out, &said,
		    &code, &err)) {
		struct span all = buf_span(&out);
		size_t at = span_find(all, span_str("sha-256:"), 0);
		struct span line = at != SIZE_MAX ? span_from(all, at + 8) : SPAN_NONE;
		line = span_trim(span_first(line, span_find_byte(line, '\n', 0)), " ");
		if (line.n < CA_MAX)
			snprintf(ca, CA_MAX, "%.*s", (int)line.n, (const char *)line.p);
	}
	buf_fini(&out);
	buf_fini(&said);
}

const char *phone_ca(struct window *w, struct arena *a)
{
	struct phone_here *h = w->phone_here;
	char ca[CA_MAX];
	pthread_mutex_lock(&h->lock);
	int64_t job = h->job;
	memcpy(ca, h->ca, sizeof ca);
	pthread_mutex_unlock(&h->lock);
	if (ca[0] == 0) {
		ask_ca(w, ca);
		pthread_mutex_lock(&h->lock);
		if (h->job == job)
			memcpy(h->ca, ca, sizeof ca);
		pthread_mutex_unlock(&h->lock);
	}
	return ca[0] != 0 ? arena_str(a, span_str(ca)) : NULL;
}
