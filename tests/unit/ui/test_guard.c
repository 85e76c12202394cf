/*
 * A process that gave up the network: every call that leads out fails, in every thread and in
 * programs that it starts, and what is connected to its listener is served all the same. Each
 * case is a child; it exits with the number of what was wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ui/cli/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_LIMIT_S = 20 };

struct world {
	int listener, served, pair[2];
	struct sockaddr_in at;
};

static int status_of(pid_t pid)
{
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void open_world(struct world *w)
{
	socklen_t n = sizeof w->at;
	w->at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&w->at, n), 0);
	assert_int_equal(listen(w->listener, 16), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&w->at, &n), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->pair), 0);
}

static void close_world(struct world *w)
{
	close(w->listener);
	close(w->pair[0]);
	close(w->pair[1]);
}

static bool denied(long result)
{
	return result == -1 && errno == EACCES;
}

#if defined(__x86_64__)
/* In a process of its own: a kernel without such calls ends it. */
static bool foreign_denied(void)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		long result = 20; /* getpid of i386 */
		__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
		_exit(result == -EACCES ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid &&
	       (WIFSIGNALED(status) || WEXITSTATUS(status) == 0) &&
	       denied(syscall(0x40000000 + SYS_getpid)) &&
	       denied(syscall(0x40000000 + SYS_socket, AF_INET, SOCK_STREAM, 0));
}
#else
static bool foreign_denied(void)
{
	return true;
}
#endif

/* 0: everything that leads out is denied. */
static int try_calls(const struct world *w)
{
	static const int families[] = {
		AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK};
	const struct sockaddr *to = (const struct sockaddr *)&w->at;
	int two[2], n = 1;
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	struct mmsghdr many = {.msg_hdr = message};
	for (size_t i = 0; i < sizeof families / sizeof *families; i++, n++)
		if (!denied(socket(families[i], SOCK_STREAM, 0)) ||
			!denied(socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0)))
			return n;
	const bool all[] = {
		denied(socketpair(AF_UNIX, SOCK_STREAM, 0, two)),
		denied(connect(w->listener, to, sizeof w->at)),
		denied(connect(w->pair[0], to, sizeof w->at)),
		denied(connect(w->served, &(struct sockaddr){.sa_family = AF_UNSPEC},
			sizeof(struct sockaddr))),
		denied(bind(w->listener, to, sizeof w->at)),
		denied(listen(w->listener, 1)),
		denied(sendto(w->served, &byte, 1, MSG_NOSIGNAL, to, sizeof w->at)),
		denied(sendto(w->served, &byte, 0, MSG_FASTOPEN, to, sizeof w->at)),
		/* An address whose lower half is 0 is one, too. */
		denied(syscall(SYS_sendto, w->served, &byte, 1, 0, UINT64_C(1) << 32, 16)),
		denied(sendmsg(w->served, &message, MSG_FASTOPEN | MSG_NOSIGNAL)),
		denied(sendmmsg(w->served, &many, 1, MSG_FASTOPEN | MSG_NOSIGNAL)),
		denied(syscall(SYS_io_uring_setup, 1, NULL)),
		denied(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0)),
		denied(syscall(SYS_io_uring_register, 0, 0, NULL, 0)),
		denied(syscall(SYS_pidfd_getfd, 0, 0, 0)),
		denied(process_vm_readv(getpid(), &iov, 1, &iov, 1, 0)),
		denied(process_vm_writev(getpid(), &iov, 1, &iov, 1, 0)),
#if !defined(__SANITIZE_ADDRESS__)
		denied(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)),
#endif
		foreign_denied(),
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++, n++)
		if (!all[i])
			return n;
	return 0;
}

struct early {
	const struct world *w;
	sem_t go;
	int result;
};

static void *early_thread(void *arg)
{
	struct early *e = arg;
	sem_wait(&e->go);
	e->result = try_calls(e->w);
	return NULL;
}

static void *late_thread(void *arg)
{
	struct early *e = arg;
	e->result = try_calls(e->w);
	return NULL;
}

/* A client from outside, in a process of its own: sends a line and expects it back. */
static pid_t start_client(const struct world *w)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	char got[8] = "";
	alarm(CHILD_LIMIT_S);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = connect(fd, (const struct sockaddr *)&w->at, sizeof w->at) == 0 &&
		  send(fd, "hello", 5, 0) == 5 && recv(fd, got, 5, MSG_WAITALL) == 5 &&
		  memcmp(got, "hello", 5) == 0 && recv(fd, got, 5, MSG_WAITALL) == 5 &&
		  memcmp(got, "again", 5) == 0;
	_exit(ok ? 0 : 1);
}

/* 0: a connection is accepted and answered, by every call that we use. */
static int serve(struct world *w)
{
	char line[8] = "";
	struct sockaddr_in peer;
	socklen_t n = sizeof peer;
	struct iovec iov = {line, 5};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	w->served = accept4(w->listener, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC);
	if (w->served < 0)
		return 101;
	if (recv(w->served, line, 5, MSG_WAITALL) != 5)
		return 102;
	if (send(w->served, line, 2, MSG_NOSIGNAL) != 2 || write(w->served, line + 2, 3) != 3)
		return 103;
	memcpy(line, "again", 5);
	if (sendmsg(w->served, &message, MSG_NOSIGNAL) != 5)
		return 104;
	n = sizeof peer;
	return getpeername(w->served, (struct sockaddr *)&peer, &n) == 0 ? 0 : 105;
}

static int child(struct world *w)
{
	struct err err = {0};
	struct early early = {.w = w, .result = -1}, late = {.w = w, .result = -1};
	pthread_t first, second;
	struct addrinfo *found = NULL;
	alarm(CHILD_LIMIT_S);
	sem_init(&early.go, 0, 0);
	pthread_create(&first, NULL, early_thread, &early);
	if (!guard_no_network(&err)) {
		fprintf(stderr, "%s\n", err.detail);
		return 100;
	}
	int result = serve(w);
	if (result == 0)
		result = try_calls(w);
	if (result != 0)
		return result;
	sem_post(&early.go);
	pthread_join(first, NULL);
	pthread_create(&second, NULL, late_thread, &late);
	pthread_join(second, NULL);
	if (early.result != 0 || late.result != 0)
		return early.result != 0 ? 110 + early.result : 160 + late.result;
	/* A library that needs a socket fails, and goes on. */
	if (getaddrinfo("no.such.name.example", "443", NULL, &found) == 0)
		return 106;
	/* Open already, and of this machine. */
	if (send(w->pair[0], "x", 1, 0) != 1 || recv(w->pair[1], &(char){0}, 1, 0) != 1)
		return 107;
	/* Nor a program that it starts: this would reach the listener. */
	char port[16];
	snprintf(port, sizeof port, "%d", ntohs(w->at.sin_port));
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/bash", "bash", "-c",
			"exec 2>/dev/null; echo >/dev/tcp/127.0.0.1/$1", "bash", port,
			(char *)NULL);
		_exit(0);
	}
	int status;
	waitpid(pid, &status, 0);
	return status == 0 ? 108 : 0;
}

static void nothing_leads_out(void **state)
{
	(void)state;
	struct world w;
	open_world(&w);
	pid_t client = start_client(&w);
	pid_t pid = fork();
	if (pid == 0)
		_exit(child(&w));
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(status_of(client), 0);
	close_world(&w);
}

/* The same calls before: the test can tell. */
static void the_calls_work_without(void **state)
{
	(void)state;
	struct world w;
	open_world(&w);
	w.served = w.pair[0];
	pid_t pid = fork();
	if (pid == 0)
		_exit(try_calls(&w));
	assert_int_equal(status_of(pid), 1);
	close_world(&w);
}

static void an_open_socket_is_refused(void **state)
{
	(void)state;
	struct world w;
	open_world(&w);
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	for (size_t i = 0; i < 2; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct err err = {0};
			int fd = socket(AF_INET, types[i], 0);
			bool refused =
				fd >= 0 && !guard_no_network(&err) && err.kind == ERR_INTERNAL;
			/* Nothing was given up then. */
			_exit(refused && socket(AF_INET, types[i], 0) >= 0 ? 0 : 1);
		}
		assert_int_equal(status_of(pid), 0);
	}
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_leads_out),
		cmocka_unit_test(the_calls_work_without),
		cmocka_unit_test(an_open_socket_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
