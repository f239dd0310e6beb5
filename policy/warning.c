/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of warnings. Their texts are where they are found. */
#include "policy/warning.h"

#include <stddef.h>

static const struct {
    const char *id;
    bool of_partner;
} warnings[WARNING_COUNT] = {
    [WARNING_SHARED_CERTIFICATE] = {"shared_certificate", true},
    [WARNING_ISSUER_ALONE] = {"issuer_alone", true},
    [WARNING_COMMON_NAME] = {"common_name", true},
    [WARNING_WEAK_CIPHER] = {"weak_cipher", true},
    [WARNING_MIXED_SCRIPTS] = {"mixed_scripts", true},
    [WARNING_NOT_SHOWN] = {"not_shown", true},
    [WARNING_CERTIFICATE_EXPIRED] = {"certificate_expired", true},
    [WARNING_CERTIFICATE_EXPIRES] = {"certificate_expires", true},
    [WARNING_IDENTITY_GAP] = {"identity_gap", true},
    [WARNING_NO_IDENTITY] = {"no_identity", true},
    [WARNING_IDENTITY_ENDS] = {"identity_ends", true},
    [WARNING_EXCEPTION_EXPIRED] = {"exception_expired", true},
    [WARNING_EXCEPTION_WITHOUT_CLIENTS] = {"exception_without_clients", true},
    [WARNING_SHADOWS_ENFORCED] = {"shadows_enforced", true},
    [WARNING_PASTED] = {"pasted", true},
    [WARNING_COMMENT_IN_VALUE] = {"comment_in_value", true},
    [WARNING_PUBLIC_SUFFIX] = {"public_suffix", true},
    [WARNING_ISSUER_VARIES] = {"issuer_varies", true},
    [WARNING_CERTIFICATE_OF_AUTHORITY] = {"certificate_of_authority", true},
    [WARNING_CERTIFICATE_NOT_YET_VALID] = {"certificate_not_yet_valid", true},
    [WARNING_CIPHER_BITS] = {"cipher_bits", true},
    [WARNING_STEP_WITHOUT_EFFECT] = {"step_without_effect", true},
    [WARNING_INCLUDE_MATCHES_NOTHING] = {"include_matches_nothing", false},
    [WARNING_FILE_WITHOUT_PARTNERS] = {"file_without_partners", false},
    [WARNING_ACKNOWLEDGE_UNUSED] = {"acknowledge_unused", false},
};

const char *warning_id(enum warning warning)
{
    return warnings[warning].id;
}

bool warning_is_of_partner(enum warning warning)
{
    return warnings[warning].of_partner;
}
