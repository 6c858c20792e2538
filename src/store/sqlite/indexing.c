/* indexing.c -- the background work that custom search parameters leave (parameters.c): walking over what
 * is stored by those that came, erasing the rows of those that went.
 *
 * A step looks at some keys in a snapshot and hands the rows to the writer, which takes them when the generation
 * and the version they were made of are still current, and keeps in the same transaction how far the walk is. */
#include <semaphore.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "store/sqlite/sqlite.h"

#define KEYS_AT_ONCE   2000     /* looked at in a step */
#define ROWS_AT_ONCE   200      /* indexed in a step */
#define ERASED_AT_ONCE 1000
#define LEADS_AT_ONCE  500

static bool
failed(struct store_reader *r, struct outcome *o)
{
	return sqlite_failed(r->db, "indexing", o);
}

struct key {
	int64_t lead, type, row, vid;
};

struct walk {
	struct store_reader *reader;
	struct sqlite_indexing *job;
	const struct type  **types;     /* of the chosen parameters, each once */
	uint32_t             type_count;
	struct key           from, until;       /* until: where another walk is; lead INT64_MAX: none */
	struct index_resolver resolver;
	struct arena        *arena;
	struct outcome      *outcome;
};

static int
compare_keys(const struct key *a, const struct key *b)
{
	if (a->lead != b->lead)
		return a->lead < b->lead ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

static struct key
key_of(sqlite3_stmt *s, int at)
{
	return (struct key){ sqlite3_column_int64(s, at), sqlite3_column_int64(s, at + 1),
		sqlite3_column_int64(s, at + 2), 0 };
}

static void
choose_type(struct walk *w, uint32_t number)
{
	const struct search_index *index = w->reader->index;

	for (uint32_t i = search_param_count(index); i-- > 0;) {
		const struct search_param *p = search_param_at(index, i);

		if (p->number != number)
			continue;
		for (uint32_t k = 0; k < w->type_count; k++)
			if (w->types[k] == p->on)
				return;
		w->types[w->type_count++] = p->on;
		return;
	}
}

/* Does it go with the first?  One of those that leave goes alone. */
static bool
goes_along(struct walk *w, int state, const struct key *at)
{
	if (w->job->number_count == 0) {
		w->from = *at;
		w->job->leaving = state == PARAMETER_LEAVING;
		return true;
	}
	if (w->job->leaving || state == PARAMETER_LEAVING)
		return false;
	if (compare_keys(at, &w->from) == 0)
		return true;
	w->until = *at;
	return false;
}

/* The walk that is furthest behind, with all that are at the same place, up to where the next one is; what leaves
 * when there is none. */
static bool
choose(struct walk *w)
{
	sqlite3_stmt *s = sqlite_statement(w->reader, SLICE("SELECT number, state, lead, type, row FROM parameter "
	    "WHERE state<>1 ORDER BY state, lead, type, row, number"));
	uint32_t most = search_param_count(w->reader->index);
	struct sqlite_indexing *job = w->job;

	if (s == NULL)
		return failed(w->reader, w->outcome);
	job->numbers = arena_array(w->arena, most + 1, sizeof *job->numbers);
	w->types = arena_array(w->arena, most + 1, sizeof *w->types);
	w->until.lead = INT64_MAX;
	while (job->number_count < most && sqlite3_step(s) == SQLITE_ROW) {
		struct key at = key_of(s, 2);

		if (!goes_along(w, sqlite3_column_int(s, 1), &at))
			break;
		job->numbers[job->number_count++] = (uint32_t)sqlite3_column_int64(s, 0);
		choose_type(w, job->numbers[job->number_count - 1]);
	}
	sqlite3_reset(s);
	return true;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Parameters of a type are looked for in contained resources too. */
static bool
holds_one(struct walk *w, int64_t lead, int64_t row)
{
	for (uint32_t i = 0; i < w->type_count; i++) {
		sqlite3_stmt *s = sqlite_statement(w->reader, SLICE("SELECT 1 FROM contained WHERE lead=?1 AND "
		    "param=?2 AND row BETWEEN ?3 AND ?4"));
		bool found;

		if (s == NULL)
			return failed(w->reader, w->outcome);
		sqlite3_bind_int64(s, 1, lead);
		sqlite3_bind_int64(s, 2, w->types[i]->number);
		sqlite3_bind_int64(s, 3, index_contained(row, 1));
		sqlite3_bind_int64(s, 4, index_contained(row, INDEX_GROUPS - 1));
		found = sqlite3_step(s) == SQLITE_ROW;
		sqlite3_reset(s);
		if (found)
			return true;
	}
	return false;
}

static const struct type *
type_of(const struct walk *w, const struct key *k)
{
	return pack_type_at(w->reader->store->config.pack, (uint32_t)k->type);
}

static bool
is_concerned(struct walk *w, const struct key *k)
{
	const struct type *type = type_of(w, k);

	if (type == w->reader->store->patient && k->lead == DIRECTORY)
		return false;           /* it comes with its own lead */
	for (uint32_t i = 0; i < w->type_count; i++)
		if (w->types[i] == type)
			return true;
	return holds_one(w, k->lead, k->row);
}

static bool
extract(struct walk *w, const struct key *k)
{
	struct index_choice choice = { w->job->numbers, w->job->number_count };
	struct store_write *row = &w->job->rows[w->job->row_count];
	struct stored v = { .type = type_of(w, k), .vid = k->vid };
	struct json j;

	*row = (struct store_write){ .type = v.type, .compartment.number = k->lead, .row = k->row, .vid = k->vid };
	if (!sqlite_load_version(w->reader, &v, w->arena, w->outcome)
	    || !json_parse(v.body, json_bounds(w->reader->store->config.limits, false), w->arena, &j, w->outcome)
	    || !index_extract_chosen(w->reader->index, &choice, row->type, &j, 0, &w->resolver, w->arena,
	        &row->rows, w->outcome))
		return false;
	w->job->row_count += row->rows.count > 0;
	w->job->looked_at++;
	return true;
}

/* The next keys, all at once: a statement may displace another that is not at its end. */
static bool
next_keys(struct walk *w, struct key *keys, uint32_t *count)
{
	sqlite3_stmt *s = sqlite_statement(w->reader, SLICE("SELECT lead, type, row, vid FROM resource WHERE "
	    "(lead,type,row)>(?1,?2,?3) AND deleted=0 ORDER BY lead, type, row LIMIT ?4"));
	int code;

	if (s == NULL)
		return failed(w->reader, w->outcome);
	sqlite3_bind_int64(s, 1, w->from.lead);
	sqlite3_bind_int64(s, 2, w->from.type);
	sqlite3_bind_int64(s, 3, w->from.row);
	sqlite3_bind_int(s, 4, KEYS_AT_ONCE);
	for (*count = 0; (code = sqlite3_step(s)) == SQLITE_ROW; ++*count) {
		keys[*count] = key_of(s, 0);
		keys[*count].vid = sqlite3_column_int64(s, 3);
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(w->reader, w->outcome);
}

static bool
gather(struct walk *w)
{
	struct key *keys = arena_array(w->arena, KEYS_AT_ONCE, sizeof *keys), at = w->from;
	uint32_t count = 0, i;

	w->job->rows = arena_array(w->arena, ROWS_AT_ONCE, sizeof *w->job->rows);
	if (!next_keys(w, keys, &count))
		return false;
	for (i = 0; i < count && w->job->looked_at < ROWS_AT_ONCE && compare_keys(&at, &w->until) < 0; i++) {
		at = keys[i];
		if (is_concerned(w, &at) && !extract(w, &at))
			return false;
	}
	w->job->lead = at.lead;
	w->job->type = at.type;
	w->job->row = at.row;
	w->job->last = i == count && count < KEYS_AT_ONCE;
	return !w->outcome->failed;
}

static void
wake(struct store_commit *c)
{
	sem_post(c->ctx);
}

/* One that lost to a new generation is begun again with the next step. */
static bool
commit(struct walk *w)
{
	struct store_unit unit = { .indexing = w->job, .verdict = STORE_FAILED };
	sem_t written;
	struct store_commit c = { .units = &unit, .count = 1, .done = wake, .ctx = &written };

	sem_init(&written, 0, 0);
	if (!sqlite_enqueue(w->reader->store, &c)) {
		sem_destroy(&written);
		return outcome_fail_at_once(w->outcome, FAULT_UNAVAILABLE, "");
	}
	while (sem_wait(&written) != 0)
		;
	sem_destroy(&written);
	return unit.verdict != STORE_FAILED || outcome_fail_at_once(w->outcome, FAULT_NO_STORE, "");
}

static bool
prepare(struct walk *w)
{
	w->job->generation = search_index_generation(w->reader->index);
	if (!choose(w))
		return false;
	if (w->job->number_count == 0 || w->job->leaving)
		return true;
	qsort(w->job->numbers, w->job->number_count, sizeof *w->job->numbers, by_number);
	return gather(w);
}

bool
store_index_step(struct store_reader *r, struct slice base, bool *more, struct outcome *o)
{
	struct sqlite_indexing job = { .number_count = 0 };
	struct walk w = { .reader = r, .job = &job, .arena = arena_new(1 << 16), .outcome = o };
	bool good;

	*more = false;
	w.resolver = store_resolver(r, base);
	good = store_begin(r, o) && prepare(&w);
	store_end(r);
	if (good && job.number_count > 0) {
		*more = true;
		good = commit(&w);
	}
	arena_free(w.arena);
	return good;
}

/* In the writer's transaction */

static bool
move_on(struct store_reader *r, const struct sqlite_indexing *job, uint32_t number, struct outcome *o)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("UPDATE parameter SET lead=?2, type=?3, row=?4, "
	    "done=done+?5, state=?6 WHERE number=?1"));

	if (s == NULL)
		return failed(r, o);
	sqlite3_bind_int64(s, 1, number);
	sqlite3_bind_int64(s, 2, job->lead);
	sqlite3_bind_int64(s, 3, job->type);
	sqlite3_bind_int64(s, 4, job->row);
	sqlite3_bind_int64(s, 5, job->looked_at);
	sqlite3_bind_int(s, 6, job->last ? PARAMETER_READY : PARAMETER_BUILDING);
	return sqlite_run(s) || failed(r, o);
}

bool
sqlite_indexing_moved(struct store_reader *r, const struct sqlite_indexing *job, struct outcome *o)
{
	for (uint32_t i = 0; i < job->number_count; i++)
		if (!move_on(r, job, job->numbers[i], o))
			return false;
	return true;
}

/* Its own rows, and those that say where it failed. */
#define OF_PARAMETER "param IN(?2,?2+33554432)"
_Static_assert(INDEX_FAILED == 33554432, "as OF_PARAMETER has it");

/* Columns of the key by letter, as index_tables has them. */
static void
add_columns(struct buf *b, const char *letters)
{
	static const struct { char letter; const char *name; } names[] = {
		{ 'a', "a" }, { 'b', "b" }, { 'x', "x" }, { 'y', "y" }, { 'p', "part" }, { 'g', "grp" },
		{ 'r', "row" }, { 's', "span" }, { 't', "text" },
	};

	buf_add(b, SLICE("lead,param"));
	for (; *letters != '\0'; letters++)
		for (size_t i = 0; i < COUNT_OF(names); i++)
			if (names[i].letter == *letters)
				buf_printf(b, ",%s", names[i].name);
}

static bool
erase(struct store_reader *r, struct slice sql, int64_t lead, uint32_t number, int *erased,
    struct outcome *o)
{
	sqlite3_stmt *s = sqlite_statement(r, sql);

	if (s == NULL)
		return failed(r, o);
	sqlite3_bind_int64(s, 1, lead);
	sqlite3_bind_int64(s, 2, number);
	sqlite3_bind_int(s, 3, ERASED_AT_ONCE);
	if (!sqlite_run(s) && !failed(r, o))
		return false;
	*erased += sqlite3_changes(r->db);
	return true;
}

/* Some of the rows under one lead. */
static bool
erase_in(struct store_reader *r, int64_t lead, uint32_t number, int *erased, struct outcome *o)
{
	bool good = true;

	for (int k = 0; k < SEARCH_SPECIAL && good; k++) {
		struct buf b;

		if (index_tables[k].name == NULL)
			continue;
		buf_init(&b, o->arena, 1024);
		buf_printf(&b, "DELETE FROM %s WHERE (", index_tables[k].name);
		add_columns(&b, index_tables[k].columns);
		buf_add(&b, SLICE(") IN (SELECT "));
		add_columns(&b, index_tables[k].columns);
		buf_printf(&b, " FROM %s WHERE lead=?1 AND " OF_PARAMETER " LIMIT ?3)", index_tables[k].name);
		good = erase(r, buf_slice(&b), lead, number, erased, o);
	}
	return good;
}

/* Rows whose keys begin with the parameter. */
static bool
erase_under_all(struct store_reader *r, uint32_t number, int *erased, struct outcome *o)
{
	return erase(r, SLICE("DELETE FROM backref WHERE (param,target,lead,row) IN (SELECT param,target,lead,row "
	    "FROM backref WHERE " OF_PARAMETER " LIMIT ?3)"), 0, number, erased, o)
	    && erase(r, SLICE("DELETE FROM occurrence WHERE (param,level,a,lead,labels) IN (SELECT param,level,a,"
	    "lead,labels FROM occurrence WHERE param=?2 LIMIT ?3)"), 0, number, erased, o);
}

/* The first lead behind one; INT64_MAX: there is none. */
static int64_t
next_lead(struct store_reader *r, int64_t lead)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("SELECT min(number) FROM compartment WHERE number>?1"));
	int64_t next = INT64_MAX;

	if (s == NULL)
		return lead;            /* tried again */
	sqlite3_bind_int64(s, 1, lead);
	if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL)
		next = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return next;
}

static int64_t
lead_of(struct store_reader *r, uint32_t number)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("SELECT lead FROM parameter WHERE number=?1"));
	int64_t lead = INT64_MAX;

	if (s == NULL)
		return lead;
	sqlite3_bind_int64(s, 1, number);
	if (sqlite3_step(s) == SQLITE_ROW)
		lead = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return lead;
}

bool
sqlite_indexing_erase(struct store_reader *r, uint32_t number, struct outcome *o)
{
	int64_t lead = lead_of(r, number);
	sqlite3_stmt *s;
	int erased = 0;

	for (int leads = 0; leads < LEADS_AT_ONCE && erased < ERASED_AT_ONCE && lead != INT64_MAX; leads++) {
		int64_t next = lead < 0 ? 0 : lead;
		int now = 0;

		if (!erase_in(r, next, number, &now, o))
			return false;
		erased += now;
		lead = now > 0 ? next : next_lead(r, next);
	}
	if (lead == INT64_MAX && !erase_under_all(r, number, &erased, o))
		return false;
	s = sqlite_statement(r, lead == INT64_MAX && erased == 0 ? SLICE("DELETE FROM parameter WHERE number=?1")
	    : SLICE("UPDATE parameter SET lead=?2 WHERE number=?1"));
	if (s == NULL)
		return failed(r, o);
	sqlite3_bind_int64(s, 1, number);
	sqlite3_bind_int64(s, 2, lead);
	return sqlite_run(s) || failed(r, o);
}
