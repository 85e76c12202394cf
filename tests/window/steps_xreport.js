/* Reports: a hop is annotated, what would go out is looked at, and it is made. */
'use strict';

exports.run = async (ctx) => {
	const c = `/c/${ctx.facts.cases.demo}`;
	const trail = `${c}/t/1.1`;

	await ctx.go(`${trail}/h/2`);
	await ctx.fill('#hop-remarks textarea', 'See <b>this</b>,\nfor eve.novak@mail.example');
	await ctx.follow('#hop-remarks .remark-form button');

	/* What would go out: tags, no reader, and the original beside it. */
	await ctx.go(`${trail}/report`);
	await ctx.axe('report-form');
	ctx.equal(await ctx.page.$eval('[name=disclose_own_token]', (i) => i.disabled), true, 'for everybody');
	await ctx.click('[name=party][value="2"]');
	ctx.equal(await ctx.page.$eval('[name=disclose_own_token]', (i) => i.disabled), false, 'for one');
	await ctx.click('[name=format][value=html]');
	await ctx.follow('.report button[value=preview]');
	await ctx.waitFor('.paper mark.tag');
	const paper = await ctx.text('.paper');
	ctx.must(paper.includes('See <b>this</b>'), 'the note goes out');
	ctx.must(!paper.includes('eve.novak') && !paper.includes('eve[.]novak'), 'a reader goes out');
	ctx.must(await ctx.count('.replaced li') > 3, 'what was replaced');
	ctx.equal(await ctx.page.$eval('[name=party]:checked', (i) => i.value), '2', 'the choice is kept');
	await ctx.click('.beside summary');
	await ctx.waitFor('.beside-lines mark.was');
	ctx.must((await ctx.text('.beside-lines')).includes('eve[.]novak'), 'what stood there');
	await ctx.axe('report-preview');

	/* Made, and handed out as a file. */
	await ctx.follow('.preview button[value=make]');
	ctx.must(/\/reports\/\d+$/.test(ctx.where()), ctx.where());
	ctx.equal(await ctx.text('h1'), 'The report is made');
	await ctx.screenshot('report-made');
	const [name, type] = await ctx.page.$eval('a.download', async (a) => {
		const answer = await fetch(a.href);
		return [a.textContent, answer.headers.get('content-disposition')];
	});
	ctx.must(/-trail-1\.1-party-2-.*\.html$/.test(name), name);
	ctx.must(type.startsWith('attachment'), type);
	await ctx.go(`${c}/reports`);
	ctx.equal(await ctx.count('a[href*="/reports/"]'), 1, 'made here');
	await ctx.screenshot('reports');

	/* What cannot be made says why, and the form is still filled in. */
	await ctx.go(`${trail}/report`);
	await ctx.click('[name=format][value=eml]');
	ctx.allow(/status of 422/);
	await ctx.follow('.report button[value=make]');
	ctx.must((await ctx.text('.warning')).includes('--party'), 'why not');
	ctx.equal(await ctx.page.$eval('[name=format]:checked', (i) => i.value), 'eml');

	/* All of it without script. */
	await ctx.noScript(async () => {
		await ctx.go(`${trail}/report`);
		await ctx.follow('.report button[value=preview]');
		ctx.must(await ctx.count('.paper mark.tag') > 0, 'tags');
		await ctx.follow('.preview button[value=make]');
		ctx.equal(await ctx.text('h1'), 'The report is made');
	});
};
exports.everywhere = true;
