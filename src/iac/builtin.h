/* builtin.h -- the functions of rules beyond those of Terraform, by file.
 *
 * Each takes its arguments as they are (an unknown may be among them) and gives a value.
 * docs/scan-rules.md says what they mean. */
#ifndef IAC_BUILTIN_H
#define IAC_BUILTIN_H

#include "iac/engine.h"

struct builtin_call {
	struct engine              *engine;
	struct arena               *arena;
	const struct frame         *frame;
	const struct value *const  *args;
	uint32_t                    count;
	struct span                 span;
};

typedef const struct value *builtin_fn(struct builtin_call *);

enum builtin_flag {
	BUILTIN_LOOKS = 1,              /* is also called when an argument is unknown */
};

struct builtin {
	const char *name;
	uint8_t     least, most, flags;
	builtin_fn *apply;
};

extern const struct builtin builtins_text[], builtins_cloud[], builtins_policy[], builtins_settings[], builtins_where[];
extern const size_t builtins_text_count, builtins_cloud_count, builtins_policy_count, builtins_settings_count, builtins_where_count;

const struct value *builtin_bool(struct builtin_call *, bool);
const struct value *builtin_number(struct builtin_call *, long double);
const struct value *builtin_text(struct builtin_call *, struct slice);
const struct value *builtin_unknown(struct builtin_call *, const char *because);
/* The text of a string, number or bool; empty for anything else. */
struct slice builtin_text_of(struct builtin_call *, const struct value *);
/* A member of a map, or a field of a row. */
const struct value *builtin_member(struct builtin_call *, const struct value *, const char *name);
/* null is no item, a list its items, anything else one. */
const struct value *builtin_list(struct arena *, const struct value *);
/* The first object of a type whose member has this text, by the index of where(); NULL: there is none. */
const struct value *builtin_first_where(struct builtin_call *, struct slice type, struct slice path,
    struct slice text);
/* "*" and "?" as in shells; letters without case when `nocase`. */
bool builtin_glob(struct slice pattern, struct slice text, bool nocase);
/* A list of texts made from words. */
const struct value *builtin_words(struct arena *, const char *const *words, size_t count);

#endif
