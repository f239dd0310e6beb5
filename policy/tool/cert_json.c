/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate as JSON: everything that is shown to people, under names that scripts can count on. */
#include <stdlib.h>
#include "policy/names/date.h"
#include "policy/tool/cert/cert.h"

static void member(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_string(json, text);
}

static void flag(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

static void list(struct json *json, const char *key, const struct texts *texts)
{
    json_key(json, key);
    json_open(json, '[');
    for (size_t i = 0; i < texts->count; i++)
        json_string(json, texts->text[i]);
    json_close(json, ']');
}

static void dates(struct json *json, const struct certificate_view *view)
{
    static const char *const names[] = {"valid", "not_yet_valid", "expired"};
    char text[32];

    date_format_whole(view->not_before, text);
    member(json, "not_before", text);
    date_format_whole(view->not_after, text);
    member(json, "not_after", text);
    member(json, "validity", names[view->validity]);
    json_key(json, "days_left");
    if (view->validity == EXPIRED)
        json_string(json, NULL);
    else
        json_number(json, (size_t)view->days_left);
}

static void answers(struct json *json, const struct certificate_view *view)
{
    json_key(json, "online");
    json_open(json, '[');
    for (size_t i = 0; i < view->answer_count; i++) {
        json_open(json, '{');
        member(json, "kind", view->answer[i].ocsp ? "ocsp" : "crl");
        member(json, "url", view->answer[i].url);
        member(json, "answer", answer_name(view->answer[i].answer));
        member(json, "text", view->answer[i].text);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void trust(struct json *json, const struct certificate_view *view)
{
    flag(json, "self_signed", view->self_signed);
    flag(json, "trusted", view->trusted);
    member(json, "trust", view->trust);
    list(json, "chain", &view->chain);
    member(json, "missing", view->missing);
    list(json, "missing_at", &view->missing_at);
}

void cert_show_json(const struct certificate_view *view, struct json *json)
{
    char *yaml = cert_yaml(view);

    json_open(json, '{');
    member(json, "source", view->source);
    member(json, "place", view->place);
    member(json, "session", view->session);
    member(json, "root_issuer", view->root);
    member(json, "issuer", view->issuer);
    member(json, "issuer_note", view->issuer_note);
    member(json, "common_name", view->common_name);
    member(json, "organisation", view->organisation);
    member(json, "unit", view->unit);
    member(json, "serial", view->serial);
    member(json, "key", view->key);
    json_key(json, "key_bits");
    json_number(json, view->key_bits > 0 ? (size_t)view->key_bits : 0);
    member(json, "signature", view->signature);
    dates(json, view);
    list(json, "names", &view->names);
    list(json, "key_usage", &view->usages);
    list(json, "extended_key_usage", &view->extended_usages);
    flag(json, "seen_by_postfix", view->for_clients);
    member(json, "seen_by_postfix_why", view->for_clients_why);
    member(json, "fingerprint", view->fingerprint);
    member(json, "key_fingerprint", view->key_fingerprint);
    list(json, "crl", &view->crls);
    list(json, "ocsp", &view->ocsps);
    answers(json, view);
    trust(json, view);
    member(json, "shared_by", view->provider ? view->provider->name : NULL);
    member(json, "shared_note", view->provider ? view->provider->note : NULL);
    member(json, "yaml", yaml);
    json_close(json, '}');
    free(yaml);
}
