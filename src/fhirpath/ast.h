/* ast.h -- the tree of an expression, and the values it is evaluated over. */
#ifndef FHIRPATH_AST_H
#define FHIRPATH_AST_H

#include "fhir/pack.h"
#include "fhirpath/fhirpath.h"

enum node_kind {
	NODE_EMPTY,             /* {} */
	NODE_LITERAL,           /* value */
	NODE_THIS, NODE_ITEM_INDEX, NODE_TOTAL,         /* $this $index $total */
	NODE_VARIABLE,          /* %name */
	NODE_NAME,              /* a member, or at the beginning a type */
	NODE_CALL,              /* name(args) */
	NODE_DOT,               /* left.right */
	NODE_INDEX,             /* left[right] */
	NODE_NEGATE, NODE_PLUS, /* unary */
	NODE_OPERATOR,          /* left op right */
	NODE_IS, NODE_AS,       /* left is type */
};

enum operator {
	OP_IMPLIES, OP_OR, OP_XOR, OP_AND, OP_IN, OP_CONTAINS, OP_EQ, OP_EQUIVALENT, OP_NE,
	OP_NOT_EQUIVALENT, OP_GT, OP_LT, OP_GE, OP_LE, OP_UNION, OP_ADD, OP_SUB, OP_CONCAT, OP_MUL,
	OP_DIVIDE, OP_DIV, OP_MOD,
};

struct function_row;

struct node {
	enum node_kind kind;
	size_t         at;              /* byte where it began */
	struct slice   name;            /* NAME, CALL, VARIABLE; IS, AS: the type */
	bool           quoted;          /* the name stood in backticks */
	struct item    value;           /* LITERAL */
	enum operator  op;
	const struct function_row *function;
	struct node   *left, *right;    /* CALL: left is the first argument */
	struct node   *next;            /* of a CALL's arguments */
	int            arguments;
	size_t         height;          /* levels of nodes below */
};

struct fhirpath {
	const struct pack *pack;
	const struct type *context;
	struct slice       text;
	struct node       *root;
	const struct type *result;      /* NULL: not known */
};

struct node *fhirpath_parse(struct slice text, const struct limits *, struct arena *,
    struct outcome *);
/* Names against the types, where these are known; sets `result`. */
bool fhirpath_check(struct fhirpath *, struct outcome *);

/* Evaluation */

struct list {                   /* a collection under construction */
	struct item *at;
	uint32_t     count, room;
};

struct evaluation {
	const struct fhirpath_scope *scope;
	struct arena   *arena;
	struct outcome *outcome;
	size_t          steps, depth;
	size_t          look_at;        /* the step at which the clock is looked at again */
	size_t          start;          /* of the arena, when it began */
	struct item     context;        /* %context */
	const struct list *self;        /* $this */
	int64_t         index;          /* $index */
	const struct list *total;       /* $total */
};

bool eval(struct evaluation *, const struct node *, const struct list *focus, struct list *out);
bool eval_fail(struct evaluation *, const char *why);
/* Work that is as much as so many steps.  False when it is too much, too late, or took too much memory. */
bool eval_spend(struct evaluation *, size_t steps);
bool eval_compared(struct evaluation *, const struct item *, uint32_t comparisons);
#define TEXT_STEP 64            /* bytes of text that are worked on in a step */
bool list_add(struct evaluation *, struct list *, struct item);
/* Is an equal one there?  False when that takes too much work. */
bool list_has(struct evaluation *, const struct list *, const struct item *, bool *found);
bool list_add_all(struct evaluation *, struct list *, const struct list *);
/* Children by name, or all of them when the name is empty. */
bool list_add_children(struct evaluation *, struct list *, const struct item *, struct slice name);
/* The truth of a collection: -1 for empty; false when it is no truth value. */
bool list_truth(struct evaluation *, const struct list *, int *truth);

struct function_row {
	const char *name;
	int         least, most;
	bool      (*fn)(struct evaluation *, const struct node *, const struct list *focus,
	    struct list *out);
};
const struct function_row *function_find(struct slice name);

/* Values */

struct decimal {
	__int128 digits;
	int      scale;                 /* value = digits / 10^scale */
};

struct moment {                 /* a date, dateTime or time, as precise as it was written */
	int     year, month, day, hour, minute, second, ms;
	int     precision;              /* 1 year .. 6 second, 7 ms; time: 4 and up */
	bool    zoned;
	int     offset;                 /* minutes */
};

/* A FHIR primitive or Quantity as the system value it stands for; others as they are. */
struct item value_system(const struct item *, struct arena *);
struct item value_boolean(bool);
struct item value_integer(int64_t);
struct item fhirpath_string(struct slice);
struct item value_decimal(struct decimal, struct arena *);
/* Adds nothing when it is too large for an integer: an overflow is empty. */
bool value_add_whole(struct evaluation *, struct list *, __int128);
struct item value_text(enum item_kind, struct slice text);

bool decimal_parse(struct slice, struct decimal *);
struct slice decimal_text(struct decimal, struct arena *);
bool decimal_of(const struct item *, struct decimal *);        /* integer or decimal */
int  decimal_compare(struct decimal, struct decimal);
/* To the precision of the less precise one. */
bool decimal_equivalent(struct decimal, struct decimal);
/* False when there is no result that could be held. */
bool decimal_add(struct decimal, struct decimal, struct decimal *);
bool decimal_multiply(struct decimal, struct decimal, struct decimal *);
bool decimal_divide(struct decimal, struct decimal, struct decimal *);
bool decimal_from_double(double, struct decimal *);     /* false when it is too large */
double decimal_to_double(struct decimal);

bool moment_parse(struct slice, enum item_kind, struct moment *);
struct slice moment_text(const struct moment *, enum item_kind, struct arena *);
/* As precise as both are; 0: equal so far but not equally precise, or with a zone and without, so not known. */
int moment_compare(struct moment, struct moment, int *order);
/* By a duration, cut to what the moment is precise to; 0: out of the calendar, -1: the unit is none of time. */
int moment_shift(struct moment *, enum item_kind, double n, struct slice unit);

/* 1 yes, 0 no, -1 not known (empty) */
int fhirpath_equal(const struct item *, const struct item *, struct arena *);
bool value_equivalent(const struct item *, const struct item *, struct arena *);
/* <0, 0, >0 in *order; 0 not known, -1 not comparable, 1 known */
int value_compare(const struct item *, const struct item *, struct arena *, int *order);
bool value_arithmetic(struct evaluation *, enum operator, const struct item *, const struct item *,
    struct list *out);
/* Is the item of this type ("Patient", "FHIR.string", "System.Boolean")? */
bool value_is(const struct pack *, const struct item *, struct slice type);
/* What type() says: namespace and name. */
void value_type_name(const struct item *, struct slice *space, struct slice *name);

#endif
