/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of filters and policy services as Postfix reads them: which exist, and which
 * values they take. Reports nothing.
 */
#include "policy/tool/doctor/option.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, TIME, NUMBER };

struct option {
    const char *name;
    enum kind kind;
};

static const struct option of_filters[] = {
    {"connect_timeout", TIME}, {"command_timeout", TIME}, {"content_timeout", TIME},
    {"default_action", TEXT},  {"protocol", TEXT},        {NULL, TEXT},
};

static const struct option of_services[] = {
    {"timeout", TIME},        {"max_idle", TIME},       {"max_ttl", TIME},
    {"retry_delay", TIME},    {"try_limit", NUMBER},    {"request_limit", NUMBER},
    {"default_action", TEXT}, {"policy_context", TEXT}, {NULL, TEXT},
};

/* "30s", "5m": at least a second. */
static bool is_time(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    return isdigit((unsigned char)*text) && number > 0
           && (*end == '\0' || (strchr("smhdw", *end) != NULL && end[1] == '\0'));
}

/* Removes the blanks at both ends. */
static const char *strip(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    for (length = strlen(text); length > 0 && strchr(" \t", text[length - 1]) != NULL; length--)
        text[length - 1] = '\0';
    return text;
}

/* Returns what is wrong with the value of an option. NULL: nothing. */
static const char *value_error(const char *name, const char *value, const struct option *known)
{
    while (known->name != NULL && strcmp(name, known->name) != 0)
        known++;
    if (known->name == NULL)
        return "Postfix knows no such option";
    if (known->kind == TIME && !is_time(value))
        return "this is no time";
    if (known->kind == NUMBER && (*value == '\0' || value[strspn(value, "0123456789")] != '\0'))
        return "this is no number";
    if (strcmp(name, "try_limit") == 0 && value[strspn(value, "0")] == '\0')
        return "this is no number from 1 on";
    return NULL;
}

const char *option_error(const struct element *option, bool service)
{
    bool braces = option->at[0] == '{' && option->length > 1;
    char copy[sizeof option->text], *equals;
    const char *name;

    snprintf(copy, sizeof copy, "%.*s", (int)(option->length - (braces ? 2 : 0)), option->at + braces);
    equals = strchr(copy, '=');
    if (equals == NULL || equals == copy)
        return "an option is written name=value, without blanks";
    *equals = '\0';
    name = strip(copy);
    return value_error(name, strip(equals + 1), service ? of_services : of_filters);
}

unsigned option_drop_malformed(const void *arg, const struct element *element, const struct element *next)
{
    const bool *service = arg;

    (void)next;
    return option_error(element, *service) != NULL;
}
