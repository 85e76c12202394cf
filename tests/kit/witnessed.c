#include "tests/kit/witnessed.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 32, STOP_S = 60, CROSSCHECK_S = 300 };

static const char *in_folder(struct witnessed *w, const char *name)
{
	return arena_printf(&w->program.arena, "%s/%s", w->program.dir, name);
}

/* The root that clients have to believe, while the proxy runs. */
static const char *export_root(struct witnessed *w)
{
	static const char *const args[] = {
		"ca", "export", "--ca-dir", "ca", "-o", "root.pem", NULL};
	struct run_program exporter = w->program;
	exporter.pid = 0;
	exporter.arena = (struct arena){0};
	assert_int_equal(run_program(&exporter, STOP_S, args), 0);
	arena_fini(&exporter.arena);
	return in_folder(w, "root.pem");
}

static void start(struct witnessed *w, const struct mixed_origin *o, const char *const *more)
{
	const char *args[ARGS_MAX] = {"proxy", "--listen", "127.0.0.1:0", "--case", "x.case",
		"--ca-dir", "ca", "--seal-dir", "seal", "--allow-net", "127.0.0.0/8", "--pcap",
		"--durability", "crash", "--cacert", mixed_origin_cacert(o), "--connect-to",
		mixed_origin_rule(o, false), "--connect-to", mixed_origin_rule(o, true)};
	size_t n = 20;
	for (size_t i = 0; more != NULL && more[i] != NULL; i++) {
		assert_true(n + 1 < ARGS_MAX);
		args[n++] = more[i];
	}
	args[n] = NULL;
	run_program_start(&w->program, args);
}

static void demand_file(struct witnessed *w, const char *path)
{
	if (access(path, R_OK) != 0)
		fail_msg("%s is not there: %s", path, run_program_stderr(&w->program));
}

void witnessed_record(struct witnessed *w, size_t exchanges, unsigned threads, uint64_t seed,
	const char *const *more)
{
	*w = (struct witnessed){.case_path = NULL};
	struct mixed_origin *origin = mixed_origin_start();
	run_program_folder(&w->program);
	w->case_path = in_folder(w, "x.case");
	w->companion = in_folder(w, "x.companion.case");
	w->keys = in_folder(w, "x.1.keys");
	w->seal_dir = in_folder(w, "seal");
	w->packets[0] = in_folder(w, "x.1.browser.pcapng");
	w->packets[1] = in_folder(w, "x.1.origin.pcapng");
	start(w, origin, more);
	struct mixed_load load = {.proxy_port = run_program_port(&w->program),
		.exchanges = exchanges,
		.threads = threads,
		.seed = seed};
	load.cacert = export_root(w);
	mixed_load(&load, &w->told);
	if (w->told.trouble[0] != 0)
		fail_msg("the load: %s", w->told.trouble);
	run_program_signal(&w->program, SIGTERM);
	int code = run_program_wait(&w->program, STOP_S);
	if (code != 0)
		fail_msg("the proxy ended with %d: %s", code, run_program_stderr(&w->program));
	mixed_origin_stop(origin);
	demand_file(w, w->packets[0]);
	demand_file(w, w->packets[1]);
	demand_file(w, w->keys);
}

int witnessed_crosscheck(struct witnessed *w, const char *const *args)
{
	const char *all[ARGS_MAX] = {"crosscheck", "x.case", "--seal-dir", "seal"};
	size_t n = 4;
	for (size_t i = 0; args != NULL && args[i] != NULL; i++) {
		assert_true(n + 1 < ARGS_MAX);
		all[n++] = args[i];
	}
	all[n] = NULL;
	return run_program(&w->program, CROSSCHECK_S, all);
}

void witnessed_end(struct witnessed *w)
{
	run_program_end(&w->program);
}
