/* time.c -- Time Keeping: no patient data while the clock cannot be trusted.
 *
 * Promises, checked by number in controls_test.c:
 *  (1) With an unsynchronised clock, or one whose error bound is over
 *      clock.max_error_ms, FHIR data is refused with 503 and Retry-After.
 *  (2) A request whose Date header is further than clock.peer_skew from our
 *      clock is refused: its sender's clock is wrong, or it is a replay.
 *  (3) Every response carries Date. */
#include "controls/control.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/instant.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"

static bool
attested(const struct service *s)
{
	return slice_is(s->options.clock_mode, "attested");
}

static void
time_status(const struct service *s, struct control_status *out)
{
	int64_t error = s->env->clock_error(s->env);
	int64_t allowed = s->options.clock_max_error_ms * 1000;

	if (attested(s)) {
		out->state = CONTROL_DEGRADED;
		snprintf(out->evidence, sizeof out->evidence,
		    "clock.mode is attested: the operator vouches for the clock");
	} else if (error < 0) {
		out->state = CONTROL_FAILED;
		snprintf(out->evidence, sizeof out->evidence,
		    "the kernel says that the clock is not synchronised");
	} else {
		out->state = error > allowed ? CONTROL_FAILED : CONTROL_ENFORCED;
		snprintf(out->evidence, sizeof out->evidence,
		    "synchronised, error bound %" PRId64 " us of %" PRId64 " us allowed", error, allowed);
	}
}

static bool
clock_trusted(const struct service *s)
{
	int64_t error;

	if (attested(s))
		return true;
	error = s->env->clock_error(s->env);
	return error >= 0 && error <= s->options.clock_max_error_ms * 1000;
}

static bool
peer_clock_agrees(struct exchange *x)
{
	struct slice date = exchange_header(x, "date");
	int64_t theirs, skew = x->service->options.clock_peer_skew * 1000;

	if (date.len == 0)
		return true;
	if (!instant_parse_http_date(date, &theirs))
		return exchange_fail(x, FAULT_INVALID, "the Date header has the wrong form");
	if (theirs < x->received - skew || theirs > x->received + skew)
		return exchange_fail(x, FAULT_PEER_CLOCK, "");
	return true;
}

static bool
time_request(struct exchange *x)
{
	if (x->parent != NULL)
		return true;
	x->received = env_wall(x->service->env);
	if (x->interaction != NULL && x->interaction->open)
		return true;
	if (!clock_trusted(x->service)) {
		exchange_add_header(x, "retry-after", SLICE("60"));
		return exchange_fail(x, FAULT_UNAVAILABLE, "the clock is not trusted");
	}
	return peer_clock_agrees(x);
}

static bool
time_response(struct exchange *x)
{
	char *text = arena_alloc(x->arena, HTTP_DATE_TEXT);

	if (x->parent != NULL)
		return true;
	instant_http_date(env_wall(x->service->env), text);
	exchange_add_header(x, "date", slice_make(text, HTTP_DATE_TEXT));
	return true;
}

const struct control time_control = {
	.name             = "Time Keeping",
	.rule             = "no FHIR data while the clock is not trusted; every answer is dated",
	.request          = time_request,
	.response         = time_response,
	.status           = time_status,
	.refuse_when_down = true,
};
