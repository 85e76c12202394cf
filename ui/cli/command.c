#include "ui/cli/command.h"
#include "ui/cli/options.h"
#include "store/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 1024 };

static void tell(const struct err *err)
{
	char text[MESSAGE_MAX];
	err_text(err, text, sizeof text);
	log_error("%s", text);
}

static bool is_case_kind(enum err_kind kind)
{
	return kind >= ERR_CASE_OPEN && kind <= ERR_CASE_READ;
}

int command_fail(const struct err *err)
{
	tell(err);
	if (err->kind == ERR_USAGE)
		return EXIT_USAGE;
	return is_case_kind(err->kind) ? EXIT_CASE : EXIT_INCOMPLETE;
}

int command_fail_reading(const struct err *err)
{
	tell(err);
	if (err->kind == ERR_USAGE || err->kind == ERR_CASE_OPEN ||
		err->kind == ERR_CASE_FOREIGN)
		return EXIT_USAGE;
	return EXIT_INCOMPLETE;
}

int command_usage(const struct command *self, const char *format, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	log_error(
		"%s: %s; see clicktrail %s --help", err_sentence(ERR_USAGE), text, self->name);
	return EXIT_USAGE;
}

void command_help(const struct command *self)
{
	printf("usage: clicktrail %s %s\n\n%s\n", self->name, self->args, self->summary);
	if (self->details != NULL)
		printf("\n%s\n", self->details);
	if (self->options == 0)
		return;
	struct buf rows = {0};
	options_help(self->options, &rows);
	char *text = buf_take_str(&rows);
	printf("\n%s", text);
	free(text);
}

bool command_wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}
