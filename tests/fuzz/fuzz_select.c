/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which partners an identity selects. The input is a policy and questions: lines up to an empty one are
 * partners, blanks between their entries ("a.test", ".a.test", "*", and behind "@" a client:
 * "@192.0.2.0/24", "@mx.test", "@.test"); the lines behind it are names, or an address and perhaps a name.
 * The policy that is made of them answers as a search through all entries, one by one, does; and lists for
 * each partner what it was given.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/names/pasted.h"
#include "policy/verdict/select.h"
#include "tests/fuzz/load.h"

enum { ENTRIES = 16, QUESTIONS = 8, LENGTH_MOST = 300 };
enum kind { EXACT, BELOW, BLOCK, EVERYONE };

struct entry {
    unsigned partner;
    bool client;
    enum kind kind;
    struct domain domain;
    struct network block;
    char text[LENGTH_MOST + 1]; /* as the file has it */
    char shown[LENGTH_MOST + 1];
};

static struct entry entries[ENTRIES];
static size_t entry_count;

/* ---- the policy ---- */

static bool same(const struct entry *a, const struct entry *b)
{
    return a->client == b->client && a->kind == b->kind && strcmp(a->shown, b->shown) == 0;
}

/* False: no policy may have it. */
static bool read_entry(struct entry *entry, const char *text)
{
    char what[PASTED_WHAT];
    const char *name;

    *entry = (struct entry){.client = text[0] == '@', .kind = EXACT};
    text += entry->client;
    if (strlen(text) > LENGTH_MOST)
        return false;
    strcpy(entry->text, text);
    name = text + (text[0] == '.');
    if (!entry->client && strcmp(text, "*") == 0) {
        entry->kind = EVERYONE;
        strcpy(entry->shown, "*");
    } else if (entry->client && network_looks_like(text)) {
        entry->kind = BLOCK;
        if (network_check(&entry->block, text) != NULL)
            return false;
        network_format(&entry->block, entry->shown);
    } else {
        entry->kind = text[0] == '.' ? BELOW : EXACT;
        if (domain_check(&entry->domain, name) != NULL || pasted_mark(text, what))
            return false;
        snprintf(entry->shown, sizeof entry->shown, "%s%s", text[0] == '.' ? "." : "", entry->domain.text);
    }
    return true;
}

/* Keeps the entries of a line; false: there is none. */
static bool read_partner(char *line, unsigned partner)
{
    size_t before = entry_count;
    char *word;

    while ((word = strsep(&line, " ")) != NULL && entry_count < ENTRIES) {
        struct entry *entry = &entries[entry_count];
        bool good = read_entry(entry, word);

        entry->partner = partner;
        for (size_t i = 0; good && i < entry_count; i++)
            good = !same(&entries[i], entry);
        entry_count += good;
    }
    return entry_count > before;
}

static void write_entries(FILE *file, unsigned partner, bool client)
{
    bool first = true;

    for (size_t i = 0; i < entry_count; i++) {
        if (entries[i].partner != partner || entries[i].client != client)
            continue;
        fprintf(file, "%s\"", first ? client ? ", clients: [" : ", domains: [" : ", ");
        for (const char *c = entries[i].text; *c != '\0'; c++)
            fprintf(file, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
        fputc('"', file);
        first = false;
    }
    fputs(first ? "" : "]", file);
}

static struct policy *load(unsigned partners)
{
    struct policy *policy;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    CHECK(file != NULL);
    fputs("version: 1\npartners:\n", file);
    for (unsigned i = 0; i < partners; i++) {
        fprintf(file, "- {name: p%u", i);
        write_entries(file, i, false);
        write_entries(file, i, true);
        fputs("}\n", file);
    }
    CHECK(fclose(file) == 0);
    policy = load_octets(text, size, NULL, NULL);
    free(text);
    return policy;
}

/* ---- the slow way ---- */

static bool is_below(const char *name, const struct domain *parent)
{
    size_t length = strlen(name), behind = parent->length;

    return length > behind && name[length - behind - 1] == '.'
           && memcmp(name + length - behind, parent->text, behind) == 0;
}

static bool is_within(const struct network *block, const struct network *address)
{
    if (block->v6 != address->v6)
        return false;
    for (unsigned bit = 0; bit < block->prefix; bit++)
        if (((block->octets[bit / 8] ^ address->octets[bit / 8]) & 0x80 >> bit % 8) != 0)
            return false;
    return true;
}

/* What is asked. */
struct question {
    bool client, null_sender;
    const char *name;              /* or NULL */
    const struct network *address; /* or NULL */
};

/* How specific the entry is for what is asked, the most specific first; 0: it does not apply. */
static unsigned rank(const struct question *question, const struct entry *entry)
{
    unsigned length = entry->domain.length;

    if (question->client != entry->client)
        return 0;
    if (entry->kind == BLOCK)
        return question->address != NULL && is_within(&entry->block, question->address)
                   ? 4000 + entry->block.prefix
                   : 0;
    if (entry->kind == EVERYONE)
        return 1;
    if (question->name == NULL)
        return 0;
    if (entry->kind == EXACT && strcmp(question->name, entry->domain.text) == 0)
        return 3000;
    if (!is_below(question->name, &entry->domain))
        return 0;
    if (entry->kind == BELOW)
        return 2000 + length;
    return question->null_sender ? 1000 + length : 0;
}

static void ask(const struct policy *policy, const struct question *question)
{
    struct selection selection;
    unsigned last = 10000;

    if (question->client)
        select_client(&selection, policy, question->address, question->name);
    else
        select_domain(&selection, policy, question->name, question->null_sender);
    for (;;) {
        const struct partner *partner = select_next(&selection);
        const struct entry *best = NULL;
        unsigned best_rank = 0;
        char name[16];

        for (size_t i = 0; i < entry_count; i++) {
            unsigned found = rank(question, &entries[i]);

            if (found < last && found > best_rank) {
                best = &entries[i];
                best_rank = found;
            }
        }
        CHECK((partner == NULL) == (best == NULL));
        if (partner == NULL)
            return;
        snprintf(name, sizeof name, "p%u", best->partner);
        CHECK(strcmp(partner_name(partner), name) == 0);
        last = best_rank;
    }
}

/* ---- both ---- */

/*
 * A sender of that domain is nobody's by itself where no entry is for it, nor for any client. One of UUCP may
 * be a sender of another domain.
 */
static void ask_stranger(const struct policy *policy, const struct domain *domain)
{
    static struct facts facts = {.senders = 1};
    struct question question = {.name = domain->text};
    bool stranger = !address_uucp(domain, NULL);

    facts.sender[0].kind = ADDRESS_DOMAIN;
    facts.sender[0].local[0] = 'a';
    facts.sender[0].domain = *domain;
    for (size_t i = 0; i < entry_count; i++)
        stranger = stranger && !entries[i].client && rank(&question, &entries[i]) == 0;
    CHECK(policy_is_stranger(policy, &facts) == stranger);
}

/* By the name as it is written and in its compared form, as a sender's, a null sender's and a client's. */
static void ask_name(const struct policy *policy, const char *name, const struct network *address)
{
    struct domain domain;

    if (domain_normalise(&domain, name, strlen(name)) != DOMAIN_NONE)
        ask_stranger(policy, &domain);
    for (unsigned i = 0; i == 0 || (i == 1 && strcmp(name, domain.text) != 0); i++) {
        const char *asked = i == 0 ? name : domain.text;

        ask(policy, &(struct question){.name = asked});
        ask(policy, &(struct question){.name = asked, .null_sender = true});
        ask(policy, &(struct question){.name = asked, .client = true, .address = address});
    }
}

static void ask_line(const struct policy *policy, const char *line)
{
    size_t length = strcspn(line, " ");
    struct network address;
    char *word = strndup(line, length);

    CHECK(word != NULL);
    if (!network_read_address(&address, word))
        ask_name(policy, line, NULL);
    else if (line[length] != '\0')
        ask_name(policy, line + length + 1, &address);
    else
        ask(policy, &(struct question){.client = true, .address = &address});
    free(word);
}

/* What the policy lists of a partner. */
struct listing {
    unsigned partner;
    size_t count;
};

static void find_entry(void *arg, const char *text)
{
    struct listing *listing = arg;
    bool found = false;

    for (size_t i = 0; i < entry_count && !found; i++)
        found = entries[i].partner == listing->partner && strcmp(entries[i].shown, text) == 0;
    CHECK(found);
    listing->count++;
}

static void check_lists(const struct policy *policy, unsigned partners)
{
    size_t count = 0;

    CHECK(policy_partner_count(policy) == partners);
    for (unsigned i = 0; i < partners; i++) {
        struct listing listing = {i, 0};

        partner_each_selector(policy, policy_partner(policy, i), find_entry, &listing);
        count += listing.count;
    }
    CHECK(count == entry_count);
}

/* Every entry is asked for; so is a name below it, or, of one without a dot, a name that only ends alike. */
static void ask_entries(const struct policy *policy)
{
    for (size_t i = 0; i < entry_count; i++) {
        char name[LENGTH_MOST + 4];

        if (entries[i].kind == BLOCK)
            ask(policy, &(struct question){.client = true, .address = &entries[i].block});
        snprintf(name, sizeof name, "x.y%s", entries[i].shown);
        ask_name(policy, entries[i].shown, NULL);
        ask_name(policy, name, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *rest = text, *line;
    struct policy *policy;
    unsigned partners = 0;

    entry_count = 0;
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0')
        partners += read_partner(line, partners);
    if (partners > 0) {
        policy = load(partners);
        CHECK(policy != NULL);
        check_lists(policy, partners);
        ask_entries(policy);
        for (unsigned i = 0; i < QUESTIONS && (line = strsep(&rest, "\n")) != NULL; i++)
            ask_line(policy, line);
        ask(policy, &(struct question){.name = NULL});
        policy_unref(policy);
    }
    free(text);
    return 0;
}
