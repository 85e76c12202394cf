"""The rows of compare.py as the table of docs/redirects.md, and the verdict over all of them.

    table.py FOLDER [DOCUMENT]

With DOCUMENT its part between the two marker lines is written anew; else the table is printed. Exit code 1: a hop is missing
or invented, a `certain` is wrong, fewer than 98 % of the mechanisms are right, or a browser or a scene has no row.
"""
import glob
import json
import os
import sys

BEGIN, END = "<!-- lab: begin -->", "<!-- lab: end -->"
BROWSERS = ("firefox", "chromium")
SURE = ("certain", "likely", "possible")
RIGHT_PERCENT = 98


def read(folder):
    """{scene: {browser: row}}, in the lab's order."""
    rows = []
    for path in glob.glob(os.path.join(folder, "*.row.json")):
        with open(path, encoding="utf-8") as f:
            rows.append(json.load(f))
    scenes = {}
    for row in sorted(rows, key=lambda r: r["n"]):
        scenes.setdefault(row["scene"], {})[row["browser"]] = row
    return scenes


def total(rows, word):
    return sum(row[word] for row in rows)


def sure(rows):
    counts = [(word, sum(row["confidence"].get(word, 0) for row in rows)) for word in SURE]
    return ", ".join("%s %d" % c for c in counts if c[1] > 0)


def cell(row):
    """How it went in one browser."""
    if row is None:
        return "not run"
    return "%d hop%s" % (row["hops"], "" if row["hops"] == 1 else "s") if not row["problems"] else "; ".join(
        p.split(":", 1)[0] for p in dict.fromkeys(row["problems"]))


def line(name, cells, rows):
    more = total(rows, "invented")
    found = "%d of %d%s" % (total(rows, "found"), total(rows, "hops"), ", %d invented" % more if more else "")
    right = "%d of %d" % (total(rows, "right"), total(rows, "found"))
    wrong = total(rows, "certain_wrong")
    return "| %s | %s | %s | %s | %s%s |" % (name, " | ".join(cells), found, right, sure(rows),
                                             "; %d `certain` wrong" % wrong if wrong else "")


def table(scenes):
    every = [row for rows in scenes.values() for row in rows.values()]
    of = {b: [row for row in every if row["browser"] == b] for b in BROWSERS}
    versions = sorted({row["version"] for row in every}, reverse=True)
    out = ["%d scenes, %s." % (len(scenes), " and ".join(versions)), "",
           "| trick | Firefox | Chromium | found | mechanism right | confidence |", "|---|---|---|---|---|---|"]
    for scene, rows in scenes.items():
        about = next(iter(rows.values()))["about"].replace("|", "\\|")
        out.append(line("`%s`: %s" % (scene, about), [cell(rows.get(b)) for b in BROWSERS], list(rows.values())))
    out.append(line("**all**", ["%d of %d hops" % (total(of[b], "found"), total(of[b], "hops")) for b in BROWSERS], every))
    return "\n".join(out) + "\n"


def verdict(scenes):
    every = [row for rows in scenes.values() for row in rows.values()]
    found, right = total(every, "found"), total(every, "right")
    bad = ["%s %s: %s" % (row["browser"], row["scene"], p) for row in every for p in row["problems"]]
    bad += ["%s did not run %s" % (b, scene) for scene, rows in scenes.items() for b in BROWSERS if b not in rows]
    print("%d hops, %d missing, %d invented, %d `certain` wrong, %d mechanisms right (%.1f %%)" % (
        total(every, "hops"), total(every, "missing"), total(every, "invented"), total(every, "certain_wrong"), right,
        100.0 * right / max(found, 1)))
    for text in bad:
        print("  " + text)
    fine = not total(every, "missing") and not total(every, "invented") and not total(every, "certain_wrong")
    return fine and found > 0 and right * 100 >= found * RIGHT_PERCENT and all(
        b in rows for rows in scenes.values() for b in BROWSERS)


def main():
    scenes = read(sys.argv[1])
    text = table(scenes) if scenes else ""
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as f:
            before, rest = f.read().split(BEGIN, 1)
        with open(sys.argv[2], "w", encoding="utf-8") as f:
            f.write(before + BEGIN + "\n" + text + END + rest.split(END, 1)[1])
    else:
        print(text)
    return 0 if verdict(scenes) else 1


if __name__ == "__main__":
    sys.exit(main())
