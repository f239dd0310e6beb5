/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import sendmail: the tags TLS_Clt, TLS_Srv and TLS_Rcpt of the access map. Knows how Sendmail reads them
 * (cf/README, STARTTLS).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/names/ascii.h"
#include "policy/names/domain.h"
#include "policy/names/network.h"
#include "policy/tool/import/map_lines.h"

/* A line of the access map about TLS. */
struct access_line {
    struct import *import;
    const struct origin *origin;
    struct draft *draft;
    const char *key; /* the key after its tag */
    bool outbound;
};

static void add(const struct access_line *line, const char *key, const char *text)
{
    draft_add(line->import, line->draft,
              import_format(line->import, "%srequire.%s", line->outbound ? "outbound." : "", key), text);
}

/* Decodes xtext: "+20" is a blank. */
static const char *plain_text(struct import *import, const char *text)
{
    char *plain = import_alloc(import, strlen(text) + 1), *to = plain;

    for (; *text; text++) {
        int octet = text[0] == '+' ? ascii_hex_octet(text + 1) : -1;

        if (octet >= 0) {
            *to++ = (char)octet;
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    return plain;
}

/* Returns the common name in "/C=DE/CN=Test CA". NULL: none. */
static const char *common_name_of(struct import *import, const char *text)
{
    const char *name = strcasestr(text, "/CN=");
    size_t length = name != NULL ? strcspn(name + 4, "/") : 0;

    return length > 0 ? import_text(import, name + 4, length) : NULL;
}

/* Removes blanks at the ends of a common name: no rule of a policy can have them. */
static const char *without_blanks(const struct access_line *line, const char *name)
{
    const char *start = name + strspn(name, " ");
    size_t length = strlen(start);

    while (length > 0 && start[length - 1] == ' ')
        length--;
    if (length == strlen(name))
        return name;
    import_note(line->origin, "blanks at the ends of the name \"%.255s\" are left out", name);
    return import_text(line->import, start, length);
}

/* CS: and CI: have a whole distinguished name, of which a policy compares only the common name. */
static void add_name(const struct access_line *line, const char *key, const char *text)
{
    const char *name = common_name_of(line->import, plain_text(line->import, text));

    if (line->outbound) {
        import_note(line->origin, "%s of a server's certificate has no equivalent", key);
    } else if (name == NULL) {
        import_note(line->origin, "a %s without a common name has no equivalent: %.200s", key, text);
    } else {
        add(line, import_format(line->import, "certificates.%s", key), without_blanks(line, name));
        import_note(line->origin, "%s: the common name alone is written", key);
    }
}

/* CN: requires the given name, or if there is none, the host's. */
static void add_common_name(const struct access_line *line, const char *text)
{
    const char *name = *text ? without_blanks(line, plain_text(line->import, text)) : line->key;

    if (!*text && (*line->key == '\0' || network_looks_like(line->key))) {
        import_note(line->origin, "CN without a name has no equivalent here: it is the name of the host");
        return;
    }
    if (!*text)
        import_note(line->origin, "CN without a name, the name of the host, is written as %.255s", name);
    add(line, line->outbound ? "certificates.name" : "certificates.subject", name);
}

/* Reads one extension, after its "+". */
static void add_extension(const struct access_line *line, const char *text)
{
    if (strncasecmp(text, "CN", 2) == 0 && (text[2] == ':' || text[2] == '\0'))
        add_common_name(line, text[2] == ':' ? text + 3 : "");
    else if (strncasecmp(text, "CS:", 3) == 0)
        add_name(line, "subject", text + 3);
    else if (strncasecmp(text, "CI:", 3) == 0)
        add_name(line, "issuer", text + 3);
    else if (*text == '\0')
        import_note(line->origin, "a + without an extension is left out");
    else
        import_note(line->origin, "extension %.80s has no equivalent", text);
}

/*
 * Reads the extensions of a value. Each begins with "+" and a name; in xtext, two hexadecimal digits follow
 * "+".
 */
static void add_extensions(const struct access_line *line, const char *text)
{
    static const char *const names[] = {"CN", "CS:", "CI:"};

    while (*text == '+') {
        const char *end = NULL;

        text += 1 + (text[1] == '+');
        for (size_t i = *text != '\0'; end == NULL && text[i]; i++)
            for (size_t k = 0; end == NULL && text[i] == '+' && k < sizeof names / sizeof names[0]; k++)
                if (text[i + 1] == '+' || strncasecmp(text + i + 1, names[k], strlen(names[k])) == 0)
                    end = text + i;
        end = end != NULL ? end : text + strlen(text);
        add_extension(line, import_text(line->import, text, (size_t)(end - text)));
        text = end;
    }
}

static bool has_names(const struct draft *draft)
{
    return draft_values(draft, "require.certificates.subject") != NULL
           || draft_values(draft, "require.certificates.issuer") != NULL
           || draft_values(draft, "outbound.require.certificates.name") != NULL;
}

/* Reads ":256" after a word. Returns the rest of the text. */
static const char *add_bits(const struct access_line *line, const char *text)
{
    size_t digits;

    if (*text != ':')
        return text;
    digits = strspn(text + 1, "0123456789");
    if (digits > 0 && strtoul(text + 1, NULL, 10) > 0)
        add(line, "min_cipher_bits", import_text(line->import, text + 1, digits));
    return text + 1 + digits;
}

/* Reads "VERIFY", "VERIFY:256+CN:name" or "ENCR:128". False: reported. */
static bool read_requirement(const struct access_line *line, const char *text)
{
    bool verify = strncasecmp(text, "VERIFY", 6) == 0;

    if (!verify && strncasecmp(text, "ENCR:", 5) != 0) {
        import_error(line->import, line->origin->file, line->origin->line,
                     "\"%.80s\" is neither VERIFY nor ENCR", text);
        return false;
    }
    text = add_bits(line, text + (verify ? 6 : 4));
    add_extensions(line, text);
    if (*text && *text != '+')
        import_error(line->import, line->origin->file, line->origin->line, "\"%.80s\" behind the bits", text);
    if (!verify && line->outbound && !has_names(line->draft))
        add(line, "certificates", "none");
    else if (verify && !line->outbound && !has_names(line->draft))
        add(line, "certificates", "trusted");
    else if (verify && line->outbound && !has_names(line->draft))
        import_note(line->origin,
                    "VERIFY without a name, any trusted certificate, has no equivalent: the certificate must "
                    "have the name of the domain");
    return true;
}

/* Expands a prefix: "192.0.2" is 192.0.2.0/24. */
static const char *network_of(struct import *import, const char *text)
{
    unsigned dots = 0;

    for (const char *at = text; *at; at++)
        dots += *at == '.';
    if (strncasecmp(text, "IPv6:", 5) == 0)
        return text + 5;
    if (text[strspn(text, "0123456789.")] != '\0' || dots >= 3)
        return text;
    return import_format(import, "%s%s/%u", text,
                         dots == 2   ? ".0"
                         : dots == 1 ? ".0.0"
                                     : ".0.0.0",
                         8 * (dots + 1));
}

/* Adds the selectors of the line: hosts, or domains of recipients. False: reported. */
static bool select_partner(const struct access_line *line)
{
    const char *path = line->outbound ? "domains" : "clients";

    if (*line->key == '\0' && line->outbound) {
        import_note(line->origin,
                    "a tag without a name has no equivalent: a partner for outbound mail names its domains");
        return false;
    }
    if (strchr(line->key, '@') != NULL) {
        import_note(line->origin, "%.255s is left out: a partner for outbound mail is a domain", line->key);
        return false;
    }
    if (*line->key == '\0') {
        draft_add(line->import, line->draft, path, "0.0.0.0/0");
        draft_add(line->import, line->draft, path, "::/0");
    } else if (line->key[strspn(line->key, "0123456789.")] == '\0' || network_looks_like(line->key)
               || strncasecmp(line->key, "IPv6:", 5) == 0) {
        if (line->outbound) {
            import_note(line->origin, "%.255s is left out: a partner for outbound mail is a domain",
                        line->key);
            return false;
        }
        draft_add(line->import, line->draft, path, network_of(line->import, line->key));
    } else {
        draft_add(line->import, line->draft, path, line->key);
        if (*line->key != '.') /* with FEATURE(`lookupdotdomain') a leading dot means only what is below */
            draft_add(line->import, line->draft, path, import_format(line->import, ".%s", line->key));
    }
    return true;
}

static void read_tag(struct import *import, const struct map_line *map, size_t tag, bool server)
{
    struct origin *origin = import_origin(import, map->origin.file, map->origin.line, map->origin.text);
    struct access_line line = {.import = import, .origin = origin, .key = map->key + tag};
    const char *value = map->value;
    bool permanent = strncasecmp(value, "PERM+", 5) == 0;

    line.outbound = server || strncasecmp(map->key, "TLS_Rcpt:", tag) == 0;
    line.draft = draft_new(import, origin);
    line.draft->outbound_only = line.outbound;
    line.draft->name = draft_name(import, *line.key ? line.key : "everyone");
    if (line.outbound)
        draft_add(import, line.draft, "outbound.mode", "testing");
    else if (permanent)
        draft_add(import, line.draft, "action", "reject");
    if (line.outbound && permanent)
        import_note(origin, "PERM has no equivalent: mail to a partner is deferred");
    if (server)
        import_note(origin, "TLS_Srv names a server; it is written as the domain of recipients");
    value += permanent || strncasecmp(value, "TEMP+", 5) == 0 ? 5 : 0;
    if (!select_partner(&line) || !read_requirement(&line, value))
        draft_remove(import, line.draft);
}

/*
 * Reads a line of `forcetls export sendmail`: a domain, which includes all below it, and the partner. The
 * line does not contain the rule, so the partner gets the default rule.
 */
static void read_listed(struct import *import, const struct map_line *map, const char *domain)
{
    const struct indexed *found = text_index_find(&import->rules, map->value, false);
    struct draft *draft = found != NULL ? found->draft : NULL;

    if (draft == NULL) {
        draft =
            draft_new(import, import_origin(import, map->origin.file, map->origin.line, map->origin.text));
        draft->outbound_only = true;
        draft->name = draft_name(import, *map->value ? map->value : domain);
        draft_add(import, draft, "outbound.mode", "testing");
        import_index(&import->rules, map->value, draft);
    } else {
        draft_origin(import, draft, &map->origin);
    }
    draft_add(import, draft, "domains", domain);
    draft_add(import, draft, "domains", import_format(import, ".%s", domain));
}

/* Returns whether the line is about TLS. */
static bool read_line(struct import *import, const struct map_line *line)
{
    static const char *const tags[] = {"TLS_Clt:", "TLS_Rcpt:", "TLS_Srv:"};
    static const char *const others[] = {
        "TLS_", "Try_TLS:", "Srv_Features:", "Clt_Features:", "CERTISSUER:", "CERTSUBJECT:"};
    static const char listed[] = "ForceTLS:";

    for (size_t i = 0; i < 3; i++)
        if (strncasecmp(line->key, tags[i], strlen(tags[i])) == 0) {
            read_tag(import, line, strlen(tags[i]), i == 2);
            return true;
        }
    if (strncasecmp(line->key, listed, strlen(listed)) == 0) {
        read_listed(import, line, line->key + strlen(listed));
        return true;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncasecmp(line->key, others[i], strlen(others[i])) == 0) {
            import_note(&line->origin, "%.255s has no equivalent", line->key);
            return true;
        }
    return false;
}

void import_sendmail(struct import *import, char *const files[])
{
    import->mta = "sendmail";
    for (; *files != NULL; files++) {
        size_t foreign = 0, listed = import->rules.count;

        const struct map_line *line = map_lines_read(import, *files, false);

        for (; line != NULL; line = line->next)
            foreign += !read_line(import, line);
        if (import->rules.count > listed)
            import_note(&(struct origin){.file = *files},
                        "ForceTLS does not say what is required: the rules are in the policy that the table "
                        "was written from; what is written is what holds without one");
        if (foreign > 0)
            import_note(&(struct origin){.file = *files}, "lines without a tag of TLS: %zu", foreign);
    }
    drafts_settle(import);
}
