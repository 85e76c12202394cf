/* Search over all cases. */
'use strict';

exports.run = async (ctx) => {
	await ctx.go('/');
	await ctx.press('/');
	await ctx.waitFor('.search-box');
	ctx.equal(ctx.where(), '/search');
	await ctx.waitFor(() => document.activeElement.name === 'q'); /* autofocus */
	await ctx.type('adspin.example');
	await ctx.follow(() => ctx.press('Enter'));
	ctx.equal(ctx.where(), '/search?q=adspin.example');
	ctx.must((await ctx.texts('.finds .clue')).includes('Host'), 'found by host');
	ctx.must((await ctx.texts('.finds mark')).every((t) => /adspin\[\.\]example/.test(t)), 'marked');
	await ctx.axe('search');
	const hop = await ctx.page.$eval('.finds a', (a) => a.getAttribute('href'));
	ctx.must(/^\/c\/\d+\/t\/\d+\.1\/h\/\d+$/.test(hop), `leads to a hop: ${hop}`);

	/* What is shown may be pasted back. */
	await ctx.go('/search?q=' + encodeURIComponent('hxxps://s[.]adspin[.]example/'));
	ctx.must(await ctx.count('.finds li') > 0, 'as it is shown');
	/* Nothing, and why. */
	await ctx.go('/search?q=no-such-host.example');
	ctx.must((await ctx.text('[role=status]')).startsWith('0 finds in'), 'nothing');
	ctx.must((await ctx.text('main')).includes('at least 8 hex digits'), 'what was not looked for');
	/* In one case alone, from its page. */
	await ctx.go(`/c/${ctx.facts.cases.rows}`);
	await ctx.fill('.ways [name=q]', 'cdn2');
	await ctx.follow(() => ctx.press('Enter'));
	ctx.must((await ctx.text('main')).includes('In no trail of'), 'beside all trails');
	await ctx.noScript(async () => {
		await ctx.go('/search');
		await ctx.fill('[name=q]', 'adspin');
		await ctx.follow('.search-box button');
		ctx.must(await ctx.count('.finds li') > 0, 'without script');
	});
	/* Hostile words. */
	await ctx.go('/search?q=nasty.example');
	await ctx.narrow('search-nasty');
	ctx.equal(await ctx.page.evaluate(() => window.pwned), undefined);
};
