/* compose.h -- Compose files: the specification, 2.x and 3.x, and those without `services`.
 *
 * Every service, network, volume, secret and config is a resource: type "service", address
 * "service.web".  Attributes are as written, after interpolation, `extends` and merging of
 * an override file, and in one form:
 *   environment, labels   maps (env_file below environment); a name without value is unknown
 *   ports                 list of { target, published, host_ip, protocol }, texts
 *   volumes               list of { type, source, target, read_only }
 * A variable that neither .env nor a default gives makes VALUE_UNKNOWN.  The environment of
 * this process is never looked at.  depends_on, networks, volumes, secrets and configs are
 * references.  An env_file that cannot be read makes the environment a partial map (hcl.h): what it
 * does not hold is unknown.  A service with profiles is there, and its `why` says so. */
#ifndef IAC_COMPOSE_H
#define IAC_COMPOSE_H

#include "iac/project.h"

/* The Compose files of ONE directory.  "x.override.yaml" is merged into "x.yaml"; other files
 * stand alone.  Files that they include or extend are read inside `root_directory` only. */
void compose_read(struct project *, const uint32_t *sources, uint32_t count,
    struct slice root_directory);

#endif
