/* occurrence.c -- the leads in which a code occurs: (param, level, code, lead, labels), once for however
 * many rows; and those in which there is a contained resource of a type: (-1 - type, level, 0, lead, labels).
 *
 * What searches across patients go by.  A row stands for those of `token` or `contained` with the
 * same labels, so that a caller is led to what it may see and nowhere else; what is above its clearance
 * is not even passed over.  Codes of lead 0 are not there: whoever looks for one looks at that lead in any case. */
#include "store/sqlite/sqlite.h"

static bool
run(struct store_reader *w, struct slice sql, int64_t lead, const struct index_row *r, uint32_t labels)
{
	bool contained = sqlite_table_of(r) == SEARCH_SPECIAL;
	sqlite3_stmt *s = sqlite_statement(w, sql);
	int code;

	if (s == NULL)
		return false;
	sqlite3_bind_int64(s, 1, contained ? OCCURS_CONTAINED(r->param) : r->param);
	sqlite3_bind_int64(s, 2, contained ? 0 : r->a);
	sqlite3_bind_int64(s, 3, lead);
	sqlite3_bind_int64(s, 4, labels);
	sqlite3_bind_int(s, 5, sqlite_level(w->store, labels));
	code = sqlite3_step(s);
	sqlite3_reset(s);
	return code == SQLITE_DONE;
}

static bool
counts(const struct index_row *r, int64_t lead)
{
	enum search_kind kind = sqlite_table_of(r);

	return kind == SEARCH_SPECIAL || (kind == SEARCH_TOKEN && lead != DIRECTORY);
}

bool
sqlite_occurs(struct store_reader *w, const struct index_row *r, int64_t lead, uint32_t labels)
{
	return !counts(r, lead) || run(w, SLICE("INSERT OR IGNORE INTO occurrence VALUES(?1,?5,?2,?3,?4)"), lead,
	    r, labels);
}

#define GONE(rows) SLICE_INIT("DELETE FROM occurrence WHERE param=?1 AND level=?5 AND a=?2 AND lead=?3 AND labels=?4 " \
	"AND NOT EXISTS(SELECT 1 FROM " rows " AND r.labels=?4)")

/* After one of the rows went. */
bool
sqlite_occurred(struct store_reader *w, const struct index_row *r, int64_t lead, uint32_t labels)
{
	static const struct slice codes = GONE("token r WHERE r.lead=?3 AND r.param=?1 AND r.a=?2");
	static const struct slice contained = GONE("contained r WHERE r.lead=?3 AND r.param=-1-?1");

	return !counts(r, lead) || run(w, sqlite_table_of(r) == SEARCH_TOKEN ? codes : contained, lead, r,
	    labels);
}
