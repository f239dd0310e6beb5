/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smtp_tls_policy_maps: whether Postfix asks the daemon how to send, before any other table, and only
 * for partners, which the guard files select. Without the daemon: whether a table has the answers.
 * Knows how tables are written there.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/names/socket_form.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/outbound.h"
#include "policy/tool/text.h"

static const char parameter[] = "smtp_tls_policy_maps";

enum { TABLE_MAX = 600 };

/* An element of the list. */
struct map {
    enum same same;         /* whether it asks the daemon */
    bool guarded, proxied;  /* in a pipemap after a guard table; by proxymap(8) */
    char table[TABLE_MAX];  /* the guard table, else the element itself */
    char socket[TABLE_MAX]; /* the socket that it asks */
};

/* What was found in the list. */
struct asking {
    bool guarded[2]; /* by outbound_exact, by outbound_suffixes */
    bool direct;     /* without a guard, so for other mail as well */
    bool unchrooted; /* by a path that does not exist in the chroot */
    bool answers;    /* outbound_static is in the list */
    bool proxied;
    char before[TABLE_MAX]; /* another table that comes first */
    char slow[TABLE_MAX];   /* a guard of a type that Postfix does not read again while it runs */
    char directory[4096];   /* of the files; "": none was seen */
};

/* ---- one element ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/*
 * Reads "socketmap:unix:forcetls/outbound.sock:postfix": whether it leads to the daemon, and by which socket.
 */
static void read_socketmap(const struct postfix *postfix, const char *text, struct map *map)
{
    const char *ours = policy_milter(postfix->examination->policy)->outbound, *name;

    map->proxied = begins(text, "proxy:");
    text += map->proxied ? 6 : 0;
    name = strrchr(text, ':');
    if (ours == NULL || !begins(text, "socketmap:") || name == NULL || strcmp(name, ":postfix") != 0)
        return;
    text += strlen("socketmap:");
    snprintf(map->socket, sizeof map->socket, "%.*s", (int)(name - text), text);
    map->same = endpoint_compare(map->socket, ours, postfix->queue_directory,
                                 postfix->service != NULL && postfix->service->chrooted && !map->proxied);
}

static struct map read_map(const struct postfix *postfix, const struct element *element)
{
    static const char pipe[] = "pipemap:{";
    struct map map = {.same = SAME_NOT};
    bool piped = begins(element->at, pipe);
    size_t closing = piped && element->at[element->length - 1] == '}', skipped = piped ? strlen(pipe) : 0;
    char text[2 * TABLE_MAX];
    const char *rest = text;
    struct element first, second;

    snprintf(text, sizeof text, "%.*s", (int)(element->length - skipped - closing), element->at + skipped);
    snprintf(map.table, sizeof map.table, "%s", element->text);
    if (!piped) {
        read_socketmap(postfix, text, &map);
        return map;
    }
    if (!element_next(&first, &rest) || !element_next(&second, &rest))
        return map;
    read_socketmap(postfix, second.text, &map);
    map.guarded = map.same != SAME_NOT;
    if (map.guarded)
        snprintf(map.table, sizeof map.table, "%s", first.text);
    return map;
}

/* Whether the table is named like a file of export. */
static bool is_exported(const char *table, enum exported kind)
{
    const char *slash = strrchr(table, '/');

    return slash != NULL && strcmp(slash + 1, exported_name(kind)) == 0;
}

/* Picks what asks the daemon, and the table of answers. `arg` is the struct postfix. */
static unsigned drop_ours(const void *arg, const struct element *element, const struct element *next)
{
    struct map map = read_map(arg, element);

    (void)next;
    return map.same != SAME_NOT || is_exported(map.table, EXPORTED_STATIC);
}

/* ---- the list ---- */

static void note_directory(struct asking *asking, const char *table)
{
    const char *path = strchr(table, '/'), *slash = strrchr(table, '/');

    if (path != NULL && slash > path)
        snprintf(asking->directory, sizeof asking->directory, "%.*s", (int)(slash - path), path);
}

static void note_guard(struct asking *asking, const struct map *map)
{
    bool suffixes = begins(map->table, "regexp:") || begins(map->table, "pcre:");

    asking->guarded[suffixes] = true;
    note_directory(asking, map->table);
    if (begins(map->table, "texthash:"))
        snprintf(asking->slow, sizeof asking->slow, "%s", map->table);
}

static void note_map(struct asking *asking, const struct map *map)
{
    bool ours = map->same == SAME || is_exported(map->table, EXPORTED_STATIC);
    bool any = asking->direct || asking->answers || asking->guarded[0] || asking->guarded[1];

    asking->unchrooted |= map->same == SAME_UNCHROOTED;
    if (!ours && map->same == SAME_NOT && !any && *asking->before == '\0')
        snprintf(asking->before, sizeof asking->before, "%s", map->table);
    if (!ours)
        return;
    asking->proxied |= map->proxied;
    if (map->same != SAME) {
        asking->answers = true;
        note_directory(asking, map->table);
    } else if (map->guarded) {
        note_guard(asking, map);
    } else {
        asking->direct = true;
    }
}

static struct asking read_list(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, parameter);
    struct asking asking = {.direct = false};
    struct element element;

    while (element_next(&element, &rest)) {
        struct map map = read_map(postfix, &element);

        note_map(&asking, &map);
    }
    return asking;
}

/* ---- what is reported ---- */

/* Writes the daemon as Postfix names it. False: a chrooted service cannot find it. */
static bool socketmap(const struct postfix *postfix, char *text, size_t size)
{
    char endpoint[512];
    bool good;

    endpoint_write(policy_milter(postfix->examination->policy)->outbound, postfix->queue_directory, endpoint,
                   sizeof endpoint, &good);
    snprintf(text, size, "socketmap:%s:postfix", endpoint);
    return good || !postfix->service->chrooted;
}

/* Suggests a socket in the queue directory, where a chrooted service finds it. */
static void suggest_socket(const struct postfix *postfix)
{
    char *spec = text_format("unix:%s/forcetls/outbound.sock", postfix->queue_directory);

    if (spec != NULL)
        doctor_policy_setting(postfix->examination, "milter", "outbound", spec);
    else
        postfix->examination->remarks.exhausted = true;
    free(spec);
}

/*
 * Suggests the guards, or the table of answers, before other tables, and the commands that write the files.
 */
static void suggest(const struct postfix *postfix, const struct asking *asking)
{
    bool is_static = policy_milter(postfix->examination->policy)->outbound == NULL;
    const char *directory = *asking->directory ? asking->directory : postconf_directory(postfix->postconf);
    const char *type = postfix_text(postfix, "default_database_type");
    struct outbound_survey survey =
        policy_outbound_survey(postfix->examination->policy, postfix->examination->now);
    char daemon[TABLE_MAX], *first;

    type = *type ? type : "hash";
    if (!is_static && !socketmap(postfix, daemon, sizeof daemon)) {
        suggest_socket(postfix);
        return;
    }
    first = is_static ? text_format("%s:%s/outbound_static", type, directory)
                      : text_format("pipemap:{%s:%s/outbound_exact, %s}, "
                                    "pipemap:{regexp:%s/outbound_suffixes, %s}",
                                    type, directory, daemon, directory, daemon);
    if (first != NULL)
        postfix_with_first(postfix, parameter, first, drop_ours, postfix);
    else
        postfix->examination->remarks.exhausted = true;
    free(first);
    doctor_suggest_export(postfix, is_static, survey.enforcing == 0, directory);
}

/* If a rule is not asked for, this is an error only if any rule is enforced. */
static enum level level_of(const struct postfix *postfix)
{
    return policy_outbound_survey(postfix->examination->policy, postfix->examination->now).enforcing > 0
               ? LEVEL_ERROR
               : LEVEL_WARNING;
}

static void report_missing(const struct postfix *postfix, const struct asking *asking)
{
    const char *list = postfix_text(postfix, parameter), *where = postfix_where(postfix, parameter);
    const char *socket = policy_milter(postfix->examination->policy)->outbound;
    struct remarks *remarks = &postfix->examination->remarks;

    if (socket == NULL)
        remark(
            remarks, level_of(postfix), parameter,
            "%smilter.outbound is not set, and no table has the answers (export --static): mail to partners "
            "leaves without their rules",
            where);
    else if (asking->unchrooted)
        remark(remarks, level_of(postfix), parameter,
               "%snames %s by a path that is not there inside the chroot %s: Postfix defers all mail", where,
               socket, postfix->queue_directory);
    else
        remark(remarks, level_of(postfix), parameter,
               "%sdoes not ask %s: its list is %s, and mail to partners leaves without their rules", where,
               socket, *list ? list : "empty");
    if (socket == NULL)
        suggest_socket(postfix);
    suggest(postfix, asking);
}

/* For a list that asks the daemon. */
static void examine_guards(const struct postfix *postfix, const struct asking *asking)
{
    struct remarks *remarks = &postfix->examination->remarks;
    const char *where = postfix_where(postfix, parameter);

    if (asking->direct) {
        remark(
            remarks, LEVEL_WARNING, parameter,
            "%sasks the daemon about all mail: while it is down, Postfix defers all mail, not only that to "
            "partners",
            where);
        suggest(postfix, asking);
        return;
    }
    if (!asking->guarded[0] || !asking->guarded[1]) {
        remark(remarks, level_of(postfix), parameter,
               "%sdoes not ask the daemon for what %s has: such mail leaves without its rule", where,
               exported_name(asking->guarded[0] ? EXPORTED_SUFFIXES : EXPORTED_EXACT));
        suggest(postfix, asking);
    }
    if (*asking->slow) {
        remark(remarks, LEVEL_WARNING, parameter,
               "%s%s: Postfix reads a new file of this type only after a reload", where, asking->slow);
        suggest(postfix, asking);
    }
}

/* Examines the contents of the files. */
static void examine_files(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, parameter);
    struct element element;

    while (element_next(&element, &rest)) {
        struct map map = read_map(postfix, &element);
        bool suffixes = begins(map.table, "regexp:") || begins(map.table, "pcre:");

        if (map.guarded)
            doctor_exported(postfix, suffixes ? EXPORTED_SUFFIXES : EXPORTED_EXACT, map.table);
        else if (is_exported(map.table, EXPORTED_STATIC))
            doctor_exported(postfix, EXPORTED_STATIC, map.table);
    }
}

/* Tries the socket with the rights of smtp(8). */
static void examine_socket(const struct postfix *postfix, const struct asking *asking)
{
    struct viewer viewer = postfix->owner;
    char home[4096];
    struct listening outbound = {policy_milter(postfix->examination->policy)->outbound,
                                 "outbound",
                                 REACH_CONNECT,
                                 home,
                                 postfix->queue_directory,
                                 false};

    if (*viewer.name == '\0')
        return;
    snprintf(home, sizeof home, "%s/forcetls", postfix->queue_directory);
    if (postfix->service->chrooted && !asking->proxied)
        viewer.root = postfix->queue_directory;
    doctor_socket(postfix->examination, &outbound, &viewer);
}

void doctor_postfix_asks(const struct postfix *postfix)
{
    struct remarks *remarks = &postfix->examination->remarks;
    const char *socket = policy_milter(postfix->examination->policy)->outbound;
    struct asking asking = read_list(postfix);
    bool asks = asking.direct || asking.guarded[0] || asking.guarded[1];
    size_t before = remarks->count;

    if (!asks && !asking.answers) {
        report_missing(postfix, &asking);
        return;
    }
    if (*asking.before) {
        remark(remarks, level_of(postfix), parameter,
               "%s%s stands in front: where it has an answer, the rule of the partner is not asked for",
               postfix_where(postfix, parameter), asking.before);
        suggest(postfix, &asking);
    }
    if (asks)
        examine_guards(postfix, &asking);
    if (remarks->count == before)
        remark(remarks, LEVEL_OK, parameter, "%s%s", postfix_where(postfix, parameter),
               asks ? "asks the daemon about mail to partners" : "has the answers");
    examine_files(postfix);
    if (asks && socket != NULL)
        examine_socket(postfix, &asking);
}
