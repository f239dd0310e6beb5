/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines to write into main.cf and master.cf. A line holds the whole new value. What the administrator
 * wrote stays in it, so that pasting the line removes nothing else. Knows no parameter, except how
 * smtpd_milters names the filter.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/option.h"
#include "policy/tool/doctor/postfix.h"
#include "policy/tool/text.h"

void postfix_change(const struct postfix *postfix, const char *parameter, const char *value)
{
    const char *blank = *value ? " " : "";

    if (postfix_is_own(postfix, parameter))
        remark_change(&postfix->examination->remarks, "%s, %s %s: -o { %s =%s%s }", postfix->master_cf,
                      postfix->service->name, postfix->service->type, parameter, blank, value);
    else
        remark_change(&postfix->examination->remarks, "%s: %s =%s%s", postfix->main_cf, parameter, blank,
                      value);
}

void postfix_advise(const struct postfix *postfix, const char *parameter, const char *advice)
{
    if (postfix_is_own(postfix, parameter))
        remark_change(&postfix->examination->remarks, "%s, %s %s, %s: %s", postfix->master_cf,
                      postfix->service->name, postfix->service->type, parameter, advice);
    else
        remark_change(&postfix->examination->remarks, "%s, %s: %s", postfix->main_cf, parameter, advice);
}

/* Writes the value and frees it. NULL: out of memory. */
static void change_and_free(const struct postfix *postfix, const char *parameter, char *value)
{
    if (value != NULL)
        postfix_change(postfix, parameter, value);
    else
        postfix->examination->remarks.exhausted = true;
    free(value);
}

/* Takes elements out of the list as it is written. If a $reference hides them: out of the expanded list. */
static char *without(const struct postfix *postfix, const char *parameter, merge_fn *drop, const void *arg)
{
    size_t dropped, there;
    char *value = merge_without(postfix_written(postfix, parameter), drop, arg, &dropped), *expanded;

    if (value == NULL || dropped > 0)
        return value;
    expanded = merge_without(postfix_text(postfix, parameter), drop, arg, &there);
    if (expanded == NULL || there > 0) {
        free(value);
        return expanded;
    }
    free(expanded);
    return value;
}

void postfix_without(const struct postfix *postfix, const char *parameter, merge_fn *drop, const void *arg)
{
    change_and_free(postfix, parameter, without(postfix, parameter, drop, arg));
}

void postfix_with_first(const struct postfix *postfix, const char *parameter, const char *element,
                        merge_fn *drop, const void *arg)
{
    char *rest = without(postfix, parameter, drop, arg);

    change_and_free(postfix, parameter, rest != NULL ? merge_with_first(element, rest) : NULL);
    free(rest);
}

void postfix_with_last(const struct postfix *postfix, const char *parameter, const char *word)
{
    char *rest = without(postfix, parameter, merge_drop_word, word);

    change_and_free(postfix, parameter,
                    rest != NULL ? text_format("%s%s%s", rest, *rest ? ", " : "", word) : NULL);
    free(rest);
}

/* ---- the filter in smtpd_milters ---- */

static const char milters[] = "smtpd_milters";

unsigned postfix_drop_filter(const void *arg, const struct element *element, const struct element *next)
{
    const struct postfix *postfix = arg;
    const char *ours = postfix->examination->socket;

    (void)next;
    return endpoint_compare(element->text, ours, postfix->queue_directory, false) != SAME_NOT
           || endpoint_compare(element->text, ours, postfix->queue_directory, true) != SAME_NOT;
}

static unsigned drop_own_option(const void *arg, const struct element *element, const struct element *next)
{
    const bool service = false;

    return merge_drop_option(arg, element, next) > 0 ? 1 : option_drop_malformed(&service, element, next);
}

/*
 * Returns the filter's options that Postfix can read, without default_action: "" or ", connect_timeout=10s";
 * to be freed. NULL: out of memory.
 */
static char *filter_options(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, milters);
    struct element element;
    size_t dropped;
    char *options = NULL;

    while (options == NULL && element_next(&element, &rest))
        if (postfix_drop_filter(postfix, &element, NULL) > 0)
            options = merge_without(element.options, drop_own_option, "default_action", &dropped);
    if (options != NULL && *options) {
        char *separated = text_format(", %s", options);

        free(options);
        options = separated;
    }
    return options != NULL ? options : text_format("%s", "");
}

/* Mail of sendmail(1) keeps the filters that it has by $smtpd_milters, but does not get this one. */
static void keep_non_smtpd(const struct postfix *postfix)
{
    static const char parameter[] = "non_smtpd_milters";
    struct postfix main = *postfix;
    size_t dropped;

    main.service = NULL;
    if (strstr(postfix_written(&main, parameter), "smtpd_milters") != NULL
        && !postfix_is_own(postfix, milters))
        change_and_free(&main, parameter,
                        merge_without(postfix_text(&main, parameter), postfix_drop_filter, &main, &dropped));
}

/* For a chrooted service that cannot find the filter's socket: the socket has to move. */
static void suggest_other_socket(const struct postfix *postfix)
{
    char *spec = postfix->several ? text_format("inet:8895@127.0.0.1")
                                  : text_format("unix:%s/forcetls/forcetls.sock", postfix->queue_directory);

    if (spec != NULL)
        doctor_policy_setting(postfix->examination, "milter", "socket", spec);
    else
        postfix->examination->remarks.exhausted = true;
    free(spec);
}

void postfix_suggest_filter(const struct postfix *postfix)
{
    char endpoint[512], *options, *element;
    bool good;

    endpoint_write(postfix->examination->socket, postfix->queue_directory, endpoint, sizeof endpoint, &good);
    if (!good && postfix->service != NULL && postfix->service->chrooted) {
        suggest_other_socket(postfix);
        return;
    }
    options = filter_options(postfix);
    element = options != NULL ? text_format("{ %s, default_action=tempfail%s }", endpoint, options) : NULL;
    if (element != NULL)
        postfix_with_first(postfix, milters, element, postfix_drop_filter, postfix);
    else
        postfix->examination->remarks.exhausted = true;
    free(element);
    free(options);
    keep_non_smtpd(postfix);
}

void postfix_suggest_facts(const struct postfix *postfix)
{
    char *spec = text_format("unix:%s/forcetls/facts.sock", postfix->queue_directory);

    if (spec != NULL)
        doctor_policy_setting(postfix->examination, "milter", "postfix_facts", spec);
    else
        postfix->examination->remarks.exhausted = true;
    free(spec);
}
