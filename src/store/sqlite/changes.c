/* changes.c -- the history of types and of the system.
 *
 * Each version has a row of its own in `change`, under the lead of its compartment and under
 * ALL_LEADS, keyed by the level that is needed to see it: that of its labels, or of the
 * labels of the resource's current version when these are higher.  So a caller reads,
 * newest first, rows that it may see and no others: what is hidden costs it nothing.
 * When a resource's level changes its older rows move, which is rare.
 *
 * `until` is when the next version came: what _at asks for.  Where that one is hidden from some who see
 * this one it is negative, and such a caller's next is looked for among the versions. */
#include "base/arena.h"
#include "base/outcome.h"
#include "base/plant.h"
#include "store/sqlite/sqlite.h"

#define STILL INT64_MAX         /* no version came after it */

struct change {
	int64_t lead, type, updated, vid, until;
	int     level;
};

/* Writing */

static bool
insert(struct store_reader *w, const struct change *c)
{
	sqlite3_stmt *q = sqlite_statement(w, SLICE("INSERT INTO change VALUES(?1,?2,?3,?4,?5,?6)"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, c->lead);
	sqlite3_bind_int(q, 2, c->level);
	sqlite3_bind_int64(q, 3, c->type);
	sqlite3_bind_int64(q, 4, c->updated);
	sqlite3_bind_int64(q, 5, c->vid);
	sqlite3_bind_int64(q, 6, c->until);
	return sqlite_run(q);
}

/* The row at its old level gets its new one, and `until`. */
static bool
move(struct store_reader *w, const struct change *c, int level)
{
	sqlite3_stmt *q = sqlite_statement(w, SLICE("UPDATE change SET level=?6, until=?7 "
	    "WHERE lead=?1 AND level=?2 AND type=?3 AND updated=?4 AND vid=?5"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, c->lead);
	sqlite3_bind_int(q, 2, level);
	sqlite3_bind_int64(q, 3, c->type);
	sqlite3_bind_int64(q, 4, c->updated);
	sqlite3_bind_int64(q, 5, c->vid);
	sqlite3_bind_int(q, 6, c->level);
	sqlite3_bind_int64(q, 7, c->until);
	return sqlite_run(q);
}

/* Callers that are bound to no patient never look at lead 0: it needs no rows of its own. */
static bool
insert_both(struct store_reader *w, struct change c, int64_t compartment)
{
	c.lead = ALL_LEADS;
	if (!insert(w, &c))
		return false;
	c.lead = compartment;
	return compartment == 0 || insert(w, &c);
}

static bool
move_both(struct store_reader *w, struct change c, int64_t compartment, int level)
{
	c.lead = ALL_LEADS;
	if (!move(w, &c, level))
		return false;
	c.lead = compartment;
	return compartment == 0 || move(w, &c, level);
}

static int
greater(int a, int b)
{
	return a > b ? a : b;
}

static bool
old_version(struct store_reader *w, int64_t vid, struct change *c, int *level, int64_t *previous)
{
	sqlite3_stmt *q = sqlite_statement(w,
	    SLICE("SELECT updated, labels, previous FROM version WHERE vid=?1"));
	bool found;

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, vid);
	if ((found = sqlite3_step(q) == SQLITE_ROW)) {
		c->vid = vid;
		c->updated = sqlite3_column_int64(q, 0);
		*level = sqlite_level(w->store, (uint32_t)sqlite3_column_int64(q, 1));
		*previous = sqlite3_column_int64(q, 2);
	}
	sqlite3_reset(q);
	return found;
}

/* When the next version came; less than 0 where not everybody who may see this one may see that. */
static int64_t
until(int64_t updated, int next, int level)
{
	return next > level && !planted(87) ? -updated : updated;
}

/* The version before ends now.  It was seen under its own level; those before it move only
 * when the level of the resource is another from now on. */
static bool
change_older(struct store_reader *w, const struct store_write *v, int now)
{
	struct change c = { .type = v->type->number };
	int64_t vid = v->replaces, previous, ended = v->updated;
	int own, before = 0, next = now;

	if (planted(28) && sqlite_level(w->store, v->labels) > 3)
		return true;
	for (bool first = true; vid != 0; vid = previous, first = false) {
		if (!old_version(w, vid, &c, &own, &previous))
			return false;
		if (first)
			before = own;
		c.level = greater(own, now);
		c.until = until(ended, next, c.level);
		if (!move_both(w, c, v->compartment.number, greater(own, before)))
			return false;
		if (before == now)
			return true;
		ended = c.updated;
		next = own;
	}
	return true;
}

bool
sqlite_change(struct store_reader *w, const struct store_write *v)
{
	int level = sqlite_level(w->store, v->labels);
	struct change c = { .type = v->type->number, .updated = v->updated, .vid = v->vid,
		.until = STILL, .level = planted(29) && v->method == 'D' ? 0 : level };

	return (v->replaces == 0 || change_older(w, v, level))
	    && insert_both(w, c, v->compartment.number);
}

bool
sqlite_fill_changes(sqlite3 *db)
{
	static const char fill[] =
	    "BEGIN IMMEDIATE;"
	    "INSERT INTO change SELECT -2, max(own.level, now.level), v.type, v.updated, v.vid,"
	    "  coalesce(lead(v.updated) OVER later, 9223372036854775807)"
	    "  * iif(lead(own.level) OVER later > max(own.level, now.level), -1, 1)"
	    "  FROM version v JOIN labelset own ON own.number=v.labels"
	    "  JOIN resource r ON r.lead=v.compartment AND r.type=v.type AND r.row=v.row"
	    "  JOIN labelset now ON now.number=r.labels WINDOW later AS (PARTITION BY v.row ORDER BY v.vid);"
	    "INSERT INTO change SELECT v.compartment, c.level, c.type, c.updated, c.vid, c.until"
	    "  FROM change c JOIN version v ON v.vid=c.vid WHERE c.lead=-2 AND v.compartment<>0;"
	    "INSERT INTO meta VALUES('changes', x'01');"
	    "COMMIT;";

	return sqlite_is_noted(db, "changes") || sqlite3_exec(db, fill, NULL, NULL, NULL) == SQLITE_OK;
}

/* Reading */

struct page {
	struct page_entry {
		int64_t updated, vid;
		const struct type *type;
	} *at;
	uint32_t count, max;
};

static bool
is_older(const struct page_entry *a, const struct page_entry *b)
{
	return a->updated != b->updated ? a->updated < b->updated : a->vid < b->vid;
}

/* Newest first; what falls off the end is not of this page. */
static void
page_add(struct page *p, const struct page_entry *e)
{
	uint32_t at = p->count;

	while (at > 0 && is_older(&p->at[at - 1], e))
		at--;
	if (at == p->max)
		return;
	if (p->count < p->max)
		p->count++;
	memmove(p->at + at + 1, p->at + at, (p->count - at - 1) * sizeof *p->at);
	p->at[at] = *e;
}

static int64_t
least(const struct store_span *span, const struct page *p)
{
	if (p->count < p->max || p->max == 0 || p->at[p->max - 1].updated < span->since)
		return span->since;
	return p->at[p->max - 1].updated;
}

/* Was there, by ?7, a later version that ?10 lets the caller see? */
#define SUCCEEDED "EXISTS(WITH RECURSIVE later(vid, previous, updated, labels) AS (" \
	"SELECT v.vid, v.previous, v.updated, v.labels FROM version o JOIN resource r ON r.lead=o.compartment " \
	"AND r.type=o.type AND r.row=o.row JOIN version v ON v.vid=r.vid WHERE o.vid=change.vid UNION ALL " \
	"SELECT v.vid, v.previous, v.updated, v.labels FROM later JOIN version v ON v.vid=later.previous " \
	"WHERE later.previous>change.vid) SELECT 1 FROM later WHERE later.updated<=?7 AND visible(later.labels,?10))"

#define STREAM "SELECT updated, vid FROM change WHERE lead=?1 AND level=?2 AND type=?3 AND updated>=?4 " \
	"AND (updated,vid)<(?5,?9) AND updated<=?6 AND (until>?7 OR (until<0 AND NOT " SUCCEEDED "))"
#define CONTEXT_OF_VERSION "(SELECT " CONTEXT_SEEN("o.compartment", "o.row", "?10") " FROM version o WHERE o.vid=change.vid)"
#define NEWEST_FIRST " ORDER BY updated DESC, vid DESC LIMIT ?8"

static bool
page_of_stream(struct store_reader *r, const struct store_span *span, int64_t lead, int level, int clearance,
    const struct type *type, struct page *p)
{
	sqlite3_stmt *q = sqlite_statement(r, sqlite_has_context(r->store, type)
	    ? SLICE(STREAM " AND " CONTEXT_OF_VERSION NEWEST_FIRST) : SLICE(STREAM NEWEST_FIRST));
	int code;

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, lead);
	sqlite3_bind_int(q, 2, level);
	sqlite3_bind_int64(q, 3, type->number);
	sqlite3_bind_int64(q, 4, least(span, p));
	sqlite3_bind_int64(q, 5, span->before);
	sqlite3_bind_int64(q, 6, span->last);
	sqlite3_bind_int64(q, 7, span->first);
	sqlite3_bind_int64(q, 8, p->max);
	sqlite3_bind_int64(q, 9, span->before_vid);
	sqlite3_bind_int(q, 10, clearance);
	while ((code = sqlite3_step(q)) == SQLITE_ROW)
		page_add(p, &(struct page_entry){ sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), type });
	return code == SQLITE_DONE;
}

/* Belt and braces: the key has kept out what is hidden. */
static bool
may_see(const struct store *s, const struct permit *p, const struct stored *v)
{
	return permit_reaches(p, v->compartment, sqlite_level(s, v->labels)) || planted(20)
	    || planted(21) || planted(29);
}

static bool
load(struct store_reader *r, const struct permit *p, const struct page *page, struct arena *arena,
    struct stored **out, uint32_t *count, struct outcome *o)
{
	*out = arena_array(arena, page->count + 1, sizeof **out);
	*count = 0;
	for (uint32_t i = 0; i < page->count; i++) {
		struct stored *v = &(*out)[*count];

		*v = (struct stored){ .type = page->at[i].type, .vid = page->at[i].vid };
		if (!sqlite_load_found(r, v, arena, o))
			return false;
		if (!sqlite_tell_creation(r, p, v))
			return sqlite_failed(r->db, "changes", o);
		*count += may_see(r->store, p, v);
	}
	return true;
}

bool
store_changes(struct store_reader *r, const struct permit *p, const struct store_span *span,
    struct arena *arena, struct stored **out, uint32_t *count, struct outcome *o)
{
	struct page page = { .max = span->max };
	int clearance = planted(21) || planted(27) ? 5 : permit_clearance(p);
	int64_t lead;

	if (!permit_compartment(p, &lead) || planted(20) || planted(27))
		lead = ALL_LEADS;
	page.at = arena_array(arena, page.max + 2, sizeof *page.at);
	for (int level = 0; level <= clearance; level++)
		for (uint32_t i = 0; i < span->type_count; i++)
			if (!page_of_stream(r, span, lead, level, clearance, span->types[i], &page))
				return sqlite_failed(r->db, "changes", o);
	return load(r, p, &page, arena, out, count, o);
}
