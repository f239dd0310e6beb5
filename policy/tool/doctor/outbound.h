/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the parts of doctor that examine mail to partners. */
#ifndef POLICY_TOOL_DOCTOR_OUTBOUND_H
#define POLICY_TOOL_DOCTOR_OUTBOUND_H

#include "policy/tool/doctor/postfix.h"

enum { ROUTES_MAX = 24, TRANSPORT_MAX = 64, HOP_MAX = 320 };

/* The services of master.cf by which mail to partners leaves. */
struct transports {
    char name[ROUTES_MAX][TRANSPORT_MAX];
    size_t count;
};

/* Whether the service is one of them. */
bool transports_has(const struct transports *transports, const char *name);

/*
 * Examines where Postfix sends the mail of each partner, and whether the next hop is a key of the
 * partner. Fills in the services.
 */
void doctor_postfix_routes(const struct postfix *postfix, struct transports *transports);

/* A transport and a next hop: "smtp:[relay.example]:587". */
struct route {
    char transport[TRANSPORT_MAX];
    char hop[HOP_MAX]; /* "": the recipient's domain is the next hop */
};

/* Why mail leaves without its rule. */
enum detour_kind {
    DETOUR_HOP,       /* the next hop is no key of the partner */
    DETOUR_SPELLING,  /* the next hop is a key, in a spelling that no file of export has */
    DETOUR_TRANSPORT, /* the service asks no table */
    DETOUR_SENDER     /* the next hop depends on the sender */
};

/* A route that takes mail past its rule. */
struct detour {
    enum detour_kind why;
    const char *parameter; /* the setting that leads there */
    bool own;              /* from an entry of the table for this partner alone */
    struct route route;
    char domain[HOP_MAX]; /* the first domain of `domains` */
    enum mode mode;       /* the strictest of these domains */
    const struct partner *partner;
    size_t domains;
};

/* Whether the files of export have this spelling of a next hop that next_hops lists. */
bool doctor_hop_is_exported(const struct postfix *postfix, const char *spelling);

/* Reports a detour, with the line that brings the mail back to its rule. */
void doctor_detour(const struct postfix *postfix, const struct detour *detour);

/*
 * For a service by which mail to partners leaves: whether it asks the daemon how to send, or has the answers.
 */
void doctor_postfix_asks(const struct postfix *postfix);

/* A file that export writes. */
enum exported { EXPORTED_EXACT, EXPORTED_SUFFIXES, EXPORTED_STATIC, EXPORTED_ACCESS, EXPORTED_COUNT };

/* "outbound_exact" */
const char *exported_name(enum exported kind);

/*
 * Examines whether the file has what the policy gives. `table`: as main.cf names
 * it, "hash:/etc/outbound_exact".
 */
void doctor_exported(const struct postfix *postfix, enum exported kind, const char *table);

/* The same for Sendmail's list of partners. True: it has to be written again, or makemap(8) run. */
bool doctor_exported_access(struct examination *examination, const char *path);

/* The directory of such a file. */
void exported_directory(const char *path, char directory[4096]);

/* Adds the commands that write these files anew, in that directory, to the last remark. */
void doctor_suggest_export(const struct postfix *postfix, bool is_static, bool testing,
                           const char *directory);

#endif
