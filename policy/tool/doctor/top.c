/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The top of a policy file, read as YAML alone: where the filter listens, and what is included. Works if the
 * policy does not load, too: it needs no more than a tree of nodes. policy_load() judges the values.
 */
#include <string.h>
#include "policy/names/socket_form.h"
#include "policy/tool/doctor/doctor.h"
#include "policy/yaml/node.h"

static void ignore(void *arg, const struct diag *diag)
{
    (void)arg;
    (void)diag;
}

/* Returns a text of the section that has the form of a socket. NULL: none. */
static const char *read_socket(struct examination *examination, const struct node *section, const char *key)
{
    const struct node *value = section->kind == NODE_MAPPING ? node_find(section, key) : NULL;

    if (value == NULL || value->kind != NODE_SCALAR || socket_form_check(value->text) != NULL)
        return NULL;
    return arena_text(&examination->arena, value->text, strlen(value->text));
}

static enum mta read_mta(const struct node *section)
{
    const struct node *value = section->kind == NODE_MAPPING ? node_find(section, "mta") : NULL;

    if (value != NULL && value->kind == NODE_SCALAR && node_is(value, "postfix"))
        return MTA_POSTFIX;
    return value != NULL && value->kind == NODE_SCALAR && node_is(value, "sendmail") ? MTA_SENDMAIL
                                                                                     : MTA_UNKNOWN;
}

/* Calls `take` with the value of that key at the top of the file, as far as the file can be read. */
static void read_key(const char *file, const char *key, void (*take)(void *arg, const struct node *value),
                     void *arg)
{
    struct node_reader *reader = node_open(file, ignore, NULL);
    struct arena arena = {0};
    const struct node *name, *value;

    while (reader != NULL && (name = node_next_key(reader, &arena)) != NULL) {
        bool wanted = node_is(name, key);

        value = node_value(reader, &arena);
        if (value == NULL)
            break;
        if (wanted)
            take(arg, value);
    }
    node_close(reader);
    arena_free(&arena);
}

static void take_milter(void *arg, const struct node *section)
{
    struct examination *examination = arg;
    const char *socket = read_socket(examination, section, "socket");

    if (socket != NULL && examination->socket == NULL)
        examination->socket = socket;
    examination->facts = read_socket(examination, section, "postfix_facts");
    examination->wanted = read_mta(section);
}

void doctor_top(struct examination *examination)
{
    read_key(examination->policy_file, "milter", take_milter, examination);
}

struct include_walk {
    void (*found)(void *arg, const char *pattern);
    void *arg;
};

static void take_include(void *arg, const struct node *value)
{
    const struct include_walk *walk = arg;

    if (value->kind == NODE_SCALAR)
        walk->found(walk->arg, value->text);
    for (const struct node *item = value->kind == NODE_SEQUENCE ? value->first : NULL; item != NULL;
         item = item->next)
        if (item->kind == NODE_SCALAR)
            walk->found(walk->arg, item->text);
}

void doctor_each_include(const struct examination *examination, void (*found)(void *arg, const char *pattern),
                         void *arg)
{
    struct include_walk walk = {found, arg};

    read_key(examination->policy_file, "include", take_include, &walk);
}
