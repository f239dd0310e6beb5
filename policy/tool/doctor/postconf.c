/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses postconf's output: parameters with their values, expanded and as written, the services of master.cf,
 * and what each service overrides. Knows the form of that output, and not what a parameter means.
 */
#include "policy/tool/doctor/postconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/arena.h"
#include "policy/array.h"
#include "policy/tool/command.h"
#include "policy/tool/text.h"

struct parameter {
    const char *service, *type; /* NULL: of main.cf */
    const char *name, *value;
    enum origin {
        EXPANDED,
        AS_WRITTEN,
        DEFAULT
    } origin; /* AS_WRITTEN: as in the file, with its $references */
};

struct postconf {
    struct arena arena;
    size_t count, service_count;
    struct parameter *parameter;
    struct service *service;
    const char *warnings;
};

/* Takes "name = value", or "service/type/name = value". False: out of memory. */
static bool take_parameter(struct postconf *postconf, const char *line, size_t length, bool of_service,
                           enum origin origin)
{
    char *name = arena_text(&postconf->arena, line, length), *equals, *slash;
    struct parameter parameter = {NULL, NULL, name, "", origin}, *grown;

    if (name == NULL)
        return false;
    equals = strstr(name, " =");
    if (equals == NULL)
        return true;
    *equals = '\0';
    parameter.value = equals + 2 + strspn(equals + 2, " ");
    if (of_service) {
        slash = strrchr(name, '/');
        if (slash == NULL)
            return true;
        *slash = '\0';
        parameter.name = slash + 1;
        slash = strrchr(name, '/');
        if (slash == NULL)
            return true;
        *slash = '\0';
        parameter.service = name;
        parameter.type = slash + 1;
    }
    grown = array_grow(postconf->parameter, postconf->count, sizeof *grown);
    if (grown == NULL)
        return false;
    postconf->parameter = grown;
    grown[postconf->count++] = parameter;
    return true;
}

/* Takes "smtp inet n - y - - smtpd -o ...". False: out of memory. */
static bool take_service(struct postconf *postconf, const char *line, size_t length)
{
    char *text = arena_text(&postconf->arena, line, length), *rest = NULL, *field[8], *base, *label;
    struct service service, *grown;
    size_t size;

    if (text == NULL)
        return false;
    for (size_t i = 0; i < 8; i++) {
        field[i] = strtok_r(i == 0 ? text : NULL, " \t", &rest);
        if (field[i] == NULL)
            return true;
    }
    base = strrchr(field[7], '/');
    size = strlen(field[0]) + strlen(field[1]) + 4;
    label = arena_alloc(&postconf->arena, size);
    if (label == NULL)
        return false;
    snprintf(label, size, "%s/%s: ", field[0], field[1]);
    service =
        (struct service){field[0], field[1], base != NULL ? base + 1 : field[7], label, field[4][0] == 'y'};
    /* Compatibility level 1 changed what "-" means. */
    if (field[4][0] == '-')
        service.chrooted = strtol(postconf_text(postconf, NULL, "compatibility_level"), NULL, 10) < 1;
    grown = array_grow(postconf->service, postconf->service_count, sizeof *grown);
    if (grown == NULL)
        return false;
    postconf->service = grown;
    grown[postconf->service_count++] = service;
    return true;
}

/* What postconf is asked for, with one call for each. */
enum kind { PARAMETERS, SERVICES, OVERRIDES, WRITTEN, WRITTEN_OVERRIDES, DEFAULTS, KINDS };

static const struct {
    const char *option;
    bool of_services;
    enum origin origin;
} questions[KINDS] = {
    [PARAMETERS] = {"-x", false, EXPANDED},         [SERVICES] = {"-M", true, EXPANDED},
    [OVERRIDES] = {"-Px", true, EXPANDED},          [WRITTEN] = {"-n", false, AS_WRITTEN},
    [WRITTEN_OVERRIDES] = {"-P", true, AS_WRITTEN}, [DEFAULTS] = {"-d", false, DEFAULT},
};

static bool take_lines(struct postconf *postconf, const char *text, enum kind kind)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        bool good = kind == SERVICES ? take_service(postconf, text, length)
                                     : take_parameter(postconf, text, length, questions[kind].of_services,
                                                      questions[kind].origin);

        if (!good)
            return false;
        text += length;
        text += *text == '\n';
    }
    return true;
}

/* Returns the first line of a program's error output; to be freed. */
static char *complaint(const struct output *output)
{
    const char *text = output->error != NULL && *output->error ? output->error : "postconf cannot be run";

    return text_format("%.*s", (int)strcspn(text, "\n"), text);
}

static bool ask(struct postconf *postconf, const char *directory, enum kind kind, char **why)
{
    const char *const arguments[] = {"postconf", questions[kind].option, directory != NULL ? "-c" : NULL,
                                     directory, NULL};
    struct output output = command_run(arguments);
    bool good = output.out != NULL && output.good;

    if (!good)
        *why = complaint(&output);
    else
        good = take_lines(postconf, output.out, kind);
    if (good && kind == WRITTEN) /* the administrator's settings: postconf warns about these */
        good =
            (postconf->warnings = arena_text(&postconf->arena, output.error, strlen(output.error))) != NULL;
    output_free(&output);
    return good;
}

static bool is_of(const struct parameter *parameter, const struct service *service)
{
    return parameter->service != NULL && strcmp(parameter->service, service->name) == 0
           && strcmp(parameter->type, service->type) == 0;
}

/* ---- what follows from the overrides of a service ---- */

/* Whether the text has a reference to that parameter: $name, ${name...} or $(name...). */
static bool refers(const char *text, const char *name)
{
    size_t length = strlen(name);

    while ((text = strchr(text, '$')) != NULL) {
        text++;
        text += *text == '{' || *text == '(';
        if (strncmp(text, name, length) == 0
            && (text[length] == '\0' || strchr(" ,;:?{}()/$\t", text[length]) != NULL))
            return true;
    }
    return false;
}

/* Whether another parameter, as it is written or by default, has a reference to that one. */
static bool is_referred_to(const struct postconf *postconf, const char *name)
{
    for (size_t i = 0; i < postconf->count; i++)
        if (postconf->parameter[i].origin != EXPANDED && refers(postconf->parameter[i].value, name))
            return true;
    return false;
}

enum { OVERRIDES_MAX = 64 };

/*
 * Collects what the service overrides, "name=value" each, to be freed. False: no other parameter
 * depends on that, or out of memory.
 */
static bool service_options(const struct postconf *postconf, const struct service *service,
                            char *values[OVERRIDES_MAX])
{
    size_t count = 0;
    bool needed = false;

    for (size_t i = 0; i < postconf->count && count < OVERRIDES_MAX; i++) {
        const struct parameter *parameter = &postconf->parameter[i];

        if (parameter->origin != AS_WRITTEN || !is_of(parameter, service))
            continue;
        needed |= is_referred_to(postconf, parameter->name);
        values[count] = text_format("%s=%s", parameter->name, parameter->value);
        if (values[count++] == NULL)
            return false;
    }
    return needed;
}

/* Takes the parameters of main.cf whose value differs for this service. False: out of memory. */
static bool take_differing(struct postconf *postconf, const struct service *service, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n"), before = postconf->count;
        const struct parameter *taken;
        const char *usual;

        if (!take_parameter(postconf, text, length, false, EXPANDED))
            return false;
        text += length;
        text += *text == '\n';
        if (postconf->count == before)
            continue;
        taken = &postconf->parameter[before];
        usual = postconf_value(postconf, service, taken->name);
        if (usual != NULL && strcmp(usual, taken->value) == 0) {
            postconf->count = before;
            continue;
        }
        postconf->parameter[before].service = service->name;
        postconf->parameter[before].type = service->type;
    }
    return true;
}

/*
 * A service may override a parameter that others refer to: smtpd_milters = $filters, and -o
 * filters=. Only postconf knows what follows, so it is asked with these -o, which it takes since
 * Postfix 2.11. False: out of memory.
 */
static bool follow_overrides(struct postconf *postconf, const char *directory, const struct service *service)
{
    const char *arguments[5 + 2 * OVERRIDES_MAX] = {"postconf", "-x"};
    char *values[OVERRIDES_MAX] = {NULL};
    size_t count = 2;
    bool good = true;

    if (service_options(postconf, service, values)) {
        struct output output;

        if (directory != NULL) {
            arguments[count++] = "-c";
            arguments[count++] = directory;
        }
        for (size_t i = 0; i < OVERRIDES_MAX && values[i] != NULL; i++) {
            arguments[count++] = "-o";
            arguments[count++] = values[i];
        }
        output = command_run(arguments);
        if (output.out != NULL && output.good)
            good = take_differing(postconf, service, output.out);
        output_free(&output);
    }
    for (size_t i = 0; i < OVERRIDES_MAX; i++)
        free(values[i]);
    return good;
}

struct postconf *postconf_read(const char *directory, char **why)
{
    struct postconf *postconf = calloc(1, sizeof *postconf);
    bool good = postconf != NULL;

    *why = NULL;
    for (int kind = PARAMETERS; good && kind < KINDS; kind++)
        good = ask(postconf, directory, (enum kind)kind, why);
    for (size_t i = 0; good && i < postconf->service_count; i++)
        good = follow_overrides(postconf, directory, &postconf->service[i]);
    if (good)
        return postconf;
    postconf_free(postconf);
    return NULL;
}

void postconf_free(struct postconf *postconf)
{
    if (postconf == NULL)
        return;
    free(postconf->parameter);
    free(postconf->service);
    arena_free(&postconf->arena);
    free(postconf);
}

static const char *find(const struct postconf *postconf, const struct service *service, const char *name,
                        enum origin origin)
{
    for (size_t i = 0; i < postconf->count; i++) {
        const struct parameter *parameter = &postconf->parameter[i];

        if (parameter->origin != origin || (service == NULL) != (parameter->service == NULL)
            || strcmp(parameter->name, name) != 0)
            continue;
        if (service == NULL || is_of(parameter, service))
            return parameter->value;
    }
    return NULL;
}

const char *postconf_value(const struct postconf *postconf, const struct service *service, const char *name)
{
    const char *own = service != NULL ? find(postconf, service, name, EXPANDED) : NULL;

    return own != NULL ? own : find(postconf, NULL, name, EXPANDED);
}

const char *postconf_written(const struct postconf *postconf, const struct service *service, const char *name)
{
    const char *value = service != NULL ? find(postconf, service, name, AS_WRITTEN) : NULL;

    if (value == NULL)
        value = find(postconf, NULL, name, AS_WRITTEN);
    return value != NULL ? value : postconf_text(postconf, service, name);
}

const char *postconf_text(const struct postconf *postconf, const struct service *service, const char *name)
{
    const char *value = postconf_value(postconf, service, name);

    return value != NULL ? value : "";
}

const char *postconf_default(const struct postconf *postconf, const char *name)
{
    return find(postconf, NULL, name, DEFAULT);
}

bool postconf_is_yes(const struct postconf *postconf, const struct service *service, const char *name)
{
    return strcasecmp(postconf_text(postconf, service, name), "yes") == 0;
}

long postconf_seconds(const char *value)
{
    char *unit;
    long number = strtol(value, &unit, 10);

    switch (*unit) {
    case 'm':
        return number * 60;
    case 'h':
        return number * 3600;
    case 'd':
        return number * 86400;
    case 'w':
        return number * 7 * 86400;
    default:
        return number;
    }
}

bool postconf_overrides(const struct postconf *postconf, const struct service *service, const char *name)
{
    return find(postconf, service, name, EXPANDED) != NULL;
}

size_t postconf_service_count(const struct postconf *postconf)
{
    return postconf->service_count;
}

const struct service *postconf_service(const struct postconf *postconf, size_t i)
{
    return &postconf->service[i];
}

unsigned postconf_version(const struct postconf *postconf)
{
    char *rest;
    unsigned long major = strtoul(postconf_text(postconf, NULL, "mail_version"), &rest, 10), minor = 0;

    /* Only the first two numbers count, also of a snapshot: "3.12-20260821". */
    if (*rest == '.')
        minor = strtoul(rest + 1, NULL, 10);
    return (unsigned)(major * 1000 + minor);
}

const char *postconf_warnings(const struct postconf *postconf)
{
    return postconf->warnings;
}

const char *postconf_directory(const struct postconf *postconf)
{
    return postconf_text(postconf, NULL, "config_directory");
}
