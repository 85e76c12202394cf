"use strict";
/* The token stands behind the address's #. At the door it is handed over; elsewhere it only goes
   out of the address bar, where it could be read and copied along. */
(function () {
	function door() {
		var form = document.querySelector("form.door"), hash = location.hash.slice(1);
		if (!/^[A-Za-z0-9_-]{43}$/.test(hash) || document.getElementById(hash)) return;
		history.replaceState(history.state, "", location.pathname + location.search);
		if (!form) return;
		form.elements.token.value = hash;
		form.submit();
	}
	document.addEventListener("DOMContentLoaded", door);
}());
