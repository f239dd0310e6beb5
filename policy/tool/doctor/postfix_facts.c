/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postfix_facts: whether Postfix asks the filter's listener where its answer is of use, first in
 * smtpd_data_restrictions, and in a way that delays nobody; and whether fingerprints are of the
 * digest that the policy compares.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/option.h"
#include "policy/tool/doctor/postfix.h"
#include "policy/tool/text.h"

static const char subject[] = "postfix_facts";
static const char list[] = "smtpd_data_restrictions";

/* What was found of the listener in a list of restrictions. */
struct wiring {
    bool found, unchrooted;
    struct element element;
    const char *parameter; /* the list or the restriction class that names it; NULL: none */
    char before[64];       /* a restriction before it that may end the list */
};

static const struct wiring nowhere = {.found = false};

/* Whether a restriction can answer OK, or end the list in another way before the listener is asked. */
static bool may_end(const char *word)
{
    return strncasecmp(word, "permit", 6) == 0 || strncasecmp(word, "check_", 6) == 0;
}

static void find_listener(const struct postfix *postfix, const char *parameter, struct wiring *wiring,
                          unsigned depth)
{
    const char *classes = postfix_text(postfix, "smtpd_restriction_classes");
    const char *text = postfix_text(postfix, parameter);
    struct element element;

    while (!wiring->found && element_next(&element, &text)) {
        char word[sizeof element.text];
        enum same same;

        if (strcasecmp(element.text, "check_policy_service") != 0) {
            const char *inner =
                strstr(classes, element.text) != NULL ? postfix_text(postfix, element.text) : "";

            if (*inner && depth < 4)
                find_listener(postfix, element.text, wiring, depth + 1);
            else if (may_end(element.text) && *wiring->before == '\0')
                snprintf(wiring->before, sizeof wiring->before, "%.*s", (int)sizeof wiring->before - 1,
                         element.text);
            continue;
        }
        snprintf(word, sizeof word, "%s", element.text);
        if (!element_next(&wiring->element, &text))
            return;
        same = endpoint_compare(wiring->element.text, postfix->examination->facts, postfix->queue_directory,
                                postfix->service->chrooted);
        wiring->found = same == SAME;
        if (same != SAME_NOT && wiring->parameter == NULL)
            wiring->parameter = arena_text(&postfix->examination->arena, parameter, strlen(parameter));
        wiring->unchrooted |= same == SAME_UNCHROOTED;
        if (same == SAME_NOT && *wiring->before == '\0')
            snprintf(wiring->before, sizeof wiring->before, "%.*s", (int)sizeof wiring->before - 1, word);
    }
}

/* Picks "check_policy_service" with the listener after it. */
static unsigned drop_listener(const void *arg, const struct element *element, const struct element *next)
{
    const struct postfix *postfix = arg;
    const char *facts = postfix->examination->facts;
    bool ours = next != NULL && strcasecmp(element->text, "check_policy_service") == 0
                && (endpoint_compare(next->text, facts, postfix->queue_directory, false) != SAME_NOT
                    || endpoint_compare(next->text, facts, postfix->queue_directory, true) != SAME_NOT);

    return ours ? 2 : 0;
}

/*
 * Picks the options that our line sets, and those that Postfix cannot read. The administrator's others stay.
 */
static unsigned drop_own_option(const void *arg, const struct element *element, const struct element *next)
{
    static const char *const own[] = {"default_action", "timeout", "try_limit", "request_limit"};

    const bool service = true;

    (void)arg;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (merge_drop_option(own[i], element, next) > 0)
            return 1;
    return option_drop_malformed(&service, element, next);
}

/* Suggests the listener first in the list, with the options that it needs. Other restrictions stay. */
static void suggest_in(const struct postfix *postfix, const char *parameter, const char *options)
{
    char endpoint[512], *others, *restriction;
    size_t dropped;
    bool good;

    endpoint_write(postfix->examination->facts, postfix->queue_directory, endpoint, sizeof endpoint, &good);
    if (!good && postfix->service->chrooted) {
        postfix_suggest_facts(postfix);
        return;
    }
    others = merge_without(options, drop_own_option, NULL, &dropped);
    restriction =
        others != NULL
            ? text_format("check_policy_service { %s, default_action=DUNNO, timeout=3s, try_limit=1, "
                          "request_limit=1%s%s }",
                          endpoint, *others ? ", " : "", others)
            : NULL;
    if (restriction != NULL)
        postfix_with_first(postfix, parameter, restriction, drop_listener, postfix);
    else
        postfix->examination->remarks.exhausted = true;
    free(others);
    free(restriction);
}

static void suggest(const struct postfix *postfix, const struct wiring *wiring)
{
    suggest_in(postfix, wiring->parameter != NULL ? wiring->parameter : list,
               wiring->parameter != NULL ? wiring->element.options : "");
}

static void report_missing(const struct postfix *postfix, const struct wiring *wiring)
{
    static const char *const others[] = {"smtpd_client_restrictions",    "smtpd_helo_restrictions",
                                         "smtpd_sender_restrictions",    "smtpd_relay_restrictions",
                                         "smtpd_recipient_restrictions", "smtpd_end_of_data_restrictions"};
    struct remarks *remarks = &postfix->examination->remarks;
    const char *where = postfix_where(postfix, list);

    if (wiring->unchrooted) {
        remark(remarks, LEVEL_ERROR, subject,
               "%s%s names %s by a path that is not there inside the chroot %s", where, list,
               postfix->examination->facts, postfix->queue_directory);
        suggest(postfix, wiring);
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct wiring other = nowhere;

        find_listener(postfix, others[i], &other, 0);
        if (!other.found)
            continue;
        remark(remarks, LEVEL_ERROR, subject,
               "%s is asked in %s%s, where the milter's DATA event cannot use the answer: it belongs in %s",
               postfix->examination->facts, postfix_where(postfix, others[i]), others[i], list);
        suggest_in(postfix, list, other.element.options);
        return;
    }
    remark(remarks, LEVEL_ERROR, subject,
           "%s%s does not ask %s: rules about fingerprints cannot be "
           "decided (mta_facts)",
           where, list, postfix->examination->facts);
    suggest_in(postfix, list, "");
}

/* Returns an option of the listener; if it has none, the general setting. */
static const char *option(const struct postfix *postfix, const struct wiring *wiring, const char *name,
                          char value[64])
{
    char general[64];

    if (element_option(&wiring->element, name, value, 64))
        return value;
    snprintf(general, sizeof general, "smtpd_policy_service_%s", name);
    snprintf(value, 64, "%s", postfix_text(postfix, general));
    return value;
}

static void examine_options(const struct postfix *postfix, const struct wiring *wiring)
{
    struct remarks *remarks = &postfix->examination->remarks;
    const char *where = postfix_where(postfix, list);
    char value[64];

    if (strcasecmp(option(postfix, wiring, "default_action", value), "DUNNO") != 0) {
        remark(remarks, LEVEL_ERROR, subject,
               "%sdefault_action is %s: all mail is held up while the filter does not answer", where, value);
        suggest(postfix, wiring);
    }
    if (postconf_seconds(option(postfix, wiring, "timeout", value)) > 10) {
        remark(remarks, LEVEL_WARNING, subject,
               "%stimeout is %s: a filter that hangs delays all mail for that long", where, value);
        suggest(postfix, wiring);
    }
    if (strtol(option(postfix, wiring, "try_limit", value), NULL, 10) > 1) {
        remark(remarks, LEVEL_WARNING, subject,
               "%stry_limit is %s: a filter that does not answer is asked again and again", where, value);
        suggest(postfix, wiring);
    }
    if (*wiring->before) {
        remark(remarks, LEVEL_WARNING, subject,
               "%s%s stands in front of it and may end %s before it is asked", where, wiring->before, list);
        suggest_in(postfix, list, wiring->element.options);
    }
}

static void examine_digest(const struct postfix *postfix)
{
    static const char digest[] = "smtpd_tls_fingerprint_digest",
                      legacy[] = "tls_legacy_public_key_fingerprints";
    struct remarks *remarks = &postfix->examination->remarks;
    const char *value = postfix_text(postfix, digest);

    if (postfix_is_sha256(value)) {
        remark(remarks, LEVEL_OK, digest, "%s%s", postfix_where(postfix, digest), value);
    } else {
        remark(remarks, LEVEL_ERROR, digest,
               "%s%s: the policy's fingerprints are SHA-256, and no certificate of a partner ever matches",
               postfix_where(postfix, digest), value);
        postfix_change(postfix, digest, "sha256");
    }
    if (postfix->examination->survey.key_pins != NULL && postfix_is_yes(postfix, legacy)) {
        remark(remarks, LEVEL_ERROR, legacy,
               "%syes: Postfix computes fingerprints of keys in an old way, and none ever matches",
               postfix_where(postfix, legacy));
        postfix_change(postfix, legacy, "no");
    }
}

void doctor_postfix_facts(const struct postfix *postfix)
{
    const struct survey *survey = &postfix->examination->survey;
    const char *pins = survey->pins != NULL ? survey->pins : survey->key_pins;
    struct wiring wiring = nowhere;
    size_t before;

    if (pins != NULL)
        examine_digest(postfix);
    if (postfix->examination->facts == NULL) {
        if (pins == NULL)
            return;
        remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
               "not set: Postfix shows a milter no fingerprint, and mail of partner %s is deferred "
               "(mta_facts)",
               pins);
        postfix_suggest_facts(postfix);
        return;
    }
    find_listener(postfix, list, &wiring, 0);
    if (!wiring.found) {
        report_missing(postfix, &wiring);
        return;
    }
    before = postfix->examination->remarks.count;
    examine_options(postfix, &wiring);
    if (postfix->examination->remarks.count == before)
        remark(&postfix->examination->remarks, LEVEL_OK, subject, "%s asks %s", list,
               postfix->examination->facts);
}
