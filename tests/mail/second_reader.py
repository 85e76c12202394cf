"""A message as Python's email package reads it: subject and texts of each message in the file, the
file itself first; with --links the addresses in a page as its html.parser finds them. The second
reader of tests/unit/ui/test_mail.c."""
import email
import email.policy
import html.parser
import sys


def texts(message, out, later):
    if message.get_content_type() == 'message/rfc822':
        for inner in message.get_payload():
            later.append(inner)
    elif message.is_multipart():
        for part in message.get_payload():
            texts(part, out, later)
    elif message.get_content_maintype() == 'text':
        raw = message.get_payload(decode=True)
        charset = message.get_content_charset('utf-8')
        # What is called so is windows-1252 everywhere.
        charset = {'iso-8859-1': 'windows-1252'}.get(charset, charset)
        out.append(raw.decode(charset, 'replace').lstrip('\ufeff'))


class Links(html.parser.HTMLParser):
    """Addresses as they are written, of what can be clicked and of pictures."""
    names = {'a': 'href', 'area': 'href', 'form': 'action', 'img': 'src', 'iframe': 'src'}

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == self.names.get(tag):
                self.found.append(value or '')


def main():
    with open(sys.argv[-1], 'rb') as f:
        data = f.read()
    if sys.argv[1] == '--links':
        parser = Links()
        parser.feed(data.decode())
        parser.close()
        sys.stdout.buffer.write('\n'.join(parser.found).encode())
        return
    waiting = [email.message_from_bytes(data.lstrip(b'\xef\xbb\xbf\r\n'), policy=email.policy.default)]
    while waiting:
        message = waiting.pop(0)
        out, later = [str(message['Subject'])], []
        texts(message, out, later)
        sys.stdout.buffer.write('\n'.join(out).encode())
        waiting = later + waiting


main()
