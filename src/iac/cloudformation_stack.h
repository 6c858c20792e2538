/* cloudformation_stack.h -- what the parts of the CloudFormation reader share: templates
 * (cloudformation.c), values and conditions (cloudformation_value.c), the serverless transform
 * (cloudformation_sam.c). */
#ifndef IAC_CLOUDFORMATION_STACK_H
#define IAC_CLOUDFORMATION_STACK_H

#include "base/buf.h"
#include "iac/project.h"

enum {
	STACK_BYTES = 64 << 20,         /* of all texts that functions make */
	STACK_CHOICES = 64,             /* values that an unknown one may have */
	STACK_DEPTH = 10,               /* nested stacks */
	STACK_TEXT = 1 << 20,           /* bytes that a function makes */
	STACK_ITEMS = 10000,            /* that a function makes */
	STACK_REFERENCES = 1000,        /* of one resource */
	STACK_SOLVE = 512,              /* assignments of allowed values that are tried */
};

/* Members sorted by key. */
struct names {
	const struct member **sorted;
	uint32_t              count;
};

/* A parameter that has a value for the time being. */
struct pin {
	struct slice        name;
	const struct value *value;
	const struct pin   *next;
};

struct stack {
	struct project     *project;
	struct arena       *arena;
	struct slice        module;     /* "Nested", or empty */
	const struct value *given;      /* parameters */
	struct names        parameters, mappings, conditions, resources;
	bool               *busy;       /* conditions being computed */
	const struct value **solved;    /* by default values */
	const struct pin   *pins;
	bool                any;        /* defaults do not count: any allowed value may be given */
	const struct value *open;       /* the first parameter met that only AllowedValues bound */
	struct slice        open_name;
	uint64_t            steps;
	size_t              bytes;      /* that may still be made */
	struct reference   *references; /* of the resource at hand */
	uint32_t            reference_count, reference_room;
	struct buf          path;       /* of the attribute at hand */
};

struct names        names_of(struct arena *, const struct value *map);
const struct value *template_name_find(const struct names *, struct slice key);
/* Its place in `sorted`; `count` when it is not there. */
uint32_t            names_place(const struct names *, struct slice key);

/* What the text of a template means here; NULL: AWS::NoValue. */
const struct value *stack_value(struct stack *, const struct value *);
void                stack_refer(struct stack *, struct slice address, struct span);
/* A condition over all values that may be given: true, false, or unknown.  `any`: whatever the
 * defaults say. */
const struct value *stack_condition(struct stack *, struct slice name, struct span, bool any);

/* `Fn::ForEach::x` members unfolded, everywhere inside. */
const struct value *stack_unfold(struct stack *, const struct value *);

/* ---- SAM ---- */

typedef void sam_emit(void *ctx, struct slice name, struct span key, const struct value *resource);

/* Each raw resource that the raw resources stand for, once. */
void sam_expand(struct arena *, const struct value *template, sam_emit *, void *ctx);

#endif
