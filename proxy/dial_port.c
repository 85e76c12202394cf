/*
 * Local ports for connections that are announced before they are made. The kernel, asked for
 * any port before it knows where to, draws lots, and the same ends come together again within
 * some thousand connections: who watches from outside then takes the second for the first. Here
 * every port of the range has its turn before one comes again, in an order that nobody else can
 * foresee.
 */
#include "proxy/dial_inner.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/random.h>

enum { LOW = 32768, HIGH = 60999 }; /* ip_local_port_range of a Linux that nobody has tuned */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t low, span, step;
static atomic_uint_fast32_t turn;

static uint32_t common(uint32_t a, uint32_t b)
{
	return b == 0 ? a : common(b, a % b);
}

static void begin(void)
{
	unsigned from = LOW, to = HIGH;
	uint32_t lots[2] = {0, 0};
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	if (f != NULL) {
		if (fscanf(f, "%u %u", &from, &to) != 2 || from == 0 || from > to || to > 65535)
			from = LOW, to = HIGH;
		fclose(f);
	}
	(void)!getrandom(lots, sizeof lots, GRND_NONBLOCK);
	low = from;
	span = to - from + 1;
	/* Any step that has no divisor in common with the span leads through all of it. */
	step = span > 2 ? 1 + lots[0] % (span - 1) : 1;
	while (common(step, span) != 1)
		step = step % span + 1;
	atomic_store(&turn, lots[1] % span);
}

uint16_t dial_port(void)
{
	pthread_once(&once, begin);
	uint64_t n = atomic_fetch_add(&turn, 1);
	return (uint16_t)(low + n * step % span);
}
