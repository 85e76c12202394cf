/* Everything the browser did: the waterfall, filtered, sorted, paged, by mouse and by keyboard. */
'use strict';

exports.run = async (ctx) => {
	const x = `/c/${ctx.facts.cases.rows}/x`;
	await ctx.go(`/c/${ctx.facts.cases.rows}`);
	await ctx.follow('::-p-text(Everything the browser did)');
	ctx.equal(ctx.where(), x);
	ctx.equal(await ctx.count('.rows tbody tr'), 100, 'rows of a page');
	ctx.equal((await ctx.texts('.turns p'))[0], '1 to 100 of 340');
	await ctx.screenshot('rows');

	/* Every row has its bar, within the scale; hops have their mark and lead to the hop. */
	const bars = await ctx.page.$$eval('.rows tbody .bar-of rect', (list) =>
		list.map((r) => parseFloat(r.getAttribute('x')) + parseFloat(r.getAttribute('width'))));
	ctx.must(bars.length >= 100 && bars.every((end) => end <= 100.01), 'bars');
	ctx.equal(await ctx.page.$$eval('.is-hop .hop-link', (list) => list.map((a) => a.getAttribute('href'))),
		[1, 2].map((n) => `/c/${ctx.facts.cases.rows}/t/1.1/h/${n}`), 'links to hops');
	ctx.equal(await ctx.count('.is-hop .mark'), 2, 'marks of hops');

	await ctx.go(`${x}?type=document&type=font`);
	await ctx.axe('rows');
	await ctx.go(x);

	/* Paging keeps what was asked for. */
	await ctx.follow('.turns [rel=next]');
	ctx.equal((await ctx.texts('.turns p'))[0], '101 to 200 of 340');

	/* A filter is in the address, a box takes effect by itself, and Show all takes it back. */
	await ctx.go(x);
	await ctx.follow('.filter .box ::-p-text(image)');
	ctx.must(ctx.where().includes('type=image'), `the address holds the filter: ${ctx.where()}`);
	const types = new Set(await ctx.texts('.rows tbody td:nth-child(6)'));
	ctx.equal([...types], ['image'], 'types');
	await ctx.fill('.filter [name=q]', 'cdn3');
	await ctx.follow(() => ctx.press('Enter'));
	ctx.must(ctx.where().includes('type=image') && ctx.where().includes('q=cdn3'), ctx.where());
	ctx.must((await ctx.texts('.rows .host')).every((h) => h.includes('cdn3[.]example')), 'hosts');
	await ctx.follow('::-p-text(Show all)');
	ctx.equal(ctx.where(), x);

	/* The columns' names sort, and say so. */
	for (const [name, column] of [['Status', 5], ['Size', 7], ['Host', 3], ['#', 1]]) {
		await ctx.follow(`.rows thead th:nth-child(${column}) a`);
		ctx.equal(await ctx.page.$$eval('[aria-sort]', (l) => l.length), 1, `sorted by ${name} alone`);
		const sort = await ctx.page.$eval(`.rows thead th:nth-child(${column})`, (th) => th.getAttribute('aria-sort'));
		ctx.equal(sort, ['Size', 'Took'].includes(name) ? 'descending' : 'ascending', name);
	}
	await ctx.go(`${x}?sort=size&down=1`);
	const sizes = await ctx.page.$$eval('.rows tbody td:nth-child(7) data', (l) => l.map((d) => Number(d.value)));
	ctx.must(sizes.length > 50 && sizes.every((s, i) => i === 0 || s <= sizes[i - 1]), 'largest first');
	await ctx.follow('.rows thead th:nth-child(7) a');
	ctx.equal(await ctx.page.$eval('[aria-sort]', (th) => th.getAttribute('aria-sort')), 'ascending', 'turned round');

	/* By keyboard: / to the filter, j and arrows along the rows. */
	await ctx.go(x);
	await ctx.press('/');
	ctx.equal(await ctx.focused(), '[name=q]', '/');
	await ctx.page.evaluate(() => document.activeElement.blur());
	await ctx.press('j');
	await ctx.press('ArrowDown');
	await ctx.press('j');
	await ctx.press('k');
	const href = await ctx.page.evaluate(() => document.activeElement.getAttribute('href'));
	ctx.equal(href, await ctx.page.$eval('.rows tbody tr:nth-child(2) .row-link', (a) => a.getAttribute('href')), 'the second row');

	/* Without script: a form and links. */
	await ctx.noScript(async () => {
		await ctx.go(`${x}?type=font`);
		ctx.equal([...new Set(await ctx.texts('.rows tbody td:nth-child(6)'))], ['font']);
		await ctx.click('.filter .box ::-p-text(style)');
		await ctx.follow('.filter button');
		ctx.must(ctx.where().includes('type=style'), ctx.where());
		ctx.equal([...new Set(await ctx.texts('.rows tbody td:nth-child(6)'))].sort(), ['font', 'style']);
		await ctx.follow('.rows thead th:nth-child(3) a');
		ctx.must(ctx.where().includes('sort=host') && ctx.where().includes('type=font'), ctx.where());
	});

	/* Hostile words in every field stay words. */
	await ctx.go(`/c/${ctx.facts.cases.nasty}/x?from=100`);
	ctx.equal(await ctx.count('.rows tbody tr'), 100, 'nasty rows');
	await ctx.narrow('rows-nasty');
	ctx.equal(await ctx.page.evaluate(() => window.pwned), undefined);

	/* Numbers as the reader's language has them: here one with digits of its own. Times stay UTC, and say on top of it when
	 * that was for the reader. */
	await ctx.page.evaluateOnNewDocument(() => Object.defineProperty(navigator, 'language', { get: () => 'ar-EG' }));
	await ctx.go(x);
	ctx.equal((await ctx.texts('.turns p'))[0], '\u0661 to \u0661\u0660\u0660 of \u0663\u0664\u0660', 'numbers');
	const times = await ctx.page.$$eval('time[datetime]', (list) => list.map((t) => [t.textContent, t.title,
		`${t.dateTime.replace('T', ' ').slice(0, -1)} UTC`,
		new Intl.DateTimeFormat('ar-EG', { dateStyle: 'full', timeStyle: 'long' }).format(new Date(t.dateTime))]));
	ctx.must(times.length > 0, 'times');
	for (const [text, title, utc, local] of times)
		ctx.equal([text, title], [utc, local], 'a time');
};
