/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encoded words (RFC 2047), decoded as mail programs decode them.
 *
 * Knows the syntax of encoded words and, through ICU, character sets. Knows
 * nothing of addresses. It judges no syntax: mail programs show words that the
 * RFC does not permit.
 */
#include "policy/facts/encoded_word.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucnv.h>
#include <unicode/ustring.h>
#include "policy/names/ascii.h"

enum { CHARSET_MAX = 60 };

/* A word: "=?charset*language?encoding?payload?=". */
struct word {
    char charset[CHARSET_MAX + 1];
    char encoding; /* 'b', 'q', or another letter */
    const char *payload;
    size_t length;
    const char *behind; /* what follows the word */
    bool ended;         /* by "?=" */
};

/* The text decoded so far, and the octets that are not converted yet. */
struct decoder {
    char *text;
    size_t length, room;
    char *octets;
    size_t octet_count;
    char charset[CHARSET_MAX + 1];
    UConverter *converter; /* of `charset`; NULL: an unknown one */
    bool no_memory;
};

/*
 * Finds the end of the payload and of the word: at "?=". If that is missing, or belongs to a later word, both
 * end at the first blank, comma, "<" or ">"; else before the next word or at the end of the text.
 */
static void find_end(struct word *word)
{
    const char *at = word->payload, *fallback = NULL;

    word->ended = false;
    for (; *at != '\0'; at++) {
        if (at[0] == '?' && at[1] == '=') {
            word->ended = true;
            word->length = (size_t)(at - word->payload);
            word->behind = at + 2;
            return;
        }
        if (fallback == NULL && (ascii_blank(*at) || strchr(",<>", *at) != NULL))
            fallback = at;
        if (at[0] == '=' && at[1] == '?' && at[2] != '=') /* but "=?=" is a "=" and then the end */
            break;
    }
    word->behind = fallback != NULL ? fallback : at;
    word->length = (size_t)(word->behind - word->payload);
}

/* Reads the word at `at`; false: there is none. */
static bool read_word(struct word *word, const char *at)
{
    const char *charset, *end;
    size_t length;

    if (at[0] != '=' || at[1] != '?')
        return false;
    charset = at + 2;
    length = strcspn(charset, "?");
    if (length > CHARSET_MAX || charset[length] != '?')
        return false;
    memcpy(word->charset, charset, length);
    word->charset[length] = '\0';
    word->charset[strcspn(word->charset, "*")] = '\0';
    end = charset + length + 1;
    if (!isalpha((unsigned char)end[0]) || end[1] != '?')
        return false;
    word->encoding = (char)tolower((unsigned char)end[0]);
    word->payload = end + 2;
    find_end(word);
    return true;
}

/* "Q": "_" is a blank, "=41" an octet; a "=" without two digits stands for itself. */
static size_t decode_q(const struct word *word, char *to)
{
    size_t count = 0;

    for (size_t i = 0; i < word->length; i++) {
        char octet = word->payload[i];

        if (octet == '_') {
            octet = ' ';
        } else if (octet == '=' && i + 2 < word->length && ascii_hex(word->payload[i + 1]) >= 0
                   && ascii_hex(word->payload[i + 2]) >= 0) {
            octet = (char)(ascii_hex(word->payload[i + 1]) * 16 + ascii_hex(word->payload[i + 2]));
            i += 2;
        }
        to[count++] = octet;
    }
    return count;
}

/* "B": octets that are not base64 are skipped. A "=" ends a group, except after the first letter of one. */
static size_t decode_b(const struct word *word, char *to)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t count = 0;

    for (size_t i = 0; i < word->length; i++) {
        int value = ascii_base64(word->payload[i]);

        if (word->payload[i] == '=' && have != 6)
            have = 0;
        if (value < 0)
            continue;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            to[count++] = (char)(bits >> have & 0xFF);
        }
    }
    return count;
}

/*
 * Whether RFC 2047 (section 2) permits the word. Blanks in the payload are accepted: many mail programs that
 * are strict otherwise decode words with blanks.
 */
static bool is_permitted(const struct word *word)
{
    static const char especials[] = "()<>@,;:\"/[]?.=";

    if (word->charset[0] == '\0')
        return false;
    for (const char *at = word->charset; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7F || strchr(especials, *at) != NULL)
            return false;
    for (size_t i = 0; i < word->length; i++) {
        char octet = word->payload[i];

        if (octet == '?'
            || (word->encoding == 'b' && octet != '=' && !ascii_blank(octet) && ascii_base64(octet) < 0))
            return false;
    }
    return word->ended && (word->encoding == 'b' || word->encoding == 'q');
}

/* Appends text without the NULs in it. */
static void put(struct decoder *decoder, const char *octets, size_t length)
{
    size_t needed = decoder->length + length + 1;

    if (needed > decoder->room) {
        size_t room = needed > 2 * decoder->room ? needed : 2 * decoder->room;
        char *text = realloc(decoder->text, room);

        decoder->no_memory |= text == NULL;
        if (text == NULL)
            return;
        decoder->text = text;
        decoder->room = room;
    }
    for (size_t i = 0; i < length; i++)
        if (octets[i] != '\0')
            decoder->text[decoder->length++] = octets[i];
    decoder->text[decoder->length] = '\0';
}

/* Returns the waiting octets in UTF-16, to be freed; NULL: out of memory. An octet makes at most 4 units. */
static UChar *convert(struct decoder *decoder, int32_t *units)
{
    UErrorCode error = U_ZERO_ERROR;
    int32_t room = (int32_t)(4 * decoder->octet_count + 16);
    UChar *text = malloc((size_t)room * sizeof *text);

    if (text == NULL)
        return NULL;
    *units =
        ucnv_toUChars(decoder->converter, text, room, decoder->octets, (int32_t)decoder->octet_count, &error);
    if (U_FAILURE(error)) {
        free(text);
        return NULL;
    }
    return text;
}

/* Converts the waiting octets and appends them. */
static void flush(struct decoder *decoder)
{
    UErrorCode error = U_ZERO_ERROR;
    int32_t units, length = 0;
    UChar *text;
    char *octets;

    if (decoder->octet_count == 0)
        return;
    if (decoder->converter == NULL) {
        put(decoder, decoder->octets, decoder->octet_count);
        decoder->octet_count = 0;
        return;
    }
    text = convert(decoder, &units);
    decoder->octet_count = 0;
    octets = text == NULL ? NULL : malloc(3 * (size_t)units + 1);
    if (octets != NULL)
        u_strToUTF8WithSub(octets, 3 * units + 1, &length, text, units, 0xFFFD, NULL, &error);
    if (octets == NULL || U_FAILURE(error))
        decoder->no_memory = true;
    else
        put(decoder, octets, (size_t)length);
    free(octets);
    free(text);
}

/*
 * Whether ICU knows a character set of that name. ICU must not open an unknown name: it would look for a
 * file, and read text after a comma as options.
 */
static bool is_known(const char *charset)
{
    UErrorCode error = U_ZERO_ERROR;

    return charset[0] != '\0' && strchr(charset, ',') == NULL && ucnv_countAliases(charset, &error) != 0
           && U_SUCCESS(error);
}

/* As Python cleans names: octets but letters, digits and dots become "-", and are dropped at both ends. */
static void write_cleaned(char *to, const char *charset)
{
    const char *start = to;

    for (; *charset != '\0'; charset++) {
        if (ascii_letter_or_digit(*charset) || *charset == '.')
            *to++ = *charset;
        else if (to > start)
            *to++ = '-';
    }
    while (to > start && to[-1] == '-')
        to--;
    *to = '\0';
}

/*
 * Returns ICU's name of the character set; NULL: none. iconv ignores text after a slash, and knows more
 * EBCDIC character sets than ICU: all encode letters, digits and dots as IBM037 does. UTF-7 has many names.
 */
static const char *name_of_charset(const char *charset, char room[CHARSET_MAX + 1])
{
    static const char *const ebcdic[] = {"ebcdic", "csebcdic", "ibm", "csibm", "cp", "osf1002"};
    static const char *const utf_7[] = {"u7", "csutf7", "cp65000", "x-unicode-2-0-utf-7"};

    if (is_known(charset))
        return charset;
    write_cleaned(room, charset);
    if (is_known(room))
        return room;
    room[strcspn(strcpy(room, charset), "/")] = '\0';
    if (is_known(room))
        return room;
    for (size_t i = 0; i < sizeof utf_7 / sizeof *utf_7; i++)
        if (strcasecmp(room, utf_7[i]) == 0)
            return "UTF-7";
    for (size_t i = 0; i < sizeof ebcdic / sizeof *ebcdic; i++)
        if (strncasecmp(room, ebcdic[i], strlen(ebcdic[i])) == 0)
            return "IBM037";
    return NULL;
}

/* Sets the character set of the octets that follow. Converts those that wait. */
static void set_charset(struct decoder *decoder, const char *charset)
{
    UErrorCode error = U_ZERO_ERROR;
    char room[CHARSET_MAX + 1];
    const char *name;

    if (strcasecmp(charset, decoder->charset) == 0)
        return;
    flush(decoder);
    ucnv_close(decoder->converter);
    decoder->converter = NULL;
    strcpy(decoder->charset, charset);
    name = name_of_charset(charset, room);
    if (name == NULL)
        return;
    decoder->converter = ucnv_open(name, &error);
    decoder->no_memory |= error == U_MEMORY_ALLOCATION_ERROR; /* else this ICU was built without it */
}

static void put_word(struct decoder *decoder, const struct word *word, enum encoded_reading reading)
{
    char *to;

    if (reading != ENCODED_TOGETHER)
        flush(decoder);
    if (reading != ENCODED_OCTETS)
        set_charset(decoder, word->charset);
    to = decoder->octets + decoder->octet_count;
    if (word->encoding == 'b') {
        decoder->octet_count += decode_b(word, to);
    } else if (word->encoding == 'q') {
        decoder->octet_count += decode_q(word, to);
    } else {
        memcpy(to, word->payload, word->length);
        decoder->octet_count += word->length;
    }
}

size_t encoded_words_count(const char *text)
{
    size_t count = 0;

    while ((text = strstr(text, "=?")) != NULL) {
        count++;
        text += 2;
    }
    return count;
}

bool encoded_words_decode(const char *text, enum encoded_reading reading, char **decoded)
{
    struct decoder decoder = {.octets = malloc(strlen(text) + 1)};
    const char *plain = text, *behind_word = NULL; /* the text not copied yet; the end of the last word */
    struct word word;
    bool found = false;

    decoder.no_memory = decoder.octets == NULL;
    while (!decoder.no_memory && *text != '\0') {
        if (!read_word(&word, text) || (reading == ENCODED_STRICT && !is_permitted(&word))) {
            if (text == behind_word && ascii_blank(*text) && reading != ENCODED_SPACED)
                behind_word++;
            text++;
            continue;
        }
        if (text != behind_word) {
            flush(&decoder);
            put(&decoder, plain, (size_t)(text - plain));
        }
        put_word(&decoder, &word, reading);
        text = plain = behind_word = word.behind;
        found = true;
    }
    flush(&decoder);
    put(&decoder, plain, strlen(plain));
    ucnv_close(decoder.converter);
    free(decoder.octets);
    if (decoder.no_memory || !found) {
        free(decoder.text);
        decoder.text = NULL;
    }
    *decoded = decoder.text;
    return !decoder.no_memory;
}
