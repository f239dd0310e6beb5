/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemons of a Sendmail (DaemonPortOptions): their names and ports, and lines for sendmail.mc that change
 * one key or one letter, and nothing else.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor/sendmail.h"

bool sendmail_filters_with(const char *list, const char *name, const char *between, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "%s", name);

    while (*list && length < size) {
        size_t end = strcspn(list, ",; \t");

        if (end > 0 && (strlen(name) != end || strncasecmp(list, name, end) != 0))
            length += (size_t)snprintf(text + length, size - length, "%s%.*s", between, (int)end, list);
        list += end;
        list += strspn(list, ",; \t");
    }
    return length < size;
}

/* Whether the daemon listens on this machine only. */
static bool is_loopback(const char *daemon)
{
    char address[64];

    return sendmail_equate(daemon, "A", address, sizeof address)
           && (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0
               || strcasecmp(address, "IPv6:::1") == 0 || strcasecmp(address, "localhost") == 0);
}

/* Whether the daemon takes mail from anyone: it is not for submission, or nobody has to log in there. */
static bool takes_from_anyone(const char *daemon)
{
    char port[32], modifiers[64];

    return !sendmail_equate(daemon, "P", port, sizeof port)
           || (strcmp(port, "587") != 0 && strncasecmp(port, "submission", 10) != 0
               && strcmp(port, "465") != 0 && strcasecmp(port, "smtps") != 0)
           || !sendmail_equate(daemon, "M", modifiers, sizeof modifiers) || strchr(modifiers, 'a') == NULL;
}

/* If no public daemon listens elsewhere, a proxy or the like brings partners to the daemons on loopback. */
static bool listens_elsewhere(const struct sendmail *sendmail)
{
    const char *daemon;

    for (size_t i = 0; (daemon = sendmail_cf_option_at(sendmail->cf, "DaemonPortOptions", i)) != NULL; i++)
        if (takes_from_anyone(daemon) && !is_loopback(daemon))
            return true;
    return false;
}

bool sendmail_is_public(const struct sendmail *sendmail, const char *daemon)
{
    return takes_from_anyone(daemon) && !(is_loopback(daemon) && listens_elsewhere(sendmail));
}

void sendmail_daemon_name(const char *daemon, size_t number, char *name, size_t size)
{
    snprintf(name, size, "Daemon%zu", number);
    sendmail_equate(daemon, "N", name, size);
}

void sendmail_suggest_daemon(const struct sendmail *sendmail, const char *daemon, const char *key,
                             const char *value)
{
    char text[1024];
    size_t length = 0;
    bool written = false;

    for (const char *part = daemon; *part && length < sizeof text;) {
        size_t end;

        part += strspn(part, ", \t");
        end = strcspn(part, ",");
        if (end > 0 && toupper((unsigned char)*part) == toupper((unsigned char)*key)) {
            written = true;
            if (*value)
                length += (size_t)snprintf(text + length, sizeof text - length, "%s%s=%s",
                                           length > 0 ? ", " : "", key, value);
        } else if (end > 0) {
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", length > 0 ? ", " : "",
                                       (int)end, part);
        }
        part += end;
    }
    if (!written && length < sizeof text)
        snprintf(text + length, sizeof text - length, "%s%s=%s", length > 0 ? ", " : "", key, value);
    remark_change(&sendmail->examination->remarks, "sendmail.mc: DAEMON_OPTIONS(`%s')dnl", text);
}

void sendmail_suggest_modifiers(const struct sendmail *sendmail, const char *daemon, char without)
{
    char modifiers[64], kept[64];
    size_t length = 0;

    if (!sendmail_equate(daemon, "M", modifiers, sizeof modifiers))
        return;
    for (const char *modifier = modifiers; *modifier; modifier++)
        if (*modifier != without)
            kept[length++] = *modifier;
    kept[length] = '\0';
    sendmail_suggest_daemon(sendmail, daemon, "M", kept);
}
