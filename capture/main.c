/* clicktrail-capture: docs/clicktrail-capture.1. clicktrail starts it; people need not. */
#include "capture/recorder_orders.h"
#include "capture/recorder_run.h"
#include "capture/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int usage(FILE *to, int code)
{
	fputs("Usage: clicktrail-capture [--ring KIB] | --version | --help\n"
	      "\n"
	      "Records packets for clicktrail, which starts it for its options --pcap and\n"
	      "--no-intercept: descriptor 3 is a socket, 4 the file, 5 a network namespace or\n"
	      "closed. See clicktrail-capture(1).\n"
	      "\n"
	      "  --ring KIB  memory in which the kernel keeps packets for it (32768)\n",
		to);
	return code;
}

static int version(void)
{
	puts("clicktrail-capture " CLICKTRAIL_VERSION);
	return 0;
}

/* 0: it is no number, or none that is taken. */
static uint32_t ring_of(const char *kib)
{
	uint64_t n;
	if (!span_u64(span_str(kib), &n) || n > SOURCE_RING_MAX / 1024 ||
		n < SOURCE_RING_MIN / 1024)
		return 0;
	return (uint32_t)n * 1024;
}

int main(int argc, char **argv)
{
	uint32_t ring = SOURCE_RING;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return version();
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (argc == 3 && strcmp(argv[1], "--ring") == 0)
		ring = ring_of(argv[2]);
	else if (argc > 1)
		return usage(stderr, 2);
	if (ring == 0) {
		fprintf(stderr, "clicktrail-capture: --ring takes %d to %d\n",
			SOURCE_RING_MIN / 1024, SOURCE_RING_MAX / 1024);
		return 2;
	}
	if (!recorder_orders_check()) {
		fputs("clicktrail-capture records packets for clicktrail, which starts it for "
		      "its option --pcap.\n"
		      "It does nothing by hand: descriptor 3 is no socket of clicktrail's.\n",
			stderr);
		return 1;
	}
	_exit(recorder_run(ring));
}
