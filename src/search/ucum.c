/* ucum.c -- quantities in base units (UCUM 2.1, http://unitsofmeasure.org/ucum.html).
 *
 *   main      = ["/"] term
 *   term      = component { ("." | "/") component }
 *   component = "(" term ")" | factor | unit [exponent] [annotation] | annotation
 *   unit      = atom | prefix metric-atom
 *
 * Magnitudes and dimensions of atoms are those of the pack.  Mole is a dimension of its own,
 * and so is each arbitrary unit: nothing is comparable to [iU] but [iU].  Of special units,
 * which do not scale, temperatures alone are known, and only where they stand alone. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "search/ucum.h"
#include "search/values.h"

#define LENGTH_MAX  64
#define DEPTH_MAX   8
#define ARBITRARY   4           /* different arbitrary units in one expression */
#define EXPONENT_MAX 64

struct measure {
	double       factor;
	int          dimensions[8];     /* metre second gram radian kelvin coulomb candela mole */
	struct { struct slice code; int exponent; } arbitrary[ARBITRARY];
	const struct ucum_unit *special;     /* the one that it is, alone */
	bool         compound;          /* something stands beside it */
};

struct scanner {
	const struct pack *pack;
	struct slice s;
	size_t       at;
	unsigned     depth;
};

static bool term(struct scanner *, struct measure *);

static double
power(double base, int exponent)
{
	double out = 1;

	for (int i = 0; i < abs(exponent); i++)
		out = exponent > 0 ? out * base : out / base;
	return out;
}

static bool
add_arbitrary(struct measure *m, struct slice code, int exponent)
{
	for (int i = 0; i < ARBITRARY; i++) {
		if (m->arbitrary[i].code.len == 0)
			m->arbitrary[i].code = code;
		if (slice_eq(m->arbitrary[i].code, code)) {
			m->arbitrary[i].exponent += exponent;
			return true;
		}
	}
	return false;
}

/* m *= other ^ exponent */
static bool
multiply(struct measure *m, const struct measure *other, int exponent)
{
	m->factor *= power(other->factor, exponent);
	m->compound |= other->compound || exponent != 1;
	for (int i = 0; i < 8; i++) {
		m->dimensions[i] += other->dimensions[i] * exponent;
		if (abs(m->dimensions[i]) > EXPONENT_MAX)
			return false;
	}
	for (int i = 0; i < ARBITRARY && other->arbitrary[i].code.len > 0; i++)
		if (!add_arbitrary(m, other->arbitrary[i].code, other->arbitrary[i].exponent * exponent))
			return false;
	if (other->special != NULL)
		m->special = other->special;
	return true;
}

/* Atoms */

static void
set_unit(struct measure *m, const struct ucum_unit *u, double prefix)
{
	*m = (struct measure){ .factor = prefix * u->magnitude };
	for (int i = 0; i < 7; i++)
		m->dimensions[i] = u->dimensions[i];
	m->dimensions[7] = u->moles;
	if (u->arbitrary)
		add_arbitrary(m, u->code, 1);
	if (u->special) {
		m->special = u;
		m->compound = prefix < 1 || prefix > 1;
	}
}

static bool
find_unit(struct scanner *c, struct slice symbol, struct measure *m)
{
	const struct ucum_unit *u = pack_unit(c->pack, symbol);
	double prefix;

	if (u != NULL) {
		set_unit(m, u, 1);
		return true;
	}
	for (size_t n = symbol.len > 2 ? 2 : symbol.len - 1; n > 0; n--) {
		u = pack_unit(c->pack, slice_sub(symbol, n, symbol.len));
		if (u != NULL && u->metric && pack_unit_prefix(c->pack, slice_sub(symbol, 0, n), &prefix)) {
			set_unit(m, u, prefix);
			return true;
		}
	}
	return false;
}

/* Up to what ends a symbol; brackets are whole. */
static struct slice
symbol_at(struct scanner *c)
{
	size_t begin = c->at;
	bool inside = false;

	for (; c->at < c->s.len; c->at++) {
		char ch = c->s.ptr[c->at];

		if (ch == '[')
			inside = true;
		if (!inside && strchr("./(){}", ch) != NULL)
			break;
		if (ch == ']')
			inside = false;
	}
	return slice_sub(c->s, begin, c->at - begin);
}

/* Takes the exponent off the end of a symbol. */
static bool
cut_exponent(struct slice *symbol, int *exponent)
{
	size_t end = symbol->len;
	uint64_t n;
	bool minus;

	*exponent = 1;
	while (end > 0 && ascii_is_digit(symbol->ptr[end - 1]))
		end--;
	if (end == symbol->len)
		return true;
	if (!slice_uint(slice_sub(*symbol, end, symbol->len), &n) || n == 0 || n > EXPONENT_MAX)
		return false;
	minus = end > 0 && symbol->ptr[end - 1] == '-';
	if (end > 0 && (minus || symbol->ptr[end - 1] == '+'))
		end--;
	*exponent = minus ? -(int)n : (int)n;
	*symbol = slice_sub(*symbol, 0, end);
	return true;
}

static bool
all_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.ptr[i]))
			return false;
	return s.len > 0;
}

static bool
simple(struct scanner *c, struct measure *m)
{
	struct slice symbol = symbol_at(c);
	struct measure one = { .factor = 1 };
	int exponent;
	uint64_t n;

	if (symbol.len == 0)
		return false;
	if (all_digits(symbol)) {
		*m = (struct measure){ .compound = true };
		if (!slice_uint(symbol, &n) || n == 0)
			return false;
		m->factor = (double)n;
		return true;
	}
	if (!cut_exponent(&symbol, &exponent) || symbol.len == 0 || !find_unit(c, symbol, &one))
		return false;
	*m = (struct measure){ .factor = 1 };
	return multiply(m, &one, exponent);
}

static bool
mark(struct scanner *c, char ch)
{
	if (c->at == c->s.len || c->s.ptr[c->at] != ch)
		return false;
	c->at++;
	return true;
}

/* {text}: means nothing */
static bool
annotation(struct scanner *c)
{
	while (c->at < c->s.len && c->s.ptr[c->at] != '}')
		c->at++;
	return mark(c, '}');
}

static bool
component(struct scanner *c, struct measure *m)
{
	if (mark(c, '(')) {
		if (++c->depth > DEPTH_MAX || !term(c, m) || !mark(c, ')'))
			return false;
		c->depth--;
		m->compound = true;
		return true;
	}
	if (mark(c, '{')) {
		*m = (struct measure){ .factor = 1 };
		return annotation(c);
	}
	return simple(c, m) && (!mark(c, '{') || annotation(c));
}

static bool
term(struct scanner *c, struct measure *m)
{
	int exponent = mark(c, '/') ? -1 : 1;
	unsigned parts = 0;

	*m = (struct measure){ .factor = 1 };
	for (;;) {
		struct measure one;

		if (!component(c, &one) || !multiply(m, &one, exponent))
			return false;
		parts++;
		if (mark(c, '.'))
			exponent = 1;
		else if (mark(c, '/'))
			exponent = -1;
		else
			break;
	}
	m->compound |= parts > 1;
	return true;
}

/* Temperatures: kelvin = (value + before) * scale */
static const struct { const char *code; double before, scale; } temperatures[] = {
	{ "Cel",     273.15, 1 },
	{ "[degF]",  459.67, 5.0 / 9 },
	{ "[degRe]", 218.52, 1.25 },
};

static bool
convert_special(const struct measure *m, double *low, double *high)
{
	for (size_t i = 0; !m->compound && i < COUNT_OF(temperatures); i++)
		if (slice_is(m->special->code, temperatures[i].code)) {
			*low = (*low + temperatures[i].before) * temperatures[i].scale;
			*high = (*high + temperatures[i].before) * temperatures[i].scale;
			return true;
		}
	return false;
}

static int
by_code(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	return slice_cmp(*x, *y);
}

/* One text for all expressions of the same dimensions. */
static void
write_dimensions(const struct measure *m, char out[], size_t size)
{
	struct slice codes[ARBITRARY];
	size_t at = 0;
	int count = 0;

	for (int i = 0; i < 8; i++)
		at += (size_t)snprintf(out + at, size - at, "%d ", m->dimensions[i]);
	for (int i = 0; i < ARBITRARY && m->arbitrary[i].code.len > 0; i++)
		if (m->arbitrary[i].exponent != 0)
			codes[count++] = m->arbitrary[i].code;
	qsort(codes, (size_t)count, sizeof *codes, by_code);
	for (int i = 0; i < count; i++)
		for (int k = 0; k < ARBITRARY; k++)
			if (slice_eq(m->arbitrary[k].code, codes[i]))
				at += (size_t)snprintf(out + at, size - at, "%.*s%d ", SLICE_FMT(codes[i]),
				    m->arbitrary[k].exponent);
}

bool
ucum_canonical(const struct pack *pack, struct slice code, double *low, double *high, char units[UCUM_UNITS])
{
	struct scanner c = { .pack = pack, .s = code };
	struct measure m;

	if (code.len == 0 || code.len > LENGTH_MAX || !term(&c, &m) || c.at != code.len)
		return false;
	if (m.special != NULL) {
		if (!convert_special(&m, low, high))
			return false;
	} else {
		*low *= m.factor;
		*high *= m.factor;
	}
	write_dimensions(&m, units, UCUM_UNITS);
	return true;
}

bool
values_canonical(const struct search_index *index, struct slice code, double *low, double *high,
    int64_t *units)
{
	char text[UCUM_UNITS];

	if (!ucum_canonical(index->pack, code, low, high, text))
		return false;
	*units = (int64_t)index_hash(index, slice_of(text));
	return true;
}
