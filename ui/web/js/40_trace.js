"use strict";
/* A mail may be dropped anywhere on the page that takes one. Without this file it is chosen. */
(function () {
	function takes(e) {
		return e.dataTransfer && Array.prototype.indexOf.call(e.dataTransfer.types, "Files") >= 0;
	}

	function take(form) {
		var box = form.closest(".drop"), input = form.elements.file, depth = 0;
		form.querySelectorAll(".by-script").forEach(function (s) { s.hidden = false; });
		document.addEventListener("dragenter", function (e) {
			if (takes(e)) { depth += 1; box.classList.add("over"); }
		});
		document.addEventListener("dragleave", function (e) {
			if (takes(e) && --depth <= 0) { depth = 0; box.classList.remove("over"); }
		});
		document.addEventListener("dragover", function (e) { if (takes(e)) e.preventDefault(); });
		document.addEventListener("drop", function (e) {
			if (!takes(e)) return;
			e.preventDefault();
			depth = 0;
			box.classList.remove("over");
			if (e.dataTransfer.files.length !== 1) {
				window.clicktrail.status("One file at a time, please.");
				return;
			}
			input.files = e.dataTransfer.files;
			form.requestSubmit();
		});
		input.addEventListener("change", function () { if (input.files.length === 1) form.requestSubmit(); });
	}

	document.addEventListener("DOMContentLoaded", function () {
		var form = document.querySelector("form.drop-form");
		if (form) take(form);
	});
}());
