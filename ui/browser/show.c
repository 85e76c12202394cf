#include "ui/browser/show.h"
#include "ui/browser/xauth.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AUTHORITY_MAX = 256 * 1024 };

static bool is_socket(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static const char *wayland_socket(struct arena *a)
{
	const char *name = getenv("WAYLAND_DISPLAY"), *dir = getenv("XDG_RUNTIME_DIR");
	/* Root's browser runs as somebody else, whom the runtime folder does not let in. */
	if (name == NULL || name[0] == 0 || geteuid() == 0)
		return NULL;
	if (name[0] != '/' && dir == NULL)
		return NULL;
	const char *path = name[0] == '/' ? arena_str(a, span_str(name))
					  : arena_printf(a, "%s/%s", dir, name);
	return is_socket(path) ? path : NULL;
}

/* "0" of ":0", ":0.0", "unix:0"; NULL when the display is another machine's or behind TCP (ssh
 * -X). */
static const char *display_number(const char *display, struct arena *a)
{
	const char *colon = strrchr(display, ':');
	if (colon == NULL)
		return NULL;
	size_t host = (size_t)(colon - display), digits = strspn(colon + 1, "0123456789");
	bool local = host == 0 || (host == 4 && strncmp(display, "unix", 4) == 0);
	if (!local || digits == 0 || digits > 5)
		return NULL;
	return arena_str(a, span_of(colon + 1, digits));
}

static void find_cookie(const char *number, struct buf *cookie, struct arena *a)
{
	const char *path = getenv("XAUTHORITY"), *home = getenv("HOME");
	if (path == NULL && home != NULL)
		path = arena_printf(a, "%s/.Xauthority", home);
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return; /* a server without cookies, perhaps */
	uint8_t *text = arena_alloc(a, AUTHORITY_MAX);
	ssize_t n = read(fd, text, AUTHORITY_MAX);
	close(fd);
	if (n > 0)
		xauth_find(span_of(text, (size_t)n), number, cookie);
}

bool show_find(struct show *s, struct buf *cookie, struct arena *a, struct err *err)
{
	*s = (struct show){.wayland = wayland_socket(a)};
	if (s->wayland != NULL)
		return true;
	const char *display = getenv("DISPLAY");
	if (display == NULL || display[0] == 0)
		return err_set(err, ERR_BROWSER_START,
			"--show needs a display, and neither WAYLAND_DISPLAY nor DISPLAY names "
			"one");
	const char *number = display_number(display, a);
	if (number == NULL)
		return err_set(err, ERR_BROWSER_START,
			"--show cannot use the display \"%s\": only one on this machine can be "
			"reached "
			"from the sandbox",
			display);
	s->x_socket = arena_printf(a, "/tmp/.X11-unix/X%s", number);
	if (!is_socket(s->x_socket))
		return err_set(err, ERR_BROWSER_START,
			"--show: the display \"%s\" has no socket %s", display, s->x_socket);
	s->display = arena_printf(a, ":%s", number);
	find_cookie(number, cookie, a);
	return true;
}
