/* Packages: any bytes as the tar of an archive (compressed here, so that mutation reaches what is
 * inside), and as the archive itself.  Never a crash, and what fails has an issue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/limits.h"
#include "fhir/package.h"

#include "definitions.h"

static struct slice
compress_tar(struct slice tar, struct arena *a)
{
	size_t room = tar.len + tar.len / 100 + 1024;
	char *out = arena_alloc(a, room);
	z_stream z = { 0 };

	if (deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (Bytef *)(uintptr_t)tar.ptr;
	z.avail_in = (uInt)tar.len;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return slice_make(out, room - z.avail_out);
}

/* With right checksums, which mutation would never find. */
static struct slice
mended(struct slice tar, struct arena *a)
{
	unsigned char *bytes = arena_alloc(a, tar.len + 1);

	memcpy(bytes, tar.ptr, tar.len);
	for (size_t at = 0; at + 512 <= tar.len; at += 512) {
		unsigned sum = 0;
		char text[8];

		if (memcmp(bytes + at + 257, "ustar", 5) != 0)
			continue;
		memset(bytes + at + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += bytes[at + i];
		snprintf(text, sizeof text, "%06o", sum & 0777777);
		memcpy(bytes + at + 148, text, 7);
	}
	return slice_make(bytes, tar.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);
	struct slice text = slice_make(bytes, n);
	struct limits limits = limits_default;
	struct package p;
	struct outcome o;

	limits.of[LIMIT_PACKAGE_BYTES] = 1 << 22;
	outcome_init(&o, a);
	if (slice_starts(text, SLICE("\x1f\x8b"))
	    && !package_compile(text, definitions(), &env_real, &limits, a, &p, &o) && !o.failed)
		abort();
	outcome_init(&o, a);
	if (!package_compile(compress_tar(mended(text, a), a), definitions(), &env_real, &limits, a, &p, &o)
	    && !o.failed)
		abort();
	arena_free(a);
	return 0;
}
