/* main.c -- the table of commands. */
#include <stdio.h>
#include <string.h>

#include "attachment/magic.h"
#include "cmd/common.h"

const struct command commands[] = {
	{ "init",       "make a data directory: configuration, keys, certificates, first client", cmd_init },
	{ "serve",      "run the server",                                                         cmd_serve },
	{ "token",      "issue an access token (operator)",                                       cmd_token },
	{ "client",     "add, list or remove registered clients",                                 cmd_client },
	{ "import",     "store Bundles, NDJSON and resource files",                               cmd_import },
	{ "export",     "write everything to NDJSON files",                                      cmd_export },
	{ "validate",   "check files against the FHIR definitions",                               cmd_validate },
	{ "narrative",  "judge, clean, show or make the narratives of files",                    cmd_narrative },
	{ "fhirpath",   "evaluate a FHIRPath expression over a file",                             cmd_fhirpath },
	{ "quarantine", "list, release or destroy what is held because of its content",           cmd_quarantine },
	{ "audit",      "verify or show the audit log",                                           cmd_audit },
	{ "doctor",     "the eleven controls, one line each",                                     cmd_doctor },
	{ "scan",       "check Infrastructure as Code against the eleven controls",                cmd_scan },
	{ "config",     "explain the configuration",                                              cmd_config },
	{ "pack",       "compile FHIR packages into a definitions pack",                          cmd_pack },
	{ "reindex",    "make a store's search index again, by another pack",                     cmd_reindex },
	{ "package",    "add, list or remove implementation guides",                              cmd_package },
};
const int command_count = sizeof commands / sizeof commands[0];

static int
help(FILE *to, int code)
{
	fprintf(to, "usage: firebreak COMMAND [OPTIONS]\n\n"
	    "A FHIR R4 server that enforces the eleven controls of the FHIR security page.\n\n");
	for (int i = 0; i < command_count; i++)
		fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].summary);
	fprintf(to, "\nfirebreak COMMAND --help tells more.\n");
	return code;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr, EXIT_CANNOT);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return help(stdout, EXIT_OK);
	if (strcmp(argv[1], "--version") == 0) {
		printf("firebreak " VERSION "\n");
		return EXIT_OK;
	}
	for (int i = 0; i < command_count; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc == 3 && strcmp(argv[1], "worker") == 0 && strcmp(argv[2], "magic") == 0)
		return magic_worker_main();     /* not for people: attachment/magic.h */
	fprintf(stderr, "firebreak: no such command; firebreak --help lists them\n");
	return EXIT_CANNOT;
}
