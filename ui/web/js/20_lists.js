"use strict";
/* Lists: "/" goes to the search, arrow keys and j k move along rows and trails, and a filter shows
   what it says as soon as it is changed. All of it is there without script, too. */
(function () {
	function writing(e) {
		var t = e.target;
		return t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName);
	}

	function search() {
		var box = document.querySelector("[data-slash]");
		if (!box) { location.href = "/search"; return; }
		box.focus();
		box.select();
	}

	/* The links that are one to a row, of the list that the page is about. */
	function links() {
		var rows = document.querySelectorAll(".rows .row-link");
		return rows.length ? rows : document.querySelectorAll(".trail-entry h3 a");
	}

	function move(by) {
		var all = Array.prototype.slice.call(links());
		var entry = document.activeElement.closest("tr, .trail-entry"), at = -1;
		all.forEach(function (a, i) { if (entry && entry.contains(a)) at = i; });
		var to = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
		if (!to) return false;
		to.focus();
		to.scrollIntoView({ block: "nearest" });
		return true;
	}

	/* Arrow keys scroll the page until somebody is in a list; j and k go there at once. */
	function steps(e) {
		var inside = document.activeElement.closest(".rows, .rows-box, .trail-list");
		if (e.key === "j" || (e.key === "ArrowDown" && inside)) return 1;
		if (e.key === "k" || (e.key === "ArrowUp" && inside)) return -1;
		return 0;
	}

	document.addEventListener("keydown", function (e) {
		if (e.ctrlKey || e.metaKey || e.altKey || writing(e)) return;
		if (e.key === "/") { e.preventDefault(); search(); return; }
		var by = steps(e);
		if (by && move(by)) e.preventDefault();
	});

	document.addEventListener("change", function (e) {
		var form = e.target.closest("form.filter");
		if (form && e.target.type !== "search") form.requestSubmit();
	});

	/* An empty choice says nothing in an address. */
	document.addEventListener("submit", function (e) {
		if (!e.target.matches("form.filter")) return;
		Array.prototype.forEach.call(e.target.elements, function (f) {
			if (f.name && (f.value === "" || (f.name === "status" && f.value === "0"))) f.disabled = true;
		});
	});
	window.addEventListener("pageshow", function () {
		document.querySelectorAll("form.filter :disabled").forEach(function (f) { f.disabled = false; });
	});
}());
