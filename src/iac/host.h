/* host.h -- what a machine is told: user data, cloud-init, shell scripts, tasks.
 *
 * All of it ends as one resource of type "host_facts" for each machine, whose attributes are
 *
 *   script        shell and PowerShell text, one after the other
 *   commands      list of commands, each a list of words (see shell.h)
 *   files         map of path to text that is written there
 *   services      map of name to { enabled, running }, each absent when nothing is said
 *   packages      map of name to "present" or "absent"
 *   timezone      text
 *   cloud_config  list of cloud-config documents as they are written
 *   ntp           { enabled, configured, servers, directives }: whether time is synchronised by what
 *                 is said (absent: nothing is said), whether a configuration is written, and what
 *                 conf_time() reads in it
 *   nginx         list of directives, conf_nginx()
 *   windows       true for PowerShell
 *   partial       true when a part is not known: then what is not there may be there
 *
 * Its references name the resource it belongs to (attribute "host").  User data is plain, base64,
 * gzip, or MIME parts of these.
 *
 * Source: cloud-init documentation ("User data formats", module ntp). */
#ifndef IAC_HOST_H
#define IAC_HOST_H

#include "iac/project.h"

struct host;

struct host *host_new(struct project *, struct span);

/* Bytes in any of the forms. */
void host_user_data(struct host *, struct slice);
void host_script(struct host *, struct slice);
void host_cloud_config(struct host *, const struct value *document);
/* What is written to a file; an unknown text with its sketch. */
void host_file(struct host *, struct slice path, const struct value *text, bool append);
void host_service(struct host *, struct slice name, const char *member, bool);
void host_package(struct host *, struct slice name, bool present);
void host_timezone(struct host *, struct slice);
void host_partial(struct host *);

/* The resource, when anything was said.  `owner` may be NULL. */
void host_give(struct host *, enum language, struct slice address, const struct resource *owner,
    struct span head);

/* User data and configuration in resources from `first` on: instances, launch templates, ConfigMaps. */
void host_gather(struct project *, uint32_t first);

/* A cloud-config file or another text for cloud-init. */
void cloud_init_read(struct project *, uint32_t source);

#endif
