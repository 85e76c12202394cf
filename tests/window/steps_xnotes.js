/* Notes: on a hop, on a trail, and all of a case; what somebody wrote is text. */
'use strict';

exports.run = async (ctx) => {
	const c = `/c/${ctx.facts.cases.demo}`;
	const trail = `${c}/t/1.1`;

	/* A note on a hop: it is there at once, in whose name, and is shown as text. */
	await ctx.go(`${trail}/h/2`);
	await ctx.fill('#hop-remarks textarea', '-x <b>Here</b> it turns\nfor eve.novak@mail.example');
	await ctx.follow('#hop-remarks .remark-form button');
	ctx.equal(ctx.where(), `${trail}/h/2#hop-remarks`);
	ctx.must((await ctx.text('#hop-remarks .remark')).includes('-x <b>Here</b> it turns'), 'the note');
	ctx.equal(await ctx.count('#hop-remarks .remark b'), 0, 'markup of a note');
	await ctx.axe('hop-notes');

	/* The trail that matters. */
	await ctx.go(trail);
	await ctx.follow('.actions form[action$="/mark"] button');
	ctx.must((await ctx.text('#remarks')).includes('Mark '), 'the mark');
	ctx.equal(await ctx.text('.actions form[action$="/mark"] button'), 'Take its mark away');
	await ctx.follow('.actions form[action$="/mark"] button');
	ctx.must(!(await ctx.text('#remarks')).includes('Mark '), 'no mark any more');
	await ctx.follow('.actions form[action$="/mark"] button');

	/* All of them; one is taken back, without script. */
	await ctx.go(`${c}/remarks`);
	const there = await ctx.count('.remark-all > li');
	ctx.must(there >= 2, 'notes');
	await ctx.axe('notes');
	await ctx.noScript(async () => {
		await ctx.go(`${trail}/h/2`);
		const notes = await ctx.count('#hop-remarks .remark');
		await ctx.follow('#hop-remarks .remark-withdraw button');
		ctx.equal(await ctx.count('#hop-remarks .remark'), notes - 1, 'withdrawn');
		await ctx.go(`${c}/remarks`);
		ctx.equal(await ctx.count('.remark-all > li'), there, 'what was withdrawn stays');
		ctx.equal(await ctx.count('li.withdrawn'), 1, 'and says so');
	});
};
