#include "store/derive/party.h"
#include "store/derive/url_parts.h"

#include <libpsl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const psl_ctx_t *list;
static char list_name[64];
static pthread_once_t list_once = PTHREAD_ONCE_INIT;

/* The list compiled into libpsl; where a build has none, the distribution's file. */
static void list_load(void)
{
	list = psl_builtin();
	if (list == NULL)
		list = psl_latest(NULL); /* kept until the process ends */
	time_t made = list != NULL ? psl_builtin_file_time() : 0;
	struct tm tm;
	if (list == NULL)
		snprintf(list_name, sizeof list_name, "none");
	else if (list != psl_builtin() || made <= 0 || gmtime_r(&made, &tm) == NULL)
		snprintf(list_name, sizeof list_name, "system");
	else
		strftime(list_name, sizeof list_name, "%Y-%m-%d", &tm);
}

const char *party_list(void)
{
	pthread_once(&list_once, list_load);
	return list_name;
}

/* The part of name that is one label longer than its public suffix of that kind. */
static struct span one_above(struct arena *a, struct span name, int kind)
{
	const char *s = arena_str(a, name);
	for (;;) {
		const char *dot = strchr(s, '.');
		if (dot == NULL)
			return SPAN_NONE;
		if (psl_is_public_suffix2(list, s, kind))
			return SPAN_NONE;
		if (psl_is_public_suffix2(list, dot + 1, kind))
			return span_str(s);
		s = dot + 1;
	}
}

void party_of_host(struct arena *a, struct span host, struct party *out)
{
	enum { NAME_MAX_BYTES = 1024 };
	*out = (struct party){0};
	pthread_once(&list_once, list_load);
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n > NAME_MAX_BYTES || memchr(host.p, 0, host.n) != NULL)
		return;
	out->ip = host.p[0] == '[' || url_ends_in_number(host);
	if (out->ip || list == NULL || host.p[0] == '.' ||
		span_find(host, span_str(".."), 0) != SIZE_MAX)
		return;
	out->registrable_domain = one_above(a, host, PSL_TYPE_ANY);
	out->registered_domain = one_above(a, host, PSL_TYPE_ICANN);
}

bool party_is_listed(struct arena *a, struct span host)
{
	static const char *const kept[] = {".example", ".test", ".invalid", ".localhost"};
	pthread_once(&list_once, list_load);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (span_ends_nocase(host, kept[i]))
			return true;
	for (size_t dot = 0; (dot = span_find_byte(host, '.', dot)) != SIZE_MAX; dot++) {
		const char *suffix = arena_str(a, span_from(host, dot + 1));
		if (list != NULL && psl_is_public_suffix2(
					    list, suffix, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE))
			return true;
	}
	return false;
}
