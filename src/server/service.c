/* service.c -- opening and closing what a data directory holds; see server.h.
 *
 * Parts are opened in the order in which they lean on each other, and each is
 * registered with the arena, so that closing is one arena_free() and runs in
 * the opposite order, whether all parts were opened or the third one failed. */
#include "exchange/service.h"

#include <stdio.h>

#include "attachment/inspect.h"
#include "audit/audit.h"
#include "base/arena.h"
#include "base/env.h"
#include "base/log.h"
#include "base/outcome.h"
#include "controls/authentication.h"
#include "crypto/keeper.h"
#include "exchange/exchange.h"
#include "fhir/pack.h"
#include "fhir/package_store.h"
#include "oauth/registry.h"
#include "rest/rest.h"
#include "search/ucum.h"
#include "server/server.h"
#include "store/store.h"
#include "validate/validate.h"

static void close_keeper(void *p)   { keeper_close(p); }
static void close_pack(void *p)     { pack_close(p); }
static void close_audit(void *p)    { audit_close(p); }
static void close_store(void *p)    { store_close(p); }
static void close_registry(void *p) { registry_close(p); }
static void free_inspector(void *p) { inspector_free(p); }

static char *
path_in(struct service *s, const char *name)
{
	char *path = arena_alloc(s->arena, strlen(s->dir) + strlen(name) + 2);

	sprintf(path, "%s/%s", s->dir, name);
	return path;
}

static bool
open_options(struct service *s, struct outcome *o)
{
	struct slice base, scheme = SLICE("https://");
	size_t slash;

	if (!options_load(s->env, path_in(s, "firebreak.yaml"), s->arena, &s->options, o))
		return false;
	s->limits = &s->options.limits;
	base = s->options.server_base_url;
	while (base.len > 0 && base.ptr[base.len - 1] == '/')
		base.len--;
	if (!slice_starts(base, scheme))
		return outcome_fail_at_once(o, FAULT_INVALID, "server.base_url must begin with https://");
	slash = slice_find(slice_sub(base, scheme.len, base.len), '/') + scheme.len;
	s->base = base;
	s->base_path = slice_sub(base, slash, base.len);
	s->issuer = slice_sub(base, 0, slash);
	return s->base_path.len > 0
	    || outcome_fail_at_once(o, FAULT_INVALID, "server.base_url needs a path such as /fhir");
}

static bool
open_keys(struct service *s, struct outcome *o)
{
	s->keeper = keeper_open(s->env, s->dir, o);
	if (s->keeper == NULL)
		return false;
	arena_defer(s->arena, close_keeper, s->keeper);
	keeper_derive(s->keeper, SLICE("cursor"), s->cursor_key);
	return true;
}

static bool
open_pack(struct service *s, const char *path, struct outcome *o)
{
	s->pack = pack_open(s->env, path, o);
	if (s->pack == NULL)
		return false;
	arena_defer(s->arena, close_pack, s->pack);
	if (!package_store_load(s->pack, s->env, s->dir, s->arena, o))
		return false;
	s->validator = validator_new(s->pack, s->limits, s->env, s->arena, o);
	if (s->validator != NULL)
		validator_use_units(s->validator, ucum_canonical);
	return s->validator != NULL && validator_impose(s->validator, s->options.validation_profiles.at,
	    s->options.validation_profiles.count, o);
}

static bool
open_audit(struct service *s, struct outcome *o)
{
	char *origin = slice_cstr(slice_sub(s->issuer, 8, s->issuer.len), s->arena);

	s->audit = audit_open(s->env, s->keeper, s->dir, origin, o);
	if (s->audit == NULL)
		return false;
	arena_defer(s->arena, close_audit, s->audit);
	return true;
}

static bool
open_store(struct service *s, struct outcome *o)
{
	struct store_config config = {
		.env = s->env, .limits = s->limits, .keeper = s->keeper, .pack = s->pack,
		.audit = s->audit, .path = s->dir, .no_sync = s->options.store_sync_normal,
		.reindex = s->reindexing,
	};

	s->store = store_open(slice_cstr(s->options.store_kind, s->arena), &config, o);
	if (s->store == NULL)
		return false;
	arena_defer(s->arena, close_store, s->store);
	return true;
}

static bool
open_registry(struct service *s, struct outcome *o)
{
	s->registry = registry_open(s->env, s->dir, o);
	if (s->registry == NULL)
		return false;
	arena_defer(s->arena, close_registry, s->registry);
	return true;
}

static bool
open_inspector(struct service *s, struct outcome *o)
{
	struct inspector_config config = {
		.env = s->env, .limits = s->limits, .scanner = s->options.attachments_scanner,
		.signature_days = s->options.attachments_signature_days,
	};

	s->inspector = inspector_new(&config, o);
	if (s->inspector == NULL)
		return false;
	arena_defer(s->arena, free_inspector, s->inspector);
	return true;
}

static bool
open_parts(struct service *s, const char *pack_path, struct outcome *o)
{
	return open_options(s, o) && open_keys(s, o) && open_pack(s, pack_path, o)
	    && open_audit(s, o) && open_store(s, o) && open_registry(s, o)
	    && open_inspector(s, o)
	    && (s->documents = documents_new(s->arena)) != NULL
	    && rest_terminology_capabilities(s, s->arena, &s->terminology_capabilities);
}

static struct service *
open_service(const struct env *env, const char *dir, const char *pack_path, bool reindexing,
    struct outcome *o)
{
	struct arena *arena = arena_new(64 * 1024);
	struct service *s = arena_alloc(arena, sizeof *s);

	s->arena = arena;
	s->env = env;
	s->dir = dir;
	s->reindexing = reindexing;
	if (open_parts(s, pack_path, o))
		return s;
	arena_free(arena);
	return NULL;
}

struct service *
service_open(const struct env *env, const char *dir, const char *pack_path, struct outcome *o)
{
	return open_service(env, dir, pack_path, false, o);
}

struct service *
service_open_to_reindex(const struct env *env, const char *dir, const char *pack_path,
    struct outcome *o)
{
	return open_service(env, dir, pack_path, true, o);
}

void
service_close(struct service *s)
{
	if (s != NULL)
		arena_free(s->arena);
}

bool
worker_open(struct worker *w, const struct service *s, struct outcome *o)
{
	w->service = s;
	w->tokens = token_cache_new();
	w->reader = store_reader_open(s->store, o);
	if (w->reader != NULL)
		return true;
	token_cache_free(w->tokens);
	return false;
}

void
worker_close(struct worker *w)
{
	store_reader_close(w->reader);
	token_cache_free(w->tokens);
}
