/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of forcetls-milter(8). Knows the options and the answers to
 * -V and to mistakes; what the options lead to is main.c's affair.
 */
#include "milter/options.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static int usage(void)
{
    fputs("usage: forcetls-milter [-et] [-c file] [-s socket]\n"
          "       forcetls-milter -V\n",
          stderr);
    return EX_USAGE;
}

int options_read(struct options *options, int argc, char **argv)
{
    struct options read = {.policy = POLICY_FILE};
    int option;
    while ((option = getopt(argc, argv, "c:es:tV")) != -1) {
        switch (option) {
        case 'c':
            read.policy = optarg;
            break;
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
            return usage();
        }
    }
    if (optind != argc) {
        fprintf(stderr, "forcetls-milter: '%s' is one argument too many\n", argv[optind]);
        return usage();
    }
    *options = read;
    return -1;
}
