#include "tests/kit/dns_server.h"
#include "store/base/buf.h"
#include "store/base/reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RULES_MAX = 64,
	SEEN_MAX = 1024,
	CONNS_MAX = 16,
	HELD_MAX = 16,
	NAME_TEXT = 300,
	HEADER = 12
};

#define MUST(cond)                                                                             \
	do {                                                                                   \
		if (!(cond)) {                                                                 \
			fprintf(stderr, "dns_server: %s: %s\n", #cond, strerror(errno));       \
			abort();                                                               \
		}                                                                              \
	} while (0)

struct rule {
	char name[NAME_TEXT];
	int type;
	bool for_ever;
	unsigned left;
	char *script;
};
struct seen {
	char name[NAME_TEXT];
	int type;
	bool tcp;
};
struct held {
	struct sockaddr_in to;
	struct buf message;
};
struct conn {
	int fd; /* -1: free */
	struct buf in;
};

struct dns_server {
	int udp, tcp, wake;
	char address[32];
	pthread_t thread;
	pthread_mutex_t lock; /* everything below but conns */
	bool stop, release;
	struct rule rules[RULES_MAX];
	size_t n_rules;
	struct seen seen[SEEN_MAX];
	size_t n_seen;
	struct held held[HELD_MAX];
	size_t n_held;
	struct conn conns[CONNS_MAX];
};

struct question {
	char name[NAME_TEXT];
	int type;
	size_t end; /* offset behind it */
};

struct reply {
	unsigned rcode, count, said_count;
	bool drop, tcp_only, is_query, wrong_id, hold, count_set;
	size_t cut;
	struct buf answers;
};

/* ---- scripts ---- */

static void add_name(struct buf *b, const char *text)
{
	if (strcmp(text, "@") == 0) {
		buf_add_u16(b, 0xc000 | HEADER);
		return;
	}
	while (*text != 0 && strcmp(text, ".") != 0) {
		uint8_t label[255];
		size_t n = 0;
		for (; *text != 0 && *text != '.'; n++) {
			if (*text == '\\') {
				label[n] = (uint8_t)strtoul(
					(char[]){text[1], text[2], text[3], 0}, NULL, 10);
				text += 4;
			} else {
				label[n] = (uint8_t)*text++;
			}
		}
		buf_add_byte(b, (uint8_t)n);
		buf_add(b, label, n);
		if (*text == '.')
			text++;
	}
	buf_add_byte(b, 0);
}

static void add_hex(struct buf *b, const char *hex)
{
	for (; hex[0] != 0 && hex[1] != 0; hex += 2)
		buf_add_byte(b, (uint8_t)strtoul((char[]){hex[0], hex[1], 0}, NULL, 16));
}

/* "10:mail.test" and the like, whose first part ends at the first colon. */
static bool add_other(struct buf *b, const char *type, const char *data, unsigned *number)
{
	char first[64] = "";
	const char *colon = strchr(data, ':'), *rest = colon != NULL ? colon + 1 : data;
	if (colon != NULL)
		snprintf(first, sizeof first, "%.*s", (int)(colon - data), data);
	if (strcmp(type, "NS") == 0 || strcmp(type, "PTR") == 0) {
		*number = type[0] == 'N' ? 2 : 12;
		add_name(b, data);
	} else if (strcmp(type, "MX") == 0) {
		*number = 15;
		buf_add_u16(b, (uint16_t)strtoul(first, NULL, 10));
		add_name(b, rest);
	} else if (strcmp(type, "TXT") == 0) {
		*number = 16;
		buf_add_byte(b, (uint8_t)strlen(data));
		buf_add_str(b, data);
	} else if (strcmp(type, "SOA") == 0) {
		*number = 6;
		add_name(b, first);
		add_name(b, rest);
		for (uint32_t i = 1; i <= 5; i++)
			buf_add_u32(b, i);
	} else if (strcmp(type, "CAA") == 0) { /* flags 0 */
		*number = 257;
		buf_add_byte(b, 0);
		buf_add_byte(b, (uint8_t)strlen(first));
		buf_add_str(b, first);
		buf_add_str(b, rest);
	} else {
		return false;
	}
	return true;
}

static void add_record(
	struct buf *b, const char *owner, const char *type, const char *ttl, const char *data)
{
	struct buf rdata = {0};
	uint8_t address[16];
	unsigned number = (unsigned)strtoul(type, NULL, 10);
	if (strcmp(type, "A") == 0) {
		number = 1;
		MUST(inet_pton(AF_INET, data, address) == 1);
		buf_add(&rdata, address, 4);
	} else if (strcmp(type, "AAAA") == 0) {
		number = 28;
		MUST(inet_pton(AF_INET6, data, address) == 1);
		buf_add(&rdata, address, 16);
	} else if (strcmp(type, "CNAME") == 0) {
		number = 5;
		add_name(&rdata, data);
	} else if (add_other(&rdata, type, data, &number)) {
		;
	} else {
		MUST(number > 0);
		add_hex(&rdata, data);
	}
	add_name(b, owner);
	buf_add_u16(b, (uint16_t)number);
	buf_add_u16(b, 1);
	buf_add_u32(b, (uint32_t)strtoul(ttl, NULL, 10));
	buf_add_u16(b, (uint16_t)buf_len(&rdata));
	buf_add_span(b, buf_span(&rdata));
	buf_fini(&rdata);
}

static void run_item(char *item, struct reply *r)
{
	char *rest = NULL, *word[4] = {NULL};
	for (int i = 0; i < 4; i++)
		word[i] = strtok_r(i == 0 ? item : NULL, " \t\n", &rest);
	if (word[0] == NULL)
		return;
	unsigned number = word[1] != NULL ? (unsigned)strtoul(word[1], NULL, 10) : 0;
	if (word[0][0] != '!') {
		MUST(word[3] != NULL);
		add_record(&r->answers, word[0], word[1], word[2], word[3]);
		r->count++;
	} else if (strcmp(word[0], "!nxdomain") == 0) {
		r->rcode = 3;
	} else if (strcmp(word[0], "!servfail") == 0) {
		r->rcode = 2;
	} else if (strcmp(word[0], "!refused") == 0) {
		r->rcode = 5;
	} else if (strcmp(word[0], "!rcode") == 0) {
		r->rcode = number;
	} else if (strcmp(word[0], "!drop") == 0) {
		r->drop = true;
	} else if (strcmp(word[0], "!tcp") == 0) {
		r->tcp_only = true;
	} else if (strcmp(word[0], "!query") == 0) {
		r->is_query = true;
	} else if (strcmp(word[0], "!id") == 0) {
		r->wrong_id = true;
	} else if (strcmp(word[0], "!hold") == 0) {
		r->hold = true;
	} else if (strcmp(word[0], "!cut") == 0) {
		r->cut = number;
	} else if (strcmp(word[0], "!count") == 0) {
		r->count_set = true;
		r->said_count = number;
	} else if (strcmp(word[0], "!raw") == 0) {
		add_hex(&r->answers, word[1]);
	} else {
		fprintf(stderr, "dns_server: what is '%s'?\n", word[0]);
		abort();
	}
}

static void run_script(const char *script, struct reply *r)
{
	char *copy = strdup(script), *rest = NULL;
	MUST(copy != NULL);
	for (char *item = strtok_r(copy, ";", &rest); item != NULL;
		item = strtok_r(NULL, ";", &rest))
		run_item(item, r);
	free(copy);
}

/* ---- answering ---- */
static bool read_question(struct span m, struct question *q)
{
	size_t at = HEADER, n = 0;
	while (at < m.n && m.p[at] != 0) {
		size_t len = m.p[at++];
		if (len > 63 || at + len >= m.n || n + len + 2 > sizeof q->name)
			return false;
		if (n > 0)
			q->name[n++] = '.';
		memcpy(q->name + n, m.p + at, len);
		n += len;
		at += len;
	}
	if (at + 5 > m.n)
		return false;
	q->name[n] = 0;
	q->type = m.p[at + 1] << 8 | m.p[at + 2];
	q->end = at + 5;
	return true;
}

/* Under the lock. NULL: no rule for the type; *known: there is one for the name. */
static struct rule *find_rule(struct dns_server *s, const struct question *q, bool *known)
{
	for (size_t i = 0; i < s->n_rules; i++) {
		struct rule *r = &s->rules[i];
		if (strcasecmp(r->name, q->name) != 0)
			continue;
		*known = true;
		if ((r->type == DNS_SERVER_BOTH || r->type == q->type) &&
			(r->for_ever || r->left > 0))
			return r;
	}
	return NULL;
}

/* Fills `out` with the message to send; false: nothing is sent now. */
static bool answer(struct dns_server *s, struct span m, bool tcp,
	const struct sockaddr_in *from, struct buf *out)
{
	struct question q;
	if (!read_question(m, &q))
		return false;
	struct reply r = {0};
	bool known = false;
	pthread_mutex_lock(&s->lock);
	struct rule *rule = find_rule(s, &q, &known);
	MUST(s->n_seen < SEEN_MAX);
	struct seen *seen = &s->seen[s->n_seen++];
	memcpy(seen->name, q.name, sizeof q.name);
	seen->type = q.type;
	seen->tcp = tcp;
	if (rule != NULL) {
		run_script(rule->script, &r);
		/* The truncated half of an answer does not use the rule up. */
		if (!rule->for_ever && (tcp || !r.tcp_only))
			rule->left--;
	} else if (!known) {
		r.rcode = 3;
	}
	bool truncate = r.tcp_only && !tcp;
	buf_add(out, m.p, 2);
	if (r.wrong_id)
		out->p[out->start] ^= 0x55;
	buf_add_u16(out, (uint16_t)((r.is_query ? 0u : 0x8000u) | (truncate ? 0x200u : 0u) |
				    0x180u | r.rcode));
	buf_add_u16(out, 1);
	buf_add_u16(out, (uint16_t)(truncate ? 0 : r.count_set ? r.said_count : r.count));
	buf_add_u32(out, 0);
	buf_add(out, m.p + HEADER, q.end - HEADER);
	if (!truncate)
		buf_add_span(out, buf_span(&r.answers));
	if (r.cut > 0 && r.cut < buf_len(out))
		out->end = out->start + r.cut;
	if (r.hold && !s->release && from != NULL) {
		MUST(s->n_held < HELD_MAX);
		s->held[s->n_held++] = (struct held){*from, *out};
		*out = (struct buf){0};
		r.drop = true;
	}
	pthread_mutex_unlock(&s->lock);
	buf_fini(&r.answers);
	return !r.drop;
}

static void send_udp(struct dns_server *s, const struct sockaddr_in *to, struct span m)
{
	/* The asker may be gone. */
	(void)!sendto(s->udp, m.p, m.n, 0, (const struct sockaddr *)to, sizeof *to);
}

static void serve_udp(struct dns_server *s)
{
	uint8_t m[1500];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(s->udp, m, sizeof m, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	struct buf out = {0};
	if (n >= 0 && answer(s, span_of(m, (size_t)n), false, &from, &out))
		send_udp(s, &from, buf_span(&out));
	buf_fini(&out);
}

static void close_conn(struct conn *c)
{
	close(c->fd);
	c->fd = -1;
	buf_fini(&c->in);
	c->in = (struct buf){0};
}

static void serve_tcp(struct dns_server *s, struct conn *c)
{
	ssize_t n = recv(c->fd, buf_room(&c->in, 2048), 2048, MSG_DONTWAIT);
	if (n <= 0) {
		close_conn(c);
		return;
	}
	buf_grew(&c->in, (size_t)n);
	for (;;) {
		struct span in = buf_span(&c->in);
		MUST(in.p != NULL);
		struct reader r = reader_of(in);
		struct span m = read_span(&r, read_u16(&r));
		if (r.bad)
			return;
		struct buf out = {0}, framed = {0};
		if (answer(s, m, true, NULL, &out)) {
			buf_add_u16(&framed, (uint16_t)buf_len(&out));
			buf_add_span(&framed, buf_span(&out));
			struct span f = buf_span(&framed);
			(void)!send(c->fd, f.p, f.n, MSG_NOSIGNAL);
		}
		buf_fini(&out);
		buf_fini(&framed);
		buf_consume(&c->in, 2 + m.n);
	}
}

static void accept_conn(struct dns_server *s)
{
	int fd = accept4(s->tcp, NULL, NULL, SOCK_CLOEXEC);
	for (size_t i = 0; fd >= 0 && i < CONNS_MAX; i++) {
		if (s->conns[i].fd < 0) {
			s->conns[i].fd = fd;
			return;
		}
	}
	MUST(fd < 0); /* more than CONNS_MAX at once */
}

/* True: stop. */
static bool woken(struct dns_server *s)
{
	uint64_t count;
	MUST(read(s->wake, &count, sizeof count) == sizeof count);
	pthread_mutex_lock(&s->lock);
	bool stop = s->stop;
	for (size_t i = 0; s->release && i < s->n_held; i++) {
		send_udp(s, &s->held[i].to, buf_span(&s->held[i].message));
		buf_fini(&s->held[i].message);
	}
	if (s->release)
		s->n_held = 0;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static void *run(void *arg)
{
	struct dns_server *s = arg;
	for (;;) {
		struct pollfd fds[3 + CONNS_MAX] = {
			{s->wake, POLLIN, 0}, {s->udp, POLLIN, 0}, {s->tcp, POLLIN, 0}};
		for (size_t i = 0; i < CONNS_MAX; i++)
			fds[3 + i] = (struct pollfd){s->conns[i].fd, POLLIN, 0};
		if (poll(fds, 3 + CONNS_MAX, -1) < 0)
			continue;
		if (fds[0].revents != 0 && woken(s))
			return NULL;
		if (fds[1].revents != 0)
			serve_udp(s);
		for (size_t i = 0; i < CONNS_MAX; i++)
			if (fds[3 + i].revents != 0)
				serve_tcp(s, &s->conns[i]);
		if (fds[2].revents != 0)
			accept_conn(s);
	}
}

/* ---- outside ---- */

struct dns_server *dns_server_start(void)
{
	struct dns_server *s = calloc(1, sizeof *s);
	MUST(s != NULL);
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	/* The same port for both: the kernel gives one for TCP, UDP may be taken there. */
	for (int tries = 0;; tries++) {
		in.sin_port = 0;
		s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		MUST(s->tcp >= 0 && s->udp >= 0);
		MUST(bind(s->tcp, (struct sockaddr *)&in, sizeof in) == 0);
		MUST(getsockname(s->tcp, (struct sockaddr *)&in, &len) == 0);
		if (bind(s->udp, (struct sockaddr *)&in, sizeof in) == 0)
			break;
		MUST(tries < 100);
		close(s->tcp);
		close(s->udp);
	}
	MUST(listen(s->tcp, 16) == 0);
	snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(in.sin_port));
	MUST((s->wake = eventfd(0, EFD_CLOEXEC)) >= 0);
	for (size_t i = 0; i < CONNS_MAX; i++)
		s->conns[i].fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	MUST(pthread_create(&s->thread, NULL, run, s) == 0);
	return s;
}

static void wake(struct dns_server *s)
{
	uint64_t one = 1;
	MUST(write(s->wake, &one, sizeof one) == sizeof one);
}

void dns_server_stop(struct dns_server *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_mutex_unlock(&s->lock);
	wake(s);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (s->conns[i].fd >= 0)
			close_conn(&s->conns[i]);
	for (size_t i = 0; i < s->n_rules; i++)
		free(s->rules[i].script);
	for (size_t i = 0; i < s->n_held; i++)
		buf_fini(&s->held[i].message);
	pthread_mutex_destroy(&s->lock);
	close(s->udp);
	close(s->tcp);
	close(s->wake);
	free(s);
}

const char *dns_server_address(const struct dns_server *s)
{
	return s->address;
}

void dns_server_on(
	struct dns_server *s, const char *name, int type, unsigned times, const char *script)
{
	struct rule r = {
		.type = type, .for_ever = times == 0, .left = times, .script = strdup(script)};
	MUST(r.script != NULL && strlen(name) < sizeof r.name);
	memcpy(r.name, name, strlen(name) + 1);
	pthread_mutex_lock(&s->lock);
	MUST(s->n_rules < RULES_MAX);
	s->rules[s->n_rules++] = r;
	pthread_mutex_unlock(&s->lock);
}

void dns_server_release(struct dns_server *s)
{
	pthread_mutex_lock(&s->lock);
	s->release = true;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

static unsigned count(struct dns_server *s, const char *name, int type, bool tcp_only)
{
	unsigned n = 0;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_seen; i++)
		if ((name == NULL || strcasecmp(s->seen[i].name, name) == 0) &&
			(type == DNS_SERVER_BOTH || s->seen[i].type == type) &&
			(!tcp_only || s->seen[i].tcp))
			n++;
	pthread_mutex_unlock(&s->lock);
	return n;
}

unsigned dns_server_asked(struct dns_server *s, const char *name, int type)
{
	return count(s, name, type, false);
}

unsigned dns_server_asked_by_tcp(struct dns_server *s, const char *name, int type)
{
	return count(s, name, type, true);
}
