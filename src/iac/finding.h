/* finding.h -- what a scan found, in one table that every report is written from.
 *
 * Order is fixed: by file, place, rule, check, resource.  Texts live in the arena of the
 * scan or of the rules. */
#ifndef IAC_FINDING_H
#define IAC_FINDING_H

#include "iac/rule.h"

enum finding_status { FINDING_FAIL, FINDING_UNKNOWN };

struct finding {
	const struct rule       *rule;
	const struct rule_check *check;
	enum finding_status      status;
	const struct resource   *resource;      /* NULL: the project as a whole */
	struct slice             address;       /* of the resource, or "project" */
	struct slice             attribute;     /* path, when it is about one */
	struct span              span;          /* what is wrong; source 0: nowhere */
	struct slice             message;
	const struct why        *why;           /* how the value came to be, or what is not known */
	const struct value      *fix;           /* map of path to value; NULL: none (see fix.h) */
	const struct value      *within;        /* the item its paths begin at; NULL: the resource */
	/* Of rule, file, resource and attribute, not of the line: survives edits elsewhere. */
	uint64_t                 fingerprint;
};

/* Something about the scan itself: a suppression that is not good. */
struct notice {
	struct span  span;
	const char  *message;
};

/* Found, and taken away: by a comment beside it, or by a baseline. */
struct taken {
	struct finding finding;
	bool           in_source;
	struct slice   reason;                  /* empty: none is written */
};

/* How often each rule was asked, and what came out. */
struct tally {
	uint32_t passed, failed, unknown, taken;
};

struct findings {
	const struct rules   *rules;
	const struct project *project;
	struct finding       *list;
	uint32_t              count, room;
	struct tally         *by_rule;          /* index: that of the rule */
	struct tally         *all;              /* what was found before some was left out; NULL: nothing was */
	struct notice        *notices;
	uint32_t              notice_count, notice_room;
	struct taken         *taken;
	uint32_t              suppressed, taken_room;   /* how many were taken away */
	uint32_t              files;            /* read */
};

void            findings_init(struct findings *, const struct rules *, const struct project *);
struct finding *findings_add(struct findings *);
/* Sorted, each once, with fingerprints. */
void            findings_finish(struct findings *);
void            findings_notice(struct findings *, struct span, const char *message);
/* Before a finding is removed from the list: its rule is as if it had passed. */
void            findings_take_away(struct findings *, const struct finding *, bool in_source, struct slice reason);

/* Leaves only findings of these sources, and these of the list (by index); the tally of the controls stays that
 * of all. */
void            findings_narrow(struct findings *, const bool *sources, const bool *also);

/* Rules of a control, by their worst answer. */
struct tally    findings_control(const struct findings *, uint32_t control);

#endif
