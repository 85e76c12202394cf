/*
 * The facts: everything that a producer (proxy, capture, trace) may say, as plain structs. A
 * fact is written once and never changed. One list of fields per kind gives the struct, the
 * table's columns, the leaf in the seal and the reader, so a new kind is one list here, one
 * CREATE TABLE and one INSERT in store/. Any thread.
 *
 * Field types: I integer (FACT_NULL = unknown), T text (UTF-8; ill-formed bytes and NUL become
 * U+FFFD when it is encoded; the raw bytes live in a B field beside it), B bytes. A span with p
 * == NULL is unknown. Times are UTC microseconds (clock.h). Fields are only ever appended to a
 * list, as nullable columns.
 *
 * What a seal covers of a fact is in store/seal_fact.h.
 */
#ifndef STORE_FACT_FACT_H
#define STORE_FACT_FACT_H

#include "store/base/arena.h"
#include "store/base/buf.h"

#define FACT_NULL INT64_MIN
enum { FACT_FIELDS_MAX = 40 };

/* Which leg of a tunnel: the browser's is always number 0; origin legs have case-wide numbers
 * from 1. */
#define LEG_BROWSER 0
/* Which direction a body went. */
enum fact_side { SIDE_REQUEST = 0, SIDE_RESPONSE = 1 };

/* Among a request's oddities: clicktrail answered it in its origin's place, as the page of
 * --referer. */
#define ODDITY_REFERER_PAGE "referer-page"
/* Why bytes were passed through unread by the proxy: another reads them, by their packets. */
#define OPAQUE_NO_INTERCEPT "no-intercept"
/* Plaintext behind an exchange that led to another protocol; and plaintext of no exchange that
 * was read from packets (--no-intercept). */
#define OPAQUE_UPGRADE "upgrade"
#define OPAQUE_NOT_HTTP "not-http"

/* The lists are for people: fields in rows, as they belong together. */
/* clang-format off */

/* One run of a browser or client. mode: intercept, no-intercept, replay. command: trace, proxy, replay.
 * link: as given by the user; sent_link: what was opened after --replace. options: JSON object of the effective options. */
#define FACT_SESSION(I, T, B)                                                                 \
	I(session) I(at_us) T(command) T(mode) T(link) T(sent_link) T(options) T(tool_name)   \
	T(tool_version) T(operator_name) T(browser) T(browser_version) T(user_agent)          \
	T(language) T(timezone) T(device) T(via) T(resolver) T(durability) B(ca_sha256)       \
	T(clock_source) I(clock_offset_us)

/* reason: the contract's ended_by word for trace, or "stopped". complete: 1 if everything seen was recorded. */
#define FACT_SESSION_END(I, T, B)                                                             \
	I(session) I(at_us) T(reason) T(detail) I(complete) T(incomplete_reason)              \
	I(clock_drift_us)

/* A client connection was accepted. */
#define FACT_TUNNEL(I, T, B)                                                                  \
	I(session) I(at_us) I(tunnel) T(client_ip) I(client_port) T(listener_ip) I(listener_port)

/* Where the client wants to go, once per tunnel. kind: connect, plain, unknown. outcome: an err word ("ok"). */
#define FACT_CONNECT(I, T, B)                                                                 \
	I(session) I(at_us) I(tunnel) T(kind) T(host) I(port) T(outcome) T(detail) B(head)

/* One name resolution that led (or failed to lead) to a connection. source: dns, hosts, literal, connect-to.
 * cnames: the path, space-separated, asked name excluded; addresses: "ip/ttl" space-separated, in the order tried. */
#define FACT_DNS(I, T, B)                                                                     \
	I(session) I(at_us) I(tunnel) I(leg) T(name) T(source) T(resolver) T(cnames)          \
	T(addresses) I(ttl) I(elapsed_us) T(outcome) T(detail)

/* An origin leg was opened, or could not be. host, port: asked for; dial_*: after --connect-to. attempts: "ip:port word" each
 * on a line. elapsed_us: from the first attempt to connected. outcome: an err word. via_ip: of the proxy in `via`, as reached;
 * exit_ip: from where that proxy says that it reached the origin. */
#define FACT_LEG(I, T, B)                                                                     \
	I(session) I(at_us) I(tunnel) I(leg) T(host) I(port) T(dial_host) I(dial_port)        \
	T(remote_ip) I(remote_port) T(local_ip) I(local_port) T(via) T(attempts)              \
	I(elapsed_us) T(outcome) T(detail) T(via_ip) T(exit_ip)

/* A ClientHello exactly as seen (leg 0) or sent (origin leg). raw: the handshake message without record headers. */
#define FACT_HELLO(I, T, B)                                                                   \
	I(session) I(at_us) I(tunnel) I(leg) T(sni) T(alpn) T(ja3) T(ja3_full) T(ja4)         \
	T(ja4_raw) B(raw)

/* The outcome of one TLS negotiation. at_us: its end. cipher: IANA name. certs: SHA-256 of each certificate as sent by the peer
 * (leg 0: as sent by us), concatenated. verified: 1, 0 or unknown (leg 0). permitted: 1 if --permit-bad-cert let it pass.
 * ocsp, scts: raw, as the peer sent them. server_hello: raw handshake message. outcome: an err word. */
#define FACT_HANDSHAKE(I, T, B)                                                               \
	I(session) I(at_us) I(tunnel) I(leg) I(started_us) T(version) T(cipher) T(alpn)       \
	T(sni) T(key_group) T(peer_signature) I(resumed) I(verified) I(verify_code)           \
	T(verify_error) I(permitted) B(certs) B(ocsp) B(scts) B(server_hello) T(outcome)      \
	T(detail)

/* A certificate, once per case. san: "DNS:name" / "IP:addr" space-separated. */
#define FACT_CERTIFICATE(I, T, B)                                                             \
	I(session) I(at_us) B(sha256) T(subject) T(issuer) T(serial) I(not_before_us)         \
	I(not_after_us) T(san) T(key_kind) T(signature_kind) B(der)

/* A request head. n: its number on the tunnel, from 1. url: absolute, as the browser asked. head: raw bytes as received.
 * fields: only when head is not plain "Name: value" lines with CRLF: the parsed lines in that form. oddities: words.
 * HTTP/2: head is unknown (an HPACK block means nothing alone), fields are all lines in order, pseudo-headers among them
 * (":method: GET"), an empty line behind them. */
#define FACT_REQUEST(I, T, B)                                                                 \
	I(session) I(at_us) I(exchange) I(tunnel) I(n) T(method) T(url) T(version)            \
	T(oddities) B(head) B(fields)

/* An interim response (1xx) on the way to the final one. */
#define FACT_INTERIM(I, T, B)                                                                 \
	I(session) I(at_us) I(exchange) I(status) B(head) B(fields)

/* A response head. made_by: origin, clicktrail (our own error pages and internal pages). leg: where it came from. */
#define FACT_RESPONSE(I, T, B)                                                                \
	I(session) I(at_us) I(exchange) I(leg) I(status) T(reason) T(version) T(made_by)      \
	T(oddities) B(head) B(fields)

/* A piece of a body as it came over the wire, transfer coding removed, content coding kept. At most BODY_CHUNK bytes.
 * sha256: of the piece, where it is longer than BODY_SHARE_MIN. same_as: seq of an equal chunk; data is then unknown. */
#define FACT_CHUNK(I, T, B)                                                                   \
	I(session) I(at_us) I(exchange) I(side) I(n) I(size) I(same_as) B(sha256) B(data)

/* An exchange is over. reason: err word, "ok" if both messages ended as announced. *_size: payload bytes that passed;
 * *_stored: of them in chunks; *_sha256: of all that passed. req_ended_us, first_byte_us: request's last byte sent, first
 * response byte seen. recorder_wait_us: time that release waited for commits. */
#define FACT_EXCHANGE_END(I, T, B)                                                            \
	I(session) I(at_us) I(exchange) I(leg) T(reason) T(detail) I(req_size) I(req_stored)  \
	B(req_sha256) B(req_trailers) I(req_ended_us) I(first_byte_us) I(res_size)            \
	I(res_stored) B(res_sha256) B(res_trailers) I(recorder_wait_us)

/* Bytes passed through unread. why: not-tls, silent, upgrade, only, client-hello, no-intercept (they are read elsewhere, by their
 * packets; then not-http, upgrade: plaintext of the same leg that belongs to no exchange). exchange: of an upgrade. */
#define FACT_OPAQUE(I, T, B)                                                                  \
	I(session) I(at_us) I(tunnel) I(leg) I(exchange) T(why) I(up_bytes) B(up_sha256)      \
	I(down_bytes) B(down_sha256) T(reason) T(detail)

/* A leg is closed: plaintext bytes each way and their SHA-256 (in: received from the peer). leg 0: the browser's.
 * The SHA-256 of leg 0 of a tunnel that was never TLS covers the bytes after CONNECT's answer, else all. */
#define FACT_LEG_END(I, T, B)                                                                 \
	I(session) I(at_us) I(tunnel) I(leg) T(reason) T(detail) I(in_bytes) B(in_sha256)     \
	I(out_bytes) B(out_sha256)

#define FACT_TUNNEL_END(I, T, B) I(session) I(at_us) I(tunnel) T(reason) T(detail)

/* Anything else worth keeping: code is one of notes.tbl's words; detail free text. */
#define FACT_NOTE(I, T, B) I(session) I(at_us) I(tunnel) I(exchange) T(code) T(detail)

/* An HTTP/2 frame that is about the connection or ends a stream, on one leg. sender: peer, clicktrail. frame: settings,
 * window_update (of the connection, before the first stream), priority, rst_stream, goaway, ping (the one that reached a limit). code,
 * code_name: RFC 9113 7. last_stream: of a goaway. payload: as it passed, cut at H2_FRAME_PAYLOAD_MAX. */
#define FACT_H2_FRAME(I, T, B)                                                                \
	I(session) I(at_us) I(tunnel) I(leg) I(exchange) T(sender) T(frame) I(stream)         \
	I(code) T(code_name) I(last_stream) B(payload)

/* The case was closed for good: nothing comes after it. operator_name: who did it. */
#define FACT_CLOSE(I, T, B) I(session) I(at_us) T(operator_name) T(tool_version) T(reason)

/* Values were erased (store/seal.h): how many, by whom and why, and a SHA-256 over the list of them. */
#define FACT_ERASURE(I, T, B)                                                                 \
	I(session) I(at_us) T(operator_name) T(tool_version) T(reason) I(n) B(list)

/* What was done with the case, and by what: act is one of custody.tbl's words. build: of the program. sha256: of what left
 * the case, or of what was read into it. */
#define FACT_CUSTODY(I, T, B)                                                                 \
	I(session) I(at_us) T(act) T(operator_name) T(tool_version) T(build) T(detail) B(sha256)

/* What a directory said about a party, asked for by a person: kind, subject and outcome are words of lookup.h. at_us: when the
 * answer was there; source: who was asked (a URL, "ip:port" of a resolver, a file's own words). status: HTTP's, or the RCODE of
 * DNS. answer: as it came, cut at LOOKUP_ANSWER_MAX. */
#define FACT_LOOKUP(I, T, B)                                                                  \
	I(session) I(at_us) T(kind) T(subject) T(source) I(status) T(outcome) T(detail)       \
	I(elapsed_us) T(media_type) B(answer)

/* Something that belongs to a case and came over no connection of it: a picture of the page, the mail, a photo. kind: a word
 * of attachment.h. exchange: the document that it shows; unknown for others. at_us: when it was taken, or given to us. name: as its giver
 * called it. sha256, size: of data, which is at most ATTACHMENT_MAX bytes. */
#define FACT_ATTACHMENT(I, T, B)                                                              \
	I(session) I(at_us) I(exchange) T(kind) T(name) T(media_type) T(detail) I(size)       \
	B(sha256) B(data)

/* A packet recorder, of one side of the proxy: it began, ended, or could not. side, event: words of capture.h. name: of its file,
 * which lies beside the case. detail: on which interface, or why not. packets, dropped, size, sha256: of what it wrote, at its
 * end; dropped: by the kernel, before it saw them. */
#define FACT_CAPTURE(I, T, B)                                                                 \
	I(session) I(at_us) T(side) T(event) T(name) T(detail) I(packets) I(dropped) I(size)  \
	B(sha256)

/* What follows is in the companion: the witness, as `crosscheck` read it out of packets. Packet numbers count from 1 in their file;
 * at_us and other times are the kernel's. up: from who opened the connection; down: to it. *_lost: bytes that no packet shows;
 * such a direction has no digest. */

/* A packet file was read. file: a number of its own; run: of the reading, the same for all files of one. malformed: packets that are
 * none; key_lines: secrets that were at hand. outcome: an err word. */
#define FACT_PACKET_FILE(I, T, B)                                                             \
	I(session) I(at_us) I(file) I(run) T(side) T(name) I(size) B(sha256) I(packets)       \
	I(first_us) I(last_us) I(dropped) I(malformed) I(flows) I(key_lines) T(outcome)       \
	T(detail)

/* A TCP connection. flow: a number of its own. *_bytes, *_sha256: of the stream as it was acknowledged. conflicts: bytes that
 * came again and were others; conflict_packet: where first. ended: a word of flow.h. target: "host:port" that was asked of a proxy
 * at its start, absent if none was. *_sha256 are absent where TLS inside was opened by keys, unless something in the case was
 * passed through unread (or it was being written): the plaintext's say more. */
#define FACT_FLOW(I, T, B)                                                                    \
	I(session) I(at_us) I(flow) I(file) T(client_ip) I(client_port) T(server_ip)          \
	I(server_port) I(first_packet) I(last_packet) I(last_us) I(up_bytes) B(up_sha256)     \
	I(up_lost) I(down_bytes) B(down_sha256) I(down_lost) I(conflicts) I(conflict_packet)  \
	T(ended) T(target) T(detail)

/* TLS inside a flow. hello: the first ClientHello, server_hello: the last ServerHello, both handshake messages; hellos: 2 after a
 * HelloRetryRequest. certs: as in a handshake fact. resumed: 1, 0, unknown. early_data, keys: words of flow.h. why: what could not be
 * read, and where. */
#define FACT_FLOW_TLS(I, T, B)                                                                \
	I(session) I(at_us) I(flow) I(hello_packet) B(hello) T(ja3) T(ja4) T(sni)             \
	T(offered_alpn) I(server_packet) B(server_hello) T(version) T(cipher) T(alpn)         \
	B(certs) I(certs_packet) I(resumed) I(hellos) T(early_data) T(keys) T(why)            \
	I(why_packet)

/* What a flow carried, behind what was asked of a proxy and inside TLS. layer: clear, tls. protocol: http/1.1, h2, other; unknown where
 * it could not be read. why: what could not, and where. *_tail: the last places but the end where who received it can have stopped
 * reading, each as number of bytes before it (8 bytes) and their SHA-256; *_stream_tail: the same of the TCP stream, of TLS only. */
#define FACT_FLOW_PLAIN(I, T, B)                                                              \
	I(session) I(at_us) I(flow) T(layer) T(protocol) I(up_bytes) B(up_sha256) I(up_lost)  \
	I(down_bytes) B(down_sha256) I(down_lost) I(exchanges) I(last_us) T(why)              \
	I(why_packet) B(up_tail) B(down_tail) B(up_stream_tail) B(down_stream_tail)

/* A request in a flow, and its response. n: from 1. stream: of HTTP/2. request_sha256, response_sha256: of the heads in the form of
 * `head`, or of HTTP/2's `fields`, in request and response facts. reason: an err word. res_tail: of the response's body, as in a
 * flow_plain fact. */
#define FACT_FLOW_EXCHANGE(I, T, B)                                                           \
	I(session) I(at_us) I(flow) I(n) I(stream) T(method) T(url) T(version) I(status)      \
	I(request_packet) B(request_sha256) I(req_size) B(req_sha256) I(response_packet)      \
	I(response_us) B(response_sha256) I(res_size) B(res_sha256) I(last_packet) I(ended_us) \
	T(reason) B(res_tail)

/* An answer of a name server. type: as in a zone file. cnames, addresses: as in a dns fact. */
#define FACT_PACKET_DNS(I, T, B)                                                              \
	I(session) I(at_us) I(file) I(packet) T(server_ip) I(server_port) T(name) T(type)     \
	I(rcode) T(cnames) T(addresses) I(ttl)

/* Packets that belong to no TCP connection, those of one protocol between the same two put together. protocol: udp, icmp, arp, ... */
#define FACT_STRAY(I, T, B)                                                                   \
	I(session) I(at_us) I(file) I(packet) T(protocol) T(source_ip) I(source_port)         \
	T(destination_ip) I(destination_port) I(packets) I(last_us) T(detail)

/* What somebody says about a trail (its number in the session) or a hop of it (its number then; unknown: of the whole trail; exchange:
 * of the hop, which numbers may change with the rules). In the companion. act: a word of remark.h. withdraws: the fact of an earlier
 * remark. */
#define FACT_REMARK(I, T, B)                                                                  \
	I(session) I(at_us) I(trail) I(hop) I(exchange) T(act) T(operator_name)               \
	T(tool_version) T(text) I(withdraws)
/* clang-format on */

/* Kind, lower-case name (its table is fact_<name>). In order of life. Only ever appended. */
#define FACT_KINDS(X)                                                                          \
	X(SESSION, session)                                                                    \
	X(SESSION_END, session_end)                                                            \
	X(TUNNEL, tunnel)                                                                      \
	X(CONNECT, connect)                                                                    \
	X(DNS, dns)                                                                            \
	X(LEG, leg)                                                                            \
	X(HELLO, hello)                                                                        \
	X(HANDSHAKE, handshake)                                                                \
	X(CERTIFICATE, certificate)                                                            \
	X(REQUEST, request)                                                                    \
	X(INTERIM, interim)                                                                    \
	X(RESPONSE, response)                                                                  \
	X(CHUNK, chunk)                                                                        \
	X(EXCHANGE_END, exchange_end)                                                          \
	X(OPAQUE, opaque)                                                                      \
	X(LEG_END, leg_end)                                                                    \
	X(TUNNEL_END, tunnel_end)                                                              \
	X(NOTE, note)                                                                          \
	X(H2_FRAME, h2_frame)                                                                  \
	X(CLOSE, close)                                                                        \
	X(ERASURE, erasure)                                                                    \
	X(CUSTODY, custody)                                                                    \
	X(LOOKUP, lookup)                                                                      \
	X(ATTACHMENT, attachment)                                                              \
	X(CAPTURE, capture)                                                                    \
	X(PACKET_FILE, packet_file)                                                            \
	X(FLOW, flow)                                                                          \
	X(FLOW_TLS, flow_tls)                                                                  \
	X(FLOW_PLAIN, flow_plain)                                                              \
	X(FLOW_EXCHANGE, flow_exchange)                                                        \
	X(PACKET_DNS, packet_dns)                                                              \
	X(STRAY, stray)                                                                \
	X(REMARK, remark)

enum fact_kind {
#define X(upper, lower) FACT_KIND_##upper,
	FACT_KINDS(X)
#undef X
		FACT_KIND_COUNT
};

#define FACT_I(name) int64_t name;
#define FACT_T(name) struct span name;
#define FACT_B(name) struct span name;
#define X(upper, lower)                                                                        \
	struct fact_##lower {                                                                  \
		FACT_##upper(FACT_I, FACT_T, FACT_B)                                           \
	};
FACT_KINDS(X)
#undef X
#undef FACT_I
#undef FACT_T
#undef FACT_B

enum fact_type { FACT_TYPE_INT, FACT_TYPE_TEXT, FACT_TYPE_BYTES };

struct fact_field {
	const char *name;
	enum fact_type type;
	size_t offset; /* in the struct */
};

struct fact_info {
	const char *name; /* its table is fact_<name> */
	size_t size;      /* of the struct */
	const struct fact_field *fields;
	size_t n_fields;
};

const struct fact_info *fact_info(enum fact_kind kind);

/* Set every field to unknown. Producers start with this (or the FACT_INIT macro) so that an
 * appended field is never garbage. */
void fact_init(enum fact_kind kind, void *fact);

/* Queue form: all values in full, to be read back by fact_decode. Appended to out. Text is made
 * well-formed here. */
void fact_encode(enum fact_kind kind, const void *fact, struct buf *out);
/* Spans of *fact point into `bytes`. False if the bytes are not what fact_encode writes. */
bool fact_decode(enum fact_kind kind, struct span bytes, void *fact);

/* Of the field of that name, which may be none of that kind's: then, and where it is not known,
 * FACT_NULL. */
int64_t fact_number(enum fact_kind kind, const void *fact, const char *field);

/* Deep copy of the spans into an arena. */
void fact_copy(enum fact_kind kind, const void *from, void *to, struct arena *a);

#endif
