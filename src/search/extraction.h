/* extraction.h -- rows in the making: what index.c and index_rules.c share. */
#ifndef SEARCH_EXTRACTION_H
#define SEARCH_EXTRACTION_H

#include "fhirpath/fhirpath.h"
#include "search/index.h"

struct extraction {
	const struct search_index *index;
	const struct index_resolver *resolver;
	struct arena *arena;
	const struct json *json;
	uint32_t      resource;         /* the outermost */
	uint32_t      number;           /* of the parameter at hand */
	const struct search_param *param;       /* itself */
	const struct search_param *canonical;   /* of the resource at hand: what it is named by; or NULL */
	const struct search_param *targets;     /* says which references count; NULL: all do */
	enum search_kind kind;          /* of it, or of the component at hand */
	const struct index_choice *choice;      /* NULL: all parameters */
	bool          family;           /* the parameter at hand is of family names */
	uint8_t       part;
	uint16_t      group, contained;
	struct index_row *rows;
	uint32_t      count, room;
};

/* The resources within the outermost, one after the other: those that it contains, or what a document or message
 * is about.  0: no more. */
uint32_t extraction_within(const struct extraction *, uint32_t before);
void extraction_add(struct extraction *, enum search_kind, struct index_row);
/* Can an item of the type give rows of the kind? */
bool extraction_has_rule(const struct pack *, enum search_kind, const struct type *);
/* A reference by its text, under the parameter at hand. */
void extraction_refer(struct extraction *, struct slice reference);
void extraction_take(struct extraction *, const struct item *);
/* What a canonical reference to a resource can be. */
void extraction_name(struct extraction *, const struct item *resource);

#endif
