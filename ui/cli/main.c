/*
 * The program's front door: finds the subcommand and hands over. What a command does lives in
 * its own file; a command that is not built is not in the table.
 */
#include "ui/cli/command.h"
#include "ui/browser/inside.h"
#include "ui/web/job_child.h"
#include "store/base/buf.h"
#include "store/base/text.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {&command_trace, &command_again, &command_proxy,
	&command_replay, &command_ui, &command_report, &command_crosscheck, &command_lookup,
	&command_explain, &command_rebuild, &command_verify, &command_close, &command_erase,
	&command_note, &command_extract, &command_timestamp, &command_seal, &command_ca,
	&command_demo, NULL};

static void print_help(void)
{
	puts("clicktrail records what happens when a link is clicked: every hop, header and "
	     "TLS\n"
	     "handshake of a real, sandboxed browser, in one SQLite file.\n\n"
	     "usage: clicktrail COMMAND [options]\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n`clicktrail COMMAND --help` has the options. Exit codes: 0 done; 1 usage; 2 "
	     "the trail\n"
	     "did not come to an end or something was not recorded; 3 the case could not be "
	     "written; 4 a\n"
	     "comparison found a difference.");
}

int main(int argc, char **argv)
{
	/* The inside of the browser's prison is this program started again: before anything
	 * else, for it must not have opened or read a thing. */
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	if (!job_child_begin(&argc, &argv))
		return EXIT_INCOMPLETE;
	/* A pipe or socket whose reader is gone is an error of that write, not the end of a
	 * recording. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error, too */
	if (argc < 2) {
		fputs("clicktrail: the command line does not make sense: no command was given; "
		      "see clicktrail --help\n",
			stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		print_help();
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("clicktrail " CLICKTRAIL_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (strcmp(argv[1], commands[i]->name) != 0)
			continue;
		if (command_wants_help(argc - 1, argv + 1)) {
			command_help(commands[i]);
			return EXIT_DONE;
		}
		return commands[i]->run(commands[i], argc - 1, argv + 1);
	}
	struct err err;
	err_set(&err, ERR_USAGE, "there is no command \"%s\"; see clicktrail --help", argv[1]);
	return command_fail(&err);
}
