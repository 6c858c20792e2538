/* event.c -- a record as an R4 AuditEvent with the content of the IHE Basic
 * Audit Log Patterns (BALP 1.1): which profile follows from the interaction. */
#include "audit/record.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/instant.h"
#include "json/json.h"

#define DCM "http://dicom.nema.org/resources/ontology/DCM"

/* Agent type codes of client and server by action (controls 5.2). */
static const struct agent_row {
	char action;
	const char *client, *server, *object_role;
} agents[] = {
	{ 'C', "110153", "110152", "4" }, { 'R', "110152", "110153", "4" },
	{ 'U', "110153", "110152", "4" }, { 'D', "110150", "110153", "4" },
	{ 'E', "110153", "110152", "24" },
};

static const struct agent_row *
agent_row(char action)
{
	for (size_t i = 0; i < COUNT_OF(agents); i++)
		if (agents[i].action == action)
			return &agents[i];
	return &agents[COUNT_OF(agents) - 1];
}

static void
member(struct buf *b, const char *before, struct slice value, const char *after)
{
	if (value.len == 0)
		return;
	buf_add_cstr(b, before);
	json_write_string(b, value);
	buf_add_cstr(b, after);
}

static void
write_agents(struct buf *b, const struct audit_event *e, struct slice observer)
{
	const struct agent_row *row = agent_row(e->action);

	buf_printf(b, ",\"agent\":[{\"type\":{\"coding\":[{\"system\":\"" DCM "\",\"code\":\"%s\"}]}",
	    row->client);
	member(b, ",\"who\":{\"identifier\":{\"value\":", e->client, "}}");
	buf_printf(b, ",\"requestor\":%s", e->principal.len == 0 ? "true" : "false");
	member(b, ",\"network\":{\"address\":", e->peer, ",\"type\":\"2\"}");
	buf_printf(b, "},{\"type\":{\"coding\":[{\"system\":\"" DCM "\",\"code\":\"%s\"}]},\"who\":"
	    "{\"display\":", row->server);
	json_write_string(b, observer);
	buf_add(b, SLICE("},\"requestor\":false}"));
	if (e->principal.len > 0) {
		buf_add(b, SLICE(",{\"type\":{\"coding\":[{\"system\":"
		    "\"http://terminology.hl7.org/CodeSystem/v3-ParticipationType\",\"code\":\"IRCP\"}]},"
		    "\"who\":{\"identifier\":{\"value\":"));
		json_write_string(b, e->principal);
		buf_add(b, SLICE("}},\"requestor\":true"));
		member(b, ",\"policy\":[", e->token_id, "]");
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void
entity(struct buf *b, bool *first, const char *type, const char *role)
{
	buf_add_cstr(b, *first ? ",\"entity\":[{" : ",{");
	*first = false;
	buf_printf(b, "\"type\":{\"system\":\"http://terminology.hl7.org/CodeSystem/audit-entity-type\","
	    "\"code\":\"%s\"},\"role\":{\"system\":\"http://terminology.hl7.org/CodeSystem/object-role\","
	    "\"code\":\"%s\"}", type, role);
}

static void
write_entities(struct buf *b, const struct audit_event *e, struct slice patient, struct arena *arena)
{
	bool first = true;

	if (e->resource.len > 0) {
		entity(b, &first, "2", "4");
		member(b, ",\"what\":{\"reference\":", e->resource, "}}");
	}
	if (patient.len > 0) {
		entity(b, &first, "1", "1");
		member(b, ",\"what\":{\"reference\":", patient, "}}");
	}
	if (e->query.len > 0) {
		struct buf raw;

		buf_init(&raw, arena, SIZE_MAX);
		encode_base64(&raw, e->query.ptr, e->query.len);
		entity(b, &first, "2", "24");
		member(b, ",\"query\":", buf_slice(&raw), "}");
	}
	if (e->request_id.len > 0) {
		buf_add_cstr(b, first ? ",\"entity\":[{" : ",{");
		first = false;
		member(b, "\"type\":{\"system\":\"https://profiles.ihe.net/ITI/BALP/CodeSystem/"
		    "BasicAuditEntityType\",\"code\":\"XrequestId\"},\"what\":{\"identifier\":{\"value\":",
		    e->request_id, "}}}");
	}
	if (!first)
		buf_add_char(b, ']');
}

/* An alert is DICOM's; all else is of the REST interface. */
static void
write_type(struct buf *b, struct slice interaction)
{
	if (slice_is(interaction, AUDIT_SECURITY_ALERT)) {
		buf_add_cstr(b, ",\"type\":{\"system\":\"" DCM "\",\"code\":\"110113\",\"display\":"
		    "\"Security Alert\"}");
		return;
	}
	buf_add_cstr(b, ",\"type\":{\"system\":\"http://terminology.hl7.org/CodeSystem/audit-event-type\","
	    "\"code\":\"rest\"},\"subtype\":[{\"system\":\"http://hl7.org/fhir/restful-interaction\","
	    "\"code\":");
	json_write_string(b, interaction);
	buf_add_cstr(b, "}]");
}

struct slice
record_event(const struct audit_event *e, struct slice patient, unsigned nth, uint64_t index,
    struct slice observer, struct arena *arena)
{
	char instant[INSTANT_TEXT], id[BASE32_BLOCK], number[16] = "";
	struct buf b;

	instant_format(e->time, instant);
	encode_block(e->id, id);
	if (nth > 1)
		snprintf(number, sizeof number, "-%u", nth);
	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "{\"resourceType\":\"AuditEvent\",\"id\":\"%.*s%s\",\"extension\":[{\"url\":"
	    "\"urn:firebreak:audit-index\",\"valueDecimal\":%llu},{\"url\":\"urn:firebreak:http-status\","
	    "\"valueInteger\":%d}]", BASE32_BLOCK, id, number, (unsigned long long)index, e->status);
	write_type(&b, e->interaction);
	buf_printf(&b, ",\"action\":\"%c\",\"recorded\":\"%.*s\",\"outcome\":\"%d\"", e->action,
	    INSTANT_TEXT, instant, e->outcome);
	member(&b, ",\"outcomeDesc\":", e->reason, "");
	member(&b, ",\"purposeOfEvent\":[{\"coding\":[{\"system\":"
	    "\"http://terminology.hl7.org/CodeSystem/v3-ActReason\",\"code\":", e->purpose, "}]}]");
	write_agents(&b, e, observer);
	buf_add(&b, SLICE(",\"source\":{\"observer\":{\"display\":"));
	json_write_string(&b, observer);
	buf_add(&b, SLICE("}}"));
	write_entities(&b, e, patient, arena);
	buf_add_char(&b, '}');
	return buf_slice(&b);
}
