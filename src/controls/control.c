/* control.c -- the table that is the security architecture.
 *
 * Why this order: time and audit enclose all the rest.  A signature is verified
 * before anything is changed and made after everything was changed; narrative
 * is rebuilt after labels have redacted; authorization decides last on the way
 * in (it needs labels and policies) and filters first on the way out.
 * A row whose control is not built says so: no hook pretends. */
#include "controls/control.h"

#include <stddef.h>
#include <stdio.h>

#include "exchange/exchange.h"

#define ROOMS(X)                                                          \
	X(time)           /* stamps the exchange; Date, meta.lastUpdated        */ \
	X(audit)          /* opens a record before anything may fail            */ \
	X(communications) /* TLS, origin, headers                               */ \
	X(authentication) /* who: token to principal                            */ \
	X(validation)     /* shape: structure, limits, bindings                 */ \
	X(signatures)     /* verify as received; sign as sent                   */ \
	X(attachments)    /* content type, hash, size, scan                     */ \
	X(narrative)      /* safe XHTML in; regenerated after redaction out     */ \
	X(labels)         /* classify in; redact and mark out                   */ \
	X(policies)       /* retention, consent, minimum necessary              */ \
	X(authorization)  /* may this principal do this, to this, now           */

#define X(name) extern const struct control name##_control;
ROOMS(X)
#undef X

const struct control *const controls[] = {
#define X(name) &name##_control,
	ROOMS(X)
#undef X
};
const int controls_count = sizeof controls / sizeof controls[0];

bool
controls_request(struct exchange *x)
{
	for (int i = 0; i < controls_count; i++)
		if (controls[i]->request != NULL && !controls[i]->request(x))
			return false;
	return true;
}

bool
controls_in(struct exchange *x, struct resource *r)
{
	for (int i = 0; i < controls_count; i++)
		if (controls[i]->resource_in != NULL && !controls[i]->resource_in(x, r))
			return false;
	return true;
}

bool
controls_out(struct exchange *x, struct stored *s)
{
	for (int i = controls_count - 1; i >= 0; i--)
		if (controls[i]->resource_out != NULL && !controls[i]->resource_out(x, s))
			return false;
	return true;
}

bool
controls_response(struct exchange *x)
{
	bool good = true;

	for (int i = controls_count - 1; i >= 0; i--)
		if (controls[i]->response != NULL && !controls[i]->response(x))
			good = false;
	return good;
}

static void
state_not_built(struct control_status *s)
{
	s->state = CONTROL_NOT_BUILT;
	snprintf(s->evidence, sizeof s->evidence, "not built: nothing of it is enforced");
}

void
control_state_of(const struct control *c, const struct service *service,
    struct control_status *s)
{
	if (c->status == NULL)
		state_not_built(s);
	else
		c->status(service, s);
}

bool
controls_open(const struct service *s)
{
	for (int i = 0; i < controls_count; i++) {
		struct control_status status;

		if (!controls[i]->refuse_when_down)
			continue;
		control_state_of(controls[i], s, &status);
		if (status.state == CONTROL_FAILED)
			return false;
	}
	return true;
}

const char *
control_state_name(enum control_state state)
{
	static const char *const names[] = { "enforced", "degraded", "failed", "not built" };

	return names[state];
}
