#include "ui/browser/device.h"

#define CHROME_AGENT(system, mobile)                                                           \
	"Mozilla/5.0 (" system ") AppleWebKit/537.36 (KHTML, like Gecko) "                     \
	"Chrome/{v}.0.0.0 " mobile "Safari/537.36"
#define IPHONE_VERSION                                                                         \
	"5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "    \
	"Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
#define IPHONE_AGENT "Mozilla/" IPHONE_VERSION

/* Chromium's window, with its bars, is never narrower. */
enum { CHROMIUM_WIDTH_MIN = 500 };

/* The first is what the browser on this machine is anyway. Both browsers freeze most of these
 * words: Windows is 10.0 and macOS is 10.15 whatever the real version, and Chromium's Android
 * is always 10 on a "K". "iphone" is Safari's, for there are neither Gecko nor Blink on one. */
static const struct device devices[] = {
	{"linux", 1920, 1080, "1.0", 1, false, "en-US, en", "en-US, en",
		{"Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
			"5.0 (X11)", "Linux x86_64", "Linux x86_64"},
		{CHROME_AGENT("X11; Linux x86_64", ""), "Linux x86_64", "Linux"}},
	{"windows", 1920, 1080, "1.0", 1, false, "en-US, en", "en-US, en",
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 "
		 "Firefox/{v}.0",
			"5.0 (Windows)", "Win32", "Windows NT 10.0; Win64; x64"},
		{CHROME_AGENT("Windows NT 10.0; Win64; x64", ""), "Win32", "Windows"}},
	{"mac", 1440, 900, "2.0", 2, false, "en-US, en", "en-US, en",
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{v}.0) Gecko/20100101 "
		 "Firefox/{v}.0",
			"5.0 (Macintosh)", "MacIntel", "Intel Mac OS X 10.15"},
		{CHROME_AGENT("Macintosh; Intel Mac OS X 10_15_7", ""), "MacIntel", "macOS"}},
	{"android", 412, 915, "2.0", 2, true, "en-US, en", "en-US, en",
		{"Mozilla/5.0 (Android 15; Mobile; rv:{v}.0) Gecko/{v}.0 Firefox/{v}.0",
			"5.0 (Android 15)", "Linux aarch64", "Linux aarch64"},
		{CHROME_AGENT("Linux; Android 10; K", "Mobile "), "Linux armv81", "Android"}},
	{"iphone", 402, 874, "3.0", 3, true, "en-US, en", "en-US",
		{IPHONE_AGENT, IPHONE_VERSION, "iPhone", ""}, {IPHONE_AGENT, "iPhone", NULL}},
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

static const char *agent_of(const struct device *d, enum browser_kind kind)
{
	switch (kind) {
	case BROWSER_FIREFOX: return d->firefox.user_agent;
	case BROWSER_CHROMIUM: return d->chromium.user_agent;
	}
	return d->firefox.user_agent;
}

const char *device_languages(const struct device *d, enum browser_kind kind)
{
	switch (kind) {
	case BROWSER_FIREFOX: return d->firefox_languages;
	case BROWSER_CHROMIUM: return d->chromium_languages;
	}
	return d->firefox_languages;
}

char *device_user_agent(
	const struct device *d, enum browser_kind kind, const char *version, struct arena *a)
{
	const char *agent = agent_of(d, kind);
	struct span major = span_first(span_str(version), strcspn(version, "."));
	struct span text = span_str(agent), mark = span_str("{v}");
	char *out = arena_str(a, span_str(""));
	for (size_t at = 0, next; at <= text.n; at = next + mark.n) {
		next = span_find(text, mark, at);
		if (next == SIZE_MAX)
			return arena_printf(a, "%s%s", out, agent + at);
		out = arena_printf(a, "%s%.*s%.*s", out, (int)(next - at), agent + at,
			(int)major.n, (const char *)major.p);
	}
	return out;
}

void device_screen(const struct device *d, enum browser_kind kind, int *width, int *height)
{
	*width = d->width;
	*height = d->height;
	if (kind != BROWSER_CHROMIUM || d->width >= CHROMIUM_WIDTH_MIN)
		return;
	*width = CHROMIUM_WIDTH_MIN;
	*height = d->height * CHROMIUM_WIDTH_MIN / d->width;
}
