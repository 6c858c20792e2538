/* terminology_metadata.c -- GET metadata?mode=terminology (R4 terminologycapabilities.html), and the
 * definitions of the operations that there are. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/instant.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/names.h"
#include "fhir/terminology.h"
#include "rest/answer.h"
#include "rest/rest.h"

/* What $expand understands, as expand.c reads it. */
static const char *const expansion_parameters[] = { "url", "valueSet", "valueSetVersion", "context", "filter",
	"offset", "count", "includeDesignations", "includeDefinition", "activeOnly", "excludeNested",
	"excludeNotForUI", "excludePostCoordinated", "displayLanguage", "exclude-system", "designation", "property",
	"system-version", "check-system-version", "force-system-version", "useSupplement", "tx-resource" };

static void
write_version(struct buf *b, struct slice version, bool only)
{
	if (version.len == 0)
		return;
	buf_add(b, b->ptr[b->len - 1] == '"' ? SLICE(",\"version\":[{\"code\":") : SLICE(",{\"code\":"));
	json_write_string(b, version);
	buf_printf(b, ",\"isDefault\":%s}", only ? "true" : "false");
}

static void
end_system(struct buf *b)
{
	buf_add(b, b->ptr[b->len - 1] == '}' ? SLICE("],\"subsumption\":true}") : SLICE(",\"subsumption\":true}"));
}

/* Entries are sorted by url, the one that is meant without a version first; a package that was
 * added begins anew, and what it has of a url that was told already is left out. */
static void
write_systems(struct buf *b, const struct service *s, struct arena *arena)
{
	struct slice url, version, before = SLICE_NONE;
	struct names told;
	uint64_t at = 0;

	names_init(&told, arena, 2048);
	while (pack_definitions(s->pack, TERMINOLOGY_SYSTEM, &at, &url, &version)) {
		bool again = slice_eq(url, before);

		if (!names_add(&told, url, 0) && !again)
			continue;
		if (!again) {
			if (before.len > 0)
				end_system(b);
			buf_add(b, before.len == 0 ? SLICE("{\"uri\":") : SLICE(",{\"uri\":"));
			json_write_string(b, url);
		}
		write_version(b, version, !again);
		before = url;
	}
	if (before.len > 0)
		end_system(b);
}

static void
write_expansion(struct buf *b)
{
	buf_add(b, SLICE("\"expansion\":{\"hierarchical\":true,\"paging\":true,\"incomplete\":false,"
	    "\"parameter\":["));
	for (size_t i = 0; i < COUNT_OF(expansion_parameters); i++)
		buf_printf(b, "%s{\"name\":\"%s\"}", i == 0 ? "" : ",", expansion_parameters[i]);
	buf_add(b, SLICE("],\"textFilter\":\"Every word of the filter must stand somewhere in the display or the "
	    "code; case and accents do not count.\"},"));
}

bool
rest_terminology_capabilities(const struct service *s, struct arena *arena, struct slice *out)
{
	char now[INSTANT_TEXT];
	struct buf b;

	instant_format(env_wall(s->env), now);
	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "{\"resourceType\":\"TerminologyCapabilities\",\"status\":\"active\",\"date\":\"%.*s\","
	    "\"kind\":\"instance\",\"software\":{\"name\":\"Firebreak\"},\"implementation\":"
	    "{\"description\":\"Firebreak FHIR server\",\"url\":\"%.*s\"},\"lockedDate\":false,"
	    "\"codeSystem\":[", INSTANT_TEXT, now, SLICE_FMT(s->base));
	write_systems(&b, s, arena);
	buf_add(&b, SLICE("],"));
	write_expansion(&b);
	buf_add(&b, SLICE("\"codeSearch\":\"explicit\",\"validateCode\":{\"translations\":true},"
	    "\"translation\":{\"needsMap\":true}}"));
	*out = buf_slice(&b);
	return buf_ok(&b);
}

static const char import_definition[] =
    "{\"resourceType\":\"OperationDefinition\",\"id\":\"import\",\"url\":\"" OWN_OPERATIONS "import\","
    "\"name\":\"Import\",\"status\":\"active\",\"kind\":\"operation\",\"affectsState\":true,\"code\":\"import\","
    "\"description\":\"Takes in NDJSON, Bundles and resources of a directory of the operator's; asynchronous, "
    "for the operator only\",\"system\":true,\"type\":false,\"instance\":false,\"parameter\":["
    "{\"name\":\"directory\",\"use\":\"in\",\"min\":1,\"max\":\"1\",\"documentation\":\"The name of a directory in the "
    "directory import of the data directory\",\"type\":\"string\"},"
    "{\"name\":\"inputFormat\",\"use\":\"in\",\"min\":0,\"max\":\"1\",\"documentation\":\"application/fhir+ndjson\","
    "\"type\":\"code\"},{\"name\":\"keepIds\",\"use\":\"in\",\"min\":0,\"max\":\"1\",\"documentation\":\"Resources keep "
    "their own ids\",\"type\":\"boolean\"}]}";

/* An OperationDefinition of the pack: of those operations only that can be called here. */
bool
rest_read_operation(struct exchange *x)
{
	struct slice url, text;

	if (!slice_is(x->type->name, "OperationDefinition"))
		return false;
	if (slice_is(x->id, "import")) {
		outcome_clear(&x->outcome);
		answer_bytes(x, 200, slice_of(import_definition));
		return true;
	}
	text = pack_definition(x->service->pack, TERMINOLOGY_OPERATION, x->id, &url);
	for (int i = 0; i < operation_count && url.len > 0; i++)
		if (slice_is(url, operations[i].definition)) {
			outcome_clear(&x->outcome);
			answer_bytes(x, 200, text);
			return true;
		}
	return false;
}
