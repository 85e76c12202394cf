/*
 * Imports a HAR file with the importer of a real Chromium's own DevTools: node devtools_har.js HAR CHROMIUM
 *
 * Opens the DevTools front-end that the browser carries and gives its HAR model the file, as its network panel does with
 * "Import HAR file". Prints a line per request; exit 1 and what is wrong if they are not the entries.
 */
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const puppeteer = require("puppeteer-core");

const [file, chromium] = process.argv.slice(2);
const text = fs.readFileSync(file, "utf8");

async function main() {
	const home = fs.mkdtempSync(path.join(os.tmpdir(), "devtools-har-"));
	const browser = await puppeteer.launch({ executablePath: chromium, headless: true, userDataDir: home,
		args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
			"--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"] });
	let rows;
	try {
		const tab = await browser.newPage();
		await tab.goto("devtools://devtools/bundled/devtools_app.html", { waitUntil: "domcontentloaded" });
		rows = await tab.evaluate(async (har) => {
			const HAR = await import("devtools://devtools/bundled/models/har/har.js");
			const root = new HAR.HARFormat.HARRoot(JSON.parse(har));
			const requests = HAR.Importer.Importer.requestsFromHARLog(root.log);
			return Promise.all(requests.map(async (r) => {
				const content = await r.requestContentData();
				const initiator = r.initiator();
				return { method: r.requestMethod, url: r.url(), status: r.statusCode, size: r.resourceSize,
					type: r.resourceType().name(), duration: r.duration, ip: r.remoteAddress(),
					initiator: initiator ? [initiator.type, initiator.url] : null,
					text: content.isTextContent ? content.text : content.base64 };
			}));
		}, text);
	} finally {
		await browser.close();
		fs.rmSync(home, { recursive: true, force: true });
	}
	const entries = JSON.parse(text).log.entries;
	const lines = [];
	let wrong = rows.length === entries.length ? 0 : 1;
	rows.forEach((row, i) => {
		const e = entries[i], content = e.response.content;
		lines.push(`${row.method} ${row.status} ${row.type} ${row.url.slice(0, 100)} ${row.size}`);
		const want = [e.request.method, e.request.url, e.response.status, e._resourceType, e._initiator.type,
			true];
		const have = [row.method, row.url, row.status, row.type, row.initiator && row.initiator[0], 
			row.ip.includes(e.serverIPAddress || "")];
		const same = content.encoding !== "base64" ? row.text === (content.text || "") : true;
		if (JSON.stringify(want) !== JSON.stringify(have) || !same) {
			console.error("wrong:", JSON.stringify(have).slice(0, 300), "is not", JSON.stringify(want).slice(0, 300), same);
			wrong++;
		}
	});
	if (wrong === 0)
		console.log(lines.join("\n"));
	process.exit(wrong > 0 ? 1 : 0);
}

main().catch((why) => {
	console.error(why);
	process.exit(1);
});
