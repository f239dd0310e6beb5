/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Macros as libmilter returns them: which are MAIL's and which are of an earlier stage, and which are absent
 * and which were lost.
 */
#include "milter/mta_macros.h"

#include <errno.h>
#include <string.h>
#include "policy/facts/macros.h"

/* libmilter's prototypes know no const; it does not change these strings. */
const char *mta_macro(SMFICTX *mta, const char *name)
{
    return smfi_getsymval(mta, (char *)name);
}

/* The macros that would pass for MAIL's if they were left over from an earlier stage. */
static const enum macro session_macros[SESSION_MACROS] = {
    MACRO_CLIENT_PORT, MACRO_TLS_VERSION, MACRO_CIPHER,     MACRO_CIPHER_BITS, MACRO_CERT_SUBJECT,
    MACRO_CERT_ISSUER, MACRO_VERIFY,      MACRO_CN_SUBJECT, MACRO_CN_ISSUER,   MACRO_CERT_FP,
};

void mta_macros_note_early(SMFICTX *mta, struct session *session)
{
    for (size_t i = 0; i < SESSION_MACROS; i++)
        session->early[i] = mta_macro(mta, macro_names[session_macros[i]]);
    session->mail_port = NULL; /* freed, as are the macros of all later stages */
}

const char *mta_macro_of_mail(void *arg, const char *name)
{
    const struct mail_macros *macros = arg;
    const char *value = mta_macro(macros->mta, name);

    for (size_t i = 0; value != NULL && i < SESSION_MACROS; i++)
        if (value == macros->session->early[i])
            return NULL;
    return value;
}

/* False: out of memory. It is no failure that a list has been set before. */
static bool ask_for(SMFICTX *mta, int stage, const char *macros)
{
    errno = 0;
    return smfi_setsymlist(mta, stage, (char *)macros) == MI_SUCCESS || errno != ENOMEM;
}

bool mta_macros_ask(SMFICTX *mta, unsigned shown)
{
    char list[MACRO_COUNT * 24] = "";
    char *end = list;

    for (size_t i = 0; i < MACRO_COUNT; i++)
        end = stpcpy(stpcpy(end, i == 0 ? "" : " "), macro_names[i]);
    return ask_for(mta, SMFIM_CONNECT, "v") && ask_for(mta, SMFIM_HELO, "v")
           && ask_for(mta, SMFIM_ENVFROM, list)
           && (!(shown & NEED_RCPT) || ask_for(mta, SMFIM_ENVRCPT, "i {rcpt_addr} {client_port}"))
           && (!(shown & NEED_DATA) || ask_for(mta, SMFIM_DATA, "i")) && ask_for(mta, SMFIM_EOM, "i");
}

/* Where libmilter holds the {client_port} of the last MAIL or RCPT; NULL: they had none. */
static const char *place_of_port(SMFICTX *mta, const struct session *session)
{
    struct mail_macros macros = {mta, session};

    return mta_macro_of_mail(&macros, macro_names[MACRO_CLIENT_PORT]);
}

bool mta_macros_left_at_mail(SMFICTX *mta, struct session *session)
{
    const char *before = session->mail_port;

    session->mail_port = place_of_port(mta, session);
    return session->macros_asked && before != NULL && session->mail_port == before;
}

bool mta_macros_lost_at_mail(const struct session *session, const struct facts *facts)
{
    if (!session->macros_asked || facts->macros_asked)
        return false;
    for (size_t i = 0; i < MACRO_COUNT; i++)
        if (i != MACRO_V && facts->macro[i] != NULL)
            return false;
    return true;
}

bool mta_macros_lost_at_rcpt(SMFICTX *mta, struct session *session)
{
    struct transaction *transaction = session->transaction;
    const char *before = transaction->rcpt_port;

    transaction->rcpt_port = place_of_port(mta, session);
    return session->macros_asked && before != NULL && transaction->rcpt_port == before;
}
