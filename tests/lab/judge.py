"""The browser as a witness: what it says itself about the documents that it went to.

    judge.py firefox|chromium SOCKET LINK OUT

SOCKET is what `clicktrail trace --instrument SOCKET` listens at. The judge connects, watches, and says so by a line on
standard output: the line that the trace waits for on its standard input. Firefox is also told to open LINK, in a tab of
its own; Chromium is brought it by the trace. When the browser goes away OUT is written, one JSON object:

    hops      the documents of the top of each tab, in order: url (with fragment), method (null: the browser did not
              say), status, redirected (the same navigation, by an HTTP redirect), internal ("hsts": the browser
              redirected itself), reason (Chromium's word, or null), context (the tab), opener, from_cache,
              from_service_worker, local (no request: blob:, data:), restored (from the back-forward cache), aborted
    history   changes of the address without a document: pushState, replaceState, fragments
    handoffs  addresses that were for another program
    downloads

Frames, sub-resources and prefetches are not listed, nor the browser's own pages and ours. Everything that is read here
was written by a browser that hostile pages may have taken over; it is compared and printed, and that is all.
"""
import asyncio
import http.client
import json
import os
import socket
import stat
import sys
import urllib.parse

import websockets

DIAL_S = 60
LIFE_S = 170
PORT = "127.0.0.1:9222"  # as it is called inside; only the Unix socket leads there
OUR_HOST = "clicktrail.internal"
LOCAL = ("blob", "data", "filesystem")
QUIET = ("about", "chrome", "chrome-untrusted", "chrome-extension", "devtools", "moz-extension", "resource", "javascript", "")


def scheme_of(url):
    return url.split(":", 1)[0].lower() if ":" in url else ""


def is_web(url):
    return scheme_of(url) in ("http", "https")


def is_ours(url):
    return is_web(url) and urllib.parse.urlsplit(url).hostname == OUR_HOST


def is_program(url):
    """Neither the web's nor the browser's own: for another program."""
    return not is_web(url) and scheme_of(url) not in LOCAL + QUIET


class Story:
    """What is told in the end."""

    def __init__(self):
        self.hops, self.history, self.handoffs, self.downloads = [], [], [], []

    def hop(self, url, context, opener, **more):
        hop = {
            "url": url, "method": "GET", "status": None, "redirected": False, "internal": None, "reason": None,
            "context": context, "opener": opener, "from_cache": False, "from_service_worker": False,
            "local": scheme_of(url) in LOCAL, "restored": False, "aborted": False, "error": None,
        }
        hop.update(more)
        self.hops.append(hop)
        return hop

    def change(self, context, url, kind):
        if not is_ours(url):
            self.history.append({"after_hop": len(self.hops), "context": context, "url": url, "kind": kind})

    def handoff(self, context, url, redirected):
        if {"url": url, "context": context} not in [{k: h[k] for k in ("url", "context")} for h in self.handoffs]:
            self.handoffs.append({"url": url, "context": context, "redirected": redirected})

    def write(self, path):
        with open(path, "w", encoding="utf-8") as f:
            json.dump(self.__dict__, f, indent=1)
            f.write("\n")


class Wire:
    """Commands and their answers, and events as they come, over one WebSocket."""

    def __init__(self, ws, log):
        self.ws, self.log, self.last, self.waiting = ws, log, 0, {}

    def send(self, method, params=None, session=None):
        """A future of the answer, which may be ignored."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params or {}}
        if session is not None:
            message["sessionId"] = session
        future = asyncio.get_running_loop().create_future()
        self.waiting[self.last] = future
        asyncio.ensure_future(self.ws.send(json.dumps(message))).add_done_callback(lambda t: t.exception())
        return future

    async def events(self, on_event):
        """Until the browser goes away. Events are taken in their order, by functions that do not wait."""
        try:
            async for text in self.ws:
                message = json.loads(text)
                if self.log is not None:
                    print(text, file=self.log)
                if "id" in message:
                    future = self.waiting.pop(message["id"], None)
                    if future is not None and not future.done():
                        future.set_result(message)
                elif "method" in message:
                    on_event(message["method"], message.get("params", {}), message.get("sessionId"))
        except websockets.exceptions.ConnectionClosed:
            pass


class Firefox:
    """WebDriver BiDi: a navigation has an id, and its requests say how often it was redirected."""

    EVENTS = ["network.beforeRequestSent", "network.responseStarted", "network.responseCompleted", "network.fetchError",
              "browsingContext.contextCreated", "browsingContext.navigationStarted", "browsingContext.navigationCommitted",
              "browsingContext.fragmentNavigated", "browsingContext.historyUpdated", "browsingContext.downloadWillBegin"]

    def __init__(self, story, link):
        self.story, self.link = story, link
        self.parents, self.openers, self.begun = {}, {}, {}
        # Hops by request and count: a navigation that begins before the last one is loaded may take over its id.
        self.hops, self.told, self.last = {}, set(), {}
        self.asked = None

    @staticmethod
    def address(path):
        return "ws://" + PORT + "/session"

    async def watch(self, wire):
        self.asked = asyncio.get_running_loop().create_future()
        for method, params in (("session.new", {"capabilities": {}}), ("session.subscribe", {"events": self.EVENTS})):
            answer = await wire.send(method, params)
            if answer.get("type") == "error":
                raise SystemExit("%s: %s" % (method, answer))
        tab = await wire.send("browsingContext.create", {"type": "tab"})
        wire.send("browsingContext.navigate", {"context": tab["result"]["context"], "url": self.link, "wait": "none"})
        # The proxy holds it, and lets it go when the trace hears that we watch.
        await self.asked

    def event(self, method, p, _):
        act = getattr(self, method.replace(".", "_"), None)
        if act is not None and (method.startswith("browsingContext.contextCreated") or self.is_top(p.get("context"))):
            act(p)

    def is_top(self, context):
        return context is not None and self.parents.get(context) is None

    def add(self, p, url, **more):
        self.told.add(p["navigation"])
        return self.story.hop(url, p["context"], self.openers.get(p["context"]), **more)

    def browsingContext_contextCreated(self, p):
        self.parents[p["context"]] = p["parent"]
        self.openers[p["context"]] = p.get("originalOpener")

    def browsingContext_navigationStarted(self, p):
        self.begun[p["navigation"]] = p["url"]
        if is_program(p["url"]):
            self.story.handoff(p["context"], p["url"], False)
        elif scheme_of(p["url"]) in LOCAL:
            self.add(p, p["url"])

    def browsingContext_navigationCommitted(self, p):
        # A document that nobody asked for: it was still there. Where a page is left while it loads, Firefox may commit
        # what was asked for by the navigation before under another id.
        last = [h for h in self.story.hops if h["context"] == p["context"]][-1:]
        same = last and last[0]["url"].split("#", 1)[0] == p["url"].split("#", 1)[0]
        if is_web(p["url"]) and not is_ours(p["url"]) and p["navigation"] not in self.told and not same:
            self.add(p, p["url"], restored=True)

    def browsingContext_fragmentNavigated(self, p):
        self.story.change(p["context"], p["url"], "fragment")

    def browsingContext_historyUpdated(self, p):
        self.story.change(p["context"], p["url"], "history")

    def browsingContext_downloadWillBegin(self, p):
        self.story.downloads.append(p["url"])

    @staticmethod
    def key(p):
        return (p["request"]["request"], p["redirectCount"])

    def network_beforeRequestSent(self, p):
        url, method, count = p["request"]["url"], p["request"]["method"], p["redirectCount"]
        if p["navigation"] is None or is_ours(url) or self.key(p) in self.hops or not is_web(url):
            return
        request = p["request"]["request"]
        internal = None
        if count - self.last.get(request, -1) == 2 and scheme_of(url) == "https":
            # It counts one more than it tells: it had gone from http to https itself, and sent nothing.
            self.add(p, "http" + url[len("https"):], method=method, redirected=count > 1)
            internal = "hsts"
        self.last[request] = count
        self.hops[self.key(p)] = self.add(p, url, method=method, redirected=count > 0, internal=internal)
        if self.asked is not None and not self.asked.done():
            self.asked.set_result(None)

    def network_responseStarted(self, p):
        hop = self.hops.get(self.key(p))
        if hop is None:
            return
        response = p["response"]
        hop["status"] = response["status"]
        hop["from_cache"] = hop["from_cache"] or response["fromCache"]
        for header in response["headers"]:
            if header["name"].lower() == "location":
                hop["location"] = header["value"].get("value")

    network_responseCompleted = network_responseStarted

    def network_fetchError(self, p):
        hop = self.hops.get(self.key(p))
        if hop is None:
            return
        hop["error"] = p["errorText"]
        hop["aborted"] = hop["status"] is None and p["errorText"] == "NS_BINDING_ABORTED"
        # It says of what program only by the header.
        if p["errorText"] == "NS_ERROR_UNKNOWN_PROTOCOL" and is_program(hop.get("location") or ""):
            self.story.handoff(p["context"], hop["location"], True)


class Chromium:
    """The DevTools protocol: each tab is a target with a session; a navigation is known by its loader."""

    ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}

    def __init__(self, story, link):
        self.story, self.link, self.wire, self.brought = story, link, None, None
        self.tabs, self.asked, self.started, self.hops = {}, {}, {}, {}

    @staticmethod
    def address(path):
        """The browser's own address holds a secret of its start."""
        connection = http.client.HTTPConnection(PORT)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(DIAL_S)
        connection.sock.connect(path)
        connection.request("GET", "/json/version")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer["webSocketDebuggerUrl"]

    async def watch(self, wire):
        self.wire, self.brought = wire, asyncio.get_running_loop().create_future()
        await wire.send("Target.setAutoAttach", self.ATTACH)
        # The proxy holds the link's request, and lets it go when the trace hears that we watch its tab.
        await self.brought

    def event(self, method, p, session):
        if method == "Target.attachedToTarget":
            self.attached(p)
            return
        tab = self.tabs.get(session)
        act = getattr(self, method.replace(".", "_"), None)
        # The main frame of a tab has the tab's own id; frames of other sites are targets of their own.
        if tab is not None and act is not None and p.get("frameId", tab["id"]) == tab["id"]:
            act(p, tab)

    def attached(self, p):
        """A new tab waits until we have said what we want to see of it."""
        session, target = p["sessionId"], p["targetInfo"]
        if target["type"] == "page" and target.get("subtype") != "prerender" and \
                scheme_of(target["url"]) not in ("chrome", "chrome-untrusted", "devtools"):
            self.tabs[session] = {"id": target["targetId"], "opener": target.get("openerId")}
            self.wire.send("Page.enable", session=session)
            enabled = self.wire.send("Network.enable", session=session)
            if not is_ours(target["url"]) and not self.brought.done():
                self.tabs[session]["first"] = self.link
                enabled.add_done_callback(lambda _: self.brought.done() or self.brought.set_result(None))
        self.wire.send("Target.setAutoAttach", self.ATTACH, session)
        self.wire.send("Runtime.runIfWaitingForDebugger", session=session)

    def add(self, tab, loader, url, **more):
        reason = self.asked.pop(tab["id"], None)
        tab.pop("first", None)
        if not more.get("redirected") and reason is not None and reason[1] == url:
            more["reason"] = reason[0]
        self.hops[loader] = self.story.hop(url, tab["id"], tab["opener"], **more)
        return self.hops[loader]

    def hop_of(self, tab, loader):
        """Of the link's own request we are told the answer, and perhaps the start, but not the request."""
        if loader not in self.hops:
            url = self.started.get(loader) or tab.get("first") or ""
            if (is_web(url) and not is_ours(url)) or scheme_of(url) in LOCAL:
                self.add(tab, loader, url, method=None)
        return self.hops.get(loader)

    def Page_frameRequestedNavigation(self, p, tab):
        self.asked[tab["id"]] = (p["reason"], p["url"])
        if is_program(p["url"]):
            self.story.handoff(tab["id"], p["url"], False)

    # A refresh is told when it is set, and again, in these words, when it is due.
    def Page_frameScheduledNavigation(self, p, tab):
        self.asked.setdefault(tab["id"], (p["reason"], p["url"]))

    def Page_frameStartedNavigating(self, p, _):
        self.started[p["loaderId"]] = p["url"]

    def Page_navigatedWithinDocument(self, p, tab):
        self.story.change(tab["id"], p["url"], p.get("navigationType", "other"))

    def Page_downloadWillBegin(self, p, _):
        self.story.downloads.append(p["url"])

    def Page_frameNavigated(self, p, tab):
        frame = p["frame"]
        if frame.get("parentId") is None and frame["id"] == tab["id"] and "unreachableUrl" not in frame and \
                frame["loaderId"] not in self.hops and not is_ours(frame["url"]) and scheme_of(frame["url"]) not in QUIET:
            self.add(tab, frame["loaderId"], frame["url"] + frame.get("urlFragment", ""),
                     restored=p.get("type") == "BackForwardCacheRestore")

    def Network_requestWillBeSent(self, p, tab):
        if p["requestId"] != p["loaderId"] or p.get("type") != "Document" or is_ours(p["request"]["url"]):
            return
        url = p["request"]["url"] + p["request"].get("urlFragment", "")
        redirect = p.get("redirectResponse")
        before = None
        if redirect is not None:
            before = self.hop_of(tab, p["loaderId"])
            self.answered(before, redirect)
        if is_program(url):
            self.story.handoff(tab["id"], url, redirect is not None)
            return
        own = redirect is not None and "HSTS" in {k.lower(): v for k, v in redirect["headers"].items()}.get(
            "non-authoritative-reason", "")
        self.add(tab, p["loaderId"], url, method=p["request"]["method"], redirected=redirect is not None,
                 internal="hsts" if own else None)

    def answered(self, hop, response):
        if hop is not None:
            hop["status"] = response["status"]
            hop["from_cache"] = hop["from_cache"] or response.get("fromDiskCache", False) or \
                response.get("fromPrefetchCache", False)
            hop["from_service_worker"] = response.get("fromServiceWorker", False)

    def Network_responseReceived(self, p, tab):
        if p["requestId"] == p["loaderId"] and p.get("type") == "Document":
            self.answered(self.hop_of(tab, p["loaderId"]), p["response"])

    def Network_requestServedFromCache(self, p, tab):
        hop = self.hops.get(p["requestId"])
        if hop is not None:
            hop["from_cache"] = True

    def Network_loadingFailed(self, p, tab):
        hop = self.hop_of(tab, p["requestId"]) if p.get("type") == "Document" else None
        if hop is not None:
            hop["error"] = p["errorText"]
            hop["aborted"] = hop["status"] is None and bool(p.get("canceled"))


async def run(browser, path, link, out):
    story = Story()
    witness = {"firefox": Firefox, "chromium": Chromium}[browser](story, link)
    for _ in range(DIAL_S * 20):
        if os.path.exists(path):
            break
        await asyncio.sleep(0.05)
    if stat.S_IMODE(os.stat(path).st_mode) != 0o600:
        raise SystemExit("%s is open to others" % path)
    # It is made before the browser; whoever connects early waits inside until the browser listens.
    address = await asyncio.get_running_loop().run_in_executor(None, witness.address, path)
    async with websockets.unix_connect(path, address, max_size=None, ping_interval=None, compression=None,
                                       open_timeout=DIAL_S, close_timeout=1) as ws:
        # All of it, for whoever keeps the rows and wonders about one.
        log = open(out + ".log", "w", encoding="utf-8") if os.environ.get("CLICKTRAIL_LAB") else None
        wire = Wire(ws, log)
        reading = asyncio.ensure_future(wire.events(witness.event))
        watching = asyncio.ensure_future(witness.watch(wire))
        await asyncio.wait([reading, watching], return_when=asyncio.FIRST_COMPLETED)
        if not watching.done():
            raise SystemExit("the browser went away before it was watched")
        watching.result()
        print("watching", flush=True)
        await reading
    story.write(out)


def main():
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    asyncio.run(asyncio.wait_for(run(*sys.argv[1:]), LIFE_S))


if __name__ == "__main__":
    main()
