#include "ui/cli/trace.h"
#include "store/derive/url.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* Every OLD in link becomes NEW; one that does not occur is a mistake worth stopping for: the
 * recipient's token would go out. */
static bool replace(struct buf *link, const char *rule, struct err *err)
{
	const char *equals = strchr(rule, '=');
	struct span old = span_of(rule, (size_t)(equals - rule)), new = span_str(equals + 1);
	struct buf out = {0};
	struct span left = buf_span(link);
	size_t at = span_find(left, old, 0), found = 0;
	for (; at != SIZE_MAX; at = span_find(left, old, 0), found++) {
		buf_add(&out, left.p, at);
		buf_add_span(&out, new);
		left = span_from(left, at + old.n);
	}
	buf_add_span(&out, left);
	buf_fini(link);
	*link = out;
	return found > 0 ||
	       err_set(err, ERR_USAGE, "--replace: \"%.*s\" does not occur in the link",
		       (int)old.n, (const char *)old.p);
}

/* Links are passed around in shapes that nobody clicks by mistake, or in brackets. They are not
 * put right in silence: what is sent must be what was given. */
static const char *hint(const char *link)
{
	if (strncasecmp(link, "hxxp", 4) == 0 || strstr(link, "[.]") != NULL ||
		strstr(link, "[:]") != NULL)
		return " (it was made harmless: write http for hxxp and a plain dot for [.])";
	if (link[0] == '<' || link[0] == '"' || link[0] == '\'')
		return " (leave out what stands around it)";
	if (access(link, F_OK) == 0)
		return " (it is a file, but no mail message)";
	if (span_ends_nocase(span_str(link), ".eml"))
		return " (there is no such file)";
	if (strstr(link, "://") == NULL)
		return " (say which of the two: they lead to different places)";
	return "";
}

bool trace_link(struct trace *t, const char *given, struct err *err)
{
	t->link = given;
	struct arena a = {0};
	struct buf link = {0};
	struct url url;
	bool good = true;
	buf_add_str(&link, t->link);
	for (size_t i = 0; i < t->options->replace.n && good; i++) {
		good = replace(&link, t->options->replace.items[i], err);
		t->changed = true;
	}
	if (good && buf_len(&link) > BROWSER_URL_MAX - 1)
		good = err_set(
			err, ERR_USAGE, "the link is longer than %d bytes", BROWSER_URL_MAX);
	/* One given as "www.example.org" is not guessed at: http and https are different links.
	 */
	if (good && (!url_parse(&a, NULL, buf_span(&link), &url) || !url_is_web(&url)))
		good = err_set(err, ERR_USAGE,
			"\"%s\" is not a link that begins with http:// or https://%s", t->link,
			hint(t->link));
	if (good)
		t->sent_link = strndup((const char *)url.href.p, url.href.n);
	buf_fini(&link);
	arena_fini(&a);
	return good;
}
