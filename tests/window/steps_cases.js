/* The first page: cases, and the newest trails of all. */
'use strict';

exports.run = async (ctx) => {
	ctx.equal(await ctx.text('h1'), 'Cases');
	await ctx.axe('cases');
	await ctx.noScript(async () => {
		await ctx.go('/');
		ctx.equal(await ctx.text('h1'), 'Cases');
	});
};
