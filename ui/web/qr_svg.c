#include "ui/web/qr_svg.h"
#include "ui/report/html_write.h"

#include <qrencode.h>
#include <string.h>

/* A path of runs, row by row: "M4 4h7v1h-7z". */
static void add_runs(struct buf *out, const QRcode *code)
{
	int n = code->width;
	for (int y = 0; y < n; y++)
		for (int x = 0; x < n; x++) {
			int run = 0;
			while (x + run < n && (code->data[y * n + x + run] & 1) != 0)
				run++;
			if (run == 0)
				continue;
			buf_addf(out, "M%d %dh%dv1h-%dz", x + QR_SVG_QUIET, y + QR_SVG_QUIET,
				run, run);
			x += run;
		}
}

bool qr_svg(struct buf *out, const char *text, const char *alt, struct err *err)
{
	QRcode *code = strlen(text) <= QR_SVG_TEXT_MAX
			       ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M)
			       : NULL;
	if (code == NULL)
		return err_set(err, ERR_LIMIT, "a QR code of %zu bytes", strlen(text));
	int side = code->width + 2 * QR_SVG_QUIET;
	buf_addf(out,
		"<svg class=\"qr\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" shape-rendering=\"crispEdges\" aria-label=\"",
		side, side, side * 7, side * 7);
	html_text(out, span_str(alt));
	buf_addf(out,
		"\"><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path fill=\"#000\" d=\"",
		side, side);
	add_runs(out, code);
	buf_add_str(out, "\"/></svg>\n");
	QRcode_free(code);
	return true;
}
