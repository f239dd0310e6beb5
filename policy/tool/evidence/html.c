/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes parts of HTML and SVG. Bars have patterns as well as colours, and a table repeats what a chart
 * shows. Charts are stretched to the width of the page. Their labels are HTML, so labels keep their size.
 */
#include "policy/tool/evidence/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/text.h"

enum {
    HEIGHT = 180,
    SPARK_HEIGHT = 22,
    WIDTH = 1100,
    SLOT_LEAST = 10,
    SLOT_MOST = 40,
    FRAME = 56,
    FRAME_LEAST = 224
};

void html_text(FILE *stream, const char *text)
{
    char *printable = text_printable(text);

    for (const char *at = printable != NULL ? printable : ""; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            fputs("&amp;", stream);
            break;
        case '<':
            fputs("&lt;", stream);
            break;
        case '>':
            fputs("&gt;", stream);
            break;
        case '"':
            fputs("&quot;", stream);
            break;
        case '\'':
            fputs("&#39;", stream);
            break;
        default:
            fputc(*at, stream);
        }
    }
    free(printable);
}

void html_lines(FILE *stream, const char *text)
{
    char *copy = strdup(text), *rest = copy, *line;

    while (copy != NULL && (line = strsep(&rest, "\n")) != NULL) {
        html_text(stream, line);
        fputs(rest != NULL ? "<br>" : "", stream);
    }
    free(copy);
}

void html_number(FILE *stream, int64_t number)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRId64, number);

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            fputs("\u202f", stream);
        fputc(digits[i], stream);
    }
}

void html_bucket(FILE *stream, const struct summary *summary, size_t bucket)
{
    char text[STAMP_TEXT_SIZE];

    stamp_format_short(summary->course_begin + (int64_t)bucket * summary->bucket, text);
    if (summary->bucket == STAMP_HOUR)
        fputs(text + 5, stream);
    else
        fprintf(stream, "%.10s", text);
}

/* ---- charts ---- */

static const struct class_style {
    enum tls_class class;
    const char *name, *fill;
} styles[] = {
    {CLASS_1_3, "TLS 1.3", "var(--ok)"},         {CLASS_1_2, "TLS 1.2", "url(#m)"},
    {CLASS_OLD, "TLS 1.1 and older", "url(#o)"}, {CLASS_NONE, "no TLS", "url(#n)"},
    {CLASS_UNKNOWN, "not known", "var(--line)"},
};
enum { STYLES = sizeof styles / sizeof *styles };

void chart_definitions(FILE *stream)
{
    fputs(
        "<svg width=0 height=0 class=off aria-hidden=true><defs>"
        "<pattern id=h width=5 height=5 patternUnits=userSpaceOnUse patternTransform='rotate(45)'>"
        "<rect width=5 height=5 fill='var(--bad)'/><rect width=2 height=5 fill='var(--bg)'/></pattern>"
        "<pattern id=m width=4 height=4 patternUnits=userSpaceOnUse><rect width=4 height=4 fill='var(--ok)'/>"
        "<rect width=4 height=1.5 fill='var(--bg)'/></pattern>"
        "<pattern id=o width=6 height=6 patternUnits=userSpaceOnUse><rect width=6 height=6 "
        "fill='var(--mut)'/>"
        "<circle cx=3 cy=3 r=1.5 fill='var(--bg)'/></pattern>"
        "<pattern id=n width=5 height=5 patternUnits=userSpaceOnUse patternTransform='rotate(-45)'>"
        "<rect width=5 height=5 fill='var(--bad)'/><rect width=2.5 height=5 fill='var(--soft)'/></pattern>"
        "</defs></svg>\n",
        stream);
}

/*
 * Returns the width of a bar with the space beside it. It is the same on the page, so patterns are not
 * stretched.
 */
static size_t slot_of(const struct summary *summary)
{
    size_t slot = WIDTH / summary->buckets;

    return slot < SLOT_LEAST ? SLOT_LEAST : slot > SLOT_MOST ? SLOT_MOST : slot;
}

/* Returns the height of a bar for `mails`, if `most` have the full height. */
static double share_of_height(int64_t mails, int64_t most)
{
    return (double)mails * (double)HEIGHT / (double)most;
}

/* Draws a bar of that height above `bottom`, as part of a path. */
static void draw_bar(FILE *stream, size_t slot, size_t bucket, double bottom, double height)
{
    bool at_foot = bottom == (double)HEIGHT; /* most bars are; a shorter number makes a shorter page */

    fprintf(stream, "M%zu %.*fh%zuv-%.1fh-%zuz", slot * bucket + 1, at_foot ? 0 : 1, bottom, slot - 2, height,
            slot - 2);
}

static int64_t most_mails(const struct summary *summary, const struct sums *course)
{
    int64_t most = 1;

    for (size_t i = 0; i < summary->buckets; i++)
        if (course[i].mails > most)
            most = course[i].mails;
    return most;
}

static int64_t most_failures(const struct summary *summary, const struct sums *course)
{
    int64_t most = 0;

    for (size_t i = 0; i < summary->buckets; i++)
        if (course[i].fail + course[i].undecidable > most)
            most = course[i].fail + course[i].undecidable;
    return most;
}

/* Draws the bars of one class in all buckets as one path, each on top of those of the earlier classes. */
static void draw_class(FILE *stream, const struct summary *summary, const struct sums *course, size_t style)
{
    int64_t most = most_mails(summary, course);
    bool any = false;

    for (size_t i = 0; i < summary->buckets; i++) {
        int64_t below = 0, here = course[i].tls[styles[style].class];
        double height = share_of_height(here, most);

        for (size_t k = 0; k < style; k++)
            below += course[i].tls[styles[k].class];
        if (here == 0)
            continue;
        if (!any)
            fprintf(stream, "<path fill='%s' d='", styles[style].fill);
        draw_bar(stream, slot_of(summary), i, (double)HEIGHT - share_of_height(below, most), height);
        any = true;
    }
    if (any)
        fputs("'/>\n", stream);
}

/* Draws invisible bars of full height, whose titles have the numbers. */
static void draw_titles(FILE *stream, const struct summary *summary, const struct sums *course)
{
    size_t slot = slot_of(summary);

    for (size_t i = 0; i < summary->buckets; i++) {
        fprintf(stream, "<rect x=%zu width=%zu height=%d fill=transparent><title>", slot * i, slot, HEIGHT);
        html_bucket(stream, summary, i);
        fputs(": ", stream);
        html_number(stream, course[i].mails);
        fputs(" mails, ", stream);
        html_number(stream, course[i].fail + course[i].undecidable);
        fputs(" failed</title></rect>\n", stream);
    }
}

static const char *bucket_name(const struct summary *summary)
{
    return summary->bucket == STAMP_HOUR ? "an hour" : summary->bucket == STAMP_DAY ? "a day" : "a week";
}

/* Begins a chart, with its numbers at the left; end_frame() writes the times below it. */
static void begin_frame(FILE *stream, const struct summary *summary, int64_t most)
{
    size_t width = slot_of(summary) * summary->buckets + FRAME;

    if (width < WIDTH)
        fprintf(stream, "<div class=chart style=max-width:%zupx>", width > FRAME_LEAST ? width : FRAME_LEAST);
    else
        fputs("<div class=chart>", stream);
    fputs("<div class=ya><span>", stream);
    html_number(stream, most);
    fputs("</span><span>0</span></div>", stream);
}

static void end_frame(FILE *stream, const struct summary *summary)
{
    fputs("<div class=xa><span>", stream);
    html_bucket(stream, summary, 0);
    if (summary->buckets > 1) {
        fputs("</span><span>", stream);
        html_bucket(stream, summary, summary->buckets - 1);
    }
    fputs("</span></div></div>\n", stream);
}

static void legend(FILE *stream, const struct summary *summary)
{
    fputs("<p class=legend>", stream);
    for (size_t i = 0; i < STYLES; i++)
        if (summary->sums.tls[styles[i].class] > 0)
            fprintf(
                stream,
                "<span><svg width=14 height=14 aria-hidden=true><rect width=14 height=14 fill='%s'/></svg> "
                "%s</span> ",
                styles[i].fill, styles[i].name);
    fputs("</p>\n", stream);
}

static void draw_failures(FILE *stream, const struct summary *summary, const struct sums *course,
                          const char *name)
{
    int64_t most = most_failures(summary, course);

    if (most == 0)
        return;
    fprintf(stream, "<p>Failures %s</p>", bucket_name(summary));
    begin_frame(stream, summary, most);
    fprintf(stream,
            "<svg class=low preserveAspectRatio=none viewBox='0 0 %zu %d' role=img><title>Failures %s of ",
            slot_of(summary) * summary->buckets, HEIGHT, bucket_name(summary));
    html_text(stream, name);
    fputs("</title><path fill='url(#h)' d='", stream);
    for (size_t i = 0; i < summary->buckets; i++) {
        int64_t failures = course[i].fail + course[i].undecidable;

        if (failures > 0)
            draw_bar(stream, slot_of(summary), i, (double)HEIGHT, share_of_height(failures, most));
    }
    fputs("'/></svg>", stream);
    end_frame(stream, summary);
}

void chart_course(FILE *stream, const struct summary *summary, const struct sums *course, const char *name,
                  bool large)
{
    fprintf(stream, "<figure><p>Mails %s, by version of TLS</p>\n", bucket_name(summary));
    if (large)
        legend(stream, summary);
    begin_frame(stream, summary, most_mails(summary, course));
    fprintf(stream,
            "<svg class=%s preserveAspectRatio=none viewBox='0 0 %zu %d' role=img><title>Mails %s of ",
            large ? "big" : "mid", slot_of(summary) * summary->buckets, HEIGHT, bucket_name(summary));
    html_text(stream, name);
    fputs(" by version of TLS</title>\n", stream);
    for (size_t style = 0; style < STYLES; style++)
        draw_class(stream, summary, course, style);
    if (large)
        draw_titles(stream, summary, course);
    fputs("</svg>", stream);
    end_frame(stream, summary);
    draw_failures(stream, summary, course, name);
    fputs("</figure>\n", stream);
}

void chart_table(FILE *stream, const struct summary *summary, const struct sums *course)
{
    fputs("<details class=paper><summary>The same as a table</summary><div class=scroll><table><thead><tr>"
          "<th scope=col>from (UTC)<th scope=col class=n>mails<th scope=col class=n>failed",
          stream);
    for (size_t i = 0; i < STYLES; i++)
        fprintf(stream, "<th scope=col class=n>%s", styles[i].name);
    fputs("</thead>\n", stream);
    for (size_t i = 0; i < summary->buckets; i++) {
        if (course[i].mails == 0)
            continue;
        fputs("<tr><th scope=row class=d>", stream);
        html_bucket(stream, summary, i);
        fputs("<td class=n>", stream);
        html_number(stream, course[i].mails);
        fputs("<td class=n>", stream);
        html_number(stream, course[i].fail + course[i].undecidable);
        for (size_t k = 0; k < STYLES; k++) {
            fputs("<td class=n>", stream);
            html_number(stream, course[i].tls[styles[k].class]);
        }
        fputc('\n', stream);
    }
    fputs("</table></div></details>\n", stream);
}

void chart_spark(FILE *stream, const struct summary *summary, const struct sums *course)
{
    int64_t most = most_mails(summary, course);
    int before = 0;
    bool any = false;

    fprintf(stream,
            "<svg class=spark viewBox='0 0 %zu %d' preserveAspectRatio=none aria-hidden=true><path d='",
            2 * summary->buckets, SPARK_HEIGHT + 1);
    for (size_t i = 0; i < summary->buckets; i++) {
        int height = SPARK_HEIGHT - (int)(course[i].mails * (SPARK_HEIGHT - 2) / most);

        if (i == 0)
            fprintf(stream, "M0 %d", height);
        else /* each segment continues the last one, which is shorter to write */
            fprintf(stream, "%c2%s%d", i == 1 ? 'l' : ' ', height < before ? "" : " ", height - before);
        before = height;
    }
    fputs("' class=sl />", stream);
    for (size_t i = 0; i < summary->buckets; i++) {
        int64_t failures = course[i].fail + course[i].undecidable;

        if (failures == 0)
            continue;
        fprintf(stream, "%sM%zu %dv-%d", any ? "" : "<path d='", 2 * i, SPARK_HEIGHT + 1,
                2 + (int)(failures * (SPARK_HEIGHT - 2) / course[i].mails));
        any = true;
    }
    fputs(any ? "' class=sf /></svg>" : "</svg>", stream);
}
