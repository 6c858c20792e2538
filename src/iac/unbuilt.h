/* unbuilt.h -- charts of Helm and kustomizations: what another program makes manifests of.
 *
 * Neither is built here.  A chart gives one note at its Chart.yaml, and those of its files that hold
 * templates are no manifests; the charts in its `charts` belong to it.  A kustomization gives a note when it
 * does more than name resources; the files that it names as patches are no manifests.  All else is
 * read as it stands.
 *
 * Source: "Charts" of the Helm documentation, "The Kustomization File" of Kustomize. */
#ifndef IAC_UNBUILT_H
#define IAC_UNBUILT_H

#include "iac/project.h"

struct unbuilt {
	struct project *project;
	struct slice    root;
	struct slice   *charts, *patches;       /* directories with their '/', paths; sorted */
	uint32_t        chart_count, patch_count, patch_room;
};

/* Among these sources; notes are given to the project. */
void unbuilt_find(struct unbuilt *, struct project *, const uint32_t *sources, uint32_t count,
    struct slice root_directory);
/* Whether this source is to be passed over. */
bool unbuilt_holds(const struct unbuilt *, uint32_t source);

#endif
