/* importer.h -- files through the same path as requests: `firebreak import`, $import.
 *
 * Every Bundle, NDJSON line or resource file becomes an exchange with the operator's own
 * token: routed, authorised, validated, indexed and audited like any write, only without HTTP
 * around it.
 *
 * Importing is idempotent and resumable: an item is known by the SHA-256 of its bytes.
 * What was stored is listed in D/import.journal; the audit event of an item has an id made from that
 * hash, and is in the same transaction as its resources, so that even a kill between
 * commit and journal imports nothing twice. */
#ifndef SERVER_IMPORTER_H
#define SERVER_IMPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct exchange;
struct importer;
struct outcome;
struct pool;
struct service;

struct importer_figures {
	uint64_t bytes_total, bytes_done, resources, items, skipped, refused;
};

struct importer_config {
	struct service *service;
	struct pool    *pool;
	bool            keep_ids;       /* resources keep their own ids */
	bool            structure_only; /* as in struct exchange */
	/* On the pool's threads, one at a time; each may be NULL.  A refused item has its reasons in the
	 * exchange's outcome; `x` is NULL when the file could not be read. */
	void          (*refused)(void *ctx, const char *name, struct exchange *);
	void          (*progress)(void *ctx, const struct importer_figures *);
	bool          (*stop)(void *ctx);
	void           *ctx;
};

/* NULL when the journal cannot be opened or no token be made. */
struct importer *importer_new(const struct importer_config *, struct outcome *);
/* A file, or the *.json and *.ndjson files of a directory in order of name: added to what there is in
 * all, then taken in.  Waits while too much is under way. */
void importer_weigh(struct importer *, const char *path);
void importer_take(struct importer *, const char *path);
void importer_wait(struct importer *);
struct importer_figures importer_figures(struct importer *);
void importer_free(struct importer *);

/* "Bearer ..." of the operator's own, for a day: work that the operator begins goes through the controls
 * with it, as a request does. */
MUST_USE bool service_operator(const struct service *, struct arena *, struct slice *header,
    struct outcome *);

#endif
