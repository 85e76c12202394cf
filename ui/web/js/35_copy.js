"use strict";
/* Buttons that copy: a hop's address, exactly or defanged or for curl, and hashes. Without this
   they are selected and copied by hand. */
(function () {
	function exact(hex) {
		var bytes = new Uint8Array(hex.length / 2);
		for (var i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.substr(2 * i, 2), 16);
		return new TextDecoder().decode(bytes);
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
			var url = line.dataset.exact, shown = line.querySelectorAll("code"), box = document.createElement("p");
			box.className = "hop-copy";
			box.appendChild(button("Copy defanged", "Copy the address as it is shown", function () { return shown[shown.length - 1].textContent; }));
			box.appendChild(button("Copy exact", "Copy the exact address, which is live: do not open it outside a sandbox", function () { return exact(url); }));
			box.appendChild(button("Copy as curl", "Copy a curl command that asks for the exact address", function () { return "curl -sv '" + exact(url).replace(/'/g, "'\\''") + "'"; }));
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
