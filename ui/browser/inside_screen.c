/* The private screen: a real X server that draws into memory. A page sees an ordinary window;
 * only WebGL's name for the graphics card (llvmpipe) tells that there is none. */
#include "ui/browser/inside.h"
#include "ui/browser/parcel.h"
#include "ui/browser/xauth.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* What Xvfb makes in the folder of -fbdir for its screen 0. */
#define XVFB_DRAWING "Xvfb_screen0"
enum { XVFB_MS = 15000, XVFB_FD = 3, DISPLAY_TEXT_MAX = 16 };

/* A cookie of our own: without a sandbox the X server's socket lies in the machine's /tmp for
 * everyone to see. */
static bool write_cookie(const char *path, struct err *err)
{
	uint8_t cookie[XAUTH_COOKIE_LEN];
	struct buf b = {0};
	if (getrandom(cookie, sizeof cookie, 0) != sizeof cookie)
		return err_set_os(err, ERR_SYSTEM, errno, "random bytes");
	xauth_add(&b, span_str(XAUTH_COOKIE_NAME), span_of(cookie, sizeof cookie));
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, b.p + b.start, buf_len(&b)) == (ssize_t)buf_len(&b);
	if (!ok)
		err_set_os(err, ERR_BROWSER_START, errno, "the screen's cookie");
	if (fd >= 0)
		close(fd);
	buf_fini(&b);
	return ok;
}

/* Xvfb writes its number and a newline once it accepts clients. */
static bool read_display(int fd, char display[DISPLAY_TEXT_MAX], struct err *err)
{
	size_t n = 0;
	while (n < DISPLAY_TEXT_MAX - 2) {
		struct pollfd p = {fd, POLLIN, 0};
		if (poll(&p, 1, XVFB_MS) <= 0)
			return err_set(
				err, ERR_BROWSER_START, "Xvfb was not ready in %d ms", XVFB_MS);
		ssize_t got = read(fd, display + 1 + n, 1);
		if (got <= 0)
			return err_set(err, ERR_BROWSER_START, "Xvfb ended at once");
		if (display[1 + n] == '\n')
			break;
		n++;
	}
	display[0] = ':';
	display[1 + n] = 0;
	return n > 0 || err_set(err, ERR_BROWSER_START, "Xvfb did not say its number");
}

/* The name goes at once: what the browser may still see of it is nothing, and what is drawn
 * lives as long as a descriptor. */
static int open_drawing(const char *home)
{
	char path[512];
	snprintf(path, sizeof path, "%s/" XVFB_DRAWING, home);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unlink(path);
	return fd;
}

bool inside_screen(struct inside *in, struct err *err)
{
	char auth_path[512], size[64], display[DISPLAY_TEXT_MAX];
	char tool[] = "Xvfb", fd_option[] = "-displayfd", fd_text[] = "3", screen[] = "-screen",
	     zero[] = "0", no_listen[] = "-nolisten", tcp[] = "tcp", no_reset[] = "-noreset",
	     auth[] = "-auth", dpi[] = "-dpi", dpi_text[] = "96", fbdir[] = "-fbdir", home[512];
	int p[2];
	_Static_assert(XVFB_FD == STDERR_FILENO + 1, "where inside_spawn puts it");
	snprintf(auth_path, sizeof auth_path, "%s/" PARCEL_XAUTH, in->home);
	snprintf(size, sizeof size, "%sx24", in->screen);
	snprintf(home, sizeof home, "%s", in->home);
	if (!write_cookie(auth_path, err))
		return false;
	if (pipe2(p, O_CLOEXEC) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "a pipe for Xvfb");
	in->xvfb = inside_spawn(in,
		(char *[]){tool, fd_option, fd_text, screen, zero, size, no_listen, tcp,
			no_reset, auth, auth_path, dpi, dpi_text, fbdir, home, NULL},
		p[1], err);
	close(p[1]);
	bool ok = in->xvfb > 0 && read_display(p[0], display, err);
	close(p[0]);
	if (!ok)
		return false;
	in->drawing = open_drawing(in->home);
	setenv("DISPLAY", display, 1);
	setenv("XAUTHORITY", auth_path, 1);
	return true;
}
