/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smtp_tls_policy_maps: which lines become one partner. Lines are one partner if they say the same of a
 * domain, of all below it and of its next hops. This includes lines that export writes for a partner with
 * several domains. Knows the keys of such a table; postfix_rule.c reads what a line requires.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "policy/names/domain.h"
#include "policy/names/next_hop.h"
#include "policy/tool/import/postfix_internal.h"

/* export writes this word instead of a level if a rule has no answer. */
static const char no_answer[] = "TEMP";

bool postfix_is_level(const char *word)
{
    static const char *const levels[] = {"none",        "may",    "encrypt", "dane", "dane-only",
                                         "fingerprint", "verify", "secure",  NULL};

    return map_is_word(word, levels) || strcmp(word, no_answer) == 0;
}

/* ---- what a line says, as a text that lines of the same meaning share ---- */

/* A line, and what it says. */
struct keyed {
    const struct map_line *map;
    const char *domain; /* of the key; if that is a host in brackets, the host */
    bool is_domain;     /* false: a host, or a domain with a port, which becomes a next hop */
    const char *rest;   /* level and attributes; without match= if that has names */
    struct value *names;
    const char *rule; /* `rest` and names; or `rest` and "own" if the names are the domain and all below it */
};

/* Normalises a domain for comparison, and keeps its leading dot. */
static const char *form_of(struct import *import, const char *domain)
{
    bool below = *domain == '.';
    struct domain normal;

    if (domain_normalise(&normal, domain + below, strlen(domain + below)) != DOMAIN_VALID)
        return domain;
    return import_format(import, "%s%s", below ? "." : "", normal.text);
}

static bool has(const struct value *values, const char *text)
{
    for (; values != NULL; values = values->next)
        if (strcasecmp(values->text, text) == 0)
            return true;
    return false;
}

static void add_value(struct import *import, struct value **values, const char *text)
{
    while (*values != NULL)
        values = &(*values)->next;
    *values = import_alloc(import, sizeof **values);
    (*values)->text = text;
}

/* Reads the names of match=. Words for the next hop become the domain. */
static void read_names(struct import *import, struct keyed *keyed, const char *text)
{
    const char *name;

    while ((name = map_item(import, &text, ":|")) != NULL) {
        if (strcasecmp(name, "nexthop") == 0)
            name = keyed->domain;
        else if (strcasecmp(name, "dot-nexthop") == 0)
            name = import_format(import, ".%s", keyed->domain);
        name = form_of(import, name);
        if (!has(keyed->names, name))
            add_value(import, &keyed->names, name);
    }
}

/* Whether the names are a domain and all below it, and no others. */
static bool is_own(struct import *import, const struct value *names, const char *domain)
{
    const char *own = form_of(import, domain);

    return names != NULL && names->next != NULL && names->next->next == NULL && has(names, own)
           && has(names, import_format(import, ".%s", own));
}

/* Reads what the line says. */
static void read_rule(struct import *import, struct keyed *keyed)
{
    const char *value = keyed->map->value, *item = map_item(import, &value, ",");
    bool compared = item != NULL && (strcasecmp(item, "secure") == 0 || strcasecmp(item, "verify") == 0);

    keyed->rest = item != NULL ? item : "";
    while ((item = map_attribute(import, &value)) != NULL) {
        if (compared && strncasecmp(item, "match=", 6) == 0)
            read_names(import, keyed, item + 6);
        else
            keyed->rest = import_format(import, "%s %s", keyed->rest, item);
    }
    keyed->rule = keyed->rest;
    if (strncasecmp(keyed->rest, "secure", 6) == 0 && keyed->names == NULL)
        read_names(import, keyed, "nexthop:dot-nexthop");
    if (is_own(import, keyed->names, keyed->domain))
        keyed->rule = import_format(import, "%s own", keyed->rest);
    else
        for (const struct value *name = keyed->names; name != NULL; name = name->next)
            keyed->rule = import_format(import, "%s match=%s", keyed->rule, name->text);
}

/* Joins a rule and a domain into one text; "": no domain. */
static const char *rule_key(struct import *import, const char *rule, const char *domain)
{
    const char *form = *domain ? form_of(import, domain) : domain;
    char *key = import_alloc(import, strlen(rule) + strlen(form) + 2);

    sprintf(key, "%s\n%s", rule, form);
    for (char *at = key; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return key;
}

static struct draft *draft_of(struct import *import, const char *rule, const char *domain)
{
    const struct indexed *found = text_index_find(&import->rules, rule_key(import, rule, domain), false);

    return found != NULL ? found->draft : NULL;
}

/* ---- partners ---- */

static bool has_domain(struct import *import, const struct draft *draft, const char *domain)
{
    const char *form = form_of(import, domain);

    for (const struct value *value = draft_values(draft, "domains"); value != NULL; value = value->next)
        if (strcasecmp(form_of(import, value->text), form) == 0)
            return true;
    return false;
}

static void add_domain(struct import *import, struct draft *draft, const char *domain)
{
    if (has_domain(import, draft, domain))
        return; /* it is there in another spelling */
    draft_add(import, draft, "domains", domain);
    import_index(&import->rules, rule_key(import, draft->rule, domain + (*domain == '.')), draft);
    import_index(&import->rules, rule_key(import, "", domain), draft);
}

/*
 * Adds a next hop, unless the partner has it in another spelling: a table lists every spelling, because
 * Postfix looks up each one.
 */
static void add_hop(struct import *import, struct draft *draft, const char *key, const struct next_hop *hop)
{
    const char *indexed = import_format(import, "hop %s", hop->text);
    const struct indexed *found = text_index_find(&import->rules, indexed, false);

    if (key[0] != '[' && !hop->port && has_domain(import, draft, hop->domain.text))
        return; /* the daemon reads this key as the domain, too */
    if (found != NULL && found->draft == draft)
        return;
    draft_add(import, draft, "outbound.next_hops", key);
    if (found == NULL)
        import_index(&import->rules, indexed, draft);
}

/* Moves everything of a partner with the same rule to this partner. */
static void take_over(struct import *import, struct draft *draft, struct draft *other)
{
    draft_remove(import, other);
    for (const struct value *value = draft_values(other, "domains"); value != NULL; value = value->next)
        add_domain(import, draft, value->text);
    for (const struct value *value = draft_values(other, "outbound.next_hops"); value != NULL;
         value = value->next) {
        struct next_hop hop;
        enum next_hop_form form;

        if (next_hop_check(&hop, &form, value->text) == NULL)
            add_hop(import, draft, value->text, &hop);
    }
    for (const struct origin *origin = other->origins; origin != NULL; origin = origin->next)
        draft_origin(import, draft, origin);
}

/*
 * Finds the partner that has the domain of a name, if its rule asks for the recipient's own domain and is the
 * same otherwise. NULL: none.
 */
static struct draft *owner_of_name(struct import *import, const struct keyed *keyed, const char *name)
{
    const char *domain = name + (*name == '.');
    struct draft *draft = draft_of(import, import_format(import, "%s own", keyed->rest), domain);
    bool exact = has(keyed->names, domain);

    return draft != NULL && has_domain(import, draft, domain) == exact ? draft : NULL;
}

/*
 * Finds the partner of a next hop by the names of the rule. All names must be domains of partners, each with
 * all below it: so export writes them for a partner whose certificates must have the recipient's domain.
 * Several such partners become one. NULL: none.
 */
static struct draft *partner_by_names(struct import *import, const struct keyed *keyed)
{
    struct draft *first = NULL;

    for (const struct value *name = keyed->names; name != NULL; name = name->next)
        if (owner_of_name(import, keyed, name->text) == NULL
            || (*name->text != '.' && !has(keyed->names, import_format(import, ".%s", name->text))))
            return NULL;
    for (const struct value *name = keyed->names; name != NULL; name = name->next) {
        struct draft *owner = owner_of_name(import, keyed, name->text);

        if (first == NULL)
            first = owner;
        else if (owner != first)
            take_over(import, first, owner);
    }
    return first;
}

/*
 * Finds the partner that this next hop belongs to: by its domain; if the rule has names, by these, or the
 * first partner with that rule; or by a parent domain.
 */
static struct draft *partner_of_hop(struct import *import, const struct keyed *keyed)
{
    bool own = is_own(import, keyed->names, keyed->domain);
    bool pins = strcasestr(keyed->rest, " match=") != NULL;
    struct draft *found = draft_of(import, keyed->rule, keyed->domain);

    if (found == NULL && keyed->names != NULL && !own)
        found = partner_by_names(import, keyed);
    if (found == NULL && ((keyed->names != NULL && !own) || pins))
        found = draft_of(import, keyed->rule, "");
    for (const char *dot = strchr(keyed->domain, '.'); found == NULL && dot != NULL;
         dot = strchr(dot + 1, '.'))
        found = draft_of(import, keyed->rule, dot + 1);
    return found;
}

/* ---- lines ---- */

/* Reads the domain of a key. False: the key is a host or has a port, and becomes a next hop. */
static bool read_key(struct import *import, const char *key, const char **domain)
{
    size_t length;

    if (*key == '[') {
        length = strcspn(key + 1, "]");
        *domain = import_text(import, key + 1, length);
        return false;
    }
    length = strcspn(key, ":");
    *domain = import_text(import, key + (*key == '.'), length - (*key == '.'));
    return key[length] == '\0';
}

static void read_hop(struct import *import, const struct keyed *keyed)
{
    const struct map_line *map = keyed->map;
    struct next_hop hop;
    enum next_hop_form form;
    const char *wrong = next_hop_check(&hop, &form, map->key);
    struct draft *partner = wrong == NULL ? partner_of_hop(import, keyed) : NULL;
    const struct draft *other = NULL;

    if (wrong == NULL && form == NEXT_HOP_DOMAIN && !hop.port)
        other = draft_of(import, "", hop.domain.text);
    if (wrong != NULL) {
        import_note(&map->origin, "next hop \"%.255s\" is left out: it %s", map->key, wrong);
    } else if (other != NULL && other != partner) {
        import_note(&map->origin,
                    "next hop %.255s is left out: it is the domain of partner \"%s\", whose rule is another",
                    map->key, other->name);
    } else if (partner == NULL) {
        import_note(&map->origin,
                    "next hop %.255s is left out: the domains that are routed to it are not known; write it "
                    "into next_hops of their partner",
                    map->key);
    } else {
        draft_origin(import, partner, &map->origin);
        add_hop(import, partner, map->key, &hop);
    }
}

static void read_domain(struct import *import, const struct keyed *keyed)
{
    const struct map_line *map = keyed->map;
    struct draft *partner = draft_of(import, keyed->rule, keyed->domain);
    struct policy_line line = {.import = import, .domain = keyed->domain};

    if (partner != NULL) {
        draft_origin(import, partner, &map->origin);
        add_domain(import, partner, map->key);
        return;
    }
    line.draft =
        draft_new(import, import_origin(import, map->origin.file, map->origin.line, map->origin.text));
    line.draft->outbound_only = true;
    line.draft->rule = keyed->rule;
    line.draft->name = draft_name(import, map->key);
    draft_add(import, line.draft, "outbound.mode", "testing");
    if (draft_of(import, keyed->rule, "") == NULL)
        import_index(&import->rules, rule_key(import, keyed->rule, ""), line.draft);
    add_domain(import, line.draft, map->key);
    if (!postfix_read_rule(&line, map->value))
        draft_remove(import, line.draft);
}

/* Whether a key is a line of regexp_table(5). */
static bool is_expression(const char *key)
{
    return *key == '/' || strncmp(key, "!/", 2) == 0 || strcmp(key, "if") == 0 || strcmp(key, "endif") == 0;
}

/* Next hops are read after all domains, because the line of their partner may come later. */
static void read_line(struct import *import, const struct map_line *map, bool hops)
{
    struct keyed keyed = {.map = map};
    const char *value = map->value, *level = map_item(import, &value, ",");

    keyed.is_domain = read_key(import, map->key, &keyed.domain);
    if (keyed.is_domain == hops)
        return;
    if (is_expression(map->key))
        import_error(
            import, map->origin.file, map->origin.line,
            "\"%.80s\" is of a table of expressions (regexp:, pcre:), which cannot be imported: write its "
            "domains",
            map->key);
    else if (level == NULL || !postfix_is_level(level)) {
        import_error(import, map->origin.file, map->origin.line, "\"%.80s\" is not a level of TLS security",
                     level != NULL ? level : "");
    } else if (strcmp(level, no_answer) == 0) {
        import_note(&map->origin, "%.255s is left out: its rule had no answer when the table was written",
                    map->key);
    } else if (strcasecmp(level, "may") == 0 || strcasecmp(level, "none") == 0) {
        import_note(&map->origin,
                    "level %s requires no TLS: %.255s is left out; where a partner has a domain above it, "
                    "write a partner with outbound: {mode: none} for it",
                    level, map->key);
    } else {
        read_rule(import, &keyed);
        if (hops)
            read_hop(import, &keyed);
        else
            read_domain(import, &keyed);
    }
}

void postfix_read_policies(struct import *import, const struct map_line *first)
{
    for (int hops = 0; hops < 2; hops++)
        for (const struct map_line *line = first; line != NULL; line = line->next)
            read_line(import, line, hops != 0);
}
