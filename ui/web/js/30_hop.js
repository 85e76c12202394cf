"use strict";
/* Panels of a hop change in place: what a link of them leads to is fetched, and its
   #hop-detail put where this one is. Without this the links load the page. */
(function () {
	var asked = 0;

	function ofDetail(event) {
		if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
		var a = event.target.closest && event.target.closest("#hop-detail a[data-detail]");
		return a && a.origin === location.origin ? a : null;
	}

	/* Is the hop all that this page shows? Then its address goes along. */
	function alone(detail) {
		return location.pathname === detail.dataset.path;
	}

	function put(text, href, focus) {
		var page = new DOMParser().parseFromString(text, "text/html");
		var made = page.getElementById("hop-detail"), old = document.getElementById("hop-detail");
		if (!made || !old) { location.assign(href); return; }
		made = document.importNode(made, true);
		var single = alone(old);
		window.clicktrail.dress(made);
		old.replaceWith(made);
		if (single) {
			document.title = page.title;
			["h1", ".crumbs"].forEach(function (what) {
				var from = page.querySelector(what), to = document.querySelector(what);
				if (from && to) to.replaceWith(document.importNode(from, true));
			});
		}
		var at = (focus && document.getElementById(focus)) || document.getElementById("hop-title");
		if (at) { if (!at.matches("a")) at.tabIndex = -1; at.focus({ preventScroll: true }); }
		var hash = new URL(href, location.href).hash;
		if (hash) { var mark = document.getElementById(hash.slice(1)); if (mark) { mark.focus(); mark.scrollIntoView({ block: "center" }); } }
		document.dispatchEvent(new CustomEvent("clicktrail:put", { detail: made }));
	}

	function load(href, focus, push) {
		var mine = ++asked, old = document.getElementById("hop-detail");
		if (old) old.setAttribute("aria-busy", "true");
		return fetch(href, { credentials: "same-origin" }).then(function (r) {
			if (!r.ok || r.redirected) throw new Error(r.status);
			return r.text();
		}).then(function (text) {
			if (mine !== asked) return;
			var single = old && alone(old);
			if (push && single) history.pushState(null, "", href);
			put(text, href, focus);
		}).catch(function () { if (mine === asked) location.assign(href); });
	}

	document.addEventListener("click", function (event) {
		var a = ofDetail(event);
		if (!a) return;
		event.preventDefault();
		load(a.href, a.id, true);
	});
	window.addEventListener("popstate", function () {
		var old = document.getElementById("hop-detail");
		if (old && /^\/c\/\d+\/(x\/\d+|t\/[\d.]+\/h\/\d+)$/.test(location.pathname)) load(location.href, null, false);
	});
	window.clicktrail.hop = { load: load };
}());
