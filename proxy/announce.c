#include "proxy/announce.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A name without a file (unix(7), abstract): nothing is left behind by a process that died. */
static socklen_t name_of(uint16_t port, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	int n = snprintf(
		out->sun_path + 1, sizeof out->sun_path - 1, "clicktrail-window-%u", port);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

int announce_window(uint16_t port, struct err *err)
{
	struct sockaddr_un name;
	socklen_t len = name_of(port, &name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, len) == 0)
		return fd;
	if (fd >= 0 && errno == EADDRINUSE)
		err_set(err, ERR_USAGE,
			"port %u is that of another window, at another address of this machine",
			port);
	else
		err_set_os(err, ERR_SYSTEM, errno, "announcing the window");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The kernel says ECONNREFUSED where nobody has the name. All else is somebody, or unknown, as
 * where there is no descriptor left; and that counts as a window. A wrong yes refuses one
 * connection to loopback, and the exchange says why; a wrong no leads a page that is being
 * looked at to the window's door. */
bool announced_window(uint16_t port)
{
	struct sockaddr_un name;
	socklen_t len = name_of(port, &name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	bool there =
		connect(fd, (const struct sockaddr *)&name, len) == 0 || errno != ECONNREFUSED;
	close(fd);
	return there;
}
