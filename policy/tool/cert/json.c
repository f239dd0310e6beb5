/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate as JSON: everything that is shown to people, under names that scripts can count on. */
#include <stdlib.h>
#include "policy/names/date.h"
#include "policy/tool/cert/cert.h"

static void list(struct json *json, const char *key, const struct texts *texts)
{
    json_open_list(json, key);
    for (size_t i = 0; i < texts->count; i++)
        json_string(json, texts->text[i]);
    json_close(json, ']');
}

static void dates(struct json *json, const struct certificate_view *view)
{
    static const char *const names[] = {"valid", "not_yet_valid", "expired"};
    char text[32];

    date_format_whole(view->not_before, text);
    json_member(json, "not_before", text);
    date_format_whole(view->not_after, text);
    json_member(json, "not_after", text);
    json_member(json, "validity", names[view->validity]);
    json_key(json, "days_left");
    if (view->validity == EXPIRED)
        json_string(json, NULL);
    else
        json_number(json, (size_t)view->days_left);
}

static void answers(struct json *json, const struct certificate_view *view)
{
    json_open_list(json, "online");
    for (size_t i = 0; i < view->answer_count; i++) {
        json_open(json, '{');
        json_member(json, "kind", view->answer[i].ocsp ? "ocsp" : "crl");
        json_member(json, "url", view->answer[i].url);
        json_member(json, "answer", answer_name(view->answer[i].answer));
        json_member(json, "text", view->answer[i].text);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void trust(struct json *json, const struct certificate_view *view)
{
    json_member_bool(json, "self_signed", view->self_signed);
    json_member_bool(json, "trusted", view->trusted);
    json_member(json, "trust", view->trust);
    list(json, "chain", &view->chain);
    json_member(json, "missing", view->missing);
    list(json, "missing_at", &view->missing_at);
}

void cert_show_json(const struct certificate_view *view, struct json *json)
{
    char *yaml = cert_yaml(view);

    json_open(json, '{');
    json_member(json, "source", view->source);
    json_member(json, "place", view->place);
    json_member(json, "session", view->session);
    json_member(json, "root_issuer", view->root);
    json_member(json, "issuer", view->issuer);
    json_member(json, "issuer_note", view->issuer_note);
    json_member(json, "common_name", view->common_name);
    json_member(json, "organisation", view->organisation);
    json_member(json, "unit", view->unit);
    json_member(json, "serial", view->serial);
    json_member(json, "key", view->key);
    json_member_number(json, "key_bits", view->key_bits > 0 ? (size_t)view->key_bits : 0);
    json_member(json, "signature", view->signature);
    dates(json, view);
    list(json, "names", &view->names);
    list(json, "key_usage", &view->usages);
    list(json, "extended_key_usage", &view->extended_usages);
    json_member_bool(json, "seen_by_postfix", view->for_clients);
    json_member(json, "seen_by_postfix_why", view->for_clients_why);
    json_member(json, "fingerprint", view->fingerprint);
    json_member(json, "key_fingerprint", view->key_fingerprint);
    list(json, "crl", &view->crls);
    list(json, "ocsp", &view->ocsps);
    answers(json, view);
    trust(json, view);
    json_member(json, "shared_by", view->provider != NULL ? view->provider->name : NULL);
    json_member(json, "shared_note", view->provider != NULL ? view->provider->note : NULL);
    json_member(json, "yaml", yaml);
    json_close(json, '}');
    free(yaml);
}
