/* Bytes as a playbook, as ansible.cfg, as user data. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/ansible.h"
#include "iac/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct slice names[] = { SLICE_INIT("x.yml"), SLICE_INIT("ansible.cfg") };
	struct arena *a = arena_new(1 << 16);
	struct project project;
	uint32_t sources[2];
	struct host *h;

	project_init(&project, a, NULL);
	for (size_t i = 0; i < 2; i++)
		sources[i] = project_add_source(&project, names[i], slice_make(bytes, n));
	ansible_read(&project, sources, 2, SLICE("/nowhere"));
	cloud_init_read(&project, project_add_source(&project, SLICE("user-data"), slice_make(bytes, n)));
	h = host_new(&project, (struct span){ 0 });
	host_file(h, SLICE("/etc/chrony.conf"), value_string(a, (struct span){ 0 }, slice_make(bytes, n)), false);
	host_file(h, SLICE("/etc/nginx/nginx.conf"), value_string(a, (struct span){ 0 }, slice_make(bytes, n)), false);
	host_give(h, LANGUAGE_ANSIBLE, SLICE("x"), NULL, (struct span){ 0 });
	arena_free(a);
	return 0;
}
