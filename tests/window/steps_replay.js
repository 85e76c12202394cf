/* A trail is walked again offline, served to another browser, and about to be opened once more. */
'use strict';

/* It was loaded anew, by itself, when there was nothing more to come. */
const over = () => document.querySelector('#job-state') && !document.querySelector('[data-listen]');

exports.run = async (ctx) => {
	const trail = `/c/${ctx.facts.cases.demo}/t/1.1`;
	await ctx.go(`${trail}/replay`);
	await ctx.page.select('form[action$="/replay"] select[name=browser]', 'none');
	await ctx.follow('#replay');
	await ctx.waitFor(over);
	ctx.must((await ctx.text('.outcome')).includes('It led the same way, over 9 hops.'), 'the same');
	await ctx.axe('replayed');

	await ctx.go(`${trail}/replay`);
	await ctx.follow('#serve');
	await ctx.waitFor('.outcome .address');
	ctx.must(/^127\.0\.0\.1:[0-9]+$/.test(await ctx.text('.outcome .address')), 'its address');
	await ctx.follow('#stop');
	await ctx.waitFor(over);
	ctx.equal(await ctx.text('#job-state .badge'), 'done', 'it ended in order');

	await ctx.go(`${trail}/again`);
	ctx.equal(await ctx.page.$eval('select[name=browser]', (e) => e.value), 'none', 'as the first time');
};
exports.everywhere = true;
