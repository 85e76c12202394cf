/* A HAR file against the published schema: node har_check.js FILE. Exit 1 with the reason. */
"use strict";
const har = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
const validator = require("har-validator-compiled");

function check(what, f, value) {
	try {
		const good = f(value);
		if (good === true)
			return;
		console.error(what, JSON.stringify(f.errors));
	} catch (why) {
		console.error(what, String(why), JSON.stringify(why.errors));
	}
	process.exit(1);
}

check("log", validator.validateHar, har);
for (const entry of har.log.entries) {
	check("request", validator.validateRequest, entry.request);
	check("response", validator.validateResponse, entry.response);
}
/* The validator has to be able to say no. */
const spoilt = structuredClone(har);
delete spoilt.log.entries[0].response.redirectURL;
let refused = false;
try {
	refused = validator.validateHar(spoilt) !== true;
} catch (why) {
	refused = true;
}
if (!refused) {
	console.error("the validator accepts an entry without redirectURL");
	process.exit(1);
}
console.log(`valid: ${har.log.entries.length} entries`);
