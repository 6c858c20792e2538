/* conf.h -- configuration files of services, as values.
 *
 *   chrony.conf, ntp.conf, timesyncd.conf   conf_time()
 *       servers      list of { kind, address, options }; kind: "server", "pool", "peer", "refclock";
 *                    options: map of option to text, or true ("iburst" -> true, "key" -> "1")
 *       directives   map of directive to list of the rests of its lines ("makestep" -> ["1.0 3"])
 *   nginx.conf                              conf_nginx()
 *       list of { name, arguments (list of texts), block (list of the same, when it has one) }
 *   ini: ansible.cfg, systemd units         conf_ini()
 *       map of section to map of key to text
 *
 * They read what is there and never fail; lines that they do not understand are left out.
 * Every value stands at `span`, unless the text is a whole source (`places`).
 *
 * Source: chrony.conf(5), ntp.conf(5), timesyncd.conf(5), nginx "Beginner's Guide". */
#ifndef IAC_CONF_H
#define IAC_CONF_H

#include "iac/places.h"

/* Where the values stand: a place of their own when `places` is there. */
struct conf {
	struct arena        *arena;
	struct span          span;
	const struct places *places;    /* NULL: all at `span` */
};

const struct value *conf_time(const struct conf *, struct slice text);
const struct value *conf_nginx(const struct conf *, struct slice text);
const struct value *conf_ini(const struct conf *, struct slice text);

#endif
