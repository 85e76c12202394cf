#include "ui/browser/parcel.h"
#include "ui/browser/browser.h"

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

/* A browser takes what does not look like a URL for an option or a search. */
static bool check_url(const char *url, struct err *err)
{
	struct span s = span_str(url);
	if (s.n > BROWSER_URL_MAX)
		return err_set(err, ERR_LIMIT, "the link has %zu bytes", s.n);
	if (!span_starts_nocase(s, "http://") && !span_starts_nocase(s, "https://"))
		return err_set(err, ERR_USAGE, "\"%s\" is not an http or https link", url);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] == 0x7f)
			return err_set(err, ERR_USAGE,
				"the link \"%s\" holds a space or a control character", url);
	return true;
}

int parcel_urls(const char *const *urls, size_t n, struct err *err)
{
	struct buf text = {0};
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		ok = check_url(urls[i], err);
		buf_add(&text, urls[i], strlen(urls[i]) + 1);
	}
	int fd = ok ? parcel_file(buf_span(&text), err) : -1;
	buf_fini(&text);
	return fd;
}
