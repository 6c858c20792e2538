/* interaction.h -- one row of the interactions table (the table is in rest/).
 *
 * Router, authorization, audit and CapabilityStatement all read the same row, so
 * nothing is claimed that is not there.  Source: R4 http.html. */
#ifndef EXCHANGE_INTERACTION_H
#define EXCHANGE_INTERACTION_H

#include <stdbool.h>

#include "store/permit.h"

struct exchange;

enum path_shape {               /* below the FHIR base */
	PATH_BASE,              /* ""                          */
	PATH_METADATA,          /* /metadata                   */
	PATH_OPENAPI,           /* /openapi.json               */
	PATH_SMART,             /* /.well-known/smart-configuration */
	PATH_TYPE,              /* /Patient                    */
	PATH_TYPE_SEARCH,       /* /Patient/_search            */
	PATH_SYSTEM_SEARCH,     /* /_search                    */
	PATH_COMPARTMENT,       /* /Patient/1/Observation, or a star for all */
	PATH_COMPARTMENT_SEARCH, /* the same with /_search     */
	PATH_INSTANCE,          /* /Patient/1                  */
	PATH_HISTORY,           /* /Patient/1/_history         */
	PATH_VERSION,           /* /Patient/1/_history/2       */
	PATH_SYSTEM_OPERATION,  /* /$name                      */
	PATH_TYPE_OPERATION,    /* /Patient/$name              */
	PATH_INSTANCE_OPERATION, /* /Patient/1/$name           */
	PATH_EXPORT,            /* /bulk/[job]                 */
	PATH_EXPORT_FILE,       /* /bulk/[job]/[file]          */
	PATH_IMPORT,            /* /import/[job]               */
	PATH_IMPORT_FILE,       /* /import/[job]/[file]        */
	PATH_JWKS,              /* /oauth/jwks, beside the base */
	PATH_BASE_HISTORY,      /* /_history                   */
	PATH_TYPE_HISTORY,      /* /Patient/_history           */
	PATH_NONE,
};

enum body_kind { BODY_NONE, BODY_RESOURCE, BODY_BUNDLE, BODY_FORM, BODY_ANY,
	BODY_PARAMETERS,        /* of an operation that may have none: then there may be no body */
	BODY_PATCH };

struct interaction {
	const char     *code;           /* R4 restful-interaction: "read", "search-type" ... */
	const char     *method;
	enum path_shape shape;
	unsigned        verb;           /* enum permit_verb; 0: judged entry by entry, or open */
	char            action;         /* audit-event-action: C R U D E */
	bool            open;           /* answers without a token; touches no FHIR data */
	enum body_kind  body;
	bool          (*perform)(struct exchange *);
};

/* A row of the operations table: an interaction with a name of its own.  One operation
 * has a row for each method and level that it can be called at.  Source: R4 operations.html. */
struct operation {
	const char *name;               /* "validate" is called as $validate */
	const char *types;              /* where: "Patient Encounter"; NULL: every type, or the system */
	const char *definition;         /* canonical of its OperationDefinition */
	struct interaction row;
};

#endif
