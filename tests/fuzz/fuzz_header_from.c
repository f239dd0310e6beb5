/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From fields. However a mailbox is spelt, with what names, comments, folds,
 * groups and neighbours, its domain is read; where the field cannot be parsed,
 * it is among the names that occur in it. So is a domain in encoded words, one with invisible characters in it, and
 * behind Sendmail one that its rules make. No display name makes a domain, and a stranger's field stays a stranger's.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/facts/header_from.h"
#include "policy/names/ascii.h"
#include "tests/fuzz/decorate.h"

static const struct label_counts counts = {3, {2, 1, 4}};

static bool is_not_partner(void *arg, const char *name, size_t length)
{
    (void)arg;
    CHECK(length > 0 && memchr(name, '\n', length) == NULL && memchr(name, '\0', length) == NULL);
    return length != strlen("partner.test") || memcmp(name, "partner.test", length) != 0;
}

static bool count_domain(void *arg, const char *name, size_t length)
{
    CHECK(length > 0 && length < sizeof((struct domain *)0)->text && name[length] == '\0');
    ++*(size_t *)arg;
    return true;
}

static size_t count_domains(const struct header_from *from)
{
    size_t count = 0;

    (void)header_from_each_domain(from, count_domain, &count);
    return count;
}

static bool has_partner(const struct header_from *from)
{
    return !header_from_each_domain(from, is_not_partner, NULL);
}

static bool names_partner(const struct header_from *from)
{
    return !header_from_each_name(from, &counts, is_not_partner, NULL);
}

/* Reads one field; true: the partner is selected by it, be it as one of too many. */
static bool selects_partner(const char *value, enum header_reader reader)
{
    struct header_from from = {0};
    bool selects;

    header_from_add(&from, value, reader);
    CHECK(!from.exhausted && (from.unparsed || !names_partner(&from)));
    selects = has_partner(&from) || names_partner(&from) || from.too_much || from.expands;
    header_from_clear(&from);
    return selects;
}

static enum header_reader choose_reader(struct choices *choices)
{
    return choose(choices, 2) == 1 ? READER_SENDMAIL : READER_POSTFIX;
}

/* A display name; what it says of evil.test is not meant. */
static void put_name(struct spelling *spelling, struct choices *choices)
{
    static const char *const names[] = {"",
                                        "A. N. Other ",
                                        "\"a@evil.test\" ",
                                        "=?utf-8?q?a=40evil.test?= ",
                                        "[list] =?utf-8?q?a@evil.test?= ",
                                        "M\xC3\xBCller "};
    unsigned chosen = choose(choices, 7);

    put_blank(spelling, choices);
    if (chosen == 6)
        put_quoted(spelling, choices);
    else
        put(spelling, names[chosen]);
    put_blank(spelling, choices);
}

/* What stands before a domain, with or without a name. True: a ">" has to follow. */
static bool put_mailbox_start(struct spelling *spelling, struct choices *choices)
{
    bool named = choose(choices, 2) == 1;

    if (named) {
        put_name(spelling, choices);
        put(spelling, "<");
        put_route(spelling, choices);
    }
    (void)put_local(spelling, choices);
    put(spelling, "@");
    return named;
}

/* A mailbox of partner.test. */
static void put_mailbox(struct spelling *spelling, struct choices *choices)
{
    bool named = put_mailbox_start(spelling, choices);

    put_partner(spelling, choices);
    put(spelling, named ? ">" : "");
    put_blank(spelling, choices);
}

/* The list in which it stands, with a group around it or not, and neighbours; the number of domains in it. */
static size_t put_list(struct spelling *spelling, struct choices *choices)
{
    bool group = choose(choices, 3) == 1, before = choose(choices, 3) == 1, behind = choose(choices, 3) == 1;

    put(spelling, group ? "\"G\" :" : "");
    put(spelling, before ? "B <b@other.test>," : "");
    put_mailbox(spelling, choices);
    put(spelling, behind ? ", c@other.test" : "");
    put(spelling, group ? " ; " : "");
    return 1u + (before || behind);
}

/*
 * The list alone parses, unless an encoded word, a backslash or a macro of Sendmail's stands in a local part. With the
 * rest of the input behind it, it parses or names the domain.
 */
static void check_spelling(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    struct header_from from = {0};
    enum header_reader reader = choose_reader(&choices);
    size_t domains = put_list(&spelling, &choices);
    char *field;

    header_from_add(&from, spelling.text, reader);
    CHECK(from.unparsed ? strpbrk(spelling.text, "=\\\x81\x9A") != NULL && (names_partner(&from) || has_partner(&from))
                        : count_domains(&from) == domains && has_partner(&from));
    header_from_clear(&from);
    field = malloc(spelling.length + choices.left + 3);
    CHECK(field != NULL);
    stpncpy(stpcpy(stpcpy(field, spelling.text), ", "), (const char *)choices.at, choices.left)[0] = '\0';
    CHECK(selects_partner(field, reader));
    free(field);
}

/* A few letters in an encoded word: "Q", every octet or none as digits, or as UTF-16. */
static void put_encoded(struct spelling *spelling, struct choices *choices, const char *letters, size_t length)
{
    unsigned way = choose(choices, 4);

    put(spelling, way == 3 ? "=?utf-16be?Q?" : way == 2 ? "=?no-such-charset?q?" : "=?UTF-8?q?");
    for (size_t i = 0; i < length; i++) {
        char octet[16];

        snprintf(octet, sizeof octet, way == 3 ? "=00=%02X" : way == 1 ? "=%02x" : "%c", letters[i]);
        put(spelling, octet);
    }
    put(spelling, "?=");
}

/* The domain in encoded words, one or several, and plain letters between them. */
static void check_encoded(const uint8_t *data, size_t size)
{
    static const char domain[] = "partner.test";
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    enum header_reader reader = choose_reader(&choices);
    bool named = put_mailbox_start(&spelling, &choices), encoded = false;

    for (size_t at = 0, length; at < strlen(domain); at += length) {
        length = 1 + choose(&choices, 12);
        if (length > strlen(domain) - at)
            length = strlen(domain) - at;
        if (encoded && choose(&choices, 2) == 1)
            put(&spelling, "\r\n "); /* goes between two words */
        else if (choose(&choices, 3) == 1 && !encoded) {
            char plain[16];

            snprintf(plain, sizeof plain, "%.*s", (int)length, domain + at);
            put(&spelling, plain);
            continue;
        }
        put_encoded(&spelling, &choices, domain + at, length);
        encoded = true;
    }
    put(&spelling, named ? ">" : "");
    CHECK(selects_partner(spelling.text, reader));
}

/* Characters that show nothing, or a blank, anywhere in the domain and behind it. */
static void check_invisible(const uint8_t *data, size_t size)
{
    static const char *const nothing[] = {"",
                                          "",
                                          "\xE2\x80\x8B",     /* zero width space */
                                          "\xC2\xAD",         /* soft hyphen */
                                          "\xC2\xA0",         /* no-break space */
                                          "\xE3\x80\x80",     /* ideographic space */
                                          "\xEF\xBB\xBF",     /* byte order mark */
                                          "\xE2\x80\xAE",     /* right-to-left override */
                                          "\xA0",             /* no-break space of ISO 8859-1 */
                                          "\xAD",             /* its soft hyphen */
                                          "\x1B(B",           /* to ASCII, in ISO 2022 */
                                          "\xF3\xA0\x81\xA1"}; /* tag */
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    enum header_reader reader = choose_reader(&choices);
    bool named = put_mailbox_start(&spelling, &choices);

    for (const char *letter = "partner.test."; *letter != '\0'; letter++) {
        char text[2] = {*letter, '\0'};

        put(&spelling, nothing[choose(&choices, sizeof nothing / sizeof *nothing)]);
        put(&spelling, text);
    }
    put(&spelling, nothing[choose(&choices, sizeof nothing / sizeof *nothing)]);
    put(&spelling, named ? ">" : "");
    CHECK(selects_partner(spelling.text, reader));
}

/* What Sendmail's rules make an address of partner.test. */
static void check_sendmail(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    unsigned form = choose(&choices, 3);
    bool named = choose(&choices, 2) == 1;

    if (named) {
        put_name(&spelling, &choices);
        put(&spelling, "<");
        put_route(&spelling, &choices);
    }
    if (form == 2) {
        put_partner_with_gap(&spelling, &choices);
        put(&spelling, "!");
    }
    (void)put_local(&spelling, &choices);
    if (form < 2) {
        put(&spelling, form == 0 ? "@" : "%");
        put_partner_with_gap(&spelling, &choices);
    }
    put(&spelling, named ? ">" : "");
    CHECK(selects_partner(spelling.text, READER_SENDMAIL));
}

/* Any text without an "r", and without what could become one, has no partner.test in it. */
static void check_stranger(const char *text)
{
    struct header_from from;
    char *field = strdup(text);

    CHECK(field != NULL);
    for (char *octet = field; *octet != '\0'; octet++)
        if (*octet == 'r' || *octet == 'R' || *octet == '=' || (unsigned char)*octet >= 0x80)
            *octet = 'x';
    for (enum header_reader reader = READER_POSTFIX; reader <= READER_SENDMAIL; reader++) {
        from = (struct header_from){0};
        header_from_add(&from, field, reader);
        CHECK(!has_partner(&from) && !names_partner(&from) && !from.too_much && !from.exhausted);
        header_from_clear(&from);
    }
    free(field);
}

/*
 * A field that does not parse has no domains of addresses, unless readers see another name than a domain has, or take a
 * backslash for none.
 */
static void check_any(const char *text)
{
    for (enum header_reader reader = READER_POSTFIX; reader <= READER_SENDMAIL; reader++) {
        struct header_from from = {0};

        header_from_add(&from, text, reader);
        CHECK(!from.unparsed || count_domains(&from) == 0 || !ascii_only(text, strlen(text)) || strchr(text, '\\') != NULL);
        CHECK(from.unparsed || header_from_each_name(&from, &counts, is_not_partner, NULL));
        header_from_clear(&from);
    }
}

/* The first octet chooses what is checked of the rest: all of it every time would be slow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    text = fuzz_text(data + 1, size - 1);
    switch (*data % 6) {
    case 0:
        check_any(text);
        break;
    case 1:
        check_spelling(data + 1, size - 1);
        break;
    case 2:
        check_encoded(data + 1, size - 1);
        break;
    case 3:
        check_invisible(data + 1, size - 1);
        break;
    case 4:
        check_sendmail(data + 1, size - 1);
        break;
    default:
        check_stranger(text);
        break;
    }
    free(text);
    return 0;
}
