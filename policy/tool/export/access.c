/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For Sendmail: writes outbound_access, the domains for which it asks the daemon, and the lines of
 * sendmail.mc. Knows access tags and rulesets. The map matches more than the policy, because a tag also
 * matches all names below its domain. Sendmail asks the daemon with the recipient, and the daemon decides.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/outbound/server_session.h"
#include "policy/tool/export/export.h"
#include "policy/tool/text.h"
#include "policy/verdict/select.h"

/* ---- outbound_access ---- */

struct tags {
    struct export *export;
    FILE *stream;
    const char *partner;
};

static void write_tag(void *arg, const char *domain)
{
    struct tags *tags = arg;

    fprintf(tags->stream, "ForceTLS:%s\t%s\n", domain, tags->partner);
    tags->export->keys++;
}

static bool is_covered(const struct export *export, const struct partner *partner)
{
    return partner != NULL && export_covers(export, partner);
}

/* "contoso.com" and ".contoso.com" share one tag, so it is written once. */
static void write_domain(struct tags *tags, const struct selector *entry)
{
    const struct policy *policy = tags->export->policy;
    const char *domain = arena_get(&policy->arena, entry->text);
    const struct partner *found[2];

    select_exact(policy, domain, strlen(domain), found);
    if ((entry->kinds & 1u << SELECT_DOMAIN) != 0
        || ((entry->kinds & 1u << SELECT_SUBDOMAINS) != 0 && !is_covered(tags->export, found[0])))
        spell_key(domain, false, write_tag, tags);
}

static void write_hop(struct tags *tags, const struct listed_hop *hop)
{
    const struct policy *policy = tags->export->policy;
    const char *domain = arena_get(&policy->arena, hop->text);
    const struct partner *found[2];

    select_exact(policy, domain, strlen(domain), found);
    if (hop->domain && !is_covered(tags->export, found[0]) && !is_covered(tags->export, found[1]))
        spell_key(domain, false, write_tag, tags);
}

void write_access(struct export *export, FILE *stream)
{
    struct tags tags = {export, stream, NULL};
    const struct policy *policy = export->policy;

    fputs("# Written by forcetls export sendmail. Changes are lost when it runs again.\n", stream);
    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct partner *partner = &policy->partners[i];
        size_t selectors, hops;
        const struct selector *entry = partner_selectors(policy, partner, &selectors);
        const struct listed_hop *hop = partner_hops(policy, partner, &hops);

        tags.partner = partner->name;
        if (!export_covers(export, partner))
            continue;
        for (; selectors-- > 0; entry++)
            write_domain(&tags, entry);
        for (; hops-- > 0; hop++)
            write_hop(&tags, hop);
    }
}

/* ---- sendmail.mc ---- */

/*
 * $1 is the recipient. An address without a domain is local. If the ruleset finds an "@" but no domain, it
 * still asks: the daemon reads addresses more leniently than a ruleset does.
 */
static const char before_question[] = "LOCAL_TLS_RCPT\n"
                                      "R$+\t\t\t$: <?> <$1> $>CanonAddr $1\n"
                                      "R<?> <$+> $+ < @ $+ >\t$: <$1> $>forcetls_partner $3\n"
                                      "R<?> <$* @ $*> $*\t$: <$1 @ $2> <->\n"
                                      "R<?> $*\t\t\t$@ OK\n"
                                      "R<$+> <?>\t\t$@ OK\n"
                                      "R<$+> <$* <TMPF>>\t$#error $@ 4.3.0 $: \"451 4.3.0 Local problem - "
                                      "the list of partners cannot be read\"\n"
                                      "R<$+> <$+>\t\t$: <$1> $>forcetls_altname $&{server_name}\n"
                                      "R<$+> $*\t\t$: <$(sendmail ";

/* Anything but an answer of the daemon defers the mail. */
static const char behind_question[] =
    " $: <TMPF> $)>\n"
    "R<OK>\t\t\t$@ OK\n"
    "R<451 $- . $- . $- $*>\t$#error $@ $1.$2.$3 $: 451 $1.$2.$3 $4\n"
    "R$*\t\t\t$#error $@ 4.3.0 $: \"451 4.3.0 Local problem - forcetls-milter does not answer\"\n"
    "\n"
    "Sforcetls_partner\n"
    "R$* .\t\t\t$1\n"
    "R[ $+ ]\t\t\t$1\n"
    "R$*\t\t\t$: <$(forcetls_partners ForceTLS:$1 $: ? $)> $1\n"
    "R<?> $- . $+\t\t$@ $>forcetls_partner $2\n"
    "R<$*> $*\t\t$@ <$1>\n"
    "\n"
    "Sforcetls_altname\n"
    "R$* .\t\t\t$1\n"
    "R$={cert_altnames}\t$@ $1\n"
    "R$- . $+\t\t$: <$1 . $2> * . $2\n"
    "R<$+> $={cert_altnames}\t$@ $1\n"
    "R$*\t\t\t$@\n";

static void write_question(FILE *stream)
{
    for (enum session_field field = 0; field < SESSION_FIELDS; field++) {
        const char *macro = session_field_macro(field);

        fputs(field == 0 ? "" : " $| ", stream);
        fputs(macro != NULL ? macro : field == SESSION_RECIPIENT ? "$1" : "$2", stream);
    }
}

void write_rulesets(const struct export *export, const char *directory, FILE *stream)
{
    char *quoted = text_shell_word(directory);
    const char *word = quoted != NULL ? quoted : directory;

    fprintf(stream, "dnl # %s/outbound_access: keys: %zu\n", directory, export->keys);
    fprintf(stream, "dnl # Run: makemap hash %s/outbound_access < %s/outbound_access\n", word, word);
    free(quoted);
    fputs("dnl # sendmail.mc, behind the last MAILER line:\nLOCAL_CONFIG\n", stream);
    fprintf(stream, "Kforcetls_partners hash -T<TMPF> %s/outbound_access\n", directory);
    fprintf(stream, "Ksendmail socket -f -T<TMPF> %s\n", policy_milter(export->policy)->outbound);
    fputs("O SetCertAltnames=true\n\n", stream);
    fputs(before_question, stream);
    write_question(stream);
    fputs(behind_question, stream);
}
