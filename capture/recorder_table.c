#include "capture/recorder_table.h"
#include "capture/recorder_fragments.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { NONE = -1, SLOTS = 2 * RECORDER_TABLE_MAX };
#define SECOND INT64_C(1000000000)

struct key {
	bool udp;
	uint16_t local_port, remote_port;
	struct packet_address remote;
};

/* Members of a list are entries, by their number. */
struct list {
	int32_t first, last;
};
struct place {
	int32_t before, after;
};

struct entry {
	struct key key;
	struct packet_address local; /* n 0: any */
	int64_t last_ns;
	bool begun;        /* a packet of it came */
	bool by_local;     /* and it was of the local end */
	uint32_t isn;      /* TCP: the number of its first SYN (RFC 9293 3.4) */
	bool fin[2], over; /* fin: of the local end, of the remote one */
	int held;
	int32_t next; /* in its slot, or of the free ones */
	struct place silent, holding;
};

struct recorder_table {
	struct entry *entries;
	int32_t *slots, free;
	size_t n, held_max;
	uint32_t seed;
	struct list silent;  /* all, longest silence first */
	struct list holding; /* who holds a descriptor, oldest first */
	struct recorder_table_counts counts;
	struct recorder_local listeners[RECORDER_LISTENERS_MAX];
	size_t n_listeners;
	struct recorder_fragments fragments;
	recorder_still_fn *still;
	int64_t looked_ns; /* for what is held for nothing, the last time there was none */
};

/* The member of an entry by which it is in a list. */
typedef struct place *place_fn(struct entry *e);
static struct place *silent_place(struct entry *e)
{
	return &e->silent;
}
static struct place *holding_place(struct entry *e)
{
	return &e->holding;
}

static void list_add(struct recorder_table *t, struct list *l, place_fn *place, int32_t i)
{
	*place(&t->entries[i]) = (struct place){l->last, NONE};
	if (l->last != NONE)
		place(&t->entries[l->last])->after = i;
	else
		l->first = i;
	l->last = i;
}

static void list_take(struct recorder_table *t, struct list *l, place_fn *place, int32_t i)
{
	struct place at = *place(&t->entries[i]);
	if (at.before != NONE)
		place(&t->entries[at.before])->after = at.after;
	else
		l->first = at.after;
	if (at.after != NONE)
		place(&t->entries[at.after])->before = at.before;
	else
		l->last = at.before;
}

struct recorder_table *recorder_table_new(uint32_t seed, size_t held_max)
{
	struct recorder_table *t = calloc(1, sizeof *t);
	if (t == NULL)
		return NULL;
	t->entries = calloc(RECORDER_TABLE_MAX, sizeof *t->entries);
	t->slots = malloc(SLOTS * sizeof *t->slots);
	t->seed = seed;
	t->held_max = held_max < RECORDER_HELD_MAX ? held_max : RECORDER_HELD_MAX;
	t->silent = t->holding = (struct list){NONE, NONE};
	t->free = NONE;
	t->looked_ns = INT64_MIN;
	if (t->entries == NULL || t->slots == NULL) {
		free(t->entries);
		free(t->slots);
		free(t);
		return NULL;
	}
	for (size_t i = 0; i < SLOTS; i++)
		t->slots[i] = NONE;
	return t;
}

void recorder_table_free(struct recorder_table *t)
{
	if (t == NULL)
		return;
	for (int32_t i = t->holding.first; i != NONE; i = t->entries[i].holding.after)
		close(t->entries[i].held);
	free(t->entries);
	free(t->slots);
	free(t);
}

/* FNV-1a with a seed: whoever connects to a listener chooses keys. */
static int32_t *slot_of(struct recorder_table *t, const struct key *k)
{
	uint32_t h = t->seed ^ UINT32_C(2166136261);
	const uint8_t ports[] = {(uint8_t)k->udp, (uint8_t)k->local_port,
		(uint8_t)(k->local_port >> 8), (uint8_t)k->remote_port,
		(uint8_t)(k->remote_port >> 8)};
	for (size_t i = 0; i < sizeof ports; i++)
		h = (h ^ ports[i]) * UINT32_C(16777619);
	for (size_t i = 0; i < k->remote.n; i++)
		h = (h ^ k->remote.bytes[i]) * UINT32_C(16777619);
	h ^= h >> 15;
	return &t->slots[h % SLOTS];
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->udp == b->udp && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port && packet_address_same(&a->remote, &b->remote);
}

/* The entry of these ends, or NONE. */
static int32_t find(
	struct recorder_table *t, const struct key *k, const struct packet_address *local)
{
	int32_t i = *slot_of(t, k);
	while (i != NONE) {
		const struct entry *e = &t->entries[i];
		if (same_key(&e->key, k) &&
			(e->local.n == 0 || packet_address_same(&e->local, local)))
			return i;
		i = e->next;
	}
	return NONE;
}

static void let_go(struct recorder_table *t, int32_t i)
{
	struct entry *e = &t->entries[i];
	if (e->held < 0)
		return;
	close(e->held);
	e->held = -1;
	t->counts.held--;
	list_take(t, &t->holding, holding_place, i);
}

static void forget(struct recorder_table *t, int32_t i)
{
	struct entry *e = &t->entries[i];
	int32_t *at = slot_of(t, &e->key);
	while (*at != i) {
		assert(*at != NONE);
		at = &t->entries[*at].next;
	}
	*at = e->next;
	let_go(t, i);
	list_take(t, &t->silent, silent_place, i);
	e->next = t->free;
	t->free = i;
	t->counts.connections--;
}

static int32_t add(struct recorder_table *t, const struct key *k,
	const struct packet_address *local, int64_t now_ns)
{
	if (t->free == NONE && t->n == RECORDER_TABLE_MAX) {
		const struct entry *e = &t->entries[t->silent.first];
		int64_t silent_ns = now_ns - e->last_ns;
		t->counts.pushed_out += !e->over || silent_ns <= RECORDER_QUIET_S * SECOND;
		forget(t, t->silent.first);
	}
	int32_t i = t->free;
	if (i != NONE)
		t->free = t->entries[i].next;
	else
		i = (int32_t)t->n++;
	int32_t *slot = slot_of(t, k);
	/* Behind all others: of the same ends the oldest is found. */
	while (*slot != NONE)
		slot = &t->entries[*slot].next;
	t->entries[i] = (struct entry){
		.key = *k, .local = *local, .last_ns = now_ns, .held = -1, .next = NONE};
	*slot = i;
	list_add(t, &t->silent, silent_place, i);
	t->counts.connections++;
	return i;
}

void recorder_table_connection(struct recorder_table *t, bool udp,
	const struct recorder_local *local, const struct packet_address *remote,
	uint16_t remote_port, int held, int64_t now_ns)
{
	struct key k = {udp, local->port, remote_port, packet_address_plain(remote)};
	struct packet_address ip = packet_address_plain(&local->ip);
	int32_t i = *slot_of(t, &k);
	/* Of UDP, what is known of the same ends is of an earlier conversation. */
	while (i != NONE && !(udp && same_key(&t->entries[i].key, &k) &&
				    packet_address_same(&t->entries[i].local, &ip)))
		i = t->entries[i].next;
	if (i != NONE)
		forget(t, i);
	if (t->counts.held > 0 && t->counts.held >= t->held_max) {
		t->counts.pushed_out++;
		forget(t, t->holding.first);
	}
	i = add(t, &k, &ip, now_ns);
	if (held < 0)
		return;
	t->entries[i].held = held;
	t->counts.held++;
	list_add(t, &t->holding, holding_place, i);
}

void recorder_table_ask(struct recorder_table *t, recorder_still_fn *still)
{
	t->still = still;
}

bool recorder_table_room(struct recorder_table *t, int64_t now_ns)
{
	if (t->counts.held < t->held_max)
		return true;
	if (t->looked_ns == now_ns)
		return false;
	/* UDP that has begun, though its answer may be still to come; and who was shown and
	 * sends nothing. */
	for (int32_t i = t->holding.first; i != NONE; i = t->entries[i].holding.after) {
		const struct entry *e = &t->entries[i];
		int64_t silent_ns = now_ns - e->last_ns;
		if (!e->begun && silent_ns <= RECORDER_FULL_START_S * SECOND)
			continue;
		t->counts.pushed_out += !e->begun || silent_ns <= RECORDER_QUIET_S * SECOND;
		forget(t, i);
		return true;
	}
	t->looked_ns = now_ns;
	return false;
}

bool recorder_table_listener(struct recorder_table *t, const struct recorder_local *local)
{
	if (t->n_listeners == RECORDER_LISTENERS_MAX)
		return false;
	struct recorder_local l = *local;
	l.ip = packet_address_plain(&l.ip);
	t->listeners[t->n_listeners++] = l;
	return true;
}

static bool listens(
	const struct recorder_table *t, const struct packet_address *ip, uint16_t port)
{
	for (size_t i = 0; i < t->n_listeners; i++) {
		const struct recorder_local *l = &t->listeners[i];
		bool at = l->ip.n != 0 ? packet_address_same(&l->ip, ip)
				       : (ip->n == 4 ? l->v4 : l->v6);
		if (at && l->port == port)
			return true;
	}
	return false;
}

/* A TCP packet of entry i, of its local end or not. */
static void follow(struct entry *e, const struct packet_parts *p, bool from_local)
{
	if ((p->flags & TCP_FIN) != 0)
		e->fin[from_local ? 0 : 1] = true;
	if ((p->flags & TCP_RST) != 0 || (e->fin[0] && e->fin[1]))
		e->over = true;
}

static bool is_syn(const struct packet_parts *p)
{
	return (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static void begin(struct entry *e, const struct packet_parts *p, bool from_local)
{
	e->begun = true;
	e->by_local = from_local;
	if (e->key.udp)
		return;
	e->isn = p->seq;
	e->local = from_local ? p->src : p->dst;
}

/* Does what is held prove that this packet's local end is its own? */
static bool proven(
	const struct recorder_table *t, const struct entry *e, const struct packet_address *ip)
{
	const struct recorder_local local = {.ip = *ip, .port = e->key.local_port};
	return e->held < 0 || t->still == NULL ||
	       t->still(e->held, e->key.udp, &local, &e->key.remote, e->key.remote_port);
}

static int64_t patience(const struct entry *e)
{
	if (e->over)
		return RECORDER_OVER_S * SECOND;
	if (!e->begun)
		return RECORDER_START_S * SECOND;
	return (e->key.udp ? RECORDER_UDP_IDLE_S : RECORDER_TCP_IDLE_S) * SECOND;
}

/* Forgets i, if it was silent for too long. */
static bool expire(struct recorder_table *t, int32_t i, int64_t now_ns)
{
	const struct entry *e = &t->entries[i];
	if (now_ns - e->last_ns <= patience(e))
		return false;
	t->counts.silent += !e->key.udp && e->begun && !e->over;
	forget(t, i);
	return true;
}

/* Does a later connection of the same ends begin with it? Only who began the first can tell: a
 * SYN of the other end changes nothing for its socket (RFC 9293 3.10.7.4, RFC 5961 4). */
static bool begins_anew(const struct entry *e, const struct packet_parts *p, bool from_local)
{
	return !e->key.udp && e->begun && e->by_local == from_local && is_syn(p) &&
	       e->isn != p->seq;
}

/* Whose packet it is among what is known, or NONE: it is of a later connection between the same
 * ends, which nobody has shown, or of one that had begun before it was shown. */
static int32_t whose(struct recorder_table *t, const struct key *k,
	const struct packet_parts *p, bool from_local, int64_t now_ns)
{
	const struct packet_address *local = from_local ? &p->src : &p->dst;
	int32_t i;
	while ((i = find(t, k, local)) != NONE) {
		struct entry *e = &t->entries[i];
		if (expire(t, i, now_ns))
			continue;
		if (begins_anew(e, p, from_local)) {
			forget(t, i);
			continue;
		}
		bool first = k->udp || (is_syn(p) && from_local);
		if ((e->begun && !k->udp) || (first && proven(t, e, local)))
			return i;
		t->counts.late++;
		forget(t, i);
		return NONE;
	}
	return NONE;
}

/* Seen as a packet of local's to or from remote. */
static bool matches(
	struct recorder_table *t, const struct packet_parts *p, bool from_local, int64_t now_ns)
{
	const struct packet_address *local = from_local ? &p->src : &p->dst;
	struct key k = {p->kind == PACKET_UDP, from_local ? p->src_port : p->dst_port,
		from_local ? p->dst_port : p->src_port, from_local ? p->dst : p->src};
	int32_t i = whose(t, &k, p, from_local, now_ns);
	/* Only what comes to it: what comes from somebody else's port of the same number is
	 * another's. Its answers go by the entry that this makes. Only from the first packet
	 * on: what was there before may be of whoever listened before. */
	if (i == NONE && !k.udp && !from_local && is_syn(p) && listens(t, local, k.local_port))
		i = add(t, &k, local, now_ns);
	if (i == NONE)
		return false;
	struct entry *e = &t->entries[i];
	if (!e->begun)
		begin(e, p, from_local);
	if (!k.udp) {
		follow(e, p, from_local);
		let_go(t, i);
	}
	e->last_ns = now_ns;
	list_take(t, &t->silent, silent_place, i);
	list_add(t, &t->silent, silent_place, i);
	return true;
}

static bool wants_whole(struct recorder_table *t, const struct packet_parts *p, int64_t now_ns)
{
	/* `outgoing` says which end is local, but on the loopback interface nothing is. */
	return matches(t, p, true, now_ns) || (!p->outgoing && matches(t, p, false, now_ns));
}

bool recorder_table_wants(
	struct recorder_table *t, const struct packet_parts *p, int64_t now_ns)
{
	struct packet_parts first;
	if (p->kind == PACKET_TCP || p->kind == PACKET_UDP)
		return wants_whole(t, p, now_ns);
	if (p->kind != PACKET_FRAGMENT)
		return false;
	if (!recorder_fragments_first(p, &first))
		return recorder_fragments_follow(&t->fragments, p, now_ns);
	if (!wants_whole(t, &first, now_ns))
		return false;
	recorder_fragments_begin(&t->fragments, p, now_ns);
	return true;
}

void recorder_table_sweep(struct recorder_table *t, int64_t now_ns)
{
	int32_t next;
	for (int32_t i = t->silent.first; i != NONE; i = next) {
		next = t->entries[i].silent.after;
		expire(t, i, now_ns);
	}
}

void recorder_table_count(const struct recorder_table *t, struct recorder_table_counts *out)
{
	*out = t->counts;
}
