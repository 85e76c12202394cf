#include "proxy/urgent.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

void urgent_inline(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &(int){1}, sizeof(int)); /* a pipe has none */
}

/* RFC 9293 3.8.5; reading stops before the marked byte, so that it is the next once. */
bool urgent_next(int fd)
{
	int at = 0;
	return ioctl(fd, SIOCATMARK, &at) == 0 && at != 0;
}
