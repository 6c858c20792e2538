/* binary.h -- Binary, the one resource that is sent and taken as what it holds (R4 binary.html).
 *
 * Its content is in a file beside the version (store.h), in pieces, whatever form it came in; the
 * version's JSON has everything but `data`.  A read gives the content in its own type, or the
 * FHIR form when that was asked for by name; in Bundles the content is left out. */
#ifndef REST_BINARY_H
#define REST_BINARY_H

#include <stdbool.h>

#include "base/slice.h"
#include "rest/format.h"

struct exchange;
struct stored;

/* Head phase: does this request bring content in its own type, to be taken as a stream?  When it
 * does but may not, the exchange has failed (415). */
bool binary_brings_stream(struct exchange *, struct slice *essence);

/* Parse phase: is this a write of a Binary by content in its own type?  Then x->body is made as if it
 * had come in the FHIR form. */
bool binary_native(struct exchange *, enum format);
bool binary_parse(struct exchange *);

/* A Binary that a bound caller writes without a securityContext is its patient's. */
bool binary_adopt(struct exchange *);

/* The answer to a read: content, part of it, or the FHIR form with the content in it. */
bool binary_answer(struct exchange *, struct stored *, bool not_modified);

/* The text of a version just written, with the data that was cut out of it. */
struct slice binary_with_data(struct exchange *, struct slice text);

bool binary_is(const struct exchange *);

#endif
