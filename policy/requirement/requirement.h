/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A requirement: all that there is to say of one, in one row. Each has a file of its own that defines
 * its row, `requirement_NAME`; the table of them is REQUIREMENTS in policy/words.h.
 */
#ifndef POLICY_REQUIREMENT_REQUIREMENT_H
#define POLICY_REQUIREMENT_REQUIREMENT_H

#include "policy/names/growing.h"
#include "policy/reading/reading.h"
#include "policy/requirement/weigh.h"

/* A partner before a transaction's facts: what a row's functions may look at. */
struct weighing {
    const struct policy *policy;
    const struct facts *facts; /* NULL where only what is wanted matters */
    int64_t now;
    const struct judged *judged; /* its pieces are there */
};

/* What holds where several pieces of a partner's requirements have the key. */
enum combination {
    COMBINE_NONE,     /* it is no key of the language */
    COMBINE_GREATEST, /* the greatest value; 0 asks for nothing */
    COMBINE_COMMON,   /* what all of them allow: one finding */
    COMBINE_EACH      /* each by itself: a finding for each */
};

/* How a value is written in JSON. */
enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_TRUTH };

/* What a reason says to the other side. */
struct reason_words {
    enum reason reason;
    const char *reject, *reject_status; /* code and status; NULL: never rejected, because it is our mistake */
    const char *tempfail_status;
    const char *sentence;
};

enum { REASONS_OF_ONE = 12 };

struct requirement_row {
    enum combination combination;
    bool always; /* weighed for every partner */
    bool of_tls; /* unmet for want of TLS where there is none */

    /*
     * Reads the key's value into a struct require. Mistakes are reported, and then the key does not
     * count. NULL: no key of the language.
     */
    void (*read)(struct loading *loading, const struct node *node, void *require);

    /* Of COMBINE_GREATEST: how a value is written. VALUE_TEXT needs `value_text`. */
    enum value_kind value_kind;
    const char *(*value_text)(unsigned value);

    /* Sets met and reason of the finding, which has its lists. */
    void (*weigh)(const struct weighing *weighing, struct finding *finding);

    /* What was wanted, for people. NULL of COMBINE_GREATEST: the value as it is written. */
    void (*wanted)(struct growing *text, const struct weighing *weighing, const struct finding *finding);
    /* What was found; false: there is nothing to show. NULL: there never is. */
    bool (*found)(struct growing *text, const struct weighing *weighing, const struct finding *finding);
    /* What the reply says in brackets behind the reason: ": TLSv1 seen, TLSv1.2 needed". NULL: nothing. */
    void (*detail)(struct growing *text, const struct weighing *weighing, const struct finding *finding);

    struct reason_words reasons[REASONS_OF_ONE]; /* its own ones, up to REASON_NONE */
};

#define REQUIREMENT_DECLARATION(NAME, name, most) extern const struct requirement_row requirement_##name;
REQUIREMENTS(REQUIREMENT_DECLARATION)

const struct requirement_row *requirement_row(enum requirement requirement);

/* The words for a reason; NULL for REASON_NONE. */
const struct reason_words *requirement_reason(enum reason reason);

/*
 * What was seen and needed for the deciding reason of weighing->judged, in at most size - 1 octets:
 * ": TLSv1.1 seen, TLSv1.2 needed"; "" where the reason says it all.
 */
void requirement_detail(const struct weighing *weighing, char *detail, size_t size);

/* A value as the language writes it, at most size - 1 octets. */
void requirement_write_value(enum requirement requirement, unsigned value, char *text, size_t size);

/* For the rows. Sets met, and the reason unless it is MET. */
void requirement_found(struct finding *finding, enum met met, enum reason reason);
/* Notes that the key was given. */
void requirement_given(struct require *require, enum requirement requirement);
/* Shows the macro as the MTA sent it; false: it did not. */
bool requirement_show_macro(struct growing *text, const struct facts *facts, enum macro macro);
/* The suite that was seen by the name that we know, never by a client's or MTA's text. */
const char *requirement_suite_seen(const struct weighing *weighing);
/* ": unknown suite seen", where that is why the finding is unknown. */
void requirement_detail_unknown_suite(struct growing *text, const struct weighing *weighing);

#endif
