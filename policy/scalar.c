/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scalars of the policy language: which plain words YAML would read as
 * something else than text, the strict forms of booleans and numbers, and the
 * nearest spelling for an error. Knows no keys and no files.
 */
#include "policy/scalar.h"

#include <string.h>
#include <strings.h>

enum { WORD_MAX = 64, TYPED_WORD_MAX = 5 };

/* The words are of at most TYPED_WORD_MAX letters. */
static bool is_one_of(const char *text, const char *const *words)
{
    if (strnlen(text, TYPED_WORD_MAX + 1) > TYPED_WORD_MAX)
        return false;
    for (; *words != NULL; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

/* Integers and floats of YAML 1.1 and 1.2, generously: digits with one sign, dots, exponent, 0x, 0o, _. */
static bool is_number(const char *text)
{
    static const char *const words[] = {".inf", "+.inf", "-.inf", ".nan", NULL};
    size_t digits, dots = 0;

    if (is_one_of(text, words))
        return true;
    text += *text == '+' || *text == '-';
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b'))
        return text[2] != '\0' && text[2 + strspn(text + 2, "0123456789abcdefABCDEF_")] == '\0';
    if (strchr("0123456789.", *text) == NULL)
        return false;
    for (digits = 0; *text != '\0' && strchr("0123456789_.", *text) != NULL; text++) {
        dots += *text == '.';
        digits += *text >= '0' && *text <= '9';
    }
    if (digits == 0 || dots > 1)
        return false;
    if (*text == 'e' || *text == 'E') {
        text += 1 + (text[1] == '+' || text[1] == '-');
        return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
    }
    return *text == '\0';
}

const char *scalar_other_type(const char *text)
{
    static const char *const booleans[] = {"true", "false", "yes", "no", "on", "off", "y", "n", NULL};
    static const char *const nulls[] = {"", "~", "null", NULL};

    if (*text != '\0' && strchr("~tTfFyYnNoO0123456789+-.", *text) == NULL)
        return NULL; /* nothing of the kind begins so */
    if (is_one_of(text, nulls))
        return "null";
    if (is_one_of(text, booleans))
        return "a boolean";
    return is_number(text) ? "a number" : NULL;
}

bool scalar_boolean(const char *text, bool *value)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return false;
    *value = text[0] == 't';
    return true;
}

bool scalar_number(const char *text, unsigned max, unsigned *value)
{
    unsigned long long number = 0;

    if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (unsigned)(*text - '0');
        if (number > max)
            return false;
    }
    *value = (unsigned)number;
    return true;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edit distance with transpositions of neighbours; both texts at most WORD_MAX long. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[3][WORD_MAX + 2];
    size_t length = strlen(b);

    for (unsigned j = 0; j <= length; j++)
        row[0][j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *two = row[(i + 1) % 3];

        now[0] = i;
        for (unsigned j = 1; j <= length; j++) {
            unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);

            now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + cost);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = least(now[j], two[j - 2] + 1);
        }
    }
    return row[strlen(a) % 3][length];
}

/* Whether the digits of a text stand in the word, in their order: "TLSv12" is no TLSv1, and "TLSv1.4" none at all. */
static bool has_digits(const char *word, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            continue;
        word = strchr(word, *text);
        if (word == NULL)
            return false;
        word++;
    }
    return true;
}

const char *scalar_nearest(const char *text, const char *const *words)
{
    size_t length = strlen(text);
    unsigned best = (unsigned)(length < 3 ? 1 : (length + 2) / 3) + 1;
    const char *nearest = NULL;

    if (length > WORD_MAX)
        return NULL;
    for (; *words != NULL; words++) {
        unsigned d = strlen(*words) > WORD_MAX || !has_digits(*words, text) ? best : distance(text, *words);

        if (d < best) {
            best = d;
            nearest = *words;
        }
    }
    return nearest;
}
