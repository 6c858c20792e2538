/* narratives.h -- the narratives in a resource (R4 narrative.html): where they are,
 * and how the text changes when they do.
 *
 * A narrative is what has a div: no other type has such an element.  They stand in
 * `text` of a resource, of contained ones, of those in Bundles and Parameters, and in
 * Composition.section. */
#ifndef FHIR_NARRATIVES_H
#define FHIR_NARRATIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "json/json.h"

struct arena;
struct buf;
struct xhtml_ids;
struct limits;
struct pack;
struct type;

struct narrative {
	uint32_t     div;               /* the string */
	uint32_t     object;            /* the Narrative */
	uint32_t     member;            /* the name node in front of it */
	uint32_t     resource;          /* the innermost resource around it */
	uint32_t     outer;             /* if that is contained, the one it is in; else the same */
	struct slice path;              /* FHIRPath of the div: "Patient.text.div" */
};

/* All of them in the order of the text; `name` is the type of the resource at `node`.
 * Returns how many. */
uint32_t narratives_find(const struct json *, uint32_t node, struct slice name, struct arena *,
    struct narrative **out);

/* The contained resource of `outer` with this id; 0: none. */
uint32_t narratives_contained(const struct json *, uint32_t outer, struct slice id);

/* The ids of elements and contained resources of `outer`, which the ids of its narratives must differ from. */
struct xhtml_ids *narratives_ids(const struct json *, uint32_t outer, struct arena *);

/* A change of the text from byte `from` up to `to`. */
struct narrative_edit {
	size_t       from, to;
	struct slice with;
};

struct narrative_edit edit_value(const struct json *, uint32_t value, struct slice with);
struct narrative_edit edit_remove(const struct json *, uint32_t object, uint32_t member);
struct narrative_edit edit_insert(const struct json *, uint32_t object, struct slice member_and_comma);

/* The text of `node` with the changes, which stand in its order and do not overlap. */
struct slice narratives_edit(const struct json *, uint32_t node, const struct narrative_edit *,
    uint32_t count, struct arena *);

/* narrate.c: a resource in words, as a div, from its elements in the order of the definition and the
 * templates in narrate.c; "generated" in the sense of R4.  The same elements give the same
 * bytes.  With `summary` only the elements of the summary.  False when it got longer than
 * NARRATIVE_BYTES or has nothing to say. */
bool narrate(const struct pack *, const struct json *, uint32_t node, const struct type *,
    bool summary, const struct limits *, struct arena *, struct slice *div);

/* "\"text\":{\"status\":\"generated\",\"div\":...}" of the resource, without a comma: all, else the
 * summary, else status "empty". */
struct slice narrate_member(const struct pack *, const struct json *, uint32_t node,
    const struct type *, const struct limits *, struct arena *);

/* A narrative that says that there is none. */
struct slice narrate_empty(void);

#endif
