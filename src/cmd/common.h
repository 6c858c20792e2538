/* common.h -- what the subcommands share. */
#ifndef CMD_COMMON_H
#define CMD_COMMON_H

#include <stdbool.h>
#include <stddef.h>

#define VERSION "0.1.0"

struct arena;
struct outcome;
struct service;
struct slice;

/* Exit codes of every command, besides those that a command documents itself. */
enum { EXIT_OK = 0, EXIT_NEGATIVE = 1, EXIT_CANNOT = 2 };

/* The definitions pack: `given`, or fhir-r4.pack beside the executable, or in
 * ../share/firebreak.  False when none is there. */
bool command_pack_path(const char *given, char *out, size_t n);

/* Prints the outcome on standard error; returns EXIT_CANNOT. */
int command_fail(const struct outcome *, const char *command);

/* "firebreak COMMAND: text" on standard error; returns EXIT_CANNOT. */
int command_usage(const char *command, const char *text);

/* Opens the service of a data directory with the pack found as above; NULL
 * after having said why. */
struct service *command_service(const char *command, const char *dir, const char *pack,
    struct arena *);

/* One row per subcommand; the table is in main.c. */
struct command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};
extern const struct command commands[];
extern const int command_count;

int cmd_audit(int argc, char **argv);
int cmd_client(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_fhirpath(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_narrative(int argc, char **argv);
int cmd_pack(int argc, char **argv);
int cmd_package(int argc, char **argv);
int cmd_reindex(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_quarantine(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_validate(int argc, char **argv);

#endif
