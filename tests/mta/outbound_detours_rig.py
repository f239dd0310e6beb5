# SPDX-License-Identifier: BSD-2-Clause
"""One Postfix that sends by several services: each has a mistake of its own, and the service smtp has none. Mail to
bad@DOMAIN goes by the service with the mistake, where there is one; other mail goes by smtp."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from types import SimpleNamespace

import dns
import outbound_tables
import pki
import postfix
from daemon import Daemon, free_port
from outbound_servers import Server, is_inside
from socketmap import Map
from tap import Skip

FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
NEW = dict(issuer=pki.ROOT, usage=pki.SERVER)
here = SimpleNamespace(place=None, servers={}, postfix=None, daemon=None, dns=None, pki=None, maps=[], failure=None)


def certificate(label, *names, **more):
    return here.pki.custom(label, **{"names": list(names[:1]), "alternative": ",DNS:".join(names), **NEW, **more})


def right(domain):
    """What every MX host of a domain may show."""
    return dict(certificate=certificate(domain, *(f"mx{number}.{domain}" for number in ("", 2, 3))))


def other(domain):
    return dict(certificate=certificate("other " + domain, "mx.elsewhere.test"))


# domain -> what its MX hosts offer, the best first; None: nobody listens
def offers():
    own = dict(certificate=certificate("self", "anything.test", issuer=None))
    return {
        "relay.test": [{}], "fall.test": [None], "cache.test": [{}], "x.over.test": [{}], "blank.test": [{}], "old.hole.test": [{}],
        "pinned.test": [own], "chroot.test": [right("chroot.test")], "alone.test": [right("alone.test")], "stranger.test": [{}],
        "hop1.test": [{}], "hop2.test": [{}], "weak.test": [dict(certificate=certificate("weak", "mx.weak.test"), old=True)], "override.test": [{}],
        "half.test": [own], "hidden.test": [own], "dane.test": [own], "danewrong.test": [own], "danenone.test": [own], "unsigned.test": [own],
        "two.test": [None, right("two.test")], "tarpit.test": [dict(silent=True), right("tarpit.test")],
        "three.test": [None, dict(silent=True), right("three.test")], "roll.test": [other("roll.test"), right("roll.test")],
        "xn--mnchen-3ya.test": [right("xn--mnchen-3ya.test")], "flow.test": [right("flow.test")], "plain.test": [{}],
        "required.test": [{}], "lmtp.test": [{}], "danefail.test": [own], "daneunusable.test": [own], "dates.test": [right("dates.test")], "hung.test": [right("hung.test")],
        "turn.test": [dict(certificate=certificate("turn", "b.turn.test"))],
        "brace.test": [dict(certificate=certificate("brace", "mx.brace.test", key_type="rsa"), new=False, ciphers="kRSA")],
    }


SIGNED = ["dane.test", "danewrong.test", "danenone.test", "danefail.test", "daneunusable.test", "hidden.test", "mx.half.test"]


def tlsa(made):
    """A record of the certificate's key."""
    key = subprocess.run(["openssl", "x509", "-in", made.file, "-noout", "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
    return "030101" + hashlib.sha256(der).hexdigest()


def partner(*domains, certificates="domain", outbound=None, **require):
    return {"name": domains[0].strip(".").encode("idna").decode(), "domains": list(domains),
            "outbound": {**(outbound or {}), "require": {"certificates": certificates, **require}}}


def partners(cache="testing", flow="domain", turn="domain"):
    pin = "sha256:" + certificate("self", "anything.test", issuer=None).fingerprint()
    return [
        *[partner(name) for name in ("fall.test", "blank.test", "chroot.test", "alone.test", "hop1.test", "weak.test", "override.test", "two.test",
                                     "tarpit.test", "three.test", "roll.test", "plain.test", "münchen.test", "required.test", "lmtp.test", "hung.test")],
        partner("cache.test", outbound={"mode": cache}), partner(".over.test"), partner(".hole.test"),
        partner("old.hole.test", outbound={"mode": "none"}), partner("pinned.test", certificates=[{"fingerprint": pin}]),
        partner("hop2.test", outbound={"next_hops": ["[mx.hop2.test]:25"]}), partner("hidden.test", certificates="none"),
        *[partner(name, certificates="dane") for name in ("half.test", "dane.test", "danewrong.test", "danenone.test", "danefail.test", "daneunusable.test",
                                                               "unsigned.test")],
        partner("flow.test", certificates=flow), partner("turn.test", certificates=turn), partner("brace.test", certificates="none", forward_secrecy=True),
        partner("dates.test", certificates=[{"name": ".dates.test", "from": "2990-01-01"}]), *outbound_tables.partners(partner),
    ]


def policy(**changes):
    return json.dumps({"version": 1, "milter": {"outbound": here.socket, "outbound_upstream": here.maps[0].spec},
                       "partners": partners(**changes)}, ensure_ascii=False)


def write(name, text):
    path = os.path.join(here.place, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)
    return path


def stub(answers, **options):
    one = Map(answers, **options).__enter__()
    here.maps.append(one)
    port, host = one.spec.removeprefix("inet:").split("@")
    return f"socketmap:inet:{host}:{port}:QUERY"


class Sender(postfix.Postfix):
    """A Postfix that sends. chosen: {service: parameters}, those with another chroot have it as "chroot"."""

    chosen = {}

    def _write(self):
        super()._write()
        lines = "scache unix - - n - 1 scache\nrelay unix - - n - - smtp\nlmtp unix - - n - - lmtp\n"
        for name, options in {"smtp": {}, **self.chosen}.items():
            parameters = {key: value for key, value in options.items() if key != "chroot"}
            lines += f"{name} unix - - {options.get('chroot', 'n')} - - smtp\n" + postfix.overrides(parameters)
        with open(os.path.join(self.etc, "master.cf"), "a", encoding="utf-8") as file:
            file.write(lines)


def mistakes(asks, guard):
    """The services: what is wrong with each, and some that need a setting to show what closes it."""
    ca_path = os.path.join(here.place, "ca")
    os.mkdir(ca_path, 0o755)
    shutil.copy(here.pki.ca_file, os.path.join(ca_path, "ca.pem"))
    os.chmod(os.path.join(ca_path, "ca.pem"), 0o644)
    subprocess.run(["openssl", "rehash", ca_path], check=True, stdout=subprocess.DEVNULL)
    exact = "texthash:" + write("exact", "x.over.test may\n")
    return {
        "fall": {"smtp_fallback_relay": "[mx.relay.test]"},
        "cache": {"smtp_connection_cache_on_demand": "yes", "smtp_connection_cache_destinations": "cache.test",
                  "smtp_connection_cache_time_limit": "60s"},
        "over": {"smtp_tls_policy_maps": "texthash:" + write("suffix", ".over.test encrypt\n") + ", " + exact},
        "overgood": {"smtp_tls_policy_maps": f"{guard}, {exact}"},
        "blank": {"smtp_tls_policy_maps": stub({}, raw=b"2:OK,")},
        "hole": {"smtp_tls_policy_maps": stub({".hole.test": "OK encrypt"})}, "holegood": {"smtp_tls_policy_maps": asks},
        "pinned": {"smtp_tls_fingerprint_digest": "md5"},
        "chroot": {"chroot": "y", "smtp_tls_CAfile": "", "smtp_tls_CApath": ca_path}, "chrootgood": {"chroot": "y"},
        "alone": {"smtp_tls_policy_maps": asks},
        "weak": {"smtp_tls_policy_maps": "texthash:" + write("weak", "weak.test encrypt\n")},
        "override": {"smtp_tls_policy_maps": ""}, "level": {"smtp_tls_security_level": "none"}, "required": {"tls_required_enable": "yes"},
        "half": {"smtp_tls_policy_maps": "texthash:" + write("half", "half.test dane\n")},
        "hidden": {"smtp_tls_policy_maps": "texthash:" + write("hidden", "hidden.test encrypt\n")},
        "brace": {"smtp_tls_policy_maps": stub({"brace.test": f"OK {BRACE} exclude=kRSA"})},
    }


ROUTES = """bad@fall.test fall:
cache.test cache:
bad@x.over.test over:
good@x.over.test overgood:
bad@blank.test blank:
bad@old.hole.test hole:
good@old.hole.test holegood:
bad@pinned.test pinned:
bad@chroot.test chroot:
good@chroot.test chrootgood:
bad@alone.test alone:
bad@stranger.test alone:
bad@hop1.test smtp:[mx.hop1.test]:25
good@hop2.test smtp:[mx.hop2.test]:25
bad@weak.test weak:
bad@override.test override:
bad@half.test half:
bad@hidden.test hidden:
bad@required.test required:
bad@lmtp.test lmtp:[mx.lmtp.test]:25
bad@brace.test brace:
level@plain.test level:
level@two.test level:
"""
BRACE = "secure match=mx.brace.test:x{"  # an answer that opens a brace; Postfix 3.10 takes all behind it for the match


def start_names():
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
    own = certificate("self", "anything.test", issuer=None)
    zone["_25._tcp.mx.dane.test"] = zone["_25._tcp.mx.unsigned.test"] = [("TLSA", tlsa(own))]
    for domain in ("danewrong", "hidden", "half"):
        zone[f"_25._tcp.mx.{domain}.test"] = [("TLSA", "030101" + "00" * 32)]
    zone["_25._tcp.mx.danefail.test"], zone["_25._tcp.mx.daneunusable.test"] = None, [("TLSA", "000101" + "00" * 32)]
    zone |= outbound_tables.zone()
    for address, offer in outbound_tables.offers(certificate).items():
        name = next((name for name, records in zone.items() if name.startswith("mx.") and ("A", address) in records), None)
        if name:
            here.servers[name] = Server(address, **offer)
    here.dns = dns.Server(zone, SIGNED).__enter__()
    resolver = write("resolv.conf", here.dns.resolv_conf())
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", resolver, os.path.realpath("/etc/resolv.conf")], check=True)


def guard_files():
    """What `forcetls export postfix` writes, and the value of smtp_tls_policy_maps that it prints."""
    place = os.path.join(here.place, "guard")
    os.mkdir(place, 0o755)
    path = write("policy.yaml", policy(cache="enforce"))
    done = subprocess.run([FORCETLS, "export", "postfix", "-c", path, "-d", place], capture_output=True, text=True, check=True)
    write("main.cf", "compatibility_level = 3.6\n")
    subprocess.run([postfix.program("postmap"), "-c", here.place, f"hash:{place}/outbound_exact"], check=True)
    return " ".join(re.search(r"^smtp_tls_policy_maps =(.*)", done.stdout, re.M | re.S)[1].split())


def start():
    if not is_inside():
        raise Skip("needs root and namespaces")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    here.place = tempfile.mkdtemp(prefix="od", dir="/tmp")
    os.chmod(here.place, 0o755)
    here.pki = pki.Pki(here.place)
    start_names()
    stub({"hidden.test": "OK dane-only", "brace.test": f"OK {BRACE}"})
    here.socket = f"inet:{free_port()}@127.0.0.1"
    guard = guard_files()
    here.daemon = Daemon(policy()).__enter__()
    port = here.socket.removeprefix("inet:").split("@")[0]
    Sender.chosen = mistakes(f"socketmap:inet:127.0.0.1:{port}:postfix", guard)
    here.postfix = Sender({"in": {}}, [here.pki.server()], here.pki.ca_file, {
        "default_transport": "smtp", "smtp_tls_policy_maps": guard, "smtp_tls_CAfile": here.pki.ca_file, "smtp_tls_loglevel": "1",
        "smtp_tls_security_level": "may", "smtp_dns_support_level": "dnssec", "smtp_tls_fingerprint_digest": "sha256",
        "smtp_tls_protocols": ">=TLSv1", "smtp_tls_mandatory_protocols": ">=TLSv1", "smtp_connection_cache_on_demand": "no",
        "minimal_backoff_time": "1s", "maximal_backoff_time": "1s", "queue_run_delay": "1s",
        "transport_maps": "texthash:" + write("transport", ROUTES + outbound_tables.routes()), "virtual_alias_maps": "texthash:" + write("alias", outbound_tables.ALIASES),
        "sender_dependent_relayhost_maps": "texthash:" + write("senders", outbound_tables.BY_SENDER), "smtputf8_enable": "yes", "mynetworks": "127.0.0.0/8",
        "tls_required_enable": "no", "smtp_helo_timeout": "2s", "smtp_connect_timeout": "2s", "smtp_mx_session_limit": "5"})
    here.postfix.start()
    fill_chroot()


def fill_chroot():
    place = os.path.join(here.postfix.spool, "etc")
    os.makedirs(place, exist_ok=True)
    for name in ("resolv.conf", "services", "hosts", "nsswitch.conf"):
        if os.path.exists("/etc/" + name):
            shutil.copy("/etc/" + name, place)


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
    if here.postfix:
        here.postfix.stop()
    if here.daemon:
        here.daemon.__exit__(None, None, None)
    for server in here.servers.values():
        server.close()
    for one in here.maps:
        one.__exit__()
    if here.dns:
        here.dns.__exit__(None, None, None)
    shutil.rmtree(here.place or "/nonexistent", ignore_errors=True)


def submit(to, headers=b"Subject: x\n"):
    need().postfix.sendmail("a@here.test", to, headers + b"\nx\n")


def send(to, headers=b"Subject: x\n"):
    """Sends a mail; the line of its first delivery."""
    submit(to, headers)
    return here.postfix.wait_log(f"to=<{to}>", 60)


def reload_postfix():
    here.postfix._command("reload")  # pylint: disable=protected-access


def set_parameter(name, value):
    """For all services, from the next mail on."""
    subprocess.run([postfix.program("postconf"), "-c", here.postfix.etc, "-e", f"{name} = {value}"], check=True, stderr=subprocess.DEVNULL)
    reload_postfix()


def forget_deferred():
    """Deletes the mail that is tried again and again: each of them may take a process of smtp(8)."""
    subprocess.run([postfix.program("postsuper"), "-c", here.postfix.etc, "-d", "ALL"], check=True, stderr=subprocess.DEVNULL)


def went(host):
    """[TLS version or None] of the recipients' mails at that server."""
    return [(to, version) for to, version, _ in here.servers[host].messages]


def version():
    return tuple(int(part) for part in re.findall(r"\d+", subprocess.run(
        [postfix.program("postconf"), "-d", "-h", "mail_version"], capture_output=True, text=True, check=True).stdout)[:3])
