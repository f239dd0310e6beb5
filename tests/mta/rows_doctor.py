# SPDX-License-Identifier: BSD-2-Clause
"""Rows T27 and T29 to T31 of the catalogue: what doctor says of a Postfix, compared with what that Postfix does."""
import json
import os
import ssl
import subprocess
import time

from rig import RIG, Daemon, certificate, milter, policy, refused
from daemon import patience
import postfix
from rows_pins import documented
import smtp
from smtp import Tls
from tap import Skip, equal, test

VERSIONS = ("TLSv1.1", "TLSv1.2", "TLSv1.3")

# Settings of one smtpd each; the doubtful ones are those that manuals say little about.
OFFERS = [
    {"smtpd_tls_protocols": value} for value in (
        "", ">=TLSv1", ">=TLSv1.2", ">=TLSv1.3", "<=TLSv1.2", ">=TLSv1.1 <=TLSv1.2", ">=0303", "<=0x0303", "!TLSv1.3",
        "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1", "!TLSv1.2", "!TLSv1.2:!TLSv1.3", "TLSv1.2", "tlsv1.2, TLSv1.3", "TLSv1.3", "TLSv1.2 !TLSv1.2",
        "TLSv1.2 !TLSv1.3", ">=TLSv1.2 !TLSv1.2", "TLSv1.4", ">=TLSv1.4", "! TLSv1.3", "SSLv2")
] + [
    {"smtpd_tls_mandatory_protocols": "<=TLSv1.2"},
    {"smtpd_tls_mandatory_protocols": "<=TLSv1.2", "smtpd_tls_security_level": "encrypt"},
    {"smtpd_tls_mandatory_protocols": "<=TLSv1.2", "smtpd_tls_wrappermode": "yes"},
    {"smtpd_tls_protocols": "<=TLSv1.2", "smtpd_tls_wrappermode": "yes"},
    {"smtpd_tls_exclude_ciphers": "kECDHE kDHE", "smtpd_tls_protocols": ">=TLSv1.2"},
    {"smtpd_tls_exclude_ciphers": "ECDHE, DHE, kRSA, kPSK, kSRP"},
    {"smtpd_tls_mandatory_exclude_ciphers": "TLSv1.2:SSLv3"},
    {"smtpd_tls_mandatory_exclude_ciphers": "TLSv1.2:SSLv3", "smtpd_tls_security_level": "encrypt"},
    {"smtpd_tls_ciphers": "high", "tls_high_cipherlist": "AES256-SHA"},
    {"smtpd_discard_ehlo_keywords": "starttls"},
    {"smtpd_tls_eecdh_grade": "none", "smtpd_tls_protocols": "<=TLSv1.2"},
    {"tls_ssl_options": "0x20000000"}, {"tls_ssl_options": "NO_TICKET, 0x08000000"},
]


def speaks(port, options, version):
    """Whether a client gets a session of that version, if it does as the EHLO reply says."""
    try:
        if options.get("smtpd_tls_wrappermode") == "yes":
            with smtp.Client(port, wrapper=Tls(version)) as client:
                return client.version == version
        with smtp.Client(port) as client:
            if "STARTTLS" not in client.ehlo():
                return False
            return client.starttls(Tls(version)).code == 220 and client.version == version
    except (ssl.SSLError, ConnectionError, OSError):
        return False


def doctor(directory, policy_file, *more):
    """The errors that it finds, by subject."""
    program = os.environ.get("FORCETLS")
    if not program:
        raise Skip("FORCETLS does not name the tool")
    done = subprocess.run([program, "doctor", "-c", policy_file, "--postfix-config", directory, "--json", *more], check=False,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=120)
    return {finding["subject"]: finding["text"] for finding in json.loads(done.stdout)["findings"]
            if finding["level"] == "error" and finding["subject"] not in ("socket", "socket_safety", "smtpd_milters")}


def configuration(mta, name, options):
    """The same Postfix with one public service, for doctor to read."""
    directory = mta.path(name)
    os.mkdir(directory)
    with open(os.path.join(mta.etc, "main.cf"), encoding="utf-8") as source, \
            open(os.path.join(directory, "main.cf"), "w", encoding="utf-8") as file:
        file.write(source.read())
    with open(os.path.join(directory, "master.cf"), "w", encoding="utf-8") as file:
        service = "smtps" if "smtpd_tls_wrappermode" in options else "smtp"
        file.write(f"{service} inet n - n - - smtpd\n{postfix.overrides(options)}")
    for file in os.listdir(directory):  # postconf waits for a file that was just written to come to rest
        os.utime(os.path.join(directory, file), (time.time() - 60, time.time() - 60))
    return directory


@test("T31 x doctor finds a version missing where Postfix does not speak it, and nowhere else")
def offers():
    RIG.need()
    services = {f"offer{number}": options for number, options in enumerate(OFFERS)}
    wrong = []
    with postfix.Postfix(services, [RIG.pki.server(), RIG.pki.server("rsa")], RIG.pki.ca_file) as mta:
        for name, options in services.items():
            spoken = [version for version in VERSIONS if speaks(mta.port(name), options, version)]
            directory = configuration(mta, name, options)
            for version in VERSIONS:
                path = mta.path(f"{name}-{version}.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    file.write("version: 1\npartners: [{name: a, domains: [a.test], require: {min_tls_version: %s}}]\n" % version)
                served = any(one >= version for one in spoken)
                found = doctor(directory, path)
                if served != (not found):
                    wrong.append(f"{options} speaks {spoken}; a partner that requires {version}: {found}")
    equal(wrong, [])


def replace(path, old, new):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    equal(old in text, True, f"{old} in {path}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def warnings_of_sessions(mta, policy_file):
    program = os.environ.get("FORCETLS")
    if not program:
        raise Skip("FORCETLS does not name the tool")
    done = subprocess.run([program, "doctor", "-c", policy_file, "--postfix-config", mta.etc, "--json"], check=False,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=120)
    return [finding["change"] for finding in json.loads(done.stdout)["findings"]
            if finding["subject"] == "smtpd_tls_session_cache_timeout"]


def until(wanted, what, ask):
    """Asks again and again until the answer is the wanted one: Postfix's processes are replaced at their own time."""
    end = time.monotonic() + patience(60)
    while True:
        answer = ask()
        if answer == wanted or time.monotonic() > end:
            return equal(answer, wanted, what)
        time.sleep(0.2)


def shown(mta, client):
    """Whether a new session shows its certificate."""
    with smtp.connect(mta.port("main"), client) as connection:
        return connection.mail("a@cert.test").code == 250


def taken_up(mta, first):
    """(whether the session was resumed, whether its certificate was shown)"""
    with smtp.connect(mta.port("main")) as client:
        equal(client.starttls(resume=first).code, 220)
        client.ehlo()
        answer = client.mail("a@cert.test")
        if answer.code != 250:
            refused(answer, "cert", "certificate_missing")
        return client.resumed, answer.code == 250


CACHES = {"tickets": {}, "the cache": {"smtpd_tls_session_cache_database": "btree:${data_directory}/smtpd_scache",
                                       "tls_ssl_options": "NO_TICKET"}}


def resumed_after(kind, cache):
    """Sessions begun while nobody asks for certificates, and taken up when Postfix asks."""
    partner = "\n  - name: cert\n    domains: [cert.test]\n    require: {certificates: [{subject: mail.partner.test}]}"
    socket = RIG.socket("resumed-" + kind.split()[-1])
    parameters = {**milter(socket), "smtpd_tls_ask_ccert": "no", "max_use": "1", **cache}
    with postfix.Postfix({"main": {}}, [RIG.pki.server()], RIG.pki.ca_file, parameters) as mta, \
            Daemon(policy(partner), socket=socket, open_to_all=True) as daemon:
        before = {}
        for version in ("TLSv1.2", "TLSv1.3"):
            before[version] = smtp.connect(mta.port("main"), certificate("good", version))
            refused(before[version].mail("a@cert.test"), "cert", "certificate_missing")
        replace(os.path.join(mta.etc, "main.cf"), "smtpd_tls_ask_ccert = no", "smtpd_tls_ask_ccert = yes")
        until(True, f"{kind}: a new session", lambda: shown(mta, certificate("good")))
        for version, first in before.items():
            equal(taken_up(mta, first), (True, False), f"{kind}, {version}: before the reload")
        equal(warnings_of_sessions(mta, daemon.policy_file), ["postfix reload"], "what doctor says before the reload")
        subprocess.run([mta.command, "-c", mta.etc, "reload"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for version, first in before.items():
            until((False, True), f"{kind}, {version}: after the reload", lambda session=first: taken_up(mta, session))
            first.close()
        until([], "what doctor says after the reload", lambda: warnings_of_sessions(mta, daemon.policy_file))


@test("T29 x sessions from before certificates were asked for show none, until Postfix is reloaded")
def resumed():
    RIG.need()
    for kind, cache in CACHES.items():
        resumed_after(kind, cache)


def misled(setting, partner, accepted_codes, facts=False):
    """What a filter makes of partner mail over TLS behind a Postfix with that setting; what doctor finds."""
    socket, reports = RIG.socket("misled"), RIG.socket("misled-facts")
    text = policy(f"\n  - {{name: misled, domains: [misled.test], {partner}}}")
    if facts:
        text = text.replace("version: 1\n", f"version: 1\nmilter: {{postfix_facts: {reports}}}\n")
        setting = {**setting, "smtpd_data_restrictions": documented(reports)}
    with postfix.Postfix({"main": milter(socket)}, [RIG.pki.server()], RIG.pki.ca_file, setting) as mta, \
            Daemon(text, socket=socket, open_to_all=True) as daemon:
        if facts:
            os.chmod(reports.removeprefix("unix:"), 0o666)
        with smtp.connect(mta.port("main"), certificate("good")) as client:
            answer = client.message("a@misled.test")
        equal(answer.code in accepted_codes, True, f"{setting}: {answer}")
        return doctor(configuration(mta, "public", milter(socket)), daemon.policy_file, "--socket", socket)


@test("T27 x without names of clients a rule by name is never met, and doctor says why")
def no_names():
    RIG.need()
    rule = "require: {clients: [localhost]}"
    equal(misled({}, rule, (250,)), {})
    equal(list(misled({"smtpd_peername_lookup": "no"}, rule, (451, 554))), ["smtpd_peername_lookup"])


@test("T30 x with fingerprints of another digest no pin is met, and doctor says why")
def other_digest():
    pin = RIG.need().pki.client("good").fingerprint()
    rule = f'require: {{certificates: [{{fingerprint: "sha256:{pin}"}}]}}'
    equal(misled({"smtpd_tls_fingerprint_digest": "sha256"}, rule, (250,), facts=True), {})
    for digest in ("sha3-256", "sm3", "md5"):
        found = misled({"smtpd_tls_fingerprint_digest": digest}, rule, (451, 554), facts=True)
        equal(list(found), ["smtpd_tls_fingerprint_digest"], digest)
