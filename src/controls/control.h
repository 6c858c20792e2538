/* control.h -- the eleven controls of the FHIR security page, and the one way
 * through them.
 *
 * The table in control.c is an onion.  Going in, rows run from the top down;
 * coming out, from the bottom up.  So what is checked last on the way in is
 * applied first on the way out, and time and audit enclose everything else,
 * refusals included.
 *
 * A hook returns true to go on.  To stop, it returns exchange_fail(...).  A
 * NULL hook means that the control has nothing to say in that phase. */
#ifndef CONTROLS_CONTROL_H
#define CONTROLS_CONTROL_H

#include <stdbool.h>

#include "base/attr.h"

struct buf;
struct exchange;
struct resource;
struct service;
struct stored;

enum control_state { CONTROL_ENFORCED, CONTROL_DEGRADED, CONTROL_FAILED, CONTROL_NOT_BUILT };

struct control_status {
	enum control_state state;
	char evidence[240];             /* for operators: what was looked at */
};

struct control {
	const char *name;               /* as the FHIR security page names it */
	const char *rule;               /* what is enforced, in one line */

	bool (*request)(struct exchange *);                     /* head read, body not */
	bool (*resource_in)(struct exchange *, struct resource *);      /* before the store */
	bool (*resource_out)(struct exchange *, struct stored *);       /* each that leaves */
	bool (*response)(struct exchange *);                    /* nothing sent yet */
	void (*status)(const struct service *, struct control_status *);
	bool refuse_when_down;          /* state FAILED: what it guards is refused with 503,
	                         * and the server says that it is not ready */
};

extern const struct control *const controls[];
extern const int controls_count;        /* eleven */

MUST_USE bool controls_request(struct exchange *);
MUST_USE bool controls_in(struct exchange *, struct resource *);
MUST_USE bool controls_out(struct exchange *, struct stored *);
MUST_USE bool controls_response(struct exchange *);     /* every row runs, whatever failed */

/* Does none of those that refuse when they are down fail now? */
bool controls_open(const struct service *);
void control_state_of(const struct control *, const struct service *, struct control_status *);
const char *control_state_name(enum control_state);

#endif
