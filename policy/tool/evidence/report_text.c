/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a summary as text: a sentence, a table of partners, their failures, gaps and policies. */
#include <inttypes.h>
#include <string.h>
#include "policy/tool/evidence/report.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/table.h"

enum { CELL = 128, TLS_SHOWN = 6 };

static void format_number(int64_t number, char text[CELL])
{
    snprintf(text, CELL, "%" PRId64, number);
}

static void format_certificates(const struct parts *parts, char text[CELL])
{
    if (parts->count == 0)
        text[0] = '\0';
    else if (parts->count == 1)
        snprintf(text, CELL, "%.100s", parts->part[0].name);
    else
        snprintf(text, CELL, "%.80s and %zu more", parts->part[0].name, parts->count - 1);
}

/* Writes "TLSv1.3 98.1 %, none 1.9 %". */
static void format_tls(const struct partner_summary *partner, char text[CELL])
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < partner->tls.count && i < TLS_SHOWN; i++) {
        char share[16];
        int more;

        report_share(partner->tls.part[i].mails, partner->sums.mails, share);
        more = snprintf(text + length, CELL - length, "%s%.20s %s", i ? ", " : "", partner->tls.part[i].name,
                        share);
        length += more > 0 && (size_t)more < CELL - length ? (size_t)more : 0;
    }
}

static void partner_row(struct table *table, const struct partner_summary *partner, bool outbound)
{
    const struct sums *sums = &partner->sums;
    const int64_t numbers[] = {sums->mails,    sums->pass,    sums->fail,       sums->undecidable,
                               sums->excepted, sums->refused, sums->would_fail, sums->exempt};
    char cell[8][CELL], tls[CELL], certificates[CELL];

    for (size_t i = 0; i < 8; i++)
        format_number(numbers[i], cell[i]);
    format_tls(partner, tls);
    format_certificates(&partner->certificates, certificates);
    table_row(table, (const char *const[]){*partner->name ? partner->name : "(none)",
                                           outbound ? partner->direction : NULL, cell[0], cell[1], cell[2],
                                           cell[3], cell[4], cell[5], cell[6], cell[7], tls, certificates});
}

/* Whether there is mail to partners: if so, the direction is shown. */
static bool has_outbound(const struct summary *summary)
{
    for (size_t i = 0; i < summary->partners; i++)
        if (summary->partner[i].direction[0] == 'o')
            return true;
    return false;
}

static int partner_table(FILE *stream, const struct summary *summary)
{
    struct table *table = table_new(12, 0);
    bool outbound = has_outbound(summary);

    table_row(table, (const char *const[]){"PARTNER", outbound ? "DIRECTION" : NULL, "MAILS", "PASS", "FAIL",
                                           "UNDECIDABLE", "EXCEPTED", "REFUSED", "WOULD FAIL", "EXEMPT",
                                           "TLS", "CERTIFICATE"});
    for (size_t i = 0; i < summary->partners; i++)
        partner_row(table, &summary->partner[i], outbound);
    return table_print(table, stream);
}

static void part_row(struct table *table, const char *partner, const char *direction, const struct part *part,
                     const char *note)
{
    char mails[CELL], first[STAMP_TEXT_SIZE], last[STAMP_TEXT_SIZE];

    format_number(part->mails, mails);
    stamp_format_short(part->first, first);
    stamp_format_short(part->last, last);
    table_row(table, (const char *const[]){partner, direction, part->name, mails, first, last, note});
}

static int failure_table(FILE *stream, const struct summary *summary)
{
    struct table *table = table_new(7, 0);
    bool outbound = has_outbound(summary);

    fputs("\nFailures\n", stream);
    table_row(table, (const char *const[]){"PARTNER", outbound ? "DIRECTION" : NULL, "REASON", "MAILS",
                                           "FIRST", "LAST", "WHAT TO DO"});
    for (size_t i = 0; i < summary->partners; i++)
        for (size_t k = 0; k < summary->partner[i].reasons.count; k++) {
            const struct part *part = &summary->partner[i].reasons.part[k];

            part_row(table, summary->partner[i].name, outbound ? summary->partner[i].direction : NULL, part,
                     report_advice(summary->partner[i].direction, part->name));
        }
    return table_print(table, stream);
}

/* Prints, for one partner, the certificates, and what was excepted and exempt. */
static int detail_table(FILE *stream, const struct partner_summary *partner, bool outbound)
{
    static const char *const titles[] = {"Certificates", "Excepted, by the end of the exception",
                                         "Exempt, by why"};
    const struct parts *const parts[] = {&partner->certificates, &partner->exceptions, &partner->exemptions};
    int answer = 0;

    for (size_t i = 0; i < 3 && answer == 0; i++) {
        struct table *table;

        if (parts[i]->count == 0)
            continue;
        fprintf(stream, "\n%s%s%s\n", titles[i], outbound ? ", " : "", outbound ? partner->direction : "");
        table = table_new(7, 0);
        table_row(table, (const char *const[]){NULL, NULL, "NAME", "MAILS", "FIRST", "LAST",
                                               i == 0 ? "ISSUER" : NULL});
        for (size_t k = 0; k < parts[i]->count; k++)
            part_row(table, NULL, NULL, &parts[i]->part[k], parts[i]->part[k].more);
        answer = table_print(table, stream);
    }
    return answer;
}

/* Prints "Rule for 9 mails, 2026-11-02 10:00 to 2026-11-28 12:00", its policies and its lines. */
static void show_rules(FILE *stream, const struct partner_summary *partner, bool outbound)
{
    const char *direction = !outbound                      ? ""
                            : partner->direction[0] == 'o' ? " to the partner"
                                                           : " from the partner";

    for (size_t i = 0; i < partner->rules.count; i++) {
        const struct part *rule = &partner->rules.part[i];
        char first[STAMP_TEXT_SIZE], last[STAMP_TEXT_SIZE];

        stamp_format_short(rule->first, first);
        stamp_format_short(rule->last, last);
        fprintf(stream, "\nRule for %" PRId64 " mail%s%s, %s to %s\n  policy: %s\n", rule->mails,
                rule->mails == 1 ? "" : "s", direction, first, last,
                *rule->extra ? rule->extra : "not logged");
        if (*rule->name == '\0')
            fputs("  not known: no record was given this policy\n", stream);
        for (const char *line = rule->name; *line != '\0';) {
            size_t length = strcspn(line, "\n");

            fprintf(stream, "  %.*s\n", (int)length, line);
            line += length + (line[length] != '\0');
        }
    }
}

static int gap_table(FILE *stream, const struct summary *summary)
{
    struct table *table = table_new(4, 0);

    fputs("\nGaps\n", stream);
    table_row(table, (const char *const[]){"GATEWAY", "WHAT", "FROM", "UNTIL"});
    for (size_t i = 0; i < summary->gaps; i++) {
        const struct gap *gap = &summary->gap[i];
        char what[CELL], from[STAMP_TEXT_SIZE], until[STAMP_TEXT_SIZE];

        if (gap->kind == GAP_LOST)
            snprintf(what, CELL, "%" PRIu64 " %s lost", gap->lines,
                     gap->lines == 1 ? "line is" : "lines are");
        stamp_format(gap->from, from);
        stamp_format(gap->until, until);
        table_row(table,
                  (const char *const[]){gap->gateway, gap->kind == GAP_LOST ? what : "the filter did not run",
                                        from, until});
    }
    return table_print(table, stream);
}

static int policy_table(FILE *stream, const struct summary *summary)
{
    struct table *table = table_new(4, 0);

    fputs("\nPolicies\n", stream);
    table_row(table, (const char *const[]){"GATEWAY", "DIGEST", "FROM", "UNTIL"});
    for (size_t i = 0; i < summary->policies; i++) {
        const struct policy_span *span = &summary->policy[i];
        char from[STAMP_TEXT_SIZE], until[STAMP_TEXT_SIZE];

        stamp_format(span->from, from);
        stamp_format(span->until, until);
        table_row(table, (const char *const[]){span->gateway, span->digest, from,
                                               span->until == STAMP_NONE ? "in force" : until});
    }
    return table_print(table, stream);
}

static void show_head(FILE *stream, const struct summary *summary, bool failing)
{
    char since[STAMP_TEXT_SIZE], until[STAMP_TEXT_SIZE], share[16];
    const struct sums *sums = &summary->sums;

    stamp_format(summary->since, since);
    stamp_format(summary->until, until);
    if (summary->since == STAMP_NONE)
        fputs("Mail of partners", stream);
    else
        fprintf(stream, "Mail of partners from %s to %s", since, until);
    for (size_t i = 0; i < summary->gateways; i++) {
        fputs(i ? ", " : "\nGateway ", stream);
        text_show(stream, *summary->gateway[i] ? summary->gateway[i] : "unknown");
    }
    report_share(sums->pass + sums->excepted, sums->mails, share);
    if (sums->mails > 0)
        fprintf(stream, "\n%s of %" PRId64 " mail%s%s met what was agreed", share, sums->mails,
                sums->mails == 1 ? "" : "s", failing ? " of partners with failures" : "");
    else
        fprintf(stream, "\n%s", report_no_mail(failing));
    if (summary->numbered)
        fprintf(stream, "; %zu gap%s", summary->gaps, summary->gaps == 1 ? "" : "s");
    fprintf(stream, ".\n%s\n", report_source(summary));
}

/* Prints the parts of the period outside of the evidence, which are no gaps between lines. */
static void show_unknown(FILE *stream, const struct summary *summary, int64_t now)
{
    for (size_t i = 0; i < summary->covers; i++) {
        char text[REPORT_UNKNOWN_SIZE];

        if (!report_unknown(summary, &summary->cover[i], now, text))
            continue;
        fputs("Of gateway ", stream);
        text_show(stream, *summary->cover[i].gateway ? summary->cover[i].gateway : "unknown");
        fprintf(stream, " %s\n", text);
    }
}

static void show_counters(FILE *stream, const struct summary *summary)
{
    static const struct {
        const char *one, *several;
    } text[COUNTER_COUNT] = {
        {"line cannot be read", "lines cannot be read"},
        {"line was not written by the filter", "lines were not written by the filter"},
        {"line is of the future", "lines are of the future"},
        {"line has the number of another line, and does not count",
         "lines have the number of another line, and do not count"},
    };

    for (size_t i = 0; i < COUNTER_COUNT; i++)
        if (summary->counter[i] != 0)
            fprintf(stream, "%" PRIu64 " %s.\n", summary->counter[i],
                    summary->counter[i] == 1 ? text[i].one : text[i].several);
}

int report_text(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    bool failures = false, outbound = has_outbound(summary), one = false;
    int answer = 0;

    for (size_t i = 0; i < summary->partners; i++)
        failures |= summary->partner[i].reasons.count > 0;
    show_head(stream, summary, request->failing);
    show_unknown(stream, summary, request->now);
    show_counters(stream, summary);
    if (summary->partners > 0) {
        fputc('\n', stream);
        answer |= partner_table(stream, summary);
    }
    if (failures)
        answer |= failure_table(stream, summary);
    /* Partners are sorted by name. */
    if (summary->partners > 0)
        one = strcmp(summary->partner[0].name, summary->partner[summary->partners - 1].name) == 0;
    for (size_t i = 0; i < summary->partners && one; i++)
        answer |= detail_table(stream, &summary->partner[i], outbound);
    for (size_t i = 0; i < summary->partners && request->partners > 0; i++)
        show_rules(stream, &summary->partner[i], outbound);
    if (summary->gaps > 0)
        answer |= gap_table(stream, summary);
    if (summary->policies > 0)
        answer |= policy_table(stream, summary);
    return answer;
}
