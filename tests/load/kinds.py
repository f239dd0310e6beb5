# SPDX-License-Identifier: BSD-2-Clause
"""Partners of every sort, and for each of them mail of several kinds with what has to come of it, written down by hand.

Each sort is a function that answers (what the policy says of partner `name`, its kinds of mail). `domain` is its
domain, `host` an address that nobody else has.
"""
from rig import TLS

FAR, PAST = "2099-01-01", "2020-01-01"
PIN, OTHER = ":".join(["AB"] * 32), ":".join(["CD"] * 32)
OURS = "451 4.3.5 Local"
OLD = {**TLS, "{tls_version}": "TLSv1.2", "{cipher}": "ECDHE-RSA-AES256-GCM-SHA384"}
SENDMAIL = {"v": "8.17.1.9", **TLS, "{verify}": "NO", "{cert_subject}": "", "{cert_issuer}": "", "{cn_subject}": "", "{cn_issuer}": ""}


def mail(domain, expect, macros=None, **fields):
    """One kind of mail: its macros, and fields of scenario.h; a field's list is that field several times."""
    kind = [("from", fields.pop("sender", f"<a@{domain}>"))]
    for field, value in fields.items():
        kind += [(field, each) for each in (value if isinstance(value, list) else [value])]
    return kind + list((macros or {}).items()) + [("expect", expect)]


def shown(subject, issuer):
    """A certificate that Postfix verified."""
    return {**TLS, "{cert_subject}": subject, "{cert_issuer}": issuer}


def verified(subject, issuer, verify="OK"):
    """A certificate behind Sendmail."""
    return {**SENDMAIL, "{verify}": verify, "{cert_subject}": f"/CN={subject}", "{cert_issuer}": f"/CN={issuer}",
            "{cn_subject}": subject, "{cn_issuer}": issuer}


def no_tls(name):
    return f"MAIL 530 5.7.0 Must issue a STARTTLS command first*[{name} no_tls]"


def tls(name, domain, host):
    return {"domains": [domain, f".{domain}"]}, [
        mail(domain, no_tls(name)), mail(domain, "accept", TLS), mail(domain, no_tls(name), sender=f"<a@x.y.{domain}>"),
        mail(domain, no_tls(name), sender=f"<@relay.example:a@{domain.upper()}.>"),
        mail(domain, "accept", sender=f'<"a@{domain}"@else.example>'), mail(domain, "accept", sender=f"<a@x{domain}>"),
        mail(domain, f"MAIL {OURS}*[{name} mta_macros]", lists="default")]


def version(name, domain, host):
    return {"domains": [domain], "require": {"min_tls_version": "TLSv1.3"}}, [
        mail(domain, f"MAIL 554 5.7.0 TLS version*[{name} tls_version: TLSv1.2 seen, TLSv1.3 needed]", OLD),
        mail(domain, "accept", TLS), mail(domain, f"MAIL {OURS}*[{name} mta_macros]", {**TLS, "{tls_version}": "new"})]


def cipher(name, domain, host):
    weak = {**OLD, "{cipher}": "AES256-GCM-SHA384"}
    return {"domains": [domain], "require": {"ciphers": ["ECDHE+AESGCM"]}}, [
        mail(domain, f"MAIL 554 5.7.0 TLS cipher suite*[{name} cipher: AES256-GCM-SHA384 seen*]", weak),
        mail(domain, "accept", OLD)]


def bits(name, domain, host):
    return {"domains": [domain], "require": {"min_cipher_bits": 256}}, [
        mail(domain, f"MAIL 554 5.7.0 TLS encryption*[{name} cipher_bits: 128 bits seen, 256 needed]",
             {**TLS, "{cipher}": "TLS_AES_128_GCM_SHA256", "{cipher_bits}": "128"}),
        mail(domain, "accept", TLS), mail(domain, f"MAIL {OURS}*[{name} mta_macros]", {**TLS, "{cipher_bits}": "many"})]


def forward_secrecy(name, domain, host):
    return {"domains": [domain], "require": {"forward_secrecy": True}}, [
        mail(domain, f"MAIL 554 5.7.0 TLS without forward secrecy*[{name} forward_secrecy: AES256-GCM-SHA384 seen]",
             {**OLD, "{cipher}": "AES256-GCM-SHA384"}), mail(domain, "accept", TLS)]


def names(name, domain, host):
    subject, agreed = f"mail.{domain}", [{"subject": f"mail.{domain}", "issuer": "Example CA"}]
    return {"domains": [domain], "require": {"certificates": agreed}}, [
        mail(domain, "accept", shown(subject, "Example CA")), mail(domain, "accept", verified(subject, "Example+20CA")),
        mail(domain, f"MAIL 554 5.7.1 *another name*[{name} certificate_subject]", shown("mail.else.example", "Example CA")),
        mail(domain, f"MAIL 554 5.7.1 *another issuer*[{name} certificate_issuer]", verified(subject, "Other+20CA")),
        mail(domain, f"MAIL 554 5.7.5 *[{name} certificate_missing: no certificate]", TLS),
        mail(domain, f"MAIL 554 5.7.5 *[{name} certificate_missing: no certificate]", SENDMAIL),
        mail(domain, f"MAIL 554 5.7.5 *not trusted*[{name} certificate_untrusted]", verified(subject, "Example+20CA", "FAIL")),
        mail(domain, f"MAIL {OURS}*[{name} verify_not_requested]", {**SENDMAIL, "{verify}": "NOT"}),
        mail(domain, f"MAIL {OURS}*[{name} verify_temporary]", verified(subject, "Example+20CA", "TEMP")),
        mail(domain, f"MAIL {OURS}*[{name} mta_macros]", {**shown(subject, "Example CA"), "v": "Exim 4.96"})]


def dates(name, domain, host):
    agreed = [{"subject": f"old.{domain}", "until": PAST}, {"subject": f"new.{domain}", "from": PAST, "until": FAR}]
    return {"domains": [domain], "require": {"certificates": agreed}}, [
        mail(domain, "accept", shown(f"new.{domain}", "CA")),
        mail(domain, f"MAIL 554 5.7.1 *outside the dates*[{name} certificate_dates]", shown(f"old.{domain}", "CA"))]


def run_out(name, domain, host):
    return {"domains": [domain], "require": {"certificates": [{"subject": f"mail.{domain}", "until": PAST}]}}, [
        mail(domain, f"MAIL {OURS}*[{name} policy_dates]", shown(f"mail.{domain}", "CA")), mail(domain, no_tls(name))]


def pin(name, domain, host):
    return {"domains": [domain], "require": {"certificates": [{"fingerprint": f"sha256:{PIN}"}]}}, [
        mail(domain, "accept", TLS, report=PIN),
        mail(domain, f"DATA 554 5.7.1 *not the one agreed*[{name} certificate_fingerprint]", TLS, report=OTHER),
        mail(domain, f"DATA 554 5.7.5 *[{name} certificate_missing: no certificate]", TLS, report=""),
        mail(domain, f"DATA {OURS}*[{name} mta_facts]", TLS),
        mail(domain, "accept", {**SENDMAIL, "{verify}": "FAIL", "{cert_fp}": PIN}),
        mail(domain, f"MAIL 554 5.7.1 *[{name} certificate_fingerprint]", {**SENDMAIL, "{verify}": "OK", "{cert_fp}": OTHER})]


def hosts(name, domain, host):
    return {"domains": [domain], "require": {"clients": [host]}}, [
        mail(domain, "accept", TLS, client=host),
        mail(domain, f"MAIL 554 5.7.1 Client host not allowed*[{name} client_not_allowed]", TLS)]


def host_names(name, domain, host):
    named = {**TLS, "{client_name}": f"mx.{domain}"}
    return {"domains": [domain], "require": {"clients": [f".{domain}"]}}, [
        mail(domain, "accept", named), mail(domain, f"MAIL 554 5.7.1 *[{name} client_not_allowed]", TLS),
        mail(domain, f"MAIL {OURS}*[{name} client_name_temporary]", {**named, "{client_resolve}": "TEMP"})]


def by_client(name, domain, host):
    return {"clients": [host]}, [
        mail("else.example", no_tls(name), client=host), mail("else.example", "accept", TLS, client=host),
        mail("else.example", "accept")]


def null_sender(name, domain, host):
    return {"domains": [domain]}, [
        mail(domain, no_tls(name), sender="<>", helo=domain), mail(domain, "accept", TLS, sender="<>", helo=domain),
        mail(domain, no_tls(name), sender="<>", helo=f"mx.{domain}"), mail(domain, "accept", sender="<>", helo="mx.else.example"),
        mail(domain, "accept", sender="<a@else.example>", helo=domain)]


def testing(name, domain, host):
    return {"domains": [domain], "mode": "testing"}, [mail(domain, "accept"), mail(domain, "accept", TLS)]


def none(name, domain, host):
    return {"domains": [domain], "mode": "none"}, [mail(domain, "accept"), mail(domain, "accept", TLS)]


def excepted(name, domain, host):
    exceptions = [{"clients": [host], "until": FAR, "reason": "moving"}, {"clients": ["192.0.2.0/24"], "until": PAST, "reason": "over"}]
    return {"domains": [domain], "exceptions": exceptions}, [mail(domain, "accept", client=host), mail(domain, no_tls(name))]


def quarantine(name, domain, host):
    return {"domains": [domain], "action": "quarantine"}, [mail(domain, "hold"), mail(domain, "accept", TLS)]


def tempfail(name, domain, host):
    return {"domains": [domain], "action": "tempfail", "message": f"see https://{domain}/"}, [
        mail(domain, f"MAIL 451 4.7.0 Must issue a STARTTLS*[{name} no_tls] see https://{domain}/"), mail(domain, "accept", TLS)]


def by_reason(name, domain, host):
    return {"domains": [domain], "action": {"no_tls": "reject", "default": "tempfail"}, "require": {"min_tls_version": "TLSv1.3"}}, [
        mail(domain, no_tls(name)), mail(domain, f"MAIL 451 4.7.0 TLS version*[{name} tls_version: *]", OLD)]


def recipients(name, domain, host):
    refusal, ours, others = f"RCPT {no_tls(name)[5:]}", f"<a@in.{domain}>", "<b@local.example>"
    return {"domains": [domain], "recipients": [f"in.{domain}"]}, [
        mail(domain, refusal, rcpt=ours), mail(domain, "accept", rcpt=others), mail(domain, "accept", TLS, rcpt=[ours, others]),
        mail(domain, f"{refusal} + accept", rcpt=[ours, others]),
        mail(domain, f"{refusal} + {refusal} + accept", rcpt=[ours, others, ours])]


def header_from(name, domain, host):
    refusal = f"EOH {no_tls(name)[5:]}"
    return {"domains": [domain], "identities": ["envelope_from", "header_from"]}, [
        mail("else.example", refusal, header=f"From: A <a@{domain}>"), mail("else.example", "accept", TLS, header=f"From: a@{domain}"),
        mail(domain, no_tls(name)), mail("else.example", refusal, header=["Subject: x", "FROM: b@else.example", f"From: a@{domain}"]),
        mail("else.example", f"EOH 451 4.3.5 From header*[{name} header_from]", TLS, header=f"From: <<a@{domain}"),
        mail("else.example", "accept", header=f"Reply-To: a@{domain}")]


def exempt(name, domain, host):
    return {"domains": [domain]}, [
        mail(domain, "accept", client="127.0.0.1"), mail(domain, "accept", {"{auth_type}": "PLAIN", "{auth_authen}": "a"}),
        mail(domain, no_tls(name), {"{auth_type}": "XCLIENT", "{auth_authen}": "a"})]


def carved(name, domain, host):
    """The wider partner; its hole is hole()."""
    return {"domains": [f".{domain}"]}, [
        mail(domain, "accept", sender=f"<a@hole.{domain}>"), mail(domain, no_tls(name), sender=f"<a@else.{domain}>")]


def hole(name, domain, host):
    return {"domains": [f"hole.{domain}"], "mode": "none"}, []


SORTS = [tls, version, cipher, bits, forward_secrecy, names, dates, run_out, pin, hosts, host_names, by_client, null_sender, testing,
         none, excepted, quarantine, tempfail, by_reason, recipients, header_from, exempt, carved]


def make(count):
    """Some `count` partners and all their kinds of mail, with as many of strangers."""
    partners, kinds = [], []
    for number in range(count):
        name, domain = f"p{number:05d}", f"p{number:05d}.example"
        host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        sort = SORTS[number % len(SORTS)]
        said, mails = sort(name, domain, host)
        partners.append({"name": name, **said})
        if sort is carved:
            partners.append({"name": f"{name}-hole", **hole(name, domain, host)[0]})
        kinds += mails + [mail(f"stranger{number}.example", "accept")]
    return partners, kinds
