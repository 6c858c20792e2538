/* encode.c -- see encode.h. */
#include "base/encode.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base64std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
encode_block(const uint8_t block[16], char out[BASE32_BLOCK])
{
	uint32_t bits = 0;
	int held = 0;
	size_t at = 0;

	for (int i = 0; i < 16; i++) {
		bits = bits << 8 | block[i];
		for (held += 8; held >= 5; held -= 5)
			out[at++] = base32[bits >> (held - 5) & 31];
	}
	out[at] = base32[bits << (5 - held) & 31];
}

static int
base32_value(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool
decode_block(struct slice text, uint8_t block[16])
{
	uint32_t bits = 0;
	int held = 0;
	size_t at = 0;

	if (text.len != BASE32_BLOCK)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int value = base32_value(text.ptr[i]);

		if (value < 0)
			return false;
		bits = bits << 5 | (uint32_t)value;
		if ((held += 5) >= 8 && at < 16) {
			held -= 8;
			block[at++] = (uint8_t)(bits >> held);
		}
	}
	return (bits & ((1u << held) - 1)) == 0;
}

void
encode_hex(struct buf *out, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++) {
		buf_add_char(out, "0123456789abcdef"[p[i] >> 4]);
		buf_add_char(out, "0123456789abcdef"[p[i] & 15]);
	}
}

bool
decode_hex(struct slice text, uint8_t *out, size_t n)
{
	if (text.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = ascii_hex_value(text.ptr[2 * i]), low = ascii_hex_value(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void
encode64(struct buf *out, const uint8_t *p, size_t n, const char *alphabet, bool pad)
{
	char *to = buf_reserve(out, (n + 2) / 3 * 4);
	size_t left = n % 3;

	if (to == NULL)
		return;
	for (size_t i = 0; i + 3 <= n; i += 3, to += 4) {
		uint32_t bits = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];

		for (int k = 0; k < 4; k++)
			to[k] = alphabet[bits >> (18 - 6 * k) & 63];
	}
	if (left > 0) {
		uint32_t bits = (uint32_t)p[n - left] << 16 | (left > 1 ? (uint32_t)p[n - 1] << 8 : 0);

		for (size_t k = 0; k < 4; k++)
			to[k] = k <= left ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
	}
	out->len += n / 3 * 4 + (left == 0 ? 0 : pad ? 4 : left + 1);
}

void
encode_base64url(struct buf *out, const void *bytes, size_t n)
{
	encode64(out, bytes, n, base64url, false);
}

void
encode_base64(struct buf *out, const void *bytes, size_t n)
{
	encode64(out, bytes, n, base64std, true);
}

static int
base64_value(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	if (c == alphabet[62])
		return 62;
	return c == alphabet[63] ? 63 : -1;
}

static bool
decode64(struct slice text, const char *alphabet, struct arena *arena, struct slice *out)
{
	uint8_t *bytes = arena_alloc(arena, text.len * 3 / 4 + 1);
	uint32_t bits = 0;
	int held = 0;
	size_t at = 0;

	if (text.len % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int value = base64_value(text.ptr[i], alphabet);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if ((held += 6) >= 8) {
			held -= 8;
			bytes[at++] = (uint8_t)(bits >> held);
		}
	}
	*out = slice_make(bytes, at);
	return (bits & ((1u << held) - 1)) == 0;
}

bool
decode_base64url(struct slice text, struct arena *arena, struct slice *out)
{
	return decode64(text, base64url, arena, out);
}

bool
decode_base64(struct slice text, struct arena *arena, struct slice *out)
{
	size_t pad = 0;

	if (text.len % 4 != 0)
		return false;
	while (pad < 2 && text.len > pad && text.ptr[text.len - 1 - pad] == '=')
		pad++;
	return decode64(slice_make(text.ptr, text.len - pad), base64std, arena, out);
}

bool
decode_percent(struct slice text, bool plus, struct arena *arena, struct slice *out)
{
	char *to = arena_alloc(arena, text.len + 1);
	size_t at = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		uint8_t byte;

		if (c == '%') {
			if (!decode_hex(slice_sub(text, i + 1, 2), &byte, 1))
				return false;
			c = (char)byte;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		to[at++] = c;
	}
	*out = slice_make(to, at);
	return true;
}

static bool
unreserved(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c)
	    || c == '-' || c == '.' || c == '_' || c == '~';
}

void
encode_percent(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (unreserved(s.ptr[i]))
			buf_add_char(out, s.ptr[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)s.ptr[i]);
}

/* Length of the sequence that `lead` begins, and the least code point that
 * may be written so; 0 for a byte that begins none. */
static int
sequence(unsigned char lead, uint32_t *least)
{
	if (lead < 0x80)
		return *least = 0, 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return *least = 0x80, 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return *least = 0x800, 3;
	if (lead >= 0xF0 && lead <= 0xF4)
		return *least = 0x10000, 4;
	return 0;
}

bool
utf8_valid(struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		unsigned char lead = (unsigned char)s.ptr[i];
		uint32_t least, point;
		int n = sequence(lead, &least);

		if (n == 0 || s.len - i < (size_t)n)
			return false;
		point = n == 1 ? lead : lead & (0x7Fu >> n);
		for (int k = 1; k < n; k++) {
			unsigned char c = (unsigned char)s.ptr[i + (size_t)k];

			if ((c & 0xC0) != 0x80)
				return false;
			point = point << 6 | (c & 0x3Fu);
		}
		if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
			return false;
		i += (size_t)n;
	}
	return true;
}

size_t
utf8_length(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return n;
}
