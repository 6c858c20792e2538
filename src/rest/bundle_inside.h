/* bundle_inside.h -- what the files of Bundles share: bundle.c (entries, batches, records),
 * bundle_transaction.c (the steps of a transaction), bundle_links.c (what entries say of one another). */
#ifndef REST_BUNDLE_INSIDE_H
#define REST_BUNDLE_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/slice.h"
#include "fhir/names.h"

struct arena;
struct exchange;
struct json;
struct query_row;
struct stored;

struct entry {
	uint32_t      node, resource;   /* in the Bundle; resource 0: none */
	struct slice  full_url;
	struct slice  target;           /* "Patient/abc": what full_url stands for; or empty */
	struct slice  version;          /* that is written, once it is known; or empty */
	struct slice  base;             /* of full_url when it ends with "/Patient/1"; or empty */
	bool          defines;          /* full_url is the canonical url of the resource too */
	const struct entry *twin;       /* creates on the same condition, so this one does not */
	const struct query_row *row;    /* of what it writes, for conditions; NULL: not asked yet */
	struct exchange *x;
};

struct bundle {
	struct exchange   *outer;
	const struct json *json;
	struct entry      *entries;
	uint32_t           count;
	bool               transaction;
	struct entry      **by_url;     /* those with a target, sorted by full_url */
	uint32_t           url_count;
	struct names       meant;       /* references with a condition, "Patient?identifier=x" */
	struct meaning {                /* of each: what is stored, or what an entry writes */
		struct slice        target;
		const struct entry *entry;
	} *meanings;
	struct names       makers;      /* entries that a condition makes create, by type and condition */
	int64_t           *gone;        /* rows that entries delete, sorted, once they are known */
	uint32_t           gone_count;
};

/* Entries */

struct place bundle_place(struct bundle *, uint32_t entry);
struct slice bundle_joined(struct bundle *, struct slice left, const char *between, struct slice right);
/* Which interactions an entry may ask for; a Bundle in a Bundle is not one. */
bool bundle_entry_allowed(struct exchange *);
/* What import --keep-ids asks for: the resource's own id, bound as an alias. */
void bundle_keep_id(struct bundle *, struct entry *);
/* The whole of a transaction, up to the unit that is to be written. */
bool bundle_transact(struct bundle *);
/* Does an entry delete it? */
bool bundle_deletes(const struct bundle *, int64_t row);

/* Records */

void bundle_add_records(struct arena *, struct slice **records, uint32_t *count, const struct slice *more,
    uint32_t n);
/* An entry's own records: into its unit, so that they happen with its write, else among those of
 * the Bundle. */
bool bundle_record_entry(struct exchange *outer, struct exchange *);
void bundle_forget_records(struct exchange *outer);

/* Links */

/* "http://example.org/fhir" of "http://example.org/fhir/Patient/1" */
struct slice bundle_base_of(struct bundle *, struct slice url);
void bundle_set_target(struct entry *);
/* The entries that others may refer to, so far as their ids are known.  False
 * when two claim one fullUrl (R4 bundle.html#bundle-7). */
bool bundle_index_urls(struct bundle *);
/* The content of the entry with the links that are known; `final`: all are. */
bool bundle_rewrite_entry(struct bundle *, struct entry *, bool final);
/* What a patch has put into a resource; see struct transaction. */
struct slice bundle_link_patched(void *bundle, struct exchange *, struct slice text);
/* The conditions in references of the entry's resource: what they mean goes into `meant`. */
bool bundle_resolve_references(struct bundle *, struct entry *);

#endif
