#include "ui/report/eml_mime.h"

#include <gmime/gmime.h>

/* GMime keeps its tables from then on; the program writes a mail or two. */
static void start(void)
{
	static bool started;
	if (!started)
		g_mime_init();
	started = true;
}

static char *string_of(struct span s)
{
	return g_strndup((const char *)s.p, s.n);
}

/* May it travel as it is: RFC 5322 2.1.1 and RFC 2045 2.7? */
static bool is_7bit(struct span s)
{
	size_t column = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool crlf = c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n';
		column = c == '\n' ? 0 : column + 1;
		if (column > 990 || c > 0x7e || (c < 0x20 && c != '\t' && c != '\n' && !crlf))
			return false;
	}
	return true;
}

static GMimeObject *part_of(const struct eml_part *p)
{
	GMimeContentEncoding coding = p->armoured ? GMIME_CONTENT_ENCODING_BASE64
				      : is_7bit(p->bytes)
					      ? GMIME_CONTENT_ENCODING_7BIT
					      : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	GMimePart *part = g_mime_part_new_with_type(p->type, p->subtype);
	const char *bytes = p->bytes.n > 0 ? (const char *)p->bytes.p : "";
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, p->bytes.n);
	GMimeDataWrapper *content =
		g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, coding);
	if (p->about != NULL)
		g_mime_part_set_content_description(part, p->about);
	if (p->name != NULL) {
		g_mime_object_set_disposition(GMIME_OBJECT(part), GMIME_DISPOSITION_ATTACHMENT);
		g_mime_part_set_filename(part, p->name);
	}
	g_object_unref(content);
	g_object_unref(stream);
	return GMIME_OBJECT(part);
}

static void add(GMimeMultipart *to, GMimeObject *part)
{
	g_mime_multipart_add(to, part);
	g_object_unref(part);
}

/* RFC 6522 3: the first part is for people, and may be of any type: so the files go with the
 * text, and the report keeps its three parts. */
static GMimeObject *first_part(const struct eml_letter *l)
{
	struct eml_part plain = {.type = "text", .subtype = "plain", .bytes = l->text};
	GMimeObject *text = part_of(&plain);
	g_mime_object_set_content_type_parameter(text, "charset", "utf-8");
	g_mime_part_set_content_encoding(
		GMIME_PART(text), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	if (l->n_files == 0)
		return text;
	GMimeMultipart *all = g_mime_multipart_new_with_subtype("mixed");
	add(all, text);
	for (size_t i = 0; i < l->n_files; i++)
		add(all, part_of(&l->files[i]));
	return GMIME_OBJECT(all);
}

static void set_headers(GMimeMessage *m, const struct eml_letter *l)
{
	char *name = string_of(l->from_name), *from = string_of(l->from),
	     *to = string_of(l->to), *subject = string_of(l->subject);
	GDateTime *date = g_date_time_new_from_unix_utc(l->date_us / 1000000);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, name, from);
	if (l->to.n > 0)
		g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_TO, NULL, to);
	g_mime_message_set_subject(m, subject, "utf-8");
	if (date != NULL) {
		g_mime_message_set_date(m, date);
		g_date_time_unref(date);
	}
	g_mime_message_set_message_id(m, l->message_id);
	/* Mail programs that know it open the file to be edited and sent. */
	g_mime_object_set_header(GMIME_OBJECT(m), "X-Unsent", "1", NULL);
	g_free(name);
	g_free(from);
	g_free(to);
	g_free(subject);
}

void eml_mime_write(const struct eml_letter *l, struct buf *out)
{
	struct eml_part feedback = {
		.type = "message", .subtype = "feedback-report", .bytes = l->feedback};
	start();
	GMimeMessage *m = g_mime_message_new(TRUE);
	GMimeMultipart *report = g_mime_multipart_new_with_subtype("report");
	g_mime_object_set_content_type_parameter(
		GMIME_OBJECT(report), "report-type", "feedback-report");
	add(report, first_part(l));
	add(report, part_of(&feedback));
	add(report, part_of(&l->third));
	set_headers(m, l);
	g_mime_message_set_mime_part(m, GMIME_OBJECT(report));
	g_object_unref(report);
	GMimeFormatOptions *format = g_mime_format_options_new();
	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	GByteArray *bytes = g_byte_array_new();
	GMimeStream *stream = g_mime_stream_mem_new();
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), bytes);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_object_write_to_stream(GMIME_OBJECT(m), format, stream);
	buf_add(out, bytes->data, bytes->len);
	g_object_unref(stream);
	g_byte_array_free(bytes, TRUE);
	g_mime_format_options_free(format);
	g_object_unref(m);
}

bool eml_mime_date(struct span text, struct buf *out)
{
	start();
	char *s = string_of(text);
	GDateTime *date = g_mime_utils_header_decode_date(s);
	bool good = date != NULL;
	if (good) {
		char *again = g_mime_utils_header_format_date(date);
		buf_add_str(out, again);
		g_free(again);
		g_date_time_unref(date);
	}
	g_free(s);
	return good;
}

void eml_mime_words(struct span text, struct buf *out)
{
	start();
	char *s = string_of(text);
	char *words = g_mime_utils_header_decode_text(NULL, s);
	if (words != NULL)
		buf_add_str(out, words);
	g_free(words);
	g_free(s);
}
