#include "capture/recorder_filter.h"
#include "capture/recorder.h"
#include "store/base/bpf.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHERWISE BPF_RETURN(SECCOMP_RET_ERRNO | EPERM)
#else
#define OTHERWISE BPF_RETURN(SECCOMP_RET_KILL_PROCESS)
#endif

/* On any descriptor: each is ours, the ring's, or a socket that was shown. */
static const uint32_t free_calls[] = {
	SYS_close,
	SYS_getsockname,
	SYS_bind, /* a socket that has a port refuses: recorder_shown.c */
	SYS_getsockopt,
	SYS_read, /* libpcap's own waking */
#ifdef SYS_poll
	SYS_poll,
#endif
	SYS_ppoll,
	SYS_clock_gettime,
#ifdef SYS_gettimeofday
	SYS_gettimeofday,
#endif
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_getrandom,
	SYS_uname,
	SYS_rt_sigreturn,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	/* To say what they found. */
	SYS_write,
	SYS_getpid,
	SYS_gettid,
	SYS_sigaltstack,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
#endif
};

enum { PROGRAM_MAX = 120 };

struct program {
	struct sock_filter of[PROGRAM_MAX];
	size_t n;
};

static void add(struct program *p, const struct sock_filter *words, size_t n)
{
	assert(n <= PROGRAM_MAX - p->n);
	memcpy(p->of + p->n, words, n * sizeof *words);
	p->n += n;
}

static void allow(struct program *p, uint32_t call)
{
	const struct sock_filter words[] = {
		BPF_IF_EQUAL(call, 0, 1),
		BPF_RETURN(SECCOMP_RET_ALLOW),
	};
	add(p, words, sizeof words / sizeof *words);
}

/* Only if its first argument is this descriptor. */
static void allow_on(struct program *p, uint32_t call, int fd)
{
	const struct sock_filter words[] = {
		BPF_IF_EQUAL(call, 0, 4),
		BPF_LOAD_LOW(0),
		BPF_IF_EQUAL((uint32_t)fd, 0, 1),
		BPF_RETURN(SECCOMP_RET_ALLOW),
		BPF_LOAD(nr),
	};
	add(p, words, sizeof words / sizeof *words);
}

/* Memory, but none that could be code. */
static void allow_data(struct program *p, uint32_t call)
{
	const struct sock_filter words[] = {
		BPF_IF_EQUAL(call, 0, 4),
		BPF_LOAD_LOW(2),
		BPF_IF_ANY_BIT(PROT_EXEC, 1, 0),
		BPF_RETURN(SECCOMP_RET_ALLOW),
		BPF_LOAD(nr),
	};
	add(p, words, sizeof words / sizeof *words);
}

bool recorder_filter(int packets, struct err *err)
{
	static const struct sock_filter start[] = {
		BPF_LOAD(arch),
		BPF_IF_EQUAL(BPF_OUR_ARCH, 1, 0),
		BPF_RETURN(SECCOMP_RET_KILL_PROCESS),
		BPF_LOAD(nr),
		BPF_IF_AT_LEAST(BPF_X32_CALLS, 0, 1),
		BPF_RETURN(SECCOMP_RET_KILL_PROCESS),
	};
	static const struct sock_filter end[] = {OTHERWISE};
	struct program p = {.n = 0};
	add(&p, start, sizeof start / sizeof *start);
	allow_on(&p, SYS_recvmsg, RECORDER_SOCK);
	allow_on(&p, SYS_sendmsg, RECORDER_SOCK);
	allow_on(&p, SYS_write, RECORDER_FILE);
	allow_on(&p, SYS_fsync, RECORDER_FILE);
	allow_on(&p, SYS_ftruncate, RECORDER_FILE);
	allow_on(&p, SYS_recvfrom, packets); /* an error that waits there */
	for (size_t i = 0; i < sizeof free_calls / sizeof *free_calls; i++)
		allow(&p, free_calls[i]);
	allow_data(&p, SYS_mmap);
	allow_data(&p, SYS_mprotect);
	add(&p, end, 1);
	const struct sock_fprog all = {(unsigned short)p.n, p.of};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0 ||
	       err_set_os(err, ERR_CAPTURE, errno, "the filter of system calls (seccomp)");
}
