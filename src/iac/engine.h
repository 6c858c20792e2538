/* engine.h -- rules applied to what was read.
 *
 * engine_run() asks each check of each resource (or row of a view) of its type.  `fail` and
 * `when` are evaluated in three values; a definite true is a finding, an unknown is a finding
 * that says "cannot tell", all else is passed.
 *
 * An object is a resource or a row of a view as rules see it: a map of its attributes and, at
 * the end, of what is known about it: _address, _type, _name, _module, _file, _language, _id. */
#ifndef IAC_ENGINE_H
#define IAC_ENGINE_H

#include "iac/finding.h"

struct object {
	const struct value    *value;
	const struct resource *resource;
	struct span            span;            /* of the row; of the resource when it is one */
};

struct engine {
	const struct rules *rules;
	struct project     *project;
	struct arena       *arena;
	struct findings    *findings;
	struct hcl_meter    meter;
	struct object      *objects;
	uint32_t            object_count, object_room;
	uint32_t           *object_of;          /* by resource: object id + 1 */
	uint32_t           *by_type;            /* resources, sorted by type, then order */
	const struct value **rows;              /* by view: list of rows; NULL: not made yet */
	const struct value ***locals;           /* by file, by local; NULL: not evaluated yet */
	void               *patterns;           /* compiled regular expressions */
};

/* What one expression of a rule or view sees. */
struct frame {
	struct engine      *engine;
	uint32_t            file;
	const struct value *self, *item;        /* item: `it`, or NULL */
	struct rule_names   lets[2];
	const struct value **memo[2];
};

/* All rules, or one. */
void engine_run(const struct rules *, struct project *, struct findings *, const struct rule *only);

/* ---- for views and builtins ---- */

void frame_init(struct frame *, struct engine *, uint32_t file, const struct value *self);
void frame_lets(struct frame *, int which, struct rule_names);
const struct value *frame_evaluate(struct frame *, const struct hcl_expression *);

/* Objects of a type, of several ("aws_s3_*"), or rows of a view: a list. */
const struct value *engine_objects(struct engine *, struct slice type);
const struct value *engine_rows(struct engine *, const struct view *);
const struct value *engine_object(struct engine *, uint32_t resource);
/* A map as an object of its own: what is known about it is added. */
const struct value *engine_add_object(struct engine *, const struct value *map,
    const struct resource *, struct span);
/* NULL: the value is no object. */
const struct object *engine_find_object(const struct engine *, const struct value *);
/* Whether the span is a place in the files that are scanned. */
bool engine_is_place(const struct engine *, struct span);

/* Functions of rules; NULL: not one of them (struct hcl_scope, call). */
const struct value *builtin_call(void *frame, struct slice name, const struct value *const *args,
    uint32_t count, struct span);

/* Whether one refers to the other, by address. */
bool graph_refers(const struct resource *from, const struct resource *to);
/* Whether an attribute of one holds a name of the other. */
bool graph_names(const struct resource *from, const struct resource *to);
/* An attribute of one that is not known and by its name may hold the other; NULL: there is none. */
const struct value *graph_doubt(const struct project *, const struct resource *from,
    const struct resource *to);
/* `type` may end with "*". */
bool engine_type_matches(struct slice pattern, struct slice type);

#endif
