"""What the window costs over a large case: times of its pages over HTTP, memory, CPU.

    window.py --clicktrail PROGRAM CASE [--times N]

Starts `clicktrail ui CASE`, enters by its token as the page's script does, asks for each kind of page, and ends it. The first
pages are asked for at once, while the case is still being read.
"""
import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.parse

PAGE_MS = 250   # wanted of every page
FIRST_MS = 100  # of the first ones, from the start


class Window:
    def __init__(self, program, case):
        self.process = subprocess.Popen([program, "ui", case], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.started = time.monotonic()
        place = re.search(r"http://([^/]+)/#(\S+)", line)
        if not place:
            raise SystemExit("no address in %r" % line)
        self.host, token = place.groups()
        self.connection = http.client.HTTPConnection(self.host, timeout=60)
        body = urllib.parse.urlencode({"token": token})
        self.headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        self.connection.request("POST", "/door", body, {
            **self.headers, "Origin": "http://" + self.host, "Content-Type": "application/x-www-form-urlencoded"})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise SystemExit("the door says %d" % answer.status)
        self.headers["Cookie"] = answer.getheader("Set-Cookie").split(";")[0]

    def get(self, path):
        """Status, milliseconds, bytes."""
        began = time.monotonic()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        return answer.status, (time.monotonic() - began) * 1000, body

    def memory_mb(self, name):
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(re.search(name + r":\s+(\d+)", f.read()).group(1)) / 1024

    def cpu_s(self):
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait(timeout=60)


def until_quiet(window):
    """Until it reads no more: CPU stands still, for a while, for another's load can make it wait."""
    window.connection.close()  # the server would, after a while; the next request opens it anew
    quiet = 0
    while quiet < 5:
        before = window.cpu_s()
        time.sleep(1)
        quiet = quiet + 1 if window.cpu_s() - before < 0.05 else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clicktrail", required=True)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("case")
    o = parser.parse_args()
    window = Window(o.clicktrail, o.case)
    slow = []
    try:
        for path in ("/", "/c/1"):
            status, ms, body = window.get(path)
            slow += [path] if ms > FIRST_MS else []
            print("%-44s %8.1f ms  %3d  %7d bytes  (first, while it is read)" % (path, ms, status, len(body)))
        until_quiet(window)
        print("read through: %.1f s of CPU, %.0f MB" % (window.cpu_s(), window.memory_mb("VmHWM")))
        exchange = 50000
        for path in ("/", "/c/1", "/c/1?from=1000", "/c/1/x", "/c/1/x?order=host", "/c/1/x?order=size&down=1",
                     "/c/1/x?order=took&from=90000", "/c/1/x?text=site7", "/c/1/x?type=image&order=host",
                     "/search?q=www.site7.test", "/search?q=no-such-thing", "/c/1/t/1.1", "/c/1/t/4.1",
                     "/c/1/x/%d" % exchange, "/c/1/x/%d" % (exchange + 1)):
            times = []
            for _ in range(o.times):
                status, ms, body = window.get(path)
                times.append(ms)
            slow += [path] if max(times) > PAGE_MS else []
            print("%-44s %8.1f ms  %3d  %7d bytes  (most: %.1f)" % (
                path, statistics.median(times), status, len(body), max(times)))
        before = window.cpu_s()
        time.sleep(5)
        print("idle: %.2f %% of a CPU; %.0f MB now, %.0f MB at most" % (
            (window.cpu_s() - before) / 5 * 100, window.memory_mb("VmRSS"), window.memory_mb("VmHWM")))
    finally:
        window.end()
    if slow:
        print("slower than wanted: " + ", ".join(slow))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
