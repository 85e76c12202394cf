#include "ui/cli/guard.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

bool guard_process(struct err *err)
{
	struct rlimit none = {0, 0};
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "PR_SET_DUMPABLE");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "RLIMIT_CORE");
	return true;
}
