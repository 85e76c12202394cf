#include "proxy/resolve_inner.h"
#include "store/fact/fact.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static bool address_read(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	*out = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(out, &in, sizeof in);
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(out, &in6, sizeof in6);
	else
		return false;
	return true;
}

/* "address name alias ... # comment" (hosts(5)). */
static bool line_matches(char *line, const char *name, struct sockaddr_storage *out)
{
	static const char blank[] = " \t\r\n";
	char *rest = NULL;
	line[strcspn(line, "#")] = 0;
	const char *address = strtok_r(line, blank, &rest);
	if (address == NULL)
		return false;
	for (const char *word; (word = strtok_r(NULL, blank, &rest)) != NULL;)
		if (span_is_nocase(span_str(word), name))
			return address_read(address, out);
	return false;
}

size_t resolve_hosts(
	const char *path, const char *name, struct arena *a, struct resolved_address **out)
{
	FILE *f = fopen(path, "re");
	size_t n = 0, cap = 0;
	char *line = NULL;
	*out = NULL;
	if (f == NULL)
		return 0;
	while (n < RESOLVE_ADDRESSES_MAX && getline(&line, &cap, f) >= 0) {
		struct resolved_address address = {.ttl = FACT_NULL};
		if (line_matches(line, name, &address.addr))
			ARENA_PUSH(a, *out, n, address);
	}
	free(line);
	fclose(f);
	return n;
}
