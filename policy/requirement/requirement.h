/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A requirement is one row, with all that belongs to it. Each has its own file that defines its row,
 * `requirement_NAME`; REQUIREMENTS in policy/words.h lists them.
 */
#ifndef POLICY_REQUIREMENT_REQUIREMENT_H
#define POLICY_REQUIREMENT_REQUIREMENT_H

#include "policy/names/growing.h"
#include "policy/reading/reading.h"
#include "policy/requirement/weigh.h"

/* A partner and the facts of a transaction: what a row's functions may look at. */
struct weighing {
    const struct policy *policy;
    const struct facts *facts; /* NULL if only what is wanted matters */
    int64_t now;
    const struct judged *judged; /* its pieces are filled */
};

/* How a key combines if several pieces of a partner's requirements have it. */
enum combination {
    COMBINE_NONE,     /* not a key of the language */
    COMBINE_GREATEST, /* the greatest value; 0 requires nothing */
    COMBINE_COMMON,   /* what all of them allow; one finding */
    COMBINE_EACH      /* each on its own; a finding for each */
};

/* How a value is written in JSON. */
enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_TRUTH };

/* The reply for a reason. */
struct reason_words {
    enum reason reason;
    const char *reject, *reject_status; /* code and status; NULL: never rejected, because it is our mistake */
    const char *tempfail_status;
    const char *sentence;
};

enum { REASONS_OF_ONE = 12 };

struct requirement_row {
    enum combination combination;
    bool always; /* weighed for every partner, even without a key */
    bool of_tls; /* without TLS, the finding is that of REQUIRE_TLS */

    /*
     * Reads the key's value into a struct require. Reports mistakes; then the key counts as not given. NULL:
     * not a key of the language.
     */
    void (*read)(struct loading *loading, const struct node *node, void *require);

    /* For COMBINE_GREATEST: how a value is written. VALUE_TEXT needs `value_text`. */
    enum value_kind value_kind;
    const char *(*value_text)(unsigned value);

    /* Sets met and reason of the finding; its certificates or clients are already set. */
    void (*weigh)(const struct weighing *weighing, struct finding *finding);

    /* Writes what was wanted, for people. NULL is allowed for COMBINE_GREATEST: the value is written. */
    void (*wanted)(struct growing *text, const struct weighing *weighing, const struct finding *finding);
    /* Writes what was found. False: there is nothing to show. NULL: there never is. */
    bool (*found)(struct growing *text, const struct weighing *weighing, const struct finding *finding);
    /* Writes what follows the reason in a reply's brackets: ": TLSv1 seen, TLSv1.2 needed". NULL: nothing. */
    void (*detail)(struct growing *text, const struct weighing *weighing, const struct finding *finding);

    struct reason_words reasons[REASONS_OF_ONE]; /* those of this requirement, up to REASON_NONE */
};

#define REQUIREMENT_DECLARATION(NAME, name, most) extern const struct requirement_row requirement_##name;
REQUIREMENTS(REQUIREMENT_DECLARATION)

const struct requirement_row *requirement_row(enum requirement requirement);

/* Returns the words for a reason; NULL for REASON_NONE. */
const struct reason_words *requirement_reason(enum reason reason);

/*
 * Writes what was seen and needed for the deciding reason of weighing->judged:
 * ": TLSv1.1 seen, TLSv1.2 needed"; "" if the reason says it all. At most size - 1 octets.
 */
void requirement_detail(const struct weighing *weighing, char *detail, size_t size);

/* Writes a value as in the policy language, in at most size - 1 octets. */
void requirement_write_value(enum requirement requirement, unsigned value, char *text, size_t size);

/* For the rows: sets met, and the reason unless met. */
void requirement_found(struct finding *finding, enum met met, enum reason reason);
/* Notes that the key was given. */
void requirement_given(struct require *require, enum requirement requirement);
/* Writes the macro as the MTA sent it. False: the MTA did not send it. */
bool requirement_show_macro(struct growing *text, const struct facts *facts, enum macro macro);
/* Returns our own name for the suite that was seen, never a text of the client or the MTA. */
const char *requirement_suite_seen(const struct weighing *weighing);
/* Writes ": unknown suite seen", if that is why the finding is unknown. */
void requirement_detail_unknown_suite(struct growing *text, const struct weighing *weighing);

#endif
