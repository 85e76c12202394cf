#include "ui/cli/trace_source.h"
#include "store/derive/url.h"
#include "ui/mail/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_web_url(const char *given)
{
	struct arena a = {0};
	struct url u;
	bool yes = url_parse(&a, NULL, span_str(given), &u) && url_is_web(&u);
	arena_fini(&a);
	return yes;
}

static bool read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	enum { PIECE = 64 * 1024 };
	for (;;) {
		ssize_t n = read(fd, buf_room(out, PIECE), PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_os(err, ERR_USAGE, errno, "cannot read \"%s\"", path);
		if (n == 0)
			return true;
		buf_grew(out, (size_t)n);
		if (buf_len(out) > ATTACHMENT_MAX)
			return err_set(err, ERR_USAGE, "\"%s\" is larger than %d bytes", path,
				ATTACHMENT_MAX);
	}
}

static bool is_picture(struct span s)
{
	return span_starts(s, "\x89PNG\r\n") || span_starts(s, "\xff\xd8\xff") ||
	       span_starts(s, "GIF8") || span_starts(s, "BM") ||
	       (span_starts(s, "RIFF") && span_starts(span_from(s, s.n < 8 ? s.n : 8), "WEBP"));
}

static bool judge(struct span s, const char *path, enum trace_source *out, struct err *err)
{
	*out = is_picture(s) ? SOURCE_IMAGE : SOURCE_MAIL;
	return is_picture(s) || mail_sniff(s) != MAIL_IS_NOTHING ||
	       err_set(err, ERR_USAGE,
		       "\"%s\" is a file, but neither a mail message nor a "
		       "picture",
		       path);
}

bool trace_source_of(
	const char *given, enum trace_source *out, struct buf *content, struct err *err)
{
	struct stat st;
	*out = SOURCE_URL;
	if (is_web_url(given))
		return true;
	/* Not by blocking: it may be a pipe that nobody writes to. */
	int fd = open(given, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		bool meant = span_ends_nocase(span_str(given), ".eml") ||
			     span_find(span_str(given), span_str("://"), 0) == SIZE_MAX;
		return !(meant && errno != ENOENT && errno != ENAMETOOLONG &&
			       errno != ENOTDIR) ||
		       err_set_os(err, ERR_USAGE, errno, "cannot read \"%s\"", given);
	}
	bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!good)
		err_set(err, ERR_USAGE, "\"%s\" is no plain file", given);
	good = good && read_all(fd, given, content, err) &&
	       judge(buf_span(content), given, out, err);
	close(fd);
	return good;
}
