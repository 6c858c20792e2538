/* replay.c -- see replay.h.  What is kept: status, location, etag and last-modified as lines, an
 * empty line, and of a transaction its response Bundle without resources. */
#include "rest/replay.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/plant.h"
#include "controls/control.h"
#include "crypto/digest.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/principal.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/bundle.h"
#include "rest/write.h"

static struct slice
name_of(const struct exchange *x)
{
	struct slice key = exchange_header(x, "idempotency-key");

	return key.len > 0 ? key : exchange_header(x, "x-request-id");
}

static bool
writes(const struct exchange *x)
{
	return x->interaction != NULL && !x->interaction->open
	    && (x->interaction->body == BODY_BUNDLE
	    || (x->interaction->verb & (PERMIT_CREATE | PERMIT_UPDATE | PERMIT_DELETE)) != 0);
}

static void
add_part(struct buf *b, struct slice part)
{
	uint64_t len = part.len;

	buf_add_bytes(b, &len, sizeof len);
	buf_add(b, part);
}

/* Caller, name, and everything that decides what the request means. */
static void
key_of_request(struct exchange *x, uint8_t key[STORE_REPLAY_KEY])
{
	static const char *const headers[] = {
		"content-type", "if-match", "if-none-match", "if-none-exist", "x-security-context",
	};
	uint8_t content[SHA256_BYTES];
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	if (!planted(26))
		exchange_write_binding(x, &b);
	add_part(&b, name_of(x));
	add_part(&b, x->method);
	add_part(&b, x->path);
	add_part(&b, x->query);
	for (size_t i = 0; i < COUNT_OF(headers); i++)
		add_part(&b, exchange_header(x, headers[i]));
	sha256_one(x->content, content);
	buf_add_bytes(&b, x->uploaded == NULL ? content : x->uploaded->content.sha256, sizeof content);
	sha256_one(buf_slice(&b), key);
}

static void
key_of_entry(struct exchange *x, uint8_t key[STORE_REPLAY_KEY])
{
	struct slice parts[2];
	uint64_t i = 0;

	while (x->parent->entries[i] != x)
		i++;
	parts[0] = slice_make(x->parent->replay->key, STORE_REPLAY_KEY);
	parts[1] = slice_make(&i, sizeof i);
	sha256(parts, COUNT_OF(parts), key);
}

static bool
has_key(struct exchange *x)
{
	struct store_replay *r = x->replay;

	if (r != NULL)
		return true;
	if (x->who == NULL || !writes(x)
	    || (x->parent != NULL ? !has_key(x->parent) : name_of(x).len == 0))
		return false;
	r = arena_alloc(x->arena, sizeof *r);
	if (x->parent != NULL)
		key_of_entry(x, r->key);
	else
		key_of_request(x, r->key);
	r->at = x->received;
	x->replay = r;
	return true;
}

bool
replay_find(struct exchange *x)
{
	return has_key(x) && store_replayed(x->worker->reader, x->replay->key, x->received, x->arena,
	    &x->replay->answer);
}

/* Keeping */

static const char *const kept[] = { "location", "etag", "last-modified" };

struct store_replay *
replay_keep(struct exchange *x)
{
	struct store_replay *r;
	struct buf b;

	if (!has_key(x))
		return NULL;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "%d\n", x->status);
	for (size_t i = 0; i < x->out_count; i++)
		for (size_t k = 0; k < COUNT_OF(kept); k++)
			if (slice_is(x->out[i].name, kept[k]))
				buf_printf(&b, "%s %.*s\n", kept[k], SLICE_FMT(x->out[i].value));
	buf_add_char(&b, '\n');
	if (x->interaction->body == BODY_BUNDLE)
		buf_add(&b, bundle_outcome_text(x));
	r = arena_alloc(x->arena, sizeof *r);
	*r = *x->replay;                /* sealing replaces the answer: the key is asked again */
	r->answer = buf_slice(&b);
	return r;
}

/* Answering */

static void
read_header(struct exchange *x, struct slice line)
{
	struct slice name = slice_cut(&line, ' ');

	for (size_t k = 0; k < COUNT_OF(kept); k++)
		if (slice_is(name, kept[k]))
			exchange_add_header(x, kept[k], line);
}

static struct slice
location(const struct exchange *x)
{
	for (size_t i = 0; i < x->out_count; i++)
		if (slice_is(x->out[i].name, "location"))
			return x->out[i].value;
	return SLICE_NONE;
}

/* "[base]/Patient/1/_history/2": the version that was written, when it may still be seen. */
static bool
answer_version(struct exchange *x)
{
	struct slice rest = location(x), type, id;
	struct outcome aside;
	struct stored s;

	rest = slice_sub(rest, x->service->base.len + 1, rest.len);
	type = slice_cut(&rest, '/');
	id = slice_cut(&rest, '/');
	if (x->type == NULL || !slice_eq(type, x->type->name))
		return true;
	slice_cut(&rest, '/');
	x->id = id;
	outcome_init(&aside, x->arena);
	if (!store_vread(x->worker->reader, x->permit, x->type, id, rest, x->arena, &s, &aside)
	    || s.deleted)
		return true;
	answer_note_patient(x, s.compartment);
	if (!controls_out(x, &s))
		return false;
	write_answer(x, s.body);
	return true;
}

bool
replay_answer(struct exchange *x)
{
	struct slice rest = x->replay->answer, line = slice_cut(&rest, '\n');
	uint64_t status = 500;

	slice_uint(line, &status);
	x->status = (int)status;
	while ((line = slice_cut(&rest, '\n')).len > 0)
		read_header(x, line);
	if (rest.len > 0) {
		answer_bytes(x, x->status, rest);
		return true;
	}
	return location(x).len == 0 || answer_version(x);
}
