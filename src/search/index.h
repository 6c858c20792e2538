/* index.h -- what a resource is found by.
 *
 * Index rows are made by evaluating the SearchParameter expressions of the
 * definitions pack over the resource (R4 search.html, searchparameter.html); no
 * type is treated by hand.  The same code makes the values of a query, so that both
 * sides agree on folding, hashing and the intervals of dates and numbers.
 *
 * What identifies is not kept in clear where equality is enough: codes, systems
 * and exact strings are SipHash values under the store's index key.  Folded
 * strings, dates and numbers stay readable (docs/storage.md lists this). */
#ifndef SEARCH_INDEX_H
#define SEARCH_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/siphash.h"
#include "base/slice.h"
#include "fhir/pack.h"
#include "json/json.h"

struct arena;
struct limits;
struct outcome;
struct custom_params;
struct search_index;            /* compiled expressions of all parameters; immutable, shared */

/* One row.  By kind:
 *   TOKEN      a = hash(code), of strings and contact points without its case, b = hash(system) or 0
 *              when there is none; both 0 of words without a code
 *   STRING     text = folded (index_fold_string()), its first INDEX_HEAD bytes, a = hash(exact value);
 *              rows with a = 0 are found by, but not sorted by: the text as far as it is kept, when
 *              that is longer, and the text from each further word of a family name
 *   REFERENCE  a = the target (below), b = the lead it is under (its compartment)
 *   DATE       a = first ms, b = last ms of the interval; INT64_MIN/MAX when open
 *   NUMBER     x, y = the value, twice (the interval of significant digits is the query's, R4
 *              search.html#number), or least and greatest of a range or behind a comparator;
 *              of a position (near): x = latitude, y = longitude
 *   QUANTITY   x, y as NUMBER; a = hash(code or unit), b = hash(system) or 0;
 *              one row more in canonical units for what UCUM knows: a = hash(base units),
 *              b = the mark of index_canonical()
 *   URI        text = the URI as it stands
 *   SPECIAL    a contained resource is there: param = its type's number, a = the type's that holds it
 * A target is the row number of a local resource (> 0, b >= 0), or, for what is not held here, the
 * hash of its text with the sign bit set (< 0, b = INDEX_FOREIGN); for a contained resource its
 * ordinal (b = INDEX_WITHIN), which index_place() turns into a row number.  What has a canonical url says
 * which such texts mean it, as TOKEN rows of the parameter of its url (b = INDEX_FOREIGN): "url|version", and
 * "url|" that stands for the url without a version.  The kind is that of
 * the rows, not of the parameter: a reference's identifier is a TOKEN row of the reference parameter. */
#define INDEX_FOREIGN (-1)
#define INDEX_WITHIN  (-2)

/* An Attachment refers to a Binary here by its url: a REFERENCE whose parameter is this and the number of
 * the type that has the Attachment. */
#define INDEX_ATTACHED (1u << 24)

/* A custom expression cannot be evaluated on the resource: a REFERENCE to nothing, once, whose parameter is this
 * and the number of that one.  So a store counts them as it counts who refers to a thing. */
#define INDEX_FAILED (1u << 25)

/* Bytes of folded text that are kept, and of that what is sorted by. */
#define INDEX_TEXT 1000
#define INDEX_HEAD 128
/* Further words of a family name, and parts of a version, that have rows of their own. */
#define INDEX_WORDS 64

struct index_row {
	uint32_t param;                 /* search_param.number, or as above */
	uint8_t  kind;                  /* enum search_kind */
	uint8_t  part;                  /* of a composite: its component, from 1; else 0 */
	uint16_t group;                 /* of a composite: components of one group belong together */
	uint16_t contained;             /* of the n-th contained resource, from 1; 0: of the resource */
	uint8_t  span;                  /* of a DATE: enum index_span */
	int64_t  a, b;
	int64_t  unresolved;            /* REFERENCE, local: the hash it has while it is not known */
	double   x, y;
	struct slice text;
};

/* How wide a DATE row is: exactly a millisecond or a second, or at most that; by it one knows how far its one end
 * is from the other.  Those of a resource that has several of the parameter are apart from them. */
enum index_span { SPAN_INSTANT, SPAN_SECOND, SPAN_DAY, SPAN_MONTH, SPAN_WIDE, SPAN_SEVERAL };

/* Counts up when the same definitions give other rows than before: a store is then to be indexed anew. */
#define INDEX_RULES 10

struct index_rows {
	struct index_row *at;
	uint32_t          count;
};

/* Contained resources have row numbers of their own, above all others. */
#define INDEX_CONTAINED  ((int64_t)1 << 62)
#define INDEX_GROUPS     1024           /* contained resources, or groups of a composite, that are indexed */

static inline int64_t
index_contained(int64_t row, uint32_t ordinal)
{
	return ordinal == 0 ? row : INDEX_CONTAINED | row * INDEX_GROUPS | ordinal;
}

/* The row that holds a contained one; itself for others. */
static inline int64_t
index_holder(int64_t row)
{
	return row < INDEX_CONTAINED ? row : (row & ~INDEX_CONTAINED) / INDEX_GROUPS;
}

/* How a literal reference "Type/id" becomes a row number and the lead it is under: false when
 * it is not known. */
struct index_resolver {
	bool (*find)(void *ctx, struct slice type, struct slice id, int64_t *lead, int64_t *row);
	void  *ctx;
	struct slice base;              /* our FHIR base URL: absolute references to it are local */
};

/* Of the pack's parameters; lives with the arena. */
struct search_index *search_index_new(const struct pack *, const struct limits *,
    const struct siphash_key *, struct arena *, struct outcome *);
/* One more generation: with custom parameters beside those, each with its number.  It takes the
 * arena of `custom` and is freed when nobody holds it any more; its maker does, once. */
struct search_index *search_index_with(const struct custom_params *custom, int64_t generation);
struct search_index *search_index_hold(struct search_index *);
void                 search_index_let_go(struct search_index *);        /* NULL is fine */
int64_t              search_index_generation(const struct search_index *);

/* As pack_params(), pack_param(), pack_param_count() and pack_param_at(), of all parameters; of a concrete
 * type.  The last two are in no order. */
const struct search_param *const *search_params(const struct search_index *, const struct type *,
    uint32_t *count);
const struct search_param *search_param(const struct search_index *, const struct type *,
    struct slice code);
uint32_t                   search_param_count(const struct search_index *);
const struct search_param *search_param_at(const struct search_index *, uint32_t i);

/* Can this parameter be searched by?  False for kinds that are not built, for expressions
 * that do not compile, and while not all resources are indexed by it. */
bool search_index_supports(const struct search_index *, const struct search_param *);
/* Is that so for now only? */
bool search_index_is_building(const struct search_index *, const struct search_param *);

/* The parameter of the canonical urls of a type, by which others may refer to its resources; NULL: it has none
 * (R4 references.html#canonical). */
const struct search_param *search_canonical(const struct search_index *, const struct type *);
/* May a reference of the parameter point to the type? */
bool search_may_refer(const struct search_param *, struct slice type);

/* All rows of a resource, duplicates removed; _tag, _security, _profile and
 * _source included; _id and _lastUpdated are columns, not rows.  A custom expression that cannot be
 * evaluated on the resource finds nothing in it but that it failed. */
MUST_USE bool index_extract(const struct search_index *, const struct type *,
    const struct json *, uint32_t resource, const struct index_resolver *, struct arena *,
    struct index_rows *out, struct outcome *);

/* Those of some custom parameters alone, by number, sorted. */
struct index_choice {
	const uint32_t *numbers;
	uint32_t        count;
};
MUST_USE bool index_extract_chosen(const struct search_index *, const struct index_choice *,
    const struct type *, const struct json *, uint32_t resource, const struct index_resolver *,
    struct arena *, struct index_rows *out, struct outcome *);

/* The Patient ids ("abc" of "Patient/abc", local references only) that put the resource
 * into patient compartments; distinct, in order of first mention.  For a Patient
 * itself none.  References to Patients are found by the CompartmentDefinition's parameters. */
struct patient_refs {
	struct slice *ids;
	uint32_t      count;
};
MUST_USE bool index_patients(const struct search_index *, const struct type *,
    const struct json *, uint32_t resource, const struct index_resolver *, struct arena *,
    struct patient_refs *out, struct outcome *);

struct index_texts {
	struct slice *at;
	uint32_t      count;
};

/* What a parameter finds in a resource, as texts: codes for tokens, references as they stand; for
 * :text the displays and texts beside the codes.  In document order. */
MUST_USE bool index_texts(const struct search_index *, const struct type *,
    const struct search_param *, bool displays, const struct json *, uint32_t resource,
    struct arena *, struct index_texts *out, struct outcome *);

/* Shared with the query side. */
uint64_t     index_hash(const struct search_index *, struct slice);
/* "Type/id" of a local reference, also under our base and with a version; false for others. */
bool         index_local(const struct index_resolver *, struct slice reference, struct slice *type,
    struct slice *id);
/* The hash that stands for a reference to what is not held here. */
int64_t      index_foreign(const struct siphash_key *, struct slice text);
/* The same for a canonical url, with the version that it names or none. */
int64_t      index_named(const struct search_index *, struct slice url, struct slice version, struct arena *);
/* ICU: NFKD, no marks, case folded, one space between words; at most INDEX_TEXT bytes, at a character boundary. */
struct slice index_fold(struct slice text, struct arena *);
/* The same without punctuation (R4 search.html#string), unless there is nothing else. */
struct slice index_fold_string(struct slice text, struct arena *);
/* What is sorted by of a folded text. */
struct slice index_head(struct slice folded);
/* FHIR date, dateTime or instant, any precision: the interval it stands for.  A
 * missing zone is UTC.  False when it is none. */
bool         index_date(struct slice text, int64_t *first, int64_t *last);
/* The most milliseconds from the first to the last of a span; INT64_MAX: any number. */
int64_t      index_width(enum index_span);
/* The mark of quantities in canonical units. */
int64_t      index_canonical(const struct search_index *);

#endif
