/* context.c -- Binaries that another resource stands for (R4 binary.html: securityContext).
 *
 * A Binary is in the compartment of its context, and not below the level that this had when it was written.
 * The context may be raised later, and takes the Binary out of sight with it: so the gate of a Binary asks for
 * the labels that its context has now.  A context that was deleted is seen by who could see it. */
#include "base/plant.h"
#include "store/sqlite/sqlite.h"

bool
sqlite_has_context(const struct store *s, const struct type *type)
{
	return type == s->binary && !planted(89) && !planted(71);
}

bool
sqlite_write_context(struct store_reader *w, int64_t row, const struct store_target *context)
{
	sqlite3_stmt *q = sqlite_statement(w, SLICE("INSERT OR REPLACE INTO context VALUES(?1,?2,?3)"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, row);
	sqlite3_bind_int(q, 2, context->type->number);
	sqlite3_bind_int64(q, 3, context->row);
	return sqlite_run(q);
}

bool
sqlite_context_seen(struct store_reader *r, const struct permit *p, const struct stored *v)
{
	sqlite3_stmt *q;
	bool seen;

	if (!sqlite_has_context(r->store, v->type))
		return true;
	if ((q = sqlite_statement(r, SLICE("SELECT 1 WHERE " CONTEXT_SEEN("?1", "?2", "?3")))) == NULL)
		return false;
	sqlite3_bind_int64(q, 1, v->compartment);
	sqlite3_bind_int64(q, 2, v->row);
	sqlite3_bind_int(q, 3, permit_clearance(p));
	seen = sqlite3_step(q) == SQLITE_ROW;
	sqlite3_reset(q);
	return seen;
}
