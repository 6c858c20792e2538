/* Content: any JSON as a resource, walked for what is not FHIR in it; what is found is decoded and looked
 * into, whole and in pieces with one result.  Bytes that are no JSON go to the probes of all types, as
 * a reply of clamd, and as an answer of the libmagic worker. */
#include <stdlib.h>

#include "attachment/base64.h"
#include "attachment/clamd.h"
#include "attachment/magic.h"
#include "attachment/media.h"
#include "attachment/probe.h"
#include "attachment/walk.h"
#include "json/json.h"

#include "definitions.h"

static const char *const types[] = {
	"", "application/pdf", "image/png", "image/jpeg", "image/tiff", "application/dicom", "text/plain",
	"text/xml", "application/zip", "video/mp4", "application/gzip", "image/gif",
};

static void
look_into(struct slice essence, struct slice bytes)
{
	enum probed whole = probe_whole(essence, &limits_default, bytes);
	struct probe *p = probe_new(essence, &limits_default);

	for (size_t at = 0; at < bytes.len; at += 7)
		probe_add(p, slice_sub(bytes, at, 7));
	if (probe_end(p) != whole)
		abort();
	probe_free(p);
}

static bool
each(void *ctx, const struct content_place *p)
{
	struct arena *a = ctx;
	struct slice bytes, essence;

	if (p->path.len == 0)
		abort();
	if (base64_decode(p->text, a, &bytes)) {
		if (bytes.len > base64_most(p->text.len))
			abort();
		look_into(SLICE("text/plain"), bytes);
	}
	if (media_essence(p->text, a, &essence) && slice_find(essence, '/') == essence.len)
		abort();
	return true;
}

static void
walk(struct slice text, struct arena *a)
{
	const struct type *type;
	struct outcome o;
	struct json j;

	outcome_init(&o, a);
	if (!json_parse(text, json_bounds(&limits_default, false), a, &j, &o))
		return;
	type = pack_resource(definitions(), json_string(&j, json_get(&j, 0, SLICE("resourceType")), a));
	if (type == NULL)
		type = pack_resource(definitions(), SLICE("Patient"));
	if (!content_walk(definitions(), type, &j, 0, a, each, a))
		abort();
}

static void
replies(struct slice bytes)
{
	char name[SIGNATURE_NAME];
	int64_t day;

	if (clamd_read_reply(bytes, name) == CLAMD_CLEAN && !slice_is(bytes, "stream: OK"))
		abort();
	for (const char *c = name; *c != '\0'; c++)
		if (*c < '(' || *c > 'z')
			abort();
	if (clamd_read_version(bytes, &day) && day < 0)
		abort();
	if (magic_answer_good(bytes) && bytes.len >= MAGIC_TYPE)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);
	struct slice all = slice_make(bytes, n);

	if (n > 0 && bytes[0] == '{')
		walk(all, a);
	else if (n > 0)
		look_into(slice_of(types[bytes[0] % COUNT_OF(types)]), slice_sub(all, 1, n));
	replies(all);
	arena_free(a);
	return 0;
}
