/* read.c -- one resource, its versions and its compartment.
 *
 * The row gate stands in the one statement that finds a current version: its
 * lead is the compartment, and its labels must be visible.  For a bound permit
 * an id of another compartment is probed in the permit's own: what is
 * hidden costs what is absent costs. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/outcome.h"
#include "base/plant.h"
#include "crypto/aead.h"
#include "store/sqlite/sqlite.h"

static uint64_t
get(const uint8_t *from)
{
	uint64_t n = 0;

	for (int i = 7; i >= 0; i--)
		n = n << 8 | from[i];
	return n;
}

static uint64_t
alias_hash(const struct store *s, struct slice id)
{
	return siphash(&s->index_key, id);
}

static bool
find_alias(struct store_reader *r, const struct type *type, struct slice id, int64_t *compartment,
    int64_t *row)
{
	sqlite3_stmt *q = sqlite_statement(r,
	    SLICE("SELECT compartment, row FROM alias WHERE type=?1 AND hash=?2"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, type->number);
	sqlite3_bind_int64(q, 2, (int64_t)alias_hash(r->store, id));
	if (sqlite3_step(q) != SQLITE_ROW)
		return false;
	*compartment = sqlite3_column_int64(q, 0);
	*row = sqlite3_column_int64(q, 1);
	return true;
}

/* What the id says, if it is one of ours: numbers that were given out. */
static bool
decode(const struct store *s, const struct block_cipher *cipher, struct slice text, int64_t *a,
    int64_t *b)
{
	uint64_t next = (uint64_t)atomic_load(&s->next), left, right;
	uint8_t block[16];

	if (!decode_block(text, block))
		return false;
	block_decrypt(cipher, block);
	left = get(block);
	right = get(block + 8);
	if (left >= next || right >= next || right == 0)
		return false;
	*a = (int64_t)left;
	*b = (int64_t)right;
	return true;
}

bool
sqlite_gave(const struct store *s, struct slice id)
{
	int64_t compartment, row;

	return decode(s, s->ids, id, &compartment, &row);
}

/* A Patient is its own compartment, and nothing else is: "Group/" before the id of a Patient is nothing. */
static bool
decode_of(const struct store *s, const struct type *type, struct slice id, int64_t *compartment, int64_t *row)
{
	return decode(s, s->ids, id, compartment, row) && (type == s->patient) == (*compartment == *row);
}

bool
sqlite_row_of(struct store_reader *r, const struct type *type, struct slice id,
    int64_t *compartment, int64_t *row)
{
	return decode_of(r->store, type, id, compartment, row) || find_alias(r, type, id, compartment, row);
}

static bool
resolve(void *ctx, struct slice type_name, struct slice id, int64_t *lead, int64_t *row)
{
	struct store_reader *r = ctx;
	const struct type *type = pack_resource(r->store->config.pack, type_name);

	return type != NULL && sqlite_row_of(r, type, id, lead, row);
}

struct index_resolver
store_resolver(struct store_reader *r, struct slice base)
{
	return (struct index_resolver){ resolve, r, base };
}

/* Planted leak 7: another compartment's tombstones are seen. */
static bool
planted_tombstone(sqlite3_stmt *q)
{
	bool leak = planted(7) && sqlite3_step(q) == SQLITE_ROW && sqlite3_column_int(q, 3) != 0;

	if (planted(7))
		sqlite3_reset(q);
	return leak;
}

#define CURRENT "SELECT vid, labels, updated, deleted FROM resource WHERE lead=?1 AND type=?2 AND row=?3 " \
	"AND visible(labels,?4)"

static bool
probe(struct store_reader *r, const struct permit *p, struct stored *v)
{
	sqlite3_stmt *q = sqlite_statement(r, sqlite_has_context(r->store, v->type)
	    ? SLICE(CURRENT " AND " CONTEXT_SEEN("?1", "?3", "?4")) : SLICE(CURRENT));
	int64_t bound;

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, v->compartment);
	sqlite3_bind_int64(q, 2, v->type->number);
	sqlite3_bind_int64(q, 3, v->row);
	sqlite3_bind_int(q, 4, permit_clearance(p));
	if (!permit_compartment(p, &bound) || v->compartment == bound || planted_tombstone(q)) {
		if (sqlite3_step(q) != SQLITE_ROW)
			return false;
	} else {
		sqlite3_bind_int64(q, 1, bound);
		sqlite3_step(q);
		return false;
	}
	v->vid = sqlite3_column_int64(q, 0);
	v->labels = (uint32_t)sqlite3_column_int64(q, 1);
	v->updated = sqlite3_column_int64(q, 2);
	v->deleted = sqlite3_column_int(q, 3) != 0;
	return true;
}

bool
sqlite_find(struct store_reader *r, const struct permit *p, const struct type *type,
    struct slice id, struct stored *v, struct outcome *o)
{
	*v = (struct stored){ .type = type, .id = id };
	if (!sqlite_row_of(r, type, id, &v->compartment, &v->row))
		v->compartment = v->row = 0;            /* is nowhere, and is looked for all the same */
	if (probe(r, p, v) || (type == r->store->binary && sqlite_orphan_find(r, p, v)))
		return true;
	return outcome_fail_at_once(o, FAULT_NO_SUCH, "");
}

/* The id that clients know: of a row with a chosen one, the one in its body. */
static struct slice
id_in_body(const struct stored *v)
{
	struct slice rest = slice_sub(v->body, sizeof "{\"resourceType\":\"" - 1, v->body.len);

	rest = slice_sub(rest, v->type->name.len + sizeof "\",\"id\":\"" - 1, rest.len);
	return slice_cut(&rest, '"');
}

/* A body says its version behind its id. */
static struct slice
version_of(const struct store_reader *r, const struct stored *v, struct arena *arena)
{
	static const struct slice before = SLICE_INIT("\",\"meta\":{\"versionId\":\"");
	struct slice rest = SLICE_NONE, id;

	if (!v->deleted) {
		id = id_in_body(v);
		rest = slice_sub(v->body, (size_t)(id.ptr + id.len - v->body.ptr), v->body.len);
	}
	if (!slice_starts(rest, before))
		return store_version_id(r->store, v->row, v->vid, arena);
	rest = slice_sub(rest, before.len, rest.len);
	return slice_cut(&rest, '"');
}

#define VERSION "SELECT v.compartment, v.labels, v.updated, v.method, v.body, v.row, v.vid FROM "

/* Method, and the body unless it is a tombstone. */
static bool
load(struct store_reader *r, sqlite3_stmt *q, struct stored *v, struct arena *arena, struct outcome *o)
{
	struct slice sealed;

	if (q == NULL || sqlite3_step(q) != SQLITE_ROW)
		return sqlite_failed(r->db, "version", o);
	v->compartment = sqlite3_column_int64(q, 0);
	v->labels = (uint32_t)sqlite3_column_int64(q, 1);
	v->updated = sqlite3_column_int64(q, 2);
	v->method = (char)sqlite3_column_int(q, 3);
	v->row = sqlite3_column_int64(q, 5);
	v->vid = sqlite3_column_int64(q, 6);
	v->deleted = v->method == 'D';
	sealed = slice_make(sqlite3_column_blob(q, 4), (size_t)sqlite3_column_bytes(q, 4));
	v->content = NULL;
	if (!v->deleted && !sqlite_open_body(r, v, sealed, arena, o))
		return false;
	v->version = version_of(r, v, arena);
	return v->deleted || v->type != r->store->binary || sqlite_load_content(r, v, arena, o);
}

bool
sqlite_load_version(struct store_reader *r, struct stored *v, struct arena *arena, struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE(VERSION "version v WHERE v.vid=?1"));

	sqlite3_bind_int64(q, 1, v->vid);
	return load(r, q, v, arena, o);
}

static int64_t
previous_of(struct store_reader *r, int64_t vid, int64_t row)
{
	sqlite3_stmt *q = sqlite_statement(r,
	    SLICE("SELECT previous FROM version WHERE vid=?1 AND row=?2"));

	if (q == NULL)
		return 0;
	sqlite3_bind_int64(q, 1, vid);
	sqlite3_bind_int64(q, 2, row);
	return sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
}

bool
sqlite_load_found(struct store_reader *r, struct stored *v, struct arena *arena, struct outcome *o)
{
	struct stored alive;

	if (!sqlite_load_version(r, v, arena, o))
		return false;
	for (alive = *v; alive.deleted;) {
		alive.vid = previous_of(r, alive.vid, alive.row);
		if (alive.vid == 0 || !sqlite_load_version(r, &alive, arena, o))
			return sqlite_failed(r->db, "tombstone", o);
	}
	v->id = id_in_body(&alive);
	return true;
}

bool
sqlite_load_current(struct store_reader *r, int64_t lead, int clearance, struct stored *v, struct arena *arena,
    struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE(VERSION "resource CROSS JOIN version v ON v.vid=resource.vid "
	    "WHERE lead=?1 AND resource.type=?2 AND resource.row=?3 AND deleted=0 AND visible(resource.labels,?4)"));

	sqlite3_bind_int64(q, 1, lead);
	sqlite3_bind_int64(q, 2, v->type->number);
	sqlite3_bind_int64(q, 3, v->row);
	sqlite3_bind_int(q, 4, clearance);
	if (!load(r, q, v, arena, o))
		return false;
	v->id = id_in_body(v);
	return true;
}

bool
store_find(struct store_reader *r, const struct permit *p, const struct type *type, struct slice id,
    struct stored *v, struct outcome *o)
{
	return sqlite_find(r, p, type, id, v, o)
	    && (!v->deleted || outcome_fail_at_once(o, FAULT_NO_SUCH, ""));
}

bool
store_read(struct store_reader *r, const struct permit *p, const struct type *type,
    struct slice id, struct arena *arena, struct stored *v, struct outcome *o)
{
	return sqlite_find(r, p, type, id, v, o) && sqlite_load_version(r, v, arena, o);
}

bool
store_vread(struct store_reader *r, const struct permit *p, const struct type *type,
    struct slice id, struct slice version, struct arena *arena, struct stored *v,
    struct outcome *o)
{
	struct stored current;
	int64_t row, vid;

	if (planted(3) && !sqlite_row_of(r, type, id, &current.compartment, &current.row))
		return outcome_fail_at_once(o, FAULT_NO_SUCH, "");
	if (!planted(3) && !sqlite_find(r, p, type, id, &current, o))
		return false;
	if (!decode(r->store, r->store->versions, version, &row, &vid) || row != current.row)
		return outcome_fail_at_once(o, FAULT_NO_SUCH, "");
	*v = (struct stored){ .type = type, .id = id, .vid = vid };
	if (!sqlite_load_version(r, v, arena, o))
		return false;
	return planted(3) || sqlite_sees(r, p, v) || outcome_fail_at_once(o, FAULT_NO_SUCH, "");
}

/* A PUT created for who sees nothing before it, or a deletion.  So did what was released from quarantine: for who
 * saw it before it was held it is an update. */
bool
sqlite_tell_creation(struct store_reader *r, const struct permit *p, struct stored *v)
{
	struct stored before = { .type = v->type, .vid = v->vid, .row = v->row, .compartment = v->compartment };
	char made = v->method == 'P' ? 'P' : 'C';

	if (v->method == 'D')
		return true;
	v->method = made;
	while (v->method == made && (before.vid = previous_of(r, before.vid, v->row)) != 0) {
		sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT labels, method FROM version WHERE vid=?1"));

		if (q == NULL)
			return false;
		sqlite3_bind_int64(q, 1, before.vid);
		if (sqlite3_step(q) != SQLITE_ROW)
			return false;
		before.labels = (uint32_t)sqlite3_column_int64(q, 0);
		before.method = (char)sqlite3_column_int(q, 1);
		sqlite3_reset(q);
		if (!sqlite_sees(r, p, &before))
			continue;
		if (before.method == 'D')
			return true;
		v->method = 'U';
	}
	return true;
}

bool
store_history(struct store_reader *r, const struct permit *p, const struct type *type,
    struct slice id, int64_t before_vid, const struct store_span *span, struct arena *arena,
    struct stored **out, uint32_t *count, struct outcome *o)
{
	struct stored current, last = { .type = type, .updated = INT64_MAX };
	int64_t vid;

	*out = arena_array(arena, span->max, sizeof **out);
	*count = 0;
	if (!sqlite_find(r, p, type, id, &current, o))
		return false;
	vid = before_vid == 0 ? current.vid : previous_of(r, before_vid, current.row);
	last.vid = before_vid;
	if (before_vid != 0 && !sqlite_load_version(r, &last, arena, o))
		return false;
	for (int64_t until = last.updated; vid != 0 && *count < span->max && until > span->first;
	    vid = previous_of(r, vid, current.row)) {
		struct stored *v = &(*out)[*count];

		*v = (struct stored){ .type = type, .id = id, .vid = vid };
		if (!sqlite_load_version(r, v, arena, o))
			return false;
		if (v->updated < span->since)
			break;
		if (!planted(4) && !sqlite_sees(r, p, v))
			continue;
		if (!sqlite_tell_creation(r, p, v))
			return sqlite_failed(r->db, "history", o);
		until = v->updated;     /* it was current until the next one that the caller sees */
		*count += v->updated <= span->last;
	}
	return true;
}

/* Compartments */

bool
store_compartment_of(struct store_reader *r, const struct permit *p,
    const struct patient_refs *refs, struct arena *arena, struct store_compartment *c,
    struct outcome *o)
{
	int64_t *members = arena_array(arena, refs->count + 1, sizeof *members);

	*c = (struct store_compartment){ .number = 0 };
	for (uint32_t i = 0; i < refs->count; i++) {
		struct outcome aside;
		struct stored v;

		outcome_init(&aside, arena);
		if (!sqlite_find(r, p, r->store->patient, refs->ids[i], &v, &aside) || v.deleted)
			return outcome_fail_at_once(o, FAULT_BUSINESS_RULE, "a patient");
		members[i] = v.compartment;
	}
	return refs->count == 0 || store_compartment_set(r, &(struct store_set){ members, refs->count, DEFAULT_LEVEL, 0 },
	    arena, c, o);
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool
known_set(struct store_reader *r, struct slice members, int64_t first, const struct store_set *set, int64_t *number)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT c.number FROM member m JOIN compartment c "
	    "ON c.number=m.number WHERE m.member=?1 AND c.members=?2 AND (c.level=?3 OR c.number=?4)"));
	bool found = false;

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, first);
	sqlite3_bind_blob(q, 2, members.ptr, (int)members.len, SQLITE_STATIC);
	sqlite3_bind_int(q, 3, planted(88) ? DEFAULT_LEVEL : set->level);
	sqlite3_bind_int64(q, 4, set->before);
	for (; sqlite3_step(q) == SQLITE_ROW && (!found || *number != set->before); found = true)
		*number = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return found;
}

bool
store_compartment_set(struct store_reader *r, const struct store_set *set, struct arena *arena,
    struct store_compartment *c, struct outcome *o)
{
	int64_t *members = arena_array(arena, set->count + 1, sizeof *members);
	uint32_t n = 0;

	memcpy(members, set->members, set->count * sizeof *members);
	qsort(members, set->count, sizeof *members, by_number);
	for (uint32_t i = 0; i < set->count; i++)
		if (n == 0 || members[n - 1] != members[i])
			members[n++] = members[i];
	*c = (struct store_compartment){ .number = n == 0 ? 0 : members[0] };
	if (n < 2 || known_set(r, slice_make(members, n * sizeof *members), members[0], set, &c->number))
		return true;
	if (!store_compartment_new(r->store, c, o))
		return false;
	c->members = members;
	c->member_count = n;
	c->level = planted(88) ? DEFAULT_LEVEL : set->level;
	return true;
}

/* From what is stored.  Only the audit log is to say it, so no permit is asked. */
static void
learn_patient(struct store_reader *r, int64_t number, struct arena *arena)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT vid FROM resource WHERE lead=?1 AND type=?2 "
	    "AND row=?1"));
	struct stored v = { .type = r->store->patient };
	struct outcome aside;

	if (q == NULL)
		return;
	sqlite3_bind_int64(q, 1, number);
	sqlite3_bind_int64(q, 2, v.type->number);
	if (sqlite3_step(q) != SQLITE_ROW)
		return;
	v.vid = sqlite3_column_int64(q, 0);
	outcome_init(&aside, arena);
	if (sqlite_load_found(r, &v, arena, &aside))
		store_name_patient(r->store, number, v.id);
}

static void
add_reference(struct buf *b, struct slice id)
{
	buf_add(b, b->len > 0 ? SLICE(" Patient/") : SLICE("Patient/"));
	buf_add(b, id);
}

static bool
add_known(struct store_reader *r, int64_t number, struct buf *b)
{
	struct slice id = sqlite_known_patient(r->store, number, b->arena);

	if (id.len > 0)
		add_reference(b, id);
	return id.len > 0;
}

/* One that is not there (yet) has the id that it would have if nobody had chosen one. */
static void
add_patient(struct store_reader *r, int64_t number, struct buf *b)
{
	if (add_known(r, number, b))
		return;
	learn_patient(r, number, b->arena);
	if (!add_known(r, number, b))
		add_reference(b, store_id(r->store, number, number, b->arena));
}

static struct slice
members_of(struct store_reader *r, int64_t compartment, struct arena *arena)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT members FROM compartment WHERE number=?1"));

	if (q == NULL)
		return SLICE_NONE;
	sqlite3_bind_int64(q, 1, compartment);
	if (sqlite3_step(q) != SQLITE_ROW)
		return SLICE_NONE;
	return slice_dup(slice_make(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0)), arena);
}

void
store_add_patients(struct store_reader *r, int64_t compartment, struct buf *b)
{
	struct slice members;
	int64_t member;

	if (compartment == 0 || add_known(r, compartment, b))
		return;
	members = members_of(r, compartment, b->arena);
	if (members.len == 0)
		add_patient(r, compartment, b);
	for (; members.len >= sizeof member; members = slice_sub(members, sizeof member, members.len)) {
		memcpy(&member, members.ptr, sizeof member);
		add_patient(r, member, b);
	}
}

bool
store_counts(struct store_reader *r, const struct permit *p,
    bool (*each)(void *ctx, const struct type *, int64_t count), void *ctx, struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT type, count(*) FROM resource WHERE deleted=0 "
	    "AND (?1=0 OR lead=?2) AND NOT(type=?3 AND lead=0) AND visible(labels,?4) GROUP BY type"));
	int64_t bound;
	bool is_bound = permit_compartment(p, &bound);

	if (q == NULL)
		return sqlite_failed(r->db, "counts", o);
	sqlite3_bind_int(q, 1, is_bound);
	sqlite3_bind_int64(q, 2, bound);
	sqlite3_bind_int64(q, 3, r->store->patient->number);
	sqlite3_bind_int(q, 4, permit_clearance(p));
	while (sqlite3_step(q) == SQLITE_ROW)
		if (!each(ctx, pack_type_at(r->store->config.pack, (uint32_t)sqlite3_column_int(q, 0)),
		    sqlite3_column_int64(q, 1)))
			break;
	return true;
}
