#!/bin/sh
# A function of ours with the name of one in a library we load replaces it for all of them: a `bind` of our own would end every
# listening socket. Prints such names. tests/symbols.sh <program>
set -eu
program=$1
theirs=$(mktemp)
trap 'rm -f "$theirs"' EXIT

ldd "$program" | awk '$3 ~ /^\// { print $3 }' | while read -r library; do
	nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $3); print $3 }'
done | LC_ALL=C sort -u >"$theirs"
[ "$(wc -l <"$theirs")" -gt 1000 ] || { echo "symbols.sh: no libraries found for $program" >&2; exit 1; }

# Code of ours (T), but for what every program has.
same=$(nm -g --defined-only "$program" |
	awk '$2 == "T" && $3 !~ /^(main|_start|_init|_fini|__.*)$/ { print $3 }' |
	LC_ALL=C sort -u | LC_ALL=C comm -12 - "$theirs")
[ -z "$same" ] && exit 0
# shellcheck disable=SC2086 # names, one a word
printf '%s is also a function of a library we load\n' $same
exit 1
