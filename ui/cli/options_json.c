#include "ui/cli/options.h"

#include <jansson.h>
#include <stdlib.h>

/* Left out on purpose: the password, and what --via logs in with. What a user typed may be no
 * UTF-8: such a word stands with its bytes read as ISO-8859-1. */
static json_t *word(const char *s)
{
	if (s == NULL)
		return json_null();
	json_t *v = json_string(s);
	if (v != NULL)
		return v;
	struct buf wide = {0};
	for (; *s != 0; s++) {
		uint8_t c = (uint8_t)*s;
		if (c >= 0x80)
			buf_add_byte(&wide, (uint8_t)(0xc0 | c >> 6));
		buf_add_byte(&wide, c >= 0x80 ? (uint8_t)(0x80 | (c & 0x3f)) : c);
	}
	char *text = buf_take_str(&wide);
	v = json_string(text);
	free(text);
	return v;
}

static json_t *words(const struct options_words *w)
{
	json_t *list = json_array();
	for (size_t i = 0; i < w->n; i++)
		json_array_append_new(list, word(w->items[i]));
	return list;
}

static json_t *seconds(int64_t us)
{
	return us % 1000000 == 0 ? json_integer(us / 1000000) : json_real((double)us / 1e6);
}

static void put_browser(json_t *j, const struct options *o)
{
	json_object_set_new(j, "browser", word(options_browser_word(o->browser)));
	json_object_set_new(j, "show", json_boolean(o->show));
	json_object_set_new(j, "settle", seconds(o->settle_us));
	json_object_set_new(j, "timeout", seconds(o->timeout_us));
	json_object_set_new(j, "dry-run", json_boolean(o->dry_run));
	json_object_set_new(j, "no-sandbox", json_boolean(o->no_sandbox));
	json_object_set_new(j, "user-agent", word(o->user_agent));
	json_object_set_new(j, "language", word(o->language));
	json_object_set_new(j, "timezone", word(o->timezone));
	json_object_set_new(j, "device", word(o->device));
	json_object_set_new(j, "referer", word(o->referer));
	json_object_set_new(j, "mmdb", word(o->mmdb));
	json_object_set_new(j, "replace", words(&o->replace));
	if (o->no_screenshot)
		json_object_set_new(j, "no-screenshot", json_true());
	if (o->no_intercept)
		json_object_set_new(j, "no-intercept", json_true());
	if (o->link != 0)
		json_object_set_new(j, "link", json_integer((json_int_t)o->link));
	if (o->message != 0)
		json_object_set_new(j, "message", json_integer((json_int_t)o->message));
	if (o->yes)
		json_object_set_new(j, "yes", json_true());
	if (o->instrument != NULL)
		json_object_set_new(j, "instrument", word(o->instrument));
}

static void put_listen(json_t *j, const struct options *o)
{
	json_object_set_new(j, "listen", word(o->listen_word));
	json_object_set_new(j, "allow-client", words(&o->allow_client_words));
	json_object_set_new(j, "password", json_boolean(o->password[0] != 0));
	json_object_set_new(j, "only", words(&o->only));
}

char *options_json(const struct options *o)
{
	json_t *j = json_object();
	if (o->command & (OPTIONS_TRACE | OPTIONS_AGAIN | OPTIONS_DEMO | OPTIONS_REPLAY))
		put_browser(j, o);
	if (o->command & (OPTIONS_PROXY | OPTIONS_REPLAY))
		put_listen(j, o);
	if (o->command & OPTIONS_REPLAY) {
		json_object_set_new(j, "strict", json_boolean(o->strict));
		json_object_set_new(j, "as-of", json_boolean(o->as_of));
		json_object_set_new(
			j, "pace", word(o->pace == REPLAY_ORIGINAL ? "original" : "fast"));
	}
	json_object_set_new(j, "connect-to", words(&o->connect_to_words));
	json_object_set_new(j, "cacert", word(o->cacert));
	json_object_set_new(j, "allow-net", words(&o->allow_net_words));
	json_object_set_new(j, "permit-bad-cert", words(&o->permit_bad_cert));
	char via[VIA_TEXT_MAX];
	if (o->has_via)
		via_text(&o->via, via);
	json_object_set_new(j, "via", o->has_via ? word(via) : json_null());
	json_object_set_new(j, "dns-servers", word(o->dns_servers));
	json_object_set_new(j, "timestamp", word(o->stamping.url));
	json_object_set_new(j, "wrappers", word(o->wrappers.rules.file));
	json_object_set_new(j, "wrappers-sha256", word(o->wrappers.rules.sha256));
	json_object_set_new(
		j, "durability", word(o->durability == DURABILITY_POWER ? "power" : "crash"));
	json_object_set_new(j, "max-body", json_integer((json_int_t)o->max_body));
	json_object_set_new(j, "no-bodies", json_boolean(o->no_bodies));
	if (o->pcap)
		json_object_set_new(j, "pcap", json_true());
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(j);
	return text;
}
