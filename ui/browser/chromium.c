#include "ui/browser/chromium.h"
#include "ui/browser/parcel.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VERSION_PARTS = 4, TOUCH_POINTS = 5 };

/* The program itself, not the script that distributions put before it: that one adds flags, and
 * a snap's would not start in a sandbox of ours. */
static bool is_program(const char *path)
{
	char magic[4] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool elf = read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
		   memcmp(magic, "\177ELF", sizeof magic) == 0;
	close(fd);
	return elf && access(path, X_OK) == 0;
}

bool chromium_find(
	struct browser_about *about, const char **program_dir, struct arena *a, struct err *err)
{
	static const char *const places[] = {"/usr/lib/chromium/chromium",
		"/usr/lib/chromium-browser/chromium-browser",
		"/usr/lib64/chromium-browser/chromium-browser", "/opt/chromium/chrome"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char real[PATH_MAX];
		if (realpath(places[i], real) == NULL || strlen(real) >= sizeof about->path ||
			!is_program(real))
			continue;
		char *dir = arena_str(a, span_str(real));
		*strrchr(dir, '/') = 0;
		snprintf(about->name, sizeof about->name, "Chromium");
		memcpy(about->path, real, strlen(real) + 1);
		*program_dir = strncmp(dir, "/usr/", 5) == 0 ? NULL : dir;
		return true;
	}
	return err_set(err, ERR_BROWSER_MISSING,
		"no Chromium was found (one from a snap cannot run in a sandbox of ours); "
		"install "
		"it (apt install chromium), or give --browser firefox");
}

bool chromium_version(const char *line, struct browser_about *about, struct err *err)
{
	unsigned part[VERSION_PARTS];
	char after = 0;
	int n = sscanf(
		line, "%5u.%5u.%5u.%5u%c", &part[0], &part[1], &part[2], &part[3], &after);
	if (n < VERSION_PARTS || (n > VERSION_PARTS && after != ' '))
		return err_set(err, ERR_BROWSER_START,
			"%s did not say its version, but \"%.100s\"", about->path, line);
	snprintf(about->version, sizeof about->version, "%u.%u.%u.%u", part[0], part[1],
		part[2], part[3]);
	return true;
}

static void add_string(struct buf *out, const char *s)
{
	buf_add_byte(out, '"');
	for (; *s != 0; s++) {
		if (*s == '"' || *s == '\\' || (unsigned char)*s < 0x20)
			buf_addf(out, "\\u%04x", (unsigned char)*s);
		else
			buf_add_byte(out, (uint8_t)*s);
	}
	buf_add_byte(out, '"');
}

void chromium_preferences(const struct browser_setup *s, struct buf *out)
{
	char downloads[PATH_MAX];
	snprintf(downloads, sizeof downloads, "%s/" PARCEL_DOWNLOADS, s->home);
	buf_add_str(out, "{\"download\":{\"prompt_for_download\":false,\"default_directory\":");
	add_string(out, downloads);
	buf_add_str(out, "},\"savefile\":{\"default_directory\":");
	add_string(out, downloads);
	buf_add_str(out,
		"},\"alternate_error_pages\":{\"enabled\":false},"
		"\"credentials_enable_service\":false,"
		"\"https_only_mode_enabled\":false,\"https_first_balanced_mode_enabled\":false,"
		"\"net\":{\"network_prediction_options\":2},"
		"\"profile\":{\"mixed_forms_warnings\":false,\"password_manager_enabled\":"
		"false,"
		"\"default_content_setting_values\":{\"popups\":1}},"
		"\"safebrowsing\":{\"enabled\":false},\"search\":{\"suggest_enabled\":false},"
		"\"signin\":{\"allowed\":false,\"allowed_on_next_startup\":false},"
		"\"spellcheck\":{\"use_spelling_service\":false},"
		"\"translate\":{\"enabled\":false},"
		"\"webrtc\":{\"ip_handling_policy\":\"disable_non_proxied_udp\"}}\n");
}

struct line {
	struct arena *a;
	const char **v;
	size_t n;
};

static void add(struct line *l, const char *word)
{
	ARENA_PUSH(l->a, l->v, l->n, word);
}

static void add_window(struct line *l, const struct browser_setup *s)
{
	const struct browser_about *b = s->about;
	/* There is no window manager on the private screen; and a window of exactly its size is
	 * made smaller both ways, so it is one line less high. */
	add(l, "--window-position=0,0");
	add(l, arena_printf(l->a, "--window-size=%d,%d", b->width, b->height - 1));
	if (s->device->scale_int != 1)
		add(l, arena_printf(
			       l->a, "--force-device-scale-factor=%d", s->device->scale_int));
	add(l, s->wayland ? "--ozone-platform=wayland" : "--ozone-platform=x11");
}

static void add_device(struct line *l, const struct browser_setup *s)
{
	const struct browser_about *b = s->about;
	if (b->device[0] != 0 || s->launch->user_agent != NULL)
		add(l, arena_printf(l->a, "--user-agent=%s", b->user_agent));
	if (b->device[0] == 0)
		return;
	const char *settings = arena_printf(l->a,
		"--blink-settings=navigatorPlatformOverride=%s", s->device->chromium.platform);
	if (s->device->touch) {
		/* Pointer types: 2 is coarse; hover types: 1 is none. */
		settings = arena_printf(l->a,
			"%s,primaryPointerType=2,availablePointerTypes=2,primaryHoverType=1,"
			"availableHoverTypes=1,viewportEnabled=true,viewportMetaEnabled=true,"
			"shrinksViewportContentToFit=true,"
			"maxTouchPoints=%d",
			settings, TOUCH_POINTS);
		add(l, "--touch-events=enabled");
		add(l, "--use-mobile-user-agent");
	}
	add(l, settings);
	if (chromium_needs_device(s))
		add(l, arena_printf(l->a, "--load-extension=%s/" CHROMIUM_DEVICE, s->home));
}

static const char *features_off(const struct browser_launch *launch, struct arena *a)
{
	const char *out = "";
	for (const char *const *words = chromium_features_off; *words != NULL; words++)
		if (!launch->own_tls || strcmp(*words, CHROMIUM_ECH_FEATURE) != 0)
			out = arena_printf(a, "%s%s%s", out, out[0] != 0 ? "," : "", *words);
	return out;
}

/* The list as the flag takes it: without spaces. */
static const char *languages(const char *list, struct arena *a)
{
	char *out = arena_str(a, span_str(list));
	size_t n = 0;
	for (const char *c = list; *c != 0; c++)
		if (*c != ' ')
			out[n++] = *c;
	out[n] = 0;
	return out;
}

const char *const *chromium_argv(const struct browser_setup *s, struct arena *a)
{
	struct line l = {.a = a};
	add(&l, s->about->path);
	add(&l, arena_printf(a, "--user-data-dir=%s/" PARCEL_PROFILE, s->home));
	add(&l, arena_printf(a, "--proxy-server=http://127.0.0.1:%d", s->port));
	for (const char *const *f = chromium_fixed_flags; *f != NULL; f++)
		add(&l, *f);
	add(&l, arena_printf(a, "--disable-features=%s", features_off(s->launch, a)));
	add(&l, arena_printf(a, "--accept-lang=%s", languages(s->about->language, a)));
	if (s->launch->instrument != NULL)
		add(&l, arena_printf(a, "--remote-debugging-port=%d", BROWSER_INSTRUMENT_PORT));
	add_window(&l, s);
	add_device(&l, s);
	add(&l, NULL);
	return l.v;
}

const char *const *chromium_env(const struct browser_setup *s, struct arena *a)
{
	static const char *const fixed[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8", /* always there; the page's language is a flag */
		/* No bus: neither the user's nor, without a jail, the machine's. */
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
		"DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent",
		"NO_AT_BRIDGE=1",
		"GSETTINGS_BACKEND=memory",
	};
	struct line l = {.a = a};
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		add(&l, fixed[i]);
	add(&l, arena_printf(a, "HOME=%s", s->home));
	add(&l, arena_printf(a, "XDG_RUNTIME_DIR=%s/" PARCEL_RUN, s->home));
	add(&l, arena_printf(a, "TMPDIR=%s/" PARCEL_TMP, s->home));
	add(&l, arena_printf(a, "TZ=%s", s->about->timezone));
	add(&l, NULL);
	return l.v;
}
