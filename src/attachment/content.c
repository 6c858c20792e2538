/* content.c -- see content.h. */
#include "attachment/content.h"

struct content *
content_find(struct content *list, const uint8_t sha256[SHA256_BYTES], struct slice essence)
{
	while (list != NULL && (memcmp(list->sha256, sha256, SHA256_BYTES) != 0
	    || !slice_eq(list->essence, essence)))
		list = list->next;
	return list;
}

