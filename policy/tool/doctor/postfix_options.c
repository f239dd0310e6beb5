/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether Postfix can read its filters and policy services. If an option of any of them is malformed,
 * smtpd(8) ends when a client connects, and takes mail from nobody.
 */
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/option.h"
#include "policy/tool/doctor/postfix.h"

static void examine_options(const struct postfix *postfix, const char *parameter,
                            const struct element *element, bool service)
{
    const char *rest = element->options;
    struct element option;

    while (element_next(&option, &rest)) {
        const char *wrong = option_error(&option, service);

        if (wrong == NULL)
            continue;
        remark(&postfix->examination->remarks, LEVEL_ERROR, parameter,
               "%s\"%.*s\" of %s: %s; smtpd ends as a client connects, and takes mail from nobody",
               postfix_where(postfix, parameter), (int)option.length, option.at, element->text, wrong);
        postfix_advise(postfix, parameter,
                       "write the options between commas, and each as name=value: { ENDPOINT, name=value }");
        return;
    }
}

static void examine_filters(const struct postfix *postfix)
{
    static const char parameter[] = "smtpd_milters";
    const char *rest = postfix_text(postfix, parameter);
    struct element element;

    while (element_next(&element, &rest)) {
        examine_options(postfix, parameter, &element, false);
        if (strchr(element.text, ':') != NULL)
            continue;
        remark(
            &postfix->examination->remarks, LEVEL_ERROR, parameter,
            "%s\"%s\" is no filter (unix:path, inet:host:port): Postfix takes the default action on all mail",
            postfix_where(postfix, parameter), element.text);
        postfix_advise(postfix, parameter,
                       strchr(element.text, '=') != NULL
                           ? "put the options of a filter into braces with it: { unix:path, name=value }"
                           : "take it out, or write it as unix:path or inet:host:port");
    }
}

static void examine_services(const struct postfix *postfix)
{
    static const char *const lists[] = {"smtpd_client_restrictions",     "smtpd_helo_restrictions",
                                        "smtpd_sender_restrictions",     "smtpd_relay_restrictions",
                                        "smtpd_recipient_restrictions",  "smtpd_data_restrictions",
                                        "smtpd_end_of_data_restrictions"};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *rest = postfix_text(postfix, lists[i]);
        struct element element;
        bool is_service = false;

        while (element_next(&element, &rest)) {
            if (is_service)
                examine_options(postfix, lists[i], &element, true);
            is_service = strcasecmp(element.text, "check_policy_service") == 0;
        }
    }
}

void doctor_postfix_options(const struct postfix *postfix)
{
    examine_filters(postfix);
    examine_services(postfix);
}
