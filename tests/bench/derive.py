"""What deriving the trails of a case costs: wall time, CPU seconds of user and system, peak memory.

    derive.py CLICKTRAIL CASE
"""
import resource
import subprocess
import sys
import time


def main():
    clicktrail, case = sys.argv[1:]
    began = time.monotonic()
    code = subprocess.run([clicktrail, "rebuild", case], check=False, timeout=3600).returncode
    wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("%.1f s of wall time, %.1f s CPU (user %.1f, system %.1f), %.0f MB at most" % (
        wall, used.ru_utime + used.ru_stime, used.ru_utime, used.ru_stime, used.ru_maxrss / 1024))
    return code


if __name__ == "__main__":
    sys.exit(main())
