/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings about values that were copied with more than the name, or that a "#" cut: what is odd, and the
 * line to write. Knows which texts a policy can load, and how pasted.h reads the others.
 */
#include "policy/reading/reading.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/ascii.h"
#include "policy/names/domain.h"
#include "policy/names/fingerprint.h"
#include "policy/names/network.h"
#include "policy/names/pasted.h"
#include "policy/names/scalar.h"
#include "policy/names/suffixes.h"

enum { SHOWN = 256 };

/* ---- hosts and addresses ---- */

/* Whether a policy accepts the text as a domain of at least `labels` labels, 1 or 2. */
static bool loads_as_domain(const char *text, unsigned labels)
{
    char what[PASTED_WHAT];
    struct domain domain;

    return !pasted_mark(text, what) && domain_check(&domain, text + (*text == '.')) == NULL
           && (labels < 2 || strchr(domain.text, '.') != NULL);
}

static bool loads(const char *text, enum pasted_as as)
{
    const char *at = as == PASTED_ADDRESS ? strrchr(text, '@') : NULL;
    struct network network;

    if (at != NULL && (at == text || (*text != '"' && memchr(text, ':', (size_t)(at - text)) != NULL)))
        return false; /* "@contoso.com", "mailto:a@contoso.com" */
    text = at == NULL ? text : at + 1;
    if (network_looks_like(text))
        return network_check(&network, text) == NULL;
    return loads_as_domain(text, as == PASTED_ADDRESS && at == NULL && *text != '.' ? 2 : 1);
}

/* Whether the text may be a user's name without a domain. */
static bool is_one_label(const char *text)
{
    return strpbrk(text, ".@") == NULL && loads_as_domain(text, 1);
}

static void without_blanks(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++)
        if (*text != ' ')
            *to++ = *text;
    *to = '\0';
}

/*
 * Reports a dash or a quotation mark that is not ASCII. IDNA forbids these in the DNS, but UTS 46, by which
 * domains are compared, does not: such a domain would load, and match no mail. False: reported.
 */
static bool has_no_mark(struct loading *loading, const struct node *node, const char *text, enum pasted_as as)
{
    const char *at = as == PASTED_ADDRESS ? strrchr(text, '@') : NULL;
    char what[PASTED_WHAT];

    if (!pasted_mark(at == NULL ? text : at + 1, what))
        return true;
    loading_error(loading, node, "\"%.128s\" %s, which no domain does", text, what);
    return false;
}

/*
 * Whether the text is a network in another notation, or a range such as "192.0.2.1-192.0.2.9". The reader of
 * the network reports all other mistakes.
 */
static bool is_network_in_other_form(const char *text)
{
    char meant[64];

    return network_guess(meant, text)
           || (network_looks_like(text) && strchr(text, '-') != NULL
               && text[strspn(text, "0123456789abcdefABCDEF.:/- ")] == '\0');
}

/*
 * Reports a network in another notation, with the line to write. `text` is the part of the node's text that
 * may be a network. Returns false.
 */
static bool refuse_network(struct loading *loading, const struct node *node, const char *text,
                           const char *what)
{
    char meant[64];

    if (network_guess(meant, text))
        loading_error(loading, node, "\"%.128s\" %s; write %s%s%s", node->text, what,
                      strchr(meant, ':') != NULL ? "\"" : "", meant, strchr(meant, ':') != NULL ? "\"" : "");
    else
        loading_error(loading, node, "\"%.128s\" %s; write a range as networks", node->text, what);
    return false;
}

bool compile_pasted(struct loading *loading, const struct node *node, const char *text, enum pasted_as as)
{
    struct pasted pasted;
    char shown[SHOWN], meant[64];
    bool good;

    if (as == PASTED_HOST && strchr(text, ' ') != NULL && network_guess(meant, text))
        return refuse_network(loading, node, text, "is not an IP address or network");
    if (!pasted_read(&pasted, text, as) || pasted.text[0] == '\0')
        return has_no_mark(loading, node, text, as);
    good = loads(text, as);
    if (!good && as == PASTED_HOST && pasted.count == 1 && !loads(pasted.text, as))
        without_blanks(pasted.text);
    if (!good && pasted.count == 1 && as == PASTED_ADDRESS && is_one_label(pasted.text)) {
        loading_error(loading, node, "\"%.128s\" %s; write %.64s@your.domain", text, pasted.what,
                      pasted.text);
        return false;
    }
    if (!good && pasted.count == 1 && as == PASTED_HOST && is_network_in_other_form(pasted.text))
        return refuse_network(loading, node, pasted.text, pasted.what);
    if (!good && pasted.count == 1 && !loads(pasted.text, as))
        return has_no_mark(loading, node, text, as); /* the reader of the value reports any other mistake */
    if (pasted.count > 1) {
        loading_error(loading, node, "\"%.128s\" %s; write each as an entry of its own: %.255s", text,
                      pasted.what, pasted.text);
        return false;
    }
    scalar_write(shown, sizeof shown, pasted.text);
    loading_finding(loading, node, good ? WARNING_PASTED : WARNING_NONE, "\"%.128s\" %s; write %s", text,
                    pasted.what, shown);
    return good;
}

/* ---- names in certificates ---- */

/*
 * Writes "{O: Bank, C: DE}" for a distinguished name without a common name. False: it has none of these
 * attributes.
 */
static bool write_attributes(char *to, size_t size, const char *text)
{
    static const char *const types[] = {"O", "OU", "C"};
    char value[PASTED_MAX], shown[SHOWN];
    size_t used = 0;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!pasted_attribute(text, types[i], value) || value[0] == '\0' || used + SHOWN + 16 > size)
            continue;
        scalar_write(shown, sizeof shown, value);
        used += (size_t)snprintf(to + used, size - used, "%s%s: %s", used == 0 ? "{" : ", ", types[i], shown);
    }
    if (used > 0)
        snprintf(to + used, size - used, "}");
    return used > 0;
}

/* Writes "[a.com, \"*.a.com\"]" for "a.com, *.a.com". */
static void write_list(char *to, size_t size, const char *text)
{
    char item[SHOWN], shown[SHOWN];
    size_t used = 0;

    while (*text != '\0' && used + 2 * (size_t)SHOWN < size) {
        size_t length = strcspn(text, ",");

        snprintf(item, sizeof item, "%.*s", (int)length, text);
        scalar_write(shown, sizeof shown, item);
        used += (size_t)snprintf(to + used, size - used, "%s%s", used == 0 ? "[" : ", ", shown);
        text += length;
        text += strspn(text, ", ");
    }
    snprintf(to + used, size - used, *text == '\0' ? "]" : ", ...]");
}

/* Writes the value that was meant by `text`. False: not known. */
static bool write_meant(char *to, size_t size, const struct pasted *pasted, const char *text)
{
    if (pasted->text[0] == '\0')
        return write_attributes(to, size, text);
    if (pasted->count > 1)
        write_list(to, size, pasted->text);
    else
        scalar_write(to, size, pasted->text);
    return true;
}

/* Returns the number of octets of a fingerprint "AA:BB:...", of any digest. 0: it is not one. */
static unsigned fingerprint_octets(const char *text)
{
    unsigned octets = 0;

    for (; ascii_hex_octet(text) >= 0; text += 3) {
        octets++;
        if (text[2] == '\0')
            return octets;
        if (text[2] != ':')
            return 0;
    }
    return 0;
}

/* Reports a fingerprint that is written as a name. False: it is not a fingerprint. */
static bool doubt_fingerprint(struct loading *loading, const struct node *node)
{
    enum { MD5_SIZE = 16 };
    unsigned char fingerprint[FINGERPRINT_SIZE];
    char meant[FINGERPRINT_TEXT];
    bool known =
        fingerprint_parse(fingerprint, node->text) == NULL
        || (fingerprint_octets(node->text) == FINGERPRINT_SIZE && fingerprint_guess(fingerprint, node->text));

    if (!known && fingerprint_octets(node->text) < MD5_SIZE)
        return false;
    if (known) {
        fingerprint_format(fingerprint, meant);
        loading_warning(
            loading, node, WARNING_COMMON_NAME,
            "\"%.128s\" is a fingerprint, and so matches no certificate; write fingerprint: %s, and "
            "no names beside it",
            node->text, meant);
    } else {
        loading_warning(
            loading, node, WARNING_COMMON_NAME,
            "\"%.128s\" is a fingerprint, and so matches no certificate; write the common name, or "
            "fingerprint: with the SHA-256, which \"forcetls cert\" shows",
            node->text);
    }
    return true;
}

/* Reports "*." before a public suffix. */
static void doubt_wildcard(struct loading *loading, const struct node *node)
{
    const char *kind = strncmp(node->text, "*.", 2) == 0 ? suffix_kind(node->text + 2) : NULL;

    if (kind != NULL)
        loading_warning(
            loading, node, WARNING_PUBLIC_SUFFIX,
            "\"%.128s\" matches certificates of anyone: %.126s is %s; write the partner's own name",
            node->text, node->text + 2, kind);
}

bool compile_doubt_name(struct loading *loading, const struct node *node, enum pasted_as as, bool good)
{
    enum warning warning = good ? WARNING_COMMON_NAME : WARNING_NONE;
    const char *text = node->text;
    struct pasted pasted = {.count = 0};
    const char *key = node->key == NULL ? "" : node->key->text;
    char meant[4 * SHOWN];

    if (as != PASTED_ATTRIBUTE && doubt_fingerprint(loading, node))
        return true;
    if (as != PASTED_ATTRIBUTE)
        doubt_wildcard(loading, node);
    if (as == PASTED_ATTRIBUTE && pasted_attribute(text, key, pasted.text) && pasted.text[0] != '\0') {
        snprintf(pasted.what, sizeof pasted.what, "repeats its attribute");
        pasted.count = 1;
    } else if (!pasted_read(&pasted, text, as)) {
        return false;
    }
    if (write_meant(meant, sizeof meant, &pasted, text))
        loading_finding(loading, node, warning,
                        "\"%.128s\" %s, and so matches no certificate; write %.32s%s%.200s", text,
                        pasted.what, key, *key == '\0' ? "" : ": ", meant);
    else
        loading_finding(loading, node, warning,
                        "\"%.128s\" %s, and so matches hardly any certificate; write the common name of the "
                        "certificate, which \"forcetls cert\" shows",
                        text, pasted.what);
    return true;
}

/* ---- text that a "#" cut ---- */

bool compile_free_text(struct loading *loading, const struct node *node, const char **text)
{
    char whole[SHOWN], shown[2 * SHOWN];

    if (!compile_text(loading, node, text))
        return false;
    if (node->comment != NULL && (strchr(*text, '.') == NULL || strchr(*text, ' ') != NULL)) {
        snprintf(whole, sizeof whole, "%.120s %.100s", *text, node->comment);
        scalar_write(shown, sizeof shown, whole);
        loading_warning(loading, node, WARNING_COMMENT_IN_VALUE,
                        "from \"%.32s\" on this is a comment, and the value is \"%.64s\"; write %s%s%.250s, "
                        "or put a blank after \"#\" if it is a comment",
                        node->comment, *text, node->key == NULL ? "" : node->key->text,
                        node->key == NULL ? "" : ": ", shown);
    }
    return true;
}

/* ---- domains that belong to nobody ---- */

void compile_doubt_suffix(struct loading *loading, const struct node *node, const char *domain, bool below)
{
    const char *kind = suffix_kind(domain);

    if (kind == NULL)
        return;
    if (below)
        loading_warning(loading, node, WARNING_PUBLIC_SUFFIX,
                        "\".%.200s\" is every domain below %s, which is %s: anyone may have one; write the "
                        "partner's own domain",
                        domain, domain, kind);
    else
        loading_warning(loading, node, WARNING_PUBLIC_SUFFIX,
                        "\"%.200s\" is %s, and belongs to no partner; write the partner's own domain", domain,
                        kind);
}

void compile_doubt_address(struct loading *loading, const struct node *node, const char *text,
                           const char *domain)
{
    const char *kind = suffix_kind(domain);

    if (kind == NULL)
        return;
    if (strchr(domain, '.') == NULL)
        loading_warning(
            loading, node, WARNING_PUBLIC_SUFFIX,
            "\"%.128s\" has a domain without a dot, which mail from elsewhere never has; write the "
            "whole domain, such as %.*s.example.com",
            text, 128, text);
    else
        loading_warning(loading, node, WARNING_PUBLIC_SUFFIX,
                        "\"%.128s\": %s is %s, and nobody has addresses there; write the whole domain", text,
                        domain, kind);
}

/* Reports blocks that hold so many addresses that a rule about them means little. */
static void doubt_wide(struct loading *loading, const struct node *list)
{
    for (const struct node *item = list->first; item != NULL; item = item->next) {
        struct network network;

        if (item->kind == NODE_SCALAR && network_check(&network, item->text) == NULL
            && network_is_wide(&network))
            loading_warning(loading, item, WARNING_CLIENTS_TOO_WIDE,
                            "\"%.64s\" holds a large part of the internet: anyone may connect from there; "
                            "write the partner's own networks",
                            item->text);
    }
}

void compile_doubt_clients(struct loading *loading, const struct node *node, const struct clients *clients)
{
    if (clients != NULL)
        doubt_wide(loading, node);
    for (size_t i = 0; clients != NULL && i < clients->name_count; i++)
        compile_doubt_suffix(loading, node, clients->names[i].domain, clients->names[i].suffix);
}
