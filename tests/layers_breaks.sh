#!/bin/sh
# Breaks each rule of layers.sh once, in a small tree of its own, and wants to see it named.
set -eu
layers=$(cd "$(dirname "$0")" && pwd)/layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

fresh()
{
	rm -rf "$tree"
	mkdir -p "$tree/store/base" "$tree/store/fact" "$tree/store/derive" "$tree/capture/wire" \
		"$tree/proxy" "$tree/ui/cli" "$tree/tests/unit"
	for h in store/base/err store/fact/fact store/derive/trail store/writer capture/wire/http1 \
		capture/source proxy/proxy ui/cli/command tests/kit; do
		printf '/* %s */\n' "$h" >"$tree/$h.h"
	done
	printf '#include "store/writer.h"\n#include "proxy/proxy.h"\n#include <jansson.h>\n' \
		>"$tree/ui/cli/main.c"
	printf '#include <sqlite3.h>\n#include "store/derive/trail.h"\n' >"$tree/store/db.c"
	printf '#include <openssl/ssl.h>\n' >"$tree/proxy/tls_io.c"
	printf '#include <sqlite3.h>\n#include "proxy/proxy.h"\n' >"$tree/tests/unit/test_x.c"
}

# rule <file> <line> <words that the complaint must hold>
rule()
{
	fresh
	printf '/* */\n%s\n' "$2" >"$tree/$1"
	if out=$(sh "$layers" "$tree"); then
		echo "not noticed: $1: $2"
		failed=1
	elif ! printf '%s' "$out" | grep -q "^$1:.*$3"; then
		printf 'noticed as something else: %s: %s\n%s\n' "$1" "$2" "$out"
		failed=1
	fi
}

fresh
sh "$layers" "$tree" || { echo 'a sound tree is refused'; failed=1; }

rule store/base/x.c '#include "store/fact/fact.h"' 'store/base may not include store/fact'
rule store/fact/x.c '#include "store/writer.h"' 'store/fact may not include store'
rule store/derive/x.c '#include "store/writer.h"' 'store/derive may not include store'
rule store/x.c '#include "proxy/proxy.h"' 'store may not include proxy'
rule store/x.c '#include "capture/wire/http1.h"' 'store may not include capture/wire'
rule capture/wire/x.c '#include "store/fact/fact.h"' 'capture/wire may not include store/fact'
rule capture/x.c '#include "proxy/proxy.h"' 'capture may not include proxy'
rule proxy/x.c '#include "capture/source.h"' 'proxy may not include capture'
rule proxy/x.h '#include "ui/cli/command.h"' 'proxy may not include ui'
rule ui/cli/x.c '#include "tests/kit.h"' 'ui may not include tests'
rule ui/cli/x.c '#include "command.h"' 'not written from the root'
rule ui/cli/x.c '#include "ui/cli/gone.h"' 'no such file'
rule ui/cli/x.c '#include <sqlite3.h>' 'enters elsewhere'
rule store/base/x.c '#include <sqlite3.h>' 'enters elsewhere'
rule proxy/x.c '#  include <openssl/evp.h>' 'enters elsewhere'
rule proxy/x.c '#include <llhttp.h>' 'enters elsewhere'
rule capture/wire/x.c '#include <gumbo.h>' 'enters elsewhere'
rule proxy/x.c '#include <nghttp2/nghttp2.h>' 'enters elsewhere'
rule capture/x.c '#include <pcap.h>' 'enters elsewhere'
rule ui/cli/x.c '#include <microhttpd.h>' 'enters elsewhere'
rule ui/cli/x.c '#include <curl/curl.h>' 'enters elsewhere'
rule proxy/x.c '#include <gmime/gmime.h>' 'enters elsewhere'
rule ui/cli/x.c '#include <glib.h>' 'enters elsewhere'
rule store/derive/x.c '#include <sys/socket.h>' 'no input or output'
rule proxy/x.c '	writer_put(w, 0, 0, 0, 0);' 'proxy/record.c only'
rule proxy/x.c "$(awk 'BEGIN { print "void f(void)\n{"; for (i = 0; i < 71; i++) print "\tg();"; print "}" }')" \
	'a function of 71 lines'
rule proxy/x.c "$(awk 'BEGIN { for (i = 0; i < 500; i++) print "int x;" }')" 'more than 500 lines'

fresh
echo 'int x;' >"$tree/proxy/x.h"
sh "$layers" "$tree" | grep -q '^proxy/x.h:1: a header opens' || { echo 'not noticed: header'; failed=1; }
exit $failed
