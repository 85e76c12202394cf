/* A link is pasted, looked at and not opened; a mail is handed in; the demo is run and watched. */
'use strict';
const path = require('path');

const mail = path.join(__dirname, '..', 'mail', 'newsletter.eml');
const rows = '.way-row:not(.way-next)';

async function looks(ctx) {
	await ctx.go('/trace');
	ctx.equal(await ctx.text('h1'), 'Trace a link');
	await ctx.axe('trace');
	await ctx.fill('#link', 'hxxps://click[.]shop[.]example/c?e=ada%40mail.example&u=https%3A%2F%2Fshop.example%2Funsubscribe');
	await ctx.follow('form.trace-form button');
	ctx.must((await ctx.text('.look')).includes('that is undone'), 'the spelling is undone, and that is said');
	ctx.equal(await ctx.text('.look .url mark.recipient'), 'ada%40mail[.]example', 'the recipient is marked');
	ctx.must((await ctx.text('.look')).includes('take the recipient off a list'), 'it acts');
	/* All fields, unfolded. */
	await ctx.click('details.options > summary');
	await ctx.click('details.further > summary');
	await ctx.axe('trace-look');
	/* Without the word that it is meant, the browser does not even send it. */
	await ctx.click('#open');
	ctx.equal(ctx.where(), '/trace/look');
	/* A mistake comes back with what was typed. */
	await ctx.click('input[name=sure]');
	await ctx.fill('input[name=timezone]', 'Mars/Olympus');
	ctx.allow(/status of 400/);
	await ctx.follow('#open');
	ctx.must((await ctx.text('[role=alert]')).includes('Mars/Olympus'), 'the mistake is named');
	ctx.equal(await ctx.page.$eval('input[name=timezone]', (e) => e.value), 'Mars/Olympus');
}

async function mails(ctx) {
	await ctx.go('/trace');
	const file = await ctx.page.$('#file');
	await ctx.follow(() => file.uploadFile(mail));
	ctx.equal(await ctx.text('h1'), 'Which link shall be opened?');
	ctx.equal(await ctx.count('.mail-link'), 10);
	await ctx.axe('trace-mail');
	await ctx.follow('a[href$="/1"].act');
	ctx.must(await ctx.page.$eval('input[name=sure]', (e) => e.required), 'a link that may act needs a word');
	await ctx.axe('trace-mail-link');
}

/* Dropped on the page, as from a folder. */
async function drops(ctx) {
	await ctx.go('/trace');
	await ctx.follow(() => ctx.page.evaluate(() => {
		const given = new DataTransfer();
		given.items.add(new File(['Subject: x\r\n\r\nhttps://shop.example/one\r\n'], 'dropped.eml'));
		for (const type of ['dragenter', 'dragover', 'drop'])
			document.querySelector('h1').dispatchEvent(
				new DragEvent(type, { dataTransfer: given, bubbles: true, cancelable: true }));
	}));
	ctx.must((await ctx.text('main')).includes('dropped.eml'), 'the dropped file is listed');
	ctx.equal(await ctx.count('.mail-link'), 1);
}

/* What the landing page looked like is there to be seen, small: of more than one colour, and of
 * another origin than the window's. */
async function picture(ctx) {
	await ctx.waitFor('.trail-picture iframe');
	await ctx.page.$eval('.trail-picture .shot', (e) => e.scrollIntoView({ block: 'center' }));
	const frame = await ctx.frame(/\/c\/\d+\/a\/\d+\?trail=/);
	await frame.waitForFunction(() => document.images.length === 1 && document.images[0].complete, { polling: 50 });
	ctx.equal(await frame.evaluate(() => [document.images[0].naturalWidth, window.origin]), [1920, 'null'], 'the picture');
	const png = await (await ctx.page.$('.trail-picture .shot')).screenshot();
	ctx.must(png.length > 6000, `the picture is painted: ${png.length} bytes`);
	await ctx.screenshot('trail-picture', false);
}

async function demo(ctx) {
	await ctx.go('/trace');
	/* The real one: Firefox, in its sandbox. */
	await ctx.follow('#run-demo');
	ctx.must(/^\/c\/[0-9]+\/newest$/.test(ctx.where()), `at the new case: ${ctx.where()}`);
	await ctx.waitFor((s) => document.querySelector(s), rows);
	const first = await ctx.count(rows);
	await ctx.waitFor(([s, n]) => document.querySelectorAll(s).length > n, [rows, first]);
	await ctx.waitFor(() => !document.querySelector('.trail-live.on'));
	ctx.equal(await ctx.count(rows), 18, 'the lab\'s steps');
	/* Nobody scrolled: the newest hop was kept in sight all the way, with what came below it. */
	await ctx.waitFor(() => window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 60);
	ctx.equal(await ctx.count('.session-do a[href$="/report"]'), 1, 'what to do next');
	const trail = ctx.where().replace(/s\/1$/, 't/1.1');
	await ctx.go('/jobs');
	ctx.must((await ctx.text('#jobs tbody tr')).includes('The demo'), 'it stands in the list');
	await ctx.axe('jobs');
	await ctx.follow('#jobs tbody a');
	ctx.must((await ctx.text('.job-command')).startsWith('clicktrail demo --browser=firefox --case='), 'the line to repeat it');
	await ctx.waitFor(() => document.querySelector('#job-state') && !document.querySelector('[data-listen]'));
	await ctx.axe('job');
	/* Now its case is sealed, and pages stay as they are. */
	await ctx.go(trail);
	await picture(ctx);
}

exports.run = async (ctx) => {
	await looks(ctx);
	await mails(ctx);
	await drops(ctx);
	await ctx.noScript(async () => {
		await ctx.go('/trace');
		await ctx.fill('#link', 'www.example.com/x');
		await ctx.follow('form.trace-form button');
		ctx.must((await ctx.text('.look')).includes('It had no scheme'), 'looked at without script');
	});
	await demo(ctx);
};
exports.everywhere = true;
