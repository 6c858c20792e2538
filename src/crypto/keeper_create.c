/* keeper_create.c -- the first keys of a data directory, and a development CA. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "crypto/keeper.h"

#define CA_DAYS     3650
#define SERVER_DAYS 825

struct maker {
	const struct env *env;
	struct arena *arena;
	const char   *dir, *host;
};

static char *
path_of(struct maker *m, const char *name)
{
	size_t n = strlen(m->dir) + strlen(name) + 8;
	char *path = arena_alloc(m->arena, n);

	snprintf(path, n, "%s/keys/%s", m->dir, name);
	return path;
}

static bool
is_there(struct maker *m, const char *name)
{
	return access(path_of(m, name), F_OK) == 0;
}

static bool
put(struct maker *m, const char *name, struct slice bytes)
{
	return env_write_file(m->env, path_of(m, name), bytes, 0600);
}

/* Writes what `write` puts into a memory BIO. */
static bool
put_pem(struct maker *m, const char *name, BIO *bio)
{
	char *text;
	long n = BIO_get_mem_data(bio, &text);
	bool good = n > 0 && put(m, name, slice_make(text, (size_t)n));

	BIO_free(bio);
	return good;
}

static bool
put_key(struct maker *m, const char *name, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	if (key == NULL || bio == NULL
	    || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
		BIO_free(bio);
		return false;
	}
	return put_pem(m, name, bio);
}

static bool
put_certificate(struct maker *m, const char *name, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL || PEM_write_bio_X509(bio, x) != 1) {
		BIO_free(bio);
		return false;
	}
	return put_pem(m, name, bio);
}

static bool
make_kek(struct maker *m)
{
	uint8_t key[32];
	bool good;

	if (is_there(m, "kek"))
		return true;
	env_entropy(m->env, key, sizeof key);
	good = put(m, "kek", slice_make(key, sizeof key));
	explicit_bzero(key, sizeof key);
	return good;
}

static bool
make_key(struct maker *m, const char *name, bool ed25519)
{
	EVP_PKEY *key;
	bool good;

	if (is_there(m, name))
		return true;
	key = ed25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	    : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	good = put_key(m, name, key);
	EVP_PKEY_free(key);
	return good;
}

static EVP_PKEY *
read_key(struct maker *m, const char *name)
{
	FILE *f = fopen(path_of(m, name), "r");
	EVP_PKEY *key = f == NULL ? NULL : PEM_read_PrivateKey(f, NULL, NULL, NULL);

	if (f != NULL)
		fclose(f);
	return key;
}

static X509 *
read_certificate(struct maker *m, const char *name)
{
	FILE *f = fopen(path_of(m, name), "r");
	X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);

	if (f != NULL)
		fclose(f);
	return x;
}

static bool
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	bool good;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = extension != NULL && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

/* RFC 5280: version 3, random positive serial, a day of grace for slow clocks. */
static X509 *
start_certificate(struct maker *m, EVP_PKEY *key, const char *name, int days)
{
	X509 *x = X509_new();
	uint8_t serial[16];
	BIGNUM *number;

	env_entropy(m->env, serial, sizeof serial);
	serial[0] = (serial[0] & 0x7f) | 1;
	number = BN_bin2bn(serial, sizeof serial, NULL);
	if (x == NULL || number == NULL || X509_set_version(x, X509_VERSION_3) != 1
	    || BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) == NULL
	    || X509_gmtime_adj(X509_getm_notBefore(x), -86400) == NULL
	    || X509_gmtime_adj(X509_getm_notAfter(x), days * 86400L) == NULL
	    || X509_set_pubkey(x, key) != 1
	    || X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
	        (const unsigned char *)name, -1, -1, 0) != 1) {
		X509_free(x);
		x = NULL;
	}
	BN_free(number);
	return x;
}

static bool
make_ca(struct maker *m)
{
	EVP_PKEY *key;
	X509 *x;
	bool good;

	if (is_there(m, "ca.crt"))
		return true;
	key = read_key(m, "ca.pem");
	x = key == NULL ? NULL : start_certificate(m, key, "Firebreak development CA", CA_DAYS);
	good = x != NULL && X509_set_issuer_name(x, X509_get_subject_name(x)) == 1
	    && extend(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
	    && extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign")
	    && extend(x, x, NID_subject_key_identifier, "hash")
	    && X509_sign(x, key, EVP_sha256()) > 0 && put_certificate(m, "ca.crt", x);
	X509_free(x);
	EVP_PKEY_free(key);
	return good;
}

static bool
sign_server(struct maker *m, X509 *x, X509 *ca, EVP_PKEY *ca_key)
{
	struct buf names;

	buf_init(&names, m->arena, 1024);
	buf_add_cstr(&names, "DNS:localhost,IP:127.0.0.1,IP:::1");
	if (m->host != NULL && strcmp(m->host, "localhost") != 0)
		buf_printf(&names, ",DNS:%s", m->host);
	return X509_set_issuer_name(x, X509_get_subject_name(ca)) == 1
	    && extend(x, ca, NID_basic_constraints, "critical,CA:FALSE")
	    && extend(x, ca, NID_key_usage, "critical,digitalSignature")
	    && extend(x, ca, NID_ext_key_usage, "serverAuth")
	    && extend(x, ca, NID_subject_key_identifier, "hash")
	    && extend(x, ca, NID_authority_key_identifier, "keyid:always")
	    && extend(x, ca, NID_subject_alt_name, slice_cstr(buf_slice(&names), m->arena))
	    && X509_sign(x, ca_key, EVP_sha256()) > 0 && put_certificate(m, "server.crt", x);
}

static bool
make_server(struct maker *m)
{
	EVP_PKEY *key, *ca_key;
	X509 *x, *ca;
	bool good;

	if (is_there(m, "server.crt"))
		return true;
	key = read_key(m, "server.pem");
	ca_key = read_key(m, "ca.pem");
	ca = read_certificate(m, "ca.crt");
	x = key == NULL ? NULL : start_certificate(m, key, "localhost", SERVER_DAYS);
	good = x != NULL && ca != NULL && ca_key != NULL && sign_server(m, x, ca, ca_key);
	X509_free(x);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return good;
}

static bool
host_good(const char *host)
{
	for (; host != NULL && *host != '\0'; host++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
		    *host) == NULL)
			return false;
	return true;
}

bool
keeper_create(const struct env *env, const char *dir, const char *host, struct outcome *o)
{
	struct maker m = { env, o->arena, dir, host };
	char *keys = path_of(&m, "");

	if (!host_good(host))
		return outcome_fail_at_once(o, FAULT_INVALID, "the host name has the wrong form");
	keys[strlen(keys) - 1] = '\0';
	if (mkdir(keys, 0700) != 0 && errno != EEXIST)
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the key directory cannot be made");
	if (make_kek(&m) && make_key(&m, "token.pem", false) && make_key(&m, "audit.pem", true)
	    && make_key(&m, "ca.pem", false) && make_key(&m, "server.pem", false)
	    && make_ca(&m) && make_server(&m))
		return true;
	return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "a key file cannot be written");
}
