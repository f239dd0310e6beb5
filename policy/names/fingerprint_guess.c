/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fingerprints in other forms than the policy's: which one is meant, and what is
 * wrong with its digits. For suggestions only: fingerprint.c decides what a
 * policy may hold.
 */
#include "policy/names/fingerprint.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/ascii.h"

enum { DIGITS = 2 * FINGERPRINT_SIZE, BASE64_LENGTH = 43, LABEL = 48 }; /* base64 without its "=" */

/* ---- the digits ---- */

/* Reads 32 octets in base64, with or without the "=" at its end. */
static bool read_base64(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text)
{
    unsigned char octets[FINGERPRINT_SIZE + 1];
    unsigned bits = 0, held = 0;
    size_t used = 0;

    for (size_t i = 0; i < BASE64_LENGTH; i++) {
        int digit = ascii_base64(text[i]);

        if (digit < 0)
            return false;
        held = (held << 6 | (unsigned)digit) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            octets[used++] = (unsigned char)(held >> bits);
        }
    }
    text += BASE64_LENGTH;
    if (text[strspn(text, "=\"' ;")] != '\0')
        return false;
    memcpy(fingerprint, octets, FINGERPRINT_SIZE);
    return true;
}

/* Whether an octet may be between digits: colons, hyphens, blanks, quotes, and invisible marks. */
static bool is_between(char octet)
{
    return (unsigned char)octet >= 0x80 || (octet != '\0' && strchr(":- '\"", octet) != NULL);
}

/* Reads 64 hexadecimal digits up to the end of the text, with what is_between() them. */
static bool read_digits(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text)
{
    char digits[DIGITS + 1];
    size_t count = 0;

    for (; *text != '\0'; text++) {
        if (ascii_hex(*text) >= 0 && count < DIGITS)
            digits[count++] = *text;
        else if (ascii_hex(*text) >= 0 || !is_between(*text))
            return false;
    }
    digits[count] = '\0';
    return fingerprint_read(fingerprint, digits);
}

/* ---- the label before the digits ---- */

/* What follows "3 1 1 " of a TLSA record with SHA-256; *of_key: it pins a key. NULL: no such record. */
static const char *behind_tlsa(const char *text, bool *of_key)
{
    const char *word = strcasestr(text, "TLSA ");
    unsigned usage, selector, digest;
    int used = 0;

    if (word != NULL)
        text = word + 5;
    if (sscanf(text, " %1u%*1[ ]%1u%*1[ ]%1u%*1[ ]%n", &usage, &selector, &digest, &used) != 3 || used == 0
        || usage > 3 || selector > 1 || digest != 1)
        return NULL;
    *of_key = selector == 1;
    return text + used;
}

/* Whether the text before the digits fits SHA-256: it names SHA-256, or no digest. */
static bool is_label(const char *text, size_t length)
{
    static const char *const others[] = {"sha3", "512", "384", "224", "blake", "shake", "sm3", "md"};
    char label[LABEL];
    bool letters = false;

    if (length >= sizeof label)
        return false;
    memcpy(label, text, length);
    label[length] = '\0';
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcasestr(label, others[i]) != NULL)
            return false;
    for (size_t i = 0; i < length; i++)
        letters |= (unsigned char)label[i] < 0x80 && isalpha((unsigned char)label[i]);
    if (strcasestr(label, "256") != NULL || strcasecmp(label, "0x") == 0)
        return true;
    if (!letters)
        return strpbrk(label, "0123456789") == NULL;
    return strcasestr(label, "print") != NULL && strpbrk(label, "0123456789") == NULL;
}

/* Whether a label ends in digits, "SHA256: AB:". They are part of a fingerprint that has too many. */
static bool ends_in_digits(const char *text, size_t length)
{
    return length > 3 && text[length - 1] == ':' && ascii_hex(text[length - 2]) >= 0
           && ascii_hex(text[length - 3]) >= 0 && !isalnum((unsigned char)text[length - 4]);
}

static bool guess_behind_label(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        size_t label = (size_t)(at - text);

        if (at > text && isalnum((unsigned char)at[-1]) && (at[-1] | 0x20) != 'x')
            continue;
        if (!is_label(text, label) || ends_in_digits(text, label))
            continue;
        if (read_digits(fingerprint, at)
            || (label > 0 && strncmp(at - 1, "0", 1) != 0 && memmem(text, label, "256", 3) != NULL
                && read_base64(fingerprint, at)))
            return true;
    }
    return false;
}

bool fingerprint_is_of_key(const char *text)
{
    bool of_key = false;

    return fingerprint_is_hpkp(text) || strncasecmp(text, "pkey_fingerprint", 16) == 0
           || (behind_tlsa(text, &of_key) != NULL && of_key);
}

bool fingerprint_guess(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text)
{
    const char *record;
    bool of_key;

    while ((unsigned char)*text >= 0x80 || *text == ' ')
        text++;
    if (fingerprint_is_hpkp(text)) {
        text += text[6] == '/' ? 7 : 10;
        text += *text == '/'; /* "sha256//" of curl(1) */
        return read_base64(fingerprint, text + strspn(text, ":=\"' "));
    }
    record = behind_tlsa(text, &of_key);
    return record != NULL ? read_digits(fingerprint, record) : guess_behind_label(fingerprint, text);
}

/* ---- what is wrong with the digits ---- */

void fingerprint_flaw(const char *text, char flaw[FINGERPRINT_FLAW])
{
    const char *colon = strchr(text, ':');
    unsigned count = 0;

    flaw[0] = '\0';
    if (colon == NULL || strncasecmp(text, "sha256", 6) != 0)
        return;
    for (text = colon + 1; *text != '\0'; text++) {
        if (ascii_hex(*text) < 0 && !is_between(*text)) {
            if (isgraph((unsigned char)*text))
                snprintf(flaw, FINGERPRINT_FLAW, "; \"%c\" is none", *text);
            return;
        }
        count += ascii_hex(*text) >= 0;
    }
    if (count > 0 && count != DIGITS)
        snprintf(flaw, FINGERPRINT_FLAW, "; here are %u", count);
}
