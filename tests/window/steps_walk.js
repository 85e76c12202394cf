/* Every page that the pages lead to, by their own links and from the first one on: it is there, and
 * says nothing in the console and asks nobody else, which is the driver's to see. */
'use strict';

const PAGES_MAX = 150, PAGES_MAX_HEAVY = 600;
const PER_KIND = 1, PER_KIND_HEAVY = 3;

/* Pages that differ in their numbers alone are of one kind. */
function kind(url) {
	const query = [...url.searchParams].map(([k, v]) => (k === 'show' || k === 'as' || k === 'sort' ? `${k}=${v}` : k));
	return `${url.pathname.replace(/\d+(\.\d+)?/g, 'N')}?${[...new Set(query)].sort()}`;
}

/* Where a page leads: links, frames, pictures; and those of its forms that only ask. */
function leads() {
	const all = [];
	for (const e of document.querySelectorAll('a[href], area[href]'))
		all.push([e.href, e.hasAttribute('download') || e.className === 'download' ? 'file' : 'page']);
	for (const e of document.querySelectorAll('iframe[src], img[src], link[href], script[src]'))
		all.push([e.src || e.href, 'file']);
	for (const f of document.querySelectorAll('form'))
		if (f.method === 'get') {
			const asked = new URL(f.action);
			asked.search = new URLSearchParams([...new FormData(f)].filter(([, v]) => typeof v === 'string'));
			all.push([asked.href, 'page']);
		}
	return all;
}

/* What every page has. */
function look() {
	const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
	return {
		h1: document.querySelectorAll('h1').length,
		title: document.title,
		twice: ids.filter((id, i) => ids.indexOf(id) !== i).slice(0, 5),
		lang: document.documentElement.lang,
	};
}

exports.run = async (ctx) => {
	const seen = new Set(), kinds = new Map(), queue = [['/', 'page', 'the start']];
	const perKind = ctx.heavy ? PER_KIND_HEAVY : PER_KIND;
	const most = ctx.heavy ? PAGES_MAX_HEAVY : PAGES_MAX;
	let pages = 0, files = 0;
	/* What cannot be read says so, with that status. */
	ctx.allow(new RegExp(`on /c/${ctx.facts.cases.broken}[/)]`));
	while (queue.length > 0 && pages < most) {
		const [where, as, from] = queue.shift();
		const broken = new RegExp(`^/c/${ctx.facts.cases.broken}(/|$)`).test(where);
		if (as === 'file') {
			const status = await ctx.page.evaluate(async (w) => (await fetch(w)).status, where);
			files++;
			ctx.must(status === 200 || broken, `${where}, from ${from}, has status ${status}`);
			continue;
		}
		const answer = await ctx.page.goto(ctx.origin + where, { waitUntil: 'load' }).catch((e) => {
			throw new Error(`${where}, from ${from}: ${e.message}`);
		});
		pages++;
		if (!broken)
			ctx.must(answer.ok(), `${where}, from ${from}, has status ${answer.status()}`);
		const page = await ctx.page.evaluate(look);
		if (page.h1 !== 1 || !page.title || !page.lang || page.twice.length > 0)
			ctx.fault(`${where}, from ${from}: ${JSON.stringify(page)}`);
		for (const [href, next] of await ctx.page.evaluate(leads)) {
			const url = new URL(href);
			if (url.origin !== ctx.origin) {
				if (/^https?:/.test(url.protocol))
					ctx.fault(`${where} leads out, to ${href.slice(0, 200)}`);
				continue;
			}
			const to = url.pathname + url.search, k = kind(url), n = kinds.get(k) || 0;
			if (seen.has(to) || n >= perKind)
				continue;
			seen.add(to);
			kinds.set(k, n + 1);
			queue.push([to, next, where]);
		}
	}
	if (process.env.WINDOW_SHOTS)
		console.log(`${pages} pages and ${files} files of ${kinds.size} kinds, ${queue.length} left\n${[...kinds.keys()].sort().join('\n')}`);
	ctx.must(pages > 80 && files > 2, `${pages} pages and ${files} files`);
};

/* Other steps see most of it: for whoever has time. */
exports.soak = true;
