/* Two runs are compared, and what can be done with a case is done to one. */
'use strict';

/* It was loaded anew, by itself, when there was nothing more to come. */
const over = () => document.querySelector('#job-state') && !document.querySelector('[data-listen]');

async function compares(ctx) {
	await ctx.go('/compare');
	await ctx.page.select('#pick-a', `${ctx.facts.cases.demo}:1.1`);
	await ctx.page.select('#pick-b', `${ctx.facts.cases.nasty}:1.1`);
	await ctx.follow('form.picker button');
	ctx.must((await ctx.text('#verdict')).includes('They part at'), 'they part');
	await ctx.click('#verdict .lead a');
	ctx.equal(await ctx.count('tr:target.differs'), 1, 'the row where they part');
	await ctx.go(`/compare?a=${ctx.facts.cases.demo}:1.1&b=${ctx.facts.cases.demo}:1.1`);
	ctx.must((await ctx.text('#verdict')).includes('Both led the same way, over 9 hops.'), 'the same');
	await ctx.axe('compared');
}

exports.run = async (ctx) => {
	const at = `/c/${ctx.facts.cases.demo}`;
	await compares(ctx);
	await ctx.go(`${at}/do`);
	await ctx.axe('do');
	await ctx.follow(`form[action="${at}/verify"] button`);
	await ctx.waitFor(over);
	ctx.must((await ctx.text('#job-output')).includes('the seal holds'), 'verified');
	await ctx.go(`${at}/lookup`);
	await ctx.axe('lookup');
	/* Closing needs a word. */
	await ctx.go(`${at}/close`);
	await ctx.click('form.ask button');
	ctx.equal(ctx.where(), `${at}/close`);
};
