/* Bytes as a file among others, under all rules: the first byte names the file, 'R' makes them a
 * file of rules.  Comments that suppress, fixes and reports are part of it. */
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/env.h"
#include "iac/report.h"
#include "iac/scan.h"
#include "iac/suppress.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char *const names[] = { "none/main.tf", "none/x.yaml", "none/template.json", "none/Dockerfile",
	"none/compose.yaml", "none/playbook.yml", "none/user-data", "none/main.bicep" };

/* The rules of the binary, read once. */
static struct rules *
rules(void)
{
	static struct rules all;

	if (all.project.arena == NULL)
		rules_init(&all, arena_new(1 << 20), &env_real, false);
	return &all;
}

static void
read_rules(struct arena *arena, struct slice text)
{
	struct rules own = { 0 };

	project_init(&own.project, arena, &env_real);
	own.settings = &value_null;
	project_add_source(&own.project, SLICE(""), SLICE(""));
	rules_add(&own, SLICE("x.hcl"), text);
	rules_need_all(&own);
}

static void
scan_text(struct arena *arena, const char *name, struct slice text)
{
	struct scan s;
	struct buf b;

	scan_init(&s, rules(), arena);
	scan_add_text(&s, slice_of(name), text);
	scan_run(&s, NULL);
	suppress_by_comments(&s.findings, 20000);
	for (size_t i = 0; i < report_format_count; i++) {
		buf_init(&b, arena, SIZE_MAX);
		report_write(&report_formats[i], &s.findings, &(struct report_options){ .version = "0" }, &b);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *arena = arena_new(1 << 16);

	if (n > 1 && bytes[0] == 'R')
		read_rules(arena, slice_make(bytes + 1, n - 1));
	else if (n > 1)
		scan_text(arena, names[bytes[0] % COUNT_OF(names)], slice_make(bytes + 1, n - 1));
	arena_free(arena);
	return 0;
}
