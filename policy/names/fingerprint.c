/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 fingerprints as text: as a policy writes them, and as MTAs report them.
 * Knows no certificates and calls no OpenSSL.
 */
#include "policy/names/fingerprint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/ascii.h"

enum { DIGITS = 2 * FINGERPRINT_SIZE };

#define SHA_256                                                                                              \
    "give the SHA-256 fingerprint, \"sha256:...\" (openssl x509 -noout -fingerprint -sha256 -in FILE)"
#define FORGED(name) "is " name " fingerprint, which can be forged: " SHA_256
#define NOT_COMPARED(name) "is " name " fingerprint, which is not compared: " SHA_256

/* The names of digests, and the number of hexadecimal digits that shows one, or 0. `wrong` NULL: SHA-256. */
static const struct digest {
    const char *name;
    unsigned digits;
    const char *wrong;
} digests[] = {
    {"md2", 0, FORGED("an MD2")},
    {"md4", 0, FORGED("an MD4")},
    {"md5", 32, FORGED("an MD5")},
    {"sha1", 40, FORGED("a SHA-1")},
    {"sha-1", 0, FORGED("a SHA-1")},
    {"sha", 0, FORGED("a SHA-1")},
    {"sha224", 56, NOT_COMPARED("a SHA-224")},
    {"sha2-224", 0, NOT_COMPARED("a SHA-224")},
    {"sha384", 96, NOT_COMPARED("a SHA-384")},
    {"sha2-384", 0, NOT_COMPARED("a SHA-384")},
    {"sha512", 128, NOT_COMPARED("a SHA-512")},
    {"sha2-512", 0, NOT_COMPARED("a SHA-512")},
    {"sha3-256", 0, NOT_COMPARED("a SHA3-256")},
    {"sha512-256", 0, NOT_COMPARED("a SHA-512/256")},
    {"ripemd160", 0, NOT_COMPARED("a RIPEMD-160")},
    {"sha256", DIGITS, NULL},
    {"sha-256", 0, NULL},
    {"sha2-256", 0, NULL},
};

enum { DIGEST_COUNT = sizeof digests / sizeof *digests };

bool fingerprint_read(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text)
{
    unsigned char octets[FINGERPRINT_SIZE];
    size_t width = strchr(text, ':') == NULL ? 2 : 3;

    if (strlen(text) != FINGERPRINT_SIZE * width - (width - 2))
        return false;
    for (size_t i = 0; i < FINGERPRINT_SIZE; i++) {
        int high = ascii_hex(text[i * width]), low = ascii_hex(text[i * width + 1]);

        if (high < 0 || low < 0 || (width == 3 && i > 0 && text[i * width - 1] != ':'))
            return false;
        octets[i] = (unsigned char)(high * 16 + low);
    }
    memcpy(fingerprint, octets, sizeof octets);
    return true;
}

/* ---- the name of the digest ---- */

/*
 * Returns what is after the name and its ":", or " Fingerprint=" or "(stdin)= " as openssl(1) writes it.
 * NULL: something else follows the name.
 */
static const char *behind_name(const char *text)
{
    static const char word[] = " fingerprint";
    const char *end;

    if (*text == ':')
        return text + 1;
    if (strncasecmp(text, word, sizeof word - 1) == 0)
        text += sizeof word - 1;
    else if (*text == '(' && (end = strchr(text, ')')) != NULL)
        text = end + 1;
    text += strspn(text, " ");
    if (*text != '=')
        return NULL;
    return text + 1 + strspn(text + 1, " ");
}

/* The digest that the text names, and in *value what follows the name; NULL: it names none. */
static const struct digest *named_digest(const char *text, const char **value)
{
    for (size_t i = 0; i < DIGEST_COUNT; i++) {
        size_t length = strlen(digests[i].name);

        if (strncasecmp(text, digests[i].name, length) == 0) {
            *value = behind_name(text + length);
            if (*value != NULL)
                return &digests[i];
        }
    }
    return NULL;
}

/*
 * How many hexadecimal digits the text consists of, with colons, hyphens, blanks and what is not ASCII
 * between them (Windows puts an invisible mark first); 0: other text.
 */
static unsigned count_digits(const char *text)
{
    unsigned count = 0;

    for (; *text != '\0'; text++) {
        if (ascii_hex(*text) >= 0)
            count++;
        else if ((unsigned char)*text < 0x80 && strchr(":- ", *text) == NULL)
            return 0;
    }
    return count;
}

/* What is wrong with a text that names no digest. */
static const char *judge_nameless(const char *text)
{
    unsigned count = count_digits(text);

    if (fingerprint_is_hpkp(text))
        return "is an HPKP pin: the SHA-256 of a key in base64, but a policy needs hexadecimal digits";
    for (size_t i = 0; count > 0 && i < DIGEST_COUNT; i++)
        if (digests[i].digits == count)
            return digests[i].wrong != NULL ? digests[i].wrong
                                            : "does not name its digest: it must begin with \"sha256:\"";
    return "is not a fingerprint: write \"sha256:AA:BB:...\"";
}

const char *fingerprint_parse(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text)
{
    const char *value;
    const struct digest *digest = named_digest(text, &value);

    if (digest == NULL)
        return judge_nameless(text);
    if (digest->wrong != NULL)
        return digest->wrong;
    if (fingerprint_read(fingerprint, value))
        return NULL;
    if (count_digits(value) == 40)
        return "is as long as a SHA-1 fingerprint, which can be forged: 64 hexadecimal digits must follow "
               "\"sha256:\"";
    return "is not a SHA-256 fingerprint: 64 hexadecimal digits must follow \"sha256:\", with a colon "
           "between all "
           "octets or none";
}

bool fingerprint_is_hpkp(const char *text)
{
    return strncasecmp(text, "sha256/", 7) == 0 || strncasecmp(text, "pin-sha256", 10) == 0;
}

void fingerprint_format(const unsigned char fingerprint[FINGERPRINT_SIZE], char text[FINGERPRINT_TEXT])
{
    size_t used = (size_t)snprintf(text, FINGERPRINT_TEXT, "sha256");

    for (size_t i = 0; i < FINGERPRINT_SIZE; i++)
        used += (size_t)snprintf(text + used, FINGERPRINT_TEXT - used, ":%02X", (unsigned)fingerprint[i]);
}
