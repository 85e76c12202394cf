"""From single runs to medians, ratios and the tables that people read."""
import json
import statistics

from modes import MODES, MODE_WORDS, TARGETS

RATIO_PEERS = ("squid", "sslsplit", "mitmproxy")


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def show(value, digits=3):
    """Three digits that mean something; no exponents."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


class Results:
    """Every run of every system; a run is a dict with mode, system, repetition and figures."""

    def __init__(self, path=None):
        self.runs, self.about, self.path = [], {}, path
        self.file = open(path, "w", encoding="utf-8") if path else None

    def read(self, path):
        """What an earlier run wrote, also one that was broken off."""
        with open(path, encoding="utf-8") as f:
            for line in f:
                said = json.loads(line)
                if "mode" in said:
                    self.runs.append(said)
                else:
                    self.about.update(said)

    def head(self, facts):
        self.about = facts
        print(json.dumps(facts), file=self.file, flush=True)

    def add(self, run):
        self.runs.append(run)
        print(json.dumps(run), file=self.file, flush=True)

    def of(self, mode, system):
        return [r for r in self.runs if r["mode"] == mode and r["system"] == system]

    def systems(self, mode):
        seen = []
        for r in self.runs:
            if r["mode"] == mode and r["system"] not in seen:
                seen.append(r["system"])
        return seen

    def median(self, mode, system, key):
        return median([r.get(key) for r in self.of(mode, system)])

    def pairs(self, mode, key, system, peer, peer_mode=None):
        """The figures of both in the same repetition."""
        others = {r["repetition"]: r.get(key) for r in self.of(peer_mode or mode, peer)}
        found = []
        for r in self.of(mode, system):
            mine, other = r.get(key), others.get(r["repetition"])
            if mine is not None and other is not None:
                found.append((mine, other))
        return found

    def ratio(self, mode, key, system, peer):
        return median([a / b for a, b in self.pairs(mode, key, system, peer) if b > 0])

    def errors(self, mode, system):
        return sum(r.get("errors", 0) for r in self.of(mode, system))


def table(results):
    head = ["mode", "system", "runs", "req/s", "p50 ms", "p99 ms", "CPU ms/req", "(min-max)", "whole run",
            "peak MB", "bytes/exchange", "errors"] + [f"CPU x {p}" for p in RATIO_PEERS]
    rows = []
    for mode in [m for m in MODES if m not in ("gib", "growth")]:
        for system in results.systems(mode):
            rows.append(table_row(results, mode, system))
    return markdown(head, rows)


def table_row(results, mode, system):
    cpus = [r["cpu"] for r in results.of(mode, system) if r.get("cpu") is not None]
    row = [mode, system, str(len(results.of(mode, system)))]
    row += [show(results.median(mode, system, key), digits) for key, digits in
            (("rps", 4), ("p50", 3), ("p99", 3), ("cpu", 3))]
    row.append(f"{show(min(cpus))}-{show(max(cpus))}" if cpus else "")
    row += [show(results.median(mode, system, key)) for key in ("whole", "hwm_mb", "disk")]
    row.append(show(results.errors(mode, system)))
    for peer in RATIO_PEERS:
        mine = system.startswith("clicktrail")
        row.append(show(results.ratio(mode, "cpu", system, peer)) if mine else "")
    return row


def markdown(head, rows):
    widths = [max(len(r[i]) for r in [head] + rows) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, widths)) + " |" for r in [head] + rows]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def measure(results, target, system):
    """The target's figure: a ratio, a difference or the value itself; None: not measured."""
    if target.peer is None:
        return results.median(target.mode, system, target.key)
    pairs = results.pairs(target.mode, target.key, system, target.peer, target.peer_mode)
    if target.unit:
        return median([a - b for a, b in pairs])
    return median([a / b for a, b in pairs if b > 0])


def targets(results):
    head = ["target", "at most", "clicktrail", "", "with power"]
    rows = []
    for t in TARGETS:
        value = measure(results, t, "clicktrail")
        if value is None:
            continue
        beside = f" x {t.peer}" if t.peer and not t.unit else ""
        unit = f" {t.unit}" if t.unit else ""
        verdict = "met" if value <= t.limit else "NOT met"
        power = measure(results, t, "clicktrail (power)")
        rows.append([("aim: " if t.aim else "") + t.words, show(t.limit) + unit + beside,
                     show(value, 4) + unit + beside, verdict,
                     "" if power is None else show(power, 4) + unit + beside])
    return markdown(head, rows)


def legend(results):
    used = {r["mode"] for r in results.runs}
    return "\n".join(f"- {m}: {MODE_WORDS[m]}" for m in MODES if m in used)


def remarks(results):
    """Whatever went wrong, once per mode and system."""
    lines = {}
    for r in results.runs:
        if r.get("trouble"):
            lines.setdefault(f"{r['mode']}, {r['system']}: {r['trouble']}", r["repetition"])
    return [f"{words} (first in repetition {n})" for words, n in lines.items()]
