/*
 * The walls, seen from inside: this program runs itself as the prisoner, in exactly the jail
 * that the browser gets, tries every way out that we know of, and writes what happened. Each
 * try is also made outside, to see that it could have worked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ui/browser/launcher.h"
#include "ui/browser/sandbox.h"
#include "store/base/buf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HARD_LIMIT_S = 60, WAIT_MS = 20000, PRISONER_WORD = 0x77 };

/* ---- the prisoner: one line "name value" per try ---- */
#include "store/base/unused_uid.h"

static void tell(const char *name, int result)
{
	dprintf(STDOUT_FILENO, "%s %s\n", name, result == 0 ? "ok" : strerrorname_np(result));
}

static int connect_errno(int type, const struct sockaddr *a, socklen_t n)
{
	int fd = socket(a->sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	int result = connect(fd, a, n) == 0 ? 0 : errno;
	/* UDP connects without a word: send one. */
	if (result == 0 && type == SOCK_DGRAM && send(fd, "out", 3, MSG_NOSIGNAL) < 0)
		result = errno;
	close(fd);
	return result;
}

static int try_ip(int type, const char *ip, int port)
{
	struct sockaddr_in4_or_6 {
		union {
			struct sockaddr a;
			struct sockaddr_in v4;
			struct sockaddr_in6 v6;
		};
	} to = {0};
	if (inet_pton(AF_INET, ip, &to.v4.sin_addr) == 1) {
		to.v4.sin_family = AF_INET;
		to.v4.sin_port = htons((uint16_t)port);
		return connect_errno(type, &to.a, sizeof to.v4);
	}
	inet_pton(AF_INET6, ip, &to.v6.sin6_addr);
	to.v6.sin6_family = AF_INET6;
	to.v6.sin6_port = htons((uint16_t)port);
	return connect_errno(type, &to.a, sizeof to.v6);
}

static int try_unix(const char *path, bool abstract)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	memcpy(a.sun_path + (abstract ? 1 : 0), path, n);
	return connect_errno(SOCK_STREAM, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1));
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int try_family(int family)
{
	int fd = socket(family, SOCK_RAW, 0);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void list_dir(const char *name, const char *path, bool numbers_only)
{
	DIR *d = opendir(path);
	if (d == NULL)
		return tell(name, errno);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		bool number = isdigit((unsigned char)e->d_name[0]) != 0;
		if (e->d_name[0] != '.' && (number || !numbers_only))
			dprintf(STDOUT_FILENO, "%s %s\n", name, e->d_name);
	}
	closedir(d);
}

static void try_network(int tcp_port, int udp_port)
{
	tell("tcp-far", try_ip(SOCK_STREAM, "192.0.2.1", 80));
	tell("tcp-far6", try_ip(SOCK_STREAM, "2001:db8::1", 80));
	tell("tcp-host", try_ip(SOCK_STREAM, "127.0.0.1", tcp_port));
	tell("tcp-host6", try_ip(SOCK_STREAM, "::ffff:127.0.0.1", tcp_port));
	tell("udp-far", try_ip(SOCK_DGRAM, "192.0.2.1", 53));
	tell("udp-far6", try_ip(SOCK_DGRAM, "2001:db8::1", 53));
	tell("udp-broadcast", try_ip(SOCK_DGRAM, "224.0.0.251", 5353));
	try_ip(SOCK_DGRAM, "127.0.0.1", udp_port);
	struct addrinfo *found = NULL;
	dprintf(STDOUT_FILENO, "dns %s\n",
		getaddrinfo("example.com", "80", NULL, &found) == 0 ? "ok" : "no");
	struct if_nameindex *all = if_nameindex();
	for (struct if_nameindex *i = all; i != NULL && i->if_name != NULL; i++)
		dprintf(STDOUT_FILENO, "interface %s\n", i->if_name);
	tell("vsock", try_family(AF_VSOCK));
	tell("packet", try_family(AF_PACKET));
	tell("alg", try_family(AF_ALG));
}

static void try_writes(void)
{
	tell("write-root", try_open("/new", O_WRONLY | O_CREAT));
	tell("write-usr", try_open("/usr/new", O_WRONLY | O_CREAT));
	tell("write-bin", try_open("/usr/bin/new", O_WRONLY | O_CREAT));
	tell("write-etc", try_open("/etc/new", O_WRONLY | O_CREAT));
	tell("write-fonts", try_open("/etc/fonts/new", O_WRONLY | O_CREAT));
	tell("write-run", try_open("/run/new", O_WRONLY | O_CREAT));
	tell("write-dev", try_open("/dev/new", O_WRONLY | O_CREAT));
	tell("write-exe", try_open(SANDBOX_EXE, O_WRONLY));
	tell("write-proc", try_open("/proc/sys/kernel/core_pattern", O_WRONLY));
	tell("write-sysrq", try_open("/proc/sysrq-trigger", O_WRONLY));
	tell("write-tmp", try_open("/tmp/new", O_WRONLY | O_CREAT));
	tell("write-home", try_open("/home/new", O_WRONLY | O_CREAT));
	tell("write-shm", try_open("/dev/shm/new", O_WRONLY | O_CREAT));
}

/* argv: PROGRAM --prisoner TCP UDP HOST_PID UNIX_PATH ABSTRACT FILE... */
static int prisoner(int argc, char **argv)
{
	uint8_t word = PRISONER_WORD;
	try_network(atoi(argv[2]), atoi(argv[3]));
	tell("kill-host", kill(atoi(argv[4]), 0) == 0 ? 0 : errno);
	tell("unix-host", try_unix(argv[5], false));
	tell("abstract-host", try_unix(argv[6], true));
	tell("x-sockets", access("/tmp/.X11-unix", F_OK) == 0 ? 0 : errno);
	tell("bus-socket", access("/run/dbus/system_bus_socket", F_OK) == 0 ? 0 : errno);
	for (int i = 7; i < argc; i++) {
		static const char *const roots[] = {
			"", "/proc/1/root", "/proc/self/root", "/oldroot"};
		for (size_t k = 0; k < sizeof roots / sizeof *roots; k++) {
			char path[1024], name[32];
			snprintf(path, sizeof path, "%s%s", roots[k], argv[i]);
			snprintf(name, sizeof name, "file-%d", i - 7);
			tell(name, try_open(path, O_RDONLY));
		}
	}
	tell("read-usr", try_open("/usr/bin/true", O_RDONLY));
	try_writes();
	list_dir("root", "/", false);
	list_dir("etc", "/etc", false);
	list_dir("process", "/proc", true);
	list_dir("descriptor", "/proc/self/fd", true);
	list_dir("dev", "/dev", false);
	for (char **e = environ; *e != NULL; e++)
		dprintf(STDOUT_FILENO, "env %s\n", *e);
	dprintf(STDOUT_FILENO, "uid %d\ngid %d\ndone yes\n", getuid(), getgid());
	/* Now stand still to be looked at, until the other end closes. */
	send(LAUNCHER_SOCK, &word, 1, MSG_NOSIGNAL);
	(void)!read(LAUNCHER_SOCK, &word, 1);
	_exit(0);
}

/* ---- outside ---- */

struct jail {
	struct launcher l;
	struct arena a;
	struct buf said;
	pid_t prisoner; /* as seen from here */
	int tcp, udp, unix_fd, abstract, secret_fd;
	char dir[64];
	char *files[5];
};

static int bound(int type, int *port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)&a, &n);
	*port = ntohs(a.sin_port);
	return fd;
}

static int bound_unix(const char *path, bool abstract)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	memcpy(a.sun_path + (abstract ? 1 : 0), path, n);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1)),
		0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* A file of the user's, readable by everybody, so that only the jail can be what hides it. */
static char *secret(struct jail *j, const char *dir)
{
	char *path = arena_printf(&j->a, "%s/clicktrail-secret-XXXXXX", dir);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret", 6), 6);
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	return path;
}

static void read_until_word(struct jail *j)
{
	struct pollfd p[2] = {{j->l.sock, POLLIN, 0}, {j->l.stderr_fd, POLLIN, 0}};
	for (bool word = false; !word;) {
		assert_true(poll(p, 2, WAIT_MS) > 0);
		if (p[0].revents != 0) {
			union {
				char bytes[CMSG_SPACE(sizeof(struct ucred))];
				struct cmsghdr align;
			} control;
			uint8_t byte = 0;
			struct iovec iov = {&byte, 1};
			struct msghdr m = {.msg_iov = &iov,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof control.bytes};
			ssize_t n = recvmsg(j->l.sock, &m, 0);
			struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
			word = true;
			if (c != NULL && c->cmsg_type == SCM_CREDENTIALS) {
				struct ucred who;
				memcpy(&who, CMSG_DATA(c), sizeof who);
				j->prisoner = who.pid;
			}
		}
		ssize_t n = read(j->l.stderr_fd, buf_room(&j->said, 65536), 65536);
		buf_grew(&j->said, n > 0 ? (size_t)n : 0);
	}
	buf_add_byte(&j->said, '\n');
}

static int enter(void **state)
{
	struct jail *j = calloc(1, sizeof *j);
	int tcp_port, udp_port;
	struct err err;
	char exe_dir[512];
	const char *home = getenv("HOME");
	*state = j;
	j->tcp = bound(SOCK_STREAM, &tcp_port);
	j->udp = bound(SOCK_DGRAM, &udp_port);
	snprintf(j->dir, sizeof j->dir, "/tmp/clicktrail-test-XXXXXX");
	assert_non_null(mkdtemp(j->dir));
	assert_int_equal(chmod(j->dir, 0755), 0);
	assert_non_null(getcwd(exe_dir, sizeof exe_dir));
	j->files[0] = secret(j, home != NULL && home[0] == '/' ? home : "/tmp");
	j->files[1] = secret(j, "/tmp");
	j->files[2] = secret(j, "/var/tmp");
	j->files[3] = secret(j, j->dir);  /* as a CA's folder would lie */
	j->files[4] = secret(j, exe_dir); /* as a case would lie */
	char *socket_path = arena_printf(&j->a, "%s/socket", j->dir);
	char *abstract = arena_printf(&j->a, "clicktrail-test-%d", getpid());
	j->unix_fd = bound_unix(socket_path, false);
	j->abstract = bound_unix(abstract, true);
	/* A descriptor that somebody forgot to close on exec. */
	j->secret_fd = open(j->files[1], O_RDONLY);
	assert_true(j->secret_fd >= 0);

	/* Groups that let root's helpers read more than others: they must not come along. */
	if (geteuid() == 0)
		assert_int_equal(setgroups(2, (gid_t[]){4, 27}), 0);

	struct sandbox box = {.bwrap = sandbox_program("bwrap", &j->a)};
	const char *inner[32], *const env[] = {"LANG=C.UTF-8", "ONLY=this",
				       "ASAN_OPTIONS=detect_leaks=0", NULL};
	size_t n = 0;
	assert_non_null(box.bwrap);
	inner[n++] = SANDBOX_EXE;
	inner[n++] = "--prisoner";
	inner[n++] = arena_printf(&j->a, "%d", tcp_port);
	inner[n++] = arena_printf(&j->a, "%d", udp_port);
	inner[n++] = arena_printf(&j->a, "%d", getpid());
	inner[n++] = socket_path;
	inner[n++] = abstract;
	for (size_t i = 0; i < 5; i++)
		inner[n++] = j->files[i];
	inner[n] = NULL;
	struct launcher_order order = {.env = env};
	for (int i = 0; i < LAUNCHER_GIVEN; i++)
		order.given[i] = -1;
	assert_true(launcher_fork(&j->l, &err));
	assert_true(sandbox_order(&box, inner, &order, &j->a, &err));
	assert_true(launcher_order(&j->l, &order, &err));
	close(order.given[0]);
	read_until_word(j);
	/* If this fails the lines say why. */
	if (j->prisoner == 0)
		print_message(
			"%.*s", (int)buf_len(&j->said), (char *)j->said.p + j->said.start);
	return 0;
}

static int leave(void **state)
{
	struct jail *j = *state;
	int status = -1;
	launcher_fini(&j->l);
	waitpid(j->l.pid, &status, 0);
	for (size_t i = 0; i < 5; i++)
		unlink(j->files[i]);
	unlink(arena_printf(&j->a, "%s/socket", j->dir));
	rmdir(j->dir);
	close(j->tcp);
	close(j->udp);
	close(j->unix_fd);
	close(j->abstract);
	close(j->secret_fd);
	buf_fini(&j->said);
	arena_fini(&j->a);
	free(j);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* How often the prisoner wrote a line "name value"; value NULL: any. */
static size_t said(struct jail *j, const char *name, const char *value)
{
	struct span all = buf_span(&j->said);
	size_t n = 0;
	char want[256];
	int len =
		snprintf(want, sizeof want, value != NULL ? "\n%s %s\n" : "\n%s ", name, value);
	for (size_t at = 0; (at = span_find(all, span_of(want, (size_t)len), at)) != SIZE_MAX;
		at++)
		n++;
	snprintf(want, sizeof want, value != NULL ? "%s %s\n" : "%s ", name, value);
	return n + (span_starts(all, want) ? 1 : 0);
}

#define assert_said(j, name, value)                                                            \
	do {                                                                                   \
		if (said((j), (name), (value)) == 0)                                           \
			print_error("not said: %s %s; but:\n%.*s", (name), (value),            \
				(int)buf_len(&(j)->said),                                      \
				(char *)(j)->said.p + (j)->said.start);                        \
		assert_true(said((j), (name), (value)) > 0);                                   \
	} while (0)
/* The only thing said under that name. */
#define assert_only(j, name, value)                                                            \
	do {                                                                                   \
		assert_said((j), (name), (value));                                             \
		assert_int_equal(said((j), (name), NULL), said((j), (name), (value)));         \
	} while (0)

static void no_way_to_the_network(void **state)
{
	struct jail *j = *state;
	char byte;
	assert_only(j, "done", "yes");
	assert_only(j, "tcp-far", "ENETUNREACH");
	assert_only(j, "tcp-far6", "ENETUNREACH");
	assert_only(j, "tcp-host", "ECONNREFUSED");
	assert_only(j, "tcp-host6", "ECONNREFUSED");
	assert_only(j, "udp-far", "ENETUNREACH");
	assert_only(j, "udp-far6", "ENETUNREACH");
	assert_only(j, "udp-broadcast", "ENETUNREACH");
	assert_only(j, "dns", "no");
	assert_only(j, "interface", "lo");
	assert_only(j, "vsock", "EAFNOSUPPORT");
	assert_only(j, "packet", "EAFNOSUPPORT");
	assert_only(j, "alg", "EAFNOSUPPORT");
	/* And what we hold outside was not touched. */
	assert_int_equal(accept(j->tcp, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(recv(j->udp, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void no_file_of_the_users(void **state)
{
	struct jail *j = *state;
	for (int i = 0; i < 5; i++) {
		char name[32];
		snprintf(name, sizeof name, "file-%d", i);
		assert_only(j, name, "ENOENT");
		assert_int_equal(said(j, name, NULL), 4);
		assert_int_equal(try_open(j->files[i], O_RDONLY), 0);
	}
	assert_only(j, "read-usr", "ok");
	static const char *const hidden[] = {
		"root", "var", "mnt", "srv", "opt", "media", "sys", "boot", "work"};
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		assert_int_equal(said(j, "root", hidden[i]), 0);
	assert_said(j, "root", "usr");
	static const char *const private[] = {
		"passwd", "shadow", "hosts", "ssl", "resolv.conf", "machine-id", "hostname"};
	for (size_t i = 0; i < sizeof private / sizeof *private; i++)
		assert_int_equal(said(j, "etc", private[i]), 0);
	assert_said(j, "etc", "fonts");
}

static void no_display_no_bus(void **state)
{
	struct jail *j = *state;
	assert_only(j, "unix-host", "ENOENT");
	assert_only(j, "abstract-host", "ECONNREFUSED");
	assert_only(j, "x-sockets", "ENOENT");
	assert_only(j, "bus-socket", "ENOENT");
	/* Both sockets do work from here. */
	assert_int_equal(try_unix(arena_printf(&j->a, "%s/socket", j->dir), false), 0);
	assert_int_equal(
		try_unix(arena_printf(&j->a, "clicktrail-test-%d", getpid()), true), 0);
}

static void writes_only_into_memory(void **state)
{
	struct jail *j = *state;
	static const char *const read_only[] = {"write-root", "write-usr", "write-bin",
		"write-etc", "write-fonts", "write-run", "write-dev"};
	for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
		assert_only(j, read_only[i], "EROFS");
	/* Each refuses in its own words. */
	assert_int_equal(said(j, "write-exe", "ok"), 0);
	assert_int_equal(said(j, "write-proc", "ok"), 0);
	assert_int_equal(said(j, "write-sysrq", "ok"), 0);
	assert_int_equal(said(j, "write-exe", NULL) + said(j, "write-proc", NULL) +
				 said(j, "write-sysrq", NULL),
		3);
	assert_only(j, "write-tmp", "ok");
	assert_only(j, "write-home", "ok");
	assert_only(j, "write-shm", "ok");
}

static void nothing_inherited(void **state)
{
	struct jail *j = *state;
	/* PWD is bubblewrap's own. */
	assert_said(j, "env", "ONLY=this");
	assert_int_equal(said(j, "env", NULL), 3 + said(j, "env", "PWD=/home"));
	/* 0 1 2, the socket, and the one that lists them. */
	assert_said(j, "descriptor", "3");
	assert_int_equal(said(j, "descriptor", NULL), 5);
}

static void own_processes_only(void **state)
{
	struct jail *j = *state;
	assert_only(j, "kill-host", "ESRCH");
	assert_said(j, "process", "1");
	assert_int_equal(said(j, "process", NULL), 2);
	assert_only(j, "uid", "1000");
	assert_only(j, "gid", "1000");
}

/* The rest of the line of /proc/PID/status that starts with key. */
static char *status_of(struct jail *j, pid_t pid, const char *key)
{
	char line[1024];
	char *path = arena_printf(&j->a, "/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	char *found = NULL;
	while (found == NULL && fgets(line, sizeof line, f) != NULL) {
		size_t n = strlen(key);
		if (strncmp(line, key, n) != 0)
			continue;
		line[strcspn(line, "\n")] = 0;
		found = arena_str(&j->a, span_trim(span_str(line + n), " \t"));
	}
	fclose(f);
	assert_non_null(found);
	return found;
}

static char *namespace_of(struct jail *j, pid_t pid, const char *kind)
{
	char link[128];
	ssize_t n =
		readlink(arena_printf(&j->a, "/proc/%d/ns/%s", pid, kind), link, sizeof link);
	return n > 0 ? arena_str(&j->a, span_of(link, (size_t)n)) : NULL;
}

static void looks_small_from_outside(void **state)
{
	struct jail *j = *state;
	unsigned uid[4], gid[4];
	assert_true(j->prisoner > 0);
	assert_int_equal(sscanf(status_of(j, j->prisoner, "Uid:"), "%u %u %u %u", &uid[0],
				 &uid[1], &uid[2], &uid[3]),
		4);
	assert_int_equal(sscanf(status_of(j, j->prisoner, "Gid:"), "%u %u %u %u", &gid[0],
				 &gid[1], &gid[2], &gid[3]),
		4);
	for (int i = 0; i < 4; i++) {
		assert_int_not_equal(uid[i], 0);
		assert_int_not_equal(gid[i], 0);
	}
	if (geteuid() == 0)
		assert_string_equal(status_of(j, j->prisoner, "Groups:"), "");
	else
		assert_int_equal(uid[0], geteuid());
	assert_string_equal(status_of(j, j->prisoner, "CapEff:"), "0000000000000000");
	assert_string_equal(status_of(j, j->prisoner, "CapBnd:"), "0000000000000000");
	assert_string_equal(status_of(j, j->prisoner, "NoNewPrivs:"), "1");
	assert_string_equal(status_of(j, j->prisoner, "Seccomp:"), "2");
	static const char *const kinds[] = {"user", "pid", "net", "ipc", "uts", "mnt"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char *theirs = namespace_of(j, j->prisoner, kinds[i]);
		if (theirs ==
			NULL) /* an ordinary user may not look; the tries above say the same */
			continue;
		assert_string_not_equal(theirs, namespace_of(j, getpid(), kinds[i]));
	}
	/* The launcher's own process is out of root as well. */
	assert_int_equal(sscanf(status_of(j, j->l.pid, "Uid:"), "%u %u %u %u", &uid[0], &uid[1],
				 &uid[2], &uid[3]),
		4);
	for (int i = 0; i < 4; i++)
		assert_int_not_equal(uid[i], 0);
}

static void unused_uid_is_nobodys(void **state)
{
	(void)state;
	uid_t uid = unused_uid();
	assert_in_range(uid, 60578, 61183);
}

/* The jail's process dies with its parent's socket: nothing is waited for, nothing is asked. */
static void launcher_ends_when_not_wanted(void **state)
{
	(void)state;
	struct launcher l;
	struct err err;
	int status;
	assert_true(launcher_fork(&l, &err));
	pid_t pid = l.pid;
	launcher_fini(&l);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	if (argc > 6 && strcmp(argv[1], "--prisoner") == 0)
		return prisoner(argc, argv);
	alarm(HARD_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest jailed[] = {
		cmocka_unit_test(no_way_to_the_network),
		cmocka_unit_test(no_file_of_the_users),
		cmocka_unit_test(no_display_no_bus),
		cmocka_unit_test(writes_only_into_memory),
		cmocka_unit_test(nothing_inherited),
		cmocka_unit_test(own_processes_only),
		cmocka_unit_test(looks_small_from_outside),
	};
	const struct CMUnitTest alone[] = {
		cmocka_unit_test(unused_uid_is_nobodys),
		cmocka_unit_test(launcher_ends_when_not_wanted),
	};
	int failed = cmocka_run_group_tests(alone, NULL, NULL);
	return failed + cmocka_run_group_tests(jailed, enter, leave);
}
