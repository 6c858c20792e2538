/* engine.h -- rules applied to what was read.
 *
 * engine_run() asks each check of each resource (or row of a view) of its type.  `fail` and
 * `when` are evaluated in three values; a definite true is a finding, an unknown is a finding
 * that says "cannot tell", all else is passed.
 *
 * An object is a resource or a row of a view as rules see it: a map of which the engine knows
 * more.  Members that the map does not hold are asked of the engine: _address, _type and the like
 * of every object, the fields of a row.  Fields are evaluated when a rule asks for them.
 *
 * What a check makes on its way lives in `scratch` and goes when its answer is there; what is
 * kept (objects, lists of them, locals, findings) lives in `arena`. */
#ifndef IAC_ENGINE_H
#define IAC_ENGINE_H

#include "iac/finding.h"
#include "iac/graph.h"

struct object {
	const struct value       *value;
	const struct resource    *resource;
	struct span               span;         /* of the row; of the resource when it is one */
	const struct view_source *row_of;       /* NULL: it is a resource */
	const struct value       *self, *item;  /* what the row is made of; item may be NULL */
};

struct type_list {
	struct slice        type;
	const struct value *objects;
	struct type_list   *next;
};

struct engine {
	const struct rules *rules;
	const struct project *project;
	struct arena       *arena, *scratch;
	struct project      kept, passing;      /* the project with the one arena or the other */
	struct project     *current;            /* of these two */
	struct findings    *findings;
	const struct graph *graph;
	struct hcl_meter    meter;
	struct object      *objects;
	uint32_t            object_count, object_room;
	uint32_t           *slots, slot_room;   /* object id + 1, by the members of its map */
	uint32_t           *object_of;          /* by resource: object id + 1 */
	struct type_list   *lists;
	struct member_index *indexes;           /* of where() */
	struct doubt_answer *doubts;            /* of graph_doubt(), by hash of both types */
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

/* Until engine_pass(): what is made is kept.  Gives what to hand to engine_pass(). */
struct project *engine_keep(struct engine *);
void            engine_pass(struct engine *, struct project *before);

/* Objects of a type, of several ("aws_s3_*"), or rows of a view: a list. */
const struct value *engine_objects(struct engine *, struct slice type);
const struct value *engine_rows(struct engine *, const struct view *);
const struct value *engine_object(struct engine *, uint32_t resource);
const struct value *engine_add_object(struct engine *, const struct object *);
/* NULL: the value is no object. */
const struct object *engine_find_object(const struct engine *, const struct value *);
/* A field of a row; NULL: there is none of that name. */
const struct value *engine_field(struct engine *, const struct object *, struct slice name);
/* Whether the span is a place in the files that are scanned. */
bool engine_is_place(const struct engine *, struct span);

/* Functions of rules; NULL: not one of them (struct hcl_scope, call). */
const struct value *builtin_call(void *frame, struct slice name, const struct value *const *args,
    uint32_t count, struct span);

#endif
