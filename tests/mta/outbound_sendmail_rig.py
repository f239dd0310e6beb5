# SPDX-License-Identifier: BSD-2-Clause
"""One Sendmail that sends, the servers that it sends to, and a daemon that it asks."""
import json
import os
import re
import shutil
import smtplib
import ssl
import subprocess
import tempfile
import time
from types import SimpleNamespace

import dns
import pki
import sendmail
from daemon import Daemon, patience
from outbound_servers import Server, is_inside
from sendmail_rig import manual
from tap import Skip

FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
SOCKET = "unix:/run/forcetls/outbound.sock"
NEW = dict(issuer=pki.ROOT, usage=pki.SERVER)
WEAK = "define(`confCIPHER_LIST', `ALL:COMPLEMENTOFALL:@SECLEVEL=0')dnl\n"
MORE = """define(`confDELIVERY_MODE', `i')dnl
define(`confTO_INITIAL', `2s')dnl
define(`confTO_CONNECT', `2s')dnl
define(`confMIN_QUEUE_AGE', `0s')dnl
define(`confTO_HOSTSTATUS', `0s')dnl
"""
here = SimpleNamespace(place=None, servers={}, mta=None, daemon=None, dns=None, pki=None, failure=None)


def certificate(label, *names, **more):
    """A certificate whose common name is the first name; `alternative` in `more` replaces the alternative names."""
    return here.pki.custom(label, **{"names": [names[0]], "alternative": ",DNS:".join(names), **NEW, **more})


# domain -> what its servers offer, the best first; the first MX is mx.DOMAIN, the others mx2.DOMAIN, ... None: nobody listens
def offers():
    right = {}
    for domain in ("good.test", "chain.test", "two.test", "tarpit.test", "roll.test", "third.test", "xn--mnchen-3ya.test"):
        right[domain] = dict(certificate=certificate(domain, f"mx.{domain}", f"mx2.{domain}", f"mx3.{domain}"))
    return {
        "good.test": [right["good.test"]], "chain.test": [right["chain.test"]],
        "xn--mnchen-3ya.test": [right["xn--mnchen-3ya.test"]],
        "wrong.test": [dict(certificate=certificate("wrong", "mx.elsewhere.test"))],
        "expired.test": [dict(certificate=certificate("expired", "mx.expired.test", days=-1))],
        "self.test": [dict(certificate=certificate("self", "mx.self.test", issuer=None))],
        "old.test": [dict(certificate=certificate("old", "mx.old.test"), old=True)],
        "wild.test": [dict(certificate=certificate("wild", "*.wild.test"))],
        "san.test": [dict(certificate=certificate("san", "customer.elsewhere.test", "mx.san.test"))],
        "wildsan.test": [dict(certificate=certificate("wildsan", "customer.elsewhere.test", "*.wildsan.test"))],
        "pinned.test": [dict(certificate=certificate("pinned", "anything.test", issuer=None))],
        "mispinned.test": [dict(certificate=certificate("mispinned", "anything.test", issuer=None))],
        "plain.test": [{}], "testing.test": [{}], "excepted.test": [{}], "stranger.test": [{}], "old.suffix.test": [{}],
        "deep.sub.suffix.test": [dict(certificate=certificate("deep", "mx.deep.sub.suffix.test"))],
        "two.test": [None, right["two.test"]], "tarpit.test": [dict(silent=True), right["tarpit.test"]],
        "third.test": [None, dict(silent=True), right["third.test"]],
        "roll.test": [dict(certificate=certificate("rolled", "mx.elsewhere.test")), right["roll.test"]],
        "refusing.test": [dict(certificate=certificate("refusing", "mx.refusing.test"), refuses=b"454 4.7.0 not now")],
        "stale.test": [None, dict(certificate=certificate("stale", "customer.elsewhere.test"))],
    }


def partner(*domains, certificates="domain", outbound=None, **require):
    return {"name": domains[0].replace(".", "below-", domains[0][0] == ".").encode("idna").decode(), "domains": list(domains),
            "outbound": {**(outbound or {}), "require": {"certificates": certificates, **require}}}


def partners():
    pin = "sha256:" + certificate("pinned", "anything.test", issuer=None).fingerprint()
    return [
        *[partner(name) for name in ("good.test", "chain.test", "wrong.test", "expired.test", "self.test", "old.test", "wild.test", "san.test",
                                     "wildsan.test", "plain.test", "two.test", "tarpit.test", "third.test", "roll.test", "stale.test")],
        partner(".plain.test"), partner("named.test", certificates=[{"name": "mx.good.test"}]), partner("unnamed.test"),
        partner("münchen.test"), partner("testing.test", outbound={"mode": "testing"}),
        partner("excepted.test", outbound={"exceptions": [{"until": "2990-01-01", "reason": "ticket"}]}),
        partner(".suffix.test"), partner("old.suffix.test", outbound={"mode": "none"}),
        partner("refusing.test", certificates="none"), partner("pinned.test", certificates=[{"fingerprint": pin}]),
        partner("mispinned.test", certificates=[{"fingerprint": "sha256:" + "00" * 32}]),
    ]


def policy(listed, socket):
    return json.dumps({"version": 1, "milter": {"outbound": socket}, "partners": listed}, ensure_ascii=False)


def outside():
    """The socket of the daemon, which runs outside of Sendmail's namespace."""
    return f"unix:{here.mta.dir}/run/forcetls/outbound.sock"


def exported(listed, *options):
    """What the tool prints for sendmail.mc, and the map that it writes."""
    place = os.path.join(here.place, "export")
    os.makedirs(place, exist_ok=True)
    path = os.path.join(here.place, "policy.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(policy(listed, SOCKET))
    os.chmod(path, 0o600)
    done = subprocess.run([FORCETLS, "export", "sendmail", "-c", path, "-d", place, *options], capture_output=True, text=True, check=True)
    with open(os.path.join(place, "outbound_access"), encoding="utf-8") as file:
        return done.stdout.replace(place, "/etc/mail"), file.read()


def start():
    if not is_inside():
        raise Skip("needs root and namespaces")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    here.place = tempfile.mkdtemp(prefix="so", dir="/tmp")
    os.chmod(here.place, 0o755)
    here.pki = pki.Pki(here.place)
    zone, number = {}, 0
    for domain, hosts in offers().items():
        zone[domain] = []
        for rank, offer in enumerate(hosts):
            number += 1
            name = f"mx{rank + 1 if rank else ''}.{domain}"
            zone[domain].append(("MX", f"{10 * (rank + 1)} {name}"))
            zone[name] = [("A", f"127.0.1.{number}")]
            if offer is not None:
                here.servers[name] = Server(f"127.0.1.{number}", **offer)
    zone["named.test"] = zone["unnamed.test"] = zone["good.test"]
    here.zone = zone
    here.dns = dns.Server(zone).__enter__()
    rulesets, tags = exported(partners(), "--testing")
    server = here.pki.server()
    files = {"mail/tls/partners-ca.pem": here.pki.ca_file, "mail/tls/mail.example.org.pem": server.file,
             "mail/tls/mail.example.org.key": server.key, "mail/tls/partners-ca/README": "empty\n", "mail/outbound_access": tags}
    try:
        here.mta = sendmail.Sendmail({"main": {}}, manual("tls") + WEAK + MORE, files, None, rulesets, here.dns.resolv_conf())
    except sendmail.Missing as why:
        raise Skip(str(why)) from None
    here.mta.start()
    here.mta.makemap("outbound_access")
    here.daemon = Daemon(policy(partners(), outside())).__enter__()


def need():
    """Starts all at the first need."""
    if here.failure:
        raise (Skip if isinstance(here.failure, Skip) else AssertionError)(str(here.failure))
    if not here.daemon:
        try:
            start()
        except Exception as why:
            here.failure = why
            raise
    return here


def stop():
    if here.mta:
        here.mta.stop()
    if here.daemon:
        here.daemon.__exit__(None, None, None)
    for server in here.servers.values():
        server.close()
    if here.dns:
        here.dns.__exit__(None, None, None)
    shutil.rmtree(here.place or "/nonexistent", ignore_errors=True)


def send(*recipients):
    """Sends one mail to all, and answers when Sendmail has tried; {recipient: what its log says of it}."""
    need()
    before = len(here.mta.lines_logged)
    said = here.mta.command("-i", "-f", "a@here.test", *recipients, text="Subject: x\n\nx\n")
    return outcomes(recipients, before, said)


def send_over_tls(*recipients):
    """As send(), for a mail that comes by SMTP over TLS."""
    need()
    before = len(here.mta.lines_logged)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", here.mta.ports["main"], timeout=patience(30)) as client:
        client.starttls(context=context)
        client.sendmail("a@here.test", recipients, "Subject: x\n\nx\n")
    return outcomes(recipients, before)


def outcomes(recipients, before, said=""):
    found, end = {}, time.monotonic() + patience(20)
    while len(found) < len(recipients):
        for line in here.mta.lines_logged[before:]:
            match = re.search(r" to=<?([^ ]*?)>?, .*?(stat=.*)$", line)
            for to in match[1].split(",") if match else []:
                found.setdefault(to.strip("<>"), match[2])
        if time.monotonic() > end:
            raise AssertionError(f"{recipients}: {found} {said}\n" + "\n".join(here.mta.lines_logged[before:]))
        time.sleep(0.02)
    return found


def reasons(recipient, before=0):
    """What tls_rcpt said of it."""
    return [line.partition("reject=")[2] for line in here.mta.lines_logged[before:] if f"arg1={recipient}," in line or f"arg1=<{recipient}>," in line]


def went(host):
    return here.servers[host].messages


def wait_for(condition, what, seconds=20):
    end = time.monotonic() + patience(seconds)
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}:\n" + "\n".join(here.mta.lines_logged[-40:]))
        time.sleep(0.02)


def flush():
    """A queue run."""
    here.mta.command("-qf")
