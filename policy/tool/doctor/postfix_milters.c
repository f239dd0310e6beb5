/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether Postfix can read the list of its filters: smtpd(8) ends at a
 * malformed option of any filter, as each client connects, and takes mail from
 * nobody.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/postfix.h"

static bool is_option(const char *name)
{
    static const char *const names[] = {"connect_timeout", "command_timeout", "content_timeout",
                                        "default_action", "protocol"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* "30s", "5m": at least a second. */
static bool is_time(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    return isdigit((unsigned char)*text) && number > 0
           && (*end == '\0' || (strchr("smhdw", *end) != NULL && end[1] == '\0'));
}

/* Takes the blanks off both ends. */
static const char *strip(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    for (length = strlen(text); length > 0 && strchr(" \t", text[length - 1]) != NULL; length--)
        text[length - 1] = '\0';
    return text;
}

/* What is wrong with "name=value" or "{ name = value }"; NULL: nothing. */
static const char *option_error(const char *option)
{
    char copy[sizeof((struct element *)NULL)->text], *equals;
    size_t length = strlen(option);
    bool braces = *option == '{' && option[length - 1] == '}' && length > 1;
    const char *name;

    snprintf(copy, sizeof copy, "%.*s", (int)(braces ? length - 2 : length), option + braces);
    equals = strchr(copy, '=');
    if (equals == NULL || equals == copy)
        return "an option is written name=value, without blanks";
    *equals = '\0';
    name = strip(copy);
    if (!is_option(name))
        return "Postfix knows no such option";
    return strstr(name, "_timeout") == NULL || is_time(strip(equals + 1)) ? NULL : "this is no time";
}

static void examine_options(const struct postfix *postfix, const struct element *filter)
{
    const char *rest = filter->options;
    struct element option;

    while (element_next(&option, &rest)) {
        char text[sizeof option.text];
        const char *wrong;

        snprintf(text, sizeof text, "%.*s", (int)option.length, option.at);
        wrong = option_error(text);
        if (wrong == NULL)
            continue;
        remark(&postfix->examination->remarks, LEVEL_ERROR, "smtpd_milters",
               "%s\"%s\" of %s: %s; smtpd ends as a client connects, and takes mail from nobody",
               postfix_where(postfix, "smtpd_milters"), text, filter->text, wrong);
        postfix_advise(
            postfix, "smtpd_milters",
            "write this filter as { ENDPOINT, default_action=tempfail }, with its options between commas "
            "and each as name=value");
        return;
    }
}

void doctor_postfix_milters(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, "smtpd_milters");
    struct element element;

    while (element_next(&element, &rest)) {
        examine_options(postfix, &element);
        if (strchr(element.text, ':') != NULL)
            continue;
        remark(
            &postfix->examination->remarks, LEVEL_ERROR, "smtpd_milters",
            "%s\"%s\" is no filter (unix:path, inet:host:port): Postfix takes the default action on all mail",
            postfix_where(postfix, "smtpd_milters"), element.text);
        postfix_advise(postfix, "smtpd_milters",
                       strchr(element.text, '=') != NULL
                           ? "put the options of a filter into braces with it: { unix:path, name=value }"
                           : "take it out, or write it as unix:path or inet:host:port");
    }
}
