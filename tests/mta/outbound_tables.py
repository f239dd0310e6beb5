# SPDX-License-Identifier: BSD-2-Clause
"""What the rows of outbound_table_rows.py need: certificates of every kind, each beside every kind of rule, and next
hops of every form. The servers are on addresses of loopback that outbound_detours_rig.py does not use."""
import pki

RULES = ("domain", "dot", "host", "none")

# what the certificate of mx.hN.test shows (OWN is the domain of the recipient), how it is made, and the rules that it meets
CERTIFICATES = [
    ("the name of the host", ["mx.HOST"], {}, {"dot", "host"}),
    ("the domain", ["OWN"], {}, {"domain"}),
    ("both", ["mx.HOST", "OWN"], {}, {"domain", "dot", "host"}),
    ("a wildcard of the host's domain", ["*.HOST"], {}, {"dot", "host"}),
    ("a wildcard of the domain", ["*.OWN"], {}, {"domain"}),
    ("a name below the domain", ["mx.OWN"], {}, {"domain"}),
    ("a name two labels below the domain", ["a.b.OWN"], {}, {"domain"}),
    ("a common name alone", [], {"names": ["mx.HOST"]}, {"dot", "host"}),
    ("a wildcard within a label", ["mx*.HOST"], {}, {"dot"}),
    ("all names, and signs itself", ["mx.HOST", "OWN"], {"issuer": None}, set()),
    ("all names, of a CA that nobody knows", ["mx.HOST", "OWN"], {"issuer": pki.UNKNOWN}, set()),
    ("all names, and has expired", ["mx.HOST", "OWN"], {"days": -1}, set()),
    ("all names, and is for clients only", ["mx.HOST", "OWN"], {"usage": pki.CLIENT}, set()),
]

# a recipient, what its next hop is, the next_hops of the partner, and what it is routed by
HOPS = [
    ("u@Deep.Sub.next0.test", "a domain below a suffix, in capitals", [], None),
    ("u@next1.test.", "a domain with a final dot", [], None),
    ("u@next2.test", "a domain without an MX record", [], None),
    ("u@next3.test", "a host in brackets", ["[mx.next3.test]"], "smtp:[mx.next3.test]"),
    ("u@next4.test", "a host in brackets, with a port", ["[mx.next4.test]:25"], "smtp:[mx.next4.test]:25"),
    ("u@next5.test", "a domain with a port", ["next5.test:25"], "smtp:next5.test:25"),
    ("u@next6.test", "a host that looks like a domain", ["mx.next6.test"], "smtp:mx.next6.test"),
    ("u@next7.test", "of another case than in the policy", ["[MX.Next7.test]:25"], "smtp:[mx.NEXT7.test]:25"),
    ("u@[127.0.3.9]", "an address", ["[127.0.3.9]"], None),
    ("alias9@here.test", "behind an alias", [], None),
]
ALIASES = "alias9@here.test u@next9.test\n"
BY_SENDER = "s10@here.test [mx.next10.test]:25\n"
SETTINGS = {11: ("relayhost", "[mx.next11.test]:25"), 12: ("content_filter", "smtp:[mx.next12.test]:25")}
NEXT_HOPS = 13


def routes():
    return "".join(f"{to.split('@')[1]} {by}\n" for to, _, _, by in HOPS if by)


def offers(certificate):
    """The hosts of the certificates: address -> what it offers."""
    found = {}
    for number, (_, shown, more, _) in enumerate(CERTIFICATES):
        host, own = f"h{number}.test", [f"{rule}{number}.test" for rule in RULES]
        fill = lambda name, host=host, own=own: [name.replace("HOST", host).replace("OWN", one) for one in (own if "OWN" in name else own[:1])]
        names = [name for one in shown for name in fill(one)]
        more = {**more, "names": fill(more["names"][0])} if "names" in more else more
        found[f"127.0.2.{number + 1}"] = dict(certificate=certificate(f"table{number}", *names, **more))
    return {**found, **{f"127.0.3.{number}": {} for number in range(1, NEXT_HOPS + 1)}}


def zone():
    found = {}
    for number in range(len(CERTIFICATES)):
        found[f"mx.h{number}.test"] = [("A", f"127.0.2.{number + 1}")]
        found |= {f"{rule}{number}.test": [("MX", f"mx.h{number}.test")] for rule in RULES}
    for number in range(NEXT_HOPS):
        found[f"mx.next{number}.test"] = [("A", f"127.0.3.{number + 1}")]
        found[f"next{number}.test"] = [("MX", f"mx.next{number}.test")]
    found["deep.sub.next0.test"] = found.pop("next0.test")
    found["next2.test"] = found["mx.next2.test"]
    return found


def partners(partner):
    found = []
    for number in range(len(CERTIFICATES)):
        host = f"h{number}.test"
        for rule, wanted in zip(RULES, ("domain", [{"name": "." + host}], [{"name": "mx." + host}], "none")):
            found.append(partner(f"{rule}{number}.test", certificates=wanted))
    for number in range(NEXT_HOPS):
        hops = HOPS[number][2] if number < len(HOPS) else [f"[mx.next{number}.test]:25"]
        found.append(partner(f"{'.' if number == 0 else ''}next{number}.test", outbound={"next_hops": hops} if hops else {}))
    return found
