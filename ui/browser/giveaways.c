#include "ui/browser/giveaways.h"

#include <assert.h>
#include <string.h>

enum { LINUX = 1u, WINDOWS = 2u, MAC = 4u, ANDROID = 8u, IPHONE = 16u };
enum {
	OTHERS = WINDOWS | MAC | ANDROID | IPHONE,
	PHONES = ANDROID | IPHONE,
	ALL = LINUX | OTHERS
};
enum { FIREFOX = 1u, CHROMIUM = 2u, BOTH = FIREFOX | CHROMIUM };

/* Said of the claimed machine only where it is otherwise there. Firefox ESR 153 and Chromium
 * 156 on Debian, by a page that reported what it saw. */
static const struct {
	unsigned browsers, devices;
	const char *text;
} table[] = {
	{BOTH, ALL, "TLS and HTTP/2 toward servers are clicktrail's own (JA4, SETTINGS)"},
	{BOTH, ALL, "WebGL draws by a software renderer (llvmpipe)"},
	{BOTH, OTHERS, "the fonts are this machine's, not the device's"},
	{BOTH, ALL, "no camera, microphone or voice is there"},
	{BOTH, ALL, "the window fills the whole screen, without a bar of the system's"},
	{BOTH, MAC | IPHONE, "the screen has no wide colours (no P3, 24 bits)"},
	{BOTH, PHONES, "no window.orientation, and sensors that report no motion"},
	{BOTH, PHONES, "the number of processors is this machine's"},
	{CHROMIUM, ANDROID, "the battery is full, and charging"},
	{FIREFOX, WINDOWS | MAC | PHONES, "H.264 video does not play"},
	{FIREFOX, PHONES, "navigator.maxTouchPoints is 0"},
	{FIREFOX, WINDOWS, "scroll bars take no room"},
	{FIREFOX, IPHONE,
		"the engine is Gecko: its error texts, -moz- styles, InstallTrigger, an empty "
		"navigator.vendor, productSub 20100101"},
	{FIREFOX, IPHONE, "headers are Gecko's in order and content (Priority, Accept)"},
	{CHROMIUM, ALL, "the brand is Chromium, not Google Chrome"},
	{CHROMIUM, ALL, "the hints that a server must ask for are empty (version, model)"},
	{CHROMIUM, OTHERS, "workers see Linux x86_64 in navigator.platform and in the hints"},
	{CHROMIUM, WINDOWS | MAC | ANDROID, "navigator.share is missing"},
	{CHROMIUM, MAC | PHONES, "scroll bars take 15 pixels"},
	{CHROMIUM, PHONES, "the screen is 500 pixels wide"},
	{CHROMIUM, IPHONE,
		"the engine is Blink: window.chrome, navigator.vendor Google Inc., its error "
		"texts, getBattery, vibrate, usb"},
	{CHROMIUM, IPHONE, "headers are Blink's in order and content (Accept)"},
	{BOTH, IPHONE,
		"nothing of Safari's is there (ApplePaySession, GestureEvent, standalone)"},
};

static unsigned bit_of(const char *device)
{
	for (unsigned i = 0; browser_devices[i] != NULL; i++)
		if (strcmp(browser_devices[i], device) == 0)
			return 1u << i;
	return 0;
}

static void add(struct giveaways *out, const char *text)
{
	assert(out->n < GIVEAWAYS_MAX);
	out->list[out->n++] = text;
}

void giveaways_of(enum browser_kind kind, const char *device, const char *timezone,
	bool zone_given, bool via, struct giveaways *out)
{
	unsigned asked = bit_of(device), browser = 0;
	*out = (struct giveaways){0};
	if (asked == 0)
		return;
	switch (kind) {
	case BROWSER_FIREFOX: browser = FIREFOX; break;
	case BROWSER_CHROMIUM: browser = CHROMIUM; break;
	}
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if ((table[i].browsers & browser) != 0 && (table[i].devices & asked) != 0)
			add(out, table[i].text);
	if (zone_given)
		return;
	if (via)
		add(out, "the time zone is this machine's, not the exit's (--timezone)");
	else if (strcmp(timezone, "UTC") == 0)
		add(out, "the time zone is UTC, which servers have (--timezone)");
}
