/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates of Sendmail: its own files, those of the CAs, and whether the filter sees what the rules
 * about clients' certificates need.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/tool/doctor/sendmail.h"

/*
 * The mode of the file may change. A directory may be another program's, so the file is copied to a safe one.
 */
static void suggest_safe_place(const struct sendmail *sendmail, const char *path, const struct part *danger,
                               const char *define)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *name = strrchr(path, '/');

    if (strcmp(path, danger->path) == 0) {
        remark_command(remarks, WORDS("chmod", "g-w,o-w", path));
        return;
    }
    remark_command(remarks, WORDS("cp", "-a", path, "/etc/mail/tls/"));
    remark_change(remarks, "sendmail.mc: define(`%s', `/etc/mail/tls%s')dnl", define,
                  name != NULL ? name : "/");
}

/*
 * Examines a file or directory that must exist, and that nobody else may
 * change. False: the option is not set.
 */
static bool examine_path(const struct sendmail *sendmail, const char *option, const char *define)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *path = sendmail_cf_option(sendmail->cf, option);
    struct part danger;

    if (path == NULL || *path == '\0')
        return false;
    if (access(path, F_OK) != 0) {
        int why = errno;

        if (why == EACCES && geteuid() != 0) {
            doctor_run_as_root(sendmail->examination, option, path);
            return true;
        }
        remark(remarks, LEVEL_ERROR, option, "%s: %s; Sendmail offers no TLS", path, strerror(why));
        remark_change(remarks, "Name a file that is there: %s in sendmail.mc.", define);
        return true;
    }
    path_danger(path, true, &danger);
    if (*danger.path) {
        remark(remarks, LEVEL_ERROR, option,
               "%s: Sendmail offers no TLS because its group or others may write %s", path, danger.text);
        suggest_safe_place(sendmail, path, &danger, define);
    } else {
        remark(remarks, LEVEL_OK, option, "%s", path);
    }
    return true;
}

static void examine_tls(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *names = sendmail->examination->survey.names;

    if (!examine_path(sendmail, "ServerCertFile", "confSERVER_CERT")
        || !examine_path(sendmail, "ServerKeyFile", "confSERVER_KEY")) {
        remark(remarks, LEVEL_ERROR, "ServerCertFile",
               "certificate or key is not set: Sendmail offers no TLS");
        remark_change(remarks, "sendmail.mc: define(`confSERVER_CERT', "
                               "`/etc/mail/tls/mail.example.org.pem')dnl\n"
                               "sendmail.mc: define(`confSERVER_KEY', "
                               "`/etc/mail/tls/mail.example.org.key')dnl");
    }
    if (!examine_path(sendmail, "CACertFile", "confCACERT") && names != NULL) {
        remark(remarks, LEVEL_ERROR, "CACertFile",
               "not set: no certificate ever verifies, and the rules of partner %s always fail", names);
        remark_change(remarks, "sendmail.mc: define(`confCACERT', `/etc/mail/tls/partners-ca.pem')dnl");
    }
    if (!examine_path(sendmail, "CACertPath", "confCACERT_PATH") && names != NULL) {
        remark(remarks, LEVEL_WARNING, "CACertPath",
               "not set: Sendmail needs a directory beside the file, which may be empty");
        remark_change(remarks, "sendmail.mc: define(`confCACERT_PATH', `/etc/mail/tls/partners-ca')dnl");
    }
}

/* Suggests the same options without V. */
static void suggest_srv_options(const struct sendmail *sendmail, const char *options)
{
    char kept[64];
    size_t length = 0;

    for (; *options && length < sizeof kept - 1; options++)
        if (*options != 'V' && (length > 0 || strchr(", ", *options) == NULL))
            kept[length++] = *options;
    while (length > 0 && strchr(", ", kept[length - 1]) != NULL)
        length--;
    kept[length] = '\0';
    remark_change(&sendmail->examination->remarks, "sendmail.mc: define(`confTLS_SRV_OPTIONS', `%s')dnl",
                  kept);
}

/* Examines whether the CAs that rules name are among those that Sendmail trusts. */
static void examine_issuers(const struct sendmail *sendmail)
{
    const char *file = sendmail_cf_option(sendmail->cf, "CACertFile");
    const char *directory = sendmail_cf_option(sendmail->cf, "CACertPath");
    struct authorities *authorities = authorities_new();

    if (authorities == NULL) {
        sendmail->examination->remarks.exhausted = true;
        return;
    }
    if (file != NULL && *file)
        authorities_add_file(authorities, file);
    if (directory != NULL && *directory)
        authorities_add_directory(authorities, directory);
    if (authorities_any(authorities))
        doctor_issuers(sendmail->examination, authorities, "CACertFile",
                       file != NULL && *file ? file : directory);
    authorities_free(authorities);
}

static void examine_certificates(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const struct survey *survey = &sendmail->examination->survey;
    const char *options = sendmail_cf_option(sendmail->cf, "TLSSrvOptions");
    const char *algorithm = sendmail_cf_option(sendmail->cf, "CertFingerprintAlgorithm");
    const char *partner = survey->names != NULL ? survey->names : survey->pins;

    if (partner != NULL && options != NULL && strchr(options, 'V') != NULL) {
        remark(remarks, LEVEL_ERROR, "TLSSrvOptions",
               "%s: Sendmail asks no client for a certificate, and mail of partner %s is deferred "
               "(verify_not_requested)",
               options, partner);
        suggest_srv_options(sendmail, options);
    } else if (partner != NULL) {
        remark(remarks, LEVEL_OK, "TLSSrvOptions", "Sendmail asks clients for certificates");
    }
    if (survey->pins != NULL && (algorithm == NULL || strcasecmp(algorithm, "sha256") != 0)) {
        remark(remarks, LEVEL_ERROR, "CertFingerprintAlgorithm",
               "%s: the fingerprint of partner %s is SHA-256, and never matches another digest",
               algorithm != NULL ? algorithm : "not set", survey->pins);
        remark_change(remarks, "sendmail.mc: define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl");
    } else if (survey->pins != NULL) {
        remark(remarks, LEVEL_OK, "CertFingerprintAlgorithm", "sha256");
    }
    if (survey->key_pins != NULL) {
        remark(remarks, LEVEL_ERROR, "key_fingerprint",
               "Sendmail shows no fingerprint of a key; mail of partner %s is deferred (mta_facts)",
               survey->key_pins);
        doctor_policy_line(sendmail->examination, "certificates of the partner",
                           "- fingerprint: \"sha256:...\"  (forcetls cert prints it)");
    }
}

void doctor_sendmail_tls(const struct sendmail *sendmail)
{
    examine_tls(sendmail);
    examine_certificates(sendmail);
    examine_issuers(sendmail);
}
