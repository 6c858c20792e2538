/* xhtml.c -- the XHTML of a narrative (txt-1, txt-2), as text/xhtml.h reads it.  What
 * R4 says is an error; what the Narrative control refuses beyond that is a warning. */
#include "validate/walk.h"

#include "text/xhtml.h"

static void
complain_of(struct walk *w, const struct step *at, uint32_t node, const struct xhtml_finding *f)
{
	enum message m = xhtml_rules[f->rule].basis == XHTML_OURS ? MESSAGE_narrative_policy
	    : f->rule == XHTML_empty ? MESSAGE_narrative_empty : MESSAGE_narrative_xhtml;

	complain(w, at, node, m, xhtml_sentence(f, w->arena));
}

/* The first of each kind: one is enough to look at the narrative. */
void
check_narrative(struct walk *w, const struct step *at, uint32_t node, struct slice text)
{
	struct xhtml_how how = { .limits = w->limits, .http = true };
	bool told[2] = { false, false };
	struct xhtml found;

	if (xhtml_read(text, &how, w->arena, &found))
		return;
	if (found.stop != NULL) {
		complain_of(w, at, node, found.stop);
		return;
	}
	for (const struct xhtml_finding *f = found.first; f != NULL; f = f->next)
		if (!told[xhtml_rules[f->rule].basis] && f->rule != XHTML_bidi && f->rule != XHTML_language) {
			complain_of(w, at, node, f);
			told[xhtml_rules[f->rule].basis] = true;
		}
}
