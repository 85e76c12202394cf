"use strict";
/* On the page that asks for a report: what does not fit the choice is said before it is asked
   for, and what takes a while says so. */
(function () {
	function dressForm(form) {
		var onlyOne = form.querySelectorAll("input[name=disclose_own_token]");
		function fit() {
			var party = form.querySelector("input[name=party]:checked");
			var everybody = !party || party.value === "0";
			onlyOne.forEach(function (i) { i.disabled = everybody; });
			form.querySelectorAll("input[name=format]").forEach(function (i) {
				var needs = i.value === "form" || i.value === "eml" || i.value === "xarf";
				i.closest("label").classList.toggle("unfit", needs && everybody);
			});
		}
		form.addEventListener("change", fit);
		form.addEventListener("submit", function () { window.clicktrail.status("This takes a moment\u2026"); });
		fit();
	}
	document.addEventListener("DOMContentLoaded", function () {
		var form = document.getElementById("report-form"), preview = document.getElementById("preview");
		if (form) dressForm(form);
		if (preview) preview.scrollIntoView();
	});
	window.addEventListener("pageshow", function () { if (document.getElementById("report-form")) window.clicktrail.status(""); });
}());
