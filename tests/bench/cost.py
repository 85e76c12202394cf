"""What a command on a case costs: wall time, CPU seconds of user and system, peak memory.

    cost.py CLICKTRAIL COMMAND CASE [more arguments]
"""
import resource
import subprocess
import sys
import time


def main():
    clicktrail, command, *arguments = sys.argv[1:]
    began = time.monotonic()
    code = subprocess.run([clicktrail, command, *arguments], check=False, timeout=3600).returncode
    wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("%.1f s of wall time, %.1f s CPU (user %.1f, system %.1f), %.0f MB at most" % (
        wall, used.ru_utime + used.ru_stime, used.ru_utime, used.ru_stime, used.ru_maxrss / 1024))
    return code


if __name__ == "__main__":
    sys.exit(main())
