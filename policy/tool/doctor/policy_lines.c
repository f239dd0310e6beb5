/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines to write into the policy. A line sets one key, and holds a list as a whole. The
 * rest of a section stays as it is.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/scalar.h"
#include "policy/tool/doctor/doctor.h"
#include "policy/tool/text.h"

void doctor_policy_line(struct examination *examination, const char *section, const char *format, ...)
{
    va_list arguments;
    char *line;

    va_start(arguments, format);
    line = text_vformat(format, arguments);
    va_end(arguments);
    if (line != NULL)
        remark_change(&examination->remarks, "%s, under %s: %s", examination->policy_file, section, line);
    else
        examination->remarks.exhausted = true;
    free(line);
}

void doctor_policy_setting(struct examination *examination, const char *section, const char *key,
                           const char *value)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+-";
    char scalar[2048];

    if (value[strspn(value, plain)] == '\0')
        snprintf(scalar, sizeof scalar, "%s", value);
    else
        scalar_write(scalar, sizeof scalar, value);
    doctor_policy_line(examination, section, "%s: %s", key, scalar);
}

/* A list in brackets that grows. */
struct list {
    FILE *stream;
    const char *without; /* the item to leave out, or NULL */
    bool any;
};

static void add_to_list(void *arg, const char *text)
{
    struct list *list = arg;
    char scalar[1024];

    if (list->without != NULL && strcmp(text, list->without) == 0)
        return;
    scalar_write(scalar, sizeof scalar, text);
    fprintf(list->stream, "%s%s", list->any ? ", " : "", scalar);
    list->any = true;
}

typedef void each_fn(const struct policy *policy, void (*found)(void *arg, const char *text), void *arg);

static void suggest_list(struct examination *examination, const char *key, each_fn *each, const char *more,
                         const char *without)
{
    char *text = NULL;
    size_t size;
    struct list list = {open_memstream(&text, &size), without, false};

    if (list.stream == NULL) {
        examination->remarks.exhausted = true;
        return;
    }
    if (examination->policy != NULL)
        each(examination->policy, add_to_list, &list);
    if (more != NULL)
        add_to_list(&list, more);
    if (fclose(list.stream) == 0)
        doctor_policy_line(examination, "exempt", "%s: [%s]", key, text);
    free(text);
}

void doctor_policy_exempt_clients(struct examination *examination, const char *more)
{
    suggest_list(examination, "clients", policy_each_exempt_client, more, NULL);
}

void doctor_policy_exempt_daemons(struct examination *examination, const char *without)
{
    suggest_list(examination, "daemons", policy_each_exempt_daemon, NULL, without);
}
