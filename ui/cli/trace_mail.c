#include "ui/cli/trace_mail.h"
#include "ui/mail/attach.h"
#include "ui/mail/mail_note.h"
#include "store/derive/url.h"

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
		if (buf_len(out) > MAIL_SIZE_MAX)
			return err_set(err, ERR_USAGE, "\"%s\" is larger than %d bytes", path,
				MAIL_SIZE_MAX);
	}
}

bool trace_mail_open(const char *given, struct buf *file, bool *yes, struct err *err)
{
	struct stat st;
	*yes = false;
	if (is_web_url(given))
		return true;
	/* Not by blocking: it may be a pipe that nobody writes to. */
	int fd = open(given, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno != EACCES ||
		       err_set_os(err, ERR_USAGE, errno, "cannot read \"%s\"", given);
	bool plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	bool good = !plain || read_all(fd, given, file, err);
	close(fd);
	*yes = good && plain && mail_sniff(buf_span(file)) != MAIL_IS_NOTHING;
	return good;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

bool trace_mail_read(struct trace_mail *t, const struct options *o, const char *path,
	struct span file, struct err *err)
{
	struct err why = {0};
	*t = (struct trace_mail){0};
	t->origin = (struct trace_origin){.kind = ATTACHMENT_MAIL,
		.name = span_str(file_name(path)),
		.media_type = span_str("message/rfc822"),
		.data = file,
		.note = NOTE_MAIL_LINK};
	if (!mail_read(&t->arena, file, &t->mail, &why))
		return err_set(err, ERR_USAGE, "\"%s\": %s", path, why.detail);
	size_t message = mail_choose(&t->mail, o->message, &t->why);
	if (message == 0)
		return err_set(err, ERR_USAGE, "--message: the file holds only %zu",
			t->mail.n_messages);
	mail_links_read(&t->arena, &o->wrappers.rules, &t->mail, message, &t->links);
	return true;
}

void trace_mail_list(const struct trace_mail *t, const struct options *o, struct buf *out)
{
	if (o->json)
		mail_links_json(&t->mail, &t->links, out);
	else
		mail_links_say(&t->mail, &t->links, t->why, out);
}

static const struct mail_link *named(
	const struct trace_mail *t, const struct options *o, bool *list, struct err *err)
{
	const struct mail_link *l = NULL;
	size_t calls = 0;
	for (size_t i = 0; i < t->links.n; i++)
		calls += mail_link_is_call(&t->links.list[i]);
	if (o->link != 0 && o->link <= t->links.n)
		l = &t->links.list[o->link - 1];
	else if (o->link != 0)
		err_set(err, ERR_USAGE, "--link: the message has only %zu links", t->links.n);
	else if ((l = mail_links_only_call(&t->links)) == NULL)
		err_set(err, ERR_USAGE,
			calls == 0 ? "no link of the message is plainly the one to follow: "
				     "name one by --link N"
				   : "the message has several links to follow: name one by "
				     "--link N");
	*list = l == NULL;
	return l;
}

/* What would be done in somebody's name is done only when it is asked for. */
static bool may_open(const struct mail_link *l, const struct options *o, struct err *err)
{
	if (!l->web)
		return err_set(err, ERR_USAGE,
			"link %zu is no http or https link: it cannot be traced", l->n);
	if (l->act.act == LINK_ACT_NONE || o->yes)
		return true;
	return err_set(err, ERR_USAGE,
		"link %zu %s: opening it %s %s; if that is meant, add --yes (and --replace "
		"OLD=NEW for what names the recipient)",
		l->n, l->act.certain ? "acts" : "may act", l->act.certain ? "would" : "might",
		link_act_about(l->act.act));
}

bool trace_mail_choose(
	struct trace_mail *t, const struct options *o, bool *list, struct err *err)
{
	const struct mail_link *l = named(t, o, list, err);
	if (l == NULL || !may_open(l, o, err))
		return false;
	struct buf note = {0};
	mail_note_write(t->links.message, l, &note);
	t->origin.note_text = arena_str(&t->arena, buf_span(&note));
	t->link = arena_str(&t->arena, l->href);
	t->origin.mail = mail_attach_make(&t->arena, &t->mail, &t->links, l->n, l->href);
	buf_fini(&note);
	return true;
}

void trace_mail_fini(struct trace_mail *t)
{
	arena_fini(&t->arena);
	*t = (struct trace_mail){0};
}
