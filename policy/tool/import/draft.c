/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partners as drafts, between the imported file and the written policy. Knows the keys and what a valid name
 * is. Knows neither the imported files nor YAML.
 */
#include <string.h>
#include "policy/names/ascii.h"
#include "policy/tool/import/import.h"

enum { NAME_MAX_OCTETS = 64 };

const struct draft_key draft_keys[] = {
    {"name", KEY_WORD},
    {"domains", KEY_LIST},
    {"clients", KEY_LIST},
    {"identities", KEY_LIST},
    {"recipients", KEY_LIST},
    {"mode", KEY_WORD},
    {"action", KEY_WORD},
    {"message", KEY_TEXT},
    {"contact", KEY_TEXT},
    {"comment", KEY_TEXT},
    {"require.profile", KEY_LIST},
    {"require.min_tls_version", KEY_WORD},
    {"require.ciphers", KEY_LIST},
    {"require.min_cipher_bits", KEY_WORD},
    {"require.forward_secrecy", KEY_WORD},
    {"require.clients", KEY_LIST},
    {"require.authenticated", KEY_WORD},
    {"require.certificates", KEY_WORD},
    {"require.certificates.subject", KEY_NAMES},
    {"require.certificates.issuer", KEY_NAMES},
    {"require.certificates.fingerprint", KEY_LIST},
    {"require.certificates.key_fingerprint", KEY_LIST},
    {"require.certificates.file", KEY_NAMES},
    {"require.certificates.from", KEY_WORD},
    {"require.certificates.until", KEY_WORD},
    {"outbound.mode", KEY_WORD},
    {"outbound.next_hops", KEY_LIST},
    {"outbound.require.profile", KEY_LIST},
    {"outbound.require.min_tls_version", KEY_WORD},
    {"outbound.require.ciphers", KEY_LIST},
    {"outbound.require.min_cipher_bits", KEY_WORD},
    {"outbound.require.forward_secrecy", KEY_WORD},
    {"outbound.require.certificates", KEY_WORD},
    {"outbound.require.certificates.name", KEY_LIST},
    {"outbound.require.certificates.fingerprint", KEY_LIST},
    {"outbound.require.certificates.key_fingerprint", KEY_LIST},
    {"outbound.require.certificates.file", KEY_NAMES},
    {"outbound.require.certificates.from", KEY_WORD},
    {"outbound.require.certificates.until", KEY_WORD},
    {NULL, KEY_WORD},
};
enum { KEY_COUNT = sizeof draft_keys / sizeof draft_keys[0] - 1 };

int draft_key_find(const char *path)
{
    for (int i = 0; i < KEY_COUNT; i++)
        if (strcmp(draft_keys[i].path, path) == 0)
            return i;
    return -1;
}

struct value **draft_no_values(struct import *import)
{
    return import_alloc(import, KEY_COUNT * sizeof(struct value *));
}

struct draft *draft_new(struct import *import, const struct origin *origin)
{
    struct draft *draft = import_alloc(import, sizeof *draft);

    draft->name = "";
    draft->origins = origin;
    draft->values = draft_no_values(import);
    draft->before = import->last;
    if (import->last != NULL)
        import->last->next = draft;
    else
        import->first = draft;
    import->last = draft;
    return draft;
}

void draft_remove(struct import *import, struct draft *draft)
{
    draft->removed = true;
    if (draft->before != NULL)
        draft->before->next = draft->next;
    else
        import->first = draft->next;
    if (draft->next != NULL)
        draft->next->before = draft->before;
    else
        import->last = draft->before;
}

void draft_add(struct import *import, struct draft *draft, const char *path, const char *text)
{
    struct value **last = &draft->values[draft_key_find(path)];

    for (; *last != NULL; last = &(*last)->next)
        if (strcmp((*last)->text, text) == 0)
            return;
    *last = import_alloc(import, sizeof **last);
    (*last)->text = import_text(import, text, strlen(text));
}

const struct value *draft_values(const struct draft *draft, const char *path)
{
    return draft->values[draft_key_find(path)];
}

void draft_origin(struct import *import, struct draft *draft, const struct origin *origin)
{
    const struct origin **last = &draft->origins;
    struct origin *copy = import_origin(import, origin->file, origin->line, origin->text);

    while (*last != NULL)
        last = (const struct origin **)&(*last)->next;
    *last = copy;
}

/* ---- names ---- */

static bool is_name_octet(char octet)
{
    return ascii_letter_or_digit(octet) || (octet != '\0' && strchr("._-", octet) != NULL);
}

/*
 * Copies the characters that a name may have. Each run of others becomes one "-", none at the ends. Returns
 * the length.
 */
static size_t copy_name(char name[NAME_MAX_OCTETS + 1], const char *wish)
{
    size_t length = 0;

    for (; *wish && length < NAME_MAX_OCTETS; wish++) {
        if (is_name_octet(*wish))
            name[length++] = *wish;
        else if (length > 0 && name[length - 1] != '-')
            name[length++] = '-';
    }
    while (length > 0 && strchr(".-", name[length - 1]) != NULL)
        length--;
    name[length] = '\0';
    return length;
}

const char *draft_name(struct import *import, const char *wish)
{
    char name[NAME_MAX_OCTETS + 1], numbered[NAME_MAX_OCTETS + 1];
    size_t skip = strspn(wish, ".-*");
    struct indexed *known;
    const char *taken;

    if (copy_name(name, wish + skip) == 0)
        copy_name(name, "partner");
    strcpy(numbered, name);
    known = text_index_find(&import->names, name, true);
    while (text_index_find(&import->names, numbered, false) != NULL) {
        char suffix[16];
        int length = snprintf(suffix, sizeof suffix, "-%u", ++known->number);

        snprintf(numbered, sizeof numbered, "%.*s%s", NAME_MAX_OCTETS - length, name, suffix);
    }
    taken = import_text(import, numbered, strlen(numbered));
    import_index(&import->names, taken, import->last);
    return taken;
}
