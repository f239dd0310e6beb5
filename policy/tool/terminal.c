/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks the system about the terminal behind a stream. Writes nothing. */
#include "policy/tool/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned terminal_width(FILE *stream)
{
    struct winsize size;

    if (!isatty(fileno(stream)) || ioctl(fileno(stream), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

int terminal_fold(FILE *stream, int most)
{
    unsigned width = terminal_width(stream);

    return width > 0 && width < (unsigned)most ? (int)width : most;
}

bool terminal_colour(FILE *stream)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return isatty(fileno(stream)) && (none == NULL || *none == '\0') && terminal != NULL
           && strcmp(terminal, "dumb") != 0;
}
