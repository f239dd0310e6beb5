/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Postfix shows the filter of a message and of its client, as far as the
 * policy needs it: headers and the end of the message, which a before-queue
 * content filter keeps away, and client names, which Postfix may be told not to
 * look up.
 */
#include <stdio.h>
#include <unistd.h>
#include "policy/tool/doctor.h"

/* The first partner that needs more than MAIL, RCPT and DATA, and for what. NULL: there is none. */
static const char *needs_message(const struct survey *survey, const char **what)
{
    const struct {
        const char *partner, *what;
    } needs[] = {
        {survey->header_from, "is selected by the header From, which the filter is not shown"},
        {survey->quarantine, "has action quarantine, which is carried out at the end of the message"},
        {survey->pins, "has a fingerprint, which is found by the queue id"},
        {survey->key_pins, "has a fingerprint, which is found by the queue id"},
    };

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        *what = needs[i].what;
        if (needs[i].partner)
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
    if (!partner) {
        remark(remarks, LEVEL_OK, subject,
               "%s%s: the filter sees no more than MAIL, RCPT and DATA, which is enough for this policy; "
               "what passes is logged at DATA, without a queue id",
               where, filter);
        return;
    }
    remark(remarks, LEVEL_ERROR, subject,
           "%s%s: the filter sees no more than MAIL, RCPT and DATA, and no queue id; partner %s %s", where,
           filter, partner, what);
    postfix_change(postfix, subject, "");
}

/* ---- client names ---- */

/* What is wrong for whom where no client has a name. NULL: the policy has no client names. */
static const char *needs_names(const struct survey *survey, char *text, size_t size)
{
    if (survey->client_names)
        snprintf(text, size, "the rules of partner %s about client names go wrong", survey->client_names);
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

    if (!needs_names(&postfix->examination->survey, harm, sizeof(harm)))
        return;
    if (!postfix_is_yes(postfix, lookup)) {
        remark(remarks, LEVEL_ERROR, lookup, "%sno: Postfix does not look up the names of clients, and %s",
               postfix_where(postfix, lookup), harm);
        postfix_change(postfix, lookup, "yes");
        return;
    }
    snprintf(etc, sizeof(etc), "%s/etc", postfix->queue_directory);
    snprintf(resolver, sizeof(resolver), "%s/resolv.conf", etc);
    if (!postfix->service->chrooted || access(etc, F_OK) != 0 || access(resolver, F_OK) == 0)
        return;
    remark(remarks, LEVEL_WARNING, "client_names",
           "%sis chrooted, and there is no %s: it may find no names of clients, and %s",
           postfix->service->label, resolver, harm);
    remark_change(remarks, "cp /etc/resolv.conf %s", resolver);
}

void doctor_postfix_events(const struct postfix *postfix)
{
    examine_proxy_filter(postfix);
    examine_names(postfix);
}
