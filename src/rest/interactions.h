/* interactions.h -- what the rows of the interactions table call. */
#ifndef REST_INTERACTIONS_H
#define REST_INTERACTIONS_H

#include <stdbool.h>

struct exchange;

bool rest_read(struct exchange *);
bool rest_vread(struct exchange *);
bool rest_history(struct exchange *);
bool rest_create(struct exchange *);
bool rest_update(struct exchange *);
bool rest_patch(struct exchange *);
bool rest_delete(struct exchange *);
bool rest_meta(struct exchange *);
bool rest_meta_add(struct exchange *);
bool rest_meta_delete(struct exchange *);
bool rest_search(struct exchange *);
bool rest_everything(struct exchange *);
bool rest_read_operation(struct exchange *);
bool rest_validate(struct exchange *);
bool rest_expand(struct exchange *);
bool rest_validate_code(struct exchange *);
bool rest_validate_code_of_system(struct exchange *);
bool rest_lookup(struct exchange *);
bool rest_subsumes(struct exchange *);
bool rest_translate(struct exchange *);
bool rest_quarantine(struct exchange *);
bool rest_quarantine_release(struct exchange *);
bool rest_quarantine_rescan(struct exchange *);
bool rest_quarantine_destroy(struct exchange *);
bool rest_quarantine_check(struct exchange *);
bool rest_parameter_status(struct exchange *);
bool rest_import(struct exchange *);
bool rest_import_status(struct exchange *);
bool rest_import_cancel(struct exchange *);
bool rest_import_errors(struct exchange *);
bool rest_export(struct exchange *);
bool rest_export_status(struct exchange *);
bool rest_export_cancel(struct exchange *);
bool rest_export_file(struct exchange *);
bool rest_bundle(struct exchange *);
bool rest_metadata(struct exchange *);
bool rest_openapi(struct exchange *);
bool rest_smart_configuration(struct exchange *);
bool rest_jwks(struct exchange *);
bool rest_options(struct exchange *);

#endif
