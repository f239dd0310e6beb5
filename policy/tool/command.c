/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a program and collects its output, within a limit of time and of size. The caller knows what the
 * output means.
 */
#include "policy/tool/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT = 4 * 1024 * 1024, PATIENCE = 30 };

struct stream {
    int file;
    FILE *memory;
    size_t size, taken;
};

/* Returns a descriptor from which `input` can be read, or nothing if it is NULL. -1: it cannot be made. */
static int open_input(const char *input)
{
    size_t length = input != NULL ? strlen(input) : 0, written = 0;
    int file = input != NULL ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDWR | O_CLOEXEC);

    while (file >= 0 && written < length) {
        ssize_t count = write(file, input + written, length - written);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            close(file);
            return -1;
        }
        written += (size_t)count;
    }
    if (file >= 0 && input != NULL)
        lseek(file, 0, SEEK_SET);
    return file;
}

static void run_child(const char *const arguments[], int input, const int out[2], const int error[2])
{
    const char *path = getenv("PATH");
    char *wider = NULL;

    if (asprintf(&wider, "%s:/usr/sbin:/sbin:/usr/local/sbin", path != NULL ? path : "/usr/bin:/bin") < 0)
        _exit(127);
    setenv("PATH", wider, 1);
    setenv("LC_ALL", "C", 1);
    if (dup2(input, 0) < 0 || dup2(out[1], 1) < 0 || dup2(error[1], 2) < 0)
        _exit(127);
    execvp(arguments[0], (char *const *)arguments);
    _exit(127);
}

/* Reads what is available. False: end of file, an error, or too much. */
static bool take(struct stream *stream)
{
    char text[16384];
    ssize_t got = read(stream->file, text, sizeof text);

    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    stream->taken += (size_t)got;
    fwrite(text, 1, (size_t)got, stream->memory);
    return got > 0 && stream->taken < LIMIT;
}

/* Reads both streams to their ends. False: it took too long, or was too much. */
static bool collect(struct stream stream[2])
{
    time_t end = time(NULL) + PATIENCE;
    struct pollfd wait[2] = {{stream[0].file, POLLIN, 0}, {stream[1].file, POLLIN, 0}};

    while (wait[0].fd >= 0 || wait[1].fd >= 0) {
        int ready = poll(wait, 2, 1000);

        if ((ready < 0 && errno != EINTR) || time(NULL) > end)
            return false;
        for (int i = 0; i < 2 && ready > 0; i++)
            if (wait[i].revents != 0 && !take(&stream[i]))
                wait[i].fd = -1;
    }
    return stream[0].taken < LIMIT && stream[1].taken < LIMIT;
}

static bool await(pid_t child, bool whole)
{
    int status;

    if (!whole)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return whole && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct output command_run(const char *const arguments[])
{
    return command_run_with(arguments, NULL);
}

struct output command_run_with(const char *const arguments[], const char *input)
{
    struct output output = {NULL, NULL, false};
    int out[2] = {-1, -1}, error[2] = {-1, -1}, in = open_input(input);
    size_t size;
    pid_t child = -1;
    struct stream stream[2] = {{-1, open_memstream(&output.out, &size), 0, 0},
                               {-1, open_memstream(&output.error, &size), 0, 0}};

    if (in < 0 || stream[0].memory == NULL || stream[1].memory == NULL || pipe2(out, O_CLOEXEC) != 0
        || pipe2(error, O_CLOEXEC) != 0)
        goto out;
    child = fork();
    if (child == 0)
        run_child(arguments, in, out, error);
    if (child < 0)
        goto out;
    close(out[1]);
    close(error[1]);
    out[1] = error[1] = -1;
    stream[0].file = out[0];
    stream[1].file = error[0];
    output.good = await(child, collect(stream));
out:
    if (in >= 0)
        close(in);
    for (int i = 0; i < 2; i++) {
        if (out[i] >= 0)
            close(out[i]);
        if (error[i] >= 0)
            close(error[i]);
        if (stream[i].memory != NULL)
            fclose(stream[i].memory);
    }
    return output;
}

void output_free(struct output *output)
{
    free(output->out);
    free(output->error);
    *output = (struct output){NULL, NULL, false};
}
