/*
 * --no-intercept: what it does not go with, what the browser is given for it, and the reading
 * of its packets beside the trace.
 */
#include "ui/cli/trace.h"
#include "ui/cli/case_beside.h"
#include "ui/cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CACERT_MAX = 2 * 1024 * 1024 };

bool trace_overhear_check(const struct options *o, struct err *err)
{
	if (!o->no_intercept)
		return true;
	if (o->browser == OPTIONS_NONE)
		return err_set(err, ERR_USAGE,
			"--no-intercept needs a real browser: the built-in client has no TLS "
			"of its "
			"own whose fingerprint would be worth showing");
	if (o->no_sandbox)
		return err_set(err, ERR_USAGE,
			"--no-intercept needs the browser in its sandbox: without one there is "
			"no "
			"network of its own to record, and --no-sandbox was given");
	if (o->permit_bad_cert.n > 0)
		return err_set(err, ERR_USAGE,
			"--permit-bad-cert %s does not go with --no-intercept: the browser "
			"judges "
			"the certificates, and would refuse",
			o->permit_bad_cert.items[0]);
	return true;
}

bool trace_overhear_equip(
	struct trace *t, struct browser_launch *launch, struct buf *anchors, struct err *err)
{
	const struct options *o = t->options;
	if (!o->no_intercept)
		return true;
	if (pipe2(t->keys, O_CLOEXEC) != 0)
		return err_set_os(
			err, ERR_SYSTEM, errno, "a pipe for the browser's TLS secrets");
	launch->keys_fd = t->keys[1];
	launch->own_tls = true;
	if (o->cacert == NULL)
		return true;
	if (!input_read(o->cacert, CACERT_MAX, anchors, err))
		return false;
	buf_add_byte(anchors, 0);
	launch->anchors_pem = (const char *)buf_span(anchors).p;
	return true;
}

void trace_overhear_equipped(struct trace *t)
{
	if (t->keys[1] >= 0)
		close(t->keys[1]);
	t->keys[1] = -1;
}

static void flush(void *witness)
{
	witnessing_flush(witness);
}

bool trace_overhear_start(struct trace *t, struct err *err)
{
	struct recording *r = &t->recording;
	char packets[PATH_MAX], keys[PATH_MAX];
	if (!t->options->no_intercept)
		return true;
	if (!witnessing_records(r->witness, CAPTURE_BROWSER))
		return err_set(err, ERR_CAPTURE,
			"--no-intercept: without packets of the browser's side nothing could "
			"be "
			"read");
	if (!case_beside_packets(r->case_path, r->session, CAPTURE_BROWSER, packets) ||
		!case_beside_keys(r->case_path, r->session, keys))
		return err_set(err, ERR_USAGE, "--case: \"%s\" is too long", r->case_path);
	const struct overhear_order order = {.writer = r->writer,
		.session = r->session,
		.packets = packets,
		.keys = keys,
		.store_bodies = !t->options->no_bodies,
		.max_body = t->options->max_body,
		.also = r->tap,
		.hurry = flush,
		.hurry_ctx = r->witness};
	t->overhear = overhear_start(&order, err);
	if (t->overhear == NULL)
		return false;
	r->tap = overhear_tap(t->overhear);
	return true;
}

bool trace_overhear_deaf(const struct trace *t)
{
	return t->overhear != NULL &&
	       !witnessing_records(t->recording.witness, CAPTURE_BROWSER);
}

void trace_overhear_stopping(struct trace *t)
{
	if (t->overhear == NULL)
		return;
	overhear_stopping(t->overhear);
	/* Whatever passed since is not known, though nothing that is known may be missing. */
	if (trace_overhear_deaf(t))
		t->unheard = "the recorder of the browser's packets ended before the trace did";
}

void trace_overhear_finish(struct trace *t)
{
	struct err ignored; /* it is told again when the session's end is put */
	if (t->overhear == NULL)
		return;
	witnessing_finish(t->recording.witness, &ignored);
	const char *why = overhear_finish(t->overhear);
	if (why != NULL)
		t->unheard = why;
}

void trace_overhear_fini(struct trace *t)
{
	overhear_free(t->overhear);
	t->overhear = NULL;
	for (int i = 0; i < 2; i++)
		if (t->keys[i] >= 0)
			close(t->keys[i]);
	t->keys[0] = t->keys[1] = -1;
}
