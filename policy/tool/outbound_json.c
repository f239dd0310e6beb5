/* SPDX-License-Identifier: BSD-2-Clause */
/* A partner's `outbound` as JSON, in the words and the form of the policy language, with the defaults. */
#include <stdio.h>
#include "policy/names/date.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/tool/partner_json_parts.h"

static void json_server_certificates(struct json *json, const struct server_certificates *certificates)
{
    char fingerprint[FINGERPRINT_TEXT], name[DOMAIN_MAX + 4];

    json_key(json, "certificates");
    if (certificates->proof != PROOF_LIST) {
        json_string(json, proof_name(certificates->proof));
        return;
    }
    json_open(json, '[');
    for (size_t i = 0; i < certificates->count; i++) {
        const struct server_identity *identity = &certificates->identities[i];
        const struct particulars *particulars = &identity->particulars;

        json_open(json, '{');
        if (identity->kind == SERVER_NAME || identity->kind == SERVER_SUFFIX) {
            snprintf(name, sizeof name, "%s%s", identity->kind == SERVER_SUFFIX ? "." : "", identity->name);
            json_member(json, "name", name);
        } else {
            fingerprint_format(particulars->fingerprint, fingerprint);
            json_member(json, identity->kind == SERVER_FINGERPRINT ? "fingerprint" : "key_fingerprint",
                        fingerprint);
            json_member_if(json, "file", particulars->file);
        }
        json_member_date(json, "from", particulars->from, DATE_BEGIN);
        json_member_date(json, "until", particulars->until, DATE_END);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* Shows the first list of suites as `ciphers`. Other lists hold as well, and are not shown. */
static void json_server_require(struct json *json, const struct policy *policy,
                                const struct outbound *outbound)
{
    const struct require *own = &outbound->require.require,
                         *named = own->has_profiles ? own : &policy->outbound.require.require;
    struct rule_set sets[RULE_SETS_MAX];
    size_t count = outbound_sets(policy, outbound, sets), first = 0;

    json_key(json, "require");
    json_open(json, '{');
    json_strictest(json, sets, count);
    while (first < count && (sets[first].keys & 1u << REQUIRE_CIPHERS) == 0)
        first++;
    if (first < count)
        json_ciphers(json, &sets[first]);
    json_server_certificates(json, outbound_certificates(policy, outbound));
    json_open_list(json, "profile");
    for (size_t i = 0; i < named->profile_count; i++)
        json_string(json, named->profiles[i]->name);
    json_close(json, ']');
    json_close(json, '}');
}

void partner_json_outbound(struct json *json, const struct policy *policy, const struct partner *partner,
                           int64_t now)
{
    const struct outbound *outbound = partner->terms->outbound;
    size_t count;
    const struct listed_hop *hop = partner_hops(policy, partner, &count);

    json_key(json, "outbound");
    if (outbound == NULL) {
        json_string(json, NULL);
        return;
    }
    json_open(json, '{');
    json_member(json, "mode", mode_name(outbound_in_force(policy, outbound, now)));
    json_steps(json, outbound->steps, outbound->step_count);
    json_open_list(json, "next_hops");
    for (; count-- > 0; hop++)
        json_string(json, arena_at(&policy->arena, hop->text));
    json_close(json, ']');
    json_server_require(json, policy, outbound);
    json_open_list(json, "exceptions");
    for (size_t i = 0; i < outbound->exception_count; i++) {
        json_open(json, '{');
        json_member_date(json, "until", outbound->exceptions[i].until, DATE_END);
        json_member(json, "reason", outbound->exceptions[i].reason);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}
