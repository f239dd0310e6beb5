/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of a `ciphers` list: suite names and OpenSSL cipher strings. The
 * strings are worked out here from what each word selects, because OpenSSL
 * silently skips words that it does not know: a hole in a policy.
 * For words that OpenSSL knows, the result is OpenSSL's (the unit test compares),
 * except that "A+B" never selects more than both A and B.
 * Calls no OpenSSL, and knows nothing of partners or profiles.
 */
#include <string.h>
#include "policy/names/tls_internal.h"

static bool set_is_empty(const struct suite_set *set)
{
    for (size_t i = 0; i < SUITES_MAX / 64; i++)
        if (set->bits[i] != 0)
            return false;
    return true;
}

/* Sets *set to what one word of an element selects. Returns what is wrong; NULL: nothing. */
static const char *read_word(const struct suites *suites, const char *word, size_t length,
                             struct suite_set *set)
{
    char name[SUITE_NAME_LENGTH + 1];
    int suite;

    if (length == 0)
        return "is not written as an OpenSSL cipher string";
    if (length >= 6 && strncmp(word, "SUITEB", 6) == 0)
        return "uses SUITEB, which is a mode of OpenSSL: name the suites";
    if (length > SUITE_NAME_LENGTH)
        return "has a word that is neither a cipher suite nor a cipher string of OpenSSL";
    memcpy(name, word, length);
    name[length] = '\0';
    memset(set, 0, sizeof *set);
    suite = suites_find(suites, name);
    if (suites_is_tls13(suites, suite))
        return "names a TLS 1.3 suite in a cipher string, where it has no effect: give it its own entry";
    if (suite >= 0) {
        if (!suites->suite[suite].gone)
            suite_set_add(set, suite);
        return NULL;
    }
    for (size_t i = 1; i < CIPHER_WORDS; i++)
        if (strcmp(name, cipher_words[i]) == 0) {
            *set = suites->selected[i];
            return NULL;
        }
    return "has a word that is neither a cipher suite nor a cipher string of OpenSSL";
}

/* Likewise for words joined by "+": what all of them select. */
static const char *read_selection(const struct suites *suites, const char *text, size_t length,
                                  struct suite_set *set)
{
    const char *end = text + length;
    struct suite_set part;

    memset(set, 0xff, sizeof *set);
    for (;;) {
        size_t word = 0;
        const char *wrong;

        while (text + word < end && text[word] != '+')
            word++;
        wrong = read_word(suites, text, word, &part);
        if (wrong != NULL)
            return wrong;
        for (size_t i = 0; i < SUITES_MAX / 64; i++)
            set->bits[i] &= part.bits[i];
        text += word;
        if (text == end)
            return NULL;
        text++;
    }
}

/* What a cipher string has chosen so far, and what "!" bars for good. */
struct choice {
    struct suite_set chosen, barred;
};

/* Applies one element, with its leading "!", "-" or "+". */
static const char *read_element(const struct suites *suites, const char *text, size_t length,
                                struct choice *choice)
{
    char operation = *text == '!' || *text == '-' || *text == '+' ? *text : '\0';
    struct suite_set set;
    const char *wrong;

    if (operation != '\0') {
        text++;
        length--;
    }
    wrong = read_selection(suites, text, length, &set);
    if (wrong != NULL)
        return wrong;
    if (operation == '\0' && set_is_empty(&set))
        return "has an element that selects no suite of this OpenSSL";
    for (size_t i = 0; i < SUITES_MAX / 64; i++) {
        if (operation == '\0')
            choice->chosen.bits[i] |= set.bits[i] & ~choice->barred.bits[i];
        else if (operation != '+') /* "+" only changes the order */
            choice->chosen.bits[i] &= ~set.bits[i];
        if (operation == '!')
            choice->barred.bits[i] |= set.bits[i];
    }
    return NULL;
}

static const char *read_string(const struct suites *suites, const char *entry, struct suite_set *set)
{
    static const char separators[] = ": ,;", first[] = "DEFAULT";
    struct choice choice = {{{0}}, {{0}}};
    const char *text = entry;

    if (strcspn(text, separators) == strlen(first) && strncmp(text, first, strlen(first)) == 0) {
        choice.chosen = suites->selected[0];
        for (size_t i = 0; i < SUITES_MAX / 64; i++) /* it bars the rest: "ALL:!COMPLEMENTOFDEFAULT:!eNULL" */
            choice.barred.bits[i] = ~choice.chosen.bits[i];
        text += strlen(first);
    }
    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        const char *wrong = NULL;

        if (length == strlen(first) && strncmp(text, first, length) == 0)
            wrong = "has a DEFAULT that is not the first word, so OpenSSL ignores it";
        else
            wrong = read_element(suites, text, length, &choice);
        if (wrong != NULL)
            return wrong;
        text += length;
    }
    if (set_is_empty(&choice.chosen))
        return "selects no suite";
    for (size_t i = 0; i < SUITES_MAX / 64; i++)
        set->bits[i] |= choice.chosen.bits[i];
    return NULL;
}

const char *suites_read(const struct suites *suites, const char *entry, struct suite_set *set, int *literal)
{
    int suite = suites_find(suites, entry);
    const char *wrong;

    if (suite >= 0) {
        suite_set_add(set, suite);
        *literal = suite;
        return NULL;
    }
    if (strchr(entry, '@') != NULL)
        return "contains \"@\": order and security level mean nothing here";
    wrong = read_string(suites, entry, set);
    if (wrong == NULL)
        *literal = -1;
    return wrong;
}
