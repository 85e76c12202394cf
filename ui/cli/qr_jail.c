/* The walls around the child that decodes a picture. */
#include "store/base/bpf.h"
#include "ui/browser/launcher.h"
#include "ui/cli/qr.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { JAIL_MEMORY = 1024 * 1024 * 1024, JAIL_CPU_S = 15 };

#define ALLOW(nr) BPF_IF_EQUAL(nr, 0, 1), BPF_RETURN(SECCOMP_RET_ALLOW)

/* To compute, to use what is open, and to end. Nothing that opens, connects, starts or signals.
 */
static const struct sock_filter program[] = {
	BPF_LOAD(arch),
	BPF_IF_EQUAL(BPF_OUR_ARCH, 1, 0),
	BPF_RETURN(SECCOMP_RET_KILL_PROCESS),
	BPF_LOAD(nr),
	ALLOW(SYS_read),
	ALLOW(SYS_write),
	ALLOW(SYS_mmap),
	ALLOW(SYS_munmap),
	ALLOW(SYS_mremap),
	ALLOW(SYS_mprotect),
	ALLOW(SYS_madvise),
	ALLOW(SYS_brk),
	ALLOW(SYS_futex),
	ALLOW(SYS_rt_sigprocmask),
	ALLOW(SYS_rt_sigreturn),
	ALLOW(SYS_clock_gettime),
	ALLOW(SYS_gettimeofday),
	ALLOW(SYS_getrandom),
	ALLOW(SYS_sysinfo), /* qsort(3) asks how much memory there is */
	ALLOW(SYS_sched_yield),
	/* Of sanitizers, about this process alone. */
	ALLOW(SYS_sigaltstack),
	ALLOW(SYS_rt_sigaction),
	ALLOW(SYS_getpid),
	ALLOW(SYS_gettid),
	ALLOW(SYS_exit),
	ALLOW(SYS_exit_group),
	/* A library that would load a table of characters goes on without. */
	BPF_IF_EQUAL(SYS_openat, 0, 1),
	BPF_RETURN(SECCOMP_RET_ERRNO | EACCES),
	BPF_RETURN(SECCOMP_RET_KILL_PROCESS),
};

bool qr_jail(struct err *err)
{
	struct sock_filter *filter = NULL;
	const struct sock_filter *first = program;
	memcpy(&filter, &first, sizeof(void *)); /* the kernel only reads it */
	struct sock_fprog all = {sizeof program / sizeof *program, filter};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return err_set_os(err, ERR_SYSTEM, errno, "/dev/null");
	/* Nothing is left that a file or another process could be asked for by our rights. */
	if (!launcher_leave_root())
		return err_set_os(err, ERR_SYSTEM, errno, "becoming an unused ordinary user");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0});
	setrlimit(RLIMIT_NPROC, &(struct rlimit){0, 0});
	setrlimit(RLIMIT_CPU, &(struct rlimit){JAIL_CPU_S, JAIL_CPU_S});
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* Sanitizers reserve terabytes. */
	setrlimit(RLIMIT_AS, &(struct rlimit){JAIL_MEMORY, JAIL_MEMORY});
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &all) != 0)
		return err_set_os(
			err, ERR_SYSTEM, errno, "shutting in the reader of pictures (seccomp)");
	return true;
}
