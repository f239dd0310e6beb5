/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of forcetls-milter(8). Knows the options and the answers to -V and to mistakes; main.c
 * does what the options say.
 */
#include "milter/options.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>
#include "milter/drain.h"
#include "milter/notify.h"
#include "policy/names/scalar.h"

static int usage(const struct options *options, const char *what)
{
    if (options->to_journal) {
        fprintf(stderr,
                "event=error text=\"%s; usage: forcetls-milter [-et] [-c file] [-d seconds] [-s socket]\"\n",
                what);
        return EX_USAGE;
    }
    fputs("usage: forcetls-milter [-et] [-c file] [-d seconds] [-s socket]\n"
          "       forcetls-milter -V\n",
          stderr);
    return EX_USAGE;
}

int options_read(struct options *options, int argc, char **argv)
{
    struct options read = {.policy = POLICY_FILE, .drain_seconds = DRAIN_SECONDS};
    int option;

    read.to_journal = notify_reads_stderr();
    opterr = !read.to_journal;
    while ((option = getopt(argc, argv, "c:d:es:tV")) != -1) {
        switch (option) {
        case 'c':
            read.policy = optarg;
            break;
        case 'd':
            if (scalar_number(optarg, DRAIN_SECONDS_MAX, &read.drain_seconds))
                break;
            if (!read.to_journal)
                fprintf(stderr, "forcetls-milter: -d: '%s' is not a number of seconds up to %d\n", optarg,
                        DRAIN_SECONDS_MAX);
            return usage(&read, "-d takes a number of seconds");
        case 'e':
            read.to_stderr = true;
            break;
        case 's':
            read.socket = optarg;
            break;
        case 't':
            read.check = true;
            break;
        case 'V':
            puts(PACKAGE_STRING);
            return EX_OK;
        default:
            return usage(&read, "an unknown option or a missing argument");
        }
    }
    if (optind != argc) {
        if (!read.to_journal)
            fprintf(stderr, "forcetls-milter: '%s' is one argument too many\n", argv[optind]);
        return usage(&read, "an argument too many");
    }
    *options = read;
    return -1;
}
