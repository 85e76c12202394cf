/* The process that replays takes the network from itself: what was recorded is all that it can
 * answer with, whatever its other parts might try. */
#include "store/base/bpf.h"
#include "ui/cli/guard.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not a signal: a library that looks up a name, say, gets an error that it knows. */
#define DENY BPF_RETURN(SECCOMP_RET_ERRNO | EACCES)
#define DENY_CALL(nr) BPF_IF_EQUAL(nr, 0, 1), DENY

static const struct sock_filter program[] = {
	BPF_LOAD(arch),
	BPF_IF_EQUAL(BPF_OUR_ARCH, 1, 0),
	DENY, /* a 32-bit program has a socketcall of its own */
	BPF_LOAD(nr),
	BPF_IF_AT_LEAST(BPF_X32_CALLS, 0, 1),
	DENY,
	DENY_CALL(SYS_socket),
	DENY_CALL(SYS_socketpair),
	DENY_CALL(SYS_connect),
	DENY_CALL(SYS_bind),
	DENY_CALL(SYS_listen),
	/* A ring makes sockets and connects them without these calls. */
	DENY_CALL(SYS_io_uring_setup),
	DENY_CALL(SYS_io_uring_enter),
	DENY_CALL(SYS_io_uring_register),
	/* Other processes have sockets. */
	DENY_CALL(SYS_pidfd_getfd),
	DENY_CALL(SYS_process_vm_readv),
	DENY_CALL(SYS_process_vm_writev),
#if !defined(__SANITIZE_ADDRESS__)
	/* Its leak checker traces us at the end. */
	DENY_CALL(SYS_ptrace),
#endif
	/* To an address: also a way to connect (MSG_FASTOPEN). */
	BPF_IF_EQUAL(SYS_sendto, 0, 5),
	BPF_LOAD_LOW(4),
	BPF_IF_EQUAL(0, 0, 2),
	BPF_LOAD_HIGH(4),
	BPF_IF_EQUAL(0, 9, 0),
	DENY,
	/* The address of a message lies in memory, where no filter can look. Without a socket
	 * that is not connected there is no use for one, and none is open (below); there is
	 * only that way to connect. */
	BPF_IF_EQUAL(SYS_sendmsg, 0, 3),
	BPF_LOAD_LOW(2),
	BPF_IF_ANY_BIT(MSG_FASTOPEN, 0, 5),
	DENY,
	BPF_IF_EQUAL(SYS_sendmmsg, 0, 3),
	BPF_LOAD_LOW(3),
	BPF_IF_ANY_BIT(MSG_FASTOPEN, 0, 1),
	DENY,
	BPF_RETURN(SECCOMP_RET_ALLOW),
};

static bool leads_out(int fd)
{
	int domain = 0, listens = 0;
	socklen_t n = sizeof domain;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) != 0 || domain == AF_UNIX)
		return false; /* no socket; or one that stays on this machine */
	n = sizeof listens;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 || listens == 0;
}

/* What is open already is not covered by a filter on opening. */
static bool nothing_leads_out(struct err *err)
{
	DIR *d = opendir("/proc/self/fd");
	int bad = -1;
	if (d == NULL)
		return err_set_os(err, ERR_SYSTEM, errno, "/proc/self/fd");
	for (struct dirent *e; bad < 0 && (e = readdir(d)) != NULL;) {
		int fd = atoi(e->d_name);
		/* The standard three are our caller's; "." and ".." are 0 here. */
		if (fd > STDERR_FILENO && leads_out(fd))
			bad = fd;
	}
	closedir(d);
	return bad < 0 || err_set(err, ERR_INTERNAL,
				  "descriptor %d is a socket that was open before the network "
				  "was given up",
				  bad);
}

bool guard_no_network(struct err *err)
{
	/* The kernel only reads it. */
	struct sock_filter *filter = NULL;
	const struct sock_filter *first = program;
	memcpy(&filter, &first, sizeof filter);
	struct sock_fprog all = {sizeof program / sizeof *program, filter};
	if (!nothing_leads_out(err))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "PR_SET_NO_NEW_PRIVS");
	long other =
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &all);
	if (other < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "giving up the network (seccomp)");
	return other == 0 ||
	       err_set(err, ERR_SYSTEM,
		       "giving up the network (seccomp): thread %ld has a filter of its own",
		       other);
}
