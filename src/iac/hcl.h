/* hcl.h -- HCL2 native syntax: a tree of blocks, attributes and expressions, and its evaluator.
 *
 * hcl_parse() reads a source into a tree whose nodes know where they stand; what cannot
 * be parsed becomes a problem of the project and the rest is still read.  Trees live as long
 * as the project's arena and are never changed.
 *
 * hcl_evaluate() computes a value and never fails.  What depends on something that is not
 * known gives VALUE_UNKNOWN, except where the answer is certain (false && x); so does an
 * expression that is wrong (no such function), and the text of its `why` says so.
 *
 * A text of which only a part is unknown ("arn:aws:s3:::${aws_s3_bucket.a.id}/logs") is a
 * VALUE_UNKNOWN too, but `text` then holds its sketch: what is known, with "${?}" in place
 * of what is not.  jsonencode() and heredocs sketch whole policies in this way. */
#ifndef IAC_HCL_H
#define IAC_HCL_H

#include "iac/project.h"

enum hcl_kind {
	HCL_LITERAL,            /* literal */
	HCL_TEMPLATE,           /* items, joined as text */
	HCL_JOIN,               /* items[0] is a list of texts: %{ for } */
	HCL_ROOT,               /* name */
	HCL_ITEM,               /* the item at hand, in the second part of a splat */
	HCL_MEMBER,             /* items[0].name */
	HCL_INDEX,              /* items[0][items[1]] */
	HCL_SPLAT,              /* items[0][*], items[1] of each */
	HCL_CALL,               /* name(items), the last one expanded when `spread` */
	HCL_TUPLE,              /* items */
	HCL_OBJECT,             /* items: key, value, key, value ... */
	HCL_FOR_TUPLE,          /* items: collection, NULL, value, condition or NULL */
	HCL_FOR_OBJECT,         /* items: collection, key, value, condition or NULL; `spread`: grouped */
	HCL_CONDITIONAL,        /* items[0] ? items[1] : items[2] */
	HCL_UNARY,              /* operator items[0] */
	HCL_BINARY,             /* items[0] operator items[1] */
	HCL_PARENTHESES,        /* ( items[0] ) */
};

enum hcl_operator {
	HCL_OR, HCL_AND, HCL_EQUAL, HCL_NOT_EQUAL, HCL_LESS, HCL_LESS_EQUAL, HCL_GREATER,
	HCL_GREATER_EQUAL, HCL_ADD, HCL_SUBTRACT, HCL_MULTIPLY, HCL_DIVIDE, HCL_MODULO,
	HCL_NOT, HCL_NEGATE,
};

struct hcl_expression {
	uint8_t     kind;               /* enum hcl_kind */
	uint8_t     operator;           /* enum hcl_operator */
	bool        spread;             /* "..." */
	uint16_t    height;             /* of the tree below */
	uint32_t    count;
	struct span span;
	struct slice name;              /* ROOT, MEMBER, CALL; FOR: the variable of the value */
	union {
		struct slice        key;        /* FOR: the variable of the key, or empty */
		const struct value *literal;
	};
	struct hcl_expression **items;
};

struct hcl_attribute {
	struct slice name;
	struct span  span, name_span;
	struct hcl_expression *expression;
};

struct hcl_block;

struct hcl_body {
	struct hcl_attribute *attributes;
	struct hcl_block     *blocks;
	uint32_t              attribute_count, block_count;
	struct span           span;
};

struct hcl_block {
	struct slice    type;
	struct slice   *labels;
	uint32_t        label_count;
	struct span     span, head;     /* first to last byte; the line up to '{' */
	struct hcl_body body;
};

/* False when something could not be parsed; *out then holds the rest. */
bool hcl_parse(struct project *, uint32_t source, struct hcl_body **out);
/* A whole source as one expression, or as one template; NULL when it is none. */
struct hcl_expression *hcl_parse_expression(struct project *, uint32_t source);
struct hcl_expression *hcl_parse_template(struct project *, uint32_t source);

const struct hcl_attribute *hcl_attribute(const struct hcl_body *, const char *name);
/* The next block of a type behind `after` (NULL: the first). */
const struct hcl_block *hcl_block(const struct hcl_body *, const char *type,
    const struct hcl_block *after);

/* ---- evaluation ---- */

/* What one evaluation may cost, shared by all that belong together. */
struct hcl_meter {
	uint64_t steps;         /* left; none left: unknown */
	uint32_t depth;
	uint64_t errors;        /* wrong expressions met so far: what try() and can() look at */
	uint64_t bytes;         /* of texts that may still be made */
	uint64_t memory;        /* of the arena, at which it ends; 0: not begun */
};

struct hcl_binding {
	struct slice              name;         /* empty: the item of a splat */
	const struct value       *value;
	const struct hcl_binding *next;
};

/* One step of a.b["c"][0]; the first is the root. */
struct hcl_step {
	const struct value *key;        /* a string or a number */
	struct span         span;
	bool                index;      /* in brackets */
};

struct hcl_scope {
	struct project   *project;
	struct hcl_meter *meter;
	void             *ctx;          /* handed to the callbacks; each may be NULL */
	/* The value of a root name; NULL: there is none. */
	const struct value *(*root)(void *ctx, struct slice name);
	/* Asked first: the value of a whole path; *used steps of it are answered.  NULL: ask root. */
	const struct value *(*traverse)(void *ctx, const struct hcl_step *, uint32_t count,
	    uint32_t *used);
	/* Functions beyond those of Terraform, asked first; NULL: not one of them. */
	const struct value *(*call)(void *ctx, struct slice name, const struct value *const *args,
	    uint32_t count, struct span);
	/* Asked for a member that a map does not hold; NULL: not there either. */
	const struct value *(*member)(void *ctx, const struct value *map, struct slice name);
	const struct hcl_binding *bindings;
	/* As rules see values (docs/scan-rules.md): what is absent is null, null is false and
	 * has no items, a list of one block is that block, "true" equals true. */
	bool lenient;
	/* file() and its like: relative names start at `directory`, nothing outside `root_directory`
	 * is read.  Empty: no files. */
	struct slice directory, root_directory;
};

void hcl_meter_init(struct hcl_meter *);
/* The longest text that may be made now; what was made is taken off. */
size_t hcl_room(const struct hcl_meter *);
void hcl_spend(struct hcl_meter *, size_t bytes);
const struct value *hcl_evaluate(const struct hcl_expression *, const struct hcl_scope *);

/* A map whose `why` is this one answers unknown, not null, for what it does not hold:
 * attributes that only a provider knows. */
extern const struct why hcl_open_map;
/* The same, also where rules look: some of an environment is not among the files. */
extern const struct why hcl_partial_map;

/* A wrong expression: unknown, counted. */
const struct value *hcl_error(const struct hcl_scope *, struct span, const char *reason);
/* The same value with a reason on top, or with another place. */
const struct value *hcl_because(struct arena *, const struct value *, struct span, struct slice text);
/* a.b: unknown for what is not there. */
const struct value *hcl_member(const struct hcl_scope *, const struct value *, struct slice name,
    struct span);
const struct value *hcl_index(const struct hcl_scope *, const struct value *, const struct value *key,
    struct span);

/* ---- values as HCL sees them ---- */

/* Numbers of HCL are decimal: 0.1 + 0.2 is 0.3. */
long double hcl_number(const struct value *);
const struct value *hcl_number_value(struct arena *, struct span, long double);
/* A number's canonical text: "1.50" is "1.5". */
struct slice hcl_number_text(const struct value *, struct arena *);
/* To a string, a number, a bool; the value itself when it already is, NULL when it cannot be. */
const struct value *hcl_to_string(struct arena *, const struct value *);
const struct value *hcl_to_number(struct arena *, const struct value *);
const struct value *hcl_to_bool(struct arena *, const struct value *);
/* Whether a sketch may turn out to be this text: its known parts are there, in their order. */
bool hcl_sketch_may_be(struct slice sketch, struct slice text);
/* Members in the order of their keys, which is the order of iteration. */
const struct member **hcl_sorted(struct arena *, const struct value *map);
/* Items without duplicates, strings and numbers in order: a set. */
const struct value *hcl_set(struct arena *, const struct value *list);
/* As jsonencode() writes it; unknowns as "${?}". */
struct buf;
void hcl_write_json(struct buf *, struct arena *, const struct value *, uint32_t depth);
/* JSON to a value with places in its source; NULL when it is none. */
const struct value *hcl_read_json(struct arena *, struct slice text, struct span);
/* Whether the value is at most so deep and large (counting shared parts as often as used). */
bool hcl_moderate(const struct value *, uint32_t depth, uint64_t *nodes);

/* A map made of many members: value_put() searches, this does not. */
struct hcl_map {
	struct arena  *arena;
	struct member *members;
	uint32_t       count, room;
};
void hcl_map_add(struct hcl_map *, struct slice key, struct span, const struct value *);
/* Of equal keys the last value stands at the first one's place. */
const struct value *hcl_map_end(struct hcl_map *, struct span);

/* ---- functions ---- */

struct hcl_call {
	const struct hcl_scope *scope;
	struct arena           *arena;
	const struct value    **args;
	uint32_t                count;
	struct slice            name;
	struct span             span;
};

/* The function of Terraform 1.11 by this name, applied; NULL when there is none. */
const struct value *hcl_call(const struct hcl_scope *, struct slice name,
    const struct value **args, uint32_t count, struct span);

#endif
