/* common.c -- see common.h. */
#include "cmd/common.h"

#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "server/server.h"

static const char *const pack_places[] = { "fhir-r4.pack", "../share/firebreak/fhir-r4.pack" };

bool
command_pack_path(const char *given, char *out, size_t n)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (given != NULL)
		return (size_t)snprintf(out, n, "%s", given) < n && access(out, R_OK) == 0;
	if (len <= 0)
		return false;
	self[len] = '\0';
	if ((slash = strrchr(self, '/')) == NULL)
		return false;
	slash[1] = '\0';
	for (size_t i = 0; i < COUNT_OF(pack_places); i++)
		if ((size_t)snprintf(out, n, "%s%s", self, pack_places[i]) < n && access(out, R_OK) == 0)
			return true;
	return false;
}

int
command_fail(const struct outcome *o, const char *command)
{
	struct buf b;

	buf_init(&b, o->arena, 1 << 20);
	outcome_text(o, NULL, &b);
	fprintf(stderr, "firebreak %s: %.*s", command, SLICE_FMT(buf_slice(&b)));
	return EXIT_CANNOT;
}

int
command_usage(const char *command, const char *text)
{
	fprintf(stderr, "firebreak %s: %s\n", command, text);
	return EXIT_CANNOT;
}

struct service *
command_service(const char *command, const char *dir, const char *pack, struct arena *arena)
{
	char *path = arena_alloc(arena, 4096);
	struct outcome o;
	struct service *s;

	outcome_init(&o, arena);
	if (!command_pack_path(pack, path, 4096)) {
		command_usage(command, "the definitions pack is not there; see firebreak pack --help");
		return NULL;
	}
	if ((s = service_open(&env_real, dir, path, &o)) == NULL)
		command_fail(&o, command);
	return s;
}
