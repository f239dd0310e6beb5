# SPDX-License-Identifier: BSD-2-Clause
"""The mail that is sent, and by hand what each must become under each policy; the policies. Pure."""
from typing import NamedTuple, Optional

from smtp import MESSAGE

MAIN = """version: 1
exempt: {clients: []}
defaults: {action: reject}
include: partners.d/*.yaml
"""
PARTNERS = """partners:
  - {name: strict, domains: [partner.test]}
  - name: cert
    domains: [cert.test]
    require: {certificates: [{subject: mail.partner.test, issuer: Test Intermediate CA}]}
  - {name: soft, domains: [soft.test], action: tempfail}
  - {name: scoped, domains: [rcpt.test], recipients: [user@here.test]}
  - {name: header, domains: [from.test], identities: [envelope_from, header_from]}
"""
MOVING = "partners:\n  - {name: moving, domains: [moving.test], mode: %s}\n"
JOINING = "  - {name: joining, domains: [joining.test]}\n"
# The policies, as files; the second one has a partner more, and enforces what the first one tries.
POLICIES = {
    "one": {"forcetls.yaml": MAIN, "partners.d/a.yaml": PARTNERS, "partners.d/b.yaml": MOVING % "testing"},
    "two": {"forcetls.yaml": MAIN, "partners.d/a.yaml": PARTNERS, "partners.d/b.yaml": MOVING % "enforce" + JOINING},
}


class Want(NamedTuple):
    """The reply's code, and the decision that is logged: partner, verdict, action; or None."""
    code: int
    line: Optional[tuple] = None


class Kind(NamedTuple):
    """tls: None: plaintext; "": without a certificate; else which one of pki.py. wanted: by policy."""
    domain: str
    tls: Optional[str]
    wanted: dict
    message: bytes = MESSAGE

    def always_accepted(self):
        return all(want.code == 250 for want in self.wanted.values())


def same(want):
    return {name: want for name in POLICIES}


def passed(partner):
    return Want(250, (partner, "pass", "accept"))


def refused(partner, code=530):
    return Want(code, (partner, "fail", "tempfail" if code // 100 == 4 else "reject"))


STRANGER = same(Want(250))
IN_HEADER = MESSAGE.replace(b"sender@stranger.test", b"a@from.test")
KINDS = [
    Kind("stranger.test", None, STRANGER), Kind("stranger.test", "", STRANGER),
    Kind("elsewhere.test", None, STRANGER), Kind("elsewhere.test", "other-name", STRANGER),
    Kind("partner.test", "", same(passed("strict"))), Kind("partner.test", None, same(refused("strict"))),
    Kind("cert.test", "good", same(passed("cert"))), Kind("cert.test", None, same(refused("cert"))),
    Kind("cert.test", "other-name", same(refused("cert", 554))), Kind("cert.test", "", same(refused("cert", 554))),
    Kind("soft.test", "", same(passed("soft"))), Kind("soft.test", None, same(refused("soft", 451))),
    Kind("rcpt.test", "", same(passed("scoped"))), Kind("rcpt.test", None, same(refused("scoped"))),
    Kind("stranger.test", "", same(passed("header")), IN_HEADER),
    Kind("stranger.test", None, same(refused("header")), IN_HEADER),
    Kind("moving.test", "", same(passed("moving"))),
    Kind("moving.test", None, {"one": Want(250, ("moving", "fail", "accept")), "two": refused("moving")}),
    Kind("joining.test", "good", {"one": Want(250), "two": passed("joining")}),
    Kind("joining.test", None, {"one": Want(250), "two": refused("joining")}),
]
