/* registry.h -- the clients that may be given tokens, kept in D/clients.json.
 *
 * The file is small, read whole and replaced whole (env_write_file).  A running
 * server notices a newer file with registry_refresh(). */
#ifndef OAUTH_REGISTRY_H
#define OAUTH_REGISTRY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;
struct outcome;
struct registry;

struct client {
	struct slice client_id;         /* [A-Za-z0-9._-]{1,64} */
	struct slice name;              /* for people */
	struct slice scope;             /* the most it may be given, space separated */
	bool         chooses_ids;       /* may it PUT to a new id, or import with --keep-ids? */
	bool         officer;           /* may its tokens have clearance Q: see what is in quarantine? */
};

/* A missing file is an empty registry. */
struct registry *registry_open(const struct env *, const char *dir, struct outcome *);
void             registry_close(struct registry *);

/* Reads the file again when it changed; true when it did.  Thread-safe. */
bool registry_refresh(struct registry *);

/* Grows with every change that was noticed: what was derived from an older
 * generation does not count any more. */
unsigned registry_generation(const struct registry *);

/* Copies into the arena.  False when there is no such client.  Thread-safe. */
bool registry_find(struct registry *, struct slice client_id, struct arena *, struct client *);

/* In order of client_id; `*count` is set. */
struct client *registry_list(struct registry *, struct arena *, size_t *count);

/* Durable when they return true. */
MUST_USE bool registry_add(struct registry *, const struct client *, struct outcome *);
MUST_USE bool registry_remove(struct registry *, struct slice client_id, struct outcome *);

#endif
