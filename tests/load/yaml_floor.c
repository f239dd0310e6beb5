/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a file with libyaml and throws every event away: the least that loading a policy can cost. */
#include <stdbool.h>
#include <stdio.h>
#include <yaml.h>

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    yaml_parser_t parser;
    yaml_event_t event;
    bool ended = false;
    if (file == NULL || !yaml_parser_initialize(&parser))
        return 2;
    yaml_parser_set_input_file(&parser, file);
    while (!ended) {
        if (!yaml_parser_parse(&parser, &event))
            return 1;
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    fclose(file);
    return 0;
}
