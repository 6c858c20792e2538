/* hcl_functions_network.c -- cidrhost() and its like, IPv4 and IPv6. */
#include "iac/hcl_functions.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"

typedef unsigned __int128 address;

struct network {
	address  base;
	unsigned bits, prefix;          /* 32 or 128 */
};

static address
from_bytes(const uint8_t *bytes, unsigned n)
{
	address a = 0;

	for (unsigned i = 0; i < n; i++)
		a = a << 8 | bytes[i];
	return a;
}

static address
host_mask(const struct network *n)
{
	unsigned host = n->bits - n->prefix;

	return host >= 128 ? ~(address)0 : ((address)1 << host) - 1;
}

/* "10.0.0.0/8": the host part is dropped. */
static bool
parse(struct hcl_call *c, uint32_t argument, struct network *n)
{
	struct slice s, address_text;
	uint8_t bytes[16];
	uint64_t prefix;
	char *text;

	if (!hcl_text(c, argument, &s) || slice_find(s, '/') == s.len || s.len > 60)
		return false;
	address_text = slice_cut(&s, '/');
	text = slice_cstr(address_text, c->arena);
	n->bits = slice_find(address_text, ':') < address_text.len ? 128 : 32;
	if (!slice_uint(s, &prefix) || prefix > n->bits
	    || inet_pton(n->bits == 32 ? AF_INET : AF_INET6, text, bytes) != 1)
		return false;
	n->prefix = (unsigned)prefix;
	n->base = from_bytes(bytes, n->bits / 8) & ~host_mask(n);
	return true;
}

static void
print(struct buf *b, address a, unsigned bits)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	for (unsigned i = bits / 8; i-- > 0; a >>= 8)
		bytes[i] = (uint8_t)a;
	if (inet_ntop(bits == 32 ? AF_INET : AF_INET6, bytes, text, sizeof text) != NULL)
		buf_add_cstr(b, text);
}

static const struct value *
shown(struct hcl_call *c, const struct network *n)
{
	struct buf b;

	buf_init(&b, c->arena, 64);
	print(&b, n->base, n->bits);
	buf_printf(&b, "/%u", n->prefix);
	return hcl_text_value(c, buf_slice(&b));
}

/* A negative number counts from the end. */
static const struct value *
cidrhost(struct hcl_call *c)
{
	struct network n;
	long double host;
	address at;
	struct buf b;

	if (!parse(c, 0, &n) || !hcl_count(c, 1, &host) || floorl(host) < host || fabsl(host) > 1e19L)
		return hcl_wrong(c, "cidrhost() takes a prefix and a whole number");
	at = host < 0 ? host_mask(&n) - (address)(-host - 1) : (address)host;
	if ((host < 0 ? (address)(-host - 1) : at) > host_mask(&n))
		return hcl_wrong(c, "the prefix has no such host");
	buf_init(&b, c->arena, 64);
	print(&b, n.base + at, n.bits);
	return hcl_text_value(c, buf_slice(&b));
}

static const struct value *
cidrnetmask(struct hcl_call *c)
{
	struct network n;
	struct buf b;

	if (!parse(c, 0, &n) || n.bits != 32)
		return hcl_wrong(c, "cidrnetmask() takes an IPv4 prefix");
	buf_init(&b, c->arena, 64);
	print(&b, ~host_mask(&n) & 0xffffffffu, 32);
	return hcl_text_value(c, buf_slice(&b));
}

static const struct value *
cidrsubnet(struct hcl_call *c)
{
	struct network n;
	long double more, number;

	if (!parse(c, 0, &n) || !hcl_count(c, 1, &more) || !hcl_count(c, 2, &number) || more < 0 || number < 0
	    || more > n.bits - n.prefix || number > 1e19L
	    || (more < 64 && (address)number >= (address)1 << (unsigned)more))
		return hcl_wrong(c, "the prefix has no such subnet");
	n.prefix += (unsigned)more;
	if (n.prefix > 0)
		n.base += (address)number * (host_mask(&n) + 1);
	return shown(c, &n);
}

/* One after the other, each aligned to its size. */
static const struct value *
cidrsubnets(struct hcl_call *c)
{
	struct network whole, n;
	struct value_builder b;
	long double more;
	address next;

	if (!parse(c, 0, &whole))
		return hcl_wrong(c, "cidrsubnets() takes a prefix");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	next = whole.base;
	for (uint32_t i = 1; i < c->count; i++) {
		if (!hcl_count(c, i, &more) || more < 1 || more > whole.bits - whole.prefix)
			return hcl_wrong(c, "the prefix has no such subnet");
		n = whole;
		n.prefix += (unsigned)more;
		n.base = (next + host_mask(&n)) & ~host_mask(&n);
		if (n.base - whole.base > host_mask(&whole) || (i > 1 && n.base == whole.base))
			return hcl_wrong(c, "the prefix has no room for so many subnets");
		next = n.base + host_mask(&n) + 1;
		value_append(&b, shown(c, &n));
	}
	return value_end(&b);
}

static const struct hcl_function rows[] = {
	{ "cidrhost", 2, 2, 0, cidrhost },       { "cidrnetmask", 1, 1, 0, cidrnetmask },
	{ "cidrsubnet", 3, 3, 0, cidrsubnet },   { "cidrsubnets", 1, HCL_MANY, 0, cidrsubnets },
};

const struct hcl_table hcl_network_table = { rows, COUNT_OF(rows) };
