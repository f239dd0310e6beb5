/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that Sendmail replaces. A rule with $[ $] in the canonification of addresses (rulesets 3 and 96) asks
 * the name server. A name that is an alias (CNAME) is then replaced by its target, in the header and the
 * envelope, after the filter has judged the mail. With FEATURE(`nocanonify') only rules for a class of
 * domains or for a daemon's modifier remain. See cf/README and op.me of Sendmail; m4/proto.m4 has the rules.
 */
#include <string.h>
#include "policy/tool/doctor/sendmail.h"

static const char subject[] = "nocanonify";

/* When a rule asks the name server. */
enum asking { NEVER, ALWAYS, FOR_A_CLASS, FOR_A_MODIFIER };

/* Whether `part` is in the text before `end`. */
static bool has(const char *text, const char *end, const char *part)
{
    const char *found = strstr(text, part);

    return found != NULL && found < end;
}

/* In a rule, "< @" marks the domain of an address, and what the address becomes follows a tab. */
static enum asking weigh_rule(const char *rule)
{
    const char *tab = strchr(rule, '\t');

    if (tab == NULL || strstr(tab, "$[") == NULL || !has(rule, tab, "< @"))
        return NEVER;
    if (has(rule, tab, "$={Canonify}"))
        return FOR_A_CLASS;
    return has(rule, tab, "$* c $*") ? FOR_A_MODIFIER : ALWAYS;
}

/* Whether the class {Canonify} has a member, or a file of members. */
static bool has_class(const struct sendmail *sendmail)
{
    static const char class[] = "{Canonify}";
    const char *line;

    for (const char *letter = "CF"; *letter; letter++)
        for (size_t i = 0; (line = sendmail_cf_line(sendmail->cf, *letter, i)) != NULL; i++)
            if (strncmp(line, class, sizeof class - 1) == 0)
                return true;
    return false;
}

/* Returns the first daemon with the modifier "c", and writes its name. NULL: none. */
static const char *modified_daemon(const struct sendmail *sendmail, char *name, size_t size)
{
    const char *daemon;
    char modifiers[64];

    for (size_t i = 0; (daemon = sendmail_cf_option_at(sendmail->cf, "DaemonPortOptions", i)) != NULL; i++) {
        if (!sendmail_equate(daemon, "M", modifiers, sizeof modifiers) || strchr(modifiers, 'c') == NULL)
            continue;
        sendmail_daemon_name(daemon, i, name, size);
        return daemon;
    }
    return NULL;
}

static void report(const struct sendmail *sendmail, const char *what)
{
    remark(&sendmail->examination->remarks, LEVEL_ERROR, subject,
           "%s: Sendmail replaces a name that is an alias in the DNS (CNAME) by its target after the filter "
           "has judged the mail, so mail of anybody can become a partner's",
           what);
}

void doctor_sendmail_names(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    bool always = false, for_class = false, for_modifier = false;
    const char *line, *daemon;
    char name[64], what[128];
    size_t before = remarks->count;

    for (size_t i = 0; (line = sendmail_cf_at(sendmail->cf, i)) != NULL; i++) {
        enum asking asking = *line == 'R' ? weigh_rule(line + 1) : NEVER;

        always |= asking == ALWAYS;
        for_class |= asking == FOR_A_CLASS;
        for_modifier |= asking == FOR_A_MODIFIER;
    }
    if (always) {
        report(sendmail, "FEATURE(`nocanonify') is missing, or has canonify_hosts");
        remark_change(remarks, "sendmail.mc: FEATURE(`nocanonify')dnl");
    }
    if (for_class && has_class(sendmail)) {
        report(sendmail, "CANONIFY_DOMAIN or CANONIFY_DOMAIN_FILE is used");
        remark_change(remarks, "Remove CANONIFY_DOMAIN and CANONIFY_DOMAIN_FILE from sendmail.mc.");
    }
    daemon = for_modifier ? modified_daemon(sendmail, name, sizeof name) : NULL;
    if (daemon != NULL) {
        snprintf(what, sizeof what, "daemon %s has the modifier c", name);
        report(sendmail, what);
        sendmail_suggest_modifiers(sendmail, daemon, 'c');
    }
    if (remarks->count == before)
        remark(remarks, LEVEL_OK, subject, "Sendmail leaves names as they are");
}
