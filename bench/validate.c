/* validate.c -- full validation of single resources, CPU time of one core.
 *
 *   validate PACK FILE.ndjson ...   one resource a line; prints, by type, how
 *   many, how many are valid, and the median and 90 % in microseconds */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "json/json.h"
#include "validate/validate.h"

#define SAMPLES_MAX 200000

struct samples {
	double   at[SAMPLES_MAX];
	int      count, valid;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
measure(const struct validator *v, struct slice line, struct samples *by_type)
{
	static const struct validation how = { .understand = true };
	struct arena *arena = arena_new(1 << 18);
	const struct type *type;
	struct samples *s;
	struct outcome o;
	struct json j;
	double begin;

	outcome_init(&o, arena);
	if (json_parse(line, json_bounds(&limits_default, false), arena, &j, &o)
	    && (type = pack_resource(validator_pack(v), json_string(&j, json_get(&j, 0,
	        SLICE("resourceType")), arena))) != NULL) {
		s = &by_type[type->number];
		begin = now();
		s->valid += validate_resource(v, &how, type, &j, 0, arena, &o);
		if (s->count < SAMPLES_MAX)
			s->at[s->count++] = now() - begin;
	}
	arena_free(arena);
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new(1 << 20);
	const struct validator *v;
	struct samples *by_type;
	struct outcome o;
	struct pack *pack;

	outcome_init(&o, arena);
	if (argc < 3 || (pack = pack_open(&env_real, argv[1], &o)) == NULL
	    || (v = validator_new(pack, &limits_default, &env_real, arena, &o)) == NULL)
		return fputs("usage: validate PACK FILE.ndjson...\n", stderr), 2;
	by_type = calloc(pack_type_count(pack), sizeof *by_type);
	for (int i = 2; by_type != NULL && i < argc; i++) {
		struct slice text;

		if (!env_read_file(&env_real, argv[i], (size_t)1 << 32, arena, &text))
			return fprintf(stderr, "%s cannot be read\n", argv[i]), 2;
		while (text.len > 0)
			measure(v, slice_cut(&text, '\n'), by_type);
	}
	for (uint32_t t = 0; by_type != NULL && t < pack_type_count(pack); t++) {
		struct samples *s = &by_type[t];

		if (s->count == 0)
			continue;
		qsort(s->at, (size_t)s->count, sizeof s->at[0], by_size);
		printf("%-28.*s %7d %7d valid %8.1f us median %8.1f us 90 %%\n",
		    SLICE_FMT(pack_type_at(pack, t)->name), s->count, s->valid, s->at[s->count / 2],
		    s->at[s->count * 9 / 10]);
	}
	free(by_type);
	pack_close(pack);
	arena_free(arena);
	return 0;
}
