/* Does all that the driver has to complain of: so it said nothing because there was nothing. */
'use strict';

exports.run = async (ctx) => {
	ctx.page.setDefaultTimeout(1000);
	await ctx.page.evaluate(() => {
		console.warn('control warns');
		setTimeout(() => { throw new Error('control throws'); });
		fetch('http://127.0.0.1:54321/control').catch(() => {});
		const styled = document.createElement('p');
		styled.setAttribute('style', 'color: #777');
		styled.innerHTML = '<img src="https://control.example/x.png">';
		document.querySelector('main').appendChild(styled);
	});
	await ctx.page.evaluate(() => alert('control asks'));
	await ctx.page.evaluate(() => {
		document.querySelector('main').innerHTML = '<input><img src="/icon.svg"><svg width="2000" height="4"></svg>';
	});
	ctx.heavy = true; /* in every browser */
	await ctx.axe('control');
	await ctx.page.evaluate(() => { location = 'http://127.0.0.1:54321/leaves'; });
	await ctx.click('#control-is-not-there');
};
exports.everywhere = true;
