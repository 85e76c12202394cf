#include "ui/cli/sealing.h"
#include "ui/cli/guard.h"

#include <stdio.h>

bool sealing_dir(struct sealing *s, const char *given, struct err *err)
{
	*s = (struct sealing){.key = NULL};
	if (given == NULL)
		return seal_default_dir(s->dir, sizeof s->dir, err);
	int n = snprintf(s->dir, sizeof s->dir, "%s", given);
	return (n > 0 && (size_t)n < sizeof s->dir) ||
	       err_set(err, ERR_SEAL_KEY, "\"%s\" is no name for a folder", given);
}

bool sealing_open(struct sealing *s, const char *given, struct err *err)
{
	if (!guard_process(err) || !sealing_dir(s, given, err))
		return false;
	s->key = seal_key_open(s->dir, &s->made_key, err);
	return s->key != NULL;
}

void sealing_close(struct sealing *s)
{
	if (s->key != NULL)
		seal_key_free(s->key);
	s->key = NULL;
}

void sealing_use(const struct sealing *s, struct writer_options *o)
{
	o->key = s->key;
	o->seal_dir = s->dir;
}
