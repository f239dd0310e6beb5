/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a summary as one HTML page: no script, nothing from other sites. First comes the answer, then the
 * partners that need attention, the course, all partners, details, and what the evidence covers. The page is
 * readable on a phone, on paper, in dark mode, and without seeing the charts.
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/html.h"
#include "policy/tool/evidence/report.h"
#include "policy/tool/evidence/stamp.h"

enum { WORST = 10, DETAILS = 40, PARTS_SHOWN = 20, SPARKS = 1000, TLS_SHOWN = 6 };

static const char style[] =
    ":root{color-scheme:light "
    "dark;--fg:#1c2024;--bg:#fff;--mut:#5b6470;--line:#d5dae0;--ok:#1f6fb2;--bad:#b3261e;"
    "--soft:#f3f5f7}"
    "@media(prefers-color-scheme:dark){:root{--fg:#e6e9ec;--bg:#14171a;--mut:#9aa4af;--line:#333a41;--ok:#"
    "6bb2ee;"
    "--bad:#ff8a80;--soft:#1d2126}}\n"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:1rem;font:16px/1.45 "
    "system-ui,\"DejaVu Sans\","
    "sans-serif;color:var(--fg);background:var(--bg);overflow-wrap:break-word}"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:2rem 0 "
    ".5rem}h3{font-size:1rem;margin:1rem 0 .3rem}"
    "p{margin:.3rem 0}.mut{color:var(--mut)}a{color:var(--ok)}figure{margin:0}.off{position:absolute}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:1rem "
    "0;padding:0;"
    "list-style:none}.tiles li{border:1px solid var(--line);border-radius:.4rem;padding:.5rem .7rem}"
    ".tiles b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{padding:.3rem .5rem;text-align:left;"
    "border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.scroll{overflow-x:auto}"
    ".d,.w{white-space:nowrap}.any{overflow-wrap:anywhere;min-width:12rem}.rule{font-weight:400}.bad{color:"
    "var(-"
    "-bad);font-weight:600}"
    "svg{display:block}.legend "
    "span{white-space:nowrap;margin-right:1rem}"
    ".legend svg{display:inline;vertical-align:-2px}summary{cursor:pointer}\n"
    ".chart{display:grid;grid-template-columns:auto 1fr;gap:.2rem .4rem;font-size:.75rem;color:var(--mut)}"
    ".ya{display:flex;flex-direction:column;justify-content:space-between;text-align:right;min-width:3rem}"
    ".xa{grid-column:2;display:flex;justify-content:space-between}.chart svg{width:100%;border-left:1px "
    "solid "
    "var(--line);border-bottom:1px solid "
    "var(--line)}svg.big{height:11rem}svg.mid{height:6rem}svg.low{height:3.5rem}"
    ".spark{width:11rem;height:1.6rem}.sl{fill:none;stroke:var(--ok);vector-effect:non-scaling-stroke}"
    ".sf{stroke:var(--bad);stroke-width:1.4}section:target,tr:target{background:var(--soft)}\n"
    "@media(max-width:40rem){table.wide thead{position:absolute;left:-999rem}table.wide tr{display:grid;"
    "grid-template-columns:repeat(2,minmax(0,1fr));border-bottom:1px solid var(--line);padding:.4rem "
    "0}table.wide "
    "td,table.wide th"
    "{border:0;padding:.1rem .2rem}table.wide td::before{content:attr(data-l) \" \";color:var(--mut)}"
    "table.wide td:empty{display:none}table.wide th,table.wide td.sp{grid-column:1/-1}table.wide "
    "td.n{text-align:left}.spark{width:100%}.d{white-space:normal}.any{min-width:0}}\n"
    "@media print{:root{--fg:#000;--bg:#fff;--mut:#444;--line:#bbb;--ok:#1f6fb2;--bad:#b3261e;--soft:#eee}"
    "body{max-width:none;padding:0;font-size:10pt}table{font-size:9pt}h2,h3{break-after:avoid}tr,figure,."
    "tiles "
    "li{break-inside:avoid}"
    "thead{display:table-header-group}nav{display:none}a{color:inherit;text-decoration:none}@page{margin:"
    "15mm}"
    ".scroll{overflow:visible}.spark{width:4.5rem}th,td{padding:.25rem .3rem}"
    ".wide th[scope=row]{overflow-wrap:anywhere}"
    "details::details-content{content-visibility:visible;block-size:auto}}\n";

static int64_t failures_of(const struct sums *sums)
{
    return sums->fail + sums->undecidable;
}

/* ---- head ---- */

static void period(FILE *stream, const struct summary *summary)
{
    char since[STAMP_TEXT_SIZE], until[STAMP_TEXT_SIZE];

    if (summary->since == STAMP_NONE) {
        fputs("of any time", stream);
        return;
    }
    stamp_format_short(summary->since, since);
    stamp_format_short(summary->until, until);
    fprintf(stream, "<b>%s</b> to <b>%s</b> UTC", since, until);
}

/* Counts the partners, and those with failures. A partner may be listed once per direction. */
static size_t count_partners(const struct summary *summary, size_t *failing)
{
    size_t count = 0;
    bool failed = false;

    *failing = 0;
    for (size_t i = 0; i < summary->partners; i++) {
        const struct partner_summary *partner = &summary->partner[i];
        bool fails = failures_of(&partner->sums) > 0;

        if (i == 0 || strcmp(partner->name, partner[-1].name) != 0) {
            count++;
            failed = false;
        }
        *failing += fails && !failed;
        failed |= fails;
    }
    return count;
}

static void head(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    char now[STAMP_TEXT_SIZE], since[STAMP_TEXT_SIZE], until[STAMP_TEXT_SIZE];
    size_t failing, partners = count_partners(summary, &failing);

    stamp_format_short(request->now, now);
    stamp_format_short(summary->since, since);
    stamp_format_short(summary->until, until);
    fprintf(
        stream,
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,"
        "initial-scale=1'><title>Forced TLS%s%.10s%s%.10s</title><meta http-equiv=Content-Security-Policy "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\"><style>\n%s</style>\n",
        *since ? ": " : "", since, *since ? " to " : "", until, style);
    chart_definitions(stream);
    fputs("<header><h1>Forced TLS with partners</h1><p>Mail ", stream);
    fputs(request->direction == NULL     ? "from and to partners, "
          : request->direction[0] == 'o' ? "to partners, "
                                         : "from partners, ",
          stream);
    period(stream, summary);
    for (size_t i = 0; i < summary->gateways; i++) {
        fputs(i ? ", " : " · gateway ", stream);
        html_text(stream, *summary->gateway[i] ? summary->gateway[i] : "unknown");
    }
    fprintf(stream, " · %zu partner%s</p><p class=mut>Written %s UTC by forcetls " PACKAGE_VERSION ". ",
            partners, partners == 1 ? "" : "s", now);
    html_text(stream, report_source(summary));
    fputs("</p></header>\n", stream);
}

/* Whether the evidence misses part of the period; writes that, unless `stream` is NULL. */
static bool unknown(FILE *stream, const struct summary *summary, int64_t now)
{
    bool any = false;

    for (size_t i = 0; i < summary->covers; i++) {
        char text[REPORT_UNKNOWN_SIZE];

        if (!report_unknown(summary, &summary->cover[i], now, text))
            continue;
        any = true;
        if (stream == NULL)
            break;
        fputs("Of gateway ", stream);
        html_text(stream, *summary->cover[i].gateway ? summary->cover[i].gateway : "unknown");
        fprintf(stream, " %s ", text);
    }
    return any;
}

static void answer(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    const struct sums *sums = &summary->sums;
    size_t failing, partners = count_partners(summary, &failing);
    char share[16];

    report_share(sums->pass + sums->excepted, sums->mails, share);
    if (sums->mails > 0) {
        fprintf(stream, "<p><b>%s of ", share);
        html_number(stream, sums->mails);
        fprintf(stream, " mail%s%s met what was agreed.</b> ", sums->mails == 1 ? "" : "s",
                request->failing ? " of partners with failures" : "");
        if (!request->failing)
            fprintf(stream, "%zu of %zu partner%s had failures. ", failing, partners,
                    partners == 1 ? "" : "s");
    } else {
        fprintf(stream, "<p><b>%s.</b> ", report_no_mail(request->failing));
    }
    if (summary->gaps > 0)
        fprintf(stream, "The evidence has <a href=#g>%zu gap%s</a>. ", summary->gaps,
                summary->gaps == 1 ? "" : "s");
    else if (summary->numbered && !unknown(NULL, summary, request->now))
        fputs("The evidence has no gaps.", stream);
    (void)unknown(stream, summary, request->now);
    fputs("</p>\n", stream);
}

static void tile(FILE *stream, const char *title, int64_t number, const char *note, bool bad)
{
    fprintf(stream, "<li>%s<b%s>%s", title, bad && number > 0 ? " class=bad" : "",
            bad && number > 0 ? "▲ " : "");
    html_number(stream, number);
    fprintf(stream, "</b><span class=mut>%s</span></li>", note);
}

static void tiles(FILE *stream, const struct summary *summary)
{
    const struct sums *sums = &summary->sums;
    char share[16];

    report_share(sums->fail, sums->mails, share);
    fputs("<ul class=tiles>", stream);
    tile(stream, "Mails judged", sums->mails, "", false);
    tile(stream, "Failed", sums->fail, sums->mails > 0 ? share : "", true);
    tile(stream, "Refused", sums->refused, "answered 4xx or 5xx", false);
    tile(stream, "Would have failed", sums->would_fail, "testing mode: accepted", false);
    tile(stream, "Undecidable", sums->undecidable, "our side could not judge", true);
    tile(stream, "Excepted", sums->excepted, "by an exception", false);
    tile(stream, "Exempt", sums->exempt, "not judged", false);
    fputs(
        "</ul>\n<nav><a href=#a>Needs attention</a> · <a href=#t>Course</a> · <a href=#p>All partners</a> · "
        "<a href=#d>Details</a> · <a href=#g>Gaps and policies</a></nav>\n",
        stream);
}

/* ---- partners ---- */

static int by_failures(const void *a, const void *b)
{
    const struct partner_summary *const *first = a, *const *second = b;
    int64_t one = failures_of(&(*first)->sums), two = failures_of(&(*second)->sums);

    if (one != two)
        return one > two ? -1 : 1;
    return strcmp((*first)->name, (*second)->name);
}

/* Returns the partners, those with most failures first; the caller frees the list. NULL: out of memory. */
static const struct partner_summary **sort_worst(const struct summary *summary)
{
    const struct partner_summary **sorted = malloc((summary->partners + 1) * sizeof *sorted);

    for (size_t i = 0; sorted != NULL && i < summary->partners; i++)
        sorted[i] = &summary->partner[i];
    if (sorted != NULL)
        qsort((void *)sorted, summary->partners, sizeof *sorted, by_failures);
    return sorted;
}

static void attention(FILE *stream, const struct summary *summary, const struct partner_summary **worst)
{
    fputs("<h2 id=a>Needs attention</h2>\n", stream);
    if (summary->partners == 0 || failures_of(&worst[0]->sums) == 0) {
        fputs("<p>Nothing: no mail failed.</p>\n", stream);
        return;
    }
    fputs("<div class=scroll><table class=wide><thead><tr><th scope=col>partner<th scope=col "
          "class=n>failed<th scope=col "
          "class=n>of mails<th scope=col>reason<th scope=col>what to do</thead>\n",
          stream);
    for (size_t i = 0; i < summary->partners && i < WORST && failures_of(&worst[i]->sums) > 0; i++) {
        const struct partner_summary *partner = worst[i];
        const struct part *reason = partner->reasons.count > 0 ? &partner->reasons.part[0] : NULL;
        char share[16];

        report_share(failures_of(&partner->sums), partner->sums.mails, share);
        fputs("<tr><th scope=row>", stream);
        html_text(stream, partner->name);
        fprintf(stream, "%s<td class='n bad' data-l=failed>▲ ",
                partner->direction[0] == 'o' ? " (outbound)" : "");
        html_number(stream, failures_of(&partner->sums));
        fprintf(stream, "<td class=n data-l='of mails'>%s<td data-l=reason>", share);
        html_text(stream, reason != NULL ? reason->name : "");
        fputs("<td class=sp>", stream);
        html_text(stream, reason != NULL ? report_advice(partner->direction, reason->name) : "");
        fputc('\n', stream);
    }
    fputs("</table></div>\n", stream);
}

static bool course_of_all(FILE *stream, const struct summary *summary)
{
    struct sums *all = calloc(summary->buckets, sizeof *all);

    if (all == NULL)
        return false;
    for (size_t i = 0; i < summary->partners; i++)
        for (size_t k = 0; summary->partner[i].course != NULL && k < summary->buckets; k++)
            sums_add(&all[k], &summary->partner[i].course[k]);
    fputs("<h2 id=t>Course</h2>\n", stream);
    chart_course(stream, summary, all, "all partners", true);
    chart_table(stream, summary, all);
    free(all);
    return true;
}

static void cell(FILE *stream, const char *label, int64_t number)
{
    fprintf(stream, "<td class=n data-l='%s'>", label);
    html_number(stream, number);
}

static void tls_shares(FILE *stream, const struct partner_summary *partner)
{
    for (size_t i = 0; i < partner->tls.count && i < TLS_SHOWN; i++) {
        char share[16];

        report_share(partner->tls.part[i].mails, partner->sums.mails, share);
        fputs(i ? ", <span class=w>" : "<span class=w>", stream);
        html_text(stream, partner->tls.part[i].name);
        fprintf(stream, " %s</span>", share);
    }
}

static void partner_row(FILE *stream, const struct summary *summary, const struct partner_summary *partner)
{
    const struct sums *sums = &partner->sums;
    char share[16];

    report_share(sums->pass + sums->excepted, sums->mails, share);
    fputs("<tr><th scope=row>", stream);
    html_text(stream, *partner->name ? partner->name : "(none)");
    fputs("<td data-l=mode>", stream);
    html_text(stream, partner->mode);
    fprintf(stream, "%s", partner->direction[0] == 'o' ? " (outbound)" : "");
    cell(stream, "mails", sums->mails);
    fprintf(stream, "<td class=n data-l=met>%s", sums->mails > 0 ? share : "");
    fprintf(stream,
            failures_of(sums) > 0 ? "<td class='n bad' data-l=failed>▲ " : "<td class=n data-l=failed>");
    html_number(stream, failures_of(sums));
    cell(stream, "refused", sums->refused);
    cell(stream, "exempt", sums->exempt);
    fputs("<td data-l=reason>", stream);
    html_text(stream, partner->reasons.count > 0 ? partner->reasons.part[0].name : "");
    fputs("<td class=sp data-l=TLS>", stream);
    tls_shares(stream, partner);
    fputs("<td class=sp>", stream);
    if (partner->course != NULL && summary->partners <= SPARKS)
        chart_spark(stream, summary, partner->course);
    fputc('\n', stream);
}

static void all_partners(FILE *stream, const struct summary *summary)
{
    fputs("<h2 id=p>All partners</h2>\n<div class=scroll><table class=wide><thead><tr><th scope=col>partner"
          "<th scope=col>mode<th scope=col class=n>mails<th scope=col class=n>met<th scope=col class=n>failed"
          "<th scope=col class=n>refused<th scope=col class=n>exempt<th scope=col>reason<th scope=col>TLS"
          "<th scope=col>course</thead>\n",
          stream);
    for (size_t i = 0; i < summary->partners; i++)
        partner_row(stream, summary, &summary->partner[i]);
    fputs("</table></div>\n", stream);
    if (summary->partners > 0 && summary->partners <= SPARKS)
        fputs("<p class=mut>Course: the line is the number of mails, the bars at its foot are the share that "
              "failed.</p>\n",
              stream);
}

/* ---- details ---- */

/* `direction`: the part is a reason, with advice for that direction; NULL: it is something else. */
static void part_row(FILE *stream, const struct part *part, const char *direction)
{
    char first[STAMP_TEXT_SIZE], last[STAMP_TEXT_SIZE];

    stamp_format_short(part->first, first);
    stamp_format_short(part->last, last);
    fputs("<tr><th scope=row class=any>", stream);
    html_text(stream, part->name);
    cell(stream, "mails", part->mails);
    fprintf(stream, "<td class=d data-l=first>%s<td class=d data-l=last>%s", first, last);
    if (direction != NULL) {
        fputs("<td class=sp>", stream);
        html_text(stream, report_advice(direction, part->name));
    } else if (part->more != NULL) {
        fputs("<td class='sp any' data-l=issuer>", stream);
        html_text(stream, part->more);
        fputs(part->extra != NULL ? "<br>" : "", stream);
        html_text(stream, part->extra != NULL ? part->extra : "");
    }
    fputc('\n', stream);
}

static void part_table(FILE *stream, const char *name, const struct parts *parts, const char *direction)
{
    bool more = parts->count > 0 && parts->part[0].more != NULL;

    if (parts->count == 0)
        return;
    fprintf(stream,
            "<div class=scroll><table class=wide><thead><tr><th scope=col>%s<th scope=col class=n>mails<th "
            "scope=col>"
            "first<th scope=col>last%s</thead>\n",
            name,
            direction != NULL ? "<th scope=col>what to do"
            : more            ? "<th scope=col>issuer and fingerprint"
                              : "");
    for (size_t i = 0; i < parts->count && i < PARTS_SHOWN; i++)
        part_row(stream, &parts->part[i], direction);
    fputs("</table></div>\n", stream);
    if (parts->count > PARTS_SHOWN)
        fprintf(stream, "<p class=mut>And %zu more.</p>\n", parts->count - PARTS_SHOWN);
}

/* Writes what was agreed: each rule, with the mails that were judged by it. */
static void rules_of(FILE *stream, const struct parts *rules)
{
    if (rules->count == 0)
        return;
    fputs("<div class=scroll><table class=wide><thead><tr><th scope=col>rule<th scope=col class=n>mails"
          "<th scope=col>first<th scope=col>last<th scope=col>policy</thead>\n",
          stream);
    for (size_t i = 0; i < rules->count && i < PARTS_SHOWN; i++) {
        const struct part *rule = &rules->part[i];
        char first[STAMP_TEXT_SIZE], last[STAMP_TEXT_SIZE];

        stamp_format_short(rule->first, first);
        stamp_format_short(rule->last, last);
        fputs("<tr><th scope=row class='any rule'>", stream);
        html_lines(stream, *rule->name ? rule->name : "not known: no record was given this policy");
        cell(stream, "mails", rule->mails);
        fprintf(stream,
                "<td class=d data-l=first>%s<td class=d data-l=last>%s<td class='sp any' data-l=policy>",
                first, last);
        html_text(stream, rule->extra);
        fputc('\n', stream);
    }
    fputs("</table></div>\n", stream);
}

static void details_of(FILE *stream, const struct summary *summary, const struct partner_summary *partner)
{
    fputs("<section><h3>", stream);
    html_text(stream, *partner->name ? partner->name : "(none)");
    fprintf(stream, "%s</h3>\n", partner->direction[0] == 'o' ? " (outbound)" : "");
    if (partner->course != NULL && partner->sums.mails > 0)
        chart_course(stream, summary, partner->course, partner->name, false);
    part_table(stream, "reason", &partner->reasons, partner->direction);
    part_table(stream, "certificate", &partner->certificates, NULL);
    rules_of(stream, &partner->rules);
    part_table(stream, "excepted until", &partner->exceptions, NULL);
    part_table(stream, "exempt by", &partner->exemptions, NULL);
    fputs("</section>\n", stream);
}

static void details(FILE *stream, const struct summary *summary, const struct partner_summary **worst)
{
    fputs("<h2 id=d>Details</h2>\n", stream);
    if (summary->partners > DETAILS)
        fprintf(stream,
                "<p class=mut>Of the %d partners with most failures. A report with --partner has those of "
                "any.</p>\n",
                DETAILS);
    for (size_t i = 0; i < summary->partners && i < DETAILS; i++)
        details_of(stream, summary, worst[i]);
}

/* ---- what the evidence covers ---- */

static void cover_row(FILE *stream, const char *gateway, int64_t from, int64_t until)
{
    char text[2][STAMP_TEXT_SIZE];

    stamp_format(from, text[0]);
    stamp_format(until, text[1]);
    fputs("<tr><th scope=row>", stream);
    html_text(stream, gateway);
    fprintf(stream, "<td>%s<td>%s<td>", text[0], until == STAMP_NONE ? "in force" : text[1]);
}

static void cover(FILE *stream, const struct summary *summary)
{
    fputs("<h2 id=g>Gaps and policies</h2>\n<div class=scroll><table><thead><tr><th scope=col>gateway<th "
          "scope=col>from"
          "<th scope=col>until<th scope=col>what</thead>\n",
          stream);
    for (size_t i = 0; i < summary->gaps; i++) {
        const struct gap *gap = &summary->gap[i];

        cover_row(stream, gap->gateway, gap->from, gap->until);
        if (gap->kind == GAP_LOST)
            fprintf(stream, "%" PRIu64 " line%s of the log %s: %s missing\n", gap->lines,
                    gap->lines == 1 ? "" : "s", gap->lines == 1 ? "is lost" : "are lost",
                    gap->lines == 1 ? "its number is" : "their numbers are");
        else
            fputs("the filter did not run\n", stream);
    }
    for (size_t i = 0; i < summary->policies; i++) {
        cover_row(stream, summary->policy[i].gateway, summary->policy[i].from, summary->policy[i].until);
        fputs("policy <code>", stream);
        html_text(stream, summary->policy[i].digest);
        fputs("</code>\n", stream);
    }
    fputs("</table></div>\n", stream);
    if (summary->gaps == 0)
        fputs("<p>No gaps are known.</p>\n", stream);
    fprintf(stream,
            "<p>Lines that cannot be read: %" PRIu64 ". Lines of others in the filter's name: %" PRIu64
            ". Lines of the future: %" PRIu64 ". Lines with the number of another one: %" PRIu64 ".</p>\n",
            summary->counter[COUNTER_UNREADABLE], summary->counter[COUNTER_FOREIGN],
            summary->counter[COUNTER_FUTURE], summary->counter[COUNTER_CONFLICTING]);
}

/* Writes the SHA-256 of the same report as JSON. */
static void digest(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    unsigned char octets[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (memory == NULL)
        return;
    (void)report_json(memory, summary, request);
    if (fclose(memory) == 0 && EVP_Digest(text, size, octets, &length, EVP_sha256(), NULL) == 1) {
        fputs(" SHA-256 of the same report as JSON: <code>", stream);
        for (unsigned i = 0; i < length; i++)
            fprintf(stream, "%02x", octets[i]);
        fputs("</code>", stream);
    }
    free(text);
}

static void foot(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    fputs(
        "<footer><p class=mut>Mails are judged mails: passed, failed, undecidable, excepted. Met: passed or "
        "excepted. Failed: failed or undecidable. Refused: answered 4xx or 5xx; each try of a mail counts. "
        "Times are "
        "UTC. This page has no addresses of senders and recipients.",
        stream);
    digest(stream, summary, request);
    fputs("</p></footer></html>\n", stream);
}

int report_html(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    const struct partner_summary **worst = sort_worst(summary);
    bool good = worst != NULL;

    if (good) {
        head(stream, summary, request);
        answer(stream, summary, request);
        tiles(stream, summary);
        attention(stream, summary, worst);
        good = course_of_all(stream, summary);
        all_partners(stream, summary);
        details(stream, summary, worst);
        cover(stream, summary);
        foot(stream, summary, request);
    }
    free((void *)worst);
    return good ? 0 : -1;
}
