/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import postfix: reads the access tables for certificates and for senders, and finds out which table a file
 * is. Knows how Postfix reads them (access(5), TLS_README).
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "policy/names/domain.h"
#include "policy/names/network.h"
#include "policy/tool/import/postfix_internal.h"

static const char *const map_names[] = {"tls_policy", "ccert_access", "sender_access", NULL};

/* ---- check_ccert_access ---- */

/* Whether an action of access(5) refuses the client: only tables that accept certificates are imported. */
static bool is_refusal(const char *action)
{
    static const char *const refusals[] = {"REJECT", "DEFER", "DEFER_IF_PERMIT", "DISCARD", "HOLD", NULL};

    return map_is_word(action, refusals) || isdigit((unsigned char)*action);
}

static void read_certificate_line(struct import *import, const struct map_line *line)
{
    static const char *const actions[] = {"OK", "PERMIT", "DUNNO", "RELAY", NULL};
    const char *value = line->value, *action = map_item(import, &value, ",");
    struct draft *draft;
    bool named;

    if (postfix_digits(line->key) == 0) {
        import_error(import, line->origin.file, line->origin.line, "\"%.80s\" is not a fingerprint",
                     line->key);
        return;
    }
    if (action != NULL && is_refusal(action)) {
        import_note(&line->origin, "the line is left out: a certificate that is refused has no equivalent");
        return;
    }
    draft = draft_new(import, import_origin(import, line->origin.file, line->origin.line, line->origin.text));
    if (!postfix_add_pin(import, draft, "require", line->key)) {
        draft_remove(import, draft);
        return;
    }
    named = action != NULL && !map_is_word(action, actions) && strchr(action, '_') == NULL;
    draft->name = draft_name(import, named ? action : "pinned");
    draft_add(import, draft, "domains", import_format(import, "%s.invalid", draft->name));
    import_note(&line->origin,
                "the table does not say whose certificate this is: write the partner's domains in place of "
                "%s.invalid, and delete the pin that is not meant (certificate or key)",
                draft->name);
}

static void read_certificates(struct import *import, const struct map_line *line)
{
    for (; line != NULL; line = line->next)
        read_certificate_line(import, line);
}

/* ---- check_sender_access ---- */

static bool is_plain_domain(const char *key)
{
    struct domain domain;

    return strchr(key, '@') == NULL && domain_check(&domain, key + (*key == '.')) == NULL
           && !network_looks_like(key);
}

/* Reads a line for domains with reject_plaintext_session. Returns whether the line is about TLS. */
static bool read_sender_line(struct import *import, const struct map_line *line)
{
    const char *value = line->value, *action;
    bool plaintext = false;
    struct draft *draft;

    while ((action = map_item(import, &value, ",")) != NULL) {
        plaintext |= strcasecmp(action, "reject_plaintext_session") == 0;
        if (strcasecmp(action, "reject_plaintext_session") != 0
            && strstr(line->value, "reject_plaintext_session") != NULL)
            import_note(&line->origin, "%.80s has no equivalent", action);
    }
    if (!plaintext)
        return false;
    if (!is_plain_domain(line->key)) {
        import_note(&line->origin, "sender %.255s is left out: partners are selected by domains", line->key);
        return true;
    }
    draft = draft_new(import, import_origin(import, line->origin.file, line->origin.line, line->origin.text));
    draft->name = draft_name(import, line->key);
    draft_add(import, draft, "domains", line->key);
    if (*line->key != '.') /* because smtpd_access_maps are in parent_domain_matches_subdomains */
        draft_add(import, draft, "domains", import_format(import, ".%s", line->key));
    return true;
}

static void read_senders(struct import *import, const struct map_line *line)
{
    const char *file = line->origin.file;
    size_t others = 0;

    for (; line != NULL; line = line->next)
        others += !read_sender_line(import, line);
    if (others > 0)
        import_note(&(struct origin){.file = file},
                    "lines without reject_plaintext_session, which are not about TLS: %zu", others);
}

/* ---- which table it is ---- */

/* Returns the kind of table that a line shows, as a bit in the order of map_names. 0: any. */
static unsigned kinds_of(struct import *import, const struct map_line *line)
{
    const char *value = line->value, *word = map_item(import, &value, ",");

    if (postfix_digits(line->key) > 0)
        return 2;
    if (strstr(line->value, "reject_plaintext_session") != NULL)
        return 4;
    return word != NULL && postfix_is_level(word) ? 1 : 0;
}

/* Guesses the kind of a table from its lines. -1: they do not show it; reported. */
static int guess_map(struct import *import, const struct map_line *first)
{
    unsigned kinds = 0;

    for (const struct map_line *line = first; line != NULL; line = line->next) {
        unsigned kind = kinds_of(import, line);

        if (kind == 0 && kinds != 4 && kinds != 0)
            kinds |= 8;
        kinds |= kind;
    }
    for (int i = 0; map_names[i] != NULL; i++)
        if (kinds == 1u << i)
            return i;
    import_error(import, first->origin.file, 0,
                 "it is not certain which table this is; say --map tls_policy, --map "
                 "ccert_access or --map sender_access");
    return -1;
}

bool import_is_map(const char *name)
{
    for (int i = 0; map_names[i] != NULL; i++)
        if (strcmp(name, map_names[i]) == 0)
            return true;
    return false;
}

void import_postfix(struct import *import, char *const files[])
{
    static void (*const read[])(struct import * import, const struct map_line *first) = {
        postfix_read_policies, read_certificates, read_senders};

    for (; *files != NULL; files++) {
        const struct map_line *first = map_lines_read(import, *files, true);
        int map = -1;

        if (first == NULL)
            continue;
        for (int i = 0; import->map != NULL && map_names[i] != NULL; i++)
            if (strcmp(import->map, map_names[i]) == 0)
                map = i;
        if (map < 0)
            map = guess_map(import, first);
        if (map >= 0)
            read[map](import, first);
    }
    drafts_settle(import);
}
