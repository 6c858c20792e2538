/* interactions.c -- the table of everything the API does.
 *
 * One row, one interaction: the router matches method and shape, authorization
 * reads the verb, audit the code and action, the CapabilityStatement all of
 * it.  Order is that of R4 http.html#3.1.0.  A row with GET stands for HEAD too. */
#include "rest/interactions.h"

#include "rest/rest.h"

const struct interaction interactions[] = {
/*    code               method     shape              verb           action open   body           perform */
	{ "read",             "GET",     PATH_INSTANCE,     PERMIT_READ,   'R', false, BODY_NONE,     rest_read },
	{ "vread",            "GET",     PATH_VERSION,      PERMIT_READ,   'R', false, BODY_NONE,     rest_vread },
	{ "update",           "PUT",     PATH_INSTANCE,     PERMIT_UPDATE, 'U', false, BODY_RESOURCE, rest_update },
	{ "update",           "PUT",     PATH_TYPE,         PERMIT_UPDATE, 'U', false, BODY_RESOURCE, rest_update },
	{ "patch",            "PATCH",   PATH_INSTANCE,     PERMIT_UPDATE, 'U', false, BODY_PATCH,    rest_patch },
	{ "patch",            "PATCH",   PATH_TYPE,         PERMIT_UPDATE, 'U', false, BODY_PATCH,    rest_patch },
	{ "delete",           "DELETE",  PATH_INSTANCE,     PERMIT_DELETE, 'D', false, BODY_NONE,     rest_delete },
	{ "delete",           "DELETE",  PATH_TYPE,         PERMIT_DELETE, 'D', false, BODY_NONE,     rest_delete },
	{ "history-instance", "GET",     PATH_HISTORY,      PERMIT_READ,   'R', false, BODY_NONE,     rest_history },
	{ "history-type",     "GET",     PATH_TYPE_HISTORY, PERMIT_SEARCH, 'R', false, BODY_NONE,     rest_history },
	{ "history-system",   "GET",     PATH_BASE_HISTORY, 0,             'R', false, BODY_NONE,     rest_history },
	{ "create",           "POST",    PATH_TYPE,         PERMIT_CREATE, 'C', false, BODY_RESOURCE, rest_create },
	{ "search-type",      "GET",     PATH_TYPE,         PERMIT_SEARCH, 'E', false, BODY_NONE,     rest_search },
	{ "search-type",      "POST",    PATH_TYPE_SEARCH,  PERMIT_SEARCH, 'E', false, BODY_FORM,     rest_search },
	{ "search-type",      "GET",     PATH_COMPARTMENT,  0,             'E', false, BODY_NONE,     rest_search },
	{ "search-type",      "POST",    PATH_COMPARTMENT_SEARCH, 0,       'E', false, BODY_FORM,     rest_search },
	{ "search-system",    "GET",     PATH_BASE,         0,             'E', false, BODY_NONE,     rest_search },
	{ "search-system",    "POST",    PATH_SYSTEM_SEARCH, 0,            'E', false, BODY_FORM,     rest_search },
	{ "transaction",      "POST",    PATH_BASE,         0,             'E', false, BODY_BUNDLE,   rest_bundle },
	{ "batch",            "POST",    PATH_BASE,         0,             'E', false, BODY_BUNDLE,   rest_bundle },
	{ "operation",        "GET",     PATH_EXPORT,       0,             'R', false, BODY_NONE,     rest_export_status },
	{ "operation",        "DELETE",  PATH_EXPORT,       0,             'D', false, BODY_NONE,     rest_export_cancel },
	{ "operation",        "GET",     PATH_EXPORT_FILE,  0,             'R', false, BODY_NONE,     rest_export_file },
	{ "operation",        "GET",     PATH_IMPORT,       0,             'R', false, BODY_NONE,     rest_import_status },
	{ "operation",        "DELETE",  PATH_IMPORT,       0,             'D', false, BODY_NONE,     rest_import_cancel },
	{ "operation",        "GET",     PATH_IMPORT_FILE,  0,             'R', false, BODY_NONE,     rest_import_errors },
	{ "capabilities",     "GET",     PATH_METADATA,     0,             'R', true,  BODY_NONE,     rest_metadata },
	{ "openapi",          "GET",     PATH_OPENAPI,      0,             'R', true,  BODY_NONE,     rest_openapi },
	{ "smart",            "GET",     PATH_SMART,        0,             'R', true,  BODY_NONE,     rest_smart_configuration },
	{ "jwks",             "GET",     PATH_JWKS,         0,             'R', true,  BODY_NONE,     rest_jwks },
};
const int interaction_count = sizeof interactions / sizeof interactions[0];
