/* What --device cannot hide is told for each browser and device, and only for what was claimed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/browser/giveaways.h"

static bool tells(const struct giveaways *g, const char *part)
{
	for (size_t i = 0; i < g->n; i++)
		if (strstr(g->list[i], part) != NULL)
			return true;
	return false;
}

static void every_device_is_given_away(void **state)
{
	(void)state;
	for (int kind = BROWSER_FIREFOX; kind <= BROWSER_CHROMIUM; kind++)
		for (const char *const *d = browser_devices; *d != NULL; d++) {
			struct giveaways g;
			giveaways_of(
				(enum browser_kind)kind, *d, "Europe/Berlin", true, false, &g);
			assert_true(tells(&g, "TLS"));
			assert_true(tells(&g, "llvmpipe"));
			assert_false(tells(&g, "time zone"));
		}
}

static const struct {
	enum browser_kind kind;
	const char *device, *part;
	bool told;
} rows[] = {
	{BROWSER_FIREFOX, "iphone", "Gecko", true},
	{BROWSER_FIREFOX, "iphone", "maxTouchPoints", true},
	{BROWSER_FIREFOX, "iphone", "Blink", false},
	{BROWSER_FIREFOX, "windows", "Gecko", false},
	{BROWSER_FIREFOX, "linux", "fonts", false},
	{BROWSER_CHROMIUM, "iphone", "Blink", true},
	{BROWSER_CHROMIUM, "iphone", "Safari's", true},
	{BROWSER_CHROMIUM, "android", "500 pixels", true},
	{BROWSER_CHROMIUM, "android", "Safari's", false},
	{BROWSER_CHROMIUM, "windows", "workers see Linux", true},
	{BROWSER_CHROMIUM, "linux", "workers see Linux", false},
	{BROWSER_CHROMIUM, "windows", "maxTouchPoints", false},
};

static void each_is_told_where_it_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct giveaways g;
		giveaways_of(rows[i].kind, rows[i].device, "Europe/Berlin", true, false, &g);
		if (tells(&g, rows[i].part) != rows[i].told)
			fail_msg("%s: %s", rows[i].device, rows[i].part);
	}
}

static void what_was_not_claimed_is_not_given_away(void **state)
{
	struct giveaways g;
	(void)state;
	giveaways_of(BROWSER_FIREFOX, "", "UTC", false, true, &g);
	assert_int_equal(g.n, 0);
}

/* A device has no time zone of its own: the machine's is told where it does not fit. */
static void the_time_zone(void **state)
{
	struct giveaways g;
	(void)state;
	giveaways_of(BROWSER_FIREFOX, "mac", "UTC", false, false, &g);
	assert_true(tells(&g, "is UTC"));
	giveaways_of(BROWSER_FIREFOX, "mac", "Europe/Berlin", false, true, &g);
	assert_true(tells(&g, "not the exit's"));
	giveaways_of(BROWSER_FIREFOX, "mac", "Europe/Berlin", false, false, &g);
	assert_false(tells(&g, "time zone"));
	giveaways_of(BROWSER_FIREFOX, "mac", "UTC", true, true, &g);
	assert_false(tells(&g, "time zone"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_device_is_given_away),
		cmocka_unit_test(each_is_told_where_it_shows),
		cmocka_unit_test(what_was_not_claimed_is_not_given_away),
		cmocka_unit_test(the_time_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
