/* A packet file: read at once, and read while it grows at a place that the first byte chooses;
 * both must show the same. */
#include <stdio.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/packet_file.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct sha256 packets;
	enum packet_next end;
	struct packet_file_about about;
	uint8_t secrets[SHA256_LEN], file[SHA256_LEN];
};

static void check(const struct packet *p, uint64_t number)
{
	MUST(p->number == number);
	MUST(p->bytes.n <= PACKET_FILE_BLOCK_MAX && p->bytes.n <= p->wire_len);
	MUST(p->link >= 0 && p->link <= UINT16_MAX);
	MUST(p->interface < PACKET_FILE_INTERFACES_MAX);
}

static void read_all(struct packet_file *f, struct seen *seen)
{
	struct packet p;
	struct err err = {0};
	while ((seen->end = packet_file_next(f, &p, &err)) == PACKET_NEXT) {
		check(&p, seen->about.packets + 1);
		sha256_add(&seen->packets, p.bytes.p, p.bytes.n);
		sha256_add(&seen->packets, &p.at_ns, sizeof p.at_ns);
		sha256_add(&seen->packets, &p.link, sizeof p.link);
		sha256_add(&seen->packets, &p.wire_len, sizeof p.wire_len);
		seen->about.packets++;
	}
	MUST((seen->end == PACKET_BROKEN) == (err.kind == ERR_PACKETS));
	uint64_t packets = seen->about.packets;
	packet_file_about(f, &seen->about);
	MUST(seen->about.packets == packets);
	MUST(seen->about.secrets.n <= PACKET_FILE_SECRETS_MAX + 1u);
	sha256(seen->about.secrets, seen->secrets);
}

static int file_of(struct span bytes)
{
	int fd = memfd_create("packets", MFD_CLOEXEC);
	MUST(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct span in = span_of(data + 1, size - 1);
	struct seen whole = {0}, grown = {0};
	uint8_t digest[SHA256_LEN];
	sha256_init(&whole.packets);
	sha256_init(&grown.packets);
	int fd = file_of(in);
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	struct packet_file *f = packet_file_of(fd, "whole", true, NULL);
	read_all(f, &whole);
	packet_file_sha256(f, whole.file);
	sha256(in, digest);
	MUST(memcmp(digest, whole.file, sizeof digest) == 0);
	packet_file_close(f);

	size_t cut = in.n * data[0] / 256;
	fd = file_of(span_first(in, cut));
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int other = open(path, O_RDONLY | O_CLOEXEC);
	MUST(other >= 0);
	f = packet_file_of(other, "grown", true, NULL);
	read_all(f, &grown);
	MUST(grown.end != PACKET_END || grown.about.packets <= whole.about.packets);
	struct span rest = span_from(in, cut);
	MUST(write(fd, rest.p, rest.n) == (ssize_t)rest.n);
	read_all(f, &grown);
	MUST(grown.end == whole.end);
	MUST(grown.about.packets == whole.about.packets);
	MUST(grown.about.dropped == whole.about.dropped);
	MUST(grown.about.skipped == whole.about.skipped);
	MUST(memcmp(grown.secrets, whole.secrets, sizeof whole.secrets) == 0);
	sha256_peek(&whole.packets, whole.file);
	sha256_peek(&grown.packets, grown.file);
	MUST(memcmp(grown.file, whole.file, sizeof whole.file) == 0);
	packet_file_close(f);
	close(fd);
	return 0;
}
