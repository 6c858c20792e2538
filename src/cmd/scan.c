/* scan.c -- firebreak scan: Infrastructure as Code against the eleven controls. */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "cmd/common.h"
#include "cmd/scan_changed.h"
#include "cmd/scan_fix.h"
#include "iac/given.h"
#include "iac/report.h"
#include "iac/scan.h"
#include "iac/suppress.h"

enum { EXIT_UNPARSED = 3, RULE_BYTES = 4 << 20, BASELINE_BYTES = 16 << 20 };

static const char usage[] =
    "usage: firebreak scan [OPTIONS] PATH...\n"
    "\n"
    "Reads Terraform, CloudFormation, Kubernetes, Compose, Dockerfiles and ARM templates\n"
    "below the paths and reports what does not meet the eleven controls.\n"
    "\n"
    "  --format NAME       text (the default), json, sarif, junit, gitlab, markdown or\n"
    "                      html\n"
    "  --controls          only the eleven controls\n"
    "  --fail-on SEVERITY  low, medium, high (the default) or critical: from where on\n"
    "                      findings make exit 1\n"
    "  --rules DIR         also the rules in the .hcl files of this directory\n"
    "  --config FILE       settings, else firebreak-scan.hcl of the first path\n"
    "  --var NAME=VALUE    the value of a variable of Terraform's root modules\n"
    "  --var-file FILE     the values of several; of --var and --var-file the last wins\n"
    "  --terraform-environment\n"
    "                      also those of TF_VAR_NAME, below all files\n"
    "  --parameters FILE   values of parameters of CloudFormation or ARM templates\n"
    "  --changed[=COMMIT]  report only files that differ from this commit (else HEAD) or are\n"
    "                      new to git, and what that caused in others; everything is read\n"
    "  --fix               mend in the files what is mechanical, then scan again: a file in which\n"
    "                      that did not help is put back; what is left is reported\n"
    "  --baseline FILE     leave out what this file holds\n"
    "  --write-baseline FILE\n"
    "                      write what was found as a baseline, exit 0\n"
    "  --list              all rules: id, severity, control, title, separated by tabs\n"
    "  --explain ID        what a rule is about\n"
    "  --self-test [ID]    run the examples of all rules, or of one\n"
    "\n"
    "Exit: 0 nothing found; 1 findings at or above the threshold; 2 wrong use; 3 a file\n"
    "cannot be parsed (the rest is reported).\n";

/* What was given for variables and parameters, in its order. */
struct gift {
	bool      (*add)(struct given *, struct slice);
	const char *text;
};

struct request {
	const char *format, *rules, *explain, *config, *baseline, *write_baseline, *changed;
	bool        controls, self_test, list, fix, environment;
	struct gift *gifts;
	uint32_t    gift_count;
	struct given given;
	enum severity threshold;
	bool        threshold_given;
};

/* ---- rules ---- */

static int
ends_in_hcl(const struct dirent *d)
{
	return slice_ends(slice_of(d->d_name), SLICE(".hcl"));
}

static bool
add_rules(struct rules *rules, const char *directory)
{
	struct dirent **names;
	int n = scandir(directory, &names, ends_in_hcl, alphasort);
	struct arena *arena = rules->project.arena;
	struct slice text;

	for (int i = 0; i < n; i++) {
		char *path = arena_alloc(arena, strlen(directory) + strlen(names[i]->d_name) + 2);

		sprintf(path, "%s/%s", directory, names[i]->d_name);
		free(names[i]);
		if (!env_read_file(&env_real, path, RULE_BYTES, arena, &text))
			return false;
		rules_add(rules, slice_of(path), text);
	}
	if (n >= 0)
		free(names);
	return n >= 0;
}

/* Whether all sources could be read: rules, or what was given. */
static bool
check(const struct project *p)
{
	for (uint32_t i = 0; i < p->problem_count; i++)
		fprintf(stderr, "%.*s:%u:%u: %.*s\n", SLICE_FMT(p->sources[p->problems[i].span.source].path),
		    p->problems[i].span.line, p->problems[i].span.column, SLICE_FMT(p->problems[i].message));
	return p->problem_count == 0;
}

static int
explain(struct rules *rules, const char *id)
{
	struct rule *r = rules_find(rules, slice_of(id));
	uint32_t i;

	if (r == NULL)
		return command_usage("scan", "there is no rule with this id");
	rules_need(rules, r);
	if (!check(&rules->project))
		return EXIT_CANNOT;
	printf("%.*s  %.*s\ncontrol:  %s\nseverity: %s\n", SLICE_FMT(r->id), SLICE_FMT(r->title),
	    scan_controls[r->control].title, severity_names[r->severity]);
	for (i = 0; i < r->cites->count; i++)
		printf("cites:    %.*s\n", SLICE_FMT(r->cites->items[i]->text));
	for (i = 0; i < r->check_count; i++)
		printf("check:    %.*s\n", SLICE_FMT(r->checks[i].id));
	if (r->advice.len > 0)
		printf("\n%.*s\n", SLICE_FMT(r->advice));
	for (i = 0; i < r->example_count; i++)
		printf("\n%s, %.*s:\n\n%.*s", r->examples[i].kind == EXAMPLE_FAIL ? "fails"
		    : r->examples[i].kind == EXAMPLE_PASS ? "passes" : "cannot be told",
		    SLICE_FMT(r->examples[i].language), SLICE_FMT(r->examples[i].text));
	return EXIT_OK;
}

static int
list(struct rules *rules)
{
	rules_need_all(rules);
	if (!check(&rules->project))
		return EXIT_CANNOT;
	for (uint32_t i = 0; i < rules->rule_count; i++)
		printf("%.*s\t%s\t%s\t%.*s\n", SLICE_FMT(rules->rules[i].id),
		    severity_names[rules->rules[i].severity], scan_controls[rules->rules[i].control].key,
		    SLICE_FMT(rules->rules[i].title));
	return EXIT_OK;
}

static int
self_test(struct rules *rules, const char *id)
{
	const struct rule *only = id == NULL ? NULL : rules_find(rules, slice_of(id));
	uint32_t run, bad;

	if (id != NULL && only == NULL)
		return command_usage("scan", "there is no rule with this id");
	rules_need_all(rules);
	if (!check(&rules->project))
		return EXIT_CANNOT;
	bad = scan_self_test(rules, only, &run);
	printf("%u passed, %u failed\n", run - bad, bad);
	return bad > 0 ? EXIT_NEGATIVE : EXIT_OK;
}

/* ---- scanning ---- */

static int
exit_code(const struct request *q, const struct findings *f)
{
	if (f->project->problem_count > 0)
		return EXIT_UNPARSED;
	for (uint32_t i = 0; i < f->count; i++)
		if (f->list[i].status == FINDING_FAIL && f->list[i].rule->severity >= q->threshold)
			return EXIT_NEGATIVE;
	return EXIT_OK;
}

static bool
read_severity(const char *name, enum severity *out)
{
	for (int i = 0; i < 4; i++)
		if (strcmp(severity_names[i], name) == 0) {
			*out = (enum severity)i;
			return true;
		}
	return false;
}

/* Settings that the command line does not give. */
static void
settle(struct request *q, const struct rules *rules)
{
	const struct value *threshold = value_path(rules->settings, "fail_on");
	const struct value *baseline = value_path(rules->settings, "baseline");

	if (!q->threshold_given && threshold->kind == VALUE_STRING)
		read_severity(slice_cstr(threshold->text, rules->project.arena), &q->threshold);
	if (q->baseline == NULL && q->write_baseline == NULL && baseline->kind == VALUE_STRING)
		q->baseline = slice_cstr(baseline->text, rules->project.arena);
}

static bool
suppress(const struct request *q, struct scan *s)
{
	struct slice text;

	suppress_by_comments(&s->findings, env_wall(&env_real) / 86400000);
	if (q->baseline == NULL)
		return true;
	return env_read_file(&env_real, q->baseline, BASELINE_BYTES, s->arena, &text)
	    && suppress_by_baseline(&s->findings, text);
}

static int
write_baseline(const char *path, const struct scan *s)
{
	struct buf b;

	buf_init(&b, s->arena, SIZE_MAX);
	baseline_write(&s->findings, &b);
	return env_write_file(&env_real, path, buf_slice(&b), 0644) ? EXIT_OK
	    : command_usage("scan", "the baseline cannot be written");
}

/* Reads and judges what is below the paths; NULL, or what is wrong with the request. */
static const char *
look(const struct request *q, struct scan *s, struct rules *rules, char **paths, struct arena *arena)
{
	scan_init(s, rules, arena);
	s->given = &q->given;
	for (int i = 0; paths[i] != NULL; i++)
		if (!scan_add_path(s, paths[i]))
			return "a path is not there";
	scan_run(s, NULL);
	if (!suppress(q, s))
		return "the baseline cannot be read";
	if (q->changed != NULL && !scan_changed(s, paths, q->changed))
		return "git does not know the paths or the commit, or there is no room for its tree";
	return NULL;
}

/* Mends, looks again, puts back what did not help, and looks a last time. */
static const char *
mend(const struct request *q, struct scan *s, struct rules *rules, char **paths, struct arena *arena)
{
	struct scan_fixes fixes;
	const char *wrong;

	if (!scan_fixes_make(&fixes, s, arena))
		return "a file cannot be written";
	if (fixes.file_count == 0)
		return NULL;
	if ((wrong = look(q, s, rules, paths, arena)) != NULL)
		return wrong;
	if (!scan_fixes_judge(&fixes, s))
		return "a file cannot be put back";
	fprintf(stderr, "mended: %u findings in %u files; put back: %u files\n", fixes.mended_count,
	    fixes.file_count, fixes.put_back);
	return fixes.put_back == 0 ? NULL : look(q, s, rules, paths, arena);
}

static int
scan_paths(const struct request *q, struct rules *rules, char **paths, struct arena *arena)
{
	const struct report_format *format = report_format(q->format);
	const char *wrong;
	struct report_options options = { .colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL,
		.only_controls = q->controls, .version = VERSION, .now = env_wall(&env_real) };
	struct scan s;
	struct buf b;

	if (format == NULL)
		return command_usage("scan", "there is no such format");
	if ((wrong = look(q, &s, rules, paths, arena)) != NULL
	    || (q->fix && (wrong = mend(q, &s, rules, paths, arena)) != NULL))
		return command_usage("scan", wrong);
	if (!check(&rules->project))
		return EXIT_CANNOT;
	if (q->write_baseline != NULL)
		return write_baseline(q->write_baseline, &s);
	buf_init(&b, arena, SIZE_MAX);
	report_write(format, &s.findings, &options, &b);
	fwrite(b.ptr, 1, b.len, stdout);
	return exit_code(q, &s.findings);
}

/* The settings that are given, or those that lie in the first path. */
static bool
configure(const struct request *q, struct rules *rules, const char *path)
{
	struct arena *arena = rules->project.arena;
	const char *name = q->config;
	struct slice text;
	char *own;

	if (name == NULL && path != NULL) {
		own = arena_alloc(arena, strlen(path) + 32);
		sprintf(own, "%s/firebreak-scan.hcl", path);
		if (access(own, F_OK) != 0)
			return true;
		name = own;
	}
	if (name == NULL)
		return true;
	if (!env_read_file(&env_real, name, RULE_BYTES, arena, &text))
		return false;
	rules_configure(rules, slice_of(name), text);
	return true;
}

/* The settings first, then the command line in its order; NULL, or what is wrong. */
static const char *
take_given(struct request *q, const struct rules *rules)
{
	given_init(&q->given, rules->project.arena, &env_real);
	if (q->environment)
		given_environment(&q->given, environ);
	if (!given_settings(&q->given, rules->settings, environ))
		return "a file of values in the settings cannot be read";
	for (uint32_t i = 0; i < q->gift_count; i++)
		if (!q->gifts[i].add(&q->given, slice_of(q->gifts[i].text)))
			return q->gifts[i].add == given_variable ? "--var takes NAME=VALUE" : "a file of values cannot be read";
	return NULL;
}

static int
act(struct request *q, char **rest, struct arena *arena)
{
	const struct value *directory;
	struct rules rules;
	const char *wrong;

	rules_init(&rules, arena, &env_real, q->self_test || q->explain != NULL);
	if (!configure(q, &rules, q->self_test ? NULL : rest[0]))
		return command_usage("scan", "the settings cannot be read");
	directory = value_path(rules.settings, "rules");
	if (q->rules == NULL && directory->kind == VALUE_STRING)
		q->rules = slice_cstr(directory->text, arena);
	if (q->rules != NULL && !add_rules(&rules, q->rules))
		return command_usage("scan", "the directory of rules cannot be read");
	if (!check(&rules.project))
		return EXIT_CANNOT;
	settle(q, &rules);
	if (q->explain != NULL)
		return explain(&rules, q->explain);
	if (q->list)
		return list(&rules);
	if (q->self_test)
		return self_test(&rules, rest[0]);
	if (rest[0] == NULL)
		return fputs(usage, stderr), EXIT_CANNOT;
	if ((wrong = take_given(q, &rules)) != NULL)
		return command_usage("scan", wrong);
	if (!check(&q->given.project))
		return EXIT_CANNOT;
	return scan_paths(q, &rules, rest, arena);
}

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' },   { "controls", no_argument, NULL, 'c' },
	{ "fail-on", required_argument, NULL, 'o' },  { "rules", required_argument, NULL, 'r' },
	{ "config", required_argument, NULL, 'C' },   { "baseline", required_argument, NULL, 'b' },
	{ "write-baseline", required_argument, NULL, 'w' },
	{ "explain", required_argument, NULL, 'e' },  { "self-test", no_argument, NULL, 's' },
	{ "changed", optional_argument, NULL, 'g' },  { "fix", no_argument, NULL, 'F' },
	{ "var", required_argument, NULL, 'v' },      { "var-file", required_argument, NULL, 'V' },
	{ "parameters", required_argument, NULL, 'p' },
	{ "terraform-environment", no_argument, NULL, 'E' },
	{ "list", no_argument, NULL, 'l' },           { "help", no_argument, NULL, 'h' },           { 0 },
};

static void
give(struct request *q, bool (*add)(struct given *, struct slice))
{
	q->gifts[q->gift_count++] = (struct gift){ add, optarg };
}

/* -1 to go on, or the code to end with. */
static int
read_options(struct request *q, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'f': q->format = optarg; break;
		case 'c': q->controls = true; break;
		case 'r': q->rules = optarg; break;
		case 'e': q->explain = optarg; break;
		case 'C': q->config = optarg; break;
		case 'b': q->baseline = optarg; break;
		case 'w': q->write_baseline = optarg; break;
		case 'g': q->changed = optarg != NULL ? optarg : "HEAD"; break;
		case 'F': q->fix = true; break;
		case 'v': give(q, given_variable); break;
		case 'V': give(q, given_variable_file); break;
		case 'p': give(q, given_parameter_file); break;
		case 'E': q->environment = true; break;
		case 's': q->self_test = true; break;
		case 'l': q->list = true; break;
		case 'o':
			q->threshold_given = true;
			if (read_severity(optarg, &q->threshold))
				break;
			return command_usage("scan", "--fail-on takes low, medium, high or critical");
		case 'h': return fputs(usage, stdout), EXIT_OK;
		default: return fputs(usage, stderr), EXIT_CANNOT;
		}
	return -1;
}

int
cmd_scan(int argc, char **argv)
{
	struct arena *arena = arena_new(1 << 20);
	struct request q = { .format = "text", .threshold = SEVERITY_HIGH,
		.gifts = arena_array(arena, (size_t)argc, sizeof *q.gifts) };
	int code = read_options(&q, argc, argv);

	if (code < 0)
		code = act(&q, argv + optind, arena);
	arena_free(arena);
	return code;
}
