#!/bin/sh
# Who may include whom, which library enters by which door, and the few other rules of the house that a script can see.
# Prints each violation as "file:line: what is wrong"; exit 1 if there is one. tests/layers.sh [root of the source tree]
set -eu
cd "${1:-$(dirname "$0")/..}"

tops=''
for top in store capture proxy ui tests; do
	[ -d "$top" ] && tops="$tops $top"
done
# shellcheck disable=SC2086 # our file names hold no spaces
files=$(find $tops -type f \( -name '*.c' -o -name '*.h' \) | LC_ALL=C sort)
[ -n "$files" ] || { echo "layers.sh: no sources here: $(pwd)" >&2; exit 1; }

# shellcheck disable=SC2086
LC_ALL=C awk '
BEGIN {
	# A layer and what it may include. The longest matching folder counts; every layer may include itself.
	allow("store/base", "")
	allow("store/fact", "store/base")
	allow("store/derive", "store/base store/fact")
	allow("store", "store/base store/fact store/derive")
	allow("capture/wire", "store/base")
	allow("capture", "capture/wire store/base store/fact store/derive store")
	allow("proxy", "capture/wire store/base store/fact store/derive store")
	allow("ui", "proxy capture capture/wire store/base store/fact store/derive store")
	allow("tests", "ui proxy capture capture/wire store/base store/fact store/derive store")

	# A library (its header, or the folder of its headers) and the files that are its door.
	door("sqlite3.h", "^store/[^/]*$")
	door("pcap.h", "^capture/source\\.c$")
	door("pcap/", "^capture/source\\.c$")
	door("microhttpd.h", "^ui/web/server\\.c$")
	door("qrencode.h", "^ui/web/qr_svg\\.c$")
	door("nghttp2/", "^(proxy/h2_|capture/wire/hpack)[^/]*$")
	door("llhttp.h", "^capture/wire/http1[^/]*$")
	door("gumbo.h", "^store/derive/html_cue[^/]*$")
	door("openssl/", "^(proxy/tls_|proxy/ca|proxy/mint|capture/decrypt|capture/wire/tls_certs|store/base/hash|store/seal)[^/]*$")
	door("ares.h", "^proxy/resolve[^/]*$")
	door("jansson.h", "^ui/")
	door("gmime/", "^(ui/mail/mail_gmime|ui/report/eml_mime)\\.c$")
	door("glib", "^(ui/mail/mail_gmime|ui/report/eml_mime)\\.c$")
	door("maxminddb.h", "^ui/cli/mmdb\\.c$")
	door("curl/", "^ui/fetch\\.c$")
	door("png.h", "^ui/(browser/picture|cli/qr)[^/]*$")
	door("jpeglib.h", "^ui/cli/qr[^/]*$")
	door("zbar.h", "^ui/cli/qr[^/]*$")
	door("libpsl.h", "^store/derive/")
	door("idn2.h", "^store/derive/")
	door("unicode/", "^store/derive/lookalike\\.c$")
	door("brotli/", "^store/derive/")
	door("zstd.h", "^store/derive/")
	door("zlib.h", "^(store/derive/|ui/lab/|ui/export/gzip_member)")
	door("zip.h", "^ui/export/(zip_file|locked_zip)\\.c$")

	# What is pure touches no socket, file or process.
	pure = "^(store/fact|store/derive|capture/wire)/"
	outside = "^(fcntl|unistd|poll|netdb|dirent|signal|sys/(socket|stat|wait|mman|epoll|eventfd))\\.h$"

	LINES_MAX = 500
	FUNCTION_MAX = 70
}

function allow(from, to,   n, i, list)
{
	layer[from] = 1
	may[from, from] = 1
	n = split(to, list, " ")
	for (i = 1; i <= n; i++)
		may[from, list[i]] = 1
}
function door(header, files)
{
	doors[header] = files
}
function layer_of(path,   at)
{
	at = path
	while (sub(/\/[^\/]*$/, "", at))
		if (at in layer)
			return at
	return ""
}
function wrong(what)
{
	printf "%s:%d: %s\n", FILENAME, FNR, what
	bad = 1
}
function check_own(path,   from, to)
{
	if (path !~ /^(store|capture|proxy|ui|tests)\//) {
		wrong("\"" path "\" is not written from the root of the tree")
		return
	}
	from = layer_of(FILENAME)
	to = layer_of(path)
	if (!((from, to) in may))
		wrong(from " may not include " to ": \"" path "\"")
	if ((getline line < path) < 0)
		wrong("no such file: \"" path "\"")
	close(path)
}
function check_library(header,   h, mine)
{
	mine = FILENAME ~ /^tests\//
	for (h in doors)
		if (substr(header, 1, length(h)) == h && !mine && FILENAME !~ doors[h])
			wrong("<" header "> enters elsewhere: " doors[h])
	if (FILENAME ~ pure && header ~ outside)
		wrong("<" header "> in a folder that does no input or output")
}

FNR == 1 {
	if (previous != "" && count > LINES_MAX && previous !~ /^tests\//) {
		printf "%s:%d: more than %d lines\n", previous, count, LINES_MAX
		bad = 1
	}
	previous = FILENAME
	start = 0
	if (FILENAME ~ /\.h$/ && $0 !~ /^\/\*/)
		wrong("a header opens with what it is, what not, who owns it and which thread calls it")
}
{ count = FNR }

/^[ \t]*#[ \t]*include[ \t]*"/ {
	path = $0
	sub(/^[^"]*"/, "", path)
	sub(/".*/, "", path)
	check_own(path)
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	path = $0
	sub(/^[^<]*</, "", path)
	sub(/>.*/, "", path)
	check_library(path)
}

# Linux braces: a function starts and ends with a brace of its own in the first column.
/^\{$/ { start = FNR }
/^\}$/ {
	if (start > 0 && FNR - start - 1 > FUNCTION_MAX && FILENAME !~ /^tests\//)
		wrong("a function of " FNR - start - 1 " lines, more than " FUNCTION_MAX)
	start = 0
}

# Facts of the proxy go through proxy/record.c, which fills in who and when.
/writer_put *\(/ && FILENAME ~ /^proxy\/.*\.c$/ && FILENAME != "proxy/record.c" {
	wrong("writer_put is called in proxy/record.c only")
}

END {
	if (count > LINES_MAX && previous !~ /^tests\//) {
		printf "%s:%d: more than %d lines\n", previous, count, LINES_MAX
		bad = 1
	}
	exit bad
}
' $files
