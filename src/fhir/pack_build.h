/* pack_build.h -- the parts of the pack compiler; see pack_build.c. */
#ifndef FHIR_PACK_BUILD_H
#define FHIR_PACK_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "fhir/names.h"
#include "fhir/pack.h"
#include "json/json.h"

struct env;
struct outcome;

enum definition { DEFINITION_STRUCTURE, DEFINITION_PARAM, DEFINITION_COMPARTMENT,
	DEFINITION_SET, DEFINITION_SYSTEM, DEFINITION_MAP, DEFINITION_OPERATION,
	DEFINITION_GUIDE, DEFINITION_KINDS };

struct definitions {
	struct json *at;
	uint32_t    *package;                   /* of each: its place on the command line */
	uint32_t     count, room;
};

struct param;

/* A type to be: a StructureDefinition, or the inside of one of its elements. */
struct draft_type {
	struct slice       name;
	enum type_kind     kind;
	bool               abstract;
	uint32_t           base;                /* number, or PACK_NONE */
	struct slice       base_name;
	struct slice       pattern;
	const struct json *json;
	const uint32_t    *elements;            /* ElementDefinition nodes */
	uint32_t           element_count;
	uint32_t           root;                /* ElementDefinition node, 0 for the inside of one */
};

struct draft_set {
	struct slice       url, version;
	const struct json *json;                /* of the definition that is taken */
	uint32_t           first, count;
	bool               complete;
};

struct builder {
	const struct env *env;
	struct arena     *arena;
	struct outcome   *outcome;
	struct definitions of[DEFINITION_KINDS];
	struct draft_type *types;
	uint32_t          type_count;
	struct names      type_names;
	struct draft_set *sets;
	uint32_t          set_count;
	struct names      set_names, system_names;
	const struct json *units;               /* the table of UCUM's tools, or NULL */
	struct param     *params;
	uint32_t          param_count, param_room;
	struct names      strings;
	struct buf        string_table, codes, words, text, terminology;
	uint32_t          package;              /* that is being read */
	struct names      base_keys;            /* of the constraints that types have themselves */
	uint32_t          version;
	const struct pack *base;                /* of a package: the pack it is compiled for; else NULL */
	uint32_t          rule_count;           /* draft rules made */
	int               bases;                /* how deep in base definitions */
	uint32_t          profile_count, left_out;      /* left out: their base is not here */
};

void         builder_word(struct builder *, uint32_t);
uint32_t     builder_intern(struct builder *, struct slice);
void         builder_string(struct builder *, struct slice);
struct slice builder_text(struct builder *, const struct json *, uint32_t node, const char *path);

/* Empty, in an arena of its own; `base` or NULL. */
struct builder *builder_new(const struct env *, const struct pack *base, struct outcome *);
/* Keeps it when it is a definition of a kind that packs hold. */
bool builder_take(struct builder *, struct slice text);
/* The bytes of the file, in the builder's arena. */
struct slice builder_assemble(struct builder *);

void builder_collect_types(struct builder *);
/* Of a package: the names of the base pack's types. */
void builder_borrow_types(struct builder *);
bool builder_type_is(const struct builder *, uint32_t type, uint32_t ancestor);
void builder_write_type(struct builder *, uint32_t type);

/* Parts of an ElementDefinition that types and profiles write alike. */
struct slice builder_last_of(struct slice path);
bool         builder_is_true(const struct json *, uint32_t element, struct slice name);
uint32_t     builder_cardinality(struct builder *, const struct json *, uint32_t element,
    const char *which);
uint32_t     builder_strength(struct builder *, const struct json *, uint32_t element);
uint32_t     builder_set_word(struct builder *, struct slice canonical);
uint32_t     builder_own_set(struct builder *, struct slice canonical);  /* or NAME_UNKNOWN */

void builder_write_profiles(struct builder *);

/* pack_units.c: of a package that has a table of units; others have none. */
bool builder_read_units(struct builder *, const char *dir);
void builder_write_units(struct builder *);

void builder_collect_sets(struct builder *);
void builder_write_sets(struct builder *);

#endif
