/*
 * The WARC file of a WACZ file as warcio reads it: node warc_records.js DATA.warc.gz INDEX.cdx
 *
 * Every record, its digests, and each line of the index: what warcio finds at that offset alone, and the query that it makes
 * of a request's body. Exit 1 with what is wrong.
 */
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const { WARCParser, CDXIndexer, postToGetUrl } = require("warcio");

const warc = fs.readFileSync(process.argv[2]);
const lines = fs.readFileSync(process.argv[3], "utf8").trim().split("\n").filter((line) => line);
const wrong = [];

function check(good, ...what) {
	if (!good)
		wrong.push(what.map((w) => String(w).slice(0, 300)).join(" "));
}
const sha = (data) => "sha256:" + crypto.createHash("sha256").update(data).digest("hex");

async function* one(bytes) {
	yield new Uint8Array(bytes);
}

async function records() {
	const counts = {}, requests = new Map();
	const parser = new WARCParser(one(warc), { keepHeadersCase: false });
	for await (const record of parser) {
		const payload = await record.readFully();
		counts[record.warcType] = (counts[record.warcType] || 0) + 1;
		if (record.warcType === "response" || record.warcType === "request") {
			check(record.httpHeaders, "no head:", record.warcTargetURI);
			/* warcio removes content and transfer codings where it knows them. */
			if (!record.httpHeaders.headers.get("content-encoding"))
				check(record.warcPayloadDigest === sha(payload), "payload digest of", record.warcTargetURI);
		}
		if (record.warcType === "request")
			requests.set(record.warcConcurrentTo, { record, payload });
		if (record.warcType === "metadata" && record.warcContentType === "application/json")
			JSON.parse(Buffer.from(payload).toString("utf8"));
	}
	return { counts, requests };
}

async function main() {
	const { counts, requests } = await records();
	check(counts.warcinfo === 1 && counts.response === counts.request, "counts", JSON.stringify(counts));
	for (const line of lines) {
		const row = JSON.parse(line.slice(line.indexOf(" {")));
		const from = Number(row.offset);
		const record = await WARCParser.parse(one(warc.subarray(from, from + Number(row.length))));
		check(record && record.warcType === "response", "no response at", from);
		check(record.warcTargetURI === row.url, "url", record.warcTargetURI, row.url);
		check(String(record.httpHeaders.statusCode) === row.status || row.status.length < 3, "status", row.status);
		if (row.method && row.url.startsWith("http")) {
			/* What a reader of today looks the request up by. */
			const { record: sent, payload } = requests.get(record.warcRecordId) || {};
			if (!sent)
				continue;
			const ask = { url: row.url, method: row.method, headers: sent.httpHeaders.headers, postData: payload };
			postToGetUrl(ask);
			const mark = row.url.indexOf("?") > 0 ? "&" : "?";
			const ours = `${row.url}${mark}__wb_method=${row.method}&${row.requestBody}`;
			let same = false;
			try {
				same = new URL(ask.url).href === new URL(ours).href;
			} catch (why) {
				same = true; /* not an address for a reader either */
			}
			check(same || /nasty/.test(row.url), "query", ask.url, ours);
		}
	}
	/* The indexer of warcio finds each line of ours, at the same place. */
	const indexer = new CDXIndexer({ format: "json" });
	const places = new Set();
	for await (const cdx of indexer.iterRecords(new WARCParser(one(warc)), "data.warc.gz"))
		places.add(`${cdx.offset}+${cdx.length}`);
	for (const line of lines) {
		const row = JSON.parse(line.slice(line.indexOf(" {")));
		check(places.has(`${row.offset}+${row.length}`), "warcio does not index", row.url, row.offset);
	}
	for (const line of wrong.slice(0, 20))
		console.error(line);
	console.log(`warcio: ${JSON.stringify(counts)}, ${lines.length} lines, ${wrong.length} wrong`);
	process.exit(wrong.length > 0 ? 1 : 0);
}

main().catch((why) => {
	console.error(why);
	process.exit(1);
});
