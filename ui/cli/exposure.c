#include "ui/cli/exposure.h"
#include "ui/cli/options_value.h"

#include <stdlib.h>

/* Beyond loopback this would be an open proxy for everybody in reach. */
bool exposure_check(struct options *o, struct err *err)
{
	const char *given = getenv("CLICKTRAIL_PASSWORD");
	if (o->password[0] == 0 && given != NULL && given[0] != 0) {
		const char *colon = strchr(given, ':');
		if (colon == NULL || colon == given || colon[1] == 0 ||
			strlen(given) >= sizeof o->password)
			return err_set(err, ERR_USAGE,
				"CLICKTRAIL_PASSWORD is not user:password, at most %zu bytes",
				sizeof o->password - 1);
		memcpy(o->password, given, strlen(given) + 1);
	}
	if (!value_is_loopback(&o->listen) && (o->n_clients == 0 || o->password[0] == 0))
		return err_set(err, ERR_USAGE,
			"--listen: \"%s\" is not loopback; that needs --allow-client and a "
			"password "
			"(--password-file or CLICKTRAIL_PASSWORD)",
			o->listen_word);
	return true;
}
