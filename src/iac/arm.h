/* arm.h -- Azure Resource Manager: templates in JSON, and Bicep files.
 *
 * Every resource of a template, its children and those of the templates in it become resources
 * of the project; the two languages give the same shape:
 *
 *   type         the whole type: "Microsoft.Sql/servers/databases", for nested children too
 *   name         the whole name: "server/db", its known parts when not all are known
 *   address      type and name ("Microsoft.Sql/servers/databases/server/db"), with "#2" behind
 *                it for the second of that address
 *   module       names of the deployments around it, joined by '.'
 *   attributes   the resource object, evaluated: apiVersion, location, sku, properties ...; its
 *                `resources` and `copy` are not in it; `condition` is
 *   references   addresses that resourceId() and reference() compute, dependsOn, names of
 *                Bicep, and the parent, whose attribute is "parent"
 *
 * A parameter is its default, or the value it is given; without both it is unknown, and its
 * allowed values are the `items` of that unknown.  Secure parameters are sensitive.  `copy` and
 * `for` are unfolded.  What deployment-time functions give (reference, listKeys, resourceGroup)
 * is unknown; resourceId() is an unknown whose sketch is the path.  A resource whose condition
 * is false only by defaults is there, and the `why` of its attributes says so.
 *
 * Source: Microsoft's "Understand the structure and syntax of ARM templates", "ARM template
 * functions", and the Bicep language documentation. */
#ifndef IAC_ARM_H
#define IAC_ARM_H

#include "iac/project.h"

/* A source whose name ends with ".bicep" is Bicep.  `parameters`: a map of values; NULL: none. */
void arm_read(struct project *, uint32_t source, const struct value *parameters,
    struct slice root_directory);

/* A parameter file {"parameters": {k: {"value": v}}} as a map; NULL when it is none. */
const struct value *arm_parameters(struct project *, uint32_t source);

#endif
