#include "ui/browser/filter.h"
#include "store/base/bpf.h"
#include "ui/browser/parcel.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>

int filter_file(bool netlink, struct err *err)
{
	const uint32_t last = netlink ? AF_NETLINK : AF_UNIX;
	const struct sock_filter program[] = {
		BPF_LOAD(arch),
		BPF_IF_EQUAL(BPF_OUR_ARCH, 1, 0),
		BPF_RETURN(SECCOMP_RET_KILL_PROCESS), /* a 32-bit program has a socketcall of
						     its own */
		BPF_LOAD(nr),
		BPF_IF_AT_LEAST(BPF_X32_CALLS, 0, 1),
		BPF_RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		BPF_IF_EQUAL(SYS_socket, 3, 0),
		BPF_IF_EQUAL(SYS_socketpair, 2, 0),
		BPF_IF_EQUAL(SYS_io_uring_setup, 0,
			7), /* a ring opens sockets behind the filter's back */
		BPF_RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		/* The low half of the first argument: the kernel takes the family as an int. */
		BPF_LOAD(args[0]),
		BPF_IF_EQUAL(AF_UNIX, 4, 0),
		BPF_IF_EQUAL(AF_INET, 3, 0),
		BPF_IF_EQUAL(AF_INET6, 2, 0),
		BPF_IF_EQUAL(last, 1, 0),
		BPF_RETURN(SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_RETURN(SECCOMP_RET_ALLOW),
	};
	return parcel_file(span_of(program, sizeof program), err);
}
