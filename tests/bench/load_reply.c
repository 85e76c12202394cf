#include "tests/bench/load_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void reply_init(struct load_reply *r)
{
	r->head_len = 0;
	r->headed = r->close = false;
	r->status = 0;
	r->length = r->got = 0;
	r->location[0] = 0;
}

/* The value of a line if this is its name. */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);
	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	line += n + 1;
	return line + strspn(line, " \t");
}

static bool understand(struct load_reply *r)
{
	char *rest = NULL, *line = strtok_r(r->head, "\r\n", &rest);
	bool has_length = false;
	if (line == NULL || strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12)
		return false;
	r->status = (unsigned)strtoul(line + 9, NULL, 10);
	r->close = line[7] == '0';
	while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL) {
		const char *value;
		if ((value = value_of(line, "content-length")) != NULL) {
			r->length = strtoull(value, NULL, 10);
			has_length = true;
		} else if ((value = value_of(line, "connection")) != NULL) {
			r->close = r->close || strcasecmp(value, "close") == 0;
		} else if ((value = value_of(line, "location")) != NULL) {
			snprintf(r->location, sizeof r->location, "%s", value);
		} else if (value_of(line, "transfer-encoding") != NULL) {
			return false;
		}
	}
	/* RFC 9110 8.6: 204 has no body, and says no length. */
	return has_length || r->status == 204;
}

long reply_head(struct load_reply *r, const char *bytes, size_t n)
{
	size_t before = r->head_len;
	size_t take = n < REPLY_HEAD_MAX - before ? n : REPLY_HEAD_MAX - before;
	memcpy(r->head + before, bytes, take);
	r->head_len += take;
	r->head[r->head_len] = 0;
	char *end = strstr(r->head + (before > 3 ? before - 3 : 0), "\r\n\r\n");
	if (end == NULL)
		return r->head_len == REPLY_HEAD_MAX ? -1 : (long)take;
	size_t used = (size_t)(end + 4 - r->head) - before;
	end[2] = 0;
	r->headed = true;
	return understand(r) ? (long)used : -1;
}
