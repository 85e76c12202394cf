/* A case with strings in every field that have broken other programs, asked for by others: every
 * kind of page, of each 24th string (nasty_few_hops). What the driver looks for (scripts that fail or speak, dialogs, requests to
 * elsewhere, breaches of the policy) is not all: no page has an element, an attribute or an
 * address that a page of harmless words has not. */
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');

const HOPS = [3];
const PANELS = ['why', 'request', 'response', 'cookies', 'body', 'cues', 'tls', 'certificates', 'packets'];
const WORDS = ['<script>alert(1)</script>', '"><svg/onload=alert(1)>', '\' onmouseover=\'alert(1)', '\u202e=1+1\u0007'];

/* What we write ourselves where a case has what the demo has not. */
const OURS = new Set(['p > br', 'td > br', 'li > br', 'th > br', 'strong > data', 'code > mark', 'li > strong']);

/* In the page: what no page of ours has. */
function look() {
	const out = [];
	const bad = 'iframe object embed base img[onerror] audio video applet marquee math template style '
		+ '[style] [srcdoc] [ping] script:not([src="/window.js"]) meta[http-equiv]';
	for (const e of document.querySelectorAll(bad.split(' ').join(',')))
		out.push(e.outerHTML.slice(0, 150));
	for (const e of document.querySelectorAll('*')) {
		for (const a of e.attributes) {
			const leads = ['href', 'src', 'action', 'formaction', 'xlink:href', 'data'].includes(a.name);
			if (/^on/i.test(a.name) || (leads && !/^(\/(?!\/)|#|\?|$)/.test(a.value)))
				out.push(`<${e.localName} ${a.name}="${a.value.slice(0, 100)}">`);
		}
	}
	if (/[\u200b-\u200f\u2028-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f]/.test(document.body.innerText))
		out.push('a character that moves others');
	if (!document.querySelector('main') || !document.querySelector('h1'))
		out.push('no page');
	const kinds = new Set();
	for (const e of document.querySelectorAll('*'))
		kinds.add(`${e.parentElement ? e.parentElement.localName : ''} > ${e.localName}`);
	return { out, kinds: [...kinds] };
}

async function judge(ctx, where) {
	const { out, kinds } = await ctx.page.evaluate(look);
	for (const words of out)
		ctx.fault(`${where}: ${words}`);
	return kinds;
}

/* All pages of one trail, as far as a case may have them; of the panels a few where there is not much time: each has a test
   without a browser (tests/unit/ui/test_web_hop.c, every fifth string there, and every one where there is time). */
function pages(n, hops, heavy) {
	const panels = heavy ? PANELS : ['request', 'cues', 'certificates'];
	const c = `/c/${n}`, t = `${c}/t/1.1`;
	return [c, `${c}?marked=1`, `${c}/x`, `${c}/x?sort=host&down=1&from=100`, `${c}/x?of=1.1`, `${c}/s/1`, `${c}/newest`,
		t, `${t}/report`, `${t}/replay`, `${t}/again`, `${c}/do`, `${c}/lookup`, `${c}/close`, `${c}/remarks`,
		`${c}/reports`, `/compare?a=${n}:1.1&b=${n}:1.1`, '/jobs', '/phone', `/search?case=${n}&q=nasty`,
		...hops.map((h) => `${c}/x/${h}`),
		...hops.flatMap((h) => panels.map((panel) => `${t}/h/${h}?show=${panel}`))];
}

/* Kinds of elements inside of each other, and where each was first seen. */
async function kindsOf(ctx, list) {
	const seen = new Map();
	for (const where of list) {
		await ctx.go(where);
		for (const kind of await judge(ctx, where))
			if (!seen.has(kind))
				seen.set(kind, where);
	}
	return seen;
}

async function reads(ctx) {
	const { few, demo } = ctx.facts.cases;
	for (let i = 0; i < 300; i++) {
		await ctx.go(`/c/${few}`);
		if (!(await ctx.text('.state')).includes('being read'))
			break;
	}
	const nasty = await kindsOf(ctx, pages(few, HOPS, ctx.heavy));
	/* It was there: as a word. */
	await ctx.go(`/c/${few}/t/1.1/h/1?show=request`);
	ctx.must((await ctx.text('main')).includes('<script>alert(1)</script>'), 'the string can be read');
	if (ctx.browserName !== 'chromium')
		return;
	const harmless = await kindsOf(ctx, pages(demo, [9], true));
	for (const [kind, where] of nasty)
		if (!harmless.has(kind) && !OURS.has(kind))
			ctx.fault(`${where}: ${kind}, which pages of harmless words have not`);
}

/* What somebody types comes back, as a word. */
async function types(ctx) {
	const c = ctx.facts.cases.few, q = encodeURIComponent(WORDS.join(' '));
	ctx.allow(/status of 40[04]/);
	for (const where of [`/search?q=${q}`, `/c/${c}/x?q=${q}&sort=${q}&of=${q}&status=${q}&type=${q}`,
		`/c/${c}?from=${q}`, `/compare?a=${q}&b=${q}`, `/c/${c}/t/1.1/h/3?show=${q}`, `/c/${c}/t/${q}`,
		`/c/${q}`, `/jobs/${q}`, `/c/${c}/x/3?show=body&as=${q}`]) {
		await ctx.go(where);
		await judge(ctx, where);
	}
	await ctx.go('/trace');
	await ctx.fill('#link', `https://www.nasty.example/?a=${WORDS.join(' ')}`);
	await ctx.follow('form.trace-form button');
	await judge(ctx, 'the link');
}

async function mails(ctx) {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'window-nasty-'));
	const mail = path.join(folder, '<img src=x onerror=alert(1)>\n"\'&.eml');
	fs.writeFileSync(mail, `From: "${WORDS[0]}" <a@nasty.example>\r\nSubject: </title>${WORDS[0]}${WORDS[1]}\r\n`
		+ 'Content-Type: text/html\r\n\r\n'
		+ WORDS.map((w) => `<a href="https://www.nasty.example/?${w.replace(/"/g, '&quot;')}">${w}</a><br>`).join('\r\n'));
	try {
		await ctx.go('/trace');
		const file = await ctx.page.$('#file');
		await ctx.follow(() => file.uploadFile(mail));
		await judge(ctx, 'the mail');
		ctx.must(await ctx.count('.mail-link') > 0, 'its links');
		await ctx.follow('a[href$="/1"].act');
		await judge(ctx, 'a link of the mail');
	} finally {
		fs.rmSync(folder, { recursive: true });
	}
}

exports.run = async (ctx) => {
	await reads(ctx);
	await types(ctx);
	await mails(ctx);
};
