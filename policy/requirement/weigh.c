/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weighs a partner's requirements: finds out which ones apply, and lets each row judge the facts. Pure; knows
 * nothing of selection, modes and actions.
 */
#include "policy/requirement/requirement.h"

#include <assert.h>

/* ---- how requirements combine ---- */

static size_t add_piece(struct piece piece[PIECES_MAX], size_t count, const struct piece *added)
{
    if (added->keys != 0 && count < PIECES_MAX)
        piece[count] = *added;
    return count + (added->keys != 0);
}

/*
 * Adds the pieces of the profiles that a `require` names, and of those that these name. Returns the new
 * count.
 */
static size_t add_profiles(const struct policy *policy, const struct require *require,
                           struct piece piece[PIECES_MAX], size_t count)
{
    for (size_t i = 0; i < require->profile_count && count <= PIECES_MAX; i++) {
        const struct require *profile = require->profiles[i]->require;
        const struct piece added = {profile, arena_at(&policy->arena, profile->certificates), profile->keys};

        count = add_piece(piece, count, &added);
        count = add_profiles(policy, profile, piece, count);
    }
    return count;
}

size_t require_combine(const struct policy *policy, const struct piece *given, const struct piece *added,
                       struct piece piece[PIECES_MAX])
{
    size_t count = add_piece(piece, 0, given);

    count = add_piece(piece, count, added);
    return add_profiles(policy, given->require->has_profiles ? given->require : added->require, piece, count);
}

size_t require_pieces(const struct policy *policy, const struct partner *partner,
                      struct piece piece[PIECES_MAX])
{
    const struct require *own = &partner->terms->require, *defaults = &policy->require;
    const struct piece given = {own, arena_at(&policy->arena, partner->certificates), own->keys};
    const struct piece added = {defaults, arena_at(&policy->arena, defaults->certificates),
                                defaults->keys & ~own->keys};

    return require_combine(policy, &given, &added, piece);
}

/* ---- weighing ---- */

struct finding *weigh_add(struct judged *judged, enum requirement requirement)
{
    struct finding *finding = &judged->finding[judged->finding_count++];

    assert(judged->finding_count <= FINDINGS_MAX);
    *finding = (struct finding){.requirement = requirement};
    return finding;
}

bool weigh_strictest(const struct judged *judged, enum requirement requirement, unsigned *value)
{
    bool given = false;

    *value = 0;
    for (size_t i = 0; i < judged->piece_count; i++) {
        const struct piece *piece = &judged->piece[i];

        if ((piece->keys & 1u << requirement) == 0)
            continue;
        given = true;
        if (piece->require->value[requirement] > *value)
            *value = piece->require->value[requirement];
    }
    return given;
}

/* Weighs one requirement. Without TLS, one that depends on TLS has the finding of REQUIRE_TLS. */
static void weigh_one(const struct weighing *weighing, enum requirement requirement, struct finding *finding)
{
    const struct requirement_row *row = requirement_row(requirement);

    if (row->of_tls && weighing->facts->tls != TLS_ON)
        requirement_row(REQUIRE_TLS)->weigh(weighing, finding);
    else
        row->weigh(weighing, finding);
}

/* Adds a finding for each piece that has the key. */
static void weigh_each(const struct weighing *weighing, enum requirement requirement, struct judged *judged)
{
    for (size_t i = 0; i < judged->piece_count; i++) {
        const struct piece *piece = &judged->piece[i];
        struct finding *finding;

        if ((piece->keys & 1u << requirement) == 0)
            continue;
        finding = weigh_add(judged, requirement);
        finding->certificates = requirement == REQUIRE_CERTIFICATES ? piece->certificates : NULL;
        finding->clients = requirement == REQUIRE_CLIENTS ? piece->require->clients : NULL;
        weigh_one(weighing, requirement, finding);
    }
}

void weigh_partner(const struct policy *policy, const struct facts *facts, int64_t now, struct judged *judged)
{
    const struct weighing weighing = {policy, facts, now, judged};
    unsigned value;

    judged->piece_count = require_pieces(policy, judged->partner, judged->piece);
    judged->finding_count = 0;
    for (int i = 0; i < REQUIREMENT_COUNT; i++) {
        enum requirement requirement = (enum requirement)i;
        const struct requirement_row *row = requirement_row(requirement);

        if (row->combination == COMBINE_EACH)
            weigh_each(&weighing, requirement, judged);
        else if (row->always
                 || (row->combination == COMBINE_GREATEST && weigh_strictest(judged, requirement, &value)
                     && value != 0))
            weigh_one(&weighing, requirement, weigh_add(judged, requirement));
    }
}

/* ---- words ---- */

void finding_wanted(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                    char *to, size_t size)
{
    const struct weighing weighing = {.policy = policy, .judged = judged};
    const struct requirement_row *row = requirement_row(finding->requirement);
    struct growing text = growing_begin(to, size);
    unsigned value;

    if (row->wanted != NULL) {
        row->wanted(&text, &weighing, finding);
        return;
    }
    weigh_strictest(judged, finding->requirement, &value);
    requirement_write_value(finding->requirement, value, to, size);
}

bool finding_found(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                   const struct facts *facts, char *to, size_t size)
{
    const struct weighing weighing = {.policy = policy, .facts = facts, .judged = judged};
    const struct requirement_row *row = requirement_row(finding->requirement);
    struct growing text = growing_begin(to, size);

    return row->found != NULL && row->found(&text, &weighing, finding);
}

enum met weigh_conclude(struct judged *judged)
{
    enum reason unmet = REASON_COUNT, unknown = REASON_COUNT;
    bool pending = false;

    for (size_t i = 0; i < judged->finding_count; i++) {
        const struct finding *finding = &judged->finding[i];

        if (finding->met == UNMET && finding->reason < unmet)
            unmet = finding->reason;
        if (finding->met == UNKNOWN && finding->reason < unknown)
            unknown = finding->reason;
        pending |= finding->met == PENDING;
    }
    judged->outcome = unmet != REASON_COUNT     ? OUTCOME_FAIL
                      : unknown != REASON_COUNT ? OUTCOME_UNDECIDABLE
                                                : OUTCOME_PASS;
    judged->reason = unmet != REASON_COUNT ? unmet : unknown != REASON_COUNT ? unknown : REASON_NONE;
    return pending && judged->outcome != OUTCOME_FAIL ? PENDING : MET;
}
