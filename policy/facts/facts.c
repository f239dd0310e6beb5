/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts as a value that can outlive the macros it is read from. Knows nothing of what the facts mean. */
#include "policy/facts/facts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "policy/facts/mta.h"

void facts_begin(struct facts *facts)
{
    /*
     * Not one memset: the addresses are large, their readers write them whole, and mail of strangers must
     * stay cheap.
     */
    memset(facts->macro, 0, sizeof facts->macro);
    facts->argument = "";
    facts->helo = NULL;
    facts->shown = 0;
    facts->mta = MTA_UNKNOWN;
    facts->macros_asked = facts->authenticated = facts->client_known = facts->names_unsent = false;
    facts->senders = 0;
    facts->client_name_state = CLIENT_NAME_MACROS;
    facts->client_name.length = 0;
    facts->tls = TLS_UNKNOWN;
    facts->tls_version = TLS_VERSION_UNREADABLE;
    facts->cipher_bits = -1;
    facts->certificate = CERTIFICATE_MACROS;
    facts->subject_cn = facts->issuer_cn = facts->subject_dn = facts->issuer_dn = NULL;
    facts->certificate_pin.state = facts->key_pin.state = PIN_MACROS;
    facts->content = CONTENT_EXPECTED;
    facts->recipients = NULL;
    facts->header_from = NULL;
    facts->decoded = NULL;
}

enum header_reader facts_header_reader(const struct facts *facts)
{
    return mta_rewrites(facts->mta) ? READER_SENDMAIL : READER_POSTFIX;
}

void facts_clear(struct facts *facts)
{
    free(facts->decoded);
    facts->decoded = NULL;
}

/* How many borrowed strings the facts have. */
enum { TEXTS = MACRO_COUNT + 6 };

static void list_texts(struct facts *facts, const char **texts[TEXTS])
{
    const char **others[] = {&facts->argument,  &facts->helo,       &facts->subject_cn,
                             &facts->issuer_cn, &facts->subject_dn, &facts->issuer_dn};

    for (size_t i = 0; i < MACRO_COUNT; i++)
        texts[i] = &facts->macro[i];
    memcpy(texts + MACRO_COUNT, others, sizeof others);
}

bool facts_copy(struct facts *facts)
{
    const char **texts[TEXTS];
    size_t size = 1;
    char *copy, *to;

    list_texts(facts, texts);
    for (size_t i = 0; i < TEXTS; i++)
        size += *texts[i] == NULL ? 0 : strlen(*texts[i]) + 1;
    copy = to = malloc(size);
    if (copy == NULL)
        return false;
    for (size_t i = 0; i < TEXTS; i++) {
        if (*texts[i] == NULL)
            continue;
        size = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(to, *texts[i], size);
        to += size;
    }
    free(facts->decoded);
    facts->decoded = copy;
    return true;
}
