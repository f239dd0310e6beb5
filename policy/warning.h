/* SPDX-License-Identifier: BSD-2-Clause */
/* The warnings of `forcetls check` by their ids: what `acknowledge` names (forcetls.yaml(5), WARNINGS). */
#ifndef POLICY_WARNING_H
#define POLICY_WARNING_H

#include <stdbool.h>

enum warning {
    WARNING_NONE, /* an error, or a finding without an id */
    /* about a partner's own text, or about rules that apply to a partner */
    WARNING_SHARED_CERTIFICATE,
    WARNING_ISSUER_ALONE,
    WARNING_COMMON_NAME,
    WARNING_WEAK_CIPHER,
    WARNING_MIXED_SCRIPTS,
    WARNING_NOT_SHOWN,
    WARNING_CERTIFICATE_EXPIRED,
    WARNING_CERTIFICATE_EXPIRES,
    WARNING_IDENTITY_GAP,
    WARNING_NO_IDENTITY,
    WARNING_IDENTITY_ENDS,
    WARNING_EXCEPTION_EXPIRED,
    WARNING_EXCEPTION_WITHOUT_CLIENTS,
    WARNING_SHADOWS_ENFORCED,
    WARNING_PASTED,
    WARNING_COMMENT_IN_VALUE,
    WARNING_PUBLIC_SUFFIX,
    WARNING_ISSUER_VARIES,
    WARNING_CERTIFICATE_OF_AUTHORITY,
    WARNING_CERTIFICATE_NOT_YET_VALID,
    WARNING_PRIVATE_KEY,
    WARNING_SEVERAL_CERTIFICATES,
    WARNING_CIPHER_BITS,
    WARNING_STEP_WITHOUT_EFFECT,
    WARNING_CLIENTS_TOO_WIDE,
    WARNING_EXEMPT_OVERLAP,
    WARNING_AUTHENTICATED_EXEMPT,
    WARNING_OUTBOUND_WEAKER,
    WARNING_OUTBOUND_NOT_ASKED,
    WARNING_OUTBOUND_NOT_SERVED,
    WARNING_OUTBOUND_HOLE,
    WARNING_NO_SUITE,
    /* about the same, and found by asking name servers */
    WARNING_OUTBOUND_NO_SERVER,
    WARNING_OUTBOUND_SERVER_NAME,
    WARNING_OUTBOUND_PROVIDER,
    WARNING_OUTBOUND_NO_DANE,
    WARNING_OUTBOUND_DANE_PUBLISHED,
    WARNING_OUTBOUND_STS_PUBLISHED,
    /* about something else */
    WARNING_INCLUDE_MATCHES_NOTHING,
    WARNING_FILE_WITHOUT_PARTNERS,
    WARNING_ACKNOWLEDGE_UNUSED,
    WARNING_FILE_NOT_READ,
    WARNING_SOCKET_DIRECTORY,
    WARNING_OUTBOUND_SUFFIXES,
    WARNING_FILE_MOUNTED_ALONE,
    WARNING_COUNT
};

/* "shared_certificate"; NULL for WARNING_NONE. */
const char *warning_id(enum warning warning);

/* Whether a partner can acknowledge the warning. */
bool warning_is_of_partner(enum warning warning);

/* Whether finding the warning needs name servers. */
bool warning_is_online(enum warning warning);

#endif
