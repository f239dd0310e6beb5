/* SPDX-License-Identifier: BSD-2-Clause */
/* What is probably meant by a word or a key that the policy language does not have in that place. */
#ifndef POLICY_NAMES_SUGGEST_H
#define POLICY_NAMES_SUGGEST_H

/*
 * The word that is meant: its spelling is near to that of `text`, or `text` is a synonym of it ("defer" is
 * tempfail, "1.2" is TLSv1.2, "cn" is subject). NULL: none. `words` ends with NULL.
 */
const char *suggest_word(const char *text, const char *const *words);

/* Where a key of the language belongs. */
struct key_home {
    const char *home;           /* "require" */
    const char *before, *after; /* around the key in an example: "require: {", ": ...}"; NULL: none */
};

/* The home of a key, or NULL: the language has no such key. */
const struct key_home *suggest_home(const char *key);

/* The key of the language that is meant by a word, wherever it belongs; NULL: none. */
const char *suggest_key(const char *text);

#endif
