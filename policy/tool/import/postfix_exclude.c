/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exclude= of a policy table names what Postfix must not use; a policy names what may be used. Knows the
 * suites of this OpenSSL, except those of TLS 1.3: exclude= has no effect on them.
 */
#include <string.h>
#include "policy/names/tls.h"
#include "policy/tool/import/postfix_internal.h"

/* The suites that are left after exclude=. */
struct left {
    struct suites *suites;
    struct suite_set set;
    bool spares;         /* a word names a single weak suite, so the other weak ones stay */
    const char *other;   /* the first word that is neither a class of weak suites nor kRSA */
    const char *unknown; /* a word that names nothing */
};

/* Whether a word excludes weak suites only. */
static bool is_weak(const char *word)
{
    static const char *const words[] = {"aNULL", "eNULL", "NULL", "EXPORT", "EXP", "LOW",   "MD5", "RC2",
                                        "RC4",   "DES",   "3DES", "SSLv2",  "ADH", "AECDH", NULL};

    return map_is_word(word, words);
}

/* Keeps what the cipher string "ALL:!WORD" selects. */
static void leave_out(struct left *left, struct import *import, const char *word)
{
    struct suite_set these = {{0}};
    int literal;

    if (suites_read(left->suites, import_format(import, "ALL:COMPLEMENTOFALL:!%s", word), &these, &literal)
        != NULL) {
        left->unknown = word;
        return;
    }
    literal = suites_find(left->suites, word);
    left->spares |= literal >= 0 && suites_is_weak(left->suites, literal);
    left->other = left->other != NULL ? left->other : word;
    suite_set_keep(&left->set, &these);
}

/*
 * Writes the suites that are left. A weak suite satisfies a rule only if the rule names it. So weak suites
 * are written only if exclude= names some of them singly.
 */
static void write_suites(const struct policy_line *line, struct left *left)
{
    size_t count = 0;

    if (!left->spares)
        suite_set_leave_out(&left->set, suites_of(left->suites, SUITES_WEAK));
    if (draft_values(line->draft, "outbound.require.forward_secrecy") != NULL)
        suite_set_keep(&left->set, suites_of(left->suites, SUITES_EPHEMERAL));
    for (int suite = 0; suite < (int)suites_count(left->suites); suite++) {
        if (!suite_set_has(&left->set, suite))
            continue;
        draft_add(line->import, line->draft, "outbound.require.ciphers", suites_name(left->suites, suite));
        count++;
    }
    if (count > 0)
        import_note(line->draft->origins, "exclude=%.80s is written as the suites that it leaves: %zu",
                    left->other, count);
    else
        import_note(line->draft->origins, "exclude=%.80s leaves no suite; it is left out", left->other);
}

void postfix_add_excluded(const struct policy_line *line, const char *text)
{
    struct left left = {.suites = suites_new()};
    const char *item;

    if (left.suites == NULL) {
        import_note(line->draft->origins, "exclude=%.80s is left out: out of memory", text);
        return;
    }
    left.set = *suites_of(left.suites, SUITES_USABLE);
    suite_set_leave_out(&left.set, suites_of(left.suites, SUITES_TLS13));
    while ((item = map_item(line->import, &text, ":,")) != NULL) {
        if (strcmp(item, "kRSA") == 0)
            draft_add(line->import, line->draft, "outbound.require.forward_secrecy", "true");
        else if (!is_weak(item))
            leave_out(&left, line->import, item);
    }
    if (left.unknown != NULL)
        import_note(line->draft->origins, "exclude=%.80s names no suite; it is left out", left.unknown);
    if (left.other != NULL)
        write_suites(line, &left);
    suites_free(left.suites);
}
