#include "store/base/log.h"
#include "store/base/text.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_bool quiet_lines;

void log_quiet(bool quiet)
{
	atomic_store(&quiet_lines, quiet);
}

static void __attribute__((format(printf, 1, 0))) write_line(const char *format, va_list ap)
{
	char raw[1024], line[2048] = "clicktrail: ";
	vsnprintf(raw, sizeof raw, format, ap);
	size_t n = strlen(line);
	n += text_escape(span_str(raw), line + n, sizeof line - n - 1);
	line[n++] = '\n';
	ssize_t done = write(STDERR_FILENO, line, n);
	(void)done; /* nobody to tell */
}

void log_line(const char *format, ...)
{
	if (atomic_load(&quiet_lines))
		return;
	va_list ap;
	va_start(ap, format);
	write_line(format, ap);
	va_end(ap);
}

void log_error(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	write_line(format, ap);
	va_end(ap);
}
