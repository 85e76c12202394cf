/*
 * The load client's command line.
 */
#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: bench_load --mode MODE --origin IP:PORT [options]\n"
	"  --proxy IP:PORT|none  through this proxy, by CONNECT (default: none)\n"
	"  --transparent         the proxy speaks no CONNECT: talk to it as to the origin\n"
	"  --ca FILE             who must have signed what we are shown (needed with TLS)\n"
	"  --connections N --requests N --warmup N   (warm-up is not counted)\n"
	"  --host NAME           (default bench.test)    --hosts N  of mint (default 600)\n"
	"  --streams N           of h2, per connection (default 10)\n"
	"  --of N                asks numbers below N, each once, mixed, as a browser\n"
	"  --size BYTES          of download and upload\n"
	"  --seconds N --period N   of hold (default 30, 10)\n"
	"  --patience N          seconds without progress are an error (default 60)\n"
	"  --watch PID           CPU and memory of this process and its children\n"
	"  --json\n";

_Noreturn static void bad(const char *what, const char *value)
{
	fprintf(stderr, "bench_load: %s: \"%s\"\n%s\nmodes:\n", what, value, usage);
	for (const struct load_mode *m = load_modes; m->name != NULL; m++)
		fprintf(stderr, "  %-10s %s\n", m->name, m->what);
	exit(1);
}

static unsigned long long number(const char *what, const char *text, unsigned long long max)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != 0 || n > max)
		bad(what, text);
	return n;
}

static void address(const char *what, const char *text, struct sockaddr_in *out)
{
	char ip[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	if (n == 0 || n >= sizeof ip)
		bad(what, text);
	memcpy(ip, text, n);
	ip[n] = 0;
	out->sin_family = AF_INET;
	out->sin_port = htons((uint16_t)number(what, colon + 1, UINT16_MAX));
	if (inet_pton(AF_INET, ip, &out->sin_addr) != 1)
		bad(what, text);
}

static const struct load_mode *mode_named(const char *name)
{
	const struct load_mode *m = load_modes;
	while (m->name != NULL && strcmp(m->name, name) != 0)
		m++;
	if (m->name == NULL)
		bad("--mode", name);
	return m;
}

struct given {
	long connections, requests, warmup; /* -1: not */
};

static void take(struct load_options *o, struct given *g, int c)
{
	enum { MANY = 100000000 };
	switch (c) {
	case 'm': o->mode = mode_named(optarg); break;
	case 'p':
		o->via_proxy = strcmp(optarg, "none") != 0;
		if (o->via_proxy)
			address("--proxy", optarg, &o->proxy);
		break;
	case 'o': address("--origin", optarg, &o->origin); break;
	case 't': o->transparent = true; break;
	case 'a': o->ca = optarg; break;
	case 'c': g->connections = (long)number("--connections", optarg, 60000); break;
	case 'r': g->requests = (long)number("--requests", optarg, MANY); break;
	case 'w': g->warmup = (long)number("--warmup", optarg, MANY); break;
	case 'H': o->host = optarg; break;
	case 'n': o->hosts = (unsigned)number("--hosts", optarg, 10000); break;
	case 's': o->streams = (unsigned)number("--streams", optarg, 100); break;
	case 'O': o->of = (unsigned)number("--of", optarg, MANY); break;
	case 'S': o->size = number("--size", optarg, UINT64_MAX); break;
	case 'T': o->hold_s = (unsigned)number("--seconds", optarg, 3600); break;
	case 'P': o->period_s = (unsigned)number("--period", optarg, 3600); break;
	case 'i': o->patience_s = (unsigned)number("--patience", optarg, 3600); break;
	case 'W': o->watch = (pid_t)number("--watch", optarg, INT32_MAX); break;
	case 'j': o->json = true; break;
	default: bad("options", "see above");
	}
}

static void settle(struct load_options *o, const struct given *g)
{
	const struct load_mode *m = o->mode;
	if (m == NULL || o->origin.sin_port == 0)
		bad("missing", m == NULL ? "--mode" : "--origin");
	if (!m->plain && o->ca == NULL)
		bad("missing", "--ca");
	o->connections = g->connections > 0 ? (unsigned)g->connections : m->connections;
	o->requests = g->requests > 0 ? (unsigned)g->requests : m->requests;
	o->warmup = g->warmup >= 0 ? (unsigned)g->warmup : m->warmup;
	if (o->of > 0 && (o->of < o->requests + o->warmup || m->h2 || m->hold))
		bad("--of", "fewer than requests, or a mode that cannot");
	if (o->size == 0)
		o->size = m->size;
	if (o->streams == 0)
		bad("--streams", "0");
	if (m->new_host && o->hosts < o->requests + o->warmup)
		bad("--hosts", "fewer than requests, so not each would be new");
	if (m->hold) {
		if (o->period_s == 0)
			bad("--period", "0");
		o->warmup = o->connections;
		o->requests = (unsigned)((uint64_t)o->connections * o->hold_s / o->period_s);
	}
}

void load_options_parse(struct load_options *o, int argc, char **argv)
{
	static const struct option options[] = {{"mode", required_argument, NULL, 'm'},
		{"proxy", required_argument, NULL, 'p'},
		{"origin", required_argument, NULL, 'o'},
		{"transparent", no_argument, NULL, 't'}, {"ca", required_argument, NULL, 'a'},
		{"connections", required_argument, NULL, 'c'},
		{"requests", required_argument, NULL, 'r'},
		{"warmup", required_argument, NULL, 'w'},
		{"host", required_argument, NULL, 'H'}, {"hosts", required_argument, NULL, 'n'},
		{"streams", required_argument, NULL, 's'}, {"of", required_argument, NULL, 'O'},
		{"size", required_argument, NULL, 'S'},
		{"seconds", required_argument, NULL, 'T'},
		{"period", required_argument, NULL, 'P'},
		{"patience", required_argument, NULL, 'i'},
		{"watch", required_argument, NULL, 'W'}, {"json", no_argument, NULL, 'j'}, {0}};
	struct given g = {-1, -1, -1};
	*o = (struct load_options){.host = "bench.test",
		.hosts = 600,
		.streams = 10,
		.hold_s = 30,
		.period_s = 10,
		.patience_s = 60};
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		take(o, &g, c);
	if (optind != argc)
		bad("one word too many", argv[optind]);
	settle(o, &g);
}
