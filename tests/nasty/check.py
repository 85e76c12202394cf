"""check.py FORMAT FILE: nothing in a report of a nasty case can do harm where that format is read. Prints what can; exit 1."""
import csv
import email
import email.policy
import gzip
import io
import json
import re
import sys
import zipfile
from html.parser import HTMLParser

csv.field_size_limit(1 << 24)
LINE_MAX = 998  # RFC 5322 2.1.1
# Bidirectional controls, C1, line and paragraph separators, byte order marks.
TRICKS = re.compile("[\u0080-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
found = []


def bad(what, where=""):
    if len(found) < 20:
        found.append(f"{what}: {where!r}"[:300])
    else:
        found.append("")


def text_of(raw):
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as e:
        bad("no UTF-8", str(e))
        return raw.decode("utf-8", "replace")


def check_people(raw, lines=True):
    """Text that a person reads in a terminal or a mail."""
    text = text_of(raw)
    for c in re.finditer(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        bad("a control byte", text[max(0, c.start() - 30):c.end() + 20])
    for c in TRICKS.finditer(text):
        bad("a character that hides or turns text", text[max(0, c.start() - 30):c.end() + 20])
    for line in text.split("\n") if lines else []:
        if len(line.encode()) > LINE_MAX:
            bad("a line that is too long", line[:80])
    return text


def check_not_live(text):
    """Mail programs and pagers make links of these by themselves."""
    for m in re.finditer(r"(?i)\b(?:https?|javascript|data|ftp)://?[^\s]*nasty", text):
        bad("a live link", text[m.start():m.end() + 20])


def check_json(raw):
    text = text_of(raw)
    for c in re.finditer(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        bad("a control byte", text[max(0, c.start() - 30):c.end() + 20])
    try:
        return json.loads(text)
    except ValueError as e:
        bad("no JSON", str(e))
        return None


class Page(HTMLParser):
    """Elements and attributes that a report never has."""
    FORBIDDEN = {"script", "iframe", "object", "embed", "base", "link", "form", "input", "button", "frame", "applet", "a"}

    def handle_starttag(self, tag, attrs):
        if tag == "link" and dict(attrs) == {"rel": "icon", "href": "data:,"}:
            return  # or browsers ask for /favicon.ico
        if tag in self.FORBIDDEN:
            bad("an element", self.get_starttag_text())
        for name, value in attrs:
            if name.startswith("on") or name in ("href", "srcdoc", "action", "formaction", "xlink:href"):
                if not (value or "").startswith("#"):
                    bad("an attribute", self.get_starttag_text())
            if name == "src" and not (value or "").startswith("data:image/png;base64,"):
                bad("a source", self.get_starttag_text())
            if name == "http-equiv" and (value or "").lower() != "content-security-policy":
                bad("a meta element", self.get_starttag_text())

    handle_startendtag = handle_starttag

    def handle_comment(self, data):
        bad("a comment", data)


def check_html(raw):
    text = check_people(raw, lines=False)
    page = Page(convert_charrefs=True)
    page.feed(text)
    page.close()


def check_cells(text):
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not re.fullmatch(r"-?[0-9.]+", cell):
                bad("a formula", cell)


HEADERS = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "x-unsent", "content-language",
           "auto-submitted", "content-transfer-encoding", "x-mailer", "user-agent", "content-disposition",
           "x-xarf"}


def check_eml(raw):
    for line in raw.split(b"\n"):
        line = line.rstrip(b"\r")
        if len(line) > LINE_MAX:
            bad("a line that is too long", line[:80])
        if re.search(rb"[\x00-\x08\x0b-\x1f\x7f-\xff]", line):
            bad("a raw byte", line[:80])
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    for name in mail.keys():
        if name.lower() not in HEADERS:
            bad("a header", name)
    for part in mail.walk():
        for defect in part.defects:
            bad("a defect", repr(defect))
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and part.get_content_disposition() != "attachment":
            check_not_live(check_people(part.get_payload(decode=True).replace(b"\r\n", b"\n")))
        elif kind == "text/csv":
            check_cells(text_of(part.get_payload(decode=True)))
        elif kind == "application/json":
            check_json(part.get_payload(decode=True))
        elif kind == "message/feedback-report":
            pass  # its fields are looked at as a message of their own
    for part in mail.walk():
        if part.get_content_type() != "message/feedback-report":
            continue
        body = part.get_payload()
        body = body[0].as_string() if isinstance(body, list) else part.get_payload(decode=True).decode("ascii", "replace")
        for line in body.splitlines():
            if line and not re.match(r"[A-Za-z][A-Za-z0-9-]*:( |$)|[ \t]", line):
                bad("a line of the feedback report", line)
            if re.match(r"(?i)(bcc|x-injected)", line):
                bad("an injected field", line)


def check_wacz(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as z:
        if z.testzip() is not None:
            bad("a broken member", z.testzip())
        for name in z.namelist():
            if name.startswith("/") or ".." in name or re.search(r"[^ -~]", name):
                bad("a name", name)
            data = z.read(name)
            if name.endswith(".json"):
                check_json(data)
            if name.endswith(".jsonl"):
                for line in data.splitlines():
                    check_json(line)
            if name.endswith(".warc.gz"):
                check_warc(data)


def check_warc(raw):
    """Each member is one record, and nothing in it makes another."""
    records, data = 0, raw
    while data:
        d = gzip.zlib.decompressobj(31)
        record = d.decompress(data)
        data = d.unused_data
        records += 1
        head, _, block = record.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        if lines[0] != b"WARC/1.1":
            bad("a record", lines[0])
        for line in lines[1:]:
            if not re.match(rb"[A-Za-z][A-Za-z0-9-]*: [ -~\x80-\xff]*$", line):
                bad("a field of a record", line[:80])
        length = [int(x[16:]) for x in lines if x.startswith(b"Content-Length: ")]
        if len(length) != 1 or len(block) != length[0] + 4 or block[-4:] != b"\r\n\r\n":
            bad("a record's length", head[:200])
    if records == 0:
        bad("no record")


def check_terminal(raw):
    check_not_live(check_people(raw))


CHECKS = {"text": check_terminal, "form": check_people, "json": check_json, "html": check_html, "eml": check_eml,
          "xarf": check_json, "misp": check_json, "har": check_json, "wacz": check_wacz}


def main():
    name, path = sys.argv[1:]
    with open(path, "rb") as f:
        raw = f.read()
    if name not in CHECKS:
        bad("nobody looks at this format", name)
    elif len(raw) < 2000:
        bad("that is no report of this case", raw[:200])
    else:
        CHECKS[name](raw)
    for line in found[:20]:
        print(f"{name}: {line}")
    if len(found) > 20:
        print(f"{name}: {len(found)} in all")
    return 1 if found else 0


sys.exit(main())
