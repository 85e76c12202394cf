#include "ui/web/run_command.h"
#include "ui/web/window_state.h"

/* Its last line without what is for a terminal: whose words they are, and where help is. */
static struct span why_of(struct span said)
{
	static const char *const before[] = {
		"clicktrail: ", "the command line does not make sense: "};
	said = span_trim(said, " \r\n");
	for (size_t at; (at = span_find_byte(said, '\n', 0)) != SIZE_MAX;)
		said = span_from(said, at + 1);
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		if (span_starts(said, before[i]))
			said = span_from(said, strlen(before[i]));
	return span_first(said, span_find(said, span_str("; see clicktrail "), 0));
}

bool run_command(struct web_request *q, const char *const *argv, int seconds, struct buf *out,
	struct err *err)
{
	struct buf said = {0};
	int code = 0;
	bool ok = job_run(q->window->jobs, argv, seconds, out, &said, &code, err);
	if (ok && code != 0) {
		struct span why = why_of(buf_span(&said));
		ok = err_set(err, ERR_USAGE, "%.*s", (int)why.n, (const char *)why.p);
	}
	buf_fini(&said);
	return ok;
}
