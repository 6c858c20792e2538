/* structure.h -- is a resource built as its definition says?
 *
 * Driven by the pack alone: members, JSON types, cardinality, choices, primitive
 * formats, "_name" companions, required bindings, contained resources, Bundle
 * entries, extensions that must be understood.  Profiles, slicing and invariants
 * are not checked here. */
#ifndef VALIDATE_STRUCTURE_H
#define VALIDATE_STRUCTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "json/json.h"

struct arena;
struct limits;
struct outcome;
struct pack;
struct type;

/* Collects up to 50 issues, each with FHIRPath, line and column; false when any.
 * Nothing is allocated when there is none. */
MUST_USE bool validate_structure(const struct pack *, const struct type *, const struct json *,
    uint32_t node, const struct limits *, struct arena *, struct outcome *);

#endif
