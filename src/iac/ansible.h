/* ansible.h -- Ansible playbooks, files of tasks, and ansible.cfg.
 *
 *   type "ansible_play"    address "play.NAME": the keywords of the play (hosts, vars, become,
 *                          no_log ...) without its lists of tasks
 *   type "ansible_task"    address "task.NAME", tasks of blocks and handlers too:
 *       module             as written: "ansible.builtin.user"
 *       action             its last part: "user"
 *       arguments          map; `k=v` texts are split; a free text is "_raw_params"
 *       no_log, become, become_user, environment, when, check_mode: those of the task, else of
 *                          the block or play around it
 *       all other keywords of the task as they are (name, loop, with_items, register, vars ...)
 *   type "ansible_config"  address "ansible.cfg": map of section to map of key to text
 *   type "host_facts"      what the tasks of a play, or of a file of tasks, say of the machine
 *                          (host.h)
 *
 * `{{ name }}` is replaced by a literal of vars; what else a template makes is unknown, and the
 * sketch has "${?}" in its place.  `module` of the resource is the play's name.
 *
 * Source: Ansible documentation, "Playbook keywords" and the modules of ansible.builtin. */
#ifndef IAC_ANSIBLE_H
#define IAC_ANSIBLE_H

#include "iac/project.h"

/* Files that copy and template name are looked for inside `root_directory`. */
void ansible_read(struct project *, uint32_t source, struct slice root_directory);

#endif
