#include "ui/browser/device.h"
#include "ui/browser/browser.h"

/* The first is what the browser on this machine is anyway. Firefox freezes most of these words:
 * Windows is 10.0 and macOS is 10.15 whatever the real version. "iphone" is Safari's, for there
 * is no Gecko on one. */
static const struct device devices[] = {
	{"linux", "Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
		"5.0 (X11)", "Linux x86_64", "Linux x86_64", 1920, 1080, "1.0", 1, false},
	{"windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 "
		"Firefox/{v}.0",
		"5.0 (Windows)", "Win32", "Windows NT 10.0; Win64; x64", 1920, 1080, "1.0", 1,
		false},
	{"mac",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{v}.0) Gecko/20100101 "
		"Firefox/{v}.0",
		"5.0 (Macintosh)", "MacIntel", "Intel Mac OS X 10.15", 1440, 900, "2.0", 2,
		false},
	{"android", "Mozilla/5.0 (Android 15; Mobile; rv:{v}.0) Gecko/{v}.0 Firefox/{v}.0",
		"5.0 (Android 15)", "Linux aarch64", "Linux aarch64", 412, 915, "2.0", 2, true},
	{"iphone",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 "
		"(KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
		"5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
		"like "
		"Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
		"iPhone", "", 402, 874, "3.0", 3, true},
};
enum { DEVICES = sizeof devices / sizeof *devices };

const char *const browser_devices[] = {"linux", "windows", "mac", "android", "iphone", NULL};

const struct device *device_find(const char *name)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (strcmp(devices[i].name, name) == 0)
			return &devices[i];
	return NULL;
}

char *device_user_agent(const struct device *d, const char *version, struct arena *a)
{
	struct span major = span_first(span_str(version), strcspn(version, "."));
	struct span text = span_str(d->user_agent), mark = span_str("{v}");
	char *out = arena_str(a, span_str(""));
	for (size_t at = 0, next; at <= text.n; at = next + mark.n) {
		next = span_find(text, mark, at);
		if (next == SIZE_MAX)
			return arena_printf(a, "%s%s", out, d->user_agent + at);
		out = arena_printf(a, "%s%.*s%.*s", out, (int)(next - at), d->user_agent + at,
			(int)major.n, (const char *)major.p);
	}
	return out;
}
