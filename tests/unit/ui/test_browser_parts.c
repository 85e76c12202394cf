/*
 * The parts that need no browser: what goes into the profile, the parcel, X authority files,
 * devices, and every argument that browser_start and browser_open refuse.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ui/browser/browser.h"
#include "ui/browser/chromium.h"
#include "ui/browser/device.h"
#include "ui/browser/firefox.h"
#include "ui/browser/inside.h"
#include "ui/browser/parcel.h"
#include "ui/browser/sandbox.h"
#include "ui/browser/xauth.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

enum { HARD_LIMIT_S = 60 };

/* ---- the profile ---- */

static char *prefs_of(const struct browser_launch *launch, const struct browser_about *about)
{
	struct buf b = {0};
	struct browser_setup s = {.launch = launch,
		.about = about,
		.home = "/home/x\"y\\z\n",
		.port = 4711,
		.device = device_find(about->device[0] ? about->device : "linux")};
	firefox_prefs(&s, &b);
	return buf_take_str(&b);
}

static void no_way_around_the_proxy(void **state)
{
	(void)state;
	const struct browser_launch launch = {.kind = BROWSER_FIREFOX};
	const struct browser_about about = {.language = "en-US, en", .user_agent = "UA"};
	char *text = prefs_of(&launch, &about);
	static const char *const must[] = {
		"user_pref(\"network.proxy.type\", 1);\n",
		"user_pref(\"network.proxy.http\", \"127.0.0.1\");\n",
		"user_pref(\"network.proxy.http_port\", 4711);\n",
		"user_pref(\"network.proxy.ssl\", \"127.0.0.1\");\n",
		"user_pref(\"network.proxy.ssl_port\", 4711);\n",
		"user_pref(\"network.proxy.no_proxies_on\", \"\");\n",
		"user_pref(\"network.proxy.failover_direct\", false);\n",
		"user_pref(\"network.proxy.allow_bypass\", false);\n",
		"user_pref(\"network.proxy.allow_hijacking_localhost\", true);\n",
		"user_pref(\"network.trr.mode\", 5);\n",
		"user_pref(\"media.peerconnection.enabled\", false);\n",
		"user_pref(\"dom.security.https_first\", false);\n",
		"user_pref(\"network.stricttransportsecurity.preloadlist\", false);\n",
		"user_pref(\"accessibility.blockautorefresh\", false);\n",
		"user_pref(\"security.enterprise_roots.enabled\", false);\n",
		"user_pref(\"intl.accept_languages\", \"en-US, en\");\n",
	};
	for (size_t i = 0; i < sizeof must / sizeof *must; i++) {
		if (strstr(text, must[i]) == NULL)
			print_error("missing: %s", must[i]);
		assert_non_null(strstr(text, must[i]));
	}
	/* The browser's own introduction stays its own unless asked for. */
	assert_null(strstr(text, "useragent.override"));
	/* Nothing leaves a string: one preference a line, and each line ends one. */
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		assert_int_equal(strncmp(line, "user_pref(\"", 11), 0);
		assert_string_equal(line + strlen(line) - 2, ");");
	}
	free(text);
}

static void strings_stay_strings(void **state)
{
	(void)state;
	const struct browser_launch launch = {.user_agent = "x"};
	const struct browser_about about = {
		.language = "en", .user_agent = "a\"); user_pref(\"b\\"};
	char *text = prefs_of(&launch, &about);
	assert_non_null(strstr(text, "user_pref(\"general.useragent.override\", \"a\\x22); "
				     "user_pref(\\x22b\\x5c\");\n"));
	assert_non_null(strstr(text, "\"/home/x\\x22y\\x5cz\\x0a/downloads\""));
	free(text);
}

static void each_preference_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < firefox_fixed_prefs_n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(
				firefox_fixed_prefs[i].name, firefox_fixed_prefs[k].name);
	assert_true(firefox_fixed_prefs_n > 100);
}

static void no_automation(void **state)
{
	(void)state;
	struct arena a = {0};
	struct browser_about about = {.path = "/usr/bin/f", .timezone = "UTC"};
	const struct browser_launch launch = {0};
	struct browser_setup s = {.launch = &launch,
		.about = &about,
		.home = "/h",
		.device = device_find("linux")};
	for (const char *const *v = firefox_argv(&s, &a); *v != NULL; v++) {
		assert_null(strstr(*v, "remote-debugging"));
		assert_null(strstr(*v, "marionette"));
		assert_null(strstr(*v, "headless"));
	}
	about.headless = true;
	bool headless = false;
	for (const char *const *v = firefox_argv(&s, &a); *v != NULL; v++)
		headless = headless || strcmp(*v, "--headless") == 0;
	assert_true(headless);
	for (size_t i = 0; i < firefox_fixed_prefs_n; i++) {
		assert_null(strstr(firefox_fixed_prefs[i].name, "marionette"));
		assert_null(strstr(firefox_fixed_prefs[i].name, "remote.active-protocols"));
	}
	arena_fini(&a);
}

static void devices_are_whole(void **state)
{
	(void)state;
	struct arena a = {0};
	for (size_t i = 0; browser_devices[i] != NULL; i++) {
		const struct device *d = device_find(browser_devices[i]);
		assert_non_null(d);
		char *ua = device_user_agent(d, BROWSER_FIREFOX, "153.7.0", &a);
		assert_int_equal(strncmp(ua, "Mozilla/5.0 (", 13), 0);
		assert_null(strchr(ua, '{'));
		assert_int_equal(atoi(d->scale), d->scale_int);
	}
	assert_null(device_find("toaster"));
	assert_string_equal(
		device_user_agent(device_find("windows"), BROWSER_FIREFOX, "153.7.0", &a),
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 "
		"Firefox/153.0");
	assert_string_equal(
		device_user_agent(device_find("android"), BROWSER_FIREFOX, "60", &a),
		"Mozilla/5.0 (Android 15; Mobile; rv:60.0) Gecko/60.0 Firefox/60.0");
	arena_fini(&a);
}

/* ---- Chromium ---- */

static const char *const *chromium_line(
	const struct browser_launch *launch, const struct browser_about *about, struct arena *a)
{
	static struct browser_setup s;
	s = (struct browser_setup){.launch = launch,
		.about = about,
		.home = "/home/x\"y",
		.port = 4711,
		.device = device_find(about->device[0] ? about->device : "linux")};
	return chromium_argv(&s, a);
}

static bool in_line(const char *const *line, const char *word)
{
	for (; *line != NULL; line++)
		if (strcmp(*line, word) == 0)
			return true;
	return false;
}

static const char *starting(const char *const *line, const char *start)
{
	for (; *line != NULL; line++)
		if (strncmp(*line, start, strlen(start)) == 0)
			return *line;
	return "";
}

static void chromium_line_is_ours(void **state)
{
	(void)state;
	struct arena a = {0};
	const struct browser_launch launch = {.kind = BROWSER_CHROMIUM};
	struct browser_about about = {.path = "/usr/lib/c",
		.language = "en-US, en",
		.user_agent = "UA",
		.width = 1920,
		.height = 1080};
	const char *const *v = chromium_line(&launch, &about, &a);
	static const char *const must[] = {"/usr/lib/c", "--proxy-server=http://127.0.0.1:4711",
		"--proxy-bypass-list=<-loopback>",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-quic",
		"--accept-lang=en-US,en", "--window-size=1920,1079", "--ozone-platform=x11",
		"--user-data-dir=/home/x\"y/profile"};
	for (size_t i = 0; i < sizeof must / sizeof *must; i++)
		if (!in_line(v, must[i]))
			fail_msg("missing: %s", must[i]);
	assert_non_null(strstr(starting(v, "--disable-features="), "=HttpsUpgrades,"));
	/* No automation, and its own introduction and sandbox stay its own. */
	static const char *const never[] = {"--remote-debugging", "--enable-automation",
		"--headless", "--test-type", "--no-sandbox", "--user-agent", "--blink-settings",
		"--load-extension", "--ignore-certificate-errors", "--disable-web-security"};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_string_equal(starting(v, never[i]), "");
	/* Each once: of two the last would count. */
	for (size_t i = 0; chromium_fixed_flags[i] != NULL; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(
				chromium_fixed_flags[i], chromium_fixed_flags[k]);
	arena_fini(&a);
}

/* Only who asks for it by name gets a port, and no other change. */
static void automation_when_asked(void **state)
{
	(void)state;
	struct arena a = {0};
	struct browser_about about = {
		.path = "/usr/bin/f", .language = "en", .timezone = "UTC"};
	const struct browser_launch launch = {.sandbox = true, .instrument = "/run/tap"};
	struct browser_setup s = {.launch = &launch,
		.about = &about,
		.home = "/h",
		.device = device_find("linux")};
	const char *const *v = firefox_argv(&s, &a);
	assert_true(in_line(v, "--remote-debugging-port"));
	assert_true(in_line(v, "9222"));
	assert_true(in_line(chromium_argv(&s, &a), "--remote-debugging-port=9222"));
	assert_false(in_line(chromium_argv(&s, &a), "--enable-automation"));
	char *text = prefs_of(&launch, &about);
	assert_non_null(strstr(text, "user_pref(\"remote.prefs.recommended\", false);\n"));
	free(text);
	arena_fini(&a);
}

static void chromium_devices(void **state)
{
	(void)state;
	struct arena a = {0};
	struct browser_launch launch = {.kind = BROWSER_CHROMIUM};
	for (size_t i = 0; browser_devices[i] != NULL; i++) {
		struct browser_about about = {.user_agent = "UA"};
		struct buf rules = {0}, script = {0};
		json_error_t error;
		int width, height;
		snprintf(about.device, sizeof about.device, "%s", browser_devices[i]);
		struct browser_setup s = {.launch = &launch,
			.about = &about,
			.home = "/h",
			.device = device_find(browser_devices[i])};
		const char *const *v = chromium_argv(&s, &a);
		assert_true(in_line(v, "--user-agent=UA"));
		assert_non_null(
			strstr(starting(v, "--blink-settings="), s.device->chromium.platform));
		assert_int_equal(starting(v, "--touch-events=")[0] != 0, s.device->touch);
		assert_int_equal(starting(v, "--load-extension=/h/device")[0] != 0, i > 0);
		assert_int_equal(chromium_needs_device(&s), i > 0);
		device_screen(s.device, BROWSER_CHROMIUM, &width, &height);
		assert_true(width >= 500 && height >= 500);
		chromium_device_rules(&s, &rules);
		chromium_device_script(&s, &script);
		char *text = buf_take_str(&rules);
		json_t *json = json_loads(text, 0, &error);
		if (json == NULL)
			fail_msg("%s\n%s", error.text, text);
		json_decref(json);
		free(text);
		buf_fini(&script);
	}
	arena_fini(&a);
}

/* Where sites see the browser's handshake it is the browser's own, whatever is switched off for
 * a proxy that wants to read the hello. */
static void the_handshake_may_be_its_own(void **state)
{
	(void)state;
	const struct browser_about about = {.language = "en"};
	for (int own = 0; own < 2; own++) {
		struct arena a = {0};
		const struct browser_launch launch = {.own_tls = own != 0};
		struct browser_setup s = {.launch = &launch,
			.about = &about,
			.device = device_find("linux"),
			.home = "/h"};
		struct buf b = {0};
		firefox_prefs(&s, &b);
		char *prefs = buf_take_str(&b);
		assert_int_equal(strstr(prefs, "ech.grease_probability") == NULL, own);
		assert_non_null(strstr(prefs, "\"network.dns.echconfig.enabled\", false"));
		free(prefs);
		bool off = strstr(chromium_policies(&launch), "EncryptedClientHello") != NULL;
		for (const char *const *v = chromium_argv(&s, &a); *v != NULL; v++)
			if (strncmp(*v, "--disable-features=", 19) == 0)
				assert_int_equal(
					strstr(*v, "EncryptedClientHello") != NULL, off);
		assert_int_equal(off, !own);
		json_error_t error;
		json_t *json =
			json_loads(chromium_policies(&launch), JSON_REJECT_DUPLICATES, &error);
		assert_non_null(json);
		json_decref(json);
		arena_fini(&a);
	}
}

static void chromium_files_are_json(void **state)
{
	(void)state;
	const struct browser_launch launch = {.kind = BROWSER_CHROMIUM};
	const struct browser_about about = {.language = "en"};
	struct browser_setup s = {
		.launch = &launch, .about = &about, .home = "/home/x\"y\\z\n"};
	struct buf b = {0};
	chromium_preferences(&s, &b);
	char *preferences = buf_take_str(&b);
	const char *const texts[] = {preferences, chromium_local_state(),
		chromium_policies(&launch), chromium_device_manifest()};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_error_t error;
		json_t *json = json_loads(texts[i], JSON_REJECT_DUPLICATES, &error);
		if (json == NULL)
			fail_msg("%zu: %s\n%s", i, error.text, texts[i]);
		if (i == 0)
			assert_string_equal(json_string_value(json_object_get(
						    json_object_get(json, "download"),
						    "default_directory")),
				"/home/x\"y\\z\n/downloads");
		json_decref(json);
	}
	free(preferences);
}

static void chromium_versions(void **state)
{
	(void)state;
	struct browser_about about = {.path = "/c"};
	struct err err;
	assert_true(chromium_version("156.0.8078.79", &about, &err));
	assert_string_equal(about.version, "156.0.8078.79");
	assert_true(chromium_version("157.0.1.2 unknown", &about, &err));
	static const char *const bad[] = {"", "156.0.8078", "Chromium 156.0.8078.79",
		"156.0.8078.79x", "bwrap: no", "1234567.0.0.0"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (chromium_version(bad[i], &about, &err))
			fail_msg("taken: %s", bad[i]);
}

/* ---- parcels and cookies ---- */

static void parcel_round_trip(void **state)
{
	(void)state;
	struct buf b = {0};
	char name[PARCEL_NAME_MAX];
	struct span content;
	parcel_add(&b, "a", span_str("one"));
	parcel_add(&b, "dir/b", span_of("", 0));
	parcel_add(&b, "c", span_of("\0\1", 2));
	struct reader r = reader_of(buf_span(&b));
	assert_true(parcel_next(&r, name, &content));
	assert_string_equal(name, "a");
	assert_true(span_is(content, "one"));
	assert_true(parcel_next(&r, name, &content));
	assert_string_equal(name, "dir/b");
	assert_int_equal(content.n, 0);
	assert_true(parcel_next(&r, name, &content));
	assert_int_equal(content.n, 2);
	assert_false(parcel_next(&r, name, &content));
	assert_false(r.bad);
	/* Cut anywhere but between files, it is broken and says so. */
	size_t whole[] = {0, 2 + 1 + 4 + 3, 2 + 1 + 4 + 3 + 2 + 5 + 4};
	for (size_t n = 0; n < buf_len(&b); n++) {
		r = reader_of(span_first(buf_span(&b), n));
		while (parcel_next(&r, name, &content))
			;
		assert_int_equal(r.bad, n != whole[0] && n != whole[1] && n != whole[2]);
	}
	buf_fini(&b);
}

static void add_entry(
	struct buf *b, int family, const char *number, const char *name, const char *data)
{
	const char *const parts[] = {"host", number, name, data};
	buf_add_u16(b, (uint16_t)family);
	for (size_t i = 0; i < 4; i++) {
		buf_add_u16(b, (uint16_t)strlen(parts[i]));
		buf_add_str(b, parts[i]);
	}
}

static void the_right_cookie(void **state)
{
	(void)state;
	struct buf file = {0}, out = {0}, want = {0};
	add_entry(&file, 0, "7", XAUTH_COOKIE_NAME, "network");
	add_entry(&file, 256, "6", XAUTH_COOKIE_NAME, "other");
	add_entry(&file, 256, "7", "XDM-AUTHORIZATION-1", "unusable");
	add_entry(&file, 256, "7", XAUTH_COOKIE_NAME, "right");
	add_entry(&file, 256, "7", XAUTH_COOKIE_NAME, "later");
	assert_true(xauth_find(buf_span(&file), "7", &out));
	xauth_add(&want, span_str(XAUTH_COOKIE_NAME), span_str("right"));
	assert_true(span_eq(buf_span(&out), buf_span(&want)));
	buf_clear(&out);
	assert_false(xauth_find(buf_span(&file), "8", &out));
	/* What we write is read again, for any display. */
	assert_true(xauth_find(buf_span(&want), "99", &out));
	assert_true(span_eq(buf_span(&out), buf_span(&want)));
	/* Cut short it is no file. */
	buf_clear(&out);
	for (size_t n = 0; n < buf_len(&want); n++)
		assert_false(xauth_find(span_first(buf_span(&want), n), "7", &out));
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&file);
	buf_fini(&out);
	buf_fini(&want);
}

/* ---- refusals ---- */

static void start_refuses(void **state)
{
	(void)state;
	static char long_agent[600];
	memset(long_agent, 'x', sizeof long_agent - 1);
	const struct {
		struct browser_launch launch;
		const char *word;
	} cases[] = {
		{{.language = "de;q=0.5"}, "--language"},
		{{.language = ""}, "--language"},
		{{.language = "en\nde"}, "--language"},
		{{.timezone = "Europe/Nowhere"}, "--timezone"},
		{{.timezone = "../../etc/passwd"}, "--timezone"},
		{{.timezone = "/etc/localtime"}, "--timezone"},
		{{.timezone = ""}, "--timezone"},
		{{.user_agent = "a\r\nb: c"}, "--user-agent"},
		{{.user_agent = "\xc3\xa9"}, "--user-agent"},
		{{.user_agent = ""}, "--user-agent"},
		{{.user_agent = long_agent}, "--user-agent"},
		{{.device = "toaster"}, "--device"},
		{{.width = 3}, "screen"},
		{{.height = 100000}, "screen"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct browser_launch launch = cases[i].launch;
		struct browser_about about;
		struct err err = {0};
		int fd;
		launch.sandbox = true;
		launch.ca_pem = "";
		struct browser *b = browser_fork(&err);
		assert_non_null(b);
		assert_false(browser_start(b, &launch, &fd, &about, &err));
		assert_int_equal(fd, -1);
		assert_int_equal(err.kind, ERR_USAGE);
		if (strstr(err.detail, cases[i].word) == NULL)
			print_error("%zu: %s\n", i, err.detail);
		assert_non_null(strstr(err.detail, cases[i].word));
		browser_free(b);
	}
}

/* A root that is no certificate: told with certutil's own words, and everything is gone
 * afterwards. */
static void start_needs_a_certificate(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct browser_launch launch = {
			.sandbox = i == 0, .ca_pem = "not a certificate\n"};
		struct browser_about about;
		struct err err = {0};
		int fd;
		struct browser *b = browser_fork(&err);
		assert_non_null(b);
		assert_false(browser_start(b, &launch, &fd, &about, &err));
		assert_int_equal(fd, -1);
		assert_int_equal(err.kind, ERR_BROWSER_START);
		assert_non_null(strstr(err.detail, "certutil"));
		assert_true(browser_stop(b, &err));
		browser_free(b);
	}
}

static void open_refuses(void **state)
{
	(void)state;
	/* Any certificate does. */
	char pem[8192] = {0};
	FILE *f = popen("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
			"-keyout /dev/null -subj /CN=t 2>/dev/null",
		"r");
	assert_non_null(f);
	assert_true(fread(pem, 1, sizeof pem - 1, f) > 100);
	pclose(f);
	struct browser_launch launch = {.sandbox = true, .ca_pem = pem};
	struct browser_about about;
	struct err err = {0};
	int fd;
	struct browser *b = browser_fork(&err);
	assert_non_null(b);
	assert_true(browser_start(b, &launch, &fd, &about, &err));
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	char *long_url = malloc(BROWSER_URL_MAX + 2);
	memset(long_url, 'a', BROWSER_URL_MAX + 1);
	long_url[BROWSER_URL_MAX + 1] = 0;
	memcpy(long_url, "http://", 7);
	const struct {
		const char *url;
		enum err_kind kind;
	} cases[] = {
		{"file:///etc/passwd", ERR_USAGE},
		{"about:config", ERR_USAGE},
		{"--marionette", ERR_USAGE},
		{"javascript:alert(1)", ERR_USAGE},
		{"example.com", ERR_USAGE},
		{"", ERR_USAGE},
		{"http://a/ -headless", ERR_USAGE},
		{"http://a/\n", ERR_USAGE},
		{long_url, ERR_LIMIT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_false(browser_open(b, &cases[i].url, 1, &err));
		assert_int_equal(err.kind, cases[i].kind);
	}
	/* Refusing is not the end: the jail still stands. */
	const char *const good[] = {"HTTP://a.example/"};
	assert_true(browser_open(b, good, 1, &err));
	assert_true(browser_stop(b, &err));
	close(fd);
	free(long_url);
	browser_free(b);
}

static void noise_is_listed(void **state)
{
	(void)state;
	bool settings = false;
	const char *const *hosts = browser_noise_hosts(BROWSER_FIREFOX);
	for (size_t i = 0; hosts[i] != NULL; i++)
		settings = settings ||
			   strcmp(hosts[i], "firefox.settings.services.mozilla.com") == 0;
	assert_true(settings);
	/* A link may lead there. */
	hosts = browser_noise_hosts(BROWSER_CHROMIUM);
	for (size_t i = 0; hosts[i] != NULL; i++)
		assert_string_not_equal(hosts[i], "accounts.google.com");
	assert_string_equal(hosts[0], "update.googleapis.com");
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(HARD_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_way_around_the_proxy),
		cmocka_unit_test(strings_stay_strings),
		cmocka_unit_test(each_preference_once),
		cmocka_unit_test(no_automation),
		cmocka_unit_test(automation_when_asked),
		cmocka_unit_test(devices_are_whole),
		cmocka_unit_test(chromium_line_is_ours),
		cmocka_unit_test(chromium_devices),
		cmocka_unit_test(the_handshake_may_be_its_own),
		cmocka_unit_test(chromium_files_are_json),
		cmocka_unit_test(chromium_versions),
		cmocka_unit_test(parcel_round_trip),
		cmocka_unit_test(the_right_cookie),
		cmocka_unit_test(start_refuses),
		cmocka_unit_test(start_needs_a_certificate),
		cmocka_unit_test(open_refuses),
		cmocka_unit_test(noise_is_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
