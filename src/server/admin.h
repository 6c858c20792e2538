/* admin.h -- the operator's listener (loopback by default): /health/live,
 * /health/ready, /controls, /metrics; and the housekeeping of each second. */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

struct admin;
struct buf;
struct http_handler;
struct http_server;
struct outcome;
struct service;

struct admin *admin_start(struct service *, struct outcome *);
void          admin_stop(struct admin *);               /* NULL is fine */

/* The eleven controls with state and evidence, as JSON. */
void admin_write_controls(const struct service *, struct buf *);

/* Opens a listener with the service's keys and hosts. */
struct http_server *server_listen(struct service *, const char *listen, int loops,
    const struct http_handler *, struct outcome *);

#endif
