/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is sent, and what has to come of it. A scenario is a file of lines, each
 * a kind of mail: fields `key=value` with tabs between them.
 *
 *   from=<a@x.example>     the argument of MAIL (needed)
 *   helo=NAME              default: mail.client.example
 *   client=ADDRESS         v4; default: 192.0.2.1
 *   rcpt=<b@y.example>     may come several times; default: <user@local.example>
 *   header=Name: value     may come several times; default: a From
 *   {macro}=VALUE, v=VALUE a macro, at every stage that asks for it
 *   lists=default          an MTA that sends its own macro lists, whatever the filter asks for
 *   report=FINGERPRINT     what Postfix tells postfix_facts before DATA, of certificate and key alike
 *   expect=OUTCOME         may come several times: any of them is right
 *
 * An OUTCOME is what the client saw: `accept`, `hold` (accepted and quarantined), or the stage and the
 * reply of each refusal with " + " between them, and behind them `accept` or `hold` where other recipients
 * got the mail: "RCPT 530 5.7.0 * [x no_tls] + accept". A `*` stands for any text within one
 * reply.
 */
#ifndef LOAD_SCENARIO_H
#define LOAD_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

enum { EXPECT_MAX = 4, RCPT_MAX = 4, HEADER_MAX = 4, MACRO_MAX = 16 };

struct macro {
    const char *name, *value;
};

struct kind {
    const char *from, *helo, *client, *report;
    bool default_lists;
    size_t expect_count, rcpt_count, header_count, macro_count;
    const char *expect[EXPECT_MAX], *rcpt[RCPT_MAX], *header[HEADER_MAX];
    struct macro macro[MACRO_MAX];
    char mail_addr[256];
    const struct kind *next; /* one that the same session of the same MTA could bring next */
};

struct scenario {
    struct kind *kinds;
    size_t count;
};

/* Ends the program where the file cannot be read. */
void scenario_read(struct scenario *scenario, const char *path);

/* The kind's own value of a macro, or NULL. */
const char *kind_macro(const struct kind *kind, const char *name);

/* Whether that is one of the outcomes that the kind may have; a kind without any may have all. */
bool kind_expects(const struct kind *kind, const char *outcome);

#endif
