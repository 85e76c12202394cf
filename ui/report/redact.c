#include "ui/report/redact.h"

#include <stdlib.h>

const char *redact_word(enum redact_how how)
{
	switch (how) {
	case REDACT_KEYED: return "keyed";
	case REDACT_STRIP: return "strip";
	case REDACT_NONE: break;
	}
	return "none";
}

struct redaction *redaction_new(
	const struct redact_order *order, struct report *r, struct err *err)
{
	(void)r, (void)err;
	struct redaction *x = calloc(1, sizeof *x);
	if (x == NULL)
		abort();
	x->how = order->how;
	return x;
}

void redaction_free(struct redaction *x)
{
	free(x);
}
