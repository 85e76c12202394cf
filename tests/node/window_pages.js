/*
 * Reads pages of the window as a browser would (parse5) and says what in them could do harm, or
 * is wrong: parse errors, elements and attributes that no page of ours has, addresses that lead
 * elsewhere, words that would be a link or move a cursor. Arguments: files. A line for each
 * finding; exit 1 if there is one. With --rules html-validate reads them, too.
 */
'use strict';
const fs = require('fs');
const parse5 = require('parse5');

const ELEMENTS = new Set(('html head meta title link script noscript body a header p nav ul ol li main h1 h2 h3 h4 '
	+ 'table caption thead tbody tr th td div span data time abbr code b dl dt dd form input button label select option '
	+ 'optgroup fieldset legend section svg rect line text g circle polygon mark kbd br article details summary strong').split(' '));
/* Ours, as they are. */
const SOURCES = new Set(['/window.js']);
const SHEETS = new Set(['/report.css', '/window.css', '/icon.svg']);
/* U+FFFD is what a case holds in the place of ill-formed bytes. */
const TRICKS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const LIVE = /(?:https?|ftp):\/\/(?!127\.0\.0\.1)\S*?(?:nasty|example)/i;
const BARE = /(?:^|[\s(])(?:[\w-]+\.)+nasty\.example/i;

let file, findings = 0;
function bad(what, where) {
	if (findings++ < 40)
		console.log(`${file}: ${what}: ${JSON.stringify(String(where)).slice(0, 200)}`);
}

function attribute(element, name, value) {
	if (/^on/i.test(name) || ['style', 'srcdoc', 'formaction', 'ping', 'background', 'xlink:href'].includes(name))
		bad(`an attribute ${name} of ${element}`, value);
	if (['href', 'action', 'src'].includes(name)) {
		const own = element === 'script' ? SOURCES.has(value)
			: element === 'link' ? SHEETS.has(value) : /^(\/(?!\/)|#|\?)[\x21-\x7e]*$/.test(value);
		if (!own)
			bad(`${name} of ${element}`, value);
	}
	if (TRICKS.test(value))
		bad(`a character in ${name} of ${element}`, value);
	/* What was typed stands in its field again, as it was. */
	if (!(element === 'input' && name === 'value') && LIVE.test(value))
		bad(`an address in ${name} of ${element}`, value);
}

function walk(node, inside) {
	if (node.nodeName === '#comment')
		bad('a comment', node.data);
	if (node.nodeName === '#text' && TRICKS.test(node.value))
		bad('a character', node.value);
	if (node.nodeName === '#text' && (LIVE.test(node.value) || BARE.test(node.value)))
		bad('a live address', node.value);
	if (node.tagName) {
		if (!ELEMENTS.has(node.tagName))
			bad('an element', node.tagName);
		if (node.tagName === 'script' && (node.childNodes || []).length > 0)
			bad('a script', 'inline');
		for (const a of node.attrs)
			attribute(node.tagName, a.name, a.value);
	}
	for (const child of node.childNodes || [])
		walk(child, node);
}

const args = process.argv.slice(2);
const rules = args[0] === '--rules' && args.shift();
for (file of args) {
	const text = fs.readFileSync(file, 'utf8');
	walk(parse5.parse(text, { onParseError: (e) => bad('a parse error', `${e.code} at ${e.startLine}:${e.startCol}`) }));
	if (!rules)
		continue;
	const { HtmlValidate } = require('html-validate');
	const validate = new HtmlValidate({
		extends: ['html-validate:standard'],
		elements: ['html5'],
		rules: { 'no-inline-style': 'error' },
	});
	for (const result of validate.validateStringSync(text).results)
		for (const m of result.messages)
			bad(m.ruleId, `${m.line}:${m.column} ${m.message}`);
}
process.exitCode = findings > 0 ? 1 : 0;
