#include "ui/browser/parcel.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

void parcel_add(struct buf *parcel, const char *name, struct span content)
{
	size_t n = strlen(name);
	assert(n < PARCEL_NAME_MAX && content.n <= UINT32_MAX);
	buf_add_u16(parcel, (uint16_t)n);
	buf_add(parcel, name, n);
	buf_add_u32(parcel, (uint32_t)content.n);
	buf_add_span(parcel, content);
}

bool parcel_next(struct reader *r, char name[PARCEL_NAME_MAX], struct span *content)
{
	if (r->n == 0)
		return false;
	struct span s = read_span(r, read_u16(r));
	*content = read_span(r, read_u32(r));
	if (s.n == 0 || s.n >= PARCEL_NAME_MAX)
		r->bad = true;
	if (r->bad)
		return false;
	memcpy(name, s.p, s.n);
	name[s.n] = 0;
	return true;
}

int parcel_file(struct span content, struct err *err)
{
	int fd = memfd_create("clicktrail", MFD_CLOEXEC);
	bool ok = fd >= 0;
	for (size_t at = 0; ok && at < content.n;) {
		ssize_t n = pwrite(fd, content.p + at, content.n - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		ok = n > 0;
		at += ok ? (size_t)n : 0;
	}
	if (ok)
		return fd;
	err_set_os(err, ERR_SYSTEM, errno, "a memory file for the browser");
	if (fd >= 0)
		close(fd);
	return -1;
}
