/* scan_fix.c -- see scan_fix.h.
 *
 * An edit replaces bytes that stand literally in a file, or adds some; everything
 * else stays as it is, byte for byte.  Findings are taken in their order; one of which
 * an edit has no place, or touches that of a finding before it, is left alone. */
#include "cmd/scan_fix.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "iac/fix.h"

struct scan_edit {
	uint32_t     source, start, end, order;
	struct slice text;
};

struct mended {
	uint64_t fingerprint;
	uint32_t source;
};

struct fixed_file {
	uint32_t     source;
	const char  *path;
	struct slice before;
	mode_t       mode;
};

static void *
one_more(struct arena *arena, void **table, uint32_t *count, uint32_t *room, size_t size)
{
	if (*count == *room) {
		uint32_t before = *room;

		*room = before == 0 ? 64 : before * 2;
		*table = arena_grow(arena, *table, before * size, *room * size);
	}
	return (char *)*table + (*count)++ * size;
}

static bool
touches(const struct scan_edit *a, const struct fix_edit *b)
{
	if (a->source != b->source)
		return false;
	if (a->start == a->end && b->start == b->end)
		return a->start == b->start && slice_eq(a->text, b->text);
	return a->start < b->end && b->start < a->end;
}

static bool
free_place(const struct scan_fixes *f, const struct fix_edit *edit)
{
	for (uint32_t i = 0; i < f->edit_count; i++)
		if (touches(&f->edits[i], edit))
			return false;
	return true;
}

static bool
all_placed(const struct scan_fixes *f, const struct fix_edit *edits, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!edits[i].placed || !free_place(f, &edits[i]))
			return false;
	return count > 0;
}

static void
take_finding(struct scan_fixes *f, const struct scan *s, const struct finding *finding)
{
	uint32_t count;
	const struct fix_edit *edits = fix_edits(&s->findings, finding, f->arena, &count);
	struct mended *m;

	if (!all_placed(f, edits, count))
		return;
	for (uint32_t i = 0; i < count; i++) {
		struct scan_edit *e = one_more(f->arena, (void **)&f->edits, &f->edit_count, &f->edit_room,
		    sizeof *e);

		*e = (struct scan_edit){ edits[i].source, edits[i].start, edits[i].end, f->edit_count,
			edits[i].text };
	}
	m = one_more(f->arena, (void **)&f->mended, &f->mended_count, &f->mended_room, sizeof *m);
	*m = (struct mended){ finding->fingerprint, edits[0].source };
}

static int
by_place(const void *a, const void *b)
{
	const struct scan_edit *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static struct slice
edited(struct scan_fixes *f, struct slice text, uint32_t *next)
{
	uint32_t source = f->edits[*next].source;
	size_t at = 0;
	struct buf b;

	buf_init(&b, f->arena, SIZE_MAX);
	for (; *next < f->edit_count && f->edits[*next].source == source; ++*next) {
		const struct scan_edit *e = &f->edits[*next];

		buf_add(&b, slice_sub(text, at, e->start - at));
		buf_add(&b, e->text);
		at = e->end;
	}
	buf_add(&b, slice_sub(text, at, text.len));
	return buf_slice(&b);
}

/* Places are those of the text that was judged: a file that was converted (UTF-16), or that
 * changed since, is left alone. */
static bool
is_as_judged(struct scan_fixes *f, const struct source *source)
{
	struct slice now;

	return env_read_file(&env_real, slice_cstr(source->path, f->arena), source->text.len + 1, f->arena, &now)
	    && slice_eq(now, source->text);
}

/* With the mode that it had, whatever our umask. */
static bool
put(const struct fixed_file *file, struct slice text)
{
	return env_write_file(&env_real, file->path, text, file->mode) && chmod(file->path, file->mode) == 0;
}

static bool
write_file(struct scan_fixes *f, const struct source *source, uint32_t number, struct slice text)
{
	struct fixed_file *file = &f->files[f->file_count];
	struct stat st;

	*file = (struct fixed_file){ number, slice_cstr(source->path, f->arena), source->text, 0644 };
	if (stat(file->path, &st) != 0)
		return false;
	file->mode = st.st_mode & 0777;
	f->file_count++;
	return put(file, text);
}

/* Findings of files that were left alone are not mended. */
static void
forget_unwritten(struct scan_fixes *f)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->mended_count; i++)
		for (uint32_t k = 0; k < f->file_count; k++)
			if (f->files[k].source == f->mended[i].source) {
				f->mended[kept++] = f->mended[i];
				break;
			}
	f->mended_count = kept;
}

bool
scan_fixes_make(struct scan_fixes *f, const struct scan *s, struct arena *arena)
{
	*f = (struct scan_fixes){ .arena = arena };
	for (uint32_t i = 0; i < s->findings.count; i++)
		if (s->findings.list[i].status == FINDING_FAIL)
			take_finding(f, s, &s->findings.list[i]);
	if (f->edit_count == 0)
		return true;
	qsort(f->edits, f->edit_count, sizeof *f->edits, by_place);
	f->files = arena_array(arena, f->edit_count, sizeof *f->files);
	for (uint32_t next = 0; next < f->edit_count; ) {
		uint32_t number = f->edits[next].source;
		const struct source *source = &s->project.sources[number];
		struct slice text = edited(f, source->text, &next);

		if (is_as_judged(f, source) && !write_file(f, source, number, text))
			return false;
	}
	forget_unwritten(f);
	return true;
}

static bool
still_fails(const struct findings *all, uint64_t fingerprint)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->list[i].status == FINDING_FAIL && all->list[i].fingerprint == fingerprint)
			return true;
	return false;
}

static bool
is_bad(const struct scan_fixes *f, const struct fixed_file *file, const struct scan *again)
{
	const struct project *p = &again->project;

	for (uint32_t i = 0; i < p->problem_count; i++)
		if (slice_is(p->sources[p->problems[i].span.source].path, file->path))
			return true;
	for (uint32_t i = 0; i < f->mended_count; i++)
		if (f->mended[i].source == file->source && still_fails(&again->findings, f->mended[i].fingerprint))
			return true;
	return false;
}

bool
scan_fixes_judge(struct scan_fixes *f, const struct scan *again)
{
	for (uint32_t i = 0; i < f->file_count; i++) {
		const struct fixed_file *file = &f->files[i];

		if (!is_bad(f, file, again))
			continue;
		f->put_back++;
		if (!put(file, file->before))
			return false;
	}
	return true;
}
