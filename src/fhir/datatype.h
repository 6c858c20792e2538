/* datatype.h -- the primitive types of R4 (datatypes.html), checked by hand. */
#ifndef FHIR_DATATYPE_H
#define FHIR_DATATYPE_H

#include <stdbool.h>

#include "base/slice.h"
#include "json/json.h"

struct limits;
struct type;

/* Is this JSON value a value of the primitive type?  `text` is the unescaped
 * string, or the literal text of a number or boolean. */
bool datatype_check(const struct type *primitive, enum json_type, struct slice text,
    const struct limits *);

/* What it is in JSON: JSON_STRING, JSON_NUMBER, or JSON_TRUE for a boolean. */
enum json_type datatype_json(const struct type *primitive);

/* What names something must be what it looks like (Unicode TR36): no characters that
 * are invisible, turn the direction, or are controls or no characters. */
bool datatype_text_is_plain(struct slice);
/* Latin letters beside Greek or Cyrillic ones look alike. */
bool datatype_text_is_of_one_script(struct slice);

/* A scheme and what follows; of "urn:oid:" and "urn:uuid:" in the form of the
 * types oid and uuid (uuid in either case). */
bool datatype_uri_is_absolute(struct slice);

#endif
