/* orphan.c -- Binaries that no other resource stands for.
 *
 * A Binary of no patient and without a securityContext has a label set of its own: the same codings and
 * who made it, above every clearance but a security officer's.  So the row gate, which every query has,
 * hides it in lists and searches, and nothing else needs to know.  By its id it is found here as well: by who
 * made it, and by who may read a resource one of whose Attachments refers to it.  Such references
 * are in `backref`, under a parameter that stands for the type of who refers (INDEX_ATTACHED). */
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/plant.h"
#include "store/sqlite/sqlite.h"

#define MAKER_LINE 23           /* "maker 0123456789abcdef\n", before the codings */

static void
maker_line(uint64_t maker, char line[MAKER_LINE + 1])
{
	snprintf(line, MAKER_LINE + 1, "maker %016llx\n", (unsigned long long)maker);
}

bool
store_orphan_labels(struct store *s, const struct permit *p, const struct stored *old, uint32_t *labels,
    struct arena *arena, struct outcome *o)
{
	int level = store_level(s, *labels);
	char line[MAKER_LINE + 1];
	struct buf b;

	maker_line(permit_maker(p), line);
	buf_init(&b, arena, SIZE_MAX);
	if (old != NULL && level_is_orphan(sqlite_level(s, old->labels)))
		buf_add(&b, slice_sub(sqlite_codings(s, old->labels), 0, MAKER_LINE));
	else
		buf_add_cstr(&b, line);
	buf_add(&b, sqlite_codings(s, *labels));
	return sqlite_intern(s, buf_slice(&b), ORPHAN_LEVEL + level, labels, o);
}

static bool
made_by(struct store *s, const struct permit *p, uint32_t labels)
{
	char line[MAKER_LINE + 1];

	maker_line(permit_maker(p), line);
	return permit_maker(p) != 0 && slice_starts(sqlite_codings(s, labels), slice_of(line));
}

/* Does a resource that this permit reaches, of a type that it lets read, refer to the row? */
static bool
is_attached(struct store_reader *r, const struct permit *p, int64_t row)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT DISTINCT param FROM backref WHERE "
	    "target IN (?1, (SELECT target FROM alias WHERE row=?1)) AND param>=?2 AND (?3=0 OR lead=?4) "
	    "AND visible(labels,?5)"));
	bool attached = false, is_bound;
	int64_t bound;

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, row);
	sqlite3_bind_int64(q, 2, INDEX_ATTACHED);
	is_bound = permit_compartment(p, &bound) && !planted(76);
	sqlite3_bind_int(q, 3, is_bound);
	sqlite3_bind_int64(q, 4, bound);
	sqlite3_bind_int(q, 5, planted(76) ? 5 : permit_clearance(p));
	while (!attached && sqlite3_step(q) == SQLITE_ROW) {
		const struct type *type = pack_type_at(r->store->config.pack,
		    (uint32_t)sqlite3_column_int64(q, 0) - INDEX_ATTACHED);

		attached = permit_knows(p, type);
	}
	sqlite3_reset(q);
	return attached;
}

/* All is asked whatever the first answers are: what is hidden costs what is absent costs. */
static bool
may_see(struct store_reader *r, const struct permit *p, int64_t row, uint32_t labels)
{
	bool attached = is_attached(r, p, row), made = made_by(r->store, p, labels);

	return level_is_orphan(sqlite_level(r->store, labels))
	    && store_level(r->store, labels) <= permit_clearance(p) && (attached || made || planted(75));
}

bool
sqlite_orphan_find(struct store_reader *r, const struct permit *p, struct stored *v)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT vid, labels, updated, deleted FROM resource "
	    "WHERE lead=0 AND type=?1 AND row=?2"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, v->type->number);
	sqlite3_bind_int64(q, 2, v->row);
	if (v->compartment == 0 && sqlite3_step(q) == SQLITE_ROW) {
		v->vid = sqlite3_column_int64(q, 0);
		v->labels = (uint32_t)sqlite3_column_int64(q, 1);
		v->updated = sqlite3_column_int64(q, 2);
		v->deleted = sqlite3_column_int(q, 3) != 0;
	}
	sqlite3_reset(q);
	return v->orphan = may_see(r, p, v->row, v->labels);
}

bool
sqlite_sees(struct store_reader *r, const struct permit *p, struct stored *v)
{
	if (permit_reaches(p, v->compartment, sqlite_level(r->store, v->labels)))
		return sqlite_context_seen(r, p, v);
	return v->orphan = v->type == r->store->binary && may_see(r, p, v->row, v->labels);
}
