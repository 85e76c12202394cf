#include "ui/browser/filter.h"
#include "ui/browser/parcel.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH here"
#endif
#define X32_CALLS                                                                              \
	0x40000000u /* the x32 calls of an x86_64 kernel: the same calls by other numbers */

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define IF_EQUAL(v, then, otherwise)                                                           \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (v), (then), (otherwise))
#define IF_AT_LEAST(v, then, otherwise)                                                        \
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (v), (then), (otherwise))

int filter_file(bool netlink, struct err *err)
{
	const uint32_t last = netlink ? AF_NETLINK : AF_UNIX;
	const struct sock_filter program[] = {
		LOAD(arch),
		IF_EQUAL(OUR_ARCH, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS), /* a 32-bit program has a socketcall of its
						     own */
		LOAD(nr),
		IF_AT_LEAST(X32_CALLS, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		IF_EQUAL(SYS_socket, 3, 0),
		IF_EQUAL(SYS_socketpair, 2, 0),
		IF_EQUAL(SYS_io_uring_setup, 0,
			7), /* a ring opens sockets behind the filter's back */
		RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		/* The low half of the first argument: the kernel takes the family as an int. */
		LOAD(args[0]),
		IF_EQUAL(AF_UNIX, 4, 0),
		IF_EQUAL(AF_INET, 3, 0),
		IF_EQUAL(AF_INET6, 2, 0),
		IF_EQUAL(last, 1, 0),
		RETURN(SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		RETURN(SECCOMP_RET_ALLOW),
	};
	return parcel_file(span_of(program, sizeof program), err);
}
