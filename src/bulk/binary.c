/* binary.c -- the line of a Binary: its content, which is kept beside the row, as `data`.
 *
 * A Binary is shown to those who may see its securityContext now (R4 binary.html#security), beyond
 * the row gate, as a read does it.  The line has an arena of its own: it may be large. */
#include "bulk/inside.h"

#include <unistd.h>

#include "base/arena.h"
#include "exchange/exchange.h"
#include "exchange/place.h"
#include "exchange/service.h"

bool
binary_visible(struct exchange *x, const struct stored *s)
{
	struct slice reference;
	struct outcome aside;
	struct stored found;
	struct json j;
	uint32_t context;

	outcome_init(&aside, x->arena);
	if (!json_parse(s->body, json_bounds(x->service->limits, true), x->arena, &j, &aside))
		return false;
	context = json_get(&j, 0, SLICE("securityContext"));
	if (context == 0)
		return true;
	reference = json_string(&j, json_get(&j, context, SLICE("reference")), x->arena);
	return reference.len == 0 || exchange_find_context(x, reference, &found);
}

static bool
add_content(const struct store_content *content, int fd, struct buf *b, struct arena *arena)
{
	struct buf whole;

	buf_init(&whole, arena, SIZE_MAX);
	for (uint64_t i = 0; whole.len < content->size; i++) {
		struct slice chunk;

		if (!store_content_chunk(content, fd, i, arena, &chunk) || chunk.len == 0)
			return false;
		buf_add(&whole, chunk);
	}
	encode_base64(b, whole.ptr, whole.len);
	return true;
}

bool
binary_line(const struct store_content *content, struct slice body, struct arena *arena,
    struct slice *line)
{
	int fd = store_content_open(content);
	struct buf b;
	bool good;

	if (fd < 0)
		return false;
	buf_init(&b, arena, SIZE_MAX);
	buf_add(&b, slice_sub(body, 0, body.len - 1));
	buf_add(&b, SLICE(",\"data\":\""));
	good = add_content(content, fd, &b, arena);
	close(fd);
	buf_add(&b, SLICE("\"}"));
	*line = buf_slice(&b);
	return good;
}
