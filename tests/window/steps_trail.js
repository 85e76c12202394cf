/* A trail: a hop opens beside the path, by mouse and keyboard, and as a page without script. */
'use strict';

const rows = '.way-row:not(.way-next)';
const link = (n) => `.way-row[data-order="${n}"] .way-link`;
const current = (ctx) => ctx.page.$$eval('.way-link[aria-current="true"]', (l) => l.map((e) => e.id));
const opened = (ctx, n) => ctx.waitFor((hop) => {
	const d = document.querySelector('#trail-panel #hop-detail h2');
	return d && d.textContent.startsWith(`Hop ${hop}:`);
}, n);

async function opens(ctx, trail) {
	await ctx.go(trail);
	ctx.equal(await ctx.count('#hop-detail'), 0);
	await ctx.click(link(2));
	await opened(ctx, 2);
	ctx.equal(await ctx.focused(), '#hop-title');
	ctx.equal(await current(ctx), ['hop-1.1-2-link']);
	ctx.equal(ctx.where(), `${trail}/h/2`);
	/* A tab of the panel stays in it. */
	await ctx.click('#trail-panel a[href*="show=request"]');
	await ctx.waitFor(() => document.querySelector('#trail-panel [aria-current="page"]').textContent === 'Request');
	ctx.equal(ctx.where(), `${trail}/h/2?show=request`);
	ctx.must((await ctx.text('h1')).startsWith('Trail 1.1'), 'the page stays a trail\'s');
	await ctx.axe('trail-hop');
	/* Back, step by step. */
	await ctx.page.goBack();
	await ctx.waitFor(() => document.querySelector('#trail-panel [aria-current="page"]').textContent !== 'Request');
	await ctx.page.goBack();
	await ctx.waitFor(() => !document.querySelector('#hop-detail'));
	ctx.equal(ctx.where(), trail);
	ctx.equal(await current(ctx), []);
}

async function keys(ctx, trail) {
	await ctx.go(trail);
	const n = await ctx.count(rows);
	await ctx.page.focus(link(1));
	await ctx.press('ArrowDown');
	await opened(ctx, 2);
	ctx.equal(await ctx.focused(), '#hop-1.1-2-link', 'the row keeps the focus');
	await ctx.press('j');
	await opened(ctx, 3);
	await ctx.press('k');
	await opened(ctx, 2);
	await ctx.press('ArrowUp');
	await opened(ctx, 1);
	await ctx.press('End');
	await opened(ctx, n);
	await ctx.press('Home');
	await opened(ctx, 1);
	await ctx.press('Enter');
	await ctx.waitFor(() => document.activeElement.id === 'hop-title');
	await ctx.press('j');
	await opened(ctx, 2);
	await ctx.press('Enter');
	await ctx.waitFor(() => document.activeElement.id === 'hop-title');
	await ctx.press('Escape');
	ctx.equal(await ctx.focused(), '#hop-1.1-2-link', 'back to the row');
	await ctx.press('Escape');
	ctx.equal(await ctx.count('#hop-detail'), 0);
	ctx.equal(ctx.where(), trail);
}

exports.run = async (ctx) => {
	const trail = `/c/${ctx.facts.cases.demo}/t/1.1`;
	await ctx.go(trail);
	await ctx.axe('trail');
	await opens(ctx, trail);
	await keys(ctx, trail);
	await ctx.go(`/c/${ctx.facts.cases.nasty}/t/1.1`);
	ctx.must(await ctx.count(rows) > 400, 'the nasty trail');
	await ctx.noScript(async () => {
		await ctx.go(trail);
		const n = await ctx.count(rows);
		ctx.must(n > 1, 'hops without script');
		await ctx.follow(link(2));
		ctx.equal(ctx.where(), `${trail}/h/2`);
		ctx.equal(await ctx.count('#hop-detail'), 1);
	});
};
exports.everywhere = true;
