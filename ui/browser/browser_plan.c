#include "ui/browser/browser_plan.h"
#include "ui/browser/chromium.h"
#include "ui/browser/clock_set.h"
#include "ui/browser/firefox.h"
#include "ui/browser/parcel.h"
#include "ui/browser/sandbox.h"
#include "ui/browser/show.h"
#include "store/base/codec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ZONEINFO "/usr/share/zoneinfo/"
enum { SIDE_MIN = 200, SIDE_MAX = 8192, NAME_BYTES = 8, BACKLOG = 256 };

bool browser_find(enum browser_kind kind, bool sandbox, bool show, struct browser_about *about,
	const char **program_dir, const char **bwrap, struct arena *a, struct err *err)
{
	switch (kind) {
	case BROWSER_FIREFOX:
		if (!firefox_find(about, program_dir, a, err))
			return false;
		break;
	case BROWSER_CHROMIUM:
		if (!chromium_find(about, program_dir, a, err))
			return false;
		break;
	}
	*bwrap = sandbox ? sandbox_program("bwrap", a) : NULL;
	if (sandbox && *bwrap == NULL)
		return err_set(err, ERR_SANDBOX_MISSING,
			"bubblewrap was not found: install it (apt install bubblewrap), or "
			"give "
			"--no-sandbox");
	if (sandbox_program("certutil", a) == NULL)
		return err_set(err, ERR_SANDBOX_MISSING,
			"certutil was not found, and without it the browser will not trust the "
			"proxy: install it (apt install libnss3-tools)");
	about->sandboxed = sandbox;
	about->shown = show;
	about->headless = !show && sandbox_program("Xvfb", a) == NULL;
	/* A headless one takes a single page, and cannot be brought another (tried). */
	if (about->headless && kind == BROWSER_CHROMIUM)
		return err_set(err, ERR_SANDBOX_MISSING,
			"Xvfb was not found, and Chromium needs a screen: install it (apt "
			"install "
			"xvfb), or give --show or --browser firefox");
	return true;
}

static bool only(const char *s, const char *allowed)
{
	return s[0] != 0 && strspn(s, allowed) == strlen(s);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool set_language(const char *list, struct browser_about *about, struct err *err)
{
	/* The preference takes a plain list and Firefox makes the weights; a list with weights
	 * would be sent broken. */
	if (!only(list, LETTERS DIGITS "-, ") || strlen(list) >= sizeof about->language)
		return err_set(err, ERR_USAGE,
			"--language takes a list such as \"de-DE, de, en\", not \"%s\"", list);
	snprintf(about->language, sizeof about->language, "%s", list);
	return true;
}

/* The host's zone, as the user's own browser would tell it: a page sees an ordinary visitor
 * from there. */
static void host_timezone(char *out, size_t out_len)
{
	char real[PATH_MAX];
	const char *zone = "UTC";
	if (realpath("/etc/localtime", real) != NULL) {
		const char *at = strstr(real, "/zoneinfo/");
		if (at != NULL)
			zone = at + strlen("/zoneinfo/");
	}
	if (strcmp(zone, "Etc/UTC") == 0 || strlen(zone) >= out_len)
		zone = "UTC";
	snprintf(out, out_len, "%s", zone);
}

static bool set_timezone(const char *asked, struct browser_about *about, struct err *err)
{
	char path[PATH_MAX];
	if (asked == NULL) {
		host_timezone(about->timezone, sizeof about->timezone);
		return true;
	}
	bool ok = only(asked, LETTERS DIGITS "_+-/") && asked[0] != '/' &&
		  strlen(asked) < sizeof about->timezone;
	/* No dots are allowed, so the path stays below. Without the folder there is nothing to
	 * check against. */
	snprintf(path, sizeof path, ZONEINFO "%s", ok ? asked : "");
	if (ok && access(ZONEINFO, F_OK) == 0)
		ok = access(path, R_OK) == 0;
	if (!ok)
		return err_set(err, ERR_USAGE,
			"--timezone takes a name such as Europe/Berlin, not \"%s\"", asked);
	snprintf(about->timezone, sizeof about->timezone, "%s", asked);
	return true;
}

static bool set_user_agent(const struct browser_launch *launch, const struct device *device,
	struct browser_about *about, struct arena *a, struct err *err)
{
	const char *ua = launch->user_agent;
	if (ua == NULL)
		ua = device_user_agent(device, launch->kind, about->version, a);
	size_t n = strlen(ua);
	for (size_t i = 0; i < n; i++)
		if (ua[i] < 0x20 || ua[i] > 0x7e)
			return err_set(err, ERR_USAGE,
				"--user-agent may hold printable ASCII only, not \"%s\"", ua);
	if (n == 0 || n >= sizeof about->user_agent)
		return err_set(err, ERR_USAGE, "--user-agent has %zu bytes; 1 to %zu are taken",
			n, sizeof about->user_agent - 1);
	snprintf(about->user_agent, sizeof about->user_agent, "%s", ua);
	return true;
}

static bool set_size(const struct browser_launch *launch, const struct device *device,
	struct browser_about *about, struct err *err)
{
	device_screen(device, launch->kind, &about->width, &about->height);
	if (launch->width != 0)
		about->width = launch->width;
	if (launch->height != 0)
		about->height = launch->height;
	if (about->width < SIDE_MIN || about->width > SIDE_MAX || about->height < SIDE_MIN ||
		about->height > SIDE_MAX)
		return err_set(err, ERR_USAGE, "a screen of %d x %d is not one", about->width,
			about->height);
	return true;
}

static bool introduce(const struct browser_launch *launch, struct browser_about *about,
	const struct device **device, struct arena *a, struct err *err)
{
	*device = device_find(launch->device != NULL ? launch->device : "linux");
	if (*device == NULL)
		return err_set(err, ERR_USAGE,
			"there is no --device \"%s\"; there are linux, windows, mac, android, "
			"iphone",
			launch->device);
	snprintf(about->device, sizeof about->device, "%s",
		launch->device != NULL ? launch->device : "");
	const char *languages = launch->language != NULL
					? launch->language
					: device_languages(*device, launch->kind);
	return set_user_agent(launch, *device, about, a, err) &&
	       set_language(languages, about, err) &&
	       set_timezone(launch->timezone, about, err) &&
	       set_size(launch, *device, about, err);
}

/* Without a network namespace the listener is an ordinary one on loopback, and every local user
 * can reach it. */
static bool listen_here(struct browser_plan *p, int *port, struct err *err)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->listen_fd < 0 || bind(p->listen_fd, (struct sockaddr *)&a, n) != 0 ||
		listen(p->listen_fd, BACKLOG) != 0 ||
		getsockname(p->listen_fd, (struct sockaddr *)&a, &n) != 0)
		return err_set_os(err, ERR_BROWSER_START, errno, "listening on loopback");
	*port = ntohs(a.sin_port);
	return true;
}

/* Listening here, served inside. The mode is set before there is a name: Linux takes a socket
 * file's mode from the socket. */
static bool make_instrument(struct browser_plan *p, const char *path, struct err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof a.sun_path)
		return err_set(err, ERR_USAGE, "--instrument: \"%s\" is too long", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	p->order.given[LAUNCHER_INSTRUMENT - LAUNCHER_FILTER] = fd;
	if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
		return err_set_os(err, ERR_BROWSER_START, errno, "--instrument %s", path);
	p->instrument = path;
	return listen(fd, SOMAXCONN) == 0 ||
	       err_set_os(err, ERR_BROWSER_START, errno, "--instrument %s", path);
}

static bool give_keys(struct browser_plan *p, int fd, struct err *err)
{
	int *given = &p->order.given[LAUNCHER_KEYS - LAUNCHER_FILTER];
	*given = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return *given >= 0 ||
	       err_set_os(err, ERR_BROWSER_START, errno, "the pipe for TLS secrets");
}

static bool choose_home(struct browser_plan *p, bool sandbox, struct err *err)
{
	uint8_t name[NAME_BYTES];
	p->home = SANDBOX_HOME;
	if (sandbox)
		return true;
	if (getrandom(name, sizeof name, 0) != sizeof name)
		return err_set_os(err, ERR_SYSTEM, errno, "random bytes");
	p->home = arena_printf(&p->arena, "/tmp/clicktrail-%s",
		hex_str(&p->arena, span_of(name, sizeof name)));
	return true;
}

static void firefox_files(const struct browser_setup *s, struct buf *parcel)
{
	struct buf text = {0};
	firefox_prefs(s, &text);
	parcel_add(parcel, PARCEL_PROFILE "/user.js", buf_span(&text));
	buf_clear(&text);
	firefox_window(s, &text);
	parcel_add(parcel, PARCEL_PROFILE "/xulstore.json", buf_span(&text));
	const char *css = firefox_chrome_css(s);
	if (css != NULL)
		parcel_add(parcel, PARCEL_PROFILE "/chrome/userChrome.css", span_str(css));
	buf_fini(&text);
}

static void chromium_files(const struct browser_setup *s, struct buf *parcel)
{
	struct buf text = {0};
	chromium_preferences(s, &text);
	parcel_add(parcel, PARCEL_PROFILE "/Default/Preferences", buf_span(&text));
	parcel_add(parcel, PARCEL_PROFILE "/Local State", span_str(chromium_local_state()));
	if (chromium_needs_device(s)) {
		parcel_add(
			parcel, CHROMIUM_DEVICE_MANIFEST, span_str(chromium_device_manifest()));
		buf_clear(&text);
		chromium_device_rules(s, &text);
		parcel_add(parcel, CHROMIUM_DEVICE_RULES, buf_span(&text));
		buf_clear(&text);
		chromium_device_script(s, &text);
		parcel_add(parcel, CHROMIUM_DEVICE_SCRIPT, buf_span(&text));
	}
	buf_fini(&text);
}

/* What differs from one browser to the other. */
struct browser_ways {
	void (*files)(const struct browser_setup *s, struct buf *parcel);
	const char *(*policies)(const struct browser_launch *launch);
	const char *const *(*argv)(const struct browser_setup *s, struct arena *a);
	const char *const *(*env)(const struct browser_setup *s, struct arena *a);
	const char *policies_path; /* inside */
	const char *trust;         /* below the home: where it looks for our root */
	const char *walled;        /* see inside.h; NULL: it copes */
	bool no_netlink;
};

static const struct browser_ways *ways_of(enum browser_kind kind)
{
	static const struct browser_ways
		firefox = {firefox_files, firefox_policies, firefox_argv, firefox_env,
			"/etc/firefox/policies/policies.json", PARCEL_PROFILE, NULL, false},
		/* Chromium asks the kernel for interfaces, sees that there is only loopback,
		 * and tells every page that it is off line. Not allowed to ask, it takes it
		 * that it is on line. */
		chromium = {chromium_files, chromium_policies, chromium_argv, chromium_env,
			CHROMIUM_POLICIES, CHROMIUM_TRUST, CHROMIUM_WALLED, true};
	switch (kind) {
	case BROWSER_FIREFOX: return &firefox;
	case BROWSER_CHROMIUM: return &chromium;
	}
	return &firefox;
}

/* Each certificate of the text as a file of its own, as certutil takes them, and what it is to
 * do with them. */
static bool anchor_files(const struct browser_setup *s, struct buf *parcel, struct err *err)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	struct span rest = span_str(s->launch->anchors_pem);
	struct buf orders = {0};
	char name[PARCEL_NAME_MAX];
	size_t n = 0, at;
	while (n <= BROWSER_ANCHORS_MAX &&
		(at = span_find(rest, span_str(begin), 0)) != SIZE_MAX) {
		rest = span_from(rest, at);
		size_t to = span_find(rest, span_str(end), 0);
		if (to == SIZE_MAX)
			break;
		snprintf(name, sizeof name, PARCEL_ANCHOR, ++n);
		parcel_add(parcel, name, span_first(rest, to + sizeof end - 1));
		buf_addf(&orders, "-A -n anchor-%zu -t C,, -i %s/%s -d sql:%s/%s\n", n, s->home,
			name, s->home, ways_of(s->launch->kind)->trust);
		rest = span_from(rest, to + sizeof end - 1);
	}
	if (n > 0)
		parcel_add(parcel, PARCEL_ANCHORS, buf_span(&orders));
	buf_fini(&orders);
	if (n == 0)
		return err_set(err, ERR_USAGE,
			"--cacert holds no PEM certificate that a "
			"browser could be given");
	return n <= BROWSER_ANCHORS_MAX ||
	       err_set(err, ERR_LIMIT,
		       "--cacert holds more than %d certificates: a browser "
		       "is not given so many",
		       BROWSER_ANCHORS_MAX);
}

static bool make_files(struct browser_plan *p, const struct browser_setup *s,
	struct span cookie, struct err *err)
{
	const struct browser_ways *ways = ways_of(s->launch->kind);
	struct buf parcel = {0};
	ways->files(s, &parcel);
	parcel_add(&parcel, PARCEL_CA, span_str(s->launch->ca_pem));
	if (s->launch->as_of_us > 0)
		parcel_add(&parcel, CLOCK_SET_LIBRARY, clock_set_library());
	if (cookie.n > 0)
		parcel_add(&parcel, PARCEL_XAUTH, cookie);
	if (s->launch->anchors_pem != NULL && !anchor_files(s, &parcel, err)) {
		buf_fini(&parcel);
		return false;
	}
	int *given = p->order.given;
	int files = given[LAUNCHER_PARCEL - LAUNCHER_FILTER] =
		parcel_file(buf_span(&parcel), err);
	bool ok = files >= 0;
	if (ok && s->launch->sandbox) {
		files = given[LAUNCHER_POLICIES - LAUNCHER_FILTER] =
			parcel_file(span_str(ways->policies(s->launch)), err);
		ok = files >= 0;
	}
	buf_fini(&parcel);
	return ok;
}

static void make_env(struct browser_plan *p, const struct browser_setup *s,
	const struct show *show, bool cookie)
{
	const char **v = NULL;
	size_t n = 0;
	struct arena *a = &p->arena;
	const struct browser_ways *ways = ways_of(s->launch->kind);
	for (const char *const *e = ways->env(s, a); *e != NULL; e++)
		ARENA_PUSH(a, v, n, *e);
	ARENA_PUSH(a, v, n, show->wayland != NULL ? "GDK_BACKEND=wayland" : "GDK_BACKEND=x11");
	ARENA_PUSH(a, v, n,
		show->wayland != NULL ? "MOZ_ENABLE_WAYLAND=1" : "MOZ_ENABLE_WAYLAND=0");
	if (show->wayland != NULL)
		ARENA_PUSH(a, v, n,
			arena_printf(a, "WAYLAND_DISPLAY=%s",
				s->launch->sandbox ? SANDBOX_WAYLAND : show->wayland));
	if (show->display != NULL)
		ARENA_PUSH(a, v, n, arena_printf(a, "DISPLAY=%s", show->display));
	if (cookie)
		ARENA_PUSH(a, v, n, arena_printf(a, "XAUTHORITY=%s/" PARCEL_XAUTH, p->home));
	ARENA_PUSH(a, v, n, NULL);
	p->order.env = v;
}

static const char *const *inner_argv(struct browser_plan *p, const struct browser_setup *s)
{
	const char **v = NULL;
	size_t n = 0;
	struct arena *a = &p->arena;
	const struct browser_ways *ways = ways_of(s->launch->kind);
	ARENA_PUSH(a, v, n, SANDBOX_EXE);
	ARENA_PUSH(a, v, n, "--inside");
	if (s->launch->sandbox) {
		ARENA_PUSH(a, v, n, "--port");
		ARENA_PUSH(a, v, n, arena_printf(a, "%d", s->port));
	} else {
		ARENA_PUSH(a, v, n, "--plain");
	}
	if (!s->about->shown && !s->about->headless) {
		ARENA_PUSH(a, v, n, "--screen");
		ARENA_PUSH(a, v, n,
			arena_printf(a, "%dx%d", s->about->width * s->device->scale_int,
				s->about->height * s->device->scale_int));
	}
	ARENA_PUSH(a, v, n, "--trust");
	ARENA_PUSH(a, v, n, ways->trust);
	if (ways->walled != NULL) {
		ARENA_PUSH(a, v, n, "--walled");
		ARENA_PUSH(a, v, n, ways->walled);
	}
	if (s->launch->as_of_us > 0) {
		ARENA_PUSH(a, v, n, "--clock-offset");
		ARENA_PUSH(
			a, v, n, arena_printf(a, "%lld", (long long)s->about->clock_offset_s));
	}
	if (s->launch->keys_fd != 0)
		ARENA_PUSH(a, v, n, "--keys");
	if (s->launch->instrument != NULL) {
		ARENA_PUSH(a, v, n, "--instrument");
		ARENA_PUSH(a, v, n, arena_printf(a, "%d", BROWSER_INSTRUMENT_PORT));
	}
	ARENA_PUSH(a, v, n, "--home");
	ARENA_PUSH(a, v, n, p->home);
	ARENA_PUSH(a, v, n, "--");
	for (const char *const *f = ways->argv(s, a); *f != NULL; f++)
		ARENA_PUSH(a, v, n, *f);
	ARENA_PUSH(a, v, n, NULL);
	return v;
}

static void plan_empty(struct browser_plan *p)
{
	*p = (struct browser_plan){.listen_fd = -1};
	for (int i = 0; i < LAUNCHER_GIVEN; i++)
		p->order.given[i] = -1;
}

bool browser_plan_ask(struct browser_plan *p, const struct browser_launch *launch,
	struct browser_about *about, struct err *err)
{
	static const char *const env[] = {NULL};
	struct sandbox box = {0};
	const char **v = NULL;
	size_t n = 0;
	plan_empty(p);
	*about = (struct browser_about){0};
	if (!browser_find(launch->kind, launch->sandbox, launch->show, about, &box.program_dir,
		    &box.bwrap, &p->arena, err))
		return false;
	ARENA_PUSH(&p->arena, v, n, about->path);
	ARENA_PUSH(&p->arena, v, n, "--product-version");
	ARENA_PUSH(&p->arena, v, n, NULL);
	p->order.ask = true;
	p->order.argv = v;
	p->order.env = env;
	return !launch->sandbox || sandbox_order(&box, v, &p->order, &p->arena, err);
}

bool browser_plan_init(struct browser_plan *p, const struct browser_launch *launch,
	const char *version, struct browser_about *about, struct err *err)
{
	const struct browser_ways *ways = ways_of(launch->kind);
	struct sandbox box = {.policies = launch->sandbox ? ways->policies_path : NULL,
		.no_netlink = ways->no_netlink};
	struct show show = {0};
	struct buf cookie = {0};
	struct browser_setup s = {.launch = launch, .about = about, .port = BROWSER_PORT};
	plan_empty(p);
	*about = (struct browser_about){0};
	bool ok = browser_find(launch->kind, launch->sandbox, launch->show, about,
		&box.program_dir, &box.bwrap, &p->arena, err);
	if (ok && version != NULL)
		ok = chromium_version(version, about, err);
	/* Of this moment: the clock shows as_of_us now, and later when there is a page. */
	if (ok && launch->as_of_us > 0)
		ok = clock_set_offset(launch->as_of_us, &about->clock_offset_s, err);
	ok = ok && introduce(launch, about, &s.device, &p->arena, err) &&
	     choose_home(p, launch->sandbox, err) &&
	     (launch->sandbox || listen_here(p, &s.port, err)) &&
	     (!launch->show || show_find(&show, &cookie, &p->arena, err)) &&
	     (launch->instrument == NULL || make_instrument(p, launch->instrument, err)) &&
	     (launch->keys_fd == 0 || give_keys(p, launch->keys_fd, err));
	s.home = p->home;
	s.wayland = show.wayland != NULL;
	if (ok)
		ok = make_files(p, &s, buf_span(&cookie), err);
	if (ok) {
		make_env(p, &s, &show, buf_len(&cookie) > 0);
		box.x_socket = show.x_socket;
		box.wayland = show.wayland;
		p->order.inside = !launch->sandbox;
		p->order.argv = inner_argv(p, &s);
		ok = !launch->sandbox ||
		     sandbox_order(&box, p->order.argv, &p->order, &p->arena, err);
	}
	buf_fini(&cookie);
	return ok;
}

void browser_plan_fini(struct browser_plan *p)
{
	for (int i = 0; i < LAUNCHER_GIVEN; i++)
		if (p->order.given[i] >= 0)
			close(p->order.given[i]);
	if (p->listen_fd >= 0)
		close(p->listen_fd);
	arena_fini(&p->arena);
}
