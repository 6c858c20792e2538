/* parameters.c -- custom search parameters (search/custom.h): which there are, and how far the
 * index has them.
 *
 * A row of `parameter` stands for a definition on one type, known by the print of what its index
 * rows are made by.  It is being indexed, ready, or, when no definition has this print any more, on its
 * way out with its rows.  The table follows the definitions in the transaction that changes one of
 * them, and that is a new generation of the index:
 *
 *  (1) A snapshot is read with the index of its own generation, so that no search sees half of a
 *      parameter's rows.
 *  (2) A write whose rows were made by another generation than the current one loses and is prepared
 *      again, so that what is written after a definition has its rows.
 *  (3) What was written before is walked over in the order of its keys, in small commits, each of
 *      which also says how far the walk is: it goes on there after a crash.  A row that was
 *      replaced since it was read is passed over, by (2).
 *  (4) Rows of a parameter that is gone are erased after the generation without it. */
#include <semaphore.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/outcome.h"
#include "search/custom.h"
#include "store/sqlite/sqlite.h"

#define KEYS_AT_ONCE   2000     /* looked at in a step */
#define ROWS_AT_ONCE   200      /* indexed in a step */
#define ERASED_AT_ONCE 1000
#define LEADS_AT_ONCE  500

enum { BUILDING, READY, LEAVING };

struct known {
	uint32_t number;
	uint8_t  print[CUSTOM_PRINT];
	int      state;
	bool     wanted;
};

struct renewal {
	struct store_reader *reader;    /* that writes */
	struct custom_params wanted;
	struct known        *known;
	uint32_t             known_count, next;
	struct arena        *scratch;
	struct outcome      *outcome;
};

static bool
failed(struct store_reader *r, struct outcome *o)
{
	return sqlite_failed(r->db, "parameters", o);
}

static bool
step(struct store_reader *r, sqlite3_stmt *s, struct outcome *o)
{
	int code = s == NULL ? SQLITE_ERROR : sqlite3_step(s);

	if (s != NULL)
		sqlite3_reset(s);
	return code == SQLITE_DONE || code == SQLITE_ROW || failed(r, o);
}

/* Generations */

int64_t
sqlite_generation(struct store_reader *r)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("SELECT number FROM generation WHERE one=1"));
	int64_t n = 0;

	if (s == NULL)
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return n;
}

static bool
write_generation(struct store_reader *r, int64_t number, struct outcome *o)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("INSERT OR REPLACE INTO generation VALUES(1,?1)"));

	if (s != NULL)
		sqlite3_bind_int64(s, 1, number);
	return step(r, s, o);
}

/* The one before stays, for snapshots that are being taken. */
static void
publish(struct store *s, struct search_index *index)
{
	pthread_mutex_lock(&s->index_lock);
	search_index_let_go(s->index_before);
	s->index_before = s->index;
	s->index = index;
	pthread_mutex_unlock(&s->index_lock);
}

struct search_index *
sqlite_index_of(struct store *s, int64_t generation)
{
	struct search_index *of[2], *found = NULL;

	pthread_mutex_lock(&s->index_lock);
	of[0] = s->index;
	of[1] = s->index_before;
	for (int i = 0; i < 2 && found == NULL; i++)
		if (of[i] != NULL && search_index_generation(of[i]) == generation)
			found = search_index_hold(of[i]);
	pthread_mutex_unlock(&s->index_lock);
	return found;
}

/* Definitions */

static void
take_definition(struct renewal *n, struct slice body, int64_t row, bool composite)
{
	struct outcome aside;
	struct json j;

	outcome_init(&aside, n->scratch);
	if (json_parse(body, json_bounds(n->reader->store->config.limits, false), n->scratch, &j, &aside)
	    && custom_is_active(&j, 0) && custom_is_composite(&j, 0) == composite
	    && !custom_add(&n->wanted, &j, 0, row, &aside) && row != 0)
		log_event(LOG_WARNING, "search-parameter-left-out", "row=%lld", (long long)row);
	arena_reset(n->scratch);
}

static void
take_packages(struct renewal *n, bool composite)
{
	const struct pack *pack = n->reader->store->config.pack;

	for (uint32_t i = 0; i < pack_added_param_count(pack); i++)
		take_definition(n, pack_added_param(pack, i), 0, composite);
}

/* Rows and vids of all, first: a statement may displace another that is not at its end. */
static bool
find_resources(struct renewal *n, const struct type *type, struct stored **out, uint32_t *count)
{
	sqlite3_stmt *s = sqlite_statement(n->reader, SLICE("SELECT row, vid FROM resource WHERE lead=0 AND "
	    "type=?1 AND deleted=0 AND labels IN (SELECT number FROM labelset WHERE level<?2) ORDER BY row"));
	int code;

	*out = NULL;
	*count = 0;
	if (s == NULL)
		return failed(n->reader, n->outcome);
	sqlite3_bind_int64(s, 1, type->number);
	sqlite3_bind_int(s, 2, QUARANTINE_LEVEL);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if (*count % 64 == 0)
			*out = arena_grow(n->wanted.arena, *out, *count * sizeof **out, (*count + 64) * sizeof **out);
		(*out)[(*count)++] = (struct stored){ .type = type, .row = sqlite3_column_int64(s, 0),
			.vid = sqlite3_column_int64(s, 1) };
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(n->reader, n->outcome);
}

static bool
take_resources(struct renewal *n, bool composite)
{
	struct stored *all;
	uint32_t count;

	if (!find_resources(n, n->reader->store->search_parameter, &all, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		int64_t row = all[i].row;

		if (!sqlite_load_version(n->reader, &all[i], n->scratch, n->outcome))
			return false;
		take_definition(n, all[i].body, row, composite);
	}
	return true;
}

/* Composites last: their components are among the others.  Packages go before what was posted. */
static bool
take_definitions(struct renewal *n)
{
	for (int composite = 0; composite < 2; composite++) {
		take_packages(n, composite != 0);
		if (n->reader->store->search_parameter != NULL && !take_resources(n, composite != 0))
			return false;
	}
	return true;
}

/* The table */

static bool
read_known(struct renewal *n)
{
	sqlite3_stmt *s = sqlite_statement(n->reader, SLICE("SELECT number, print, state FROM parameter"));
	struct arena *arena = n->wanted.arena;

	n->next = CUSTOM_FIRST;
	if (s == NULL)
		return failed(n->reader, n->outcome);
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct known *k;

		if (n->known_count % 64 == 0)
			n->known = arena_grow(arena, n->known, n->known_count * sizeof *k,
			    (n->known_count + 64) * sizeof *k);
		k = &n->known[n->known_count++];
		k->number = (uint32_t)sqlite3_column_int64(s, 0);
		k->state = sqlite3_column_int(s, 2);
		if (sqlite3_column_bytes(s, 1) == CUSTOM_PRINT)
			memcpy(k->print, sqlite3_column_blob(s, 1), CUSTOM_PRINT);
		n->next = k->number >= n->next ? k->number + 1 : n->next;
	}
	sqlite3_reset(s);
	return true;
}

static struct known *
known_by(struct renewal *n, const struct custom_param *p)
{
	for (uint32_t i = 0; i < n->known_count; i++)
		if (n->known[i].state != LEAVING && memcmp(n->known[i].print, p->print, CUSTOM_PRINT) == 0)
			return &n->known[i];
	return NULL;
}

static bool
insert_known(struct renewal *n, struct custom_param *p)
{
	sqlite3_stmt *s = sqlite_statement(n->reader, SLICE("INSERT INTO parameter VALUES(?1,?2,?3,-1,0,0,0)"));

	p->param.number = n->next++;
	if (s != NULL) {
		sqlite3_bind_int64(s, 1, p->param.number);
		sqlite3_bind_blob(s, 2, p->print, CUSTOM_PRINT, SQLITE_STATIC);
		sqlite3_bind_int(s, 3, BUILDING);
	}
	return step(n->reader, s, n->outcome);
}

static bool
number_wanted(struct renewal *n)
{
	for (uint32_t i = 0; i < n->wanted.count; i++) {
		struct custom_param *p = &n->wanted.at[i];
		struct known *k = known_by(n, p);

		if (k == NULL && !insert_known(n, p))
			return false;
		if (k == NULL)
			continue;
		p->param.number = k->number;
		p->ready = k->state == READY;
		k->wanted = true;
	}
	return true;
}

static bool
dismiss_others(struct renewal *n)
{
	for (uint32_t i = 0; i < n->known_count; i++) {
		sqlite3_stmt *s;

		if (n->known[i].wanted || n->known[i].state == LEAVING)
			continue;
		s = sqlite_statement(n->reader,
		    SLICE("UPDATE parameter SET state=?2, lead=-1 WHERE number=?1"));
		if (s != NULL) {
			sqlite3_bind_int64(s, 1, n->known[i].number);
			sqlite3_bind_int(s, 2, LEAVING);
		}
		if (!step(n->reader, s, n->outcome))
			return false;
	}
	return true;
}

static void
tell(const struct renewal *n, int64_t generation)
{
	uint32_t ready = 0;

	for (uint32_t i = 0; i < n->wanted.count; i++)
		ready += n->wanted.at[i].ready;
	if (n->wanted.count > 0 || n->known_count > 0)
		log_event(LOG_INFO, "search-parameters", "generation=%lld ready=%u indexing=%u",
		    (long long)generation, ready, n->wanted.count - ready);
}

static bool
says_active(const struct store *s, const struct index_rows *rows)
{
	const struct search_param *status = search_param(s->standard, s->search_parameter, SLICE("status"));
	int64_t active = (int64_t)index_hash(s->standard, SLICE("active"));

	for (uint32_t i = 0; i < rows->count; i++)
		if (status != NULL && rows->at[i].param == status->number && rows->at[i].a == active)
			return true;
	return false;
}

bool
sqlite_changes_parameters(const struct store *s, const struct store_write *v)
{
	return v->type == s->search_parameter && (says_active(s, &v->rows) || says_active(s, &v->old_rows));
}

bool
sqlite_renew_parameters(struct store_reader *r, int64_t generation, struct outcome *o)
{
	struct renewal n = { .reader = r, .outcome = o, .scratch = arena_new(1 << 16) };
	bool good;

	n.wanted = (struct custom_params){ .standard = r->store->standard, .arena = arena_new(1 << 16) };
	good = take_definitions(&n) && read_known(&n) && number_wanted(&n) && dismiss_others(&n)
	    && write_generation(r, generation, o);
	arena_free(n.scratch);
	if (good) {
		tell(&n, generation);
		publish(r->store, search_index_with(&n.wanted, generation));
	} else {
		arena_free(n.wanted.arena);
	}
	return good;
}

/* Indexing, in the background */

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

/* What leaves goes first; then the walk that is furthest behind, with all that are at the same place, up to
 * where the next one is. */
static bool
choose(struct walk *w)
{
	sqlite3_stmt *s = sqlite_statement(w->reader, SLICE("SELECT number, state, lead, type, row FROM parameter "
	    "WHERE state<>1 ORDER BY state DESC, lead, type, row, number"));
	uint32_t most = search_param_count(w->reader->index), count = 0;

	if (s == NULL)
		return failed(w->reader, w->outcome);
	w->job->numbers = arena_array(w->arena, most + 1, sizeof *w->job->numbers);
	w->types = arena_array(w->arena, most + 1, sizeof *w->types);
	w->until.lead = INT64_MAX;
	while (count < most && sqlite3_step(s) == SQLITE_ROW) {
		struct key at = key_of(s, 2);

		w->job->numbers[count] = (uint32_t)sqlite3_column_int64(s, 0);
		if (count == 0)
			w->from = at;
		w->job->leaving = sqlite3_column_int(s, 1) == LEAVING;
		if (w->job->leaving || compare_keys(&at, &w->from) != 0) {
			count += w->job->leaving;
			w->until = at;
			break;
		}
		choose_type(w, w->job->numbers[count++]);
	}
	sqlite3_reset(s);
	w->job->number_count = count;
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
	sqlite3_bind_int(s, 6, job->last ? READY : BUILDING);
	return step(r, s, o);
}

bool
sqlite_indexing_moved(struct store_reader *r, const struct sqlite_indexing *job, struct outcome *o)
{
	for (uint32_t i = 0; i < job->number_count; i++)
		if (!move_on(r, job, job->numbers[i], o))
			return false;
	return true;
}

/* Columns of the key by letter, as index_tables has them. */
static void
add_columns(struct buf *b, const char *letters)
{
	static const struct { char letter; const char *name; } names[] = {
		{ 'a', "a" }, { 'b', "b" }, { 'x', "x" }, { 'y', "y" }, { 'p', "part" }, { 'g', "grp" },
		{ 'r', "row" }, { 't', "text" },
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
	if (!step(r, s, o))
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
		buf_printf(&b, " FROM %s WHERE lead=?1 AND param=?2 LIMIT ?3)", index_tables[k].name);
		good = erase(r, buf_slice(&b), lead, number, erased, o);
	}
	return good;
}

/* Rows whose keys begin with the parameter. */
static bool
erase_under_all(struct store_reader *r, uint32_t number, int *erased, struct outcome *o)
{
	return erase(r, SLICE("DELETE FROM backref WHERE (param,target,lead,row) IN (SELECT param,target,lead,row "
	    "FROM backref WHERE param=?2 LIMIT ?3)"), 0, number, erased, o)
	    && erase(r, SLICE("DELETE FROM occurrence WHERE (param,a,lead,labels) IN (SELECT param,a,lead,labels "
	    "FROM occurrence WHERE param=?2 LIMIT ?3)"), 0, number, erased, o);
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
	return step(r, s, o);
}

/* For those who ask */

static int64_t *
counts_by_type(struct store_reader *r, struct arena *arena)
{
	int64_t *counts = arena_array(arena, pack_type_count(r->store->config.pack), sizeof *counts);
	sqlite3_stmt *s = sqlite_statement(r, SLICE("SELECT type, count(*) FROM resource WHERE deleted=0 AND NOT "
	    "(lead=0 AND type=?1) GROUP BY type"));

	if (s == NULL)
		return NULL;
	sqlite3_bind_int64(s, 1, r->store->patient->number);
	while (sqlite3_step(s) == SQLITE_ROW)
		counts[sqlite3_column_int64(s, 0)] = sqlite3_column_int64(s, 1);
	sqlite3_reset(s);
	return counts;
}

static int64_t
done_of(struct store_reader *r, uint32_t number)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("SELECT done FROM parameter WHERE number=?1"));
	int64_t done = 0;

	if (s == NULL)
		return 0;
	sqlite3_bind_int64(s, 1, number);
	if (sqlite3_step(s) == SQLITE_ROW)
		done = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return done;
}

/* A look at every key: only where something is not ready. */
static bool
count_resources(struct store_reader *r, struct store_parameter *all, uint32_t count, struct arena *arena)
{
	int64_t *totals = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (all[i].ready)
			continue;
		if (totals == NULL && (totals = counts_by_type(r, arena)) == NULL)
			return false;
		all[i].done = done_of(r, all[i].param->number);
		all[i].total = totals[all[i].param->on->number];
	}
	return true;
}

bool
store_parameters(struct store_reader *r, int64_t source, bool counted, struct arena *arena,
    struct store_parameter **out, uint32_t *count, struct outcome *o)
{
	uint32_t first = pack_param_count(r->store->config.pack), all = search_param_count(r->index);

	*count = 0;
	*out = arena_array(arena, all - first + 1, sizeof **out);
	for (uint32_t i = first; i < all; i++) {
		const struct custom_param *p = (const void *)search_param_at(r->index, i);

		if (source < 0 || p->source == source)
			(*out)[(*count)++] = (struct store_parameter){ &p->param, p->source, p->ready, 0, 0 };
	}
	return !counted || count_resources(r, *out, *count, arena) || failed(r, o);
}
