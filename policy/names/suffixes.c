/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Top-level domains, and the public suffixes of two labels that are most common
 * in mail: enough for a warning, without a dependency on the whole list
 * (publicsuffix.org). Knows names only.
 */
#include "policy/names/suffixes.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The second-level labels below which registries register names. */
static const struct registry {
    const char *country, *labels; /* blanks between the labels, and at both ends */
} registries[] = {
    {"ae", " ac co gov mil net org sch "},
    {"ar", " com edu gob gov int mil net org tur "},
    {"at", " ac co gv or "},
    {"au", " asn com edu gov id net org "},
    {"bd", " ac com edu gov mil net org "},
    {"bh", " com edu gov net org "},
    {"br",
     " adv art blog coop com eco edu emp eng gov ind inf jus leg med mil mus net org pro psi srv tur tv "},
    {"cn", " ac com edu gov mil net org "},
    {"co", " com edu gov mil net nom org "},
    {"cr", " ac co ed fi go or sa "},
    {"cy", " ac biz com ekloges gov ltd net org press pro tm "},
    {"do", " art com edu gob gov mil net org sld web "},
    {"ec", " com edu fin gob gov info med mil net org pro "},
    {"eg", " com edu eun gov mil name net org sci "},
    {"es", " com edu gob nom org "},
    {"fr", " asso com gouv nom prd tm "},
    {"gr", " com edu gov net org "},
    {"gt", " com edu gob ind mil net org "},
    {"hk", " com edu gov idv net org "},
    {"hu", " co info org priv sport "},
    {"id", " ac biz co desa go mil my net or ponpes sch web "},
    {"il", " ac co gov idf k12 muni net org "},
    {"in", " ac co edu firm gen gov ind mil net nic org res "},
    {"ir", " ac co gov id net org sch "},
    {"it", " edu gov "},
    {"jp", " ac ad co ed go gr lg ne or "},
    {"ke", " ac co go info me mobi ne or sc "},
    {"kr", " ac co es go hs kg mil ms ne or pe re sc "},
    {"kw", " com edu emb gov ind net org "},
    {"lb", " com edu gov net org "},
    {"lk", " ac assn com edu gov grp ltd net ngo org sch soc web "},
    {"ma", " ac co gov net org press "},
    {"mt", " com edu net org "},
    {"mx", " com edu gob net org "},
    {"my", " com edu gov mil name net org "},
    {"ng", " com edu gov i mil mobi name net org sch "},
    {"ni", " ac biz co com edu gob in info int mil net nom org web "},
    {"nz", " ac co cri geek gen govt health iwi kiwi maori mil net org parliament school "},
    {"om", " co com edu gov med museum net org pro "},
    {"pa", " abo ac com edu gob ing med net nom org sld "},
    {"pe", " com edu gob mil net nom org "},
    {"ph", " com edu gov i mil net ngo org "},
    {"pk", " biz com edu fam gob gok gon gop gos gov info net org web "},
    {"pl", " com edu gov info net org "},
    {"pt", " com edu gov int net nome org publ "},
    {"py", " com coop edu gov mil net org "},
    {"qa", " com edu gov mil name net org sch "},
    {"ro", " arts com firm info nom nt org rec store tm www "},
    {"rs", " ac co edu gov in org "},
    {"sa", " com edu gov med net org pub sch "},
    {"sg", " com edu gov net org per "},
    {"sv", " com edu gob org red "},
    {"th", " ac co go in mi net or "},
    {"tr", " av bbs bel biz com dr edu gen gov info k12 kep mil name net org pol tel tv web "},
    {"tw", " club com ebiz edu game gov idv mil net org "},
    {"tz", " ac co go hotel info me mil mobi ne or sc tv "},
    {"ua", " com edu gov in net org "},
    {"ug", " ac co com go ne or org sc "},
    {"uk", " ac co gov ltd me net nhs org plc police sch "},
    {"uy", " com edu gub mil net org "},
    {"ve", " arts co com edu firm gob gov info int mil net org web "},
    {"vn", " ac biz com edu gov health info int name net org pro "},
    {"za", " ac agric alt co edu gov law mil net ngo nom org school web "},
    {NULL, NULL},
};

/* RFC 2606, RFC 6761, RFC 6762 appendix G, RFC 9476 and ICANN's reservation of "internal". */
static const char own_names[] =
    " localhost localdomain local lan home corp private intranet internal alt test example invalid ";

static bool has_label(const char *labels, const char *label, size_t length)
{
    for (const char *at = strstr(labels, " "); at[1] != '\0'; at = strchr(at + 1, ' '))
        if (strncmp(at + 1, label, length) == 0 && at[1 + length] == ' ')
            return true;
    return false;
}

const char *suffix_kind(const char *domain)
{
    const char *dot = strchr(domain, '.');

    if (dot == NULL)
        return has_label(own_names, domain, strlen(domain)) ? NULL : "a top-level domain";
    if (strlen(dot + 1) != 2) /* the countries' */
        return NULL;
    for (size_t i = 0; registries[i].country != NULL; i++)
        if (dot[1] == registries[i].country[0] && dot[2] == registries[i].country[1])
            return has_label(registries[i].labels, domain, (size_t)(dot - domain)) ? "a public suffix" : NULL;
    return NULL;
}
