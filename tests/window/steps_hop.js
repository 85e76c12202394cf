/* One hop: every panel by clicking, the same without script, and what its body can do: nothing. */
'use strict';

const PANELS = ['why', 'request', 'response', 'cookies', 'body', 'cues', 'tls', 'certificates', 'packets'];

exports.run = async (ctx) => {
	const trail = `/c/${ctx.facts.cases.demo}/t/1.1`;
	await ctx.go(`${trail}/h/7`);
	ctx.must((await ctx.text('#hop-title')).startsWith('Hop 7'), 'the hop');
	ctx.equal(await ctx.text('#hop-detail [aria-current]'), 'Why');

	/* The exact address can be copied, and stands nowhere as a link; so can a hash. */
	ctx.equal(await ctx.texts('.hop-copy button'), ['Copy defanged', 'Copy exact', 'Copy as curl']);
	const exact = await ctx.page.$eval('.hop-url', (e) => e.dataset.exact);
	ctx.must(/^https:\/\/gate\.cleanvisit\.example\/v\?k=[0-9a-f]+$/.test(Buffer.from(exact, 'hex').toString()), exact);
	await ctx.go(`${trail}/h/7?show=body`);
	ctx.equal(await ctx.count('code + button.copy'), 1, 'the hash of the body');
	await ctx.go(`${trail}/h/7`);

	/* Panels change in place, the address goes along, and the focus stays on what was clicked. */
	await ctx.page.evaluate(() => { window.same = true; });
	for (const panel of PANELS) {
		await ctx.click(`#hop-tab-${panel}`);
		await ctx.waitFor((p) => location.search === `?show=${p}`, panel);
		ctx.equal(await ctx.count(`#hop-tab-${panel}[aria-current]`), 1, panel);
		ctx.must(ctx.where().endsWith(`/h/7?show=${panel}`), ctx.where());
		ctx.equal(await ctx.focused(), `#hop-tab-${panel}`, 'focus');
		ctx.equal(await ctx.count('#hop-detail'), 1);
	}
	ctx.must(await ctx.page.evaluate(() => window.same), 'the page was not loaded anew');
	await ctx.page.goBack();
	await ctx.waitFor(() => document.querySelector('#hop-tab-certificates[aria-current]') !== null);

	/* To the next hop and back, with the panel kept. */
	await ctx.click('#hop-detail a[rel=next]');
	await ctx.waitFor(() => document.getElementById('hop-title').textContent.startsWith('Hop 8'));
	ctx.must(ctx.where().endsWith('/h/8?show=certificates'), ctx.where());
	await ctx.click('#hop-detail a[rel=prev]');
	await ctx.waitFor(() => document.getElementById('hop-title').textContent.startsWith('Hop 7'));

	/* The cue that moved the browser is marked in its place, and its entry leads there. */
	await ctx.click('#hop-tab-cues');
	await ctx.waitFor('mark.cue-moved');
	ctx.must((await ctx.text('mark.cue-moved .cue-label')).startsWith('meta refresh'), 'its label');
	await ctx.click('.hop-cues-list a[href^="#cue-"]');
	ctx.equal(await ctx.page.evaluate(() => location.hash), '#cue-1');

	/* Each panel is good for everybody. */
	for (const panel of ['why', 'response', 'body', 'cues', 'certificates']) {
		await ctx.go(`${trail}/h/7?show=${panel}`);
		await ctx.axe(`hop-${panel}`);
	}

	/* Everything by links alone. */
	await ctx.noScript(async () => {
		await ctx.go(`${trail}/h/7`);
		for (const panel of PANELS) {
			await ctx.follow(`#hop-tab-${panel}`);
			ctx.equal(await ctx.count(`#hop-tab-${panel}[aria-current]`), 1, panel);
		}
		await ctx.go(`${trail}/h/7?show=body`);
		await ctx.follow('::-p-text(Hex)');
		ctx.must((await ctx.text('.hop-hex')).startsWith('00000000 3c'), 'hex');
		await ctx.follow('#hop-detail a[rel=next]');
		ctx.must(ctx.where().endsWith('/h/8?show=body'), ctx.where());
	});

	/* Hostile words in every field, and in bodies, stay words. */
	for (const n of ctx.heavy ? [40, 333] : [333]) {
		for (const panel of ['why', 'body', 'cues', 'certificates'])
			await ctx.go(`/c/${ctx.facts.cases.nasty}/t/1.1/h/${n}?show=${panel}`);
		ctx.equal(await ctx.page.evaluate(() => window.pwned), undefined);
	}
};
exports.everywhere = true;
