#!/bin/sh
# Checks a bundle of a clicktrail case: that each fact in it is one of those that the signed head covers. Needs a POSIX shell,
# GNU coreutils and openssl. Run as: sh check.sh [FOLDER]; without FOLDER, the one that this file is in. Exit 0: it holds; 1: not.
#
# No file here is trusted, least of all for its name. A fact's .proof file says what the fact's values are, with the salt of each,
# and states every SHA-256 on the way from there to the head. Each of these is written down with the bytes that it must be of,
# and sha256sum compares them, a batch at a time: only if all are right does a fact count. The formats are those of docs/seal.md.
# Bytes are written here as printf's %b reads them: \0 and three octal digits.
# shellcheck disable=SC2015 # in "A && B || bad" nothing goes on behind bad
set -eu
unset CDPATH
export LC_ALL=C
cd "${1:-$(dirname "$0")}"

nl='
'
whole=no said='' batch=0 n=0
# Many small files, gone as soon as they are looked at: in memory, where there is a place for that.
if [ -z "${TMPDIR:-}" ] && [ -d /dev/shm ] && [ -w /dev/shm ]; then
	TMPDIR=/dev/shm
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/check.XXXXXX")
finish()
{
	rm -rf "$tmp"
	[ "$whole" = yes ] && exit 0
	echo 'DOES NOT HOLD'
	exit 1
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

bad()
{
	printf '%s\n' "$*" | tr -c '\n -~' '?'
	exit 1
}

# ---- small things ----

is_hex() # TEXT DIGITS
{
	case $1 in *[!0-9a-f]*) bad "$where: no hex: $1" ;; esac
	[ "${#1}" -eq "$2" ] || bad "$where: not $2 hex digits: $1"
}

is_number() # as the shell itself would write it
{
	case $1 in '' | - | *[!0-9-]* | ?*-* | 0?* | -0*) bad "$where: no number: $1" ;; esac
	[ "$(($1))" = "$1" ] || bad "$where: too large: $1"
}

is_count()
{
	is_number "$1"
	[ "$1" -ge 0 ] || bad "$where: below nothing: $1"
}

# Sets o to the bytes of hex digits.
octal()
{
	o='' r=$1
	while [ -n "$r" ]; do
		case $r in
		????????*)
			w=${r%"${r#????????}"} r=${r#????????}
			w=$((0x$w))
			o="$o\\0$((w >> 30 & 3))$((w >> 27 & 7))$((w >> 24 & 7))\\0$((w >> 22 & 3))$((w >> 19 & 7))$((w >> 16 & 7))"
			o="$o\\0$((w >> 14 & 3))$((w >> 11 & 7))$((w >> 8 & 7))\\0$((w >> 6 & 3))$((w >> 3 & 7))$((w & 7))"
			;;
		*)
			w=${r%"${r#??}"} r=${r#??}
			w=$((0x$w))
			o="$o\\0$((w >> 6 & 3))$((w >> 3 & 7))$((w & 7))"
			;;
		esac
	done
}

# Sets o to a number as 8 bytes.
number()
{
	is_number "$1"
	o='' w=$1 r=56
	[ "$w" -ge 256 ] || [ "$w" -lt 0 ] || o='\0000\0000\0000\0000\0000\0000\0000' r=0
	while [ "$r" -ge 0 ]; do
		o="$o\\0$((w >> r + 6 & 3))$((w >> r + 3 & 7))$((w >> r & 7))"
		r=$((r - 8))
	done
}

# Sets v to what stands between = and ;, and count to the number of bytes that it is, escapes undone.
measure()
{
	case $1 in =*\;) ;; *) bad "$where: no value: $1" ;; esac
	v=${1#=} v=${v%;}
	case $v in *[!\ -~]*) bad "$where: a byte that should be escaped" ;; esac
	count=${#v} r=$v
	while :; do
		case $r in *\\*) r=${r#*\\} ;; *) break ;; esac
		case $r in
		[nrt]*) count=$((count - 1)) r=${r#?} ;;
		0[0-3][0-7][0-7]*) count=$((count - 4)) r=${r#????} ;;
		*) bad "$where: no such escape: \\$r" ;;
		esac
	done
}

same() # FILE FILE
{
	[ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]
}

# These bytes must have that SHA-256: found out by the next flush.
must_be() # SHA-256 BYTES
{
	is_hex "$1" 64
	n=$((n + 1))
	printf %b "$2" >"$tmp/bytes/$where.$n"
	printf '%s  %s\n' "$1" "$where.$n" >&3
}

file_must_be() # SHA-256 FILE
{
	printf '%s  %s\n' "$1" "$2" >&4
	printf '%s\n' "$2" >&6
}

begin()
{
	rm -rf "$tmp/bytes" "$tmp/text"
	mkdir "$tmp/bytes" "$tmp/text"
	exec 3>"$tmp/bytes.list" 4>"$tmp/files.list" 7>"$tmp/seconds" 8>"$tmp/times"
	said='' batch=0
}

flush()
{
	[ "$batch" -gt 0 ] || return 0
	(cd "$tmp/bytes" && sha256sum -c --quiet --strict ../bytes.list 2>&1) || bad 'what a .proof or .path file says does not fit'
	sha256sum -c --quiet --strict "$tmp/files.list" 2>&1 || bad 'a file is not the one that its fact is of'
	(cd "$tmp/text" && sha256sum -- *) >"$tmp/text.list"
	sha256sum -c --quiet --strict "$tmp/text.list" 2>&1 || bad 'a text does not say what was proven'
	date -u -f "$tmp/seconds" +%Y-%m-%dT%H:%M:%S >"$tmp/dates" && same "$tmp/dates" "$tmp/times" ||
		bad 'a time is not the one that was proven'
	printf %s "$said"
	begin
}

# What the fields of a kind are called, in their order (in no leaf: docs/seal.md). Sets names.
names_of()
{
	case $1 in
	session) names='session at_us command mode link sent_link options tool_name tool_version operator_name browser browser_version user_agent language timezone device via resolver durability ca_sha256 clock_source clock_offset_us ' ;;
	session_end) names='session at_us reason detail complete incomplete_reason clock_drift_us ' ;;
	tunnel) names='session at_us tunnel client_ip client_port listener_ip listener_port ' ;;
	connect) names='session at_us tunnel kind host port outcome detail head ' ;;
	dns) names='session at_us tunnel leg name source resolver cnames addresses ttl elapsed_us outcome detail ' ;;
	leg) names='session at_us tunnel leg host port dial_host dial_port remote_ip remote_port local_ip local_port via attempts elapsed_us outcome detail via_ip exit_ip ' ;;
	hello) names='session at_us tunnel leg sni alpn ja3 ja3_full ja4 ja4_raw raw ' ;;
	handshake) names='session at_us tunnel leg started_us version cipher alpn sni key_group peer_signature resumed verified verify_code verify_error permitted certs ocsp scts server_hello outcome detail ' ;;
	certificate) names='session at_us sha256 subject issuer serial not_before_us not_after_us san key_kind signature_kind der ' ;;
	request) names='session at_us exchange tunnel n method url version oddities head fields ' ;;
	interim) names='session at_us exchange status head fields ' ;;
	response) names='session at_us exchange leg status reason version made_by oddities head fields ' ;;
	chunk) names='session at_us exchange side n size same_as sha256 data ' ;;
	exchange_end) names='session at_us exchange leg reason detail req_size req_stored req_sha256 req_trailers req_ended_us first_byte_us res_size res_stored res_sha256 res_trailers recorder_wait_us ' ;;
	opaque) names='session at_us tunnel leg exchange why up_bytes up_sha256 down_bytes down_sha256 reason detail ' ;;
	leg_end) names='session at_us tunnel leg reason detail in_bytes in_sha256 out_bytes out_sha256 ' ;;
	tunnel_end) names='session at_us tunnel reason detail ' ;;
	note) names='session at_us tunnel exchange code detail ' ;;
	h2_frame) names='session at_us tunnel leg exchange sender frame stream code code_name last_stream payload ' ;;
	close) names='session at_us operator_name tool_version reason ' ;;
	erasure) names='session at_us operator_name tool_version reason n list ' ;;
	custody) names='session at_us act operator_name tool_version build detail sha256 ' ;;
	lookup) names='session at_us kind subject source status outcome detail elapsed_us media_type answer ' ;;
	attachment) names='session at_us exchange kind name media_type detail size sha256 data ' ;;
	capture) names='session at_us side event name detail packets dropped size sha256 ' ;;
	packet_file) names='session at_us file run side name size sha256 packets first_us last_us dropped malformed flows key_lines outcome detail ' ;;
	flow) names='session at_us flow file client_ip client_port server_ip server_port first_packet last_packet last_us up_bytes up_sha256 up_lost down_bytes down_sha256 down_lost conflicts conflict_packet ended target detail ' ;;
	flow_tls) names='session at_us flow hello_packet hello ja3 ja4 sni offered_alpn server_packet server_hello version cipher alpn certs certs_packet resumed hellos early_data keys why why_packet ' ;;
	flow_plain) names='session at_us flow layer protocol up_bytes up_sha256 up_lost down_bytes down_sha256 down_lost exchanges last_us why why_packet up_tail down_tail up_stream_tail down_stream_tail ' ;;
	flow_exchange) names='session at_us flow n stream method url version status request_packet request_sha256 req_size req_sha256 response_packet response_us response_sha256 res_size res_sha256 last_packet ended_us reason res_tail ' ;;
	packet_dns) names='session at_us file packet server_ip server_port name type rcode cnames addresses ttl ' ;;
	stray) names='session at_us file packet protocol source_ip source_port destination_ip destination_port packets last_us detail ' ;;
	remark) names='session at_us trail hop exchange act operator_name tool_version text withdraws ' ;;
	*) bad "$where: no such kind: $1" ;;
	esac
}

# ---- a fact ----

# The commitment to a value. VALUE is what printf %b makes it of, or @: it is in FILE.
commit() # TYPE SALT LENGTH COMMITMENT DIGEST VALUE FILE
{
	is_hex "$2" 32
	is_count "$3"
	octal "$2"
	form="clicktrail-value/1$o$1"
	number "$3"
	form=$form$o
	if [ "$3" -le 64 ]; then
		[ "$6" != @ ] && [ "$5" = - ] || bad "$where: a short value has no digest and no file"
		must_be "$4" "$form$6"
		return
	fi
	is_hex "$5" 64
	if [ "$6" = @ ]; then
		file_must_be "$5" "$7"
	else
		must_be "$5" "$6"
	fi
	octal "$5"
	must_be "$4" "$form$o"
}

# A value of a line, its commitment, and how people read it (sets shown).
value() # TYPE PART SALT LENGTH COMMITMENT DIGEST =VALUE;
{
	if [ "$7" = @ ]; then
		commit "$1" "$3" "$4" "$5" "$6" @ "fact-$seq.part-$2"
		shown="$4 bytes in fact-$seq.part-$2"
		return
	fi
	measure "$7"
	shown=$v
	commit "$1" "$3" "$4" "$5" "$6" "$v" ''
}

# One line inside a header block.
piece() # WORD PART SALT LENGTH COMMITMENT DIGEST VALUE
{
	pieces=$((pieces - 1))
	if [ "$1" = plain ]; then
		measure "$7"
		[ "$2$3$5$6" = ---- ] && [ "$count" = "$4" ] || bad "$where: not $4 bytes: $7"
		number "$4"
		block_bytes="${block_bytes}p$o$v"
		block_text=$block_text$v
		return
	fi
	[ "$2" = "$next_piece" ] || bad "$where: part $2 is not in its place"
	next_piece=$((next_piece + 1))
	is_hex "$5" 64
	case $1 in
	piece)
		shift
		value b "$@"
		set -- piece "$@"
		[ "$7" != @ ] || shown="\\[$shown]"
		;;
	hidden | erased)
		[ "$3$4$6$7" = -- ] || bad "$where: words too many"
		shown='\[erased]'
		[ "$1" = erased ] || shown='\[not shown]'
		;;
	*) bad "$where: no such line: $1" ;;
	esac
	octal "$5"
	block_bytes="${block_bytes}c$o"
	block_text=$block_text$shown
}

block_begin() # PART SALT PIECES COMMITMENT
{
	is_hex "$2" 32
	is_count "$3"
	is_hex "$4" 64
	block=$1 block_commitment=$4 pieces=$3 next_piece=$((4096 * $1)) block_text=''
	octal "$2"
	block_bytes="clicktrail-block/1$o"
	number "$3"
	block_bytes=$block_bytes$o
	text="$text$name:$nl"
}

block_end()
{
	[ "$pieces" = 0 ] || bad "$where: a header block is not whole"
	must_be "$block_commitment" "$block_bytes"
	block=''
	while [ -n "$block_text" ]; do
		text="$text    ${block_text%%\\n*}$nl"
		case $block_text in *\\n*) block_text=${block_text#*\\n} ;; *) block_text='' ;; esac
	done
}

integer() # NUMBER TIME
{
	number "$1"
	body="${body}i$o"
	if [ "$part" = 2 ] && [ "$1" -ge 0 ]; then
		text="$text$name = $1 ($2)$nl"
		printf '@%d\n' "$(($1 / 1000000))" >&7
		us=$((1000000 + $1 % 1000000))
		[ "${2#*.}" = "${us#1}Z" ] || bad "$where: not its time: $2"
		printf '%s\n' "${2%.*}" >&8
	else
		[ "$2" = - ] || bad "$where: it is no time: $2"
		text="$text$name = $1$nl"
	fi
}

# One line of a fact, outside of header blocks.
field() # WORD PART SALT LENGTH COMMITMENT DIGEST VALUE
{
	fields=$((fields - 1)) part=$((part + 1))
	[ "$2" = "$part" ] || bad "$where: field $2 is not in its place"
	name=${names%% *} names=${names#* }
	[ -n "$name" ] || bad "$where: a $kind has no field $part, as far as this script knows"
	case $1 in
	unknown)
		[ -z "$3$4$5$6$7" ] || bad "$where: words too many"
		body="${body}n"
		text="$text$name: unknown$nl"
		return
		;;
	integer)
		[ "$3$6$7" = - ] || bad "$where: words too many"
		integer "$4" "$5"
		return
		;;
	esac
	is_hex "$5" 64
	octal "$5"
	body="${body}c$o"
	case $1 in
	block)
		[ -z "$6$7" ] || bad "$where: words too many"
		block_begin "$2" "$3" "$4" "$5"
		;;
	hidden | erased)
		[ "$3$4$6$7" = -- ] || bad "$where: words too many"
		[ "$1" = erased ] && text="$text$name: erased$nl" || text="$text$name: not shown$nl"
		;;
	text)
		value t "$2" "$3" "$4" "$5" "$6" "$7"
		[ "$7" = @ ] && text="$text$name: $shown$nl" || text="$text$name = $shown$nl"
		;;
	bytes)
		if [ "$7" = @ ]; then
			value b "$2" "$3" "$4" "$5" "$6" @
			text="$text$name: $shown$nl"
			return
		fi
		measure "$7"
		is_count "$4"
		is_hex "$v" "$((2 * $4))"
		text="$text$name: hex $v$nl"
		octal "$v"
		commit b "$3" "$4" "$5" "$6" "$o" ''
		;;
	*) bad "$where: no such line: $1" ;;
	esac
}

# The leaf of fact $seq from its .proof file: sets leaf, and running where it is stated.
fact()
{
	where=fact-$seq block='' part=0 text='' body=''
	[ -f "fact-$seq.proof" ] || bad "fact-$seq.proof is missing"
	exec 5<"fact-$seq.proof"
	IFS=' ' read -r word number kind blind fields leaf running <&5 || bad "$where: empty"
	[ "$word $number" = "fact $seq" ] || bad "$where: it is another: $word $number"
	[ $all = yes ] || [ -z "$running" ] || bad "$where: words too many"
	[ "$seq" -ge 1 ] && [ "$seq" -le "$facts" ] || bad "$where: the head covers $facts facts"
	names_of "$kind"
	is_hex "$blind" 32
	is_hex "$leaf" 64
	is_count "$fields"
	number "${#kind}"
	start="\\0000clicktrail-fact/1$o$kind"
	number "$seq"
	start=$start$o
	octal "$blind"
	start=$start$o
	number "$fields"
	start=$start$o
	text="fact $seq: $kind$nl$nl"
	while IFS=' ' read -r word p a b c d e <&5; do
		if [ -z "$block" ]; then
			field "$word" "$p" "$a" "$b" "$c" "$d" "$e"
		elif [ "$word $p$a$b$c$d$e" = "end $block" ]; then
			block_end
		else
			piece "$word" "$p" "$a" "$b" "$c" "$d" "$e"
		fi
	done
	exec 5<&-
	[ "$fields" = 0 ] && [ -z "$block" ] || bad "$where: it is not whole"
	must_be "$leaf" "$start$body"
	file_must_be "$leaf" "fact-$seq.leaf"
	printf %s "$text" >"$tmp/text/fact-$seq.txt"
	printf '%s\n' "fact-$seq.proof" "fact-$seq.txt" >&6
}

# From the leaf to the root, RFC 9162 2.1.3.2.
path()
{
	at=$((seq - 1)) last=$((facts - 1)) node=$leaf
	[ -f "fact-$seq.path" ] || bad "fact-$seq.path is missing"
	printf '%s\n' "fact-$seq.path" >&6
	while IFS=' ' read -r sibling joined; do
		[ "$last" -gt 0 ] || bad "$where: its path is too long"
		is_hex "$sibling" 64
		if [ $((at & 1)) = 1 ] || [ "$at" = "$last" ]; then
			octal "$sibling$node"
			while [ $((at & 1)) = 0 ] && [ "$at" != 0 ]; do
				at=$((at >> 1)) last=$((last >> 1))
			done
		else
			octal "$node$sibling"
		fi
		must_be "$joined" "\\0001$o"
		at=$((at >> 1)) last=$((last >> 1)) node=$joined
	done <"fact-$seq.path"
	[ "$last" = 0 ] && [ "$node" = "$root" ] || bad "$where: its path does not lead to the root in head.txt"
}

# ---- the head ----

line() # NAME: the next line of head.txt must be that; sets v
{
	read -r word v <&5 && [ "$word" = "$1" ] || bad "head.txt: no $1"
	case $v in *[!\ -~]*) bad "head.txt: $1 is unreadable" ;; esac
}

head_is_signed()
{
	where=head.txt
	exec 5<head.txt
	read -r v <&5 && [ "$v" = clicktrail-head/1 ] || bad 'head.txt: of another kind'
	line case && case_id=$v
	line head && head=$v
	line kind && head_kind=$v
	line facts && facts=$v
	line at && at=$v
	line running && head_running=$v
	line root && root=$v
	line previous
	line key && key=$v
	read -r v <&5 && bad 'head.txt: something behind its end'
	exec 5<&-
	is_count "$facts"
	is_hex "$key" 64
	is_hex "$root" 64
	pem=$(openssl pkey -pubin -in key.pem -outform DER | od -An -v -tx1 | tr -d ' \n')
	[ "$pem" = "302a300506032b6570032100$key" ] || bad 'key.pem is not the key in head.txt'
	openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in head.txt -sigfile head.sig >"$tmp/openssl" 2>&1 ||
		bad 'head.sig: the signature does not hold'
	echo "head $head ($head_kind, $at) of case $case_id, over $facts facts: signed by the key"
	echo "    $key"
	echo '    Compare that with one that you got in another way.'
}

timestamp()
{
	[ -e head.tsr ] || [ -e tsa.pem ] || return 0
	openssl ts -verify -data head.txt -in head.tsr -CAfile tsa.pem >"$tmp/openssl" 2>&1 ||
		bad 'head.tsr: the timestamp does not hold'
	printf 'head.tsr\ntsa.pem\n' >&6
	openssl ts -reply -in head.tsr -text >"$tmp/openssl" 2>&1 || bad 'head.tsr cannot be read'
	while IFS= read -r v; do
		case $v in 'Time stamp:'*) echo "head.tsr: $v, by an authority in tsa.pem" ;; esac
	done <"$tmp/openssl"
}

# ---- the folder ----

# Each file as it was when the folder was made, and no other ones.
manifest()
{
	for f in * .[!.]*; do
		case $f in *[!a-zA-Z0-9.-]*) [ "$f" = '.[!.]*' ] || bad "a file has a name that none of ours has: $f" ;; esac
		[ -f "$f" ] || [ "$f" = '.[!.]*' ] || bad "$f is no file"
		case $f in head.tsr | tsa.pem | manifest.sha256 | '.[!.]*') ;; *) printf '%s\n' "$f" ;; esac
	done >"$tmp/names"
	[ -f manifest.sha256 ] || bad 'manifest.sha256 is missing'
	cut -c 67- manifest.sha256 >"$tmp/listed"
	same "$tmp/listed" "$tmp/names" || bad 'the files here are not those in manifest.sha256'
	where=manifest.sha256
	while IFS= read -r v; do
		is_hex "${v%%  *}" 64
	done <manifest.sha256
	sha256sum -c --quiet --strict manifest.sha256 2>&1 || bad 'a file is not what it was'
	echo 'manifest.sha256: all files are here, as they were made'
}

# A file that nothing above asked for could say anything.
no_strangers()
{
	printf '%s\n' README.txt check.sh head.txt head.sig key.pem manifest.sha256 >&6
	exec 6>&-
	sort "$tmp/used" >"$tmp/used.sorted"
	for f in *; do
		printf '%s\n' "$f"
	done | sort >"$tmp/names"
	same "$tmp/names" "$tmp/used.sorted" || bad 'there are files here that prove nothing'
}

# ---- all facts ----

form() # WORD LENGTH DIGEST VALUE: sets o to the form of a text
{
	if [ "$1" = unknown ]; then
		o=n
		return
	fi
	measure "$4"
	[ "$count" = "$2" ] || bad "$where: not $2 bytes: $4"
	number "$2"
	if [ "$count" -gt 64 ]; then
		must_be "$3" "$v"
		v=$o
		octal "$3"
		o=t$v$o
	else
		[ "$3" = - ] || bad "$where: a short value has no digest"
		o=t$o$v
	fi
}

# running(0)
start()
{
	where=case.proof
	printf '%s\n' case.proof >&6
	exec 5<case.proof
	IFS=' ' read -r word id created running <&5 || bad 'case.proof: empty'
	[ "$word $id" = "case $case_id" ] || bad 'case.proof: of another case'
	number "${#id}"
	bytes="clicktrail-case/1t$o$id"
	number "$created"
	bytes=$bytes$o
	for i in 1 2 3; do
		IFS=' ' read -r word part a count b d e <&5 && [ "$part" = "$i" ] || bad 'case.proof: not whole'
		[ "$a$b" = -- ] || [ "$word$a$count$b$d$e" = unknown ] || bad 'case.proof: words too many'
		form "$word" "$count" "$d" "$e"
		bytes=$bytes$o
	done
	read -r word <&5 && bad 'case.proof: something behind its end'
	exec 5<&-
	must_be "$running" "$bytes"
	before=$running
	echo "case.proof: made $created us after 1970"
}

join_level()
{
	[ -d "$tmp/level" ] || return 0
	(cd "$tmp/level" && sha256sum -- *) | cut -c 1-64 >>"$tmp/joined"
	rm -rf "$tmp/level"
}

# $tmp/leaves to the root: pair by pair, level by level; one without a sibling rises as it is.
tree()
{
	left=$facts
	while [ "$left" -gt 1 ]; do
		: >"$tmp/joined"
		i=1000 lone=''
		while read -r a; do
			read -r b || {
				lone=$a
				break
			}
			[ -d "$tmp/level" ] || mkdir "$tmp/level"
			octal "$a$b"
			printf %b "\\0001$o" >"$tmp/level/$i"
			i=$((i + 1))
			[ "$i" -lt 3000 ] || {
				join_level
				i=1000
			}
		done <"$tmp/leaves"
		join_level
		[ -z "$lone" ] || printf '%s\n' "$lone" >>"$tmp/joined"
		mv "$tmp/joined" "$tmp/leaves"
		left=$((left / 2 + left % 2))
	done
	read -r a <"$tmp/leaves"
	[ "$a" = "$root" ] || bad 'the tree over all facts is not that of head.txt'
	echo 'the tree over all facts has the root in head.txt'
}

# ---- what is done ----

exec 6>"$tmp/used"
manifest
head_is_signed
timestamp
begin
all=no shown_facts=0 before=''
if [ -e case.proof ]; then
	all=yes
	start
	: >"$tmp/leaves"
fi
for f in fact-*.proof; do
	f=${f#fact-}
	printf '%s\n' "${f%.proof}"
done | sort -n >"$tmp/numbers"
while read -r seq <&9; do
	where=numbers
	is_count "$seq"
	fact
	shown_facts=$((shown_facts + 1))
	if [ $all = yes ]; then
		[ "$seq" = "$shown_facts" ] || bad "fact $shown_facts is missing"
		octal "$before$leaf"
		must_be "$running" "$o"
		before=$running
		printf '%s\n' "$leaf" >>"$tmp/leaves"
	else
		path
	fi
	said="${said}fact $seq: $kind$nl"
	batch=$((batch + 1))
	[ "$batch" -lt 100 ] || flush
done 9<"$tmp/numbers"
flush
if [ $all = yes ]; then
	[ "$shown_facts" = "$facts" ] || bad "only $shown_facts of $facts facts are here"
	[ "$before" = "$head_running" ] || bad 'the running hash over all facts is not that of head.txt'
	echo 'the running hash over all facts is that of head.txt'
	tree
fi
no_strangers
echo "$shown_facts of $facts facts: holds"
whole=yes
