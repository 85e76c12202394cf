"""Who is measured: how each is started so that it intercepts and records, and what it left on disk.

None of them needs root. Names reach the origin by each one's own means: clicktrail --connect-to, squid hosts_file, sslsplit a fixed
target, mitmproxy an addon. All verify the origin's certificate but sslsplit, which cannot.
"""
import glob
import mmap
import os
import pwd
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from procs import Proc, Trouble, await_port, free_port, run

PROXY_CPU = 1


class Origin:
    """Where nginx listens and what it is called."""

    def __init__(self, folder):
        self.folder = folder
        self.tls, self.h2, self.plain = free_port(), free_port(), free_port()
        self.ca = os.path.join(folder, "ca.crt")
        self.proxy_ca = os.path.join(folder, "proxy-ca.crt")
        self.proxy_key = os.path.join(folder, "proxy-ca.key")

    def port(self, mode):
        return {"plain": self.plain, "h2": self.h2}.get(mode, self.tls)


def file_size(pattern):
    return sum(os.path.getsize(p) for p in glob.glob(pattern))


def count_in_file(path, *words):
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return 0
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        return len(re.findall(b"|".join(re.escape(w) for w in words), m))


class Direct:
    name = label = "direct"
    transparent = False
    waits = True  # for its children, so that its CPU at the end is all
    issuer = "clicktrail bench origin CA"
    proc = None

    def start(self, origin, folder, mode):
        self.ca, self.port = origin.ca, None

    def stop(self):
        return True

    def disk(self):
        return 0

    def recorded(self):
        return None

    @staticmethod
    def can(mode):
        return mode not in ("growth", "gib_down", "gib_up")

    @staticmethod
    def version():
        return ""


class Peer(Direct):
    """The common part: one process that ends well on one signal."""
    end_signal, end_limit_s = signal.SIGTERM, 60
    issuer = "clicktrail bench proxy CA"

    def start(self, origin, folder, mode):
        self.folder, self.port, self.ca = folder, free_port(), origin.proxy_ca
        self.log = os.path.join(folder, "log")
        self.proc = Proc(self.command(origin, mode), self.log, PROXY_CPU, cwd=folder)
        await_port(self.proc, self.port)
        self.ready(origin)

    def ready(self, origin):
        pass

    def stop(self):
        before = time.monotonic()
        code = self.proc.end(self.end_signal, self.end_limit_s)
        self.close_s = time.monotonic() - before
        if code is None:
            raise Trouble(f"{self.label} did not end in {self.end_limit_s} s")
        return code == 0

    def path(self, name):
        return os.path.join(self.folder, name)


def first_line(command, pattern=r"(\d[\w.+-]*)"):
    out = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    found = re.search(pattern, out.stdout + out.stderr)
    return found.group(1) if found else "?"


class Clicktrail(Peer):
    name = "clicktrail"
    end_signal, end_limit_s = signal.SIGINT, 900
    issuer = "clicktrail local CA"
    binary = "clicktrail"

    def __init__(self, durability="crash"):
        self.durability = durability
        self.label = self.name if durability == "crash" else f"{self.name} (power)"

    def command(self, origin, mode):
        where = []
        for port in (origin.tls, origin.h2, origin.plain):
            where += ["--connect-to", f":{port}:127.0.0.1:{port}"]
        return [self.binary, "proxy", "--case", self.path("x.case"), "--ca-dir", self.path("ca"),
                "--cacert", origin.ca, "--allow-net", "127.0.0.0/8", "--dns-servers", "127.0.0.1:9",
                "--max-body", "2G", "--durability", self.durability,
                "--listen", f"127.0.0.1:{self.port}"] + where

    def ready(self, origin):
        self.ca = self.path("ca.crt")
        run([self.binary, "ca", "export", "--ca-dir", self.path("ca"), "-o", self.ca],
            self.path("export.log"))

    def disk(self):
        return file_size(self.path("x.case*")) - file_size(self.path("x.case.lock"))

    def recorded(self):
        """Exchanges that are whole in the closed case, response and all."""
        with sqlite3.connect(f"file:{self.path('x.case')}?mode=ro", uri=True) as db:
            return db.execute(
                "SELECT count(*) FROM exchange WHERE status IN (200, 201, 204, 302)"
                " AND reason = 'ok'").fetchone()[0]

    @staticmethod
    def can(mode):
        return True

    @classmethod
    def version(cls):
        return first_line([cls.binary, "--version"])


class Squid(Peer):
    """ssl-bump of everything; stores an access-log line per request, no content."""
    name = label = "squid"
    waits = False
    end_signal = signal.SIGTERM

    def command(self, origin, mode):
        run(["/usr/lib/squid/security_file_certgen", "-c", "-s", self.path("certs"), "-M", "16MB"],
            self.path("certgen.log"))
        with open(self.path("ca.pem"), "w") as out:
            for part in (origin.proxy_ca, origin.proxy_key):
                with open(part) as f:
                    out.write(f.read())
        with open(self.path("squid.conf"), "w") as f:
            f.write(self.config(origin))
        if os.geteuid() == 0:
            # squid refuses to work as root and becomes this user.
            user = pwd.getpwnam("proxy")
            for at, folders, files in os.walk(self.folder):
                for name in [at] + [os.path.join(at, n) for n in folders + files]:
                    os.chown(name, user.pw_uid, user.pw_gid)
        return ["/usr/sbin/squid", "-N", "-f", self.path("squid.conf")]

    def config(self, origin):
        return f"""http_port 127.0.0.1:{self.port} ssl-bump tls-cert={self.path("ca.pem")} \
generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s {self.path("certs")} -M 16MB
tls_outgoing_options cafile={origin.ca}
acl step1 at_step SslBump1
ssl_bump peek step1
ssl_bump bump all
http_access allow all
cache deny all
hosts_file {os.path.join(origin.folder, "hosts")}
access_log stdio:{self.path("access.log")} logformat=squid
cache_log {self.path("cache.log")}
cache_store_log none
pid_filename {self.path("squid.pid")}
coredump_dir {self.folder}
visible_hostname bench
pinger_enable off
max_filedescriptors 20000
shutdown_lifetime 1 seconds
"""

    def disk(self):
        return file_size(self.path("access.log"))

    def recorded(self):
        return count_in_file(self.path("access.log"), b" GET http", b" PUT http")

    @staticmethod
    def can(mode):
        return mode not in ("h2", "growth", "gib_down", "gib_up")

    @staticmethod
    def version():
        return first_line(["/usr/sbin/squid", "-v"], r"Version (\S+)")


class Sslsplit(Peer):
    """Its ssl and tcp specs: they log content; its https spec ends every connection after one request."""
    name = label = "sslsplit"
    transparent = True

    def command(self, origin, mode):
        spec = "tcp" if mode == "plain" else "ssl"
        user = ["-u", "root"] if os.geteuid() == 0 else []
        return ["/usr/bin/sslsplit", "-c", origin.proxy_ca, "-k", origin.proxy_key,
                "-L", self.path("content.log")] + user + [
                    spec, "127.0.0.1", str(self.port), "127.0.0.1", str(origin.port(mode))]

    def disk(self):
        return file_size(self.path("content.log"))

    def recorded(self):
        return count_in_file(self.path("content.log"), b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 ",
                             b"HTTP/1.1 201 ", b"HTTP/1.1 204 ")

    @staticmethod
    def can(mode):
        return mode not in ("h2", "growth", "gib_down", "gib_up")

    @staticmethod
    def version():
        return first_line(["/usr/bin/sslsplit", "-V"], r"SSLsplit (\S+)")


class Mitmproxy(Peer):
    name = label = "mitmproxy"

    def command(self, origin, mode):
        os.mkdir(self.path("conf"))
        with open(self.path("conf/mitmproxy-ca.pem"), "w") as out:
            for part in (origin.proxy_key, origin.proxy_ca):
                with open(part) as f:
                    out.write(f.read())
        addon = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mitm_names.py")
        return ["/usr/bin/mitmdump", "-q", "-w", self.path("flows"), "-s", addon,
                "--set", f"confdir={self.path('conf')}",
                "--set", f"ssl_verify_upstream_trusted_ca={origin.ca}",
                "--listen-host", "127.0.0.1", "-p", str(self.port)]

    def disk(self):
        return file_size(self.path("flows"))

    def recorded(self):
        """Answers in its file of flows, in their coding: length, colon, text."""
        words = [b"11:status_code;3:%d#" % n for n in (200, 201, 204, 302)]
        return count_in_file(self.path("flows"), *words)

    @staticmethod
    def can(mode):
        return mode not in ("growth", "gib_down", "gib_up")

    @staticmethod
    def version():
        return first_line(["/usr/bin/mitmdump", "--version"], r"Mitmproxy: (\S+)")


def all_peers():
    return [Direct(), Clicktrail("crash"), Clicktrail("power"), Squid(), Sslsplit(), Mitmproxy()]


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
