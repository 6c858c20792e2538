/* format.h -- which form requests come in and answers leave in (R4
 * http.html#mime-type, #parameters).
 *
 * Everything inside works on JSON, and a JSON answer is sent as it was made.  When
 * XML, a page or _pretty was asked for, the finished answer is turned into it, at the one
 * place that all answers pass: answer_bytes(). */
#ifndef REST_FORMAT_H
#define REST_FORMAT_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct exchange;
struct slice;

enum format { FORMAT_NONE, FORMAT_JSON, FORMAT_XML, FORMAT_FORM, FORMAT_HTML };

/* The form of the answer, from _format, else Accept with its weights, else the form
 * of the body: as_xml, as_html, pretty, unacceptable.  Entries of a Bundle have none of their own. */
void format_negotiate(struct exchange *);

/* How much the Accept headers want this type, 0 to 1000, and whether by its name; without
 * a header anything is wanted.  And the same of the FHIR forms, which count by name only. */
int format_wanted(const struct exchange *, struct slice essence, bool *named);
int format_fhir_wanted(const struct exchange *, bool *named);

/* By Content-Type; FORMAT_NONE for another type, charset or FHIR version. */
enum format format_of_content(const struct exchange *);

/* Is this Content-Type that media type, in UTF-8? */
bool format_is(struct slice content_type, const char *media_type);

/* The content as a resource in x->body, whatever its type. */
bool parse_resource(struct exchange *, enum format, bool bundle);

/* x->bytes from JSON to the form asked for.  Cannot fail for what was validated; should it
 * still, the answer is 500 and nothing is written. */
void format_answer(struct exchange *);

/* Issues about a body that came as XML get the lines of the XML. */
void format_places(struct exchange *);

/* "&_format=xml" (or "?..." when nothing stands before it) behind a link of an answer
 * whose form was asked for by _format. */
void format_link(const struct exchange *, struct buf *, bool query_begun);

#endif
