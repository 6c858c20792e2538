/* attachments.c -- Attachments: typed, hashed, bounded and scanned.
 *
 * Promises, checked by number in tests/attachments_test:
 *  (1) Bytes of some other format are found wherever they are (attachment/walk.h), are strict base64, within
 *      the limits, of the size and hash that they say, of an allowed type, and look like it.
 *  (2) Nothing is stored that the scanner has not called clean, unless the
 *      operator justified "none".  When it cannot say, the answer is 503.
 *  (3) The client learns that content was rejected; what was found in it stands in the
 *      audit log only.
 *  (4) By policy, what is new and infected or not scanned goes into quarantine: nobody but a security
 *      officer can tell that it is there, until it is released or destroyed.
 *  (5) No URL of a client is ever fetched: Attachment.url names a Binary here that the caller may
 *      see, or an https host that the operator listed. */
#include "controls/attachments.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attachment/base64.h"
#include "attachment/inspect.h"
#include "attachment/walk.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/plant.h"
#include "controls/authorization.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"

/* What changes in a resource's text: the size and hash that an Attachment leaves out come in, the
 * data of a Binary, which goes into a file, goes out. */
struct edit {
	size_t       at, until;
	struct slice text;
};

struct check {
	struct exchange *x;
	struct resource *resource;
	struct edit     *edits;
	uint32_t         edit_count, edit_room, count;
};

static struct exchange *
outermost(struct exchange *x)
{
	return x->parent == NULL ? x : x->parent;
}

static bool
refuse(struct check *c, const struct content_place *p, uint32_t node, enum fault fault,
    const char *detail)
{
	struct place place = json_place(&c->resource->json, node == 0 ? p->data : node);

	place.path = p->path;
	return outcome_fail(&c->x->outcome, fault, place, slice_of(detail));
}

static struct slice
member(struct check *c, const struct content_place *p, const char *name)
{
	bool held = p->kind != PLACE_BARE && p->kind != PLACE_NARRATIVE;
	uint32_t node = !held ? 0 : json_get(&c->resource->json, p->holder, slice_of(name));

	return node == 0 ? SLICE_NONE : json_string(&c->resource->json, node, c->x->arena);
}

/* Verdicts */

static struct slice
hex_of(const struct content *content, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 128);
	encode_hex(&b, content->sha256, sizeof content->sha256);
	return buf_slice(&b);
}

/* A record of its own, with what the client is not told. */
static void
alert(struct exchange *x, const struct content *content)
{
	struct audit_event *e = exchange_event_add(outermost(x));
	struct buf b;

	buf_init(&b, x->arena, 256);
	buf_printf(&b, "malware: %s, SHA-256 %.*s", content->signature, SLICE_FMT(hex_of(content, x->arena)));
	e->interaction = SLICE(AUDIT_SECURITY_ALERT);
	e->reason = buf_slice(&b);
	if (x->type != NULL)
		e->resource = x->type->name;
}

static bool
is_held(const struct exchange *x)
{
	return store_level(x->service->store, x->old->labels) >= QUARANTINE_LEVEL;
}

/* By policy what is new may be stored, out of everyone's sight, instead of being refused.  What would
 * replace a version that is seen is refused: it would take that version out of sight.
 * What was stored, and turns out to be infected, is taken out of sight whatever the policy. */
static bool
hold(struct check *c, const struct content *content)
{
	struct exchange *x = c->x;
	bool found = content->verdict == CONTENT_INFECTED;
	struct store_quarantine *q;

	if (x->again ? is_held(x) || !found : x->old != NULL
	    || !slice_is(x->service->options.attachments_policy, "quarantine"))
		return false;
	if (x->quarantine != NULL && !found)
		return true;                    /* it goes there for other content, or for the first that waits */
	q = arena_alloc(x->arena, sizeof *q);
	q->infected = found;
	snprintf(q->signature, sizeof q->signature, "%s", content->signature);
	q->sha256 = hex_of(content, x->arena);
	x->quarantine = q;
	return true;
}

static bool
infected(struct check *c, const struct content_place *p, const struct content *content)
{
	struct outcome aside;

	alert(c->x, content);
	outcome_init(&aside, c->x->arena);
	if (c->x->again && is_held(c->x) && !store_quarantine_found(c->x->service->store, c->x->old->row,
	    content->signature, hex_of(content, c->x->arena), &aside))
		return exchange_fail(c->x, aside.worst, "");
	return hold(c, content) || refuse(c, p, 0, FAULT_CONTENT, "");
}

static bool
unavailable(struct check *c, const struct content_place *p, const struct content *content)
{
	if (content->verdict == CONTENT_UNAVAILABLE && hold(c, content))
		return true;
	exchange_add_header(outermost(c->x), "retry-after", SLICE("60"));
	return refuse(c, p, 0, FAULT_UNAVAILABLE, "content cannot be inspected now");
}

static bool
heed(struct check *c, const struct content_place *p, const struct content *content)
{
	switch (content->verdict) {
	case CONTENT_WAITING:                   /* nothing leaves before it was judged */
	case CONTENT_CLEAN:
		return true;
	case CONTENT_INFECTED:
		return infected(c, p, content);
	case CONTENT_MISMATCH:
		return c->x->again || refuse(c, p, 0, FAULT_VALUE, probed_text(PROBED_MISMATCH));
	case CONTENT_UNAVAILABLE:
	case CONTENT_UNKEPT:
		break;
	}
	return unavailable(c, p, content);
}

static void
digest_content(struct content *content)
{
	struct digest *d = digest_begin();

	digest_add(d, content->bytes);
	digest_end(d, content->sha256, content->sha1);
	content->size = content->bytes.len;
}

/* The verdict on these bytes, or a place in the list of those that wait for one. */
static struct content *
listed(struct exchange *x, const struct content *wanted)
{
	struct exchange *outer = outermost(x);
	struct content *there = content_find(outer->contents, wanted->sha256, wanted->essence);

	if (there != NULL)
		return there;
	there = arena_alloc(outer->arena, sizeof *there);
	*there = *wanted;
	there->next = outer->contents;
	return outer->contents = there;
}

/* Size, hash, type */

static bool
size_agrees(struct check *c, const struct content_place *p, const struct content *content)
{
	uint32_t node = json_get(&c->resource->json, p->holder, SLICE("size"));
	uint64_t said;

	return node == 0 || (slice_uint(json_raw(&c->resource->json, node), &said)
	    && said == content->size)
	    || refuse(c, p, node, FAULT_VALUE, "size is not that of the data");
}

/* R4 datatypes.html#Attachment: the SHA-1 of the data, as base64. */
static struct slice
hash_text(const struct content *content, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 64);
	encode_base64(&b, content->sha1, sizeof content->sha1);
	return buf_slice(&b);
}

static bool
hash_agrees(struct check *c, const struct content_place *p, const struct content *content)
{
	uint32_t node = json_get(&c->resource->json, p->holder, SLICE("hash"));

	return node == 0 || json_is(&c->resource->json, node, hash_text(content, c->x->arena))
	    || refuse(c, p, node, FAULT_VALUE, "hash is not the SHA-1 of the data");
}

static void
add_edit(struct check *c, size_t at, size_t until, struct slice text)
{
	if (c->edit_count == c->edit_room) {
		uint32_t room = c->edit_room == 0 ? 8 : c->edit_room * 2;

		c->edits = arena_grow(c->x->arena, c->edits, c->edit_room * sizeof *c->edits,
		    room * sizeof *c->edits);
		c->edit_room = room;
	}
	c->edits[c->edit_count++] = (struct edit){ at, until, text };
}

/* Behind the closing quote of a string. */
static size_t
end_of(const struct json *j, uint32_t string)
{
	return (size_t)j->nodes[string].at + j->nodes[string].len + 1;
}

/* What is left out is filled in, behind the data. */
static void
fill_in(struct check *c, const struct content_place *p, const struct content *content)
{
	const struct json *j = &c->resource->json;
	bool size = json_get(j, p->holder, SLICE("size")) != 0;
	bool hash = json_get(j, p->holder, SLICE("hash")) != 0;
	struct buf b;

	if (size && hash)
		return;
	buf_init(&b, c->x->arena, 128);
	if (!size)
		buf_printf(&b, ",\"size\":%" PRIu64, content->size);
	if (!hash)
		buf_printf(&b, ",\"hash\":\"%.*s\"", SLICE_FMT(hash_text(content, c->x->arena)));
	add_edit(c, end_of(j, p->data), end_of(j, p->data), buf_slice(&b));
}

/* The declared media type; empty where nothing can be declared. */
static bool
find_type(struct check *c, const struct content_place *p, struct slice *essence)
{
	struct slice declared = member(c, p, "contentType");

	*essence = SLICE_NONE;
	if (p->kind == PLACE_SIGNATURE || p->kind == PLACE_BARE)
		return true;
	if (p->kind == PLACE_NARRATIVE)
		declared = slice_sub(p->text, 0, slice_find(p->text, ','));
	if (declared.len == 0)
		return refuse(c, p, p->holder, FAULT_REQUIRED, "content needs a media type");
	if (!media_essence(declared, c->x->arena, essence))
		return refuse(c, p, p->holder, FAULT_VALUE, "contentType is not a media type");
	if (!c->x->again && p->kind != PLACE_NARRATIVE && !media_charset_good(declared))
		return refuse(c, p, p->holder, FAULT_VALUE, "a text is UTF-8, and contentType has no other charset");
	return c->x->again || media_allowed(&c->x->service->options.attachments_types, *essence)
	    || refuse(c, p, p->holder, FAULT_VALUE, "content of this media type is not taken");
}

static bool
decode(struct check *c, const struct content_place *p, struct slice *bytes)
{
	struct slice text = p->text, head = SLICE_NONE;

	if (p->kind == PLACE_NARRATIVE) {
		head = slice_cut(&text, ',');
		if (!slice_ends(head, SLICE(";base64")))
			return refuse(c, p, 0, FAULT_VALUE, "a data URL must be base64");
	}
	if (base64_most(text.len) > c->x->service->limits->of[LIMIT_ATTACHMENT] + 2)
		return refuse(c, p, 0, FAULT_TOO_BIG, "");
	if (!base64_decode(text, c->x->arena, bytes))
		return refuse(c, p, 0, FAULT_BAD_VALUE, "this is not base64");
	return bytes->len <= c->x->service->limits->of[LIMIT_ATTACHMENT]
	    || refuse(c, p, 0, FAULT_TOO_BIG, "");
}

static bool
look_into(struct check *c, const struct content_place *p, const struct content *content)
{
	enum probed finding = probe_whole(content->essence, c->x->service->limits, content->bytes);

	return finding == PROBED_GOOD || c->x->again || refuse(c, p, 0, FAULT_VALUE, probed_text(finding));
}

/* The member with the comma before it, or behind it when it is the first. */
static void
cut_member(struct check *c, uint32_t value)
{
	const struct json *j = &c->resource->json;
	size_t at = j->nodes[value - 1].at - 1, until = end_of(j, value);

	while (at > 0 && strchr(" \t\r\n", j->text.ptr[at - 1]) != NULL)
		at--;
	if (at > 0 && j->text.ptr[at - 1] == ',') {
		at--;
	} else {
		until += slice_find(slice_sub(j->text, until, j->text.len), ',') + 1;
		if (until > j->text.len)
			until = end_of(j, value);       /* it is the only one */
	}
	add_edit(c, at, until, SLICE_NONE);
}

/* The data of a Binary goes into a file of its own, when it was judged. */
static void
keep_as_file(struct check *c, const struct content_place *p, struct content *content)
{
	struct exchange *x = c->x, *outer = outermost(x);
	struct kept_content *kept = arena_alloc(outer->arena, sizeof *kept);

	kept->from = content;
	kept->file = store_content_new(x->service->store, outer->arena);
	kept->next = outer->kept;
	outer->kept = kept;
	memcpy(kept->file->sha256, content->sha256, sizeof kept->file->sha256);
	memcpy(kept->file->sha1, content->sha1, sizeof kept->file->sha1);
	x->file = kept->file;
	x->cut_data = p->text;
	cut_member(c, p->data);
}

/* Content that is all base64 is scanned as what it says, too. */
#define WRAPPED_LEAST 32

static bool
scan_wrapped(struct check *c, const struct content_place *p, const struct content *content)
{
	struct content inner = { .verdict = CONTENT_WAITING };

	if (content->bytes.len < WRAPPED_LEAST || !base64_decode(content->bytes, c->x->arena, &inner.bytes))
		return true;
	digest_content(&inner);
	return heed(c, p, listed(c->x, &inner));
}

static bool
check_data(struct check *c, const struct content_place *p)
{
	struct content content = { .verdict = CONTENT_WAITING }, *there;

	if (!find_type(c, p, &content.essence) || !decode(c, p, &content.bytes))
		return false;
	digest_content(&content);
	if (p->kind == PLACE_ATTACHMENT && (!size_agrees(c, p, &content) || !hash_agrees(c, p, &content)))
		return false;
	if (!look_into(c, p, &content) || !heed(c, p, there = listed(c->x, &content))
	    || !scan_wrapped(c, p, &content))
		return false;
	if (c->x->again)
		return true;
	if (p->kind == PLACE_ATTACHMENT)
		fill_in(c, p, &content);
	if (p->kind == PLACE_BINARY && p->holder == c->resource->node)
		keep_as_file(c, p, there);
	return true;
}

/* Attachment.url */

static bool
made_by_this_request(const struct exchange *x, struct slice type, struct slice id)
{
	const struct exchange *outer = x->parent;

	for (uint32_t i = 0; outer != NULL && x->transaction != NULL && i < outer->entry_count; i++) {
		const struct exchange *e = outer->entries[i];

		if (e->type != NULL && slice_eq(e->type->name, type) && slice_eq(e->id, id)
		    && e->interaction != NULL && (e->interaction->verb & (PERMIT_CREATE | PERMIT_UPDATE)) != 0)
			return true;
	}
	return false;
}

/* Hidden and missing are one. */
static bool
visible_binary(struct exchange *x, struct slice id)
{
	const struct type *type = pack_resource(x->service->pack, SLICE("Binary"));
	struct outcome aside;
	struct stored s;

	if (made_by_this_request(x, SLICE("Binary"), id))
		return true;
	outcome_init(&aside, x->arena);
	return permit_allows(x->permit, type, PERMIT_READ)
	    && store_read(x->worker->reader, planted(72) ? authorization_house : x->permit, type, id, x->arena, &s, &aside) && !s.deleted;
}

static bool
listed_host(const struct exchange *x, struct slice url)
{
	const struct option_list *hosts = &x->service->options.attachments_url_hosts;
	struct slice scheme = SLICE("https://"), rest = slice_sub(url, scheme.len, url.len);
	struct slice host = slice_sub(rest, 0, slice_find(rest, '/'));

	for (size_t i = 0; slice_starts(url, scheme) && i < hosts->count; i++)
		if (slice_eq_nocase(hosts->at[i], host))
			return true;
	return false;
}

static bool
check_url(struct check *c, const struct content_place *p, struct slice url)
{
	struct slice base = c->x->service->base, rest = url, binary = SLICE("Binary/");

	if (slice_starts(rest, base) && rest.len > base.len && rest.ptr[base.len] == '/')
		rest = slice_sub(rest, base.len + 1, rest.len);
	if (slice_starts(rest, binary)) {
		rest = slice_sub(rest, binary.len, rest.len);
		if (visible_binary(c->x, slice_cut(&rest, '/')))
			return true;
	} else if (listed_host(c->x, url)) {
		return true;
	}
	return refuse(c, p, json_get(&c->resource->json, p->holder, SLICE("url")), FAULT_VALUE,
	    "url must name a Binary that is here, or a host that is listed");
}

static bool
check_place(void *ctx, const struct content_place *p)
{
	struct check *c = ctx;
	struct slice url = p->kind == PLACE_ATTACHMENT ? member(c, p, "url") : SLICE_NONE;

	if (url.len > 0 && !c->x->again && !check_url(c, p, url))
		return false;
	if (p->data == 0)
		return true;
	if (++c->count > c->x->service->limits->of[LIMIT_ATTACHMENTS])
		return refuse(c, p, 0, FAULT_STRUCTURE, "too many attachments");
	return check_data(c, p);
}

/* Edits */

static int
by_place(const void *a, const void *b)
{
	size_t left = ((const struct edit *)a)->at, right = ((const struct edit *)b)->at;

	return (left > right) - (left < right);
}

/* The resource anew, from its text with what was added. */
static bool
apply(struct check *c)
{
	struct exchange *x = c->x;
	const struct json *j = &c->resource->json;
	const struct json_node *whole = &j->nodes[c->resource->node];
	size_t copied = whole->at;
	struct buf b;

	if (c->edit_count == 0)
		return true;
	qsort(c->edits, c->edit_count, sizeof *c->edits, by_place);
	buf_init(&b, x->arena, SIZE_MAX);
	buf_reserve(&b, whole->len + c->edit_count * 96);
	for (uint32_t i = 0; i < c->edit_count; i++) {
		buf_add_bytes(&b, j->text.ptr + copied, c->edits[i].at - copied);
		buf_add(&b, c->edits[i].text);
		copied = c->edits[i].until;
	}
	buf_add_bytes(&b, j->text.ptr + copied, whole->at + whole->len - copied);
	c->resource->node = 0;
	x->places = NULL;               /* of the text as it came */
	return json_parse(buf_slice(&b), json_bounds(x->service->limits, true), x->arena,
	    &c->resource->json, &x->outcome);
}

/* A body that came as a stream was inspected on its way. */
static bool
check_upload(struct check *c)
{
	const struct content_place whole = { .kind = PLACE_BINARY, .path = SLICE("Binary") };
	struct uploaded *u = c->x->uploaded;

	if (u == NULL)
		return true;
	if (u->finding != PROBED_GOOD)
		return refuse(c, &whole, 0, FAULT_VALUE, probed_text(u->finding));
	if (!heed(c, &whole, &u->content))
		return false;
	if (u->file == NULL)
		return exchange_fail(c->x, FAULT_NO_STORE, "");
	c->x->file = u->file;
	return true;
}

static bool
walk(struct check *c)
{
	struct exchange *x = c->x;
	struct resource *r = c->resource;

	return content_walk(x->service->pack, r->type, &r->json, r->node, x->arena, check_place, c)
	    || (!x->outcome.failed && exchange_fail(x, FAULT_TOO_COMPLEX, ""));
}

/* What is in a file already is listed to be judged as of the type that the resource gives it. */
static bool
judge_again(struct check *c, const struct store_content *file)
{
	const struct content_place whole = { .kind = PLACE_BINARY, .holder = c->resource->node,
		.path = SLICE("Binary") };
	struct exchange *outer = outermost(c->x);
	struct content content = { .verdict = CONTENT_WAITING }, *there;
	struct kept_content *kept;

	memcpy(content.sha256, file->sha256, sizeof content.sha256);
	if (!find_type(c, &whole, &content.essence) || !heed(c, &whole, there = listed(c->x, &content)))
		return false;
	kept = arena_alloc(outer->arena, sizeof *kept);
	*kept = (struct kept_content){ there, (struct store_content *)(uintptr_t)file, true, outer->kept };
	outer->kept = kept;
	return true;
}

/* A patch leaves content where it is, and may call it something else. */
static bool
check_patched(struct check *c)
{
	struct exchange *x = c->x;
	struct json old;

	if (x->file == NULL || x->old == NULL || x->file != x->old->content)
		return true;
	if (!json_parse(x->old->body, json_bounds(x->service->limits, true), x->arena, &old, &x->outcome))
		return false;
	return json_is(&c->resource->json, json_get(&c->resource->json, c->resource->node, SLICE("contentType")),
	    json_string(&old, json_get(&old, 0, SLICE("contentType")), x->arena)) || judge_again(c, x->file);
}

static bool
attachments_in(struct exchange *x, struct resource *r)
{
	struct check c = { .x = x, .resource = r };

	return check_upload(&c) && walk(&c) && check_patched(&c) && apply(&c);
}

/* What was stored is judged anew: the content in the text, and that in a file. */
bool
attachments_again(struct exchange *x, struct resource *r, const struct store_content *file)
{
	struct check c = { .x = x, .resource = r };

	return walk(&c) && (file == NULL || judge_again(&c, file));
}

bool
attachments_waiting(const struct exchange *x)
{
	bool waiting = false;

	for (const struct content *c = x->contents; c != NULL; c = c->next)
		waiting |= c->verdict == CONTENT_WAITING;
	for (const struct kept_content *k = x->kept; k != NULL; k = k->next)
		waiting |= !k->file->written;
	return waiting && (x->commit != NULL || (x->again && !x->outcome.failed));
}

static bool
write_file(struct kept_content *k)
{
	struct store_content_writer *w;

	if (k->file->written)
		return true;
	w = store_content_write(k->file);
	store_content_add(w, k->from->bytes);
	if (store_content_end(w))
		return true;
	k->from->verdict = CONTENT_UNKEPT;
	return false;
}

static void
judge_file(struct exchange *x, struct kept_content *k)
{
	struct arena *scratch = arena_new(STORE_CHUNK * 3);
	struct inspection *n = inspection_begin(x->service->inspector, k->from->essence);
	int fd = store_content_open(k->file);
	struct slice chunk;
	uint64_t done = 0;
	enum probed finding;

	for (uint64_t i = 0; fd >= 0 && done < k->file->size
	    && store_content_chunk(k->file, fd, i, scratch, &chunk); i++) {
		inspection_add(n, chunk);
		done += chunk.len;
		arena_reset(scratch);
	}
	finding = inspection_end(n, k->from);
	if (finding != PROBED_GOOD && k->from->verdict == CONTENT_CLEAN)
		k->from->verdict = CONTENT_MISMATCH;
	if (done < k->file->size)
		k->from->verdict = CONTENT_UNKEPT;
	if (fd >= 0)
		close(fd);
	arena_free(scratch);
}

/* False when something was found out that the preparation did not know. */
static bool
judge_all(struct exchange *x)
{
	bool clean = true;

	for (struct kept_content *k = x->kept; k != NULL; k = k->next)
		if (k->again && k->from->verdict == CONTENT_WAITING) {
			judge_file(x, k);
			clean &= k->from->verdict == CONTENT_CLEAN;
		}
	for (struct content *c = x->contents; c != NULL; c = c->next)
		if (c->verdict == CONTENT_WAITING) {
			inspector_judge(x->service->inspector, c);
			clean &= c->verdict == CONTENT_CLEAN;
		}
	return clean;
}

bool
attachments_inspect(struct exchange *x)
{
	if (!judge_all(x))
		return false;
	for (struct kept_content *k = x->kept; k != NULL; k = k->next)
		if (!write_file(k))
			return false;
	return true;
}

static const struct {
	enum control_state state;
	const char *evidence;
} states[] = {
	[INSPECTOR_GOOD] = { CONTROL_ENFORCED, "clamd answers and its signatures are %" PRId64
	    " days old; libmagic answers from its sandbox" },
	[INSPECTOR_UNSCANNED] = { CONTROL_DEGRADED,
	    "attachments.scanner is none: content is typed, hashed and bounded, but not scanned" },
	[INSPECTOR_DOWN] = { CONTROL_FAILED, "clamd does not answer: content is refused with 503" },
	[INSPECTOR_OLD] = { CONTROL_FAILED, "clamd's signatures are older than attachments.signature_days, "
	    "or their age is not known: content is refused with 503" },
};

static void
attachments_status(const struct service *s, struct control_status *out)
{
	int64_t days;
	bool magic_works;
	enum inspector_state state = inspector_state(s->inspector, &days, &magic_works);

	out->state = states[state].state;
	snprintf(out->evidence, sizeof out->evidence, states[state].evidence, days);
	if (state == INSPECTOR_GOOD && s->options.attachments_signature_days == 0) {
		out->state = CONTROL_DEGRADED;
		snprintf(out->evidence, sizeof out->evidence,
		    "clamd answers; attachments.signature_days is 0: the age of its signatures is not asked for");
	}
	if (magic_works)
		return;
	out->state = CONTROL_FAILED;
	snprintf(out->evidence, sizeof out->evidence,
	    "the libmagic worker does not answer: content is refused with 503");
}

const struct control attachments_control = {
	.name             = "Attachments",
	.rule             = "content is typed, hashed, bounded and scanned before it is stored",
	.resource_in      = attachments_in,
	.status           = attachments_status,
	.refuse_when_down = true,
};
