/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postconf's output, taken apart: parameters with their expanded values, the
 * services of master.cf and what each overrides. It knows the form of that
 * output and nothing of what a parameter means.
 */
#include "policy/tool/doctor/postconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/arena.h"
#include "policy/tool/command.h"
#include "policy/tool/text.h"

struct parameter {
    const char *service, *type; /* NULL: of main.cf */
    const char *name, *value;
};

struct postconf {
    struct arena arena;
    size_t count, room, service_count, service_room;
    struct parameter *parameter;
    struct service *service;
    const char *warnings;
};

/* Room for one more element; false: out of memory. */
static bool grow(void **array, size_t count, size_t *room, size_t size)
{
    size_t wider = 2 * *room + 64;
    void *grown;

    if (count < *room)
        return true;
    grown = realloc(*array, wider * size);
    if (!grown)
        return false;
    *array = grown;
    *room = wider;
    return true;
}

/* "name = value", or "service/type/name = value". False: out of memory. */
static bool take_parameter(struct postconf *postconf, const char *line, size_t length, bool of_service)
{
    char *name = arena_text(&postconf->arena, line, length), *equals, *slash;
    struct parameter parameter = {NULL, NULL, name, ""};

    if (!name)
        return false;
    equals = strstr(name, " =");
    if (!equals)
        return true;
    *equals = '\0';
    parameter.value = equals + 2 + strspn(equals + 2, " ");
    if (of_service) {
        slash = strrchr(name, '/');
        if (!slash)
            return true;
        *slash = '\0';
        parameter.name = slash + 1;
        slash = strrchr(name, '/');
        if (!slash)
            return true;
        *slash = '\0';
        parameter.service = name;
        parameter.type = slash + 1;
    }
    if (!grow((void **)&postconf->parameter, postconf->count, &postconf->room, sizeof(parameter)))
        return false;
    postconf->parameter[postconf->count++] = parameter;
    return true;
}

/* "smtp inet n - y - - smtpd -o ..." */
static bool take_service(struct postconf *postconf, const char *line, size_t length)
{
    char *text = arena_text(&postconf->arena, line, length), *rest = NULL, *field[8], *base, *label;
    struct service service;
    size_t size;

    if (!text)
        return false;
    for (size_t i = 0; i < 8; i++) {
        field[i] = strtok_r(i == 0 ? text : NULL, " \t", &rest);
        if (!field[i])
            return true;
    }
    base = strrchr(field[7], '/');
    size = strlen(field[0]) + strlen(field[1]) + 4;
    label = arena_alloc(&postconf->arena, size);
    if (!label)
        return false;
    snprintf(label, size, "%s/%s: ", field[0], field[1]);
    service = (struct service){field[0], field[1], base ? base + 1 : field[7], label, field[4][0] == 'y'};
    /* What "-" stands for was changed with compatibility level 1. */
    if (field[4][0] == '-')
        service.chrooted = strtol(postconf_text(postconf, NULL, "compatibility_level"), NULL, 10) < 1;
    if (!grow((void **)&postconf->service, postconf->service_count, &postconf->service_room, sizeof(service)))
        return false;
    postconf->service[postconf->service_count++] = service;
    return true;
}

enum kind { PARAMETERS, SERVICES, OVERRIDES, SET };

static bool take_lines(struct postconf *postconf, const char *text, enum kind kind)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        bool good = kind == SERVICES ? take_service(postconf, text, length)
                                     : take_parameter(postconf, text, length, kind == OVERRIDES);

        if (!good)
            return false;
        text += length;
        text += *text == '\n';
    }
    return true;
}

/* The first line of what a program complains of. */
static char *complaint(const struct output *output)
{
    const char *text = output->error && *output->error ? output->error : "postconf cannot be run";

    return text_format("%.*s", (int)strcspn(text, "\n"), text);
}

static bool ask(struct postconf *postconf, const char *directory, enum kind kind, char **why)
{
    static const char *const options[] = {"-x", "-M", "-Px", "-n"};
    const char *const arguments[] = {"postconf", options[kind], directory ? "-c" : NULL, directory, NULL};
    struct output output = command_run(arguments);
    bool good = output.out && output.good;

    if (!good)
        *why = complaint(&output);
    else if (kind == SET) /* its values are known; what it warns of is wanted */
        good =
            (postconf->warnings = arena_text(&postconf->arena, output.error, strlen(output.error))) != NULL;
    else
        good = take_lines(postconf, output.out, kind);
    output_free(&output);
    return good;
}

struct postconf *postconf_read(const char *directory, char **why)
{
    struct postconf *postconf = calloc(1, sizeof(*postconf));
    bool good = postconf != NULL;

    *why = NULL;
    for (int kind = PARAMETERS; good && kind <= SET; kind++)
        good = ask(postconf, directory, (enum kind)kind, why);
    if (good)
        return postconf;
    postconf_free(postconf);
    return NULL;
}

void postconf_free(struct postconf *postconf)
{
    if (!postconf)
        return;
    free(postconf->parameter);
    free(postconf->service);
    arena_free(&postconf->arena);
    free(postconf);
}

static const char *find(const struct postconf *postconf, const struct service *service, const char *name)
{
    for (size_t i = 0; i < postconf->count; i++) {
        const struct parameter *parameter = &postconf->parameter[i];

        if ((service == NULL) != (parameter->service == NULL) || strcmp(parameter->name, name) != 0)
            continue;
        if (!service
            || (strcmp(parameter->service, service->name) == 0
                && strcmp(parameter->type, service->type) == 0))
            return parameter->value;
    }
    return NULL;
}

const char *postconf_value(const struct postconf *postconf, const struct service *service, const char *name)
{
    const char *own = service ? find(postconf, service, name) : NULL;

    return own ? own : find(postconf, NULL, name);
}

const char *postconf_text(const struct postconf *postconf, const struct service *service, const char *name)
{
    const char *value = postconf_value(postconf, service, name);

    return value ? value : "";
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
    return find(postconf, service, name) != NULL;
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

    /* Of a snapshot, "3.12-20260821", the first two numbers count. */
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
