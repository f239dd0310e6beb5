/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates of Sendmail: the files of its own and of the CAs, and whether it
 * shows the filter what the rules about clients' certificates need.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/tool/doctor_sendmail.h"

/* A file or directory that has to be there and that nobody else may change. */
static bool examine_path(const struct sendmail *sendmail, const char *option, const char *define)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *path = sendmail_cf_option(sendmail->cf, option);
    char danger[512];

    if (!path || *path == '\0')
        return false;
    if (access(path, F_OK) != 0) {
        remark(remarks, LEVEL_ERROR, option, "%s: %s; Sendmail offers no TLS then", path, strerror(errno));
        remark_change(remarks, "sendmail.mc: define(`%s', `the file that is there')dnl", define);
        return true;
    }
    path_danger(path, true, danger, sizeof(danger));
    if (*danger) {
        remark(remarks, LEVEL_ERROR, option,
               "%s: Sendmail offers no TLS because its group or others may write %s", path, danger);
        remark_change(remarks, "chmod g-w,o-w %.*s", (int)strcspn(danger, " "), danger);
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
        remark(remarks, LEVEL_ERROR, "ServerCertFile", "certificate or key is not set: no TLS is offered");
        remark_change(remarks, "sendmail.mc: define(`confSERVER_CERT', "
                               "`/etc/mail/tls/mail.example.org.pem')dnl\n"
                               "sendmail.mc: define(`confSERVER_KEY', "
                               "`/etc/mail/tls/mail.example.org.key')dnl");
    }
    if (!examine_path(sendmail, "CACertFile", "confCACERT") && names) {
        remark(remarks, LEVEL_ERROR, "CACertFile",
               "not set: no certificate ever verifies, and the rules of partner %s fail for everyone", names);
        remark_change(remarks, "sendmail.mc: define(`confCACERT', `/etc/mail/tls/partners-ca.pem')dnl");
    }
    if (!examine_path(sendmail, "CACertPath", "confCACERT_PATH") && names) {
        remark(remarks, LEVEL_WARNING, "CACertPath",
               "not set: Sendmail wants a directory beside the file, if only an empty one");
        remark_change(remarks, "sendmail.mc: define(`confCACERT_PATH', `/etc/mail/tls/partners-ca')dnl");
    }
}

static void examine_certificates(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const struct survey *survey = &sendmail->examination->survey;
    const char *options = sendmail_cf_option(sendmail->cf, "TLSSrvOptions");
    const char *algorithm = sendmail_cf_option(sendmail->cf, "CertFingerprintAlgorithm");
    const char *partner = survey->names ? survey->names : survey->pins;

    if (partner && options && strchr(options, 'V')) {
        remark(remarks, LEVEL_ERROR, "TLSSrvOptions",
               "%s: no client is asked for a certificate, and mail of partner %s is deferred "
               "(verify_not_requested)",
               options, partner);
        remark_change(remarks, "sendmail.mc: define(`confTLS_SRV_OPTIONS', `')dnl");
    } else if (partner) {
        remark(remarks, LEVEL_OK, "TLSSrvOptions", "clients are asked for certificates");
    }
    if (survey->pins && (!algorithm || strcasecmp(algorithm, "sha256") != 0)) {
        remark(remarks, LEVEL_ERROR, "CertFingerprintAlgorithm",
               "%s: the fingerprint of partner %s is compared with one of sha256",
               algorithm ? algorithm : "not set", survey->pins);
        remark_change(remarks, "sendmail.mc: define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl");
    } else if (survey->pins) {
        remark(remarks, LEVEL_OK, "CertFingerprintAlgorithm", "sha256");
    }
    if (survey->key_pins) {
        remark(remarks, LEVEL_ERROR, "key_fingerprint",
               "Sendmail shows no fingerprint of a key; mail of partner %s is deferred (mta_facts)",
               survey->key_pins);
        remark_change(remarks, "%s: certificates: [{fingerprint: \"sha256:...\"}]  (forcetls cert)",
                      sendmail->examination->policy_file);
    }
}

void doctor_sendmail_tls(const struct sendmail *sendmail)
{
    examine_tls(sendmail);
    examine_certificates(sendmail);
}
