/* A trail's page: a hop opens beside the path, by mouse or keyboard; clocks run while something is
   waited for; the newest hop is followed by who reads at the end of the page. */
(function () {
	var panel, side, here, followed = true, selected = null, known = {}, asked = 0;
	var calm = window.matchMedia("(prefers-reduced-motion: reduce)");

	function links() {
		return Array.prototype.slice.call(document.querySelectorAll(".way-link"));
	}
	function path(url) {
		return new URL(url, location.href).pathname;
	}
	function linkOf(url) {
		return links().filter(function (a) { return path(a.href) === path(url); })[0] || null;
	}

	/* ---- the panel ---- */

	function mark() {
		links().forEach(function (a) {
			if (selected && path(a.href) === path(selected)) a.setAttribute("aria-current", "true");
			else a.removeAttribute("aria-current");
		});
	}
	function empty() {
		selected = null;
		asked++;
		panel.replaceChildren();
		side.classList.remove("has-hop");
		mark();
	}
	function closer() {
		var b = document.createElement("button");
		b.type = "button";
		b.className = "trail-panel-close";
		b.textContent = "Close";
		b.addEventListener("click", close);
		return b;
	}
	/* focus: "title", a selector of what was used, or null: where it is. */
	function fill(text, url, focus) {
		var page = new DOMParser().parseFromString(text, "text/html");
		var detail = page.getElementById("hop-detail");
		if (!detail) { location.href = url; return; }
		detail = document.importNode(detail, true);
		panel.replaceChildren(closer(), detail);
		side.classList.add("has-hop");
		window.clicktrail.dress(panel);
		document.dispatchEvent(new CustomEvent("clicktrail:put", { detail: detail }));
		var title = detail.querySelector("h2, h3");
		if (title) title.tabIndex = -1;
		var to = focus === "title" ? title : focus ? panel.querySelector(focus) || title : null;
		if (to) to.focus({ preventScroll: focus !== "title" });
		var part = new URL(url).hash && document.getElementById(new URL(url).hash.slice(1));
		if (part && panel.contains(part)) part.scrollIntoView({ block: "center" });
		else if (focus === "title" && panel.getBoundingClientRect().top > window.innerHeight * 0.8)
			panel.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
	}
	function load(url, focus) {
		var mine = ++asked;
		selected = url;
		mark();
		return fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" } }).then(function (r) {
			return r.ok ? r.text() : Promise.reject(new Error("status " + r.status));
		}).then(function (text) {
			if (mine === asked) fill(text, url, focus);
		}).catch(function () {
			if (mine === asked) location.href = url;
		});
	}
	function open(url, focus) {
		var step = history.state && history.state.hop && focus === null ? "replaceState" : "pushState";
		history[step]({ hop: url }, "", url);
		load(url, focus);
	}
	function close() {
		var back = selected && linkOf(selected);
		if (history.state && history.state.hop) history.pushState({}, "", here);
		empty();
		if (back) back.focus();
	}

	/* ---- what a person does ---- */

	function plain(e) {
		return e.button === 0 && !e.ctrlKey && !e.metaKey && !e.shiftKey && !e.altKey;
	}
	function clicked(e) {
		var a = e.target.closest && e.target.closest("a[href]");
		if (!a || !plain(e) || e.defaultPrevented) return;
		if (a.classList.contains("way-link")) {
			e.preventDefault();
			open(a.href, "title");
		} else if (panel.contains(a) && selected && (a.hasAttribute("data-detail") || path(a.href) === path(selected))) {
			e.preventDefault();
			open(a.href, path(a.href) !== path(selected) ? "title" : a.id ? "#" + CSS.escape(a.id) : "title");
		}
	}
	/* A form of the panel that asks by GET, too. */
	function submitted(e) {
		var f = e.target;
		if (!panel.contains(f) || f.method !== "get" || !selected || path(f.action) !== path(selected)) return;
		e.preventDefault();
		var url = new URL(f.action);
		url.search = new URLSearchParams(new FormData(f, e.submitter)).toString();
		open(url.href, "title");
	}
	function move(to) {
		var all = links(), at = all.indexOf(document.activeElement);
		if (at < 0 && selected) at = all.indexOf(linkOf(selected));
		var next = to === "first" ? 0 : to === "last" ? all.length - 1 : at < 0 ? 0 : at + to;
		if (!all[next]) return;
		all[next].focus({ preventScroll: true });
		all[next].closest(".way-row").scrollIntoView({ block: "nearest" });
		if (!selected || path(all[next].href) !== path(selected)) open(all[next].href, null);
	}
	function typed(e) {
		var t = e.target, inPanel = panel.contains(t);
		if (e.ctrlKey || e.metaKey || e.altKey || !(inPanel || t.closest(".trail-path"))) return;
		if (/^(input|textarea|select)$/i.test(t.localName)) return;
		if (e.key === "Escape") {
			if (!selected) return;
			e.preventDefault();
			var row = linkOf(selected);
			if (inPanel && row) row.focus();
			else close();
			return;
		}
		var steps = inPanel ? { j: 1, k: -1 } : { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last" };
		if (!Object.prototype.hasOwnProperty.call(steps, e.key)) return;
		e.preventDefault();
		move(steps[e.key]);
	}
	function went(e) {
		e.stopImmediatePropagation();
		var url = e.state && e.state.hop;
		if (!url) { empty(); return; }
		if (linkOf(url)) load(url, null);
		else location.reload();
	}

	/* ---- while it goes on ---- */

	function spent(ms) {
		if (ms < 0) ms = 0;
		if (ms < 60000) return (ms / 1000).toFixed(calm.matches ? 0 : 1) + " s";
		return Math.floor(ms / 60000) + " min " + Math.floor(ms / 1000) % 60 + " s";
	}
	function tick() {
		var now = Date.now();
		document.querySelectorAll("[data-since]").forEach(function (e) { e.textContent = spent(now - Number(e.dataset.since)); });
		document.querySelectorAll("[data-until]").forEach(function (e) {
			var left = Number(e.dataset.until) - now;
			e.textContent = left > 0 ? ", another " + spent(left) : "";
		});
	}
	function bottom() {
		followed = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 60;
	}
	function put(e) {
		var row = e.detail;
		if (!row || !row.classList) return;
		mark();
		tick();
		if (row.classList.contains("way-row") && !known[row.id]) {
			known[row.id] = true;
			row.classList.add("arrived");
		}
		/* At once, and for every piece: on the way of a smooth scroll the page is not at its
		   end, and would no longer be followed. */
		if (followed && !selected) window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
	}
	function hint() {
		var p = document.createElement("p");
		p.className = "trail-keys";
		p.innerHTML = "The hop that you select opens here. Among the hops: <kbd>\u2191</kbd> <kbd>\u2193</kbd> or <kbd>j</kbd> <kbd>k</kbd>, <kbd>Home</kbd>, <kbd>End</kbd>; <kbd>Esc</kbd> goes back.";
		side.insertBefore(p, side.firstChild);
	}

	document.addEventListener("DOMContentLoaded", function () {
		panel = document.getElementById("trail-panel");
		if (!panel) return;
		side = panel.parentNode;
		here = location.href;
		document.querySelectorAll(".way-row").forEach(function (r) { known[r.id] = true; });
		/* Before those of a hop's own page, which replace what is around it too. */
		document.addEventListener("click", clicked, true);
		document.addEventListener("submit", submitted);
		document.addEventListener("keydown", typed);
		document.addEventListener("clicktrail:put", put);
		window.addEventListener("popstate", went, true);
		window.addEventListener("scroll", bottom, { passive: true });
		window.addEventListener("resize", bottom);
		setInterval(tick, calm.matches ? 1000 : 100);
		hint();
		tick();
		bottom();
	});
}());
