"""Processes of the benchmark: each started in a session of its own, ended by its id, none left behind."""
import atexit
import os
import signal
import socket
import subprocess
import time

RUNNING = []


class Trouble(Exception):
    """Something that makes a measurement impossible: its text is for people."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(cpu):
    """The words before a command that keep it on one CPU, where there are at least two."""
    return ["taskset", "-c", str(cpu)] if os.cpu_count() >= 2 else []


class Proc:
    def __init__(self, args, log, cpu=None, cwd=None, env=None, bare=False):
        # Should we be killed ourselves, the kernel asks it to end. Bare: where each program that starts another is measured.
        before = [] if bare else ["setpriv", "--pdeathsig", "TERM"] + (pinned(cpu) if cpu is not None else [])
        self.args, self.log, self.code, self.usage = args, log, None, None
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                before + args, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd,
                env=env, start_new_session=True)
        self.pid = self.popen.pid
        RUNNING.append(self)

    def poll(self):
        """True once it has ended; its CPU time is kept then."""
        if self.code is not None:
            return True
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        self.code = os.waitstatus_to_exitcode(status)
        self.popen.returncode = self.code
        self.usage = usage
        RUNNING.remove(self)
        return True

    def wait(self, limit_s):
        until = time.monotonic() + limit_s
        while not self.poll():
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def end(self, sig=signal.SIGTERM, limit_s=30):
        """Asks, waits, and if that is in vain ends its whole session. Its exit code, None: it had to be killed."""
        if not self.poll():
            os.kill(self.pid, sig)
            if not self.wait(limit_s):
                self.kill()
                return None
        self.kill_rest()
        return self.code

    def kill_rest(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def kill(self):
        self.kill_rest()
        self.wait(10)

    def cpu_ms(self):
        return (self.usage.ru_utime + self.usage.ru_stime) * 1000

    def tail(self):
        with open(self.log, errors="replace") as f:
            return " | ".join(f.read().splitlines()[-4:])


def await_port(proc, port, limit_s=30):
    until = time.monotonic() + limit_s
    while True:
        if proc.poll():
            raise Trouble(f"{proc.args[0]} ended with {proc.code}: {proc.tail()}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > until:
            raise Trouble(f"{proc.args[0]} does not listen: {proc.tail()}")
        time.sleep(0.02)


def run(args, log, limit_s=60, cpu=None, cwd=None, env=None):
    """A command that should end by itself, well."""
    proc = Proc(args, log, cpu, cwd, env)
    if not proc.wait(limit_s):
        proc.kill()
        raise Trouble(f"{args[0]} took more than {limit_s} s")
    if proc.code != 0:
        raise Trouble(f"{' '.join(args[:3])}: exit {proc.code}: {proc.tail()}")
    return proc


def end_all():
    for proc in list(RUNNING):
        proc.kill()


def stop_on_signal(number, _frame):
    raise SystemExit(128 + number)


def tidy_at_exit():
    atexit.register(end_all)
    for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(sig, stop_on_signal)
