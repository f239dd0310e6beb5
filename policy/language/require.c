/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `require`: the keys of the table of requirements, and the names of profiles. Knows no single
 * requirement.
 */
#include "policy/language/compile.h"

#include <stdlib.h>
#include "policy/array.h"
#include "policy/requirement/requirement.h"

/* Notes that `slot` is to point to the profile of that name when all files are read. */
static void use_profile(struct loading *loading, const struct node *node, const char *name,
                        const struct profile **slot)
{
    struct profile_use *uses = array_grow(loading->uses, loading->use_count, sizeof *uses);

    if (uses == NULL) {
        loading_exhausted(loading);
        return;
    }
    loading->uses = uses;
    uses[loading->use_count++] =
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

/* ---- of servers ---- */

static void read_server_certificates(struct loading *loading, const struct node *node, void *into)
{
    ((struct server_require *)into)->certificates = compile_server_certificates(loading, node);
}

/* The readers fill the struct require at the beginning of a struct server_require. */
void compile_server_require(struct loading *loading, const struct node *node, struct server_require *require)
{
    static const enum requirement shared[] = {REQUIRE_MIN_TLS_VERSION, REQUIRE_CIPHERS,
                                              REQUIRE_MIN_CIPHER_BITS, REQUIRE_FORWARD_SECRECY};
    enum { SHARED = sizeof shared / sizeof *shared };
    struct key keys[SHARED + 3] = {[SHARED] = {"certificates", read_server_certificates},
                                   [SHARED + 1] = {"profile", read_profile}};
    static const struct refused_key refused[] = {
        {"clients", "this side is the client; to name servers, write certificates: [{name: ...}]"},
        {"authenticated", "no server logs in; delete it"},
        {NULL, NULL},
    };

    for (int i = 0; i < SHARED; i++)
        keys[i] = (struct key){requirement_name(shared[i]), requirement_row(shared[i])->read};
    compile_mapping_refusing(loading, node, keys, refused, require, "require of outbound");
}

void compile_require(struct loading *loading, const struct node *node, struct require *require,
                     const char *what)
{
    struct key keys[REQUIREMENT_COUNT + 2]; /* those of the language, then `profile` and the end */
    size_t count = 0;

    for (int i = 0; i < REQUIREMENT_COUNT; i++)
        if (requirement_row((enum requirement)i)->read != NULL)
            keys[count++] = (struct key){requirement_name((enum requirement)i),
                                         requirement_row((enum requirement)i)->read};
    keys[count++] = (struct key){"profile", read_profile};
    keys[count] = (struct key){NULL, NULL};
    compile_mapping(loading, node, keys, require, what);
}
