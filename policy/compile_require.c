/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `require`: versions, suites, client lists, profile names. Knows the policy language's words for what a session must show, not
 * how it is weighed.
 */
#include "policy/reading/reading.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/requirement/profiles.h"
#include "policy/names/scalar.h"

enum { CIPHER_BITS_MAX = 256 }; /* of AES-256, CAMELLIA256, ARIA256, ChaCha20 */

static void note_key(struct require *require, enum requirement requirement)
{
    require->keys |= 1u << requirement;
}

static void read_min_tls_version(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL};
    struct require *require = into;
    int word = compile_word(loading, node, words, "TLS version");

    if (word < 0)
        return;
    require->min_tls_version = (enum tls_version)(TLS_VERSION_1_0 + word);
    note_key(require, REQUIRE_MIN_TLS_VERSION);
}

static void read_min_cipher_bits(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    if (!compile_number(loading, node, 65535, &require->min_cipher_bits))
        return;
    note_key(require, REQUIRE_MIN_CIPHER_BITS);
    if (require->min_cipher_bits > CIPHER_BITS_MAX)
        loading_warning(
            loading, node, WARNING_CIPHER_BITS,
            "min_cipher_bits: no suite has more than %d bits, so that every session falls short; write 128 "
            "or 256 (a key of 2048 bits is the certificate's, and is not judged)",
            CIPHER_BITS_MAX);
}

static void read_forward_secrecy(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    if (compile_boolean(loading, node, &require->forward_secrecy))
        note_key(require, REQUIRE_FORWARD_SECRECY);
}

/* ---- ciphers ---- */

static void append_text(char *text, size_t size, const char *item)
{
    size_t length = strlen(text);

    snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ", item);
}

/* Leaves in the set what satisfies: all of TLS 1.3 unless some was named, nothing weak unless named. */
static void finish_ciphers(const struct suites *suites, struct ciphers *ciphers, bool names_tls13)
{
    for (int suite = 0; suite < (int)suites_count(suites); suite++) {
        unsigned long long bit = 1ull << (suite % 64);

        if (!names_tls13 && suites_is_tls13(suites, suite))
            ciphers->set.bits[suite / 64] |= bit;
        if (suites_is_weak(suites, suite) && !suite_set_has(&ciphers->literal, suite))
            ciphers->set.bits[suite / 64] &= ~bit;
    }
}

static bool is_all_weak(const struct suites *suites, const struct suite_set *set)
{
    for (int suite = 0; suite < (int)suites_count(suites); suite++)
        if (suite_set_has(set, suite) && !suites_is_weak(suites, suite))
            return false;
    return true;
}

/* Adds the suites of one entry. NULL, or what is wrong with it. */
static const char *add_suites(const struct suites *suites, const char *entry, struct suite_set *set,
                              int *literal)
{
    struct suite_set selected = {{0}};
    const char *wrong = suites_read(suites, entry, &selected, literal);

    if (wrong == NULL && *literal < 0 && is_all_weak(suites, &selected))
        wrong = "selects weak suites only, and they satisfy nobody; where one is meant, name it as an entry "
                "of its own";
    for (size_t i = 0; wrong == NULL && i < SUITES_MAX / 64; i++)
        set->bits[i] |= selected.bits[i];
    return wrong;
}

static void read_ciphers(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    const struct suites *suites = loading->policy->suites;
    const struct node *item = NULL;
    struct ciphers *ciphers = loading_alloc(loading, sizeof *ciphers);
    char text[512] = "";
    bool names_tls13 = false;

    if (ciphers == NULL || compile_list(loading, node, false, &item) == 0)
        return;
    for (; item != NULL; item = item->next) {
        const char *entry, *wrong, *nearest;
        int literal = -1;

        if (!compile_text(loading, item, &entry))
            continue;
        wrong = add_suites(suites, entry, &ciphers->set, &literal);
        if (wrong != NULL) {
            nearest = suites_nearest(suites, entry);
            loading_error(loading, item, "\"%.128s\" %s%s%s%s", entry, wrong,
                          nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "\"?");
            continue;
        }
        names_tls13 |= literal >= 0 && suites_is_tls13(suites, literal);
        if (literal >= 0 && suites_is_weak(suites, literal)) {
            suite_set_add(&ciphers->literal, literal);
            loading_warning(loading, item, WARNING_WEAK_CIPHER,
                            "\"%.64s\" is a weak suite and is accepted because it is named here", entry);
        }
        append_text(text, sizeof text, entry);
    }
    finish_ciphers(suites, ciphers, names_tls13);
    ciphers->text = loading_text(loading, text);
    require->ciphers = ciphers;
    note_key(require, REQUIRE_CIPHERS);
}

/* ---- certificates and clients ---- */

static void read_certificates(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    require->certificates = compile_certificates(loading, node);
    if (require->certificates != 0)
        note_key(require, REQUIRE_CERTIFICATES);
}

static void read_clients(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    require->clients = compile_clients(loading, node);
    compile_doubt_clients(loading, node, require->clients);
    note_key(require, REQUIRE_CLIENTS);
}

/* ---- profiles ---- */

/* Notes that `slot` waits for the profile of that name. */
static void use_profile(struct loading *loading, const struct node *node, const char *name,
                        const struct profile **slot)
{
    if (loading->use_count == loading->use_room) {
        size_t room = loading->use_room == 0 ? 16 : loading->use_room * 2;
        struct profile_use *uses = realloc(loading->uses, room * sizeof *uses);

        if (uses == NULL) {
            loading_exhausted(loading);
            return;
        }
        loading->uses = uses;
        loading->use_room = room;
    }
    loading->uses[loading->use_count++] =
        (struct profile_use){loading_text(loading, name), loading_place(loading, node), slot};
}

static void read_profile(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    const struct node *item = node;
    size_t count = 1;
    const char *name;

    require->has_profiles = true;
    if (node->kind == NODE_SEQUENCE) {
        count = node->count; /* an empty list switches the defaults' profiles off */
        item = node->first;
    }
    require->profiles = loading_alloc(loading, count * sizeof *require->profiles);
    for (; require->profiles != NULL && count-- > 0; item = item->next)
        if (compile_text(loading, item, &name))
            use_profile(loading, item, name, &require->profiles[require->profile_count++]);
}

void compile_require(struct loading *loading, const struct node *node, struct require *require,
                     const char *what)
{
    static const struct key keys[] = {
        {"min_tls_version", read_min_tls_version},
        {"ciphers", read_ciphers},
        {"min_cipher_bits", read_min_cipher_bits},
        {"forward_secrecy", read_forward_secrecy},
        {"certificates", read_certificates},
        {"clients", read_clients},
        {"profile", read_profile},
        {NULL, NULL},
    };

    compile_mapping(loading, node, keys, require, what);
}
