/*
 * Opens a WACZ file in ReplayWeb.page, in a real Chromium, and walks it.
 *
 *   node wacz_walk.js FILE.wacz CHROMIUM SECONDS TEXT...
 *
 * Serves the reader and the file on a loopback port with Range, as a web server would, and opens the pages of
 * pages/pages.jsonl at their times, one after the other, each when the walk from the one before has come to a standstill,
 * until a document of the replay shows every TEXT. Prints the pages that it opened ("open url") and the documents that were
 * replayed on the way ("status url"), then "landed url". Exit 1 and a reason if it does not come to that, or if the browser
 * asked for anything but this server.
 */
"use strict";
const fs = require("fs");
const http = require("http");
const os = require("os");
const path = require("path");
const puppeteer = require("puppeteer-core");

const [file, chromium, seconds, ...texts] = process.argv.slice(2);
const ui = path.join(process.env.NODE_PATH, "replaywebpage");
const page_html = `<!doctype html><meta charset=utf-8><title>replay</title>
<script src="/ui.js"></script>
<replay-web-page source="/case.wacz" url="URL" ts="TS" embed="replayonly" replayBase="/replay/" coll="c"></replay-web-page>`;

const STILL_MS = 5000; /* without a document being loaded */

function pages_of() {
	const read = require("child_process").execFileSync("7z", ["x", "-so", file, "pages/pages.jsonl"], { encoding: "utf8" });
	return read.trim().split("\n").slice(1).map(JSON.parse).map((page) =>
		({ url: page.url, ts: page.ts.replace(/[-:.TZ]/g, "").slice(0, 17) }));
}

function send_file(request, response, name, type) {
	const size = fs.statSync(name).size;
	const head = { "Content-Type": type, "Accept-Ranges": "bytes", "Cache-Control": "no-store" };
	const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range || "");
	let from = 0, to = size - 1, status = 200;
	if (range) {
		from = Number(range[1]);
		to = range[2] === "" ? to : Math.min(Number(range[2]), to);
		head["Content-Range"] = `bytes ${from}-${to}/${size}`;
		status = 206;
	}
	head["Content-Length"] = to - from + 1;
	response.writeHead(status, head);
	if (request.method === "HEAD")
		return response.end();
	fs.createReadStream(name, { start: from, end: to }).pipe(response);
}

function html_of(page) {
	return page_html.replace("URL", page.url.replace(/&/g, "&amp;").replace(/"/g, "&quot;")).replace("TS", page.ts);
}

function serve(pages) {
	return http.createServer((request, response) => {
		const at = request.url.split("?")[0];
		if (at === "/case.wacz")
			return send_file(request, response, file, "application/wacz");
		if (at === "/ui.js" || at === "/replay/ui.js")
			return send_file(request, response, path.join(ui, "ui.js"), "text/javascript");
		if (at === "/replay/sw.js")
			return send_file(request, response, path.join(ui, "sw.js"), "text/javascript");
		if (/^\/page\/\d+$/.test(at) && pages[at.slice(6)])
			return response.writeHead(200, { "Content-Type": "text/html" }).end(html_of(pages[at.slice(6)]));
		response.writeHead(404).end();
	});
}

/* The replayed document that shows all texts; null. */
async function landed_in(tab) {
	for (const frame of tab.frames()) {
		if (!/\/w\//.test(frame.url()))
			continue;
		const text = await frame.evaluate(() => document.body ? document.body.innerText : "").catch(() => "");
		if (texts.every((t) => text.includes(t)))
			return frame.url();
	}
	return null;
}

async function follow(tab, own, pages, state) {
	const until = Date.now() + seconds * 1000;
	for (let n = 0; n < pages.length; n++) {
		state.seen.push("open " + pages[n].url);
		state.moved = null; /* the reader itself has to load first */
		await tab.goto(`http://${own}/page/${n}`, { waitUntil: "domcontentloaded" });
		while (Date.now() < until && (state.moved === null || Date.now() - state.moved < STILL_MS)) {
			const landed = await landed_in(tab);
			if (landed !== null)
				return landed;
			await new Promise((done) => setTimeout(done, 100));
		}
	}
	return null;
}

async function walk() {
	const pages = pages_of();
	const server = serve(pages);
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	const own = `127.0.0.1:${server.address().port}`;
	const home = fs.mkdtempSync(path.join(os.tmpdir(), "wacz-walk-"));
	const browser = await puppeteer.launch({ executablePath: chromium, headless: true, userDataDir: home,
		args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
			"--disable-component-update", "--no-first-run", "--disable-sync", "--disable-default-apps",
			"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
	const state = { seen: [], moved: 0 }, outside = [];
	let landed = null;
	try {
		const tab = await browser.newPage();
		tab.on("request", (r) => {
			if (/^https?:/.test(r.url()) && new URL(r.url()).host !== own)
				outside.push(r.url());
		});
		tab.on("response", (r) => {
			const replayed = /\/w\/[^/]+\/:[\w-]+\/\d*mp_\/(.+)$/.exec(r.url());
			if (replayed && r.request().isNavigationRequest()) {
				state.seen.push(`${r.status()} ${replayed[1]}`);
				state.moved = Date.now();
			}
		});
		if (process.env.WACZ_WALK_DEBUG)
			tab.on("console", (m) => console.error("console:", m.text()));
		landed = await follow(tab, own, pages, state);
		if (landed === null)
			for (const frame of tab.frames())
				console.error(`frame ${frame.url()}: ` + await frame.evaluate(() =>
					document.body ? document.body.innerText.slice(0, 300) : "").catch(String));
	} finally {
		await browser.close();
		server.close();
		fs.rmSync(home, { recursive: true, force: true });
	}
	console.log(state.seen.join("\n"));
	if (outside.length > 0)
		throw new Error("asked for outside: " + outside.join(" "));
	if (landed === null)
		throw new Error("none of the documents shows " + JSON.stringify(texts));
	console.log("landed " + landed.replace(/^.*?mp_\//, ""));
}

walk().catch((why) => {
	console.error(String(why));
	process.exit(1);
});
