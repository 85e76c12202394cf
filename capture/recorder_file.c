#include "capture/recorder_file.h"
#include "capture/pcapng.h"
#include "capture/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_HEAD = 36 }; /* bytes of a packet's block besides it, at most */

static int64_t utc_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool recorder_file_check(struct err *err)
{
	struct stat st;
	int flags = fcntl(RECORDER_FILE, F_GETFL);
	if (flags < 0 || fstat(RECORDER_FILE, &st) != 0)
		return err_set_os(
			err, ERR_CAPTURE, errno, "descriptor %d, the file", RECORDER_FILE);
	if (!S_ISREG(st.st_mode) || st.st_size != 0 || (flags & O_APPEND) == 0 ||
		(flags & O_ACCMODE) == O_RDONLY)
		return err_set(err, ERR_CAPTURE,
			"descriptor %d is no empty file that is open for appending",
			RECORDER_FILE);
	return true;
}

/* Where the last block ends that is within the first n bytes of s. */
static size_t whole_blocks(struct span s, size_t n)
{
	size_t at = 0;
	while (s.p != NULL && s.n - at >= 8) {
		const uint8_t *p = s.p + at + 4;
		size_t len = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		if (len > n - at)
			break;
		at += len;
	}
	return at;
}

/* Errors of the disk come late, too: with a quota, or over a network, at fsync. */
static bool failed(struct recorder_file *f, size_t written, int why, struct err *err)
{
	f->bytes += whole_blocks(buf_span(&f->waiting), written);
	buf_clear(&f->waiting);
	bool cut = ftruncate(RECORDER_FILE, (off_t)f->bytes) == 0;
	return err_set_os(err, ERR_CAPTURE, why, "writing the packet file%s",
		cut ? "" : " (its last block is not whole)");
}

bool recorder_file_flush(struct recorder_file *f, struct err *err)
{
	struct span s = buf_span(&f->waiting);
	size_t done = 0;
	while (done < s.n) {
		ssize_t n = write(RECORDER_FILE, s.p + done, s.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failed(f, done, n < 0 ? errno : ENOSPC, err);
		done += (size_t)n;
	}
	f->bytes += s.n;
	buf_clear(&f->waiting);
	return true;
}

bool recorder_file_begin(
	struct recorder_file *f, int link, uint32_t snaplen, const char *about, struct err *err)
{
	struct utsname u;
	char os[sizeof u.sysname + sizeof u.release + 1] = "";
	if (uname(&u) == 0)
		snprintf(os, sizeof os, "%s %s", u.sysname, u.release);
	f->start_ns = utc_ns();
	pcapng_section(&f->waiting, NULL, os, "clicktrail-capture " CLICKTRAIL_VERSION, NULL);
	pcapng_interface(&f->waiting, link, snaplen, "any", about, NULL);
	return recorder_file_flush(f, err);
}

bool recorder_file_packet(struct recorder_file *f, const struct packet *p, struct err *err)
{
	uint64_t then = f->bytes + buf_len(&f->waiting) + PACKET_HEAD + p->bytes.n;
	if (f->limit > 0 && then + RECORDER_LAST > f->limit) {
		f->full = true;
		return err_set(err, ERR_CAPTURE,
			"the packet file has reached its limit of %" PRIu64 " MiB",
			f->limit / (1024 * 1024));
	}
	pcapng_packet(&f->waiting, p, NULL);
	f->packets++;
	return buf_len(&f->waiting) < RECORDER_PIECE || recorder_file_flush(f, err);
}

bool recorder_file_finish(struct recorder_file *f, uint64_t received, uint64_t dropped,
	const char *comment, struct err *err)
{
	pcapng_statistics(&f->waiting, 0, f->start_ns, utc_ns(), received, dropped, comment);
	if (!recorder_file_flush(f, err))
		return false;
	return fsync(RECORDER_FILE) == 0 ||
	       err_set_os(err, ERR_CAPTURE, errno, "writing the packet file");
}
