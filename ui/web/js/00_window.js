"use strict";
/* Everything works without this file: it listens to what is new, and writes numbers and times as
   the reader's language does. */
(function () {
	var numbers = new Intl.NumberFormat(navigator.language);
	var local = new Intl.DateTimeFormat(navigator.language, { dateStyle: "full", timeStyle: "long" });

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

	/* A browser has six connections for one server, and each page that listens holds one: a page
	   that nobody sees lets go of it, and resumes where it was when it is looked at again. */
	function listen() {
		var at = document.querySelector("[data-listen]"), source = null, last = "", over = false;
		if (!at) return;

		function heard(e) {
			if (e.lastEventId) last = e.lastEventId;
		}

		function close() {
			if (source) source.close();
			source = null;
		}

		function open() {
			if (source || over || document.hidden) return;
			var path = at.dataset.listen;
			if (last) path += (path.indexOf("?") < 0 ? "?" : "&") + "last-event-id=" + encodeURIComponent(last);
			source = new EventSource(path);
			source.addEventListener("put", function (e) { heard(e); put(e.data); });
			source.addEventListener("drop", function (e) { heard(e); var o = document.getElementById(e.data); if (o) o.remove(); });
			source.addEventListener("say", function (e) { heard(e); status(e.data); });
			source.addEventListener("reload", function () { location.reload(); });
			source.addEventListener("end", function () { over = true; close(); });
			source.onerror = function () {
				if (source && source.readyState !== 2) status("The connection was lost; trying again.");
				else if (source) status("The connection was lost: load the page anew.");
			};
			source.onopen = function () { status(""); };
		}

		document.addEventListener("visibilitychange", function () { if (document.hidden) close(); else open(); });
		window.addEventListener("pagehide", close);
		window.addEventListener("pageshow", open);
		open();
	}

	window.clicktrail = { dress: dress, status: status };
	document.addEventListener("DOMContentLoaded", function () { dress(document); listen(); });
}());
