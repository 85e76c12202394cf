/*
 * Opens HTML reports in a real browser and says what it saw, as JSON on one line: for each file
 * the requests that left, what the console said, whether anything ran, the skeleton of its DOM
 * as a hash, and how often the expected texts stand in each trail's section. Arguments: the
 * browser's name and path, then files; beside FILE may be FILE.json, a list of expected texts,
 * one for each trail.
 */
'use strict';
const fs = require('fs');
const puppeteer = require('puppeteer-core');

/* Runs in the page. Every node but text: its name, and its attributes with their values. */
function look(expected) {
	/* FNV-1a of two kinds: the whole is too large to hand out. */
	let nodes = 0, a = 0x811c9dc5, b = 0x01000193;
	const add = (text) => {
		nodes++;
		for (let i = 0; i < text.length; i++) {
			a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
			b = Math.imul(b ^ text.charCodeAt(i), 0x85ebca6b);
		}
	};
	const walk = (node, depth) => {
		const attributes = [...(node.attributes || [])].map((a) => `${a.name}=${a.value}`);
		add(`${depth} ${node.nodeType === 1 ? node.namespaceURI + ' ' + node.localName :
			'#' + node.nodeType} ${attributes.join(' ')}\n`);
		for (const child of node.childNodes)
			if (child.nodeType !== 3)
				walk(child, depth + 1);
	};
	walk(document.documentElement, 0);
	const sections = [...document.querySelectorAll('section.one-trail')];
	const texts = expected.map((text, i) =>
		sections[i] ? sections[i].textContent.split(text).length - 1 : -1);
	const handlers = [...document.querySelectorAll('*')].filter((e) =>
		[...e.attributes].some((a) => /^on/i.test(a.name))).length;
	return {
		skeleton: `${a >>> 0} ${b >>> 0}`,
		nodes,
		texts,
		handlers,
		scripts: document.querySelectorAll('script').length,
		links: document.querySelectorAll('a, area, form, iframe, object, embed, base').length,
		pwned: window.pwned !== undefined,
		wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		trails: sections.length,
		title: document.title,
	};
}

async function open(browser, file) {
	const page = await browser.newPage();
	const seen = { file, requests: [], console: [], dialogs: 0 };
	page.on('request', (r) => {
		if (r.url() !== `file://${file}` && !r.url().startsWith('data:'))
			seen.requests.push(r.url());
	});
	page.on('console', (m) => seen.console.push(`${m.type()}: ${m.text()}`));
	page.on('pageerror', (e) => seen.console.push(`error: ${e.message}`));
	page.on('dialog', (d) => {
		seen.dialogs++;
		d.dismiss();
	});
	await page.setViewport({ width: 390, height: 800 });
	await page.goto(`file://${file}`, { timeout: 60000 });
	const expected = fs.existsSync(`${file}.json`) ? JSON.parse(fs.readFileSync(`${file}.json`, 'utf8')) : [];
	Object.assign(seen, await page.evaluate(look, expected));
	await page.close();
	return seen;
}

(async () => {
	const [name, path, home, ...files] = process.argv.slice(2);
	const browser = await puppeteer.launch({
		browser: name,
		executablePath: path,
		headless: true,
		protocolTimeout: 100000,
		userDataDir: `${home}/${name}`,
		args: name === 'chrome' ? ['--no-sandbox', '--disable-gpu'] : [],
	});
	const all = [];
	for (const file of files)
		all.push(await open(browser, file));
	await browser.close();
	console.log(JSON.stringify(all));
})().catch((e) => {
	console.error(e);
	process.exit(1);
});
