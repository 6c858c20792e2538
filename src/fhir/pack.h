/* pack.h -- the FHIR definitions, compiled into one memory-mapped file.
 *
 * `firebreak pack` reads npm packages of the FHIR package layout and writes the
 * tables below; pack_open() maps them, checks the header's checksum and format
 * number, and is ready in milliseconds.  Everything that is reached from a
 * `struct pack` is const and lives until pack_close(); it may be shared by all
 * threads.  Nothing in the program names a resource type's elements by hand:
 * this is where they come from.
 *
 * A "type" is anything that has elements: a resource (Patient), a complex data
 * type (HumanName), a primitive (dateTime), or the nameless structure inside
 * one, named by its path (Patient.contact, base BackboneElement). */
#ifndef FHIR_PACK_H
#define FHIR_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;
struct json;
struct outcome;
struct pack;

enum type_kind { TYPE_PRIMITIVE, TYPE_COMPLEX, TYPE_RESOURCE, TYPE_BACKBONE };

struct type {
	struct slice  name;             /* "Patient", "Patient.contact", "HumanName" */
	enum type_kind kind;
	bool          abstract;         /* Resource, DomainResource, Element ... */
	uint16_t      number;           /* index of pack_type_at(); stable within one pack */
	const struct type *base;        /* NULL for Resource and Element */
	const struct element *elements; /* own and inherited ones, in definition order */
	uint32_t      element_count;
	struct slice  pattern;          /* primitives: the regex of the definition, or empty */
	const struct constraint *constraints;   /* of the root element */
	uint32_t      constraint_count;
};

enum binding_strength { BINDING_NONE, BINDING_EXAMPLE, BINDING_PREFERRED,
	BINDING_EXTENSIBLE, BINDING_REQUIRED };

struct element_type {
	const struct type *type;        /* what the value is; of "value[x]", one of many */
	struct slice  json_name;        /* the member name for it: "valueQuantity", "name" */
	const struct slice *targets;    /* of a Reference or canonical: type names allowed */
	uint32_t      target_count;     /* 0 or a "Resource" entry: any */
};

struct element {
	struct slice  name;             /* "given", "value" (without [x]) */
	struct slice  path;             /* "HumanName.given", "Observation.value[x]" */
	uint32_t      min, max;         /* max UINT32_MAX is "*" */
	bool          choice;           /* was written value[x] */
	bool          modifier, summary;
	uint8_t       binding_strength; /* enum binding_strength */
	const struct value_set *binding;/* NULL when none or not in the pack */
	const struct element_type *types;
	uint32_t      type_count;       /* a contentReference has the one referenced type */
	const struct constraint *constraints;
	uint32_t      constraint_count;
};

struct constraint {
	struct slice key, expression, human;    /* "pat-1", FHIRPath, text */
	bool         error;                     /* else a warning */
	uint32_t     number;                    /* below pack_constraint_count() */
};

/* R4 SearchParameter.type */
enum search_kind { SEARCH_NUMBER, SEARCH_DATE, SEARCH_STRING, SEARCH_TOKEN,
	SEARCH_REFERENCE, SEARCH_COMPOSITE, SEARCH_QUANTITY, SEARCH_URI, SEARCH_SPECIAL };
const char *search_kind_name(enum search_kind);
bool search_kind_find(struct slice name, enum search_kind *);    /* false: there is no such type */

/* One search parameter as one concrete resource type has it: a definition with
 * several bases, or on Resource itself, gives one for each type, with the
 * type's part of the expression. */
struct search_component {               /* of a composite */
	struct slice expression;        /* FHIRPath, from an item of the composite's own expression */
	enum search_kind kind;
	const struct slice *targets;    /* reference */
	uint32_t     target_count;
};

struct search_param {
	uint32_t     number;            /* index of pack_param_at(): what index rows carry */
	const struct type *on;          /* the resource type */
	struct slice code, url, expression;     /* FHIRPath, for this type only */
	enum search_kind kind;
	const struct slice *targets;    /* reference: types that may be referenced */
	uint32_t     target_count;
	const struct search_component *components;
	uint32_t     component_count;
};

/* A value set whose codes the pack holds (expansion given or computed); or a
 * code system, as the set of all its codes. */
struct value_set {
	struct slice url, version;
	bool         complete;          /* all codes are here; else membership is unknown */
	bool         unknown;           /* for codes of any system, else of these: */
	const struct slice *open;
	uint32_t     open_count;
	const struct pack_part *part;   /* where its codes are: rows first .. first + count - 1 */
	uint32_t     first, count;
};

/* A profile: a StructureDefinition that constrains a type (profiling.html).
 * Its snapshot is a tree of rules; a rule with a slice name stands beside the
 * rule of the whole element, behind it. */
enum discriminator_kind { DISCRIMINATE_VALUE, DISCRIMINATE_EXISTS, DISCRIMINATE_PATTERN,
	DISCRIMINATE_TYPE, DISCRIMINATE_PROFILE };

struct discriminator {
	enum discriminator_kind kind;
	struct slice path;
};

/* How a reference may point, ElementDefinition.type.aggregation and .versioning. */
enum { REFER_CONTAINED = 1, REFER_ELSEWHERE = 2, REFER_BUNDLED = 4, REFER_VERSIONED = 8,
	REFER_UNVERSIONED = 16 };

struct rule_type {
	const struct type  *type;       /* NULL: not in the pack */
	uint8_t             refer;      /* REFER_*; 0: any way */
	const struct slice *profiles, *targets;         /* canonical urls */
	uint32_t            profile_count, target_count;
};

struct rule_binding {
	uint8_t strength;
	const struct value_set *set;
};

struct rule {
	struct slice  name;             /* "component", "value", or "valueQuantity"; root: the type */
	struct slice  slice;            /* "systolic", or empty */
	uint32_t      min, max;
	bool          choice, sliced, ordered, closed, at_end;
	const struct discriminator *discriminators;
	uint32_t      discriminator_count;
	const struct json *fixed, *pattern;             /* NULL: none */
	struct slice  value_type;       /* of fixed or pattern: "Uri", "CodeableConcept" */
	const struct json *min_value, *max_value;
	uint32_t      min_length, max_length;           /* 0: none */
	bool          has_value;        /* a value is there, not extensions alone; or one of these: */
	const struct slice *alternatives;               /* urls of extensions */
	uint32_t      alternative_count;
	const struct rule_binding *more;                /* bindings beside the one that follows */
	uint32_t      more_count;
	uint8_t       binding_strength;
	const struct value_set *binding;
	const struct constraint *constraints;           /* those that the base type does not have */
	uint32_t      constraint_count;
	const struct rule_type *types;
	uint32_t      type_count;
	const struct rule *first, *next;                /* child, sibling */
};

/* Where an extension may stand: kind is "element", "extension" or "fhirpath"; or
 * "invariant", and must be true there. */
struct context {
	struct slice kind, expression;
};

struct profile {
	struct slice       url, version;
	const struct type *type;
	struct slice       base;        /* baseDefinition */
	bool               modifier;    /* an extension that is a modifier */
	bool               global;      /* its guide wants it of all resources of the type */
	const struct context *contexts;
	uint32_t           context_count;
	const struct rule *root;
};

struct pack *pack_open(const struct env *, const char *path, struct outcome *);
void         pack_close(struct pack *);

/* Puts profiles, extensions, value sets, search parameters of a compiled package (package.h)
 * beside those that are there; what it defines anew wins.  Before the pack is
 * shared with other threads.  The bytes must live as long as the pack. */
MUST_USE bool pack_add(struct pack *, struct slice compiled, struct outcome *);

/* SHA-256 of the file's contents: what a store remembers of the definitions
 * that made its index rows. */
struct slice pack_hash(const struct pack *);
/* The section that terminology_format.h describes: of the pack itself (part 0), of each package
 * that was added. */
struct slice pack_terminology(const struct pack *, uint32_t part);
uint32_t     pack_part_count(const struct pack *);
/* "4.0.1" */
struct slice pack_fhir_version(const struct pack *);

uint32_t           pack_type_count(const struct pack *);
const struct type *pack_type_at(const struct pack *, uint32_t number);
const struct type *pack_type(const struct pack *, struct slice name);       /* NULL: none */
/* A concrete resource type by name; NULL for all else. */
const struct type *pack_resource(const struct pack *, struct slice name);

/* Is `type` `ancestor` or derived from it? */
bool type_is(const struct type *type, const struct type *ancestor);

/* The element whose FHIRPath name is `name` ("value"); NULL when none. */
const struct element *type_element(const struct type *, struct slice name);
/* The element and choice whose JSON member name is `name` ("valueQuantity"). */
const struct element *pack_member(const struct pack *, const struct type *, struct slice name,
    const struct element_type **which);

uint32_t                   pack_param_count(const struct pack *);
const struct search_param *pack_param_at(const struct pack *, uint32_t number);
/* Of a concrete resource type, those of Resource and DomainResource included;
 * sorted by code.  `*count` is set. */
const struct search_param *const *pack_params(const struct pack *, const struct type *,
    uint32_t *count);
const struct search_param *pack_param(const struct pack *, const struct type *,
    struct slice code);

/* The SearchParameters of added packages, as JSON, in the order in which these were added. */
uint32_t     pack_added_param_count(const struct pack *);
struct slice pack_added_param(const struct pack *, uint32_t number);

/* The parameters of `type` that put it into a compartment ("Patient"):
 * CompartmentDefinition.resource.param as codes ("subject", "performer");
 * "{def}" is left out, it is the compartment's own type.  NULL and 0 when the
 * type is never in it. */
const struct slice *pack_compartment(const struct pack *, struct slice compartment,
    const struct type *type, uint32_t *count);

/* By canonical url, with "|version" or without: then the one that came last.  A
 * version may be cut short ("6.1" of 6.1.0).  NULL when it is not in the pack. */
const struct profile *pack_profile(const struct pack *, struct slice url);
uint32_t              pack_profile_count(const struct pack *);
const struct profile *pack_profile_at(const struct pack *, uint32_t number);
uint32_t              pack_constraint_count(const struct pack *);

/* By canonical url; with "|version" that version, or what there is. */
const struct value_set *pack_value_set(const struct pack *, struct slice url);
/* Code number `i` below set->count, sorted by code. */
void value_set_code(const struct value_set *, uint32_t i, struct slice *system, struct slice *code);
/* Is (system, code) in it?  An empty system asks for the code alone. */
bool value_set_has(const struct pack *, const struct value_set *, struct slice system,
    struct slice code);

/* A unit of measure of UCUM, one symbol: so many base units (metre second gram radian kelvin coulomb
 * candela), and moles, which UCUM counts as numbers. */
struct ucum_unit {
	struct slice code;
	bool   metric;                  /* takes prefixes */
	bool   special;                 /* does not scale: degrees, pH */
	bool   arbitrary;               /* comparable to nothing else: [iU] */
	double magnitude;
	int    dimensions[7], moles;
};

const struct ucum_unit *pack_unit(const struct pack *, struct slice code);   /* NULL: none */
bool pack_unit_prefix(const struct pack *, struct slice code, double *factor);

/* The compiler behind `firebreak pack`: package directories (each holding
 * *.json, as `npm pack` unpacks them) to one file, deterministic byte for byte. */
MUST_USE bool pack_build(const struct env *, const char *const *packages, int count,
    const char *out_path, struct outcome *);

#endif
