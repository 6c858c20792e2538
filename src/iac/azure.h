/* azure.h -- what JSON templates (arm.c) and Bicep (bicep.c) share: names and their values,
 * functions (azure_functions.c), resources (azure.c).  Expressions of both are trees of hcl.h. */
#ifndef IAC_AZURE_H
#define IAC_AZURE_H

#include "base/buf.h"
#include "iac/hcl.h"

enum {
	AZURE_INSTANCES = 800,          /* of one loop, as Azure has it */
	AZURE_DEPTH = 10,               /* templates in templates */
	AZURE_REFERENCES = 1000,
	AZURE_LEVELS = 100,             /* of an expression */
	AZURE_CHOICES = 64,             /* allowed values that are told */
};

enum azure_kind { AZURE_PARAMETER, AZURE_VARIABLE, AZURE_SYMBOL };

struct bicep_resource;

/* Something with a name. */
struct azure_cell {
	enum azure_kind      kind;
	struct slice         name;
	struct span          span;
	const struct value  *raw;               /* JSON; NULL: none */
	const struct hcl_expression *expression;        /* Bicep; NULL: none */
	const struct value  *allowed;           /* a list, or the null value */
	const struct bicep_resource *symbol;
	const struct value  *value;
	bool                 secure, busy;
	bool                 copied;            /* `raw` makes a map that holds it under its name */
};

/* A loop that is being unfolded: what copyIndex() is. */
struct azure_loop {
	struct slice             name;
	uint32_t                 index;
	const struct value      *unknown;       /* how often is not known */
	const struct azure_loop *next;
};

/* One template or file. */
struct azure {
	struct project      *project;
	struct arena        *arena;
	struct hcl_meter    *meter;
	uint32_t            *templates;         /* left */
	struct slice         module, root, path;
	uint32_t             depth, source;
	const struct value  *given;             /* parameters */
	struct azure        *outer;             /* whose parameters and variables count instead */
	struct azure_cell   *cells;
	uint32_t             cell_count, cell_room;
	const struct value  *functions;         /* of the user: a list of namespaces */
	const struct value  *arguments;         /* of the function of the user that runs */
	const struct azure_loop *loops;
	struct buf           at;                /* path of the attribute at hand */
	struct reference    *references;
	uint32_t             reference_count, reference_room;
	bool                 by_default;        /* the default of a parameter was used */
	/* The value of a Bicep name that is a resource or module. */
	const struct value *(*symbol)(struct azure *, const struct azure_cell *, const struct hcl_step *,
	    uint32_t count, uint32_t *used);
};

void               azure_init(struct azure *, struct project *, uint32_t source);
struct azure_cell *azure_add(struct azure *, enum azure_kind, struct slice name, struct span);
void               azure_sort(struct azure *);
const struct azure_cell *azure_find(struct azure *, enum azure_kind, struct slice name);
/* The value of a parameter or variable; unknown when there is none. */
const struct value *azure_name(struct azure *, enum azure_kind, struct slice name, struct span);

/* An expression, or what a value of JSON means. */
const struct value *azure_evaluate(struct azure *, const struct hcl_expression *,
    const struct hcl_binding *);
const struct value *arm_value(struct azure *, const struct value *);
/* The text between "[" and "]"; NULL when it is no expression. */
struct hcl_expression *arm_parse(struct azure *, struct slice text, struct span);

/* A function by its name, in any case of letters; always an answer. */
const struct value *azure_call(void *azure, struct slice name, const struct value *const *args,
    uint32_t count, struct span);

void azure_refer(struct azure *, struct slice address, const char *attribute, struct span);
void azure_enter(struct azure *, size_t *before, struct slice key, uint32_t index);
void azure_leave(struct azure *, size_t before);

/* Text of a value, its sketch when it is not wholly known. */
struct slice azure_text(struct azure *, const struct value *);
struct slice azure_address(struct azure *, struct slice type, struct slice name);
/* The resource with the references gathered since the last one. */
void azure_give(struct azure *, const struct resource *);
/* The parameters as resources of type "parameter": { default, secure }. */
void azure_give_parameters(struct azure *);
/* Whether a resource is there: by the values of its condition, or by the defaults only. */
enum azure_presence { AZURE_ABSENT, AZURE_PRESENT, AZURE_CONDITIONAL };
enum azure_presence azure_presence(struct azure *, const struct value *condition, bool by_default);
/* Numbers behind addresses that are not unique, from resource `first` on. */
void azure_distinct(struct project *, uint32_t first);

void bicep_read(struct azure *);

#endif
