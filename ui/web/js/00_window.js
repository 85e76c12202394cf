"use strict";
/* Everything works without this file: it opens the door by the address's token, listens to what
   is new, and writes numbers and times as the reader's language does. */
(function () {
	var numbers = new Intl.NumberFormat(navigator.language);
	var local = new Intl.DateTimeFormat(navigator.language, { dateStyle: "full", timeStyle: "long" });

	function door() {
		var form = document.querySelector("form.door");
		if (!form || location.hash.length < 2) return;
		form.elements.token.value = location.hash.slice(1);
		history.replaceState(null, "", location.pathname);
		form.submit();
	}

	function dress(root) {
		root.querySelectorAll("data[value]").forEach(function (d) {
			if (!d.title && /^-?[0-9]+$/.test(d.value)) d.textContent = numbers.format(Number(d.value));
		});
		root.querySelectorAll("time[datetime]").forEach(function (t) {
			var at = new Date(t.dateTime);
			if (!isNaN(at)) t.title = local.format(at);
		});
	}

	function status(words) {
		var line = document.getElementById("status");
		if (line) line.textContent = words;
	}

	function put(text) {
		var end = text.indexOf("\n"), into = document.getElementById(text.slice(0, end));
		var box = document.createElement("template");
		box.innerHTML = text.slice(end + 1);
		var made = box.content.firstElementChild;
		if (!made) return;
		dress(box.content);
		var old = document.getElementById(made.id);
		if (old) {
			var focused = old.contains(document.activeElement) && document.activeElement.id;
			old.replaceWith(made);
			if (focused) { var again = document.getElementById(focused); if (again) again.focus(); }
		} else if (into) {
			var order = Number(made.dataset.order || 0);
			var next = Array.prototype.find.call(into.children, function (c) { return Number(c.dataset.order || 0) > order; });
			into.insertBefore(made, next || null);
		}
		document.dispatchEvent(new CustomEvent("clicktrail:put", { detail: document.getElementById(made.id) }));
	}

	function listen() {
		var at = document.querySelector("[data-listen]");
		if (!at) return;
		var source = new EventSource(at.dataset.listen);
		source.addEventListener("put", function (e) { put(e.data); });
		source.addEventListener("drop", function (e) { var o = document.getElementById(e.data); if (o) o.remove(); });
		source.addEventListener("say", function (e) { status(e.data); });
		source.addEventListener("reload", function () { location.reload(); });
		source.addEventListener("end", function () { source.close(); });
		source.onerror = function () { if (source.readyState !== 2) status("The connection was lost; trying again."); };
		source.onopen = function () { status(""); };
		window.addEventListener("pagehide", function () { source.close(); });
	}

	window.clicktrail = { dress: dress, status: status };
	document.addEventListener("DOMContentLoaded", function () { door(); dress(document); listen(); });
}());
