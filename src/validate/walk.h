/* walk.h -- what the parts of the validator share: where the walk stands, and
 * how to complain. */
#ifndef VALIDATE_WALK_H
#define VALIDATE_WALK_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "fhir/terminology.h"
#include "fhirpath/fhirpath.h"
#include "validate/messages.h"
#include "validate/validate.h"

struct names;

struct walk;

struct step {
	const struct step *up;
	struct slice       name;
	int64_t            index;       /* -1: not in a list */
	const struct type *chosen;      /* of a choice: what it is, else NULL */
	const struct type *type;        /* of the value */
	const struct element *element;  /* NULL at the root */
	uint32_t node;                  /* the value, where the walk is in it; else 0 */
};

/* What only some data types need; structure.c has the table. */
typedef void check_data_type(struct walk *, const struct step *, const struct element *,
    const struct element_type *, uint32_t node);
check_data_type **index_data_types(const struct pack *, struct arena *);

struct validator {
	const struct pack      *pack;
	const struct limits    *limits;
	const struct env       *env;
	const struct fhirpath **compiled;       /* by constraint.number; NULL: done by hand */
	bool                   *broken;         /* by constraint.number: of a package, and cannot be read */
	check_data_type *const *data_types;     /* by type.number */
	canonical_units        *canonical_units;
	const struct profile ***imposed;        /* by type.number: a list that NULL ends; or NULL */
};

struct walk {
	const struct validator  *validator;     /* NULL: structure only */
	const struct validation *how;
	const struct pack       *pack;
	const struct json       *json;
	const struct limits     *limits;
	struct arena            *arena, *scratch;
	struct outcome          *outcome;
	int                      issues, notes;
	int                      quiet;         /* > 0: issues are only counted */
	int                      contained;     /* depth of contained resources */
	int                      profile_depth;
	size_t                   profile_steps; /* rules applied */
	size_t                   lookups;       /* of targets outside */
	struct item              resource, root;/* %resource, %rootResource */
	struct place             place;         /* line and column of byte `place_at` */
	size_t                   place_at;
	uint32_t                 bundle;        /* the Bundle around it; ITEM_ABSENT: none */
	struct names            *verdicts;      /* resource and profile -> has it, or not */
	struct names            *entries;       /* of that Bundle, by fullUrl */
	struct terminology      *terminology;   /* NULL: nothing was asked yet */
};

/* A value in the tree, with its companion when it is a primitive. */
struct value {
	uint32_t              node, sibling;    /* 0: not there */
	const struct type    *type;
	const struct element *element;
	struct slice          json_name;
	int64_t               index;
};

void complain(struct walk *, const struct step *, uint32_t node, enum message, struct slice name);
struct slice walk_text(struct walk *, uint32_t object, struct slice name);

/* invariant.c */
void check_constraints(struct walk *, const struct step *, const struct constraint *,
    uint32_t count, const struct value *);
/* An expression that no definition was compiled with; false when it cannot be read or evaluated. */
bool evaluate_expression(struct walk *, struct slice expression, struct item focus, struct items *);
/* The result of a constraint: true, or something that is no boolean. */
bool items_are_true(struct walk *, const struct items *);
/* binding.c */
void check_binding(struct walk *, const struct step *, const struct value_set *,
    enum binding_strength, const struct type *, uint32_t node);
enum known binding_holds(struct walk *, const struct value_set *, const struct type *, uint32_t node);
/* By the url of a value set; an empty system asks for the code alone.  False only where it is known. */
bool set_may_have(struct walk *, struct slice canonical, struct slice system, struct slice code);
/* False where all codes of the system are known, and this is none. */
bool system_may_have(struct walk *, struct slice system, struct slice code);
/* CodeSystem.property.type; empty where it is not known. */
struct slice property_type(struct walk *, struct slice system, struct slice property);
/* False where the code system knows no code of this form. */
bool code_has_form(struct slice system, struct slice code);
void check_coding(struct walk *, const struct step *, uint32_t coding);
/* reference.c */
void check_reference(struct walk *, const struct step *, const struct element_type *, uint32_t node);
bool resolve_reference(struct walk *, struct slice reference, struct item *);
bool resolve_for_fhirpath(void *walk, struct slice reference, struct item *);
void index_entries(struct walk *, uint32_t bundle);
void check_contained_use(struct walk *, const struct step *, uint32_t resource);
/* extension.c */
void check_extension(struct walk *, const struct step *, const struct element *, uint32_t node);
/* bundle.c */
void check_bundle(struct walk *, const struct step *, uint32_t node);
/* document.c: `list` is Bundle.entry */
void check_document(struct walk *, const struct step *, uint32_t list);
/* profile.c */
/* Without a complaint: has the resource the profile? */
bool profile_fits(struct walk *, const struct step *, const struct profile *, const struct value *);
/* <0, 0, >0; *known is false where the two cannot be compared. */
int value_order(struct walk *, const struct json *, uint32_t, const struct json *, uint32_t, bool *known);
void check_profiles(struct walk *, const struct step *, const struct type *, uint32_t node);
void check_profile(struct walk *, const struct step *, const struct profile *,
    const struct value *);
/* special.c */
void check_vital_signs(struct walk *, const struct step *, uint32_t node);
void check_attachment(struct walk *, const struct step *, uint32_t node);
void check_value_set(struct walk *, const struct step *, uint32_t node);
void check_concept_map(struct walk *, const struct step *, uint32_t node);
void check_code_system(struct walk *, const struct step *, uint32_t node);
void check_questionnaire(struct walk *, const struct step *, uint32_t node);
void check_capabilities(struct walk *, const struct step *, uint32_t node);
void check_search_param(struct walk *, const struct step *, uint32_t node);
void check_canonical_url(struct walk *, const struct step *, uint32_t node);
void check_identifier(struct walk *, const struct step *, uint32_t node);
void check_expression(struct walk *, const struct step *, uint32_t node);
/* definition.c */
void check_structure_definition(struct walk *, const struct step *, uint32_t node);
/* response.c */
void check_questionnaire_response(struct walk *, const struct step *, uint32_t node);
/* xhtml.c */
void check_narrative(struct walk *, const struct step *, uint32_t node, struct slice text);

#endif
