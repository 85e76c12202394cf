# Mails that `report --format eml` wrote, read by Python's email package under its strict policy, which raises at the first
# defect; and what a desk must be able to rely on. eml.py arf|xarf FILE...; ends with 1 and says what is wrong, else says how
# many were read.
import csv
import email
import email.policy
import io
import json
import re
import sys

TOP = ['Date', 'From', 'Subject', 'To', 'Message-Id', 'X-Unsent', 'MIME-Version', 'Content-Type']
PART = {'Content-Type', 'Content-Transfer-Encoding', 'Content-Description', 'Content-Disposition', 'MIME-Version'}
FEEDBACK = {'Feedback-Type', 'User-Agent', 'Version', 'Original-Mail-From', 'Arrival-Date', 'Source-IP', 'Reported-Domain',
            'Reported-URI'}
REQUIRED = {'Feedback-Type', 'User-Agent', 'Version'}
ONCE = FEEDBACK - {'Reported-Domain', 'Reported-URI'}
# An address behind mailto: is not live once its @ is not.
LIVE = re.compile(r'https?://|ftp://|www\.|mailto:[^\s\[\]]*@|evil\.example', re.IGNORECASE)


def check_bytes(raw):
    lines = raw.split(b'\r\n')
    assert raw.endswith(b'\r\n'), 'no line end at the end'
    for line in lines:
        assert len(line) <= 998, 'a line of %d bytes' % len(line)
        assert not re.search(rb'[^\t\x20-\x7e]', line), 'a byte that is no printable ASCII: %r' % line[:80]


def walk(part):
    yield part
    if part.get_content_maintype() == 'multipart':
        for child in part.iter_parts():
            yield from walk(child)


def check_text(text):
    assert not re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]', text), 'a hidden byte'
    found = LIVE.search(text)
    assert found is None, 'live: %r' % text[max(0, found.start() - 20):found.end() + 20]
    assert text.startswith('On '), 'it does not begin with what happened'


def check_csv(text):
    rows = list(csv.reader(io.StringIO(text, newline='')))
    assert rows[0][:5] == ['hop', 'at', 'method', 'status', 'url'] and len(rows) > 1
    for row in rows:
        assert len(row) == len(rows[0]), 'a row of %d cells' % len(row)
        for cell in row:
            assert not re.match(r'[=+\-@\t\r\n]', cell), 'a formula: %r' % cell
            assert not re.search('[\x00-\x1f\x7f]', cell), 'a control byte: %r' % cell


def check_feedback(part, kind):
    # Python reads message/* as a message inside.
    fields = part.get_payload(0).items() if part.is_multipart() else []
    names = [name for name, _ in fields]
    assert set(names) <= FEEDBACK, 'an extra field: %s' % (set(names) - FEEDBACK)
    assert REQUIRED <= set(names), 'fields are missing: %s' % names
    for name in ONCE & set(names):
        assert names.count(name) == 1, '%s twice' % name
    values = dict(fields)
    assert values['Version'] == '1'
    if kind == 'xarf':
        assert values['Feedback-Type'] == 'xarf'
        return
    assert values['Feedback-Type'] in {'abuse', 'fraud', 'virus', 'other'}
    for name, value in fields:
        if name == 'Reported-URI':
            assert re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", value), value


def check(path, kind):
    raw = open(path, 'rb').read()
    check_bytes(raw)
    message = email.message_from_bytes(raw, policy=email.policy.strict)
    assert message.keys() == TOP, 'headers: %s' % message.keys()
    assert message['X-Unsent'] == '1'
    assert len(message['To'].addresses) == 1 and len(message['From'].addresses) == 1
    assert message.get_content_type() == 'multipart/report'
    assert message.get_content_type() and message['Content-Type'].params['report-type'] == 'feedback-report'
    parts = list(message.iter_parts())
    third = 'application/json' if kind == 'xarf' else 'text/rfc822-headers'
    assert [p.get_content_type() for p in parts] == ['multipart/mixed', 'message/feedback-report', third]
    for part in walk(message):
        assert part.defects == [], part.defects
        if part is not message:
            assert set(part.keys()) <= PART, 'headers of a part: %s' % part.keys()
    inner = list(parts[0].iter_parts())
    assert inner[0].get_content_type() == 'text/plain' and inner[0].get_filename() is None
    check_text(inner[0].get_content().replace('\r\n', '\n'))
    check_feedback(parts[1], kind)
    files = {p.get_filename(): p for p in inner[1:]}
    check_csv(files['urls.csv'].get_payload(decode=True).decode('utf-8'))
    assert b'These requests' in files['how-to-repeat.txt'].get_payload(decode=True)
    if kind == 'xarf':
        report = json.loads(parts[2].get_payload(decode=True))
        assert report['xarf_version'].startswith('4.') and parts[2].get_filename() == 'xarf.json'


def main():
    kind, files = sys.argv[1], sys.argv[2:]
    wrong = 0
    for path in files:
        try:
            check(path, kind)
        except Exception as e:  # noqa: B902 - whatever it is, it is wrong
            wrong += 1
            if wrong <= 10:
                print('%s: %s: %s' % (path, type(e).__name__, e))
    print('%d of %d mails: wrong' % (wrong, len(files)) if wrong else '%d mails: read' % len(files))
    return 1 if wrong or not files else 0


sys.exit(main())
