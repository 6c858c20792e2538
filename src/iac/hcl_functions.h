/* hcl_functions.h -- what the files of Terraform's functions share.
 *
 * Each file has a table; hcl_call() looks through all of them.  An unknown argument gives
 * that unknown, unless the row says HCL_LOOKS: those functions look at the shape of a value
 * and let unknown parts through.  A sensitive argument makes the result sensitive. */
#ifndef IAC_HCL_FUNCTIONS_H
#define IAC_HCL_FUNCTIONS_H

#include "base/buf.h"
#include "iac/hcl.h"

enum { HCL_MANY = 255, HCL_LOOKS = 1, HCL_ITEMS = 65536 };

typedef const struct value *hcl_function_fn(struct hcl_call *);

struct hcl_function {
	char             name[20];
	uint8_t          least, most, flags;
	hcl_function_fn *apply;
};

struct hcl_table {
	const struct hcl_function *rows;
	size_t                     count;
};

extern const struct hcl_table hcl_text_table, hcl_collection_table, hcl_encoding_table, hcl_network_table,
	hcl_file_table, hcl_time_table, hcl_pattern_table;

/* A wrong call. */
const struct value *hcl_wrong(const struct hcl_call *, const char *reason);
/* An argument's text or number; false when it has none. */
bool hcl_text(struct hcl_call *, uint32_t argument, struct slice *);
bool hcl_count(struct hcl_call *, uint32_t argument, long double *);
const struct value *hcl_text_value(struct hcl_call *, struct slice);
/* For a text that is being made, and the value of it. */
void hcl_begin(struct hcl_call *, struct buf *);
const struct value *hcl_built(struct hcl_call *, struct buf *);
/* The same when a part was unknown: its sketch. */
const struct value *hcl_built_unless(struct hcl_call *, struct buf *, const struct value *unknown);
/* replace() with a pattern between slashes. */
const struct value *hcl_replace_pattern(struct hcl_call *, struct slice s, struct slice pattern, struct slice with);

/* A text as a template, with a map of variables. */
const struct value *hcl_render(struct hcl_call *, struct slice text, const struct value *variables);

#endif
