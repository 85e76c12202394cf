"use strict";
/* Buttons that copy: a hop's address, exactly or defanged or for curl, and hashes. Without this
   they are selected and copied by hand. */
(function () {
	/* "" where the clipboard, which holds text, cannot take these very bytes. */
	function exact(hex) {
		var bytes = new Uint8Array(hex.length / 2);
		for (var i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.substr(2 * i, 2), 16);
		try {
			var text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
			return /[\x00-\x1f\x7f-\x9f]/.test(text) ? "" : text;
		} catch (e) { return ""; }
	}
	/* As it was asked for: curl takes brackets for a pattern and dots for steps. Other bytes it
	   would change or refuse, and a terminal might obey them. */
	function curl(url) {
		return /^https?:\/\/[\x21-\x7e]+$/i.test(url) ? "curl -sv --globoff --path-as-is '" + url.replace(/'/g, "'\\''") + "'" : "";
	}
	function missing(box, words) {
		var line = document.createElement("span");
		line.className = "dim";
		line.textContent = words;
		box.appendChild(line);
	}
	function say(words) {
		var line = document.getElementById("status");
		if (line) line.textContent = words;
	}
	function button(words, title, text) {
		var b = document.createElement("button");
		b.type = "button";
		b.textContent = words;
		b.title = title;
		b.addEventListener("click", function () {
			navigator.clipboard.writeText(text()).then(function () {
				b.textContent = "Copied";
				say(title + ": copied");
				setTimeout(function () { b.textContent = words; }, 1500);
			}, function () { say("The browser does not let this page copy."); });
		});
		return b;
	}
	function dress(root) {
		root.querySelectorAll(".hop-url[data-exact]").forEach(function (line) {
			if (line.nextElementSibling && line.nextElementSibling.classList.contains("hop-copy")) return;
			var url = exact(line.dataset.exact), command = curl(url), shown = line.querySelectorAll("code"), box = document.createElement("p");
			box.className = "hop-copy";
			box.appendChild(button("Copy defanged", "Copy the address as it is shown", function () { return shown[shown.length - 1].textContent; }));
			if (url) box.appendChild(button("Copy exact", "Copy the exact address, which is live: do not open it outside a sandbox", function () { return url; }));
			if (command) box.appendChild(button("Copy as curl", "Copy a curl command that asks for the exact address", function () { return command; }));
			if (!url) missing(box, "The exact address holds bytes that are no text: it cannot be copied.");
			else if (!command) missing(box, "For curl: only web addresses of plain ASCII.");
			line.after(box);
		});
		root.querySelectorAll("code").forEach(function (c) {
			var text = c.textContent;
			if (!/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$|^[tqd][0-9][0-9a-z]{8}_[0-9a-f]{12}_[0-9a-f]{12}$/i.test(text) || c.closest("pre, a, button") || (c.nextElementSibling && c.nextElementSibling.matches("button.copy"))) return;
			var b = button("Copy", "Copy " + text.slice(0, 12) + "\u2026", function () { return text; });
			b.className = "copy";
			c.after(b);
		});
	}
	function all() {
		document.querySelectorAll(".hop-detail").forEach(dress);
	}
	document.addEventListener("DOMContentLoaded", all);
	document.addEventListener("clicktrail:put", all);
})();
