#include "proxy/wait.h"
#include "store/base/clock.h"

#include <errno.h>
#include <poll.h>

enum wait_result wait_fd(int fd, short events, int64_t until_us, int stop_fd)
{
	for (;;) {
		int64_t left_ms = (until_us - clock_now_us(clock_real()) + 999) / 1000;
		if (left_ms <= 0)
			return WAIT_TIMEOUT;
		struct pollfd fds[2] = {{fd, events, 0}, {stop_fd, POLLIN, 0}};
		int n = poll(fds, 2, left_ms > 60000 ? 60000 : (int)left_ms);
		if (n < 0 && errno != EINTR)
			return WAIT_STOPPED;
		if (n > 0 && fds[1].revents != 0)
			return WAIT_STOPPED;
		if (n > 0 && fds[0].revents != 0)
			return WAIT_READY;
	}
}
