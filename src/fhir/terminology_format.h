/* terminology_format.h -- a code system as tables, and the pack's section of them.
 *
 * A code system is one run of bytes that is read in place, whether it lies in
 * the mapped pack or was compiled a moment ago from a resource of the store:
 *
 *   head          struct system_head
 *   concepts      concept_count x struct concept_row, in the order of the definition
 *   order         concept_count x number, sorted by code
 *   links         2 x link_count numbers: the parents, then the children of each concept
 *   properties    property_count x struct property_row
 *   designations  designation_count x struct designation_row
 *   kinds         kind_count x struct kind_row, the properties that the system defines
 *   text          the bytes of all strings
 *
 * Where something stands is said in bytes from the head; a string is {at, length}.
 *
 * The pack's section begins with the number of entries, then the entries sorted by kind
 * and url, those of an earlier package first; the first of a url is what is meant
 * without a version.  Then the bodies: a code system in the form above, all else as
 * JSON text. */
#ifndef FHIR_TERMINOLOGY_FORMAT_H
#define FHIR_TERMINOLOGY_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;
struct builder;
struct code_system;
struct concept;
struct json;

struct text_at {
	uint32_t at, len;
};

enum { SYSTEM_CASE_SENSITIVE = 1, SYSTEM_COMPLETE = 2, SYSTEM_IS_A = 4 };
enum { CONCEPT_ABSTRACT = 1, CONCEPT_INACTIVE = 2 };

struct system_head {
	uint32_t bytes, flags, package;
	struct text_at url, version, name, title, value_set, content, language, supplements;
	uint32_t concept_count, property_count, designation_count, kind_count, link_count;
	uint32_t concepts, order, links, properties, designations, kinds, text;
};

struct concept_row {
	struct text_at code, display, definition;
	uint32_t flags;
	uint32_t parents, parent_count;         /* in the links */
	uint32_t children, child_count;
	uint32_t properties, property_count;
	uint32_t designations, designation_count;
};

struct property_row {
	struct text_at code, type, value;       /* type as in "valueCode"; a Coding is its JSON */
};

struct designation_row {
	struct text_at language, use_system, use_code, use_display, value;
};

struct kind_row {
	struct text_at code, uri, description, type;
};

struct entry_row {
	uint32_t kind, package;
	struct text_at url, version, id, body;  /* from the begin of the section */
};

/* The parts of the tables, in their order; the head gets their places and sizes. */
#define SYSTEM_PART_MAX (1u << 30)
struct system_parts {
	struct slice concepts, order, links, properties, designations, kinds, text;
};
struct slice code_system_assemble(struct system_head *, const struct system_parts *, struct arena *);

/* The tables of a CodeSystem resource, in the arena. */
const struct code_system *code_system_compile(const struct json *, uint32_t node, struct arena *);
/* Is it the supplement of this system, and of this version? */
bool code_system_supplemented_by(const struct code_system *, const struct code_system *supplement);
struct slice code_system_bytes(const struct code_system *);
/* Bytes that look like tables and whose parts lie within them; NULL: they do not. */
const struct code_system *code_system_at(struct slice);

/* The order of codes: by their bytes, or with ASCII letters as equal. */
int code_compare(struct slice a, struct slice b, bool exact);

/* Rows and strings of a system; a number that is none gives a row of nothing. */
const struct system_head *code_system_head(const struct code_system *);
const struct concept_row *code_system_concept(const struct code_system *, uint32_t number);
const struct property_row *code_system_property(const struct code_system *, uint32_t number);
const struct designation_row *code_system_designation(const struct code_system *, uint32_t number);
const struct kind_row *code_system_kind(const struct code_system *, uint32_t number);
uint32_t     code_system_link(const struct code_system *, uint32_t number);
struct slice code_system_text(const struct code_system *, struct text_at);
struct concept code_system_concept_at(const struct code_system *, uint32_t number);

/* The section of the builder's definitions. */
void builder_write_terminology(struct builder *, struct buf *section);

#endif
