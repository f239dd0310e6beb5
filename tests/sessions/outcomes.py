# SPDX-License-Identifier: BSD-2-Clause
"""From outcome to reply: codes for each reason, modes, actions, rollouts, quarantine."""
from common import (Daemon, GOOD, NO_TLS, OURS, REJECTED, SENDER, briefly, date, greeted, judge, partner, plain, policy, postfix,
                    sendmail, strong, table)
from milterclient import STRONG, Tls, message
from tap import contains, equal, test

HOUR = 3600
DEMANDING = {"min_tls_version": "TLSv1.2", "min_cipher_bits": 256, "forward_secrecy": True, "clients": ["192.0.2.0/24"],
             "ciphers": ["ECDHE+AESGCM", "ALL"], "certificates": [{"subject": GOOD.cn, "issuer": GOOD.issuer}]}
# reason: (code of reject, of tempfail, profile that shows it)
REASONS = {
    "no_tls": ("530 5.7.0", "451 4.7.0", plain()),
    "tls_version": ("554 5.7.0", "451 4.7.0", postfix(tls=Tls("TLSv1.1", "ECDHE-RSA-AES256-SHA", 256), certificate=GOOD)),
    "cipher": ("554 5.7.0", "451 4.7.0", postfix(tls=Tls("TLSv1.2", "AECDH-AES256-SHA", 256), certificate=GOOD)),
    "cipher_bits": ("554 5.7.0", "451 4.7.0", postfix(tls=Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256", 128), certificate=GOOD)),
    "forward_secrecy": ("554 5.7.0", "451 4.7.0", postfix(tls=Tls("TLSv1.2", "AES256-GCM-SHA384", 256), certificate=GOOD)),
    "certificate_missing": ("554 5.7.5", "451 4.7.5", strong()),
    "certificate_untrusted": ("554 5.7.5", "451 4.7.5", strong(sendmail, GOOD._replace(verify="FAIL"))),
    "certificate_subject": ("554 5.7.1", "451 4.7.1", strong(postfix, GOOD._replace(cn="x.test"))),
    "certificate_issuer": ("554 5.7.1", "451 4.7.1", strong(postfix, GOOD._replace(issuer="x"))),
    "client_not_allowed": ("554 5.7.1", "451 4.7.1", strong(postfix, GOOD, client="198.51.100.1")),
    "verify_not_requested": (OURS, OURS, strong(sendmail, verify="NOT")),
    "verify_temporary": (OURS, OURS, strong(sendmail, verify="TEMP")),
    "mta_macros": (OURS, OURS, strong(sendmail, GOOD, verify=None)),
}


@test("replies: 5xx and 451 for each reason, with partner and reason in the text")
def codes():
    for column, action in enumerate(("reject", "tempfail")):
        with Daemon(policy(partner(action=action, require=DEMANDING))) as daemon:
            for reason, wanted in REASONS.items():
                got = judge(daemon, wanted[2])
                equal((got.brief, got.lines[0]["reasons"].split(",")[0]), (wanted[column], reason), f"{action} {reason}")
                contains(got.text, f"[contoso {reason}", "reply")
                equal(got.lines[0]["action"], "reject" if got.brief[0] == "5" else "tempfail", reason)
                equal(got.lines[0]["verdict"], "undecidable" if wanted[0] == OURS else "fail", reason)


@test("replies: the sentence is the same for a reason, whatever was seen")
def constant_sentence():
    with Daemon(policy(partner(), partner("other", ["other.test"], message="Call us."))) as daemon:
        texts = {judge(daemon, postfix(tls=Tls(version, "AES256-SHA", 256)), sender).text.partition("[")[0]
                 for version in ("TLSv1", "TLSv1.1") for sender in (SENDER, "<a@other.test>")}
        equal(len(texts), 1, "sentences")
        contains(judge(daemon, plain(), "<a@other.test>").text, "] Call us.", "message behind the brackets")


@test("the default action is tempfail, and the policy's defaults change it")
def default_action():
    bare = {"name": "contoso", "domains": ["partner.test"]}
    for defaults, wanted in (({}, "451 4.7.0"), ({"action": "reject"}, NO_TLS), ({"mode": "testing"}, "accept"), ({"mode": "none"}, "accept")):
        with Daemon(policy(bare, defaults=defaults)) as daemon:
            equal(judge(daemon, plain()).brief, wanted, f"{defaults}")
    with Daemon(policy(bare, defaults={"require": {"min_tls_version": "TLSv1.3"}, "message": "By default."})) as daemon:
        got = judge(daemon, postfix(tls=Tls("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256)))
        equal(briefly(got), "451 4.7.0 tls_version")
        contains(got.text, "By default.", "reply")


@test("actions by reason: the deciding one chooses")
def action_map():
    actions = {"no_tls": "reject", "cipher_bits": "quarantine", "default": "tempfail"}
    with Daemon(policy(partner(action=actions, require=DEMANDING))) as daemon:
        equal(judge(daemon, plain()).brief, NO_TLS)
        equal(judge(daemon, strong()).brief, "451 4.7.5")
        held = judge(daemon, REASONS["cipher_bits"][2])
        equal((held.brief, bool(held.quarantine), held.lines[0]["action"]), ("accept", True, "quarantine"))


@test("testing: what would have happened is logged, and the mail accepted")
def testing():
    with Daemon(policy(partner(mode="testing", require=DEMANDING))) as daemon:
        for reason, wanted in REASONS.items():
            got = judge(daemon, wanted[2])
            equal((got.brief, got.quarantine, len(got.lines)), ("accept", None, 1), reason)
            line = got.lines[0]
            equal((line["mode"], line["verdict"], line["reasons"].split(",")[0], line["action"]),
                  ("testing", "undecidable" if wanted[0] == OURS else "fail", reason, "accept"))
        equal([line["verdict"] for line in judge(daemon, strong(postfix, GOOD)).lines], ["pass"])


@test("mode none: accepted")
def switched_off():
    with Daemon(policy(partner(mode="none", require=DEMANDING))) as daemon:
        for profile in (plain(), strong(), strong(postfix, GOOD)):
            equal(judge(daemon, profile).brief, "accept")


@test("quarantine: accepted, held at the end of the message; undecidable is still a tempfail")
def quarantine():
    with Daemon(policy(partner(action="quarantine", require=DEMANDING))) as daemon:
        for mta in (postfix, sendmail):
            got = judge(daemon, plain(mta))
            equal((got.brief, got.replies[-1].stage, len(got.lines)), ("accept", "eom", 1))
            contains(got.quarantine or "", "contoso", "the reason told to the MTA")
            equal((got.lines[0]["verdict"], got.lines[0]["action"], got.lines[0]["qid"]), ("fail", "quarantine", "4Qx0000001"))
        equal(judge(daemon, strong(postfix, GOOD)).quarantine, None, "good mail")
        equal(judge(daemon, strong(sendmail, verify="TEMP")).brief, OURS)
        with greeted(daemon, plain()) as session:
            message(session, SENDER)
            session.starttls(strong(postfix, GOOD))
            equal(message(session, SENDER)[-1].quarantine, None, "good mail behind held mail")


@test("rollout: the last step that has begun holds, keys left out keep the step before")
def rollout():
    def asked(steps, **keys):
        with Daemon(policy(partner(rollout=steps, **keys))) as daemon:
            return judge(daemon, plain()).brief
    past, later, future = date(-2 * HOUR), date(-HOUR), date(HOUR)
    table([
        ("not begun", NO_TLS, [{"from": future, "mode": "none"}], {}),
        ("not begun, testing until then", "accept", [{"from": future, "mode": "enforce"}], {"mode": "testing"}),
        ("begun", "accept", [{"from": past, "mode": "testing"}], {}), ("begun this moment", "accept", [{"from": date(0), "mode": "none"}], {}),
        ("second step", NO_TLS, [{"from": past, "mode": "testing"}, {"from": later, "mode": "enforce"}], {}),
        ("action kept", "451 4.7.0", [{"from": past, "mode": "testing", "action": "tempfail"}, {"from": later, "mode": "enforce"}], {}),
        ("mode kept", "accept", [{"from": past, "mode": "testing"}, {"from": later, "action": "reject"}], {}),
        ("third not begun", "451 4.7.0", [{"from": past, "mode": "testing"}, {"from": later, "mode": "enforce", "action": "tempfail"},
                                          {"from": future, "action": "reject"}], {})],
        lambda steps, keys: asked(steps, **keys))


@test("nothing is refused that shows everything asked for, behind either MTA")
def everything_shown():
    with Daemon(policy(partner(require=DEMANDING))) as daemon:
        for mta in (postfix, sendmail):
            for tls in (STRONG, Tls("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256)):
                got = judge(daemon, mta(tls=tls, certificate=GOOD))
                equal((briefly(got), got.lines[0]["verdict"], got.quarantine), ("accept", "pass", None), f"{mta.__name__} {tls}")


@test("one requirement short is refused, behind either MTA alike")
def one_short():
    with Daemon(policy(partner(require=DEMANDING))) as daemon:
        for reason in ("no_tls", "tls_version", "cipher", "cipher_bits", "forward_secrecy", "certificate_subject", "certificate_issuer",
                       "client_not_allowed", "certificate_missing"):
            shown = REASONS[reason][2].macros
            tls = Tls(*(shown.get(name) for name in ("tls_version", "cipher", "cipher_bits")))
            certificate = GOOD._replace(cn=shown["cert_subject"], issuer=shown["cert_issuer"]) if shown.get("cert_subject") else None
            behind = [judge(daemon, mta(tls=tls if tls.version else None, certificate=certificate, client=shown["client_addr"]))
                      for mta in (postfix, sendmail)]
            equal(briefly(behind[0]), briefly(behind[1]), reason)
            equal(behind[0].brief in (NO_TLS, REJECTED, "554 5.7.1", "554 5.7.5"), True, reason)
            equal(behind[0].text, behind[1].text, reason)
