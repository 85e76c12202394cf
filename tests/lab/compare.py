"""One scene: the trail against the browser's own word, and against what the lab served.

    compare.py SCENE BROWSER JUDGED REPORT SERVED ROW

JUDGED is judge.py's, REPORT the case's JSON report, SERVED the lab's list. ROW is written: the counts for the table. What
does not agree is printed, and makes the exit code 1.
"""
import json
import sys

# Mechanisms by which a document of the same tab or of a new one is gone to without an HTTP redirect.
MOVES = {"script", "meta-refresh", "refresh-header", "form", "window", "frame", "user", "history", "local-document",
         "service-worker"}
# What may stand in the trail where Chromium gave this reason; a reason that is not here says nothing.
REASONS = {
    "metaTagRefresh": {"meta-refresh"},
    "httpHeaderRefresh": {"refresh-header"},
    "formSubmissionGet": {"form"},
    "formSubmissionPost": {"form"},
    "scriptInitiated": {"script", "window", "history", "local-document"},
    "anchorClick": {"script", "user", "window"},
    "reload": {"script", "user", "meta-refresh", "refresh-header"},
}


def bare(url):
    """Without its fragment; of a blob: URL what can be known of it without the browser, who made it."""
    url = url.split("#", 1)[0]
    return url[:url.index("/", len("blob:https://")) + 1] if url.startswith("blob:http") else url


def upgraded(unseen, then):
    """An http address that was turned into https: Firefox does not say that it was ever meant to go by http."""
    return (not unseen["on_wire"] and then["arrived_by"]["mechanism"] == "hsts-upgrade" and
            unseen["url"].split(":", 1)[0] == "http" and bare(unseen["url"]).split(":", 1)[1] == bare(then["url"]).split(":", 1)[1])


def allowed(hop, before, first, unseen):
    """Mechanisms that agree with what the browser said of a hop. unseen: the hop before it in the trail, if it was not on
    the wire."""
    if hop["internal"] == "hsts":
        return {"hsts-upgrade"}
    if hop["redirected"]:
        words = {"http-redirect"}
        # Firefox does not tell who redirected: the network, its cache or a worker.
        if unseen is not None and before is not None and bare(before["url"]) == bare(unseen["url"]):
            words |= {"service-worker", "cached-redirect"}
        if before is not None and before["from_cache"]:
            words.add("cached-redirect")
        if before is not None and before["from_service_worker"]:
            words.add("service-worker")
        return words
    if first:
        return {"open"}
    words = set(REASONS.get(hop["reason"], MOVES))
    if hop["opener"] is not None and before is None:
        words.add("window")
    if hop["from_service_worker"]:
        words.add("service-worker")
    if hop["local"]:
        words.add("local-document")
    if hop["restored"]:
        words.add("history")
    return words


class Trail:
    """The hops of all trails of the report, each to be claimed once."""

    def __init__(self, report):
        self.trails = report["trails"]
        self.hops = [h for t in self.trails for h in t["hops"]]
        self.free = list(range(len(self.hops)))

    def claim(self, url, method, status):
        fits = [i for i in self.free if bare(self.hops[i]["url"]) == bare(url) and
                (method is None or self.hops[i]["method"] == method)]
        if not fits:
            return None
        # Of several alike the first, but rather one with the same status.
        best = next((i for i in fits if self.hops[i]["status"] == status), fits[0])
        self.free.remove(best)
        return best

    def words_of(self, i):
        arrived = self.hops[i]["arrived_by"]
        return arrived["mechanism"], arrived["confidence"]


class Comparison:
    def __init__(self, browser, judged, report, served):
        self.browser, self.judged, self.served, self.trail = browser, judged, served, Trail(report)
        self.problems, self.wrong, self.certain_wrong, self.confidence = [], 0, 0, {}
        self.found = self.missing = self.invented = 0

    def say(self, text, *values):
        self.problems.append(text % values)

    def run(self):
        pairs = self.pair()
        self.order(pairs)
        self.beside()
        self.mechanisms(pairs)

    def pair(self):
        """(hop as the browser says, the one before in its tab, index in the trail)"""
        pairs, last = [], {}
        for hop in self.judged["hops"]:
            before = last.get(hop["context"])
            last[hop["context"]] = hop
            i = self.trail.claim(hop["url"], hop["method"], hop["status"])
            if i is not None:
                self.found += 1
                pairs.append((hop, before, i))
                self.details(hop, self.trail.hops[i])
            elif not hop["aborted"]:
                self.missing += 1
                self.say("missing: the browser went to %s %s (%s)", hop["method"], hop["url"], hop["status"])
        return pairs

    def details(self, hop, ours):
        if hop["url"] != ours["url"] and not hop["local"]:
            self.say("address: the browser says %s, the trail %s", hop["url"], ours["url"])
        if None not in (hop["status"], ours["status"]) and hop["status"] != ours["status"] and hop["internal"] is None:
            self.say("status: the browser says %s, the trail %s: %s", hop["status"], ours["status"], ours["url"])

    def order(self, pairs):
        """In each tab; between tabs the browser's events have no certain order."""
        last = {}
        for hop, _, i in pairs:
            if i < last.get(hop["context"], -1):
                self.say("order: the browser went to %s later", hop["url"])
            last[hop["context"]] = i

    def beside(self):
        """What is left of the trail must be one of the things that are no documents of the network."""
        others = {h["url"] for h in self.judged["handoffs"]} | {h["url"] for h in self.judged["history"]}
        for i in self.trail.free:
            hop = self.trail.hops[i]
            mechanism, confidence = self.trail.words_of(i)
            if hop["url"] in others and mechanism in ("handoff", "history"):
                continue
            if i + 1 < len(self.trail.hops) and i + 1 not in self.trail.free and upgraded(hop, self.trail.hops[i + 1]):
                continue
            # Firefox tells of those that a redirect led to, not of those by script.
            if mechanism == "handoff" and self.browser == "firefox":
                continue
            self.invented += 1
            self.certain_wrong += confidence == "certain"
            self.say("invented: the browser did not go to %s (%s, %s)", hop["url"], mechanism, confidence)
        said = json.dumps([[t["notes"], t.get("handoff_url"), [h["url"] for h in t["hops"]]] for t in self.trail.trails])
        for handoff in self.judged["handoffs"]:
            if json.dumps(handoff["url"])[1:-1] not in said:
                self.missing += 1
                self.say("missing: the browser handed %s over to another program", handoff["url"])

    def mechanisms(self, pairs):
        lab = self.lab()
        for n, (hop, before, i) in enumerate(pairs):
            mechanism, confidence = self.trail.words_of(i)
            self.confidence[confidence] = self.confidence.get(confidence, 0) + 1
            last = self.trail.hops[i - 1] if i > 0 else None
            unseen = last if last is not None and not last["on_wire"] else None
            fits = allowed(hop, before, n == 0, unseen)
            if unseen is not None and upgraded(unseen, self.trail.hops[i]):
                # The browser's word is then how it came to the http address.
                fits = {"hsts-upgrade"} if unseen["arrived_by"]["mechanism"] in fits else fits
            served = lab.get(i)
            if mechanism in fits and served in (None, mechanism):
                continue
            self.wrong += 1
            self.certain_wrong += confidence == "certain"
            self.say("mechanism: %s by %s (%s); the browser: %s; the lab: %s", hop["url"], mechanism, confidence,
                     hop["reason"] or ("redirected" if hop["redirected"] else "not redirected"), served)

    def lab(self):
        """Index in the trail -> what the lab did to bring the browser there."""
        trail, lab = Trail({"trails": self.trail.trails}), {}
        browser = [bare(h["url"]) for word in ("hops", "history", "handoffs") for h in self.judged[word]]
        # What it does not name: the http address that it turned into https, the program that a script called.
        browser += [bare(h["url"]) for h in self.served["hops"]
                    if not h["on_wire"] and bare(h["url"]) not in browser and
                    (h["url"].startswith("http:") or (h["mechanism"] == "handoff" and self.browser == "firefox"))]
        for hop in self.served["hops"]:
            i = trail.claim(hop["url"], hop["method"], hop["status"] or None)
            if i is not None:
                lab[i] = hop["mechanism"]
            if bare(hop["url"]) not in browser:
                self.say("judge: the lab served %s, and the browser did not say so", hop["url"])
            else:
                browser.remove(bare(hop["url"]))
        return lab


def main():
    scene, browser, judged, report, served, row = sys.argv[1:]
    judged, report, served = (json.load(open(p, encoding="utf-8")) for p in (judged, report, served))
    c = Comparison(browser, judged, report, served)
    c.run()
    told = report["case"]["sessions"][0]["browser"]
    with open(row, "w", encoding="utf-8") as f:
        json.dump({"scene": scene, "about": served["about"], "n": served["n"], "browser": browser,
                   "version": "%s %s" % (told["name"], told["version"]),
                   "hops": c.found + c.missing, "found": c.found, "missing": c.missing, "invented": c.invented,
                   "right": c.found - c.wrong, "certain_wrong": c.certain_wrong, "confidence": c.confidence,
                   "problems": c.problems}, f, indent=1)
    print("%-8s %-14s %d of %d hops found, %d invented, %d mechanisms right" % (
        browser, scene, c.found, c.found + c.missing, c.invented, c.found - c.wrong))
    for problem in c.problems:
        print("         " + problem)
    return 1 if c.problems else 0


if __name__ == "__main__":
    sys.exit(main())
