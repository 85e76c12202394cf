/* Options before any was given and after the last was looked at, and a line with a case among
 * them. */
#include "ui/cli/options.h"
#include "ui/cli/options_value.h"

#include <assert.h>
#include <stdlib.h>

const char *options_browser_word(enum options_browser b)
{
	switch (b) {
	case OPTIONS_FIREFOX: return "firefox";
	case OPTIONS_CHROMIUM: return "chromium";
	case OPTIONS_NONE: return "none";
	}
	return "none";
}

void options_init(struct options *o, unsigned command)
{
	*o = (struct options){
		.command = command,
		.settle_us = OPTIONS_SETTLE_S * 1000000LL,
		.timeout_us = OPTIONS_TIMEOUT_S * 1000000LL,
		.max_body = OPTIONS_BODY_MB * 1024ull * 1024,
		.durability = DURABILITY_POWER,
		.listen_word = "127.0.0.1:8080",
	};
	bool good = value_address(o->listen_word, &o->listen, NULL);
	assert(good);
}

void options_fini(struct options *o)
{
	free(o->referer);
	free(o->replace.items);
	free(o->connect_to_words.items);
	free(o->allow_net_words.items);
	free(o->allow_client_words.items);
	free(o->permit_bad_cert.items);
	free(o->only.items);
	connect_to_fini(&o->connect_to);
	wrapper_file_fini(&o->wrappers);
	stamping_fini(&o->stamping);
	explicit_bzero(&o->via, sizeof o->via);
	explicit_bzero(o->password, sizeof o->password);
}

bool options_parse_case(
	struct options *o, int argc, char **argv, const char **path, struct err *err)
{
	int rest, more;
	*path = NULL;
	if (!options_parse(o, argc, argv, &rest, err))
		return false;
	if (rest == argc)
		return err_set(err, ERR_USAGE, "give one case file");
	*path = argv[rest];
	if (!options_parse(o, argc - rest, argv + rest, &more, err))
		return false;
	return rest + more == argc ||
	       err_set(err, ERR_USAGE, "give one case file, not \"%s\" too", argv[rest + more]);
}
