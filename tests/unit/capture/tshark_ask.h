/*
 * Asks tshark what it sees in ClientHellos that the test sent: writes them into a pcap file of
 * our own making (raw IPv4, one TCP segment each, to port 443) and reads the named fields back.
 * Header only; for tests.
 */
#ifndef TESTS_UNIT_CAPTURE_TSHARK_ASK_H
#define TESTS_UNIT_CAPTURE_TSHARK_ASK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/base/buf.h"

enum { TSHARK_FIELDS = 8, TSHARK_FIELD_MAX = 2000 };

static inline bool tshark_there(void)
{
	return system("command -v tshark >/dev/null 2>&1") == 0;
}

static inline void pcap_u32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof v, 1, f);
}

static inline void pcap_segment(FILE *f, unsigned number, struct span payload)
{
	struct buf ip = {0};
	buf_add(&ip, "\x45\0", 2);
	buf_add_u16(&ip, (uint16_t)(40 + payload.n));
	buf_add(&ip, "\0\1\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2", 16);
	buf_add_u16(&ip, (uint16_t)(20000 + number));
	buf_add_u16(&ip, 443);
	buf_add_u32(&ip, 1);
	buf_add_u32(&ip, 1);
	buf_add(&ip, "\x50\x18\xff\xff\0\0\0\0", 8);
	buf_add_span(&ip, payload);
	pcap_u32(f, number);
	pcap_u32(f, 0);
	pcap_u32(f, (uint32_t)buf_len(&ip));
	pcap_u32(f, (uint32_t)buf_len(&ip));
	fwrite(ip.p, 1, buf_len(&ip), f);
	buf_fini(&ip);
}

/* One line per hello; cells[hello * TSHARK_FIELDS + field]. False if tshark failed or saw
 * another number of hellos. */
static inline bool tshark_ask(
	const struct span *wires, size_t n, const char *fields, char (*cells)[TSHARK_FIELD_MAX])
{
	char path[] = "/tmp/clicktrail-tshark-XXXXXX", command[1000];
	static char line[TSHARK_FIELDS * TSHARK_FIELD_MAX];
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (f == NULL)
		return false;
	static const uint32_t header[] = {
		0xa1b2c3d4, 0x00040002, 0, 0, 262144, 101 /* LINKTYPE_RAW */};
	fwrite(header, sizeof header, 1, f);
	for (size_t i = 0; i < n; i++)
		pcap_segment(f, (unsigned)i, wires[i]);
	fclose(f);

	snprintf(command, sizeof command,
		"timeout 50 tshark -n -r %s -Y tls.handshake.type==1 -T fields -E "
		"'separator=|' -E occurrence=a %s 2>/dev/null",
		path, fields);
	FILE *out = popen(command, "r");
	size_t got = 0;
	while (out != NULL && fgets(line, sizeof line, out) != NULL) {
		line[strcspn(line, "\n")] = 0;
		if (got++ >= n)
			continue;
		char *rest = line;
		for (size_t i = 0; rest != NULL && i < TSHARK_FIELDS; i++) {
			char *cell = strsep(&rest, "|");
			snprintf(cells[(got - 1) * TSHARK_FIELDS + i], TSHARK_FIELD_MAX, "%s",
				cell);
		}
	}
	int status = out != NULL ? pclose(out) : -1;
	unlink(path);
	return status == 0 && got == n;
}

#endif
