/* The first page and a case's page, at rest and while a case is recorded. */
'use strict';

exports.run = async (ctx) => {
	const { cases, paths } = ctx.facts;
	ctx.equal(await ctx.text('h1'), 'Cases');
	await ctx.waitFor((n) => document.querySelector(`#case-${n} .num`), cases.demo);
	ctx.must((await ctx.text(`#case-${cases.broken}`)).includes('cannot be read'), 'a broken case says so');
	ctx.must((await ctx.text(`#case-${cases.rows}`)).includes('340'), 'exchanges');
	await ctx.axe('cases');

	await ctx.follow(`#case-${cases.demo} a`);
	ctx.equal(ctx.where(), `/c/${cases.demo}`);
	ctx.equal(await ctx.count('.trail-entry'), 1);
	ctx.must((await ctx.text('.trail-entry h3')).includes('click[.]esp-mailer[.]example'), 'where it began');
	ctx.must(await ctx.count('.parties .mark') > 3, 'parties');
	ctx.equal(await ctx.count('.trail-list .alone'), 0);
	await ctx.axe('case');
	await ctx.press('j');
	ctx.equal(await ctx.page.evaluate(() => document.activeElement.getAttribute('href')), `/c/${cases.demo}/t/1.1`);
	await ctx.follow('::-p-text(Marked)');
	ctx.must((await ctx.text('main')).includes('None is marked'), 'no marked one');
	await ctx.go(`/c/${cases.nasty}`);
	await ctx.waitFor('.trail-entry'); /* once it was derived */
	await ctx.narrow('case-nasty');
	await ctx.go(`/c/${cases.broken}`);
	ctx.must((await ctx.text('#summary')).includes('cannot be read'), 'why');

	await ctx.noScript(async () => {
		await ctx.go('/');
		await ctx.follow(`#case-${cases.demo} a`);
		ctx.equal(await ctx.count('.trail-entry'), 1);
	});

	/* A trail appears, first of all, on a page that nobody loads anew. */
	await ctx.go('/');
	await ctx.page.evaluate(() => { window.same = true; });
	const id = `trail-${cases.live}-2-1`;
	ctx.equal(await ctx.count(`#${id}`), 0);
	const code = ctx.run(['demo', '--browser', 'none', '--case', paths.live]);
	await ctx.waitFor((n) => /\b9\b/.test((document.querySelector(`#${n} .trail-facts`) || {}).textContent), id);
	ctx.equal(await code, 0);
	await ctx.waitFor((n) => !/recorded now|running now/.test(document.getElementById(n[0]).textContent
		+ document.getElementById(n[1]).textContent), [id, `case-${cases.live}`]);
	ctx.must(await ctx.page.evaluate(() => window.same), 'it is the same page');
	ctx.equal(await ctx.page.$eval('#newest .trail-entry', (e) => e.id), id, 'the newest is first');

	/* Another session, while its rows are looked at: they stay, and what is new is counted. */
	await ctx.go(`/c/${cases.live}/x`);
	const rows = await ctx.count('.rows tbody tr');
	ctx.equal(await ctx.run(['demo', '--browser', 'none', '--case', paths.live]), 0);
	await ctx.waitFor((n) => document.querySelector('#news').textContent === `${n} new: show`, rows / 2);
	ctx.equal(await ctx.count('.rows tbody tr'), rows, 'rows stay where they are');
	await ctx.follow('#news a');
	ctx.equal(await ctx.count('.rows tbody tr'), rows * 3 / 2);
};
exports.everywhere = true;
