/*
 * Client hints come from the browser's core, where no setting reaches: a user agent that says
 * Windows went out beside hints that say Linux (measured). A small extension of ours sets the
 * three hints that every request carries, and the object in which scripts read them. What it
 * cannot reach is told in docs/guide/sandbox.md.
 */
#include "ui/browser/chromium.h"

static bool is_mobile(const struct browser_setup *s)
{
	return s->device->touch;
}

bool chromium_needs_device(const struct browser_setup *s)
{
	const struct device *d = s->device;
	/* A user agent alone is sent as it was asked for; what goes with it is not ours to
	 * guess.
	 */
	return s->about->device[0] != 0 &&
	       (d->chromium.hint == NULL || strcmp(d->chromium.hint, "Linux") != 0);
}

const char *chromium_device_manifest(void)
{
	return "{\"manifest_version\":3,\"name\":\"device\",\"version\":\"1\","
	       "\"permissions\":[\"declarativeNetRequest\"],"
	       "\"host_permissions\":[\"<all_urls>\"],\"declarative_net_request\":"
	       "{\"rule_resources\":[{\"id\":\"hints\",\"enabled\":true,"
	       "\"path\":\"rules.json\"}]},\"content_scripts\":[{\"matches\":[\"<all_urls>\"],"
	       "\"js\":[\"hints.js\"],\"run_at\":\"document_start\",\"world\":\"MAIN\","
	       "\"all_frames\":true,\"match_about_blank\":true,"
	       "\"match_origin_as_fallback\":true}]}\n";
}

void chromium_device_rules(const struct browser_setup *s, struct buf *out)
{
	static const char every_kind[] =
		"[\"main_frame\",\"sub_frame\",\"stylesheet\",\"script\",\"image\",\"font\","
		"\"object\",\"xmlhttprequest\",\"ping\",\"csp_report\",\"media\",\"other\"]";
	const char *hint = s->device->chromium.hint;
	buf_add_str(
		out, "[{\"id\":1,\"action\":{\"type\":\"modifyHeaders\",\"requestHeaders\":[");
	if (hint != NULL)
		buf_addf(out,
			"{\"header\":\"sec-ch-ua-platform\",\"operation\":\"set\","
			"\"value\":\"\\\"%s\\\"\"},{\"header\":\"sec-ch-ua-mobile\","
			"\"operation\":\"set\",\"value\":\"?%d\"}",
			hint, is_mobile(s));
	else
		buf_add_str(out,
			"{\"header\":\"sec-ch-ua\",\"operation\":\"remove\"},"
			"{\"header\":\"sec-ch-ua-mobile\",\"operation\":\"remove\"},"
			"{\"header\":\"sec-ch-ua-platform\",\"operation\":\"remove\"}");
	/* Hints are sent over https only. */
	buf_addf(out, "]},\"condition\":{\"urlFilter\":\"|https://\",\"resourceTypes\":%s}}]\n",
		every_kind);
}

void chromium_device_script(const struct browser_setup *s, struct buf *out)
{
	const char *hint = s->device->chromium.hint;
	if (hint == NULL) {
		buf_add_str(out, "delete Navigator.prototype.userAgentData;\n"
				 "delete globalThis.NavigatorUAData;\n");
		return;
	}
	/* Each is the real function behind a proxy, so that it is still called native and still
	 * refuses what it refused. */
	buf_addf(out,
		"(() => {\n"
		"if (typeof NavigatorUAData === 'undefined') return;\n"
		"const it = NavigatorUAData.prototype, all = {platform: '%s', mobile: %s};\n"
		"for (const name in all) {\n"
		"  const was = Object.getOwnPropertyDescriptor(it, name);\n"
		"  was.get = new Proxy(was.get, {apply(get, self, list) {\n"
		"    Reflect.apply(get, self, list); return all[name]; }});\n"
		"  Object.defineProperty(it, name, was);\n"
		"}\n"
		"const wrap = (name, use) => {\n"
		"  it[name] = new Proxy(it[name], {apply(call, self, list) {\n"
		"    return use(Reflect.apply(call, self, list)); }});\n"
		"};\n"
		"const mend = values => Object.assign(values, all);\n"
		"wrap('toJSON', mend);\n"
		"wrap('getHighEntropyValues', values => values.then(mend));\n"
		"})();\n",
		hint, is_mobile(s) ? "true" : "false");
}
