/* labels.c -- how confidential a resource says it is, as the number of a set of labels.
 *
 * That is the highest level in meta.security, raised by whatever is in the resource: the entries of a Bundle, contained
 * ones, and what a Composition says of itself, so that a document is as confidential as what it is made of
 * (R4 security-labels.html; Composition.confidentiality is a modifier).
 *
 * Confidentiality is known by its names of all releases, however they are spelled, and one of its codes counts without a
 * system: a slip closes, and does not open.
 *
 * A set stands for a level; those of Binaries without a context for their maker too, those in quarantine for being there.
 * In stores of before, each combination of codings had one.  Sets are interned for good. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/plant.h"
#include "store/sqlite/sqlite.h"

/* What a resource says */

static const char confidentiality[] = "ULMNRV";

static const struct slice confidentiality_system = SLICE_INIT("http://terminology.hl7.org/CodeSystem/v3-Confidentiality");

/* R4's, that of the releases before it, and the OID. */
static const struct slice confidentiality_endings[] = {
	SLICE_INIT("/v3-Confidentiality"), SLICE_INIT("/v3/Confidentiality"), SLICE_INIT("2.16.840.1.113883.5.25"),
};

static bool
ends_nocase(struct slice s, struct slice ending)
{
	return s.len >= ending.len && slice_eq_nocase(slice_sub(s, s.len - ending.len, ending.len), ending);
}

static bool
is_confidentiality(struct slice system)
{
	struct slice name = slice_cut(&system, '|');

	while (slice_ends(name, SLICE("/")))
		name.len--;
	for (size_t i = 0; i < COUNT_OF(confidentiality_endings); i++)
		if (ends_nocase(name, confidentiality_endings[i]))
			return true;
	return false;
}

/* -1: of something else.  A code that we do not know is as closed as can be. */
static int
level_of(struct slice system, struct slice code)
{
	const char *known = code.len == 1 ? memchr(confidentiality, code.ptr[0], sizeof confidentiality - 1) : NULL;

	if (system.len > 0 ? !is_confidentiality(system) : known == NULL)
		return -1;
	return known == NULL ? 5 : (int)(known - confidentiality);
}

/* The highest; -1: none says anything. */
static int
level_of_codings(const struct json *j, uint32_t security, struct arena *arena)
{
	int highest = -1;

	if (security == 0 || json_type(j, security) != JSON_ARRAY)
		return -1;
	for (uint32_t c = json_first(j, security); c != 0; c = json_next(j, security, c)) {
		int one = level_of(json_string(j, json_get(j, c, SLICE("system")), arena),
		    json_string(j, json_get(j, c, SLICE("code")), arena));

		highest = one > highest ? one : highest;
	}
	return highest;
}

static int
level_said(const struct json *j, uint32_t name, struct arena *arena)
{
	if (json_is(j, name, SLICE("meta")))
		return level_of_codings(j, json_get(j, name + 1, SLICE("security")), arena);
	return json_is(j, name, SLICE("confidentiality")) && json_type(j, name + 1) == JSON_STRING
	    ? level_of(confidentiality_system, json_string(j, name + 1, arena)) : -1;
}

/* All that the gate asks of the labels, so that there are no more sets than levels, whoever writes what: an order by dates
 * reads each set of its own. */
static struct slice
set_of_level(int level, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	if (level != DEFAULT_LEVEL)
		buf_printf(&b, "%.*s|%c\n", SLICE_FMT(confidentiality_system), confidentiality[level]);
	return buf_slice(&b);
}

bool
store_labels(struct store *s, const struct json *j, uint32_t resource, uint32_t *labels, int *level, struct outcome *o)
{
	int own = level_of_codings(j, json_path(j, resource, "meta.security"), o->arena);

	*level = own < 0 ? DEFAULT_LEVEL : own;
	for (uint32_t n = resource + 1; n < j->nodes[resource].next; n++) {
		int one = (j->nodes[n].flags & JSON_IS_NAME) == 0 || planted(97) ? -1 : level_said(j, n, o->arena);

		*level = one > *level ? one : *level;
	}
	return sqlite_intern(s, set_of_level(*level, o->arena), *level, labels, o);
}

/* Sets */

/* Blocks 0, 1, 2 begin with the numbers 0, 64, 192. */
static struct label_set *
label_slot(const struct store *s, uint32_t number, uint32_t *block)
{
	*block = 31 - (uint32_t)__builtin_clz(number / LABEL_FIRST + 1);
	return *block >= LABEL_BLOCKS || s->label_blocks[*block] == NULL ? NULL
	    : &s->label_blocks[*block][number - LABEL_FIRST * ((1u << *block) - 1)];
}

const struct label_set *
sqlite_label_set(const struct store *s, uint32_t labels)
{
	uint32_t block;

	return labels < atomic_load(&s->label_count) ? label_slot(s, labels, &block) : NULL;
}

struct slice
sqlite_codings(const struct store *s, uint32_t labels)
{
	const struct label_set *set = sqlite_label_set(s, labels);

	return set == NULL ? SLICE_NONE : set->codings;
}

static struct slice
set_key(int level, struct slice codings, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "%d %.*s", level, SLICE_FMT(codings));
	return buf_slice(&b);
}

/* One after the other, under the lock. */
bool
sqlite_add_label_set(struct store *s, int level, struct slice codings)
{
	uint32_t number = atomic_load(&s->label_count), block;
	struct label_set *at = label_slot(s, number, &block);

	if (block >= LABEL_BLOCKS)
		return false;
	if (at == NULL) {
		s->label_blocks[block] = arena_array(s->arena, LABEL_FIRST << block, sizeof *at);
		at = label_slot(s, number, &block);
	}
	*at = (struct label_set){ level, codings };
	atomic_fetch_or(&s->levels, 1u << level);
	names_add(&s->label_numbers, set_key(level, codings, s->arena), number);
	atomic_store(&s->label_count, number + 1);
	return true;
}

/* Interned at once and for good, on a connection of its own: rare. */
static bool
intern(struct store *s, struct slice codings, int level, struct outcome *o)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *put_set = NULL;
	bool good = sqlite_connect(s, true, &db)
	    && sqlite3_prepare_v2(db, "INSERT INTO labelset VALUES(?1,?2,?3)", -1, &put_set, NULL) == SQLITE_OK;

	if (good) {
		sqlite3_bind_int64(put_set, 1, atomic_load(&s->label_count));
		sqlite3_bind_int(put_set, 2, level);
		sqlite3_bind_blob(put_set, 3, codings.ptr, (int)codings.len, SQLITE_STATIC);
		good = sqlite3_step(put_set) == SQLITE_DONE
		    && sqlite_add_label_set(s, level, slice_dup(codings, s->arena));
	}
	if (!good)
		sqlite_failed(db, "labels", o);
	sqlite3_finalize(put_set);
	sqlite3_close(db);
	return good;
}

bool
sqlite_intern(struct store *s, struct slice codings, int level, uint32_t *number, struct outcome *o)
{
	struct slice key = set_key(level, codings, o->arena);
	bool good;

	pthread_mutex_lock(&s->labels_lock);
	good = names_find(&s->label_numbers, key) != NAME_UNKNOWN || intern(s, codings, level, o);
	*number = names_find(&s->label_numbers, key);
	pthread_mutex_unlock(&s->labels_lock);
	return good;
}

int
sqlite_level(const struct store *s, uint32_t labels)
{
	const struct label_set *set = sqlite_label_set(s, labels);

	return set == NULL ? 5 : set->level;
}

bool
sqlite_next_level(const struct store *s, int clearance, int *level)
{
	unsigned levels = atomic_load(&s->levels);

	while (*level <= clearance && (levels >> *level & 1) == 0)
		++*level;
	return *level <= clearance;
}

void
sqlite_visible(sqlite3_context *c, int count UNUSED, sqlite3_value **values)
{
	const struct label_set *set = sqlite_label_set(sqlite3_user_data(c),
	    (uint32_t)sqlite3_value_int64(values[0]));

	sqlite3_result_int(c, set != NULL && set->level <= sqlite3_value_int(values[1]));
}

int
store_level(const struct store *s, uint32_t labels)
{
	int level = sqlite_level(s, labels);

	return level_is_orphan(level) ? level - ORPHAN_LEVEL : level;
}
