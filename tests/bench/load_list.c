#include "tests/bench/load_list.h"

const char load_list_lines[] =
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
	"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
	"Connection: keep-alive\r\nCookie: _ga=GA1.2.01234567.1769000000; "
	"sid=0123456789abcdef; consent=1:1:0\r\nUpgrade-Insecure-Requests: 1\r\n"
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\n"
	"Sec-Fetch-User: ?1\r\nPriority: u=0, i\r\n";

static unsigned common(unsigned a, unsigned b)
{
	while (b != 0) {
		unsigned rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Steps of about the golden section, without a common divisor: they come to each once, and two
 * in a row are far apart. */
unsigned load_list_number(unsigned i, unsigned n)
{
	unsigned step = (unsigned)((uint64_t)n * 618 / 1000) | 1;
	while (common(step, n) != 1)
		step += 2;
	return (unsigned)((uint64_t)i * step % n);
}
