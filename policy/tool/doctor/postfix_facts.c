/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postfix_facts: whether Postfix asks the filter's listener at the one place
 * where its answer is of use, first in smtpd_data_restrictions, and in the
 * one way in which it can delay nobody; and whether fingerprints are of the
 * digest that the policy compares.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor.h"
#include "policy/tool/doctor/endpoint.h"

static const char subject[] = "postfix_facts";
static const char list[] = "smtpd_data_restrictions";

/* What was found of the listener in a list of restrictions. */
struct wiring {
    bool found, unchrooted;
    struct element element;
    char before[64]; /* a restriction in front of it that may end the list */
};

/* What can answer OK, or leave the list otherwise before the listener is asked. */
static bool may_end(const char *word)
{
    return strncasecmp(word, "permit", 6) == 0 || strncasecmp(word, "check_", 6) == 0;
}

static void find_listener(const struct postfix *postfix, const char *text, struct wiring *wiring,
                          unsigned depth)
{
    const char *classes = postfix_text(postfix, "smtpd_restriction_classes");
    struct element element;

    while (!wiring->found && element_next(&element, &text)) {
        char word[sizeof(element.text)];
        enum same same;

        if (strcasecmp(element.text, "check_policy_service") != 0) {
            const char *inner = strstr(classes, element.text) ? postfix_text(postfix, element.text) : "";

            if (*inner && depth < 4)
                find_listener(postfix, inner, wiring, depth + 1);
            else if (may_end(element.text) && *wiring->before == '\0')
                snprintf(wiring->before, sizeof(wiring->before), "%.*s", (int)sizeof(wiring->before) - 1,
                         element.text);
            continue;
        }
        snprintf(word, sizeof(word), "%s", element.text);
        if (!element_next(&wiring->element, &text))
            return;
        same = endpoint_compare(wiring->element.text, postfix->examination->facts, postfix->queue_directory,
                                postfix->service->chrooted);
        wiring->found = same == SAME;
        wiring->unchrooted |= same == SAME_UNCHROOTED;
        if (same == SAME_NOT && *wiring->before == '\0')
            snprintf(wiring->before, sizeof(wiring->before), "%.*s", (int)sizeof(wiring->before) - 1, word);
    }
}

static void suggest(const struct postfix *postfix)
{
    char endpoint[512], value[sizeof(endpoint) + 128];
    bool good;

    endpoint_write(postfix->examination->facts, postfix->queue_directory, endpoint, sizeof(endpoint), &good);
    snprintf(value, sizeof(value),
             "check_policy_service { %s, default_action=DUNNO, timeout=3s, try_limit=1, request_limit=1 }",
             endpoint);
    postfix_change(postfix, list, value);
}

static void tell_missing(const struct postfix *postfix, const struct wiring *wiring)
{
    static const char *const others[] = {"smtpd_client_restrictions",    "smtpd_helo_restrictions",
                                         "smtpd_sender_restrictions",    "smtpd_relay_restrictions",
                                         "smtpd_recipient_restrictions", "smtpd_end_of_data_restrictions"};
    struct remarks *remarks = &postfix->examination->remarks;
    const char *where = postfix_where(postfix, list);

    if (wiring->unchrooted) {
        remark(remarks, LEVEL_ERROR, subject,
               "%s%s names %s by a path that does not exist inside of the chroot %s", where, list,
               postfix->examination->facts, postfix->queue_directory);
        suggest(postfix);
        return;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct wiring other = {false, false, {"", ""}, ""};

        find_listener(postfix, postfix_text(postfix, others[i]), &other, 0);
        if (!other.found)
            continue;
        remark(remarks, LEVEL_ERROR, subject,
               "%s is asked in %s%s, where the milter's DATA event cannot use it: it belongs in %s",
               postfix->examination->facts, postfix_where(postfix, others[i]), others[i], list);
        suggest(postfix);
        return;
    }
    remark(remarks, LEVEL_ERROR, subject,
           "%s%s does not ask %s: rules about fingerprints cannot be "
           "decided (mta_facts)",
           where, list, postfix->examination->facts);
    suggest(postfix);
}

/* An option of the listener's, or the general setting behind it. */
static const char *option(const struct postfix *postfix, const struct wiring *wiring, const char *name,
                          char value[64])
{
    char general[64];

    if (element_option(&wiring->element, name, value, 64))
        return value;
    snprintf(general, sizeof(general), "smtpd_policy_service_%s", name);
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
               "%sdefault_action is %s: everyone's mail is held up while the filter does not answer", where,
               value);
        suggest(postfix);
    }
    if (postconf_seconds(option(postfix, wiring, "timeout", value)) > 10) {
        remark(remarks, LEVEL_WARNING, subject,
               "%stimeout is %s: a hung filter delays everyone's mail for so long", where, value);
        suggest(postfix);
    }
    if (strtol(option(postfix, wiring, "try_limit", value), NULL, 10) > 1) {
        remark(remarks, LEVEL_WARNING, subject,
               "%stry_limit is %s: a filter that does not answer is asked again and again", where, value);
        suggest(postfix);
    }
    if (*wiring->before) {
        remark(remarks, LEVEL_WARNING, subject, "%s%s in front of it may end %s before it is asked", where,
               wiring->before, list);
        suggest(postfix);
    }
}

/* By any of the names that OpenSSL has for it, which Postfix takes. */
static bool is_sha256(const char *name)
{
    const EVP_MD *digest = EVP_get_digestbyname(name);

    return digest && EVP_MD_get_type(digest) == NID_sha256;
}

static void examine_digest(const struct postfix *postfix)
{
    static const char digest[] = "smtpd_tls_fingerprint_digest",
                      legacy[] = "tls_legacy_public_key_fingerprints";
    struct remarks *remarks = &postfix->examination->remarks;
    const char *value = postfix_text(postfix, digest);

    if (is_sha256(value)) {
        remark(remarks, LEVEL_OK, digest, "%s%s", postfix_where(postfix, digest), value);
    } else {
        remark(remarks, LEVEL_ERROR, digest,
               "%s%s: the policy's fingerprints are of sha256, and no certificate of a partner ever matches",
               postfix_where(postfix, digest), value);
        postfix_change(postfix, digest, "sha256");
    }
    if (postfix->examination->survey.key_pins && postfix_is_yes(postfix, legacy)) {
        remark(remarks, LEVEL_ERROR, legacy, "%syes: fingerprints of keys are not those of the policy",
               postfix_where(postfix, legacy));
        postfix_change(postfix, legacy, "no");
    }
}

void doctor_postfix_facts(const struct postfix *postfix)
{
    const struct survey *survey = &postfix->examination->survey;
    const char *pins = survey->pins ? survey->pins : survey->key_pins;
    struct wiring wiring = {false, false, {"", ""}, ""};
    size_t before;

    if (pins)
        examine_digest(postfix);
    if (!postfix->examination->facts) {
        if (!pins)
            return;
        remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
               "not set: Postfix shows a milter no fingerprint, and mail of partner %s is deferred "
               "(mta_facts)",
               pins);
        remark_change(&postfix->examination->remarks,
                      "%s: milter: {postfix_facts: unix:%s/forcetls/facts.sock}",
                      postfix->examination->policy_file, postfix->queue_directory);
        return;
    }
    find_listener(postfix, postfix_text(postfix, list), &wiring, 0);
    if (!wiring.found) {
        tell_missing(postfix, &wiring);
        return;
    }
    before = postfix->examination->remarks.count;
    examine_options(postfix, &wiring);
    if (postfix->examination->remarks.count == before)
        remark(&postfix->examination->remarks, LEVEL_OK, subject, "%s asks %s", list,
               postfix->examination->facts);
}
