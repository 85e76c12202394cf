/* clicktrail-capture: docs/clicktrail-capture.1. clicktrail starts it; people need not. */
#include "capture/recorder_file.h"
#include "capture/recorder_orders.h"
#include "capture/recorder_run.h"
#include "capture/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int usage(FILE *to, int code)
{
	fputs("Usage: clicktrail-capture [--ring KIB] [--limit MIB] | --version | --help\n"
	      "\n"
	      "Records packets for clicktrail, which starts it for its options --pcap and\n"
	      "--no-intercept: descriptor 3 is a socket, 4 the file, 5 a network namespace or\n"
	      "closed. See clicktrail-capture(1).\n"
	      "\n"
	      "  --ring KIB  memory in which the kernel keeps packets for it (32768)\n"
	      "  --limit MIB  size of the file, with which recording ends (4096)\n",
		to);
	return code;
}

static int version(void)
{
	puts("clicktrail-capture " CLICKTRAIL_VERSION);
	return 0;
}

/* False, after it was said: it is no number, or none that is taken. */
static bool number(
	const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	if (span_u64(span_str(text), out) && *out >= min && *out <= max)
		return true;
	fprintf(stderr, "clicktrail-capture: %s takes %" PRIu64 " to %" PRIu64 "\n", option,
		min, max);
	return false;
}

int main(int argc, char **argv)
{
	uint64_t ring_kib = SOURCE_RING / 1024, limit_mib = RECORDER_LIMIT_MIB;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return version();
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	for (int i = 1; i < argc; i += 2) {
		bool ring = strcmp(argv[i], "--ring") == 0;
		if ((!ring && strcmp(argv[i], "--limit") != 0) || i + 1 == argc)
			return usage(stderr, 2);
		if (ring ? !number("--ring", argv[i + 1], SOURCE_RING_MIN / 1024,
				   SOURCE_RING_MAX / 1024, &ring_kib)
			 : !number("--limit", argv[i + 1], 1, RECORDER_LIMIT_MIB_MAX,
				   &limit_mib))
			return 2;
	}
	if (!recorder_orders_check()) {
		fputs("clicktrail-capture records packets for clicktrail, which starts it for "
		      "its options --pcap and --no-intercept.\n"
		      "It does nothing by hand: descriptor 3 is no socket of clicktrail's.\n",
			stderr);
		return 1;
	}
	_exit(recorder_run((uint32_t)ring_kib * 1024, limit_mib * 1024 * 1024));
}
