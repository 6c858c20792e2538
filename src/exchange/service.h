/* service.h -- what every exchange of one running server shares.
 *
 * Opened at start-up from a data directory, const from then on (the opaque
 * members look after their own threads), closed when the last exchange is
 * gone.  The server, `firebreak import` and the tests all open one. */
#ifndef EXCHANGE_SERVICE_H
#define EXCHANGE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/slice.h"

struct arena;
struct audit_log;
struct bulk;
struct documents;
struct env;
struct exchange;
struct import_ops;
struct inspector;
struct keeper;
struct pack;
struct registry;
struct store;
struct validator;

struct service {
	struct arena        *arena;             /* of everything below */
	const struct env    *env;
	const char          *dir;               /* the data directory */
	struct options       options;
	const struct limits *limits;            /* of options */
	bool                 reindexing;        /* opened for that alone */
	struct slice         base;              /* "https://localhost:8443/fhir", no slash behind */
	struct slice         base_path;         /* "/fhir" */
	struct slice         issuer;            /* "https://localhost:8443" */
	struct keeper       *keeper;
	struct pack         *pack;
	struct validator    *validator;
	struct audit_log    *audit;
	struct store        *store;
	struct registry     *registry;
	struct bulk         *bulk;              /* exports; NULL but in a running server */
	struct import_ops   *imports;           /* likewise */
	struct inspector    *inspector;         /* of content; its calls wait */
	uint8_t              cursor_key[32];
	struct documents    *documents;         /* rest/documents.h */
	struct slice         terminology_capabilities;  /* made once */
};

#endif
