// XARF reports held against the published schemas (tests/xarf) by ajv, and what a schema cannot say: that each payload's size
// and hash are right, and that nothing internal leaves. node xarf.js SCHEMAS FILE...; a file ending in .ndjson has a report on
// each line. Prints what is wrong and ends with 1; else prints how many were looked at.
'use strict';
const fs = require('fs');
const path = require('path');
const crypto = require('crypto');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

const [schemas, ...files] = process.argv.slice(2);
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const byType = new Map();
for (const folder of [schemas, path.join(schemas, 'types')]) {
	for (const name of fs.readdirSync(folder).filter((n) => n.endsWith('.json'))) {
		const schema = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
		ajv.addSchema(schema);
		byType.set(name, schema.$id);
	}
}
const master = ajv.getSchema('https://xarf.org/schemas/v4/xarf-v4-master.json');

let wrong = 0;
let seen = 0;

function complain(where, what) {
	wrong++;
	if (wrong <= 20)
		console.log(`${where}: ${what}`);
}

function checkEvidence(where, items) {
	for (const [i, item] of items.entries()) {
		const bytes = Buffer.from(item.payload, 'base64');
		if (bytes.toString('base64') !== item.payload)
			complain(where, `evidence ${i}: the payload is no base64 in one line`);
		if (bytes.length !== item.size)
			complain(where, `evidence ${i}: ${bytes.length} bytes, not ${item.size}`);
		const hash = 'sha256:' + crypto.createHash('sha256').update(bytes).digest('hex');
		if (hash !== item.hash)
			complain(where, `evidence ${i}: ${hash}, not ${item.hash}`);
	}
}

function check(where, text) {
	seen++;
	if (/[^\x20-\x7e\n]/.test(text))
		complain(where, 'a raw control byte, or one that is not ASCII');
	const report = JSON.parse(text);
	if (!master(report))
		complain(where, 'master: ' + ajv.errorsText(master.errors).slice(0, 600));
	const own = ajv.getSchema(byType.get(`${report.category}-${report.type}.json`));
	if (!own(report))
		complain(where, `${report.type}: ` + ajv.errorsText(own.errors).slice(0, 600));
	if ('_internal' in report)
		complain(where, 'it has _internal');
	checkEvidence(where, report.evidence);
}

for (const file of files) {
	const text = fs.readFileSync(file, 'latin1');
	if (!file.endsWith('.ndjson'))
		check(file, text);
	else
		text.split('\n').filter((l) => l !== '').forEach((l, i) => check(`${file}:${i + 1}`, l));
}
if (wrong > 0 || seen === 0) {
	console.log(`${wrong} of ${seen} reports: wrong`);
	process.exit(1);
}
console.log(`${seen} reports: valid`);
