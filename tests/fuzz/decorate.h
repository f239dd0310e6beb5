/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The many spellings of one address: what may stand around and between its parts
 * without changing what it says. Which spelling it is, the input chooses.
 */
#ifndef TESTS_FUZZ_DECORATE_H
#define TESTS_FUZZ_DECORATE_H

#include "tests/fuzz/fuzz.h"

/* What the input decides, an octet each; when it is used up, all that is left stays plain. */
struct choices {
    const uint8_t *at;
    size_t left;
};

static inline unsigned choose(struct choices *choices, unsigned ways)
{
    if (choices->left == 0)
        return 0;
    choices->left--;
    return *choices->at++ % ways;
}

/* A text in the making. Every decoration is short, and there are few places for one. */
struct spelling {
    size_t length;
    char text[8192];
};

static inline void put(struct spelling *spelling, const char *text)
{
    size_t length = strlen(text);

    CHECK(length < sizeof spelling->text - spelling->length);
    memcpy(spelling->text + spelling->length, text, length + 1);
    spelling->length += length;
}

/* Up to seven octets of the input, those of `special` behind a backslash; line ends and NUL become blanks. */
static inline void put_octets(struct spelling *spelling, struct choices *choices, const char *special)
{
    for (unsigned left = choose(choices, 8); left > 0; left--) {
        char octet[2] = {(char)choose(choices, 256), '\0'};

        if (octet[0] == '\0' || octet[0] == '\r' || octet[0] == '\n')
            octet[0] = ' ';
        if (strchr(special, octet[0]) != NULL)
            put(spelling, "\\");
        put(spelling, octet);
    }
}

static inline void put_quoted(struct spelling *spelling, struct choices *choices)
{
    put(spelling, "\"");
    put_octets(spelling, choices, "\"\\");
    put(spelling, "\"");
}

/* A comment with a few octets in it, and perhaps one inside. */
static inline void put_comment(struct spelling *spelling, struct choices *choices)
{
    put(spelling, "(");
    put_octets(spelling, choices, "()\\");
    if (choose(choices, 2) == 1) {
        put(spelling, "(");
        put_octets(spelling, choices, "()\\");
        put(spelling, ")");
    }
    put(spelling, ")");
}

/* Blanks, folds and comments, nested ones too, or nothing. */
static inline void put_blank(struct spelling *spelling, struct choices *choices)
{
    static const char *const blanks[] = {"", "", "", " ", "\t", "\r\n ", "("};

    for (unsigned i = 0; i < 2; i++) {
        const char *blank = blanks[choose(choices, 7)];

        if (*blank == '(')
            put_comment(spelling, choices);
        else
            put(spelling, blank);
    }
}

/* A letter: small, capital, behind a backslash, or its full-width form, which IDNA maps to it. */
static inline void put_letter(struct spelling *spelling, struct choices *choices, char letter)
{
    char octets[4] = {letter, '\0'};

    switch (choose(choices, 8)) {
    case 1:
        octets[0] = (char)(letter - 'a' + 'A');
        break;
    case 2:
        put(spelling, "\\");
        break;
    case 3:
        octets[0] = '\xEF';
        octets[1] = '\xBD';
        octets[2] = (char)(0x81 + letter - 'a');
        break;
    default:
        break;
    }
    put(spelling, octets);
}

/* What Sendmail makes a dot of: blanks, folds and comments, at least one. */
static inline void put_gap(struct spelling *spelling, struct choices *choices)
{
    static const char *const blanks[] = {" ", "\t", "\r\n ", "("};
    const char *blank = blanks[choose(choices, 4)];

    if (*blank == '(')
        put_comment(spelling, choices);
    else
        put(spelling, blank);
    put_blank(spelling, choices);
}

/* partner.test as Sendmail alone reads it: with something else for the dot. */
static inline void put_partner_with_gap(struct spelling *spelling, struct choices *choices)
{
    put_blank(spelling, choices);
    for (const char *letter = "partner"; *letter != '\0'; letter++)
        put_letter(spelling, choices, *letter);
    put_gap(spelling, choices);
    for (const char *letter = "test"; *letter != '\0'; letter++)
        put_letter(spelling, choices, *letter);
    put_blank(spelling, choices);
}

/* A label of small letters, perhaps in quotation marks. */
static inline void put_label(struct spelling *spelling, struct choices *choices, const char *label)
{
    const char *quote = choose(choices, 4) == 1 ? "\"" : "";

    put(spelling, quote);
    for (; *label != '\0'; label++)
        put_letter(spelling, choices, *label);
    put(spelling, quote);
}

/* partner.test with blanks between its parts, and perhaps final dots. */
static inline void put_partner(struct spelling *spelling, struct choices *choices)
{
    put_blank(spelling, choices);
    put_label(spelling, choices, "partner");
    put_blank(spelling, choices);
    put(spelling, ".");
    put_blank(spelling, choices);
    put_label(spelling, choices, "test");
    put_blank(spelling, choices);
    for (unsigned dots = choose(choices, 8); dots == 1 || dots == 2; dots--)
        put(spelling, ".");
    put_blank(spelling, choices);
}

/* A local part: the letter "a", or (false) any text in quotation marks. */
static inline bool put_local(struct spelling *spelling, struct choices *choices)
{
    static const char *const spellings[] = {"a", "\"a\"", "\\a", "A", "\"\\a\""};
    unsigned chosen = choose(choices, 6);

    put_blank(spelling, choices);
    if (chosen == 5)
        put_quoted(spelling, choices);
    else
        put(spelling, spellings[chosen]);
    put_blank(spelling, choices);
    return chosen != 5;
}

/* A source route, or none. */
static inline void put_route(struct spelling *spelling, struct choices *choices)
{
    static const char *const routes[] = {"",
                                         "",
                                         "@one.test:",
                                         "@one.test,@two.test:",
                                         "@one . test ,@[192.0.2.1] : ",
                                         "@one.test,,@two.test:"};

    put_blank(spelling, choices);
    put(spelling, routes[choose(choices, 6)]);
}

#endif
