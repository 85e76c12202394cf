/*
 * What is written down about the program against the program itself: docs/errors.md is printed
 * from the tables of words, and the manual page has every command and option.
 * CLICKTRAIL_UPDATE=1 writes docs/errors.md anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/wire/http1.h"
#include "proxy/h2_message.h"
#include "store/fact/notes.h"
#include "ui/cli/command.h"
#include "ui/cli/options.h"

static void add_rows(struct buf *out)
{
#define ERR(name, word, sentence) buf_addf(out, "| `%s` | %s |\n", word, sentence);
#include "store/base/err.tbl"
#undef ERR
}

static void add_notes(struct buf *out)
{
	for (int i = 0; i < NOTE_COUNT; i++)
		buf_addf(out, "| `%s` | %s |\n", note_word((enum note_code)i),
			note_sentence((enum note_code)i));
}

static void add_oddities(struct buf *out)
{
#define X(name, word, sentence) buf_addf(out, "| `%s` | %s |\n", word, sentence);
	HTTP1_ODDITIES(X)
#undef X
}

static void add_h2_oddities(struct buf *out)
{
#define X(name, word, sentence) buf_addf(out, "| `%s` | %s |\n", word, sentence);
	H2_ODDITIES(X)
#undef X
}

static char *errors_page(void)
{
	struct buf out = {0};
	buf_add_str(&out, "# Words for what went wrong\n\n"
			  "Printed from the tables in the source (`store/base/err.tbl`, "
			  "`store/fact/notes.tbl`,\n"
			  "`capture/wire/http1.h`, `proxy/h2_message.h`); a test compares this "
			  "page with them. A word that was\n"
			  "stored once keeps its meaning.\n\n"
			  "## Reasons and outcomes\n\n"
			  "`reason` of exchanges, legs and tunnels, `outcome` of lookups, "
			  "connections and handshakes,\n"
			  "and the first half of every message on stderr.\n\n"
			  "| word | meaning |\n|---|---|\n");
	add_rows(&out);
	buf_add_str(&out, "\n## Notes\n\n`code` of notes.\n\n| word | meaning |\n|---|---|\n");
	add_notes(&out);
	buf_add_str(&out, "\n## Oddities\n\nWhat browsers tolerate in messages; `oddities` of "
			  "requests and "
			  "responses.\n\n| word | meaning |\n|---|---|\n");
	add_oddities(&out);
	buf_add_str(&out, "\nIn HTTP/2 messages (`host-differs` and `referer-page` in any):\n\n"
			  "| word | meaning |\n|---|---|\n");
	buf_add_str(&out, "| `" ODDITY_REFERER_PAGE "` | clicktrail answered it itself, as the "
			  "page of --referer |\n");
	add_h2_oddities(&out);
	return buf_take_str(&out);
}

static char *source_path(const char *name, char out[512])
{
	const char *root = getenv("CLICKTRAIL_SOURCE");
	if (root == NULL)
		fail_msg("CLICKTRAIL_SOURCE does not name the source folder");
	snprintf(out, 512, "%s/%s", root, name);
	return out;
}

static char *read_file(const char *name)
{
	char path[512], piece[4096];
	struct buf out = {0};
	FILE *f = fopen(source_path(name, path), "re");
	if (f == NULL)
		fail_msg("cannot read %s", path);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		buf_add(&out, piece, n);
	fclose(f);
	return buf_take_str(&out);
}

static void errors_page_is_up_to_date(void **state)
{
	(void)state;
	char path[512];
	char *page = errors_page();
	if (getenv("CLICKTRAIL_UPDATE") != NULL) {
		FILE *f = fopen(source_path("docs/errors.md", path), "we");
		assert_non_null(f);
		assert_true(fputs(page, f) >= 0);
		fclose(f);
	}
	char *written = read_file("docs/errors.md");
	if (strcmp(page, written) != 0)
		fail_msg("docs/errors.md is not what the tables say; CLICKTRAIL_UPDATE=1 %s "
			 "writes it",
			"unit_ui_cli_docs");
	free(written);
	free(page);
}

/* In the source of a manual page a hyphen of an option is written "\-". */
static void add_roff(struct buf *out, const char *name)
{
	for (; *name != 0; name++) {
		if (*name == '-')
			buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)*name);
	}
}

/* A line of the manual that begins with the macro and the option, and goes on with nothing or a
 * value. */
static bool has_line(const char *manual, const char *macro, const char *name)
{
	struct buf roff = {0};
	bool found = false;
	buf_addf(&roff, "\n%s \\-\\-", macro);
	add_roff(&roff, name);
	char *line = buf_take_str(&roff);
	for (const char *at = manual; (at = strstr(at, line)) != NULL && !found; at++)
		found = at[strlen(line)] == '\n' || at[strlen(line)] == ' ';
	free(line);
	return found;
}

static void manual_has_every_option(void **state)
{
	(void)state;
	unsigned commands;
	bool takes;
	const char *name;
	char *manual = read_file("docs/clicktrail.1");
	for (size_t i = 0; (name = options_name(i, &commands, &takes)) != NULL; i++)
		if (!has_line(manual, takes ? ".BI" : ".B", name))
			fail_msg("the manual page lacks --%s", name);
	free(manual);
}

static void manual_has_every_command(void **state)
{
	(void)state;
	static const struct command *const commands[] = {&command_trace, &command_again,
		&command_proxy, &command_report, &command_explain, &command_rebuild,
		&command_verify, &command_close, &command_timestamp, &command_erase,
		&command_note, &command_extract, &command_seal, &command_ca, &command_demo,
		&command_lookup, &command_crosscheck, NULL};
	char *manual = read_file("docs/clicktrail.1");
	for (size_t i = 0; commands[i] != NULL; i++) {
		struct buf title = {0};
		buf_addf(&title, "\n.B clicktrail %s", commands[i]->name);
		char *line = buf_take_str(&title);
		if (strstr(manual, line) == NULL)
			fail_msg("the manual page lacks %s", commands[i]->name);
		free(line);
	}
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_page_is_up_to_date),
		cmocka_unit_test(manual_has_every_option),
		cmocka_unit_test(manual_has_every_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
