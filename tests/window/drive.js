/*
 * Drives the window in a real browser as a person would: opens the printed address, runs each step
 * file in a tab of its own, and complains of all that nobody clicked for: what the console warns
 * of, errors of scripts, violations of the page's policy, dialogs, and each request to anywhere
 * but the window itself.
 *
 *   node drive.js firefox|chromium <the window's address, with its token> <step files...>
 *
 * WINDOW_FACTS: JSON, handed to the steps as ctx.facts. WINDOW_SHOTS: a folder for screenshots;
 * without it none are taken. A step file has `exports.run = async (ctx) => {...}`; `Steps` below
 * is what ctx can do. Every file is run in Chromium, but those that say `exports.soak = true`; in
 * Firefox those that say `exports.everywhere = true`; and all where CLICKTRAIL_SOAK is set. stderr
 * says what went wrong, stdout how long each file took; exit 1 if anything did.
 */
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');
const puppeteer = require('puppeteer-core');

/* Against what hangs: a busy machine is several times slower than a quiet one. */
const STEP_MS = (process.env.CLICKTRAIL_SOAK ? 900 : 240) * 1000; /* of one file */
const WAIT_MS = 60 * 1000; /* of one thing that has to appear */
const FAULTS_MAX = 60; /* that are printed */
const WIDE = 1200, NARROW = 390, HEIGHT = 900;

const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

class Steps {
	constructor(browser, browserName, origin, file, faults) {
		Object.assign(this, { browser, browserName, origin, file, faults });
		this.facts = JSON.parse(process.env.WINDOW_FACTS || '{}');
		this.allowed = [];
		this.children = [];
		this.pages = [];
		this.heavy = Boolean(process.env.CLICKTRAIL_SOAK); /* ./dev soak: there is time */
		this.axeMs = 0;
	}

	/* ---- where ---- */

	async open(script) {
		this.page = await this.browser.newPage();
		this.pages.push(this.page);
		this.page.setDefaultTimeout(WAIT_MS);
		await this.page.setViewport({ width: WIDE, height: HEIGHT });
		this.watch(this.page);
		if (!script)
			await this.page.setJavaScriptEnabled(false);
		else
			await this.page.evaluateOnNewDocument(() =>
				document.addEventListener('securitypolicyviolation', (e) =>
					console.error(`policy: ${e.violatedDirective} forbids ${e.blockedURI || 'inline'}`)));
	}
	watch(page) {
		const fault = (words) => this.fault(`${words} (on ${page.url().replace(this.origin, '')})`);
		page.on('console', (m) => {
			if (['error', 'warn', 'warning', 'assert'].includes(m.type()))
				fault(`console ${m.type()}: ${m.text()}`);
		});
		page.on('pageerror', (e) => fault(`script error: ${e.message}`));
		page.on('request', (r) => {
			/* Firefox draws the marks of lists by a font that it carries in such an address. */
			const own = r.url() === 'about:blank' || (this.browserName === 'firefox' && r.url().startsWith('data:font/'));
			if (!own && !r.url().startsWith(`${this.origin}/`))
				fault(`a request to ${r.url().slice(0, 200)}`);
		});
		page.on('dialog', (d) => {
			fault(`dialog: ${d.message()}`);
			d.dismiss().catch(() => {});
		});
	}
	fault(words) {
		if (!this.allowed.some((a) => a.test(words)))
			this.faults.push(`${path.basename(this.file)}: ${words}`);
	}
	/* What this file provokes and is not to be complained of: /status of 404/. */
	allow(pattern) {
		this.allowed.push(pattern);
	}
	async go(where) {
		await this.page.goto(this.origin + where, { waitUntil: 'load' });
	}
	where() {
		return this.page.url().slice(this.origin.length);
	}
	async width(px) {
		await this.page.setViewport({ width: px, height: HEIGHT });
	}
	/* A tab whose pages run no script, for as long as `steps(ctx)` takes. Chromium alone can do it:
	 * elsewhere nothing happens. */
	async noScript(steps) {
		if (this.browserName !== 'chromium')
			return;
		const before = this.page;
		await this.open(false);
		this.plain = true; /* what waits by the page's own frames would wait for ever */
		await steps(this);
		await this.page.close();
		this.plain = false;
		this.page = before;
	}

	/* ---- what a person does ---- */

	/* Clicks what the selector finds (also "::-p-text(words)"), once it can be seen. */
	async click(selector) {
		await named(selector, this.plain ? this.page.click(selector) : this.page.locator(selector).click());
	}
	/* A click, or anything else that leads to another page. A page that marks its own place in the
	 * history is not another page: what was there before is waited to be gone. */
	async follow(selectorOrAct) {
		const act = typeof selectorOrAct === 'function' ? selectorOrAct : () => this.click(selectorOrAct);
		if (this.plain) {
			await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), act()]);
			return;
		}
		await this.page.evaluate(() => { window.followedFrom = true; });
		await act();
		await this.waitFor(() => !window.followedFrom && document.readyState === 'complete');
	}
	async press(key, times = 1) {
		for (let i = 0; i < times; i++)
			await this.page.keyboard.press(key);
	}
	/* Instead of what stands in the field. */
	async fill(selector, text) {
		if (this.plain) {
			await this.page.click(selector, { count: 3 });
			await this.page.keyboard.type(text);
			return;
		}
		await named(selector, this.page.locator(selector).fill(text));
	}
	async type(text) {
		await this.page.keyboard.type(text);
	}
	/* The program itself, beside the window: run(['demo', ...]). Its exit code; ended with us. */
	run(args) {
		return new Promise((done, failed) => {
			const child = spawn(this.facts.program, args, { stdio: 'ignore', cwd: this.facts.folder });
			this.children.push(child);
			child.on('error', failed);
			child.on('exit', (code) => done(code));
		});
	}

	/* ---- what a person sees ---- */

	async text(selector) {
		return (await this.page.$eval(selector, (e) => e.textContent)).replace(/\s+/g, ' ').trim();
	}
	async texts(selector) {
		const all = await this.page.$$eval(selector, (list) => list.map((e) => e.textContent));
		return all.map((t) => t.replace(/\s+/g, ' ').trim());
	}
	async count(selector) {
		return (await this.page.$$(selector)).length;
	}
	/* A selector that is to be visible, or a function that is to be true in the page. */
	async waitFor(what, ...args) {
		if (typeof what === 'string')
			await named(what, this.page.waitForSelector(what, { visible: true }));
		else
			await named(String(what), this.page.waitForFunction(what, { polling: 50 }, ...args));
	}
	/* The frame of such an address, once it is there: it may be loaded when it is first seen. */
	async frame(address) {
		for (const end = Date.now() + WAIT_MS; Date.now() < end;) {
			const found = this.page.frames().find((f) => address.test(f.url()));
			if (found)
				return found;
			await new Promise((done) => setTimeout(done, 50));
		}
		throw new Error(`no frame ${address}`);
	}
	/* The selector of what has the focus, as far as an id or a name tells. */
	async focused() {
		return this.page.evaluate(() => {
			const e = document.activeElement;
			return e.id ? `#${e.id}` : e.name ? `[name=${e.name}]` : e.localName;
		});
	}
	must(good, words) {
		if (!good)
			throw new Error(words);
	}
	equal(got, want, words) {
		const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
		if (a !== b)
			throw new Error(`${words || 'not as it should be'}: ${a.slice(0, 600)}, not ${b.slice(0, 600)}`);
	}
	async screenshot(name, whole = true) {
		if (process.env.WINDOW_SHOTS)
			await this.page.screenshot({
				path: path.join(process.env.WINDOW_SHOTS, `${name}-${this.browserName}.png`),
				fullPage: whole,
			});
	}
	/* The page is good for everybody: nothing serious for axe-core, in light, in dark (its colours:
	 * the rest is the same) and on a telephone, and nothing wider than that telephone. With
	 * screenshots of the three. In Firefox once, and only where there is time: it finds the same. */
	async axe(name) {
		if (this.browserName !== 'chromium') {
			await this.screenshot(`${name}-light-${WIDE}`);
			if (this.heavy)
				await this.axeOnce(name, 'light', WIDE);
			return;
		}
		for (const [scheme, width] of [['light', WIDE], ['dark', WIDE], ['light', NARROW]]) {
			await this.width(width);
			await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
			await this.screenshot(`${name}-${scheme}-${width}`);
			await this.axeOnce(name, scheme, width);
		}
		await this.page.emulateMediaFeatures([]);
		await this.width(WIDE);
	}
	/* Nothing is wider than a telephone: axe looks at this, too. */
	async narrow(name) {
		await this.width(NARROW);
		await this.screenshot(`${name}-${NARROW}`);
		await this.fits(name, NARROW);
		await this.width(WIDE);
	}
	async fits(name, width) {
		const over = await this.page.evaluate(() =>
			document.documentElement.scrollWidth - document.documentElement.clientWidth);
		if (over > 0)
			this.fault(`${name}: ${over} px wider than a window of ${width}`);
	}
	async axeOnce(name, scheme, width) {
		/* The policy forbids the page to evaluate text: this goes by the automation's door. */
		if (!await this.page.evaluate(() => Boolean(window.axe)))
			await this.page.evaluate(axeSource);
		const started = Date.now();
		const colours = scheme === 'dark' ? { runOnly: ['color-contrast'] } : {};
		const found = await this.page.evaluate(async (only) => {
			const result = await window.axe.run(document, { resultTypes: ['violations'], ...only });
			return result.violations
				.filter((v) => v.impact === 'serious' || v.impact === 'critical')
				.map((v) => `${v.id} (${v.impact}), ${v.nodes.length} times: ${v.nodes[0].html.slice(0, 200)} ` +
					`${(v.nodes[0].failureSummary || '').replace(/\s+/g, ' ').slice(0, 200)}`);
		}, colours);
		this.axeMs += Date.now() - started;
		for (const words of found)
			this.fault(`axe on ${name}, ${scheme} ${width}: ${words}`);
		await this.fits(`${name}, ${scheme}`, width);
	}

	async close() {
		for (const child of this.children)
			if (child.exitCode === null && child.signalCode === null)
				child.kill('SIGTERM');
		for (const page of this.pages)
			await page.close().catch(() => {});
	}
}

/* What was waited for stands in the complaint. */
function named(what, promise) {
	return promise.catch((e) => {
		throw new Error(`${what}: ${e.message}`);
	});
}

function limited(promise, ms) {
	let timer;
	const late = new Promise((_, fail) => {
		timer = setTimeout(() => fail(new Error(`not over after ${ms / 1000} s`)), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function runFile(browser, browserName, address, file, faults) {
	const ctx = new Steps(browser, browserName, new URL(address).origin, file, faults);
	const started = Date.now();
	try {
		await limited((async () => {
			await ctx.open(true);
			/* By the door: the token is in the fragment, and leads to the first page. */
			await ctx.page.goto(address, { waitUntil: 'load' });
			await ctx.waitFor(() => !document.querySelector('form.door'));
			await ctx.go('/');
			await require(path.resolve(file)).run(ctx);
		})(), STEP_MS);
	} catch (e) {
		const own = String(e.stack).split('\n').find((l) => l.includes(path.basename(file))) || '';
		faults.push(`${path.basename(file)}: ${e.message} (on ${ctx.page ? ctx.where() : 'no page'})${own}`);
		await limited(ctx.screenshot(`fault-${path.basename(file, '.js')}`), 5000).catch(() => {});
	}
	await limited(ctx.close(), 5000).catch(() => {});
	const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
	console.log(`${path.basename(file)} ${browserName} ${seconds(Date.now() - started)}` +
		`${ctx.axeMs > 0 ? `, axe ${seconds(ctx.axeMs)}` : ''}`);
}

/* A fresh profile; and nothing but the window can be reached: all else is sent to a proxy where
 * nobody listens. */
function launch(browserName, profile) {
	if (browserName === 'firefox')
		return puppeteer.launch({
			browser: 'firefox',
			executablePath: '/usr/bin/firefox-esr',
			headless: true,
			userDataDir: profile,
			extraPrefsFirefox: {
				'network.proxy.type': 1,
				'network.proxy.http': '127.0.0.1',
				'network.proxy.http_port': 9,
				'network.proxy.ssl': '127.0.0.1',
				'network.proxy.ssl_port': 9,
				'network.captive-portal-service.enabled': false,
				'network.connectivity-service.enabled': false,
				'ui.prefersReducedMotion': 1,
			},
		});
	return puppeteer.launch({
		browser: 'chrome',
		executablePath: '/usr/bin/chromium',
		headless: true,
		userDataDir: profile,
		args: ['--no-sandbox', '--disable-gpu', '--proxy-server=http://127.0.0.1:9', '--force-prefers-reduced-motion'],
	});
}

(async () => {
	const [browserName, address, ...files] = process.argv.slice(2);
	const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'window-drive-'));
	const faults = [];
	const browser = await launch(browserName, profile);
	try {
		const soak = Boolean(process.env.CLICKTRAIL_SOAK);
		const wanted = (s) => soak || (!s.soak && (browserName === 'chromium' || s.everywhere));
		for (const file of files.filter((f) => wanted(require(path.resolve(f)))))
			await runFile(browser, browserName, address, file, faults);
	} finally {
		await limited(browser.close(), 10000).catch(() => browser.process() && browser.process().kill('SIGKILL'));
		fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
	}
	for (const words of faults.slice(0, FAULTS_MAX))
		console.error(words);
	if (faults.length > FAULTS_MAX)
		console.error(`and ${faults.length - FAULTS_MAX} more`);
	process.exitCode = faults.length > 0 ? 1 : 0;
})().catch((e) => {
	console.error(e);
	process.exit(1);
});
