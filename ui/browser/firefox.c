#include "ui/browser/firefox.h"
#include "ui/browser/parcel.h"
#include "ui/browser/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { INI_LINE_MAX = 512 };

/* Name and version from the file beside the program: running it only to ask would start it
 * outside the jail. */
static bool read_application_ini(const char *dir, struct browser_about *about)
{
	char path[PATH_MAX], line[INI_LINE_MAX];
	bool app = false;
	snprintf(path, sizeof path, "%s/application.ini", dir);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\r\n")] = 0;
		if (line[0] == '[')
			app = strcmp(line, "[App]") == 0;
		else if (app && strncmp(line, "Name=", 5) == 0)
			snprintf(about->name, sizeof about->name, "%.31s", line + 5);
		else if (app && strncmp(line, "Version=", 8) == 0)
			snprintf(about->version, sizeof about->version, "%.31s", line + 8);
	}
	fclose(f);
	return about->name[0] != 0 && about->version[0] != 0;
}

bool firefox_find(
	struct browser_about *about, const char **program_dir, struct arena *a, struct err *err)
{
	static const char *const names[] = {"firefox-esr", "firefox"};
	static const char *const elsewhere[] = {"/opt/firefox/firefox"};
	const char *odd = NULL;
	for (size_t i = 0; i < 3; i++) {
		char real[PATH_MAX];
		const char *found = i < 2 ? sandbox_program(names[i], a) : elsewhere[0];
		if (found == NULL || realpath(found, real) == NULL || access(real, X_OK) != 0)
			continue;
		char *dir = arena_str(a, span_str(real));
		*strrchr(dir, '/') = 0;
		if (strlen(real) >= sizeof about->path || !read_application_ini(dir, about)) {
			odd = found;
			continue;
		}
		memcpy(about->path, real, strlen(real) + 1);
		*program_dir = strncmp(dir, "/usr/", 5) == 0 ? NULL : dir;
		return true;
	}
	if (odd != NULL)
		return err_set(err, ERR_BROWSER_MISSING,
			"%s is not a Firefox that can run in a sandbox of ours (a snap, "
			"perhaps); "
			"install Debian's firefox-esr, or give --browser none",
			odd);
	return err_set(err, ERR_BROWSER_MISSING,
		"no Firefox was found; install it (apt install firefox-esr), or give --browser "
		"none");
}

/* As a string of user.js, whose escapes are JavaScript's. */
static void add_string(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "user_pref(\"%s\", \"", name);
	for (const char *c = value; *c != 0; c++) {
		if (*c == '"' || *c == '\\' || (unsigned char)*c < 0x20)
			buf_addf(out, "\\x%02x", (unsigned char)*c);
		else
			buf_add_byte(out, (uint8_t)*c);
	}
	buf_add_str(out, "\");\n");
}

static void add_number(struct buf *out, const char *name, int value)
{
	buf_addf(out, "user_pref(\"%s\", %d);\n", name, value);
}

static void add_device(const struct browser_setup *s, struct buf *out)
{
	const struct device *d = s->device;
	if (s->about->device[0] != 0) {
		add_string(out, "general.appversion.override", d->firefox.app_version);
		add_string(out, "general.platform.override", d->firefox.platform);
		add_string(out, "general.oscpu.override", d->firefox.oscpu);
	}
	if (s->about->device[0] != 0 || s->launch->user_agent != NULL)
		add_string(out, "general.useragent.override", s->about->user_agent);
	if (d->scale_int != 1)
		add_string(out, "layout.css.devPixelsPerPx", d->scale);
	if (d->touch) {
		add_number(out, "dom.w3c_touch_events.enabled", 1);
		buf_add_str(out,
			"user_pref(\"dom.w3c_touch_events.legacy_apis.enabled\", true);\n");
		add_number(out, "ui.primaryPointerCapabilities", 1); /* coarse, no hover */
		add_number(out, "ui.allPointerCapabilities", 1);
		buf_add_str(out,
			"user_pref(\"toolkit.legacyUserProfileCustomizations.stylesheets\", "
			"true);\n");
	}
}

void firefox_prefs(const struct browser_setup *s, struct buf *out)
{
	char downloads[PATH_MAX];
	for (size_t i = 0; i < firefox_fixed_prefs_n; i++)
		if (!s->launch->own_tls ||
			strcmp(firefox_fixed_prefs[i].name, FIREFOX_GREASE_PREF) != 0)
			buf_addf(out, "user_pref(\"%s\", %s);\n", firefox_fixed_prefs[i].name,
				firefox_fixed_prefs[i].value);
	add_number(out, "network.proxy.http_port", s->port);
	add_number(out, "network.proxy.ssl_port", s->port);
	snprintf(downloads, sizeof downloads, "%s/" PARCEL_DOWNLOADS, s->home);
	add_string(out, "browser.download.dir", downloads);
	add_string(out, "intl.accept_languages", s->about->language);
	add_string(out, "intl.locale.requested", "en-US");
	/* Else Firefox sets some forty preferences as it thinks best for tests. */
	if (s->launch->instrument != NULL)
		buf_add_str(out, "user_pref(\"remote.prefs.recommended\", false);\n");
	add_device(s, out);
}

void firefox_window(const struct browser_setup *s, struct buf *out)
{
	/* There is no window manager on the private screen: the window fills it, as a maximised
	 * one would. */
	buf_addf(out,
		"{\"chrome://browser/content/"
		"browser.xhtml\":{\"main-window\":{\"screenX\":\"0\","
		"\"screenY\":\"0\",\"width\":\"%d\",\"height\":\"%d\",\"sizemode\":\"normal\"}}"
		"}",
		s->about->width, s->about->height);
}

const char *firefox_chrome_css(const struct browser_setup *s)
{
	/* A desk's window is never narrower than 500 pixels and has bars above the page; a
	 * telephone's page is its screen. */
	if (!s->device->touch || s->about->shown)
		return NULL;
	return ":root, body { min-width: 0 !important; min-height: 0 !important; }\n"
	       "#navigator-toolbox { visibility: collapse !important; min-width: 0 !important; "
	       "}\n";
}

const char *firefox_policies(const struct browser_launch *launch)
{
	(void)launch;
	/* Much of it is a preference too: of the two ways one may go with a new version. */
	return "{\"policies\":{\"CaptivePortal\":false,\"DisableAppUpdate\":true,"
	       "\"DisableFirefoxStudies\":true,\"DisableTelemetry\":true,"
	       "\"DisableRemoteImprovements\":true,\"DisableSystemAddonUpdate\":true,"
	       "\"DisableRemoteSettingsAndAcceptSecurityConsequences\":true,"
	       "\"ExtensionUpdate\":false,\"NetworkPrediction\":false,"
	       "\"DNSOverHTTPS\":{\"Enabled\":false,\"Locked\":true},"
	       "\"SkipTermsOfUse\":true,\"DontCheckDefaultBrowser\":true,"
	       "\"OverrideFirstRunPage\":\"\",\"OverridePostUpdatePage\":\"\"}}\n";
}

const char *const *firefox_argv(const struct browser_setup *s, struct arena *a)
{
	const char **v = NULL;
	size_t n = 0;
	ARENA_PUSH(a, v, n, s->about->path);
	ARENA_PUSH(a, v, n, "--no-remote");
	ARENA_PUSH(a, v, n, "--new-instance");
	ARENA_PUSH(a, v, n, "--profile");
	ARENA_PUSH(a, v, n, arena_printf(a, "%s/" PARCEL_PROFILE, s->home));
	if (s->about->headless)
		ARENA_PUSH(a, v, n, "--headless");
	if (s->launch->instrument != NULL) {
		ARENA_PUSH(a, v, n, "--remote-debugging-port");
		ARENA_PUSH(a, v, n, arena_printf(a, "%d", BROWSER_INSTRUMENT_PORT));
	}
	ARENA_PUSH(a, v, n, NULL);
	return v;
}

const char *const *firefox_env(const struct browser_setup *s, struct arena *a)
{
	static const char *const fixed[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8", /* always there; the page's language is a preference */
		"MOZ_CRASHREPORTER_DISABLE=1",
		"MOZ_REMOTE_SETTINGS_DEVTOOLS=1", /* lets services.settings.server count */
		"NO_AT_BRIDGE=1",                 /* no bus, so no accessibility bus either */
		"GSETTINGS_BACKEND=memory",
	};
	const char **v = NULL;
	size_t n = 0;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		ARENA_PUSH(a, v, n, fixed[i]);
	ARENA_PUSH(a, v, n, arena_printf(a, "HOME=%s", s->home));
	ARENA_PUSH(a, v, n, arena_printf(a, "XDG_RUNTIME_DIR=%s/" PARCEL_RUN, s->home));
	ARENA_PUSH(a, v, n, arena_printf(a, "TMPDIR=%s/" PARCEL_TMP, s->home));
	ARENA_PUSH(a, v, n, arena_printf(a, "TZ=%s", s->about->timezone));
	if (s->about->headless) {
		ARENA_PUSH(a, v, n, arena_printf(a, "MOZ_HEADLESS_WIDTH=%d", s->about->width));
		ARENA_PUSH(
			a, v, n, arena_printf(a, "MOZ_HEADLESS_HEIGHT=%d", s->about->height));
	}
	ARENA_PUSH(a, v, n, NULL);
	return v;
}
