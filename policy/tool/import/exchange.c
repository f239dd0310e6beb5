/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import exchange: connectors of Exchange Online and Exchange Server, as ConvertTo-Json prints the output of
 * Get-InboundConnector and Get-OutboundConnector. Knows what their properties mean.
 */
#include <string.h>
#include <strings.h>
#include "policy/names/network.h"
#include "policy/names/next_hop.h"
#include "policy/tool/import/json_read.h"

/* A connector being read. */
struct connector {
    struct import *import;
    const struct json_value *object;
    const struct origin *origin;
    struct draft *draft;
};

/* ---- properties ---- */

static void wrong_type(const struct connector *connector, const struct json_value *value, const char *wanted)
{
    import_error(connector->import, connector->origin->file, value->line, "%s must be %s",
                 value->key != NULL ? value->key : "an item", wanted);
}

static bool is_true(const struct connector *connector, const char *name, bool otherwise)
{
    const struct json_value *value = json_property(connector->object, name);

    if (value == NULL)
        return otherwise;
    if (value->kind == JSON_TRUE || value->kind == JSON_FALSE)
        return value->kind == JSON_TRUE;
    if (value->kind == JSON_STRING
        && (strcasecmp(value->text, "true") == 0 || strcasecmp(value->text, "false") == 0))
        return strcasecmp(value->text, "true") == 0;
    wrong_type(connector, value, "true or false");
    return otherwise;
}

/* Returns a text that is not empty. NULL: none. */
static const char *text_of(const struct connector *connector, const char *name)
{
    const struct json_value *value = json_property(connector->object, name);

    if (value == NULL)
        return NULL;
    if (value->kind == JSON_STRING)
        return *value->text ? value->text : NULL;
    wrong_type(connector, value,
               value->kind == JSON_NUMBER ? "a text; ConvertTo-Json -EnumsAsStrings writes words for numbers"
                                          : "a text");
    return NULL;
}

/*
 * Returns the first item of a list. The list may also be a single text, or the object with "value" and
 * "Count" that PowerShell 5 makes of a list. NULL: missing, empty, or wrong and reported.
 */
static const struct json_value *list_of(const struct connector *connector, const char *name)
{
    const struct json_value *value = json_property(connector->object, name), *items = value;

    if (value != NULL && value->kind == JSON_OBJECT && json_property(value, "value") != NULL)
        items = json_property(value, "value");
    if (items == NULL)
        return NULL;
    if (items->kind == JSON_STRING)
        return *items->text ? items : NULL;
    if (items->kind != JSON_ARRAY) {
        wrong_type(connector, value, "a list of texts");
        return NULL;
    }
    for (const struct json_value *item = items->first; item != NULL; item = item->next)
        if (item->kind != JSON_STRING) {
            wrong_type(connector, item, "a text; give ConvertTo-Json a greater -Depth");
            return NULL;
        }
    return items->first;
}

/* Returns the item after one of list_of(). NULL: none. */
static const struct json_value *item_after(const struct json_value *item)
{
    return item->key != NULL ? NULL : item->next; /* a single text is a member of its object */
}

/* Reports those of the named properties that are set but have no equivalent in a policy. */
static void note_without_equivalent(const struct connector *connector, const char *const names[])
{
    for (; *names != NULL; names++) {
        const struct json_value *value = json_property(connector->object, *names);

        if (value != NULL && value->kind != JSON_FALSE && !(value->kind == JSON_ARRAY && value->first == NULL)
            && !(value->kind == JSON_STRING && !*value->text))
            import_note(connector->origin, "%s has no equivalent", *names);
    }
}

/* ---- domains ---- */

/* Returns the domain of "smtp:contoso.com;1". NULL: an address space of another kind, reported. */
static const char *domain_of(const struct connector *connector, const char *text)
{
    size_t length;

    text += strspn(text, " ");
    if (strncasecmp(text, "smtp:", 5) == 0) {
        text += 5;
    } else if (strchr(text, ':') != NULL) {
        import_note(connector->origin, "\"%.255s\" has no equivalent: it is no address space of SMTP", text);
        return NULL;
    }
    length = strcspn(text, ";");
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length > 2 && strncmp(text, "*.", 2) == 0)
        return import_text(connector->import, text + 1, length - 1);
    return import_text(connector->import, text, length);
}

/* Notes how "*.contoso.com" is written, unless the list also has the domain itself. */
static void note_subdomains(const struct connector *connector, const char *name, const char *domain)
{
    for (const struct json_value *item = list_of(connector, name); item != NULL; item = item_after(item)) {
        const char *other = domain_of(connector, item->text);

        if (other != NULL && strcasecmp(other, domain + 1) == 0)
            return;
    }
    import_note(connector->origin,
                "\"*%s\" is written as \"%s\", every subdomain; add \"%s\" if the domain itself is meant",
                domain, domain, domain + 1);
}

/* Adds the domains of a property. Returns whether the list has "*", which is not a domain. */
static bool add_domains(const struct connector *connector, const char *name)
{
    bool everyone = false;

    for (const struct json_value *item = list_of(connector, name); item != NULL; item = item_after(item)) {
        const char *domain = domain_of(connector, item->text);

        if (domain == NULL)
            continue;
        if (strcmp(domain, "*") == 0) {
            everyone = true;
            continue;
        }
        if (*domain == '.')
            note_subdomains(connector, name, domain);
        draft_add(connector->import, connector->draft, "domains", domain);
    }
    return everyone;
}

/* ---- inbound ---- */

static bool add_addresses(const struct connector *connector, const char *path)
{
    const struct json_value *item = list_of(connector, "SenderIPAddresses");
    bool any = item != NULL;

    for (; item != NULL; item = item_after(item))
        draft_add(connector->import, connector->draft, path, item->text);
    return any;
}

/* Returns the common name in a distinguished name such as "C=US, O=x, CN=y". NULL: none. */
static const char *common_name_of(struct import *import, const char *text, size_t length)
{
    for (size_t i = 0; i + 3 <= length; i++) {
        size_t end;

        if (strncasecmp(text + i, "CN=", 3) != 0 || (i > 0 && strchr(", ", text[i - 1]) == NULL))
            continue;
        i += 3;
        for (end = i; end < length && text[end] != ','; end++)
            ;
        return end > i ? import_text(import, text + i, end - i) : NULL;
    }
    return NULL;
}

/* "mail.contoso.com", "*.contoso.com", or "<I>CN=issuer<S>CN=subject". */
static void add_certificate(const struct connector *connector, const char *text)
{
    struct import *import = connector->import;
    const char *subject = text, *issuer = NULL, *mark = strstr(text, "<S>");

    if (strncmp(text, "<I>", 3) == 0 && mark != NULL) {
        issuer = common_name_of(import, text + 3, (size_t)(mark - text) - 3);
        subject = common_name_of(import, mark + 3, strlen(mark + 3));
        import_note(connector->origin, "TlsSenderCertificateName: the common names alone are written");
    }
    if (subject == NULL) {
        import_note(connector->origin, "TlsSenderCertificateName \"%.255s\" has no equivalent", text);
        return;
    }
    draft_add(import, connector->draft, "require.certificates.subject", subject);
    if (issuer != NULL)
        draft_add(import, connector->draft, "require.certificates.issuer", issuer);
}

/* Selects all mail of a connector: by client addresses, or everyone if it restricts or has none. */
static void select_everyone(const struct connector *connector, bool restricted)
{
    if (restricted || !add_addresses(connector, "clients"))
        draft_add(connector->import, connector->draft, "domains", "*");
}

static bool is_partner(const struct connector *connector)
{
    const char *type = text_of(connector, "ConnectorType");

    return type == NULL || strcasecmp(type, "OnPremises") != 0;
}

/* Uses the certificate name of a connector as a requirement, or notes that it has no effect. */
static void read_certificate(const struct connector *connector, bool everyone)
{
    const char *name = text_of(connector, "TlsSenderCertificateName");
    bool restricted = is_true(connector, "RestrictDomainsToCertificate", false);

    if (restricted && name == NULL)
        draft_add(connector->import, connector->draft, "require.certificates", "trusted");
    else if (name != NULL && (restricted || !is_partner(connector)))
        add_certificate(connector, name);
    else if (name != NULL)
        import_note(connector->origin,
                    "TlsSenderCertificateName is left out: without "
                    "RestrictDomainsToCertificate it requires nothing%s",
                    everyone ? ", and no partner is selected by a certificate" : "");
}

/* Whether the connector can be a partner, that is, has selectors. If not, reports it. */
static bool has_selectors(const struct connector *connector, bool everyone)
{
    bool addresses = is_true(connector, "RestrictDomainsToIPAddresses", false);
    bool restricted = addresses || is_true(connector, "RestrictDomainsToCertificate", false);
    bool any = list_of(connector, "SenderIPAddresses") != NULL;

    if (everyone && !is_partner(connector) && !any) {
        import_note(connector->origin,
                    "the connector has no equivalent: no partner is selected by a certificate alone; write a "
                    "partner with the addresses of your servers in clients");
        return false;
    }
    if (everyone && draft_values(connector->draft, "domains") != NULL)
        import_note(connector->origin, "\"*\" is left out: other domains stand beside it");
    else if (everyone)
        select_everyone(connector, restricted && is_partner(connector));
    if (addresses && is_partner(connector))
        add_addresses(connector, "require.clients");
    else if (any && draft_values(connector->draft, "clients") == NULL)
        import_note(connector->origin,
                    "SenderIPAddresses are left out: without RestrictDomainsToIPAddresses they "
                    "require nothing of these domains");
    return draft_values(connector->draft, "domains") != NULL
           || draft_values(connector->draft, "clients") != NULL;
}

/* Whether the connector requires anything. If not, reports it. */
static bool requires_something(const struct connector *connector)
{
    bool tls = is_true(connector, "RequireTls", false);
    bool restricts = is_true(connector, "RestrictDomainsToIPAddresses", false)
                     || is_true(connector, "RestrictDomainsToCertificate", false);

    if (!tls && !restricts)
        import_note(connector->origin,
                    "the connector is left out: it requires neither TLS nor a certificate nor an address");
    else if (!tls)
        import_note(connector->origin, "RequireTls is false, but every partner of a policy must use TLS");
    return tls || restricts;
}

static bool read_inbound(struct connector *connector)
{
    static const char *const foreign[] = {"AssociatedAcceptedDomains",
                                          "CloudServicesMailEnabled",
                                          "EFSkipLastIP",
                                          "EFSkipIPs",
                                          "EFUsers",
                                          "EFTestMode",
                                          "ScanAndDropRecipients",
                                          "TreatMessagesAsInternal",
                                          "TrustedOrganizations",
                                          NULL};
    bool everyone;

    if (!requires_something(connector))
        return false;
    everyone =
        add_domains(connector, "SenderDomains")
        || (list_of(connector, "SenderDomains") == NULL && draft_values(connector->draft, "domains") == NULL);
    read_certificate(connector, everyone);
    note_without_equivalent(connector, foreign);
    return has_selectors(connector, everyone);
}

/* ---- outbound ---- */

static void add_smart_hosts(const struct connector *connector)
{
    for (const struct json_value *item = list_of(connector, "SmartHosts"); item != NULL;
         item = item_after(item)) {
        const char *host =
            *item->text == '[' ? item->text : import_format(connector->import, "[%s]", item->text);
        struct next_hop hop;
        enum next_hop_form form;

        if (next_hop_check(&hop, &form, host) != NULL)
            import_note(connector->origin, "smart host \"%.255s\" is left out: it is no next hop of Postfix",
                        item->text);
        else
            draft_add(connector->import, connector->draft, "outbound.next_hops", host);
    }
}

/* TlsDomain is the name that the server's certificate must have. */
static void add_tls_domain(const struct connector *connector)
{
    const char *name = text_of(connector, "TlsDomain");

    if (name == NULL)
        return; /* the recipient's domain is the default */
    if (strncmp(name, "*.", 2) == 0)
        name++;
    draft_add(connector->import, connector->draft, "outbound.require.certificates.name", name);
}

/* Adds what the server must prove. False: nothing; reported. */
static bool add_tls_settings(const struct connector *connector)
{
    const char *level = text_of(connector, "TlsSettings");
    const char *dane = text_of(connector, "SmtpDaneMode"), *sts = text_of(connector, "MtaStsMode");
    const char *path = "outbound.require.certificates";

    if (sts != NULL && strcasecmp(sts, "Mandatory") == 0)
        import_note(connector->origin, "MtaStsMode Mandatory has no equivalent; see outbound_upstream");
    if (dane != NULL && strcasecmp(dane, "Mandatory") == 0) {
        draft_add(connector->import, connector->draft, path, "dane");
    } else if (level == NULL || strcasecmp(level, "Opportunistic") == 0) {
        import_note(connector->origin, "the connector is left out: without TlsSettings it requires no TLS");
        return false;
    } else if (strcasecmp(level, "EncryptionOnly") == 0) {
        draft_add(connector->import, connector->draft, path, "none");
    } else if (strcasecmp(level, "DomainValidation") == 0) {
        add_tls_domain(connector);
    } else if (strcasecmp(level, "CertificateValidation") == 0) {
        import_note(connector->origin,
                    "CertificateValidation, any name in a trusted certificate, has no equivalent: "
                    "the certificate must have the name of the domain");
    } else {
        import_error(connector->import, connector->origin->file,
                     json_property(connector->object, "TlsSettings")->line, "unknown TlsSettings \"%.80s\"",
                     level);
        return false;
    }
    return true;
}

static bool read_outbound(struct connector *connector)
{
    static const char *const foreign[] = {"AllAcceptedDomains",     "CloudServicesMailEnabled",
                                          "IsTransportRuleScoped",  "RouteAllMessagesViaOnPremises",
                                          "SenderRewritingEnabled", NULL};
    bool everyone = add_domains(connector, "RecipientDomains");

    connector->draft->outbound_only = true;
    if (!add_tls_settings(connector))
        return false;
    draft_add(connector->import, connector->draft, "outbound.mode", "testing");
    if (!is_true(connector, "UseMXRecord", true))
        add_smart_hosts(connector);
    note_without_equivalent(connector, foreign);
    if (everyone)
        import_note(connector->origin,
                    "\"*\" has no equivalent: a partner for outbound mail names its domains");
    else if (draft_values(connector->draft, "domains") == NULL)
        import_note(connector->origin, "the connector is left out: it names no domains");
    return draft_values(connector->draft, "domains") != NULL;
}

/* ---- connectors ---- */

static bool has_any(const struct json_value *object, const char *const names[])
{
    for (; *names != NULL; names++)
        for (const struct json_value *member = object->first; member != NULL; member = member->next)
            if (strcasecmp(member->key, *names) == 0)
                return true;
    return false;
}

static bool is_inbound(const struct json_value *object)
{
    static const char *const names[] = {"SenderDomains",
                                        "SenderIPAddresses",
                                        "RequireTls",
                                        "RestrictDomainsToCertificate",
                                        "RestrictDomainsToIPAddresses",
                                        "TlsSenderCertificateName",
                                        NULL};

    return has_any(object, names);
}

static bool is_outbound(const struct json_value *object)
{
    static const char *const names[] = {"RecipientDomains", "TlsSettings", "SmartHosts", "UseMXRecord", NULL};

    return has_any(object, names);
}

static void read_connector(struct import *import, const char *file, const struct json_value *object)
{
    struct connector connector = {.import = import, .object = object};
    struct origin *origin = import_origin(import, file, object->line, "");
    const char *name, *comment;
    bool inbound = is_inbound(object), good;

    connector.origin = origin;
    if (!inbound && !is_outbound(object)) {
        import_error(import, file, object->line,
                     "is no connector: it has neither SenderDomains nor RecipientDomains");
        return;
    }
    name = text_of(&connector, "Name");
    name = name != NULL ? name : text_of(&connector, "Identity");
    origin->text = import_format(import, "%s connector \"%s\"", inbound ? "inbound" : "outbound",
                                 name != NULL ? name : "");
    if (!is_true(&connector, "Enabled", true)) {
        import_note(origin, "connector \"%.80s\" is left out: it is not enabled", name != NULL ? name : "");
        return;
    }
    connector.draft = draft_new(import, origin);
    connector.draft->name = draft_name(import, name != NULL ? name : "connector");
    comment = text_of(&connector, "Comment");
    if (comment != NULL)
        draft_add(import, connector.draft, "comment", comment);
    good = inbound ? read_inbound(&connector) : read_outbound(&connector);
    if (!good)
        draft_remove(import, connector.draft);
}

/* Reads a connector, or a list of them. */
static void read_connectors(struct import *import, const char *file, const struct json_value *value)
{
    const struct json_value *list = value->kind == JSON_OBJECT ? json_property(value, "value") : NULL;

    if (list != NULL && list->kind == JSON_ARRAY)
        value = list;
    if (value->kind == JSON_OBJECT) {
        read_connector(import, file, value);
    } else if (value->kind == JSON_ARRAY) {
        for (const struct json_value *item = value->first; item != NULL; item = item->next)
            read_connectors(import, file, item);
    } else if (value->kind != JSON_NULL) { /* PowerShell writes null if there is no connector */
        import_error(import, file, value->line, "is no connector, but a lone value");
    }
}

/* Reads the values of a file. NULL: reported. */
static const struct json_value *read_file(struct import *import, const char *file)
{
    const char *text = import_read(import, file, true);
    const char *start = text != NULL ? text + strspn(text, " \t\r\n") : NULL;
    const struct json_value *value;

    if (text == NULL)
        return NULL;
    if (*start == '\0') {
        import_error(import, file, 0, "is empty");
        return NULL;
    }
    value = json_read(import, file, text);
    if (value == NULL && *start != '{' && *start != '[')
        import_error(import, file, 0, "write it with: Get-OutboundConnector | ConvertTo-Json -Depth 4");
    return value;
}

void import_exchange(struct import *import, char *const files[])
{
    for (; *files != NULL; files++) {
        const struct json_value *value = read_file(import, *files);

        for (; value != NULL; value = value->next)
            read_connectors(import, *files, value);
    }
    drafts_settle(import);
}
