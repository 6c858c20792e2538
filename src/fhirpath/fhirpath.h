/* fhirpath.h -- FHIRPath 2.0 (http://hl7.org/fhirpath/N1) as FHIR R4 uses it.
 *
 * An expression is compiled once against the definitions pack (names are
 * checked where the context type is known) and then evaluated many times, by
 * any thread.  Evaluation is bounded: steps, items, nesting (limits.h
 * FHIRPATH_*) and, where a deadline is set, time. */
#ifndef FHIRPATH_FHIRPATH_H
#define FHIRPATH_FHIRPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/outcome.h"
#include "base/slice.h"
#include "json/json.h"

struct arena;
struct env;
struct limits;
struct pack;
struct type;
struct fhirpath;                /* a compiled expression, immutable */

enum item_kind {
	ITEM_NODE,              /* something in a JSON tree, with its FHIR type */
	ITEM_BOOLEAN, ITEM_STRING, ITEM_INTEGER, ITEM_DECIMAL,
	ITEM_DATE, ITEM_DATETIME, ITEM_TIME, ITEM_QUANTITY,
	ITEM_TYPE,              /* what type() returns */
};

#define ITEM_ABSENT UINT32_MAX

struct item {
	enum item_kind     kind;
	const struct json *json;        /* NODE: the tree */
	uint32_t           node;        /* NODE: the value; ITEM_ABSENT when only the sibling or the
	                                 * type is there */
	uint32_t           sibling;     /* NODE, primitive: its "_name" object, 0 when none */
	const struct type *type;        /* NODE: its FHIR type (Patient, code, HumanName) */
	struct slice       member;      /* NODE: the JSON member name it came from, or empty */
	bool               boolean;
	int64_t            integer;
	struct slice       text;        /* STRING; DATE, DATETIME, TIME, DECIMAL as text;
	                                 * QUANTITY: the value's text */
	struct slice       unit;        /* QUANTITY */
};

struct items {
	struct item *at;
	uint32_t     count;
};

/* `context` may be NULL: names are then looked up at evaluation only.  False
 * (NULL) with FAULT_INVALID and the place in the expression. */
#define FHIRPATH_NO_FUNCTION "there is no such function"        /* what it then says */
struct fhirpath *fhirpath_compile(const struct pack *, struct slice expression,
    const struct type *context, const struct limits *, struct arena *, struct outcome *);

/* The FHIR type of what it gives, where that is certain; NULL: not known. */
const struct type *fhirpath_result(const struct fhirpath *);
/* Does it give the same for the same resource at any time?  Not with now() or memberOf(). */
bool fhirpath_is_lasting(const struct fhirpath *);

struct fhirpath_scope {
	const struct pack   *pack;
	const struct limits *limits;
	const struct env    *env;       /* now(), today(), timeOfDay(); NULL: those fail */
	struct item          resource;  /* %resource, the nearest resource */
	struct item          root;      /* %rootResource */
	/* resolve(): finds a resource by reference; NULL: resolve() uses only
	 * contained resources and, for `is` and ofType(), the reference's own text:
	 * "Patient/1" resolves to a node of type Patient without content. */
	bool               (*resolve)(void *ctx, struct slice reference, struct item *out);
	void                *resolve_ctx;
	void               (*trace)(void *ctx, struct slice name, const struct items *);
	void                *trace_ctx;
	int64_t              deadline;  /* env monotonic nanoseconds; 0: none */
};

/* An item for the resource (or any typed value) at `node` of a tree. */
struct item fhirpath_node(const struct json *, uint32_t node, const struct type *);

/* False with FAULT_INVALID (the expression does not apply) or FAULT_BUDGET. */
MUST_USE bool fhirpath_evaluate(const struct fhirpath *, const struct fhirpath_scope *,
    struct item focus, struct arena *, struct items *out, struct outcome *);

/* The primitive value of an item as text ("true", "5", "2020-01", a string's
 * unescaped value); SLICE_NONE for what has none. */
struct slice item_text(const struct item *, struct arena *);

#endif
