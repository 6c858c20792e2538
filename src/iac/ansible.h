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
 * Roles (tasks, handlers, defaults, vars, dependencies), include_tasks, import_tasks, include_role,
 * import_role, include_vars, set_fact, vars_files, group_vars and host_vars beside the playbook are
 * followed: their tasks are tasks of the play.  Inventories are not read.
 *
 * `{{ name }}` is replaced by a literal of variables, the nearest wins; what else a template makes is
 * unknown, and the sketch has "${?}" in its place.  `module` of the resource is the play's name.
 *
 * Source: Ansible documentation, "Playbook keywords" and the modules of ansible.builtin. */
#ifndef IAC_ANSIBLE_H
#define IAC_ANSIBLE_H

#include "iac/project.h"

/* All files of a scan.  Those that copy, template, roles and includes name are looked for inside `root_directory`;
 * a file that another one names is not read on its own. */
void ansible_read(struct project *, const uint32_t *sources, uint32_t count, struct slice root_directory);

#endif
