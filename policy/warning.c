/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of warnings. The code that finds a warning has its text. */
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
    [WARNING_PRIVATE_KEY] = {"private_key", true},
    [WARNING_SEVERAL_CERTIFICATES] = {"several_certificates", true},
    [WARNING_CIPHER_BITS] = {"cipher_bits", true},
    [WARNING_STEP_WITHOUT_EFFECT] = {"step_without_effect", true},
    [WARNING_CLIENTS_TOO_WIDE] = {"clients_too_wide", true},
    [WARNING_EXEMPT_OVERLAP] = {"exempt_overlap", true},
    [WARNING_AUTHENTICATED_EXEMPT] = {"authenticated_exempt", true},
    [WARNING_OUTBOUND_WEAKER] = {"outbound_weaker", true},
    [WARNING_OUTBOUND_NOT_ASKED] = {"outbound_not_asked", true},
    [WARNING_OUTBOUND_NOT_SERVED] = {"outbound_not_served", true},
    [WARNING_OUTBOUND_HOLE] = {"outbound_hole", true},
    [WARNING_NO_SUITE] = {"no_suite", true},
    [WARNING_OUTBOUND_NO_SERVER] = {"outbound_no_server", true},
    [WARNING_OUTBOUND_SERVER_NAME] = {"outbound_server_name", true},
    [WARNING_OUTBOUND_PROVIDER] = {"outbound_provider", true},
    [WARNING_OUTBOUND_NO_DANE] = {"outbound_no_dane", true},
    [WARNING_OUTBOUND_DANE_PUBLISHED] = {"outbound_dane_published", true},
    [WARNING_OUTBOUND_STS_PUBLISHED] = {"outbound_sts_published", true},
    [WARNING_INCLUDE_MATCHES_NOTHING] = {"include_matches_nothing", false},
    [WARNING_FILE_WITHOUT_PARTNERS] = {"file_without_partners", false},
    [WARNING_ACKNOWLEDGE_UNUSED] = {"acknowledge_unused", false},
    [WARNING_FILE_NOT_READ] = {"file_not_read", false},
    [WARNING_SOCKET_DIRECTORY] = {"socket_directory", false},
    [WARNING_OUTBOUND_SUFFIXES] = {"outbound_suffixes", false},
    [WARNING_FILE_MOUNTED_ALONE] = {"file_mounted_alone", false},
};

const char *warning_id(enum warning warning)
{
    return warnings[warning].id;
}

bool warning_is_of_partner(enum warning warning)
{
    return warnings[warning].of_partner;
}

bool warning_is_online(enum warning warning)
{
    return warning >= WARNING_OUTBOUND_NO_SERVER && warning <= WARNING_OUTBOUND_STS_PUBLISHED;
}
