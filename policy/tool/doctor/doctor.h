/* SPDX-License-Identifier: BSD-2-Clause */
/* An examination of the machine, shared by the parts of doctor. None of them changes anything. */
#ifndef POLICY_TOOL_DOCTOR_DOCTOR_H
#define POLICY_TOOL_DOCTOR_DOCTOR_H

#include <stdint.h>
#include "policy/arena.h"
#include "policy/language/survey.h"
#include "policy/tool/doctor/authorities.h"
#include "policy/tool/doctor/remarks.h"
#include "policy/tool/reach.h"

struct examination {
    const char *policy_file;
    const char *postfix_directory; /* --postfix-config, or NULL */
    const char *sendmail_cf;       /* --sendmail-cf, or the usual file if Sendmail was found; else NULL */
    const char *socket, *facts;    /* where the filter listens; facts NULL: nowhere */
    char mta[320];                 /* what was examined, for people */
    int64_t now;
    struct arena arena;    /* texts that live as long as the examination */
    struct policy *policy; /* NULL: it does not load */
    enum mta wanted;       /* `milter: {mta: ...}` */
    struct survey survey;  /* zero if the policy does not load */
    struct remarks remarks;
};

/* Finds the user that the filter runs as: the socket's owner, else the usual one. False: neither exists. */
bool doctor_find_filter(const struct examination *examination, struct viewer *filter);
/*
 * Returns that user's name, for lines to write; the usual name if root owns the
 * socket. *filter owns the name.
 */
const char *doctor_filter_name(const struct examination *examination, struct viewer *filter);

/* Examines the policy itself, its files and the clock. */
void doctor_policy(struct examination *examination);
/* Examines whether the running daemon has loaded this policy as it is now. */
void doctor_running(struct examination *examination);
/*
 * Examines whether the filter's user can read all that the filter has to read. The policy must have loaded.
 */
void doctor_files(struct examination *examination);
/*
 * Reads the `milter` section of a policy that does not load, as far as the file is YAML: sets socket,
 * facts and wanted if they are given.
 */
void doctor_top(struct examination *examination);
/* Calls `found` for every pattern of `include` in the policy's main file. */
void doctor_each_include(const struct examination *examination, void (*found)(void *arg, const char *pattern),
                         void *arg);
/* Reports that this user may not look at `what`: doctor has to run as root. */
void doctor_run_as_root(struct examination *examination, const char *subject, const char *what);

/*
 * Adds a line to write into the policy to the remark that was added last, as an edit of one key: "FILE, under
 * milter: socket: ...". doctor_policy_setting() quotes the value for YAML if necessary.
 */
void doctor_policy_line(struct examination *examination, const char *section, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_policy_setting(struct examination *examination, const char *section, const char *key,
                           const char *value);
/*
 * Likewise for the list of exempt clients with `more` added, or of exempt daemons with
 * `without` left out. NULL: none.
 */
void doctor_policy_exempt_clients(struct examination *examination, const char *more);
void doctor_policy_exempt_daemons(struct examination *examination, const char *without);
/*
 * Reports an error: `setting` ("smtp/inet: <=TLSv1.2") of `subject` allows no session as the partner in
 * `unserved` requires. The caller adds the change.
 */
void doctor_unserved(struct examination *examination, const char *subject, const char *setting,
                     const struct unserved *unserved);

/* Examine the MTAs: each reports if it is not there. */
void doctor_postfix(struct examination *examination);
void doctor_sendmail(struct examination *examination);

/* A socket of the filter's. */
struct listening {
    const char *spec, *key;      /* "unix:/run/x.sock"; its key in the policy: "socket", "postfix_facts" */
    enum reach what;             /* REACH_ANSWER for the milter socket */
    const char *home;            /* a directory for it, if it has to move */
    const char *queue_directory; /* Postfix's, or NULL */
    bool strict;                 /* directories are judged as by Sendmail */
};

/* Examines whether the socket is safe and there, and whether `viewer` gets an answer. */
void doctor_socket(struct examination *examination, const struct listening *listening,
                   const struct viewer *viewer);

/*
 * Examines whether the CAs that rules name are among those that the MTA trusts. `parameter` and `place` say
 * where it has these: "smtpd_tls_CAfile", "/etc/ssl/ca.pem".
 */
void doctor_issuers(struct examination *examination, const struct authorities *authorities,
                    const char *parameter, const char *place);

#endif
