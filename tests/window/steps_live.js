/* A session's page waits for its session, and shows each hop while it is recorded. */
'use strict';

const rows = '.way-row:not(.way-next)';

exports.run = async (ctx) => {
	/* The session that comes next: its page waits for it. */
	const live = `/c/${ctx.facts.cases.live}`;
	await ctx.go(`${live}/newest`);
	const next = Number(/\/s\/(\d+)$/.exec(ctx.where())[1]) + 1;
	await ctx.go(`${live}/s/${next}`);
	await ctx.waitFor('.trail-live.on');
	const demo = ctx.run(['demo', '--browser', 'none', '--case', ctx.facts.paths.live]);
	await ctx.waitFor(rows);
	const first = await ctx.count(rows);
	ctx.equal(await demo, 0, 'the demo');
	await ctx.waitFor(() => !document.querySelector('.trail-live.on'));
	const heard = await ctx.texts(rows);
	ctx.must(heard.length >= first && heard.length > 1, `${heard.length} hops, of ${first} at first`);
	ctx.must((await ctx.text('.trail-live b')).startsWith('Ended: '), 'it ended');
	await ctx.axe('session');
	await ctx.go(`${live}/t/${next}.1`);
	ctx.equal(await ctx.texts(rows), heard, 'heard and shown');
};

/* Other steps see most of it: for whoever has time. */
exports.soak = true;
