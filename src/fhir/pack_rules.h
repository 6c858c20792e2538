/* pack_rules.h -- the rules of a profile while it is compiled; see
 * pack_profiles.c, pack_snapshot.c. */
#ifndef FHIR_PACK_RULES_H
#define FHIR_PACK_RULES_H

#include "fhir/pack_build.h"

struct draft_type_rule {
	uint32_t      type;             /* number, or PACK_NONE */
	uint32_t      refer;
	struct slice  code;
	struct slice *profiles, *targets;
	uint32_t      profile_count, target_count;
};

struct draft_discriminator {
	uint32_t     kind;
	struct slice path;
};

struct draft_constraint {
	struct slice key, expression, human;
	bool         error;
};

struct draft_binding {
	uint32_t     strength;
	struct slice set;
};

/* As struct rule of pack.h, with texts for what is parsed at opening. */
struct draft_rule {
	struct slice  name, slice;
	uint32_t      min, max, flags;
	struct draft_discriminator *discriminators;
	uint32_t      discriminator_count;
	struct slice  fixed, pattern, value_type, min_value, max_value;
	uint32_t      min_length, max_length;
	struct slice *alternatives;
	uint32_t      alternative_count;
	uint32_t      strength;
	struct slice  binding;          /* url of the value set */
	struct draft_binding *more;
	uint32_t      more_count;
	struct draft_constraint *constraints;
	uint32_t      constraint_count;
	struct draft_type_rule *types;
	uint32_t      type_count;
	struct draft_rule *first, *last, *next, *up;
	struct slice  shortcut;         /* of a choice: "valueQuantity", which says one type of it */
	struct draft_rule *before;      /* as it was before that */
};

/* Lays what the ElementDefinition says over the rule; what it does not mention
 * stays. */
void rule_overlay(struct builder *, struct draft_rule *, const struct json *, uint32_t element);

/* A new last child; behind `after` when that is one. */
struct draft_rule *rule_add(struct builder *, struct draft_rule *up, struct draft_rule *after,
    struct slice name, struct slice slice);

/* "component[x]" is "component", and a choice. */
struct slice rule_name(struct slice path, bool *choice);

/* The rules of the element with this id in another profile, where none say otherwise
 * (extension elementdefinition-profile-element). */
void rule_borrow(struct builder *, struct draft_rule *, struct slice profile, struct slice id);

/* Does it constrain a type that is here?  Some definitions say that they specialize it. */
bool builder_is_profile(const struct builder *, const struct json *);

/* The rules of a StructureDefinition without a snapshot (profiling.html#snapshot):
 * those of its base with the differential over them.  NULL when its base is not
 * here. */
struct draft_rule *rules_from_differential(struct builder *, const struct json *);
/* The rules of one with a snapshot. */
struct draft_rule *rules_from_snapshot(struct builder *, const struct json *);
/* Whichever it has. */
struct draft_rule *rules_of(struct builder *, const struct json *);

#endif
