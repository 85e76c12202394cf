/*
 * Reads HTML reports as strict readers do: parse5 must meet no parse error (HTML 13.2.2), and
 * html-validate none of its standard's rules broken. With --axe BROWSER as the first arguments
 * axe-core looks at each file in that Chromium, light and dark, wide and narrow. JSON on one
 * line.
 */
'use strict';
const fs = require('fs');
const parse5 = require('parse5');

function parseErrors(text) {
	const errors = [];
	parse5.parse(text, { onParseError: (e) => errors.push(`${e.code} at ${e.startLine}:${e.startCol}`) });
	return errors.slice(0, 20);
}

function rules(text) {
	const { HtmlValidate } = require('html-validate');
	const validate = new HtmlValidate({ extends: ['html-validate:standard'], elements: ['html5'] });
	const found = [];
	for (const result of validate.validateStringSync(text).results)
		for (const m of result.messages)
			found.push(`${m.ruleId} at ${m.line}:${m.column}: ${m.message}`);
	return found.slice(0, 20);
}

async function axe(path, home, file) {
	const puppeteer = require('puppeteer-core');
	const source = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
	const browser = await puppeteer.launch({
		executablePath: path,
		headless: true,
		userDataDir: `${home}/axe`,
		args: ['--no-sandbox', '--disable-gpu'],
	});
	const found = [];
	for (const [scheme, width] of [['light', 1000], ['dark', 390]]) {
		const page = await browser.newPage();
		await page.setBypassCSP(true); /* for axe's own script */
		await page.setViewport({ width, height: 900 });
		await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
		await page.goto(`file://${file}`);
		await page.evaluate(source);
		const result = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
		for (const v of result.violations)
			found.push(`${scheme} ${width}: ${v.id} (${v.impact}), ${v.nodes.length} times: ` +
				v.nodes[0].html.slice(0, 160));
		await page.close();
	}
	await browser.close();
	return found;
}

(async () => {
	let args = process.argv.slice(2), browser = null, home = null;
	if (args[0] === '--axe')
		[, browser, home, ...args] = args;
	const all = [];
	for (const file of args) {
		const text = fs.readFileSync(file, 'utf8');
		all.push({
			file,
			parse: parseErrors(text),
			rules: text.length < 3000000 ? rules(text) : [],
			axe: browser !== null ? await axe(browser, home, file) : [],
		});
	}
	console.log(JSON.stringify(all));
})().catch((e) => {
	console.error(e);
	process.exit(1);
});
