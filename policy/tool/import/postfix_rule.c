/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns a line of smtp_tls_policy_maps into the keys of a rule: levels, names, versions. Knows how Postfix
 * reads it (postconf(5), TLS_README), but not whose line it is.
 */
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/import/postfix_internal.h"

static void note(const struct policy_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note(const struct policy_line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    import_vnote(line->draft->origins, format, arguments);
    va_end(arguments);
}

static void add_name(const struct policy_line *line, const char *name)
{
    draft_add(line->import, line->draft, "outbound.require.certificates.name", name);
}

/* Reads match= at a level that compares names: "nexthop:dot-nexthop:mail.contoso.com". */
static void add_match(struct policy_line *line, const char *text)
{
    const char *name;

    while ((name = map_item(line->import, &text, ":|")) != NULL) {
        if (strcasecmp(name, "nexthop") == 0) {
            line->names = true;
            add_name(line, line->domain);
        } else if (strcasecmp(name, "dot-nexthop") == 0) {
            line->names = true;
            add_name(line, import_format(line->import, ".%s", line->domain));
        } else if (strcasecmp(name, "hostname") == 0) {
            note(line,
                 "match=hostname has no equivalent: the name of the MX host comes from DNS and proves "
                 "nothing; "
                 "the certificate must have the name of the domain%s",
                 line->names ? ", or one that is written" : "");
        } else if (strncmp(name, "*.", 2) == 0) {
            note(line, "match=%.255s matches nothing in Postfix; it is left out", name);
        } else {
            line->names = true;
            add_name(line, name);
        }
    }
}

static bool add_pins(struct policy_line *line, const char *text)
{
    const char *pin;
    bool any = false;

    while ((pin = map_item(line->import, &text, "|")) != NULL)
        any |= postfix_add_pin(line->import, line->draft, "outbound.require", pin);
    return any;
}

/* Sets of versions are bits, from SSLv3 to TLSv1.3. */
enum { VERSION_COUNT = 5 };

static int version_of(const char *text)
{
    static const char *const names[] = {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL};

    for (int i = 0; i < VERSION_COUNT; i++)
        if (strcasecmp(text, names[i]) == 0)
            return i;
    return -1;
}

/* Writes the lowest version of protocols=: "!SSLv3:!TLSv1", "TLSv1.2:TLSv1.3", ">=TLSv1.2". */
static void add_protocols(const struct policy_line *line, const char *text)
{
    static const char *const names[] = {"TLSv1", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    unsigned included = 0, excluded = 0, left;
    const char *item, *whole = text;
    int lowest = 0;

    while ((item = map_item(line->import, &text, ":,")) != NULL) {
        bool at_least = strncmp(item, ">=", 2) == 0, at_most = strncmp(item, "<=", 2) == 0;
        const char *name = item + (at_least || at_most ? 2 : *item == '!');
        int version = version_of(name);

        if (version < 0) {
            if (strcasecmp(name, "SSLv2") != 0)
                note(line, "protocols: \"%.40s\" is unknown", item);
        } else if (at_least) {
            excluded |= (1u << version) - 1;
        } else if (at_most) {
            excluded |= ~0u << (version + 1);
        } else if (*item == '!') {
            excluded |= 1u << version;
        } else {
            included |= 1u << version;
        }
    }
    left = (included ? included : (1u << VERSION_COUNT) - 1) & ~excluded & ((1u << VERSION_COUNT) - 1);
    while (lowest < VERSION_COUNT && (left & 1u << lowest) == 0)
        lowest++;
    if (lowest == VERSION_COUNT) {
        note(line, "protocols=%.80s leaves no version; it is left out", whole);
        return;
    }
    draft_add(line->import, line->draft, "outbound.require.min_tls_version", names[lowest]);
    if (left != (((1u << VERSION_COUNT) - 1) & ~((1u << lowest) - 1)))
        note(line, "protocols=%.80s has no equivalent but its lowest version: every newer version is allowed",
             whole);
}

static bool is_compared(const struct policy_line *line)
{
    return strcasecmp(line->level, "secure") == 0 || strcasecmp(line->level, "verify") == 0;
}

/* Reads one "name=value". */
static void add_attribute(struct policy_line *line, const char *text)
{
    const char *value = strchr(text, '=');
    size_t length = value != NULL ? (size_t)(value - text) : strlen(text);

    value = value != NULL ? value + 1 : "";
    if (length == 5 && strncasecmp(text, "match", length) == 0) {
        if (is_compared(line))
            add_match(line, value);
        else if (strcasecmp(line->level, "fingerprint") == 0)
            add_pins(line, value);
        else
            note(line, "match= has no meaning at level %.40s; it is left out", line->level);
    } else if (length == 9 && strncasecmp(text, "protocols", length) == 0) {
        if (*value)
            add_protocols(line, value);
    } else if (length == 7 && strncasecmp(text, "exclude", length) == 0) {
        postfix_add_excluded(line, value);
    } else if (strcasecmp(text, "servername=hostname") != 0) { /* the daemon's answers have it, too */
        note(line, "%.80s has no equivalent", text);
    }
}

/* Writes what the level asks for, after the attributes. False: it cannot be written; reported. */
static bool finish_level(struct policy_line *line)
{
    static const char path[] = "outbound.require.certificates";
    const struct draft *draft = line->draft;

    if (strcasecmp(line->level, "encrypt") == 0) {
        draft_add(line->import, line->draft, path, "none");
    } else if (strncasecmp(line->level, "dane", 4) == 0) {
        draft_add(line->import, line->draft, path, "dane");
        if (strcasecmp(line->level, "dane") == 0)
            note(line, "level dane sends without TLSA records, too; \"certificates: dane\" needs them");
    } else if (strcasecmp(line->level, "verify") == 0 && !line->names) {
        note(line, "level verify compares with the name of the MX host, which comes from DNS and proves "
                   "nothing; the "
                   "certificate must have the name of the domain");
    } else if (strcasecmp(line->level, "fingerprint") == 0
               && draft_values(draft, "outbound.require.certificates.fingerprint") == NULL) {
        note(line, "the line is left out: no fingerprint can be written");
        return false;
    }
    return true;
}

/* Drops the names if they are the default: the domain and all below it. */
static void drop_default_names(const struct policy_line *line)
{
    struct value **names = &line->draft->values[draft_key_find("outbound.require.certificates.name")];
    const char *domain = line->domain;
    size_t count = 0, own = 0;

    for (const struct value *name = *names; name != NULL; name = name->next) {
        count++;
        own += strcasecmp(name->text + (*name->text == '.'), domain) == 0;
    }
    if (count == 2 && own == 2)
        *names = NULL;
}

bool postfix_read_rule(struct policy_line *line, const char *value)
{
    const char *attribute;

    line->level = map_item(line->import, &value, ",");
    while ((attribute = map_attribute(line->import, &value)) != NULL)
        if (*attribute != '\0')
            add_attribute(line, attribute);
    drop_default_names(line);
    return finish_level(line);
}
