/* operations.c -- the table of the operations that the API offers.
 *
 * A row for each method and level.  Router, authorization, audit and the
 * CapabilityStatement read it as they read the interactions table. */
#include "rest/interactions.h"

#include "rest/rest.h"

#define HL7(name) "http://hl7.org/fhir/OperationDefinition/" name
#define OPERATION(method, shape, verb, body, perform) \
	{ "operation", method, shape, verb, 'E', false, body, perform }

const struct operation operations[] = {
	{ "validate", NULL, HL7("Resource-validate"),
	  OPERATION("POST", PATH_TYPE_OPERATION, PERMIT_READ, BODY_ANY, rest_validate) },
	{ "validate", NULL, HL7("Resource-validate"),
	  OPERATION("POST", PATH_INSTANCE_OPERATION, PERMIT_READ, BODY_ANY, rest_validate) },
};
const int operation_count = sizeof operations / sizeof operations[0];
