"""What the window costs over a large case: times of its pages over HTTP, memory, CPU.

    window.py --clicktrail PROGRAM CASE [--times N] [--trail]

Starts `clicktrail ui CASE`, enters by its token as the page's script does, asks for each kind of page, and ends it. The first
pages are asked for at once, while the case is still being read. --trail: the pages of a case that is one long trail
(bench_long). A page that is not there, or that is sorted or filtered and is still the page without, ends it with 1; one that
is slower than wanted with 2.
"""
import argparse
import http.client
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
        """Milliseconds, of them the server's of CPU, and the page, which is there."""
        began, cpu = time.monotonic(), self.cpu_s()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.monotonic() - began) * 1000, (self.cpu_s() - cpu) * 1000
        if answer.status != 200:
            raise SystemExit("%s: %d" % (path, answer.status))
        return *took, body

    def memory_mb(self, name):
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(re.search(name + r":\s+(\d+)", f.read()).group(1)) / 1024

    def cpu_s(self):
        # The clock of another process, as clock_getcpuclockid(3) makes its number on Linux.
        return time.clock_gettime(~self.process.pid << 3 | 2)

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


def rows_of(page):
    """The numbers of the exchanges that are listed, in order."""
    return re.findall(rb'<tr id="x-(\d+)"', page)


def pages_of_many(window):
    """Pages of a case of many exchanges; beside each the page whose rows it must not have."""
    page = window.get("/c/1/x")[2]
    many = int(re.search(rb'<p class="hint"><data value="(\d+)">', page).group(1))
    deep, exchange = many * 9 // 10, many // 2
    return (("/", None), ("/c/1", None), ("/c/1?from=%d" % (many // 100), None), ("/c/1/x", None),
            ("/c/1/x?sort=host", "/c/1/x"), ("/c/1/x?sort=size&down=1", "/c/1/x"),
            ("/c/1/x?sort=took&from=%d" % deep, "/c/1/x?from=%d" % deep), ("/c/1/x?q=site7", "/c/1/x"),
            ("/c/1/x?type=image", "/c/1/x"), ("/c/1/x?type=image&sort=host", "/c/1/x?type=image"),
            ("/search?q=www.site310.test", None), ("/search?q=no-such-thing", None), ("/c/1/t/1.1", None), ("/c/1/t/4.1", None),
            ("/c/1/x/%d" % exchange, None), ("/c/1/x/%d" % (exchange + 1), None))


def pages_of_a_trail(window):
    """Those of the case's one trail: it, hops of it, and what would be told of it."""
    hops = len(re.findall(rb'<li id="hop-', window.get("/c/1/t/1.1")[2]))
    return tuple((path, None) for path in (
        "/c/1/t/1.1", "/c/1/t/1.1/h/%d" % (hops // 2), "/c/1/t/1.1/h/%d" % hops, "/c/1/t/1.1/h/%d?show=body" % hops,
        "/c/1/t/1.1/h/%d?show=cues" % hops, "/c/1/t/1.1/report"))


def measure(window, path, beside, times):
    """Its slowest milliseconds."""
    took = [window.get(path) for _ in range(times)]
    if beside and (not rows_of(took[0][2]) or rows_of(took[0][2]) == rows_of(window.get(beside)[2])):
        raise SystemExit("%s: the rows of %s, or none" % (path, beside))
    most = max(ms for ms, _, _ in took)
    print("%-44s %8.1f ms  %8.1f ms CPU  %7d bytes  (most: %.1f)" % (
        path, statistics.median(ms for ms, _, _ in took), statistics.median(cpu for _, cpu, _ in took), len(took[0][2]), most))
    return most


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clicktrail", required=True)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--trail", action="store_true")
    parser.add_argument("case")
    o = parser.parse_args()
    window = Window(o.clicktrail, o.case)
    slow = []
    try:
        for path in ("/", "/c/1"):
            ms, cpu, body = window.get(path)
            slow += [path] if ms > FIRST_MS else []
            print("%-44s %8.1f ms  %8.1f ms CPU  %7d bytes  (first, while it is read)" % (path, ms, cpu, len(body)))
        until_quiet(window)
        print("read through: %.1f s of CPU, %.0f MB" % (window.cpu_s(), window.memory_mb("VmHWM")))
        for path, beside in pages_of_a_trail(window) if o.trail else pages_of_many(window):
            slow += [path] if measure(window, path, beside, o.times) > PAGE_MS else []
        before = window.cpu_s()
        time.sleep(5)
        print("idle: %.2f %% of a CPU; %.0f MB now, %.0f MB at most" % (
            (window.cpu_s() - before) / 5 * 100, window.memory_mb("VmRSS"), window.memory_mb("VmHWM")))
    finally:
        window.end()
    if slow:
        print("slower than wanted: " + ", ".join(slow))
    return 2 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
