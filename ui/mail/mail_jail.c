#include "ui/mail/mail_jail.h"
#include "store/base/bpf.h"
#include "ui/browser/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls by which a process reaches out of itself, or changes what is there. Reading files
 * stays: the C library loads its charset tables from some. */
static const uint32_t forbidden[] = {
	SYS_socket,
	SYS_socketpair,
	SYS_connect,
	SYS_bind,
	SYS_sendto,
	SYS_sendmsg,
	SYS_execve,
	SYS_execveat,
	SYS_clone,
	SYS_clone3,
	SYS_ptrace,
	SYS_process_vm_writev,
	SYS_process_vm_readv,
	SYS_kill,
	SYS_tkill,
	SYS_io_uring_setup,
	SYS_unlinkat,
	SYS_renameat,
	SYS_renameat2,
	SYS_mkdirat,
	SYS_mknodat,
	SYS_linkat,
	SYS_symlinkat,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_fchown,
	SYS_fchownat,
	SYS_truncate,
	SYS_ftruncate,
	SYS_setxattr,
	SYS_lsetxattr,
	SYS_mount,
	SYS_umount2,
	SYS_unshare,
	SYS_setns,
	SYS_chroot,
	SYS_pivot_root,
	SYS_shmget,
	SYS_msgget,
	SYS_semget,
	SYS_memfd_create,
	SYS_bpf,
	SYS_keyctl,
	SYS_add_key,
	SYS_openat2,
	SYS_open_by_handle_at,
	SYS_pidfd_open,
	SYS_pidfd_getfd,
	SYS_inotify_init1,
	SYS_perf_event_open,
#ifdef SYS_open /* what newer machines do without */
	SYS_open,
	SYS_creat,
	SYS_fork,
	SYS_vfork,
	SYS_unlink,
	SYS_rename,
	SYS_mkdir,
	SYS_rmdir,
	SYS_mknod,
	SYS_link,
	SYS_symlink,
	SYS_chmod,
	SYS_chown,
	SYS_lchown,
#endif
};
enum { FORBIDDEN = sizeof forbidden / sizeof *forbidden };

bool mail_jail(pid_t parent)
{
	static const struct sock_filter start[] = {
		BPF_LOAD(arch),
		BPF_IF_EQUAL(BPF_OUR_ARCH, 1, 0),
		BPF_RETURN(SECCOMP_RET_KILL_PROCESS),
		BPF_LOAD(nr),
		BPF_IF_AT_LEAST(BPF_X32_CALLS, 0, 1),
		BPF_RETURN(SECCOMP_RET_ERRNO | EPERM),
		BPF_IF_EQUAL(SYS_openat, 0, 4),
		BPF_LOAD_LOW(2),
		BPF_IF_ANY_BIT(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1),
		BPF_RETURN(SECCOMP_RET_ERRNO | EPERM),
		BPF_LOAD(nr),
	};
	enum { START = sizeof start / sizeof *start };
	struct sock_filter program[START + 2 * FORBIDDEN + 1];
	size_t n = START;
	memcpy(program, start, sizeof start);
	for (size_t i = 0; i < FORBIDDEN; i++) {
		program[n++] = (struct sock_filter)BPF_IF_EQUAL(forbidden[i], 0, 1);
		program[n++] = (struct sock_filter)BPF_RETURN(SECCOMP_RET_ERRNO | EPERM);
	}
	program[n++] = (struct sock_filter)BPF_RETURN(SECCOMP_RET_ALLOW);
	const struct sock_fprog all = {(unsigned short)n, program};
	/* Files may be read, for charset tables, but not by our rights. */
	return launcher_leave_root() && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	       getppid() == parent && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0;
}
