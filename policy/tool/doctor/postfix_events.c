/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Postfix shows the filter of a message and of its client, as far as the policy needs it. A before-queue
 * content filter hides headers and the end of the message, Postfix may be set not to look up client names,
 * and recipients may have extensions.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "policy/tool/doctor/postfix.h"

/* Returns the first partner that needs more than MAIL, RCPT and DATA; *what says for what. NULL: none. */
static const char *needs_message(const struct survey *survey, const char **what)
{
    const struct {
        const char *partner, *what;
    } needs[] = {
        {survey->header_from, "is selected by the header From"},
        {survey->quarantine, "has action quarantine, which needs the end of the message"},
        {survey->pins, "has a fingerprint, which needs the queue id"},
        {survey->key_pins, "has a fingerprint, which needs the queue id"},
    };

    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        *what = needs[i].what;
        if (needs[i].partner != NULL)
            return needs[i].partner;
    }
    return NULL;
}

static void examine_proxy_filter(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_proxy_filter";
    struct remarks *remarks = &postfix->examination->remarks;
    const char *filter = postfix_text(postfix, subject), *where = postfix_where(postfix, subject), *what;
    const char *partner = needs_message(&postfix->examination->survey, &what);

    if (*filter == '\0')
        return;
    if (partner == NULL) {
        remark(
            remarks, LEVEL_OK, subject,
            "%s%s: the filter sees MAIL, RCPT and DATA only, which is enough for this policy; it logs what "
            "passes at DATA, without a queue id",
            where, filter);
        return;
    }
    remark(remarks, LEVEL_ERROR, subject,
           "%s%s: the filter sees MAIL, RCPT and DATA only, and no queue id, but partner %s %s", where,
           filter, partner, what);
    postfix_advise(postfix, subject,
                   "let the content filter work behind the queue (content_filter) or as a milter");
}

/* ---- client names ---- */

/* Says what goes wrong, and for whom, if no client has a name. NULL: the policy has no client names. */
static const char *needs_names(const struct survey *survey, char *text, size_t size)
{
    if (survey->client_names != NULL)
        snprintf(text, size, "the rules of partner %s about client names fail", survey->client_names);
    else if (survey->exempt_names)
        snprintf(text, size, "the clients that exempt names are not exempt");
    else
        return NULL;
    return text;
}

static void examine_names(const struct postfix *postfix)
{
    static const char lookup[] = "smtpd_peername_lookup";
    struct remarks *remarks = &postfix->examination->remarks;
    char harm[256], etc[600], resolver[700];

    if (needs_names(&postfix->examination->survey, harm, sizeof harm) == NULL)
        return;
    if (!postfix_is_yes(postfix, lookup)) {
        remark(remarks, LEVEL_ERROR, lookup, "%sno: Postfix does not look up the names of clients, and %s",
               postfix_where(postfix, lookup), harm);
        postfix_change(postfix, lookup, "yes");
        return;
    }
    snprintf(etc, sizeof etc, "%s/etc", postfix->queue_directory);
    snprintf(resolver, sizeof resolver, "%s/resolv.conf", etc);
    if (!postfix->service->chrooted || access(etc, F_OK) != 0 || access(resolver, F_OK) == 0)
        return;
    remark(remarks, LEVEL_WARNING, "client_names",
           "%sis chrooted, and there is no %s: it may find no names of clients, and then %s",
           postfix->service->label, resolver, harm);
    remark_command(remarks, WORDS("cp", "/etc/resolv.conf", resolver));
}

/* ---- recipients ---- */

/* A recipient with an extension matches a rule only if the policy has the delimiter, too. */
static void examine_delimiter(const struct postfix *postfix)
{
    static const char subject[] = "recipient_delimiter";
    const char *partner = postfix->examination->survey.mailboxes, *theirs = postfix_text(postfix, subject);
    char merged[64];
    size_t length;

    if (partner == NULL)
        return;
    snprintf(merged, sizeof merged, "%s", policy_milter(postfix->examination->policy)->recipient_delimiter);
    length = strlen(merged);
    for (const char *at = theirs; *at != '\0' && length + 1 < sizeof merged; at++)
        if (strchr(merged, *at) == NULL) {
            merged[length++] = *at;
            merged[length] = '\0';
        }
    if (strlen(policy_milter(postfix->examination->policy)->recipient_delimiter) == length)
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
           "%s%s: the policy has not all of these delimiters, so that mail to an extension of a mailbox that "
           "partner %s names is not judged",
           postfix_where(postfix, subject), theirs, partner);
    doctor_policy_line(postfix->examination, "milter", "recipient_delimiter: \"%s\"", merged);
}

void doctor_postfix_events(const struct postfix *postfix)
{
    examine_delimiter(postfix);
    examine_proxy_filter(postfix);
    examine_names(postfix);
}
