/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scalars of the policy language: which plain words YAML would read as
 * something else than text, the strict forms of booleans and numbers, and the
 * nearest spelling for an error. Knows no keys and no files.
 */
#include "policy/names/scalar.h"

#include <string.h>
#include <strings.h>
#include "policy/names/ascii.h"

enum { WORD_MAX = 64, TYPED_WORD_MAX = 5, SLIPS_MAX = 3 };

/* The words have at most TYPED_WORD_MAX letters. */
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
        return NULL; /* none of these types begins so */
    if (is_one_of(text, nulls))
        return "null";
    if (is_one_of(text, booleans))
        return "a boolean";
    return is_number(text) ? "a number" : NULL;
}

static bool is_plain(const char *text)
{
    if (!ascii_letter_or_digit(text[0]) || scalar_other_type(text) != NULL || text[strlen(text) - 1] == ' ')
        return false;
    for (; *text != '\0'; text++)
        if (!ascii_letter_or_digit(*text) && strchr("._-@ ", *text) == NULL)
            return false;
    return true;
}

void scalar_write(char *to, size_t size, const char *text)
{
    size_t used = 0;
    bool quoted = !is_plain(text);

    if (size < 4)
        return;
    if (quoted)
        to[used++] = '"';
    for (; *text != '\0' && used + 4 < size; text++) {
        if (quoted && (*text == '"' || *text == '\\'))
            to[used++] = '\\';
        to[used++] = *text;
    }
    if (quoted)
        to[used++] = '"';
    to[used] = '\0';
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

unsigned scalar_distance(const char *a, const char *b, unsigned most)
{
    unsigned row[3][WORD_MAX + 1];
    size_t rows = strnlen(a, WORD_MAX + 1), length = strnlen(b, WORD_MAX + 1);

    if (rows > WORD_MAX || length > WORD_MAX || rows > length + most || length > rows + most)
        return most + 1;
    for (unsigned j = 0; j <= length; j++)
        row[0][j] = j;
    for (unsigned i = 1; i <= rows; i++) {
        unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *two = row[(i + 1) % 3];

        now[0] = i;
        for (unsigned j = 1; j <= length; j++) {
            unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);

            now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + cost);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = least(now[j], two[j - 2] + 1);
        }
    }
    return least(row[rows % 3][length], most + 1);
}

/*
 * Whether the word has the digits of a text, in their order: "TLSv12" does not mean TLSv1, and "TLSv1.4"
 * means no version at all.
 */
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

/* How many slips a word of that length may have; with more it is another word: "date" is no "mode". */
static unsigned slips(size_t length)
{
    return length < 3 ? 0 : least((unsigned)(length + 1) / 3, SLIPS_MAX);
}

/* The only word that begins with a text of at least three letters; NULL: none, or several. */
static const char *completed(const char *text, const char *const *words)
{
    size_t length = strlen(text);
    const char *found = NULL;

    if (length < 3)
        return NULL;
    for (; *words != NULL; words++)
        if (strncasecmp(*words, text, length) == 0) {
            if (found != NULL)
                return NULL;
            found = *words;
        }
    return found;
}

const char *scalar_nearest(const char *text, const char *const *words)
{
    size_t length = strlen(text), other;
    unsigned best = SLIPS_MAX + 1, most, distance;
    const char *nearest = NULL, *whole = completed(text, words);

    if (whole != NULL)
        return whole;
    for (; *words != NULL; words++) {
        other = strlen(*words);
        most = least(slips(length < other ? length : other), best - 1);
        distance = has_digits(*words, text) ? scalar_distance(text, *words, most) : most + 1;
        if (distance <= most) {
            nearest = *words;
            if (distance == 0)
                break;
            best = distance;
        }
    }
    return nearest;
}
