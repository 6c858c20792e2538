/* operations.c -- the table of the operations that the API offers.
 *
 * A row for each method and level.  Router, authorization, audit and the
 * CapabilityStatement read it as they read the interactions table. */
#include "rest/interactions.h"

#include "rest/rest.h"

#define HL7(name) "http://hl7.org/fhir/OperationDefinition/" name
#define OUR(name) "urn:firebreak:operation:" name
#define OPERATION(method, shape, verb, body, perform) \
	{ "operation", method, shape, verb, 'E', false, body, perform }

/* Two rows for a level: by GET when all parameters are simple, and by POST. */
#define READING(name, types, definition, shape, verb, perform) \
	{ name, types, HL7(definition), OPERATION("GET", shape, verb, BODY_NONE, perform) }, \
	{ name, types, HL7(definition), OPERATION("POST", shape, verb, BODY_PARAMETERS, perform) }

/* Bulk Data Access 2.0 */
#define BULK(name) "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/" name
#define EXPORT(types, definition, shape, verb) \
	{ "export", types, BULK(definition), \
	  { "operation", "GET", shape, verb, 'E', false, BODY_NONE, rest_export } }, \
	{ "export", types, BULK(definition), \
	  { "operation", "POST", shape, verb, 'E', false, BODY_PARAMETERS, rest_export } }

/* It takes no parameters. */
#define META(method, shape, verb) \
	{ "meta", NULL, HL7("Resource-meta"), OPERATION(method, shape, verb, BODY_NONE, rest_meta) }

/* Rows of one name and definition stand together. */
const struct operation operations[] = {
	{ "validate", NULL, HL7("Resource-validate"),
	  OPERATION("POST", PATH_TYPE_OPERATION, PERMIT_READ, BODY_ANY, rest_validate) },
	{ "validate", NULL, HL7("Resource-validate"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_READ, BODY_ANY, rest_validate) },
	META("GET", PATH_INSTANCE_OPERATION, PERMIT_READ), META("POST", PATH_INSTANCE_OPERATION, PERMIT_READ),
	META("GET", PATH_TYPE_OPERATION, PERMIT_SEARCH), META("POST", PATH_TYPE_OPERATION, PERMIT_SEARCH),
	META("GET", PATH_SYSTEM_OPERATION, 0), META("POST", PATH_SYSTEM_OPERATION, 0),
	{ "meta-add", NULL, HL7("Resource-meta-add"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_UPDATE, BODY_ANY, rest_meta_add) },
	{ "meta-delete", NULL, HL7("Resource-meta-delete"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_UPDATE, BODY_ANY, rest_meta_delete) },
	READING("everything", "Patient", "Patient-everything", PATH_INSTANCE_OPERATION, PERMIT_SEARCH, rest_everything),
	READING("everything", "Patient", "Patient-everything", PATH_TYPE_OPERATION, PERMIT_SEARCH, rest_everything),
	READING("everything", "Encounter", "Encounter-everything", PATH_INSTANCE_OPERATION, PERMIT_SEARCH, rest_everything),
	READING("validate-code", "ValueSet", "ValueSet-validate-code", PATH_TYPE_OPERATION, PERMIT_READ, rest_validate_code),
	READING("validate-code", "ValueSet", "ValueSet-validate-code", PATH_INSTANCE_OPERATION, PERMIT_READ, rest_validate_code),
	READING("expand", "ValueSet", "ValueSet-expand", PATH_TYPE_OPERATION, PERMIT_READ, rest_expand),
	READING("expand", "ValueSet", "ValueSet-expand", PATH_INSTANCE_OPERATION, PERMIT_READ, rest_expand),
	READING("validate-code", "CodeSystem", "CodeSystem-validate-code", PATH_TYPE_OPERATION, PERMIT_READ, rest_validate_code_of_system),
	READING("validate-code", "CodeSystem", "CodeSystem-validate-code", PATH_INSTANCE_OPERATION, PERMIT_READ, rest_validate_code_of_system),
	READING("lookup", "CodeSystem", "CodeSystem-lookup", PATH_TYPE_OPERATION, PERMIT_READ, rest_lookup),
	READING("subsumes", "CodeSystem", "CodeSystem-subsumes", PATH_TYPE_OPERATION, PERMIT_READ, rest_subsumes),
	READING("subsumes", "CodeSystem", "CodeSystem-subsumes", PATH_INSTANCE_OPERATION, PERMIT_READ, rest_subsumes),
	READING("translate", "ConceptMap", "ConceptMap-translate", PATH_TYPE_OPERATION, PERMIT_READ, rest_translate),
	READING("translate", "ConceptMap", "ConceptMap-translate", PATH_INSTANCE_OPERATION, PERMIT_READ, rest_translate),
	{ "quarantine", NULL, OUR("quarantine"),
	  OPERATION("GET", PATH_SYSTEM_OPERATION, 0, BODY_NONE, rest_quarantine) },
	{ "quarantine-release", NULL, OUR("quarantine-release"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_UPDATE, BODY_NONE, rest_quarantine_release) },
	{ "quarantine-rescan", NULL, OUR("quarantine-rescan"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_UPDATE, BODY_NONE, rest_quarantine_rescan) },
	{ "quarantine-destroy", NULL, OUR("quarantine-destroy"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_DELETE, BODY_NONE, rest_quarantine_destroy) },
	{ "quarantine-check", NULL, OUR("quarantine-check"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_UPDATE, BODY_NONE, rest_quarantine_check) },
	{ "status", "SearchParameter", OUR("search-parameter-status"),
	  OPERATION("GET", PATH_TYPE_OPERATION, PERMIT_READ, BODY_NONE, rest_parameter_status) },
	{ "status", "SearchParameter", OUR("search-parameter-status"),
	  OPERATION("GET", PATH_INSTANCE_OPERATION, PERMIT_READ, BODY_NONE, rest_parameter_status) },
	EXPORT(NULL, "export", PATH_SYSTEM_OPERATION, 0),
	EXPORT("Patient", "patient-export", PATH_TYPE_OPERATION, PERMIT_READ),
	EXPORT("Group", "group-export", PATH_INSTANCE_OPERATION, PERMIT_READ),
	{ "import", NULL, OWN_OPERATIONS "import",
	  OPERATION("POST", PATH_SYSTEM_OPERATION, 0, BODY_ANY, rest_import) },
};
const int operation_count = sizeof operations / sizeof operations[0];
