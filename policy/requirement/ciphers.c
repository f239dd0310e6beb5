/* SPDX-License-Identifier: BSD-2-Clause */
/* `ciphers`: the suite of the session is in the list. Without a list, any suite will do that is not weak. */
#include "policy/requirement/requirement.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/suggest.h"

/* ---- reading ---- */

/*
 * Completes the set of suites that satisfy: all of TLS 1.3 unless one was named, no weak one unless it was
 * named.
 */
static void finish_ciphers(const struct suites *suites, struct ciphers *ciphers, bool names_tls13)
{
    for (int suite = 0; suite < (int)suites_count(suites); suite++) {
        unsigned long long bit = 1ull << (suite % 64);

        if (!names_tls13 && suites_is_tls13(suites, suite))
            ciphers->set.bits[suite / 64] |= bit;
        if (suites_is_weak(suites, suite) && !suite_set_has(&ciphers->literal, suite))
            ciphers->set.bits[suite / 64] &= ~bit;
    }
}

static bool is_all_weak(const struct suites *suites, const struct suite_set *set)
{
    for (int suite = 0; suite < (int)suites_count(suites); suite++)
        if (suite_set_has(set, suite) && !suites_is_weak(suites, suite))
            return false;
    return true;
}

/* Adds the suites of one entry. Returns what is wrong with the entry; NULL: nothing. */
static const char *add_suites(const struct suites *suites, const char *entry, struct suite_set *set,
                              int *literal)
{
    struct suite_set selected = {{0}};
    const char *wrong = suites_read(suites, entry, &selected, literal);

    if (wrong == NULL && *literal < 0 && is_all_weak(suites, &selected))
        wrong = "selects only weak suites, which satisfy no partner; to allow one, name it in an entry of "
                "its own";
    for (size_t i = 0; wrong == NULL && i < SUITES_MAX / 64; i++)
        set->bits[i] |= selected.bits[i];
    return wrong;
}

/* Reports an entry that is neither a suite nor a cipher string, and what is meant if that is known. */
static void refuse_entry(struct loading *loading, const struct node *item, const char *entry,
                         const char *wrong)
{
    const struct suites *suites = loading->policy->suites;
    static const char *const versions[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL};
    const char *nearest = suites_nearest(suites, entry), *version = suggest_word(entry, versions);
    struct suite_set set = {{0}};
    char upper[64];
    int literal = -1;

    snprintf(upper, sizeof upper, "%s", entry);
    for (char *at = upper; *at != '\0'; at++)
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    if (nearest == NULL && strcmp(upper, entry) != 0 && strlen(entry) < sizeof upper
        && suites_read(suites, upper, &set, &literal) == NULL)
        nearest = upper;
    if (nearest != NULL)
        loading_error(loading, item, "\"%.128s\" %s; did you mean \"%s\"?", entry, wrong, nearest);
    else if (version != NULL)
        loading_error(loading, item, "\"%.128s\" %s; for a version write min_tls_version: %s beside ciphers",
                      entry, wrong, version);
    else
        loading_error(loading, item, "\"%.128s\" %s", entry, wrong);
}

/* Returns the octets needed for all entries of a list with separators, and a NUL. */
static size_t room_of_list(const struct node *node)
{
    size_t room = 1;

    for (const struct node *item = node->kind == NODE_SEQUENCE ? node->first : NULL; item != NULL;
         item = item->next)
        room += item->kind == NODE_SCALAR ? strlen(item->text) + 2 : 0;
    return room;
}

static void read_value(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    const struct suites *suites = loading->policy->suites;
    const struct node *item = NULL;
    struct ciphers *ciphers = loading_alloc(loading, sizeof *ciphers);
    size_t size = room_of_list(node);
    char *octets = loading_alloc(loading, size);
    struct growing text;
    bool names_tls13 = false;

    if (ciphers == NULL || octets == NULL || compile_list(loading, node, false, &item) == 0)
        return;
    text = growing_begin(octets, size);
    for (; item != NULL; item = item->next) {
        const char *entry, *wrong;
        int literal = -1;

        if (!compile_text(loading, item, &entry))
            continue;
        wrong = add_suites(suites, entry, &ciphers->set, &literal);
        if (wrong != NULL) {
            refuse_entry(loading, item, entry, wrong);
            continue;
        }
        names_tls13 |= literal >= 0 && suites_is_tls13(suites, literal);
        if (literal >= 0 && suites_is_weak(suites, literal)) {
            suite_set_add(&ciphers->literal, literal);
            loading_warning(loading, item, WARNING_WEAK_CIPHER,
                            "\"%.64s\" is a weak suite and is accepted because it is named here", entry);
        }
        growing_item(&text, ", ", entry);
    }
    finish_ciphers(suites, ciphers, names_tls13);
    ciphers->text = octets;
    require->ciphers = ciphers;
    requirement_given(require, REQUIRE_CIPHERS);
}

/* ---- weighing ---- */

/* Lists contain no weak suites but those that they name. Without a list, weak suites are refused, too. */
static void weigh(const struct weighing *weighing, struct finding *finding)
{
    const struct suites *suites = weighing->policy->suites;
    const struct judged *judged = weighing->judged;
    const char *name = weighing->facts->macro[MACRO_CIPHER];
    bool listed = false;
    int suite;

    if (name == NULL || !suites_is_name(name)) {
        requirement_found(finding, UNKNOWN, REASON_MTA_MACROS);
        return;
    }
    suite = suites_find(suites, name);
    if (suite < 0) { /* an unknown suite may be as good as any, unless its name says otherwise */
        requirement_found(finding, suites_name_is_weak(name) ? UNMET : UNKNOWN,
                          suites_name_is_weak(name) ? REASON_CIPHER : REASON_MTA_MACROS);
        return;
    }
    for (size_t i = 0; i < judged->piece_count; i++) {
        const struct piece *piece = &judged->piece[i];

        if ((piece->keys & 1u << REQUIRE_CIPHERS) == 0)
            continue;
        listed = true;
        if (!suite_set_has(&piece->require->ciphers->set, suite)) {
            requirement_found(finding, UNMET, REASON_CIPHER);
            return;
        }
    }
    requirement_found(finding, listed || !suites_is_weak(suites, suite) ? MET : UNMET, REASON_CIPHER);
}

/* ---- words ---- */

static void wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    const struct judged *judged = weighing->judged;

    (void)finding;
    for (size_t i = 0; i < judged->piece_count; i++)
        if ((judged->piece[i].keys & 1u << REQUIRE_CIPHERS) != 0)
            growing_item(text, " and ", judged->piece[i].require->ciphers->text);
    if (text->length == 0)
        growing_add(text, "no weak suite");
}

static bool found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)finding;
    return requirement_show_macro(text, weighing->facts, MACRO_CIPHER);
}

static bool is_listed(const struct judged *judged)
{
    for (size_t i = 0; i < judged->piece_count; i++)
        if ((judged->piece[i].keys & 1u << REQUIRE_CIPHERS) != 0)
            return true;
    return false;
}

/*
 * Shows the needed suites only if the policy's list is short. The list has OpenSSL's names and cipher
 * strings, which a reply may show.
 */
static void detail(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    char octets[50];
    struct growing needed = growing_begin(octets, sizeof octets);

    if (finding->reason == REASON_MTA_MACROS)
        requirement_detail_unknown_suite(text, weighing);
    if (finding->reason != REASON_CIPHER)
        return;
    growing_add(text, ": %s seen", requirement_suite_seen(weighing));
    if (!is_listed(weighing->judged))
        return;
    wanted(&needed, weighing, finding);
    if (needed.length < sizeof octets - 1)
        growing_add(text, ", %s needed", octets);
}

/* clang-format off */
const struct requirement_row requirement_ciphers = {
    .combination = COMBINE_COMMON, .always = true, .of_tls = true, .read = read_value,
    .weigh = weigh, .wanted = wanted, .found = found, .detail = detail,
    .reasons = {{REASON_CIPHER, "554", "5.7.0", "4.7.0",
                 "TLS cipher suite not accepted for mail from this domain"}}};
