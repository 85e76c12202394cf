// Makes url_table.inc: what Node's URL (WHATWG) says to every input below.
//   node tests/unit/store/url_table.js > tests/unit/store/url_table.inc
// Where Node and the standard differ (right-to-left labels, '^' in paths, '..' at the root of other schemes) a row is left
// out and the case stands in test_url.c by hand.
'use strict';
const B = 'https://user:pw@example.org:8443/a/b/c.html?q=1#frag';
const rows = [];
const add = (base, ...inputs) => inputs.forEach((i) => rows.push([i, base]));

// Absolute, special schemes.
add(null, 'http://example.org', 'HTTP://EXAMPLE.ORG/', 'http:example.org', 'http:/example.org', 'http:///example.org',
	'http:////\\/example.org/x', 'http:\\\\example.org\\a\\b?c\\d#e\\f', '  http://example.org/ \n', '\u0000\u001fhttp://example.org/\u0001',
	'ht\ntp://exa\tmple.org/a\r\nb', 'https://example.org:443/', 'https://example.org:80/', 'http://example.org:80/', 'http://example.org:/',
	'http://example.org:00080/', 'http://example.org:65535/', 'http://example.org:65536/', 'http://example.org:8a/', 'http://example.org:-1/',
	'http://example.org:0/', 'ws://h:80/', 'wss://h:443/x', 'ftp://h:21/f', 'ftp://h:22/f', 'http://', 'http://?', 'http:///', 'http://#', 'https:', 'https:x',
	'http://:80/', 'http://@/', 'http://a@/', 'http://:@h/', 'http://@h/', 'http://a:@h/', 'http://:b@h/', 'http://a:b@h/', 'http://a:b:c@h/',
	'http://a@b@c/', 'http://a:b@c@d:80/', 'http://us er:p w@h/', 'http://a%40b@h/', 'http://a/b@c', 'http://a\\@b/', 'http://a?@b', 'http://a#@b',
	'http://{}|^[]@h/', 'http://user@/path', 'http://good.example%40evil.test/', 'http://good.example%2f@evil.test/', '//example.org/', 'example.org', '', '/', '?', '#x');
// Paths, dots, encoding.
add(null, 'http://h/a/./b', 'http://h/a/../b', 'http://h/../../b', 'http://h/a/..', 'http://h/a/.', 'http://h/a/b/../', 'http://h/%2e/%2E%2e/x', 'http://h/a/.%2e/b',
	'http://h/a/%2e%2e', 'http://h/a/...', 'http://h//a//b/../c', 'http://h/a//../b', 'http://h/a b', 'http://h/"<>`{}', "http://h/'", 'http://h/|', 'http://h/[x]', 'http://h/%',
	'http://h/%zz%4', 'http://h/%41%7e', 'http://h/ü/日本', 'http://h/\u{1F600}', 'http://h/a;b=c,d', 'http://h/a:b', 'http://h/\u007f', 'http://h/a%00b', 'http://h/a\u0000b', 'http://h/~x', 'http://h/a\\b\\..\\c',
	'http://h/a?b?c', 'http://h?a', 'http://h/?a b"<>\'`{}|\\^', 'http://h/?ü=%FF&\u{1F600}', 'http://h/?%3F#%23', 'http://h/?', 'http://h/#', 'http://h/?#', 'http://h/?a#b?c#d', 'http://h/#a b"<>`\'{}|\\^ü',
	'http://h/??', 'http://h/##', 'http://h/?a=/../b', 'http://h/#/../b', 'http://h/a?\u0000#\u0000', 'http://h/x?q=http://other/?a=1#f');
// Hosts.
add(null, 'http://EXAMPLE.org./', 'http://ex%41mple.org/', 'http://ex%2Fample.org/', 'http://ex%00ample/', 'http://a b/', 'http://a%20b/', 'http://a_b.c-/', 'http://-a.b/', 'http://a..b/', 'http://./', 'http://../', 'http://a./',
	'http://a<b/', 'http://a>b/', 'http://a^b/', 'http://a|b/', 'http://a[b/', 'http://a]b/', 'http://a%25b/', 'http://a%b/', 'http://a"b/', "http://a'b/", 'http://a{b}/', 'http://a`b/', 'http://a,b;c=d&e+f!g$h(i)*/', 'http://a~b/', 'http://a\u007fb/',
	'http://bücher.example/', 'http://BÜCHER.example/', 'http://xn--bcher-kva.example/', 'http://XN--BCHER-KVA.example/', 'http://faß.de/', 'http://ΒΌΛΟΣ.com/', 'http://日本語。ＪＰ/', 'http://Ｇｏ．com/', 'http://a\u00adb.com/', 'http://g\u200bo.com/',
	'http://%E2%98%83.net/', 'http://☃.net/', 'http://😀.la/', 'http://i❤\ufe0f.ws/', 'http://xn--e28h.la/', 'http://xn--/', 'http://xn--a/', 'http://xn--0/', 'http://a\u200db.com/', 'http://क्\u200dष.com/', 'http://\u0301a.com/', 'http://ab--ü.com/',
	'http://' + 'ü'.repeat(2) + 'a'.repeat(80) + '.com/', 'http://' + 'a'.repeat(300) + '/', 'http://﷐zyx.com/', 'http://\ufffd.com/', 'http://%ff.com/', 'http://１２７.０.０.１/', 'http://⑴.com/', 'http://ẞ.de/', 'http://a\u3002b\uff61c/', 'http://ok\u{E0001}.com/', 'http://≠ü.com/', 'http://-Ü.com/', 'http://ü-.com/', 'http://😀Ü.la/', 'http://a😀b.la/', 'http://\u{1F098}.x/', 'http://xn--*la-qh33b/', 'http://xn--ux7h.x/');
// IPv4.
add(null, 'http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://0x7f000001/', 'http://017700000001/', 'http://0177.0.0.1/', 'http://0x7f.0.0.0x1/', 'http://127.0.0.1./', 'http://1.2.3.4.5/', 'http://1.2.3/', 'http://256.0.0.1/',
	'http://1.2.3.256/', 'http://4294967295/', 'http://4294967296/', 'http://0xffffffff/', 'http://0x100000000/', 'http://0/', 'http://0x/', 'http://0x.0x.0/', 'http://08.1.1.1/', 'http://1.2.3.08/', 'http://0xg/', 'http://a.0x/', 'http://a.1/', 'http://a.1./', 'http://1..2/', 'http://1.2.3.4../',
	'http://%31%32%37.0.0.1/', 'http://0x7F.1/', 'http://00000000000000000000000000000000000177.1/', 'http://99999999999999999999999/', 'http://1.0xffffff/', 'http://1.2.0xffff/', 'http://1.2.65536/', 'http://192.168.0.257/', 'http://+1.2.3.4/', 'http://1.2.3.-4/', 'http://0b1.1.1.1/', 'non-special://1.2.3/');
// IPv6.
add(null, 'http://[::1]/', 'http://[::]/', 'http://[1:0:0:2:0:0:0:3]/', 'http://[1:2:3:4:5:6:7:8]/', 'http://[1:2:3:4:5:6:7::]/', 'http://[::2:3:4:5:6:7:8]/', 'http://[1:0:2::3]/', 'http://[0:0:1:0:0:1:0:0]/', 'http://[::ffff:1.2.3.4]/', 'http://[::1.2.3.4]/',
	'http://[1:2:3:4:5:6:1.2.3.4]/', 'http://[1:2:3:4:5::1.2.3.4]/', 'http://[1:2:3:4:5:6::1.2.3.4]/', 'http://[::1.2.3]/', 'http://[::1.2.3.4.5]/', 'http://[::01.2.3.4]/', 'http://[::1.2.3.256]/', 'http://[::1.2.3.4x]/', 'http://[ABCD::00Ef]/', 'http://[1:2]/', 'http://[1:2:3:4:5:6:7:8:9]/',
	'http://[1:2:3:4::5:6:7:8]/', 'http://[1:2:3:4:5:6:7:8::]/', 'http://[:1]/', 'http://[1:]/', 'http://[:::]/', 'http://[1::2::3]/', 'http://[12345::]/', 'http://[g::]/', 'http://[::1%eth0]/', 'http://[::1', 'http://::1]/', 'http://[]/', 'http://[::1]:8080/', 'http://[::1]x/', 'http://[::1]:/', 'http://a[::1]/',
	'http://u:p@[::1]:81/', 'http://[::1.2.3.]/', 'http://[.1.2.3.4]/', 'http://[::127.0.0.1]/', 'ssh://[::1]/', 'http://[0:0:0:0:0:0:0:0]/', 'http://[1:0:0:0:0:0:0:0]/', 'http://%5B::1%5D/', 'http://[%3a%3a1]/');
// Other schemes.
add(null, 'mailto:a@b?subject=x y', 'javascript:alert(1)//x y', 'JavaScript:void 0', 'data:text/html,<b>x</b>#f', 'about:blank', 'blob:https://h/uuid', 'intent://h/p#Intent;scheme=https;end', 'tg://resolve?domain=x', 'itms-apps://itunes.apple.com/app/id1', 'market://details?id=x',
	'tel:+49 1', 'x:', 'x:y', 'x:/y', 'x://y', 'x:///y', 'x://y:99/z', 'x://y:/z', 'x://u:p@Y/z', 'x://a b/', 'x://a<b', 'x://%zz/', 'x://ü/ü', 'x://y/a/../b', 'x:/a/../b', 'x:/..//b', 'x:/.//b', 'x:a/../b', 'x://:1/', 'x://@/', 'x:a?b#c', 'x:a b?c d#e f', 'x:/a b',
	'1http://h/', '+x:y', 'a+b-c.d:e', 'http//h/', ':', '://h', 'view-source:http://h/', 'x:\\\\h\\p', 'x://h\\p', 'x:/\\h', 'wss:h', 'sms:1?body=a%20b', "x:a'b\"c<d>e");
// file.
add(null, 'file:', 'file:/', 'file://', 'file:///', 'file:///etc/passwd', 'file:etc/passwd', 'file://host/a', 'file://localhost/a', 'file:///C:/a/../..', 'file:///C|/a', 'file:c:\\x\\y', 'file://C:/a', 'file:///C:', 'file:\\\\h\\s', 'file://h:80/', 'file:///%43:/..', 'file:?q', 'file:#f');
// Relative.
add(B, '', 'x', './x', '../x', '../../../x', '/x', '//h/x', '///h/x', '\\\\h\\x', '\\x', '/\\h/x', '?', '?r', '#', '#g', '?r#g', 'x?y#z', '.', '..', './', '../', 'x/./y/../z', 'x:y', 'x://y/z', 'http:x', 'https:x', 'https:/x', 'https://h', 'https:?y', 'https:', 'HTTPS:x', '//', '//?', '//:80', '//u@h',
	' x ', '\tx\n', 'a b', ';p', ':', ':x', 'x:', '//[::1]:444/', '..\\..\\x', 'mailto:x@y', '//h:443', '/..//x', '/.//x', '//ü.example/', 'http://h/?#', '?ü', "?'", 'javascript:location="/"', '@', '%2e%2e/x', '%2e%2e%2fx', 'ftp://x/', 'x#y#z');
add('http://h', 'x', '?x', '#x', '..', '//', '');
add('http://h/a/b?c#d', '?', '#', '', '/', '.', 'http:d', 'http:/d', 'http:../d', 'https:d');
add('mailto:a@b', 'x', '#f', '?q', '/x', '', 'http://h/', 'mailto:c');
add('x://h/a/b?q', 'y', '/y', '//i/y', '\\y', '?', '#f', '//', '', 'y\\z', '//i j/');
add('x:/a/b', 'y', '//h', '/.//y', '..', '/..//y', '//');
add('x:opaque', '#f', 'y');
add('file:///C:/a/b', 'x', '/x', '..', '/..', '../../..', '/D:/x', 'D|/x', '//h/x', '?q', '#f', '', '//', '\\x', '/C|x', 'C:', 'file:x', 'file:/x');
add('file://host/dir/f', 'x', '/x', '//other', '///x', 'C:/x', '/C:/x', '', '..');
add('data:text/html,x', 'y', '#f');
add('about:blank', '//h/', 'x', '#f');

const cString = (s) => 'S("' + Array.from(Buffer.from(s, 'utf8'), (b) =>
	b === 0x22 || b === 0x5c || b === 0x3f ? '\\' + String.fromCharCode(b) :
	b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '\\' + b.toString(8).padStart(3, '0')).join('') + '")';
const skip = new Set(['http://{}|^[]@h/']);
console.log('/* Made by url_table.js with Node ' + process.version + '; do not edit. ROW(input, base, href); NONE: no base, or not a URL. */');
for (const [input, base] of rows) {
	if (skip.has(input))
		continue;
	let href = null;
	try {
		href = (base === null ? new URL(input) : new URL(input, base)).href;
	} catch (e) { /* not a URL */ }
	console.log(`ROW(${cString(input)}, ${base === null ? 'NONE' : cString(base)}, ${href === null ? 'NONE' : cString(href)})`);
}
