#!/usr/bin/env python3
"""Imports a HAR file into the network panel of a real Firefox: firefox_har.py HAR FIREFOX

The panel's own importer, driven over Marionette in the browser's chrome, headless, in a profile of its own. Prints a line
per request that the panel then lists: method, status, url, content size, mime type, cause. Exit 1 if it does not list each entry.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

har_path, firefox = sys.argv[1:3]
SECONDS = 90
SCRIPT = r"""
const [text, done] = arguments;
(async () => {
	const { require } = ChromeUtils.importESModule("resource://devtools/shared/loader/Loader.sys.mjs");
	const { gDevTools } = require("devtools/client/framework/devtools");
	const toolbox = await gDevTools.showToolboxForTab(gBrowser.selectedTab, { toolId: "netmonitor" });
	const win = toolbox.getCurrentPanel().panelWin;
	const { HarImporter } = win.windowRequire("devtools/client/netmonitor/src/har/har-importer");
	const Actions = win.windowRequire("devtools/client/netmonitor/src/actions/index");
	const { bindActionCreators } = win.windowRequire("devtools/client/shared/vendor/redux");
	const importer = new HarImporter(bindActionCreators(Actions, win.store.dispatch));
	importer.import(text);
	await new Promise(r => win.setTimeout(r, 500));
	const rows = win.store.getState().requests.requests.map(r => ({
		method: r.method, status: r.status, url: r.url, size: r.contentSize, mime: r.mimeType, ip: r.remoteAddress,
		headers: r.responseHeaders ? r.responseHeaders.headers.length : null,
		text: r.responseContent ? r.responseContent.content.text : null,
		post: r.requestPostData ? r.requestPostData.postData.text : null,
		time: r.totalTime, timings: r.eventTimings ? r.eventTimings.timings : null,
		cookies: JSON.stringify(r.responseCookies || null) }));
	return rows;
})().then(rows => done({ rows }), why => done({ why: String(why) + "\n" + why.stack }));
"""


class Marionette:
    def __init__(self, port):
        self.at = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.rest, self.n = b"", 0
        self.message()

    def message(self):
        while b":" not in self.rest:
            self.rest += self.at.recv(65536)
        size, _, self.rest = self.rest.partition(b":")
        while len(self.rest) < int(size):
            self.rest += self.at.recv(65536)
        out, self.rest = self.rest[:int(size)], self.rest[int(size):]
        return json.loads(out)

    def ask(self, name, **arguments):
        self.n += 1
        text = json.dumps([0, self.n, name, arguments]).encode()
        self.at.sendall(b"%d:%s" % (len(text), text))
        _, _, error, value = self.message()
        if error:
            sys.exit(f"{name}: {error}")
        return value


profile = tempfile.mkdtemp(prefix="har-firefox-")
with open(os.path.join(profile, "user.js"), "w") as f:
    f.write('user_pref("marionette.port", 0);\nuser_pref("browser.shell.checkDefaultBrowser", false);\n'
            'user_pref("datareporting.policy.dataSubmissionEnabled", false);\nuser_pref("app.update.enabled", false);\n'
            'user_pref("network.proxy.type", 1);\nuser_pref("network.proxy.http", "127.0.0.1");\n'
            'user_pref("network.proxy.http_port", 9);\nuser_pref("network.proxy.ssl", "127.0.0.1");\n'
            'user_pref("network.proxy.ssl_port", 9);\nuser_pref("network.proxy.failover_direct", false);\n')
process = subprocess.Popen([firefox, "--headless", "--no-remote", "--marionette", "--remote-allow-system-access",
                            "--profile", profile, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env={**os.environ, "HOME": profile})
try:
    port_file = os.path.join(profile, "MarionetteActivePort")
    until = time.monotonic() + SECONDS
    while not (os.path.exists(port_file) and open(port_file).read()):
        if time.monotonic() > until or process.poll() is not None:
            sys.exit("Firefox did not start")
        time.sleep(0.1)
    m = Marionette(int(open(port_file).read()))
    m.ask("WebDriver:NewSession", capabilities={})
    m.ask("Marionette:SetContext", value="chrome")
    m.ask("WebDriver:SetTimeouts", script=SECONDS * 1000)
    text = open(har_path, encoding="utf-8").read()
    got = m.ask("WebDriver:ExecuteAsyncScript", script=SCRIPT, args=[text], newSandbox=True)["value"]
finally:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(profile, ignore_errors=True)

if "why" in got:
    sys.exit(got["why"])
rows, wrong = got["rows"], []
entries = json.loads(text)["log"]["entries"]
for row in rows:
    print(row["method"], row["status"], row["url"][:200], row["size"], row["mime"])
if len(rows) != len(entries):
    wrong.append(f"{len(rows)} requests of {len(entries)} entries")
for row, e in zip(rows, entries):
    want = (e["request"]["method"], e["request"]["url"], e["response"]["status"], e["response"]["content"]["size"])
    have = (row["method"], row["url"], int(row["status"]), row["size"])
    if want != have or row["text"] != e["response"]["content"].get("text"):
        wrong.append(f"{have} is not {want}")
for line in wrong[:10]:
    print(line, file=sys.stderr)
sys.exit(1 if wrong else 0)
