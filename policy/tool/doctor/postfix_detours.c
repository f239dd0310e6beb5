/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to do about mail that a route takes past its partner's rule: add a next hop to the partner, or a
 * route to the partner's own servers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/names/next_hop.h"
#include "policy/names/scalar.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/outbound.h"
#include "policy/tool/export/export.h"

/* A spelling that is looked for among those that export writes. */
struct sought {
    const char *spelling;
    size_t length; /* how many octets are compared */
    bool found;
};

static void compare_spelling(void *arg, const char *spelling)
{
    struct sought *sought = arg;
    char end = strlen(spelling) >= sought->length ? spelling[sought->length] : ' ';

    sought->found |=
        strncasecmp(sought->spelling, spelling, sought->length) == 0 && (end == '\0' || end == ':');
}

bool doctor_hop_is_exported(const struct postfix *postfix, const char *spelling)
{
    const char *maps = postfix_text(postfix, "smtp_tls_policy_maps");
    struct sought sought = {spelling, strlen(spelling), false};
    struct next_hop hop;
    enum next_hop_form form = next_hop_read(&hop, spelling, strlen(spelling));

    if (strstr(maps, exported_name(EXPORTED_STATIC)) == NULL) /* the guard files have every port */
        sought.length = spelling[0] == '[' ? strcspn(spelling, "]") + 1 : strcspn(spelling, ":");
    if (form == NEXT_HOP_DOMAIN || form == NEXT_HOP_HOST)
        spell_key(hop.text, true, compare_spelling, &sought);
    return sought.found;
}

/* Suggests the partner's next hops with those of the route added. */
static void suggest_hop(const struct postfix *postfix, const struct detour *detour)
{
    struct examination *examination = postfix->examination;
    const char *rest = detour->route.hop;
    char *text = NULL, scalar[1024], section[400];
    size_t size, count;
    FILE *stream = open_memstream(&text, &size);
    const struct listed_hop *hop = partner_hops(examination->policy, detour->partner, &count);
    const char *comma = "";
    struct element more;

    if (stream == NULL) {
        examination->remarks.exhausted = true;
        return;
    }
    for (; count-- > 0; hop++, comma = ", ") {
        scalar_write(scalar, sizeof scalar, arena_get(&examination->policy->arena, hop->text));
        fprintf(stream, "%s%s", comma, scalar);
    }
    while (element_next(&more, &rest)) {
        scalar_write(scalar, sizeof scalar, more.text);
        fprintf(stream, "%s%s", comma, scalar);
        comma = ", ";
    }
    snprintf(section, sizeof section, "outbound of partner %s", partner_name(detour->partner));
    if (fclose(stream) == 0)
        doctor_policy_line(examination, section, "next_hops: [%s]", text);
    free(text);
}

/* Suggests an entry that sends the partner's mail to its own servers. */
static void suggest_direct(const struct postfix *postfix, const struct detour *detour)
{
    struct remarks *remarks = &postfix->examination->remarks;
    const char *list = postfix_text(postfix, "transport_maps"), *rest = list;
    const char *type = postfix_text(postfix, "default_database_type");
    struct element table;

    if (!element_next(&table, &rest)) {
        snprintf(table.text, sizeof table.text, "%s:%.300s/transport", *type ? type : "hash",
                 postconf_directory(postfix->postconf));
        postfix_change(postfix, "transport_maps", table.text);
    }
    remark_change(remarks, "%s: %s smtp:", table.text, detour->domain);
    remark_command(remarks, WORDS("postmap", table.text));
}

/* Suggests the next hops of the route in the spelling of next_hops. */
static void suggest_spelling(const struct postfix *postfix, const struct detour *detour)
{
    const char *rest = detour->route.hop;
    char hops[HOP_MAX * 2] = "";
    struct element one;
    struct next_hop hop;

    while (element_next(&one, &rest)) {
        enum next_hop_form form = next_hop_read(&hop, one.text, strlen(one.text));
        bool known = form == NEXT_HOP_DOMAIN || form == NEXT_HOP_HOST;
        size_t length = strlen(hops);

        snprintf(hops + length, sizeof hops - length, "%s%s", length > 0 ? ", " : "",
                 known ? hop.text : one.text);
    }
    remark_change(&postfix->examination->remarks, "Write %s in %s.", hops, detour->parameter);
}

static const char *others(const struct detour *detour, char text[64])
{
    if (detour->domains > 1)
        snprintf(text, 64, " and %zu other domain%s", detour->domains - 1, detour->domains == 2 ? "" : "s");
    else
        *text = '\0';
    return text;
}

void doctor_detour(const struct postfix *postfix, const struct detour *detour)
{
    struct remarks *remarks = &postfix->examination->remarks;
    enum level level = detour->mode == MODE_ENFORCE ? LEVEL_ERROR : LEVEL_WARNING;
    const char *partner = partner_name(detour->partner);
    char more[64];

    others(detour, more);
    switch (detour->why) {
    case DETOUR_SENDER:
        remark(remarks, level, detour->parameter,
               "mail to %s%s leaves by a next hop that depends on the sender: the rule of partner %s is not "
               "asked for",
               detour->domain, more, partner);
        break;
    case DETOUR_TRANSPORT:
        remark(
            remarks, level, detour->parameter,
            "mail to %s%s leaves by transport %s, which asks no table: the rule of partner %s has no effect",
            detour->domain, more, detour->route.transport, partner);
        break;
    case DETOUR_SPELLING:
        remark(remarks, level, detour->parameter,
               "mail to %s%s leaves by %s, a spelling that the files of export do not have: the rule of "
               "partner %s is not asked for",
               detour->domain, more, detour->route.hop, partner);
        suggest_spelling(postfix, detour);
        return;
    default:
        remark(remarks, level, detour->parameter,
               "mail to %s%s leaves by %s, which is no key of partner %s: its rule is not asked for",
               detour->domain, more, detour->route.hop, partner);
    }
    if (detour->why == DETOUR_HOP && detour->own)
        suggest_hop(postfix, detour);
    else
        suggest_direct(postfix, detour);
}
