/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a summary as CSV (RFC 4180), with a row per partner and day. A value that a spreadsheet might run as
 * a formula gets a leading '.
 */
#include <inttypes.h>
#include <string.h>
#include "policy/tool/evidence/report.h"
#include "policy/tool/evidence/stamp.h"

static void cell(FILE *stream, const char *text)
{
    bool quoted = strpbrk(text, "\",\r\n") != NULL;

    if (quoted)
        fputc('"', stream);
    if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
        fputc('\'', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    if (quoted)
        fputc('"', stream);
}

static void row(FILE *stream, const struct partner_summary *partner, const char *day, const struct sums *sums)
{
    const int64_t numbers[] = {sums->mails,
                               sums->pass,
                               sums->fail,
                               sums->undecidable,
                               sums->excepted,
                               sums->exempt,
                               sums->refused,
                               sums->would_fail,
                               sums->tls[CLASS_NONE],
                               sums->tls[CLASS_OLD],
                               sums->tls[CLASS_1_2],
                               sums->tls[CLASS_1_3],
                               sums->tls[CLASS_UNKNOWN]};

    fprintf(stream, "%.10s,", day);
    cell(stream, partner->name);
    fputc(',', stream);
    cell(stream, partner->direction);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        fprintf(stream, ",%" PRId64, numbers[i]);
    fputs("\r\n", stream);
}

int report_csv(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    (void)request;
    fputs("day,partner,direction,mails,pass,fail,undecidable,excepted,exempt,refused,would_fail,tls_none,tls_"
          "old,"
          "tls_1_2,tls_1_3,tls_unknown\r\n",
          stream);
    for (size_t bucket = 0; bucket < summary->buckets; bucket++) {
        char day[STAMP_TEXT_SIZE];

        stamp_format(summary->course_begin + (int64_t)bucket * summary->bucket, day);
        for (size_t i = 0; i < summary->partners; i++) {
            const struct sums *sums =
                summary->partner[i].course != NULL ? &summary->partner[i].course[bucket] : NULL;

            if (sums != NULL && sums->mails + sums->exempt > 0)
                row(stream, &summary->partner[i], day, sums);
        }
    }
    return 0;
}
