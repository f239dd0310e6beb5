/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that a filter on libmilter can do: what forcetls-milter is measured
 * against. `null_filter MODE SOCKET`, MODE being
 *   full    every event is shown, and answered with "go on"
 *   accept  nothing but MAIL is shown, and accepted there
 *   reject  nothing but MAIL is shown, and refused there with a reply
 *   log     as reject, and writes a line of usual length to stderr
 */
#include <stdbool.h> /* in front of mfapi.h, which defines a bool of its own */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The mode, before any thread starts. */
static struct {
    unsigned long left_out; /* SMFIP_* */
    sfsistat at_mail;
    bool logs;
    char line[370];
} mode = {.at_mail = SMFIS_CONTINUE};

static sfsistat filter_negotiate(SMFICTX *mta, unsigned long actions, unsigned long steps,
                                 unsigned long unused2, unsigned long unused3, unsigned long *wanted_actions,
                                 unsigned long *wanted_steps, unsigned long *wanted2, unsigned long *wanted3)
{
    (void)mta, (void)actions, (void)unused2, (void)unused3;
    *wanted_actions = *wanted2 = *wanted3 = 0;
    *wanted_steps = steps & mode.left_out;
    return SMFIS_CONTINUE;
}

static sfsistat filter_connect(SMFICTX *mta, char *host, _SOCK_ADDR *address)
{
    (void)mta, (void)host, (void)address;
    return SMFIS_CONTINUE;
}

static sfsistat filter_text(SMFICTX *mta, char *text)
{
    (void)mta, (void)text;
    return SMFIS_CONTINUE;
}

static sfsistat filter_mail(SMFICTX *mta, char **arguments)
{
    static char code[] = "530", status[] = "5.7.0", text[] = "Must issue a STARTTLS command first [p no_tls]";
    (void)arguments;
    if (mode.logs && write(STDERR_FILENO, mode.line, sizeof mode.line) < 0)
        return SMFIS_TEMPFAIL;
    if (mode.at_mail == SMFIS_REJECT)
        smfi_setreply(mta, code, status, text);
    return mode.at_mail;
}

static sfsistat filter_rcpt(SMFICTX *mta, char **arguments)
{
    (void)mta, (void)arguments;
    return SMFIS_CONTINUE;
}

static sfsistat filter_header(SMFICTX *mta, char *name, char *value)
{
    (void)mta, (void)name, (void)value;
    return SMFIS_CONTINUE;
}

static sfsistat filter_body(SMFICTX *mta, unsigned char *octets, size_t length)
{
    (void)mta, (void)octets, (void)length;
    return SMFIS_CONTINUE;
}

static sfsistat filter_event(SMFICTX *mta)
{
    (void)mta;
    return SMFIS_CONTINUE;
}

static struct smfiDesc callbacks = {
    .xxfi_name = (char *)"null_filter",
    .xxfi_version = SMFI_VERSION,
    .xxfi_negotiate = filter_negotiate,
    .xxfi_connect = filter_connect,
    .xxfi_helo = filter_text,
    .xxfi_envfrom = filter_mail,
    .xxfi_envrcpt = filter_rcpt,
    .xxfi_data = filter_event,
    .xxfi_header = filter_header,
    .xxfi_eoh = filter_event,
    .xxfi_body = filter_body,
    .xxfi_eom = filter_event,
    .xxfi_abort = filter_event,
    .xxfi_close = filter_event,
};

int main(int argc, char **argv)
{
    const char *name = argc == 3 ? argv[1] : "";
    if (strcmp(name, "full") != 0)
        mode.left_out = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NODATA | SMFIP_NOHDRS
                        | SMFIP_NOEOH | SMFIP_NOBODY | SMFIP_NOUNKNOWN;
    if (strcmp(name, "accept") == 0)
        mode.at_mail = SMFIS_ACCEPT;
    if (strcmp(name, "reject") == 0 || strcmp(name, "log") == 0)
        mode.at_mail = SMFIS_REJECT;
    mode.logs = strcmp(name, "log") == 0;
    memset(mode.line, 'x', sizeof mode.line - 1);
    mode.line[sizeof mode.line - 1] = '\n';
    if (mode.left_out != 0 && mode.at_mail == SMFIS_CONTINUE) {
        fputs("usage: null_filter full|accept|reject|log SOCKET\n", stderr);
        return 2;
    }
    if (smfi_setconn(argv[2]) != MI_SUCCESS || smfi_register(callbacks) != MI_SUCCESS
        || smfi_setbacklog(1024) != MI_SUCCESS || smfi_opensocket(true) != MI_SUCCESS)
        return 1;
    return smfi_main() == MI_SUCCESS ? 0 : 1;
}
