# SPDX-License-Identifier: BSD-2-Clause
"""Row S23 of the catalogue: a domain is what Postfix makes of it, in every spelling, and a policy can name it."""
import ctypes
import json
import os
import random
import subprocess
import tempfile

import postfix
from rig import RIG, connect, policy
from rows_sender import MTA, judge
from tap import Skip, equal, test

PARTNERS = """
  - {name: heart, domains: [xn--i-7iq.example]}
  - {name: flag, domains: [.🇩🇪.test]}
  - {name: family, domains: ["👨\u200d👩\u200d👧.test"]}
  - {name: adlam, domains: [𞤀𞤣.test]}
  - {name: sharp, domains: [straße.test]}
  - {name: ascii, domains: [partner.test, .partner.test]}
  - {name: hebrew, domains: [1א.test]}
"""


@test("S23 x symbols, new scripts, joiners and ignored characters name one domain, as for Postfix")
def conversions():
    cases = [("i❤.example", "heart"), ("I❤.EXAMPLE", "heart"), ("i❤\ufe0f.example", "heart"), ("ｉ❤。example", "heart"),
             ("i\u00ad❤.exam\u200bple", "heart"), ("a.🇩🇪.test", "flag"), ("🇩🇪.test", None),
             ("👨\u200d👩\u200d👧.test", "family"), ("👨👩👧.test", None), ("𞤀𞤣.test", "adlam"), ("𞤢𞤣.TEST", "adlam"),
             ("straße.test", "sharp"), ("1א.test", "hebrew"),
             ("part\u00adner.test", "ascii"), ("ｐａｒｔｎｅｒ．ｔｅｓｔ", "ascii"), ("\U0001d429artner.test", "ascii"),
             ("x.p\u2060artner.test", "ascii"), ("part\u200dner.test", None)]
    with RIG.spare(policy(PARTNERS)):
        judge([(f"<a@{name}> SMTPUTF8", partner) for name, partner in cases], service="spare")
        judge([("<a@xn--i-7iq.example>", "heart"), ("<a@XN--I-7IQ.Example>", "heart"), ("<a@x.xn--h77hc.test>", "flag"),
               ("<a@xn--1uga80807abag.test>", "family"), ("<a@xn--strae-oqa.test>", "sharp"), ("<a@strasse.test>", None),
               ("<a@xn--partner-3d1d.test>", None)], service="spare")


@test("S23 x a label that Postfix cannot convert, or an empty one, is refused by someone and hides no domain")
def odd_labels():
    names = ["\ue000.partner.test", "\u00ad.partner.test", "\ue000。ｐartner.test", "ab--ü.partner.test", "ü-.partner.test",
             "\u0301a.partner.test", "partner.test.\u200b", "partner.test.\u00ad.", "⒈.partner.test", "xn--a.ü.partner.test"]
    with RIG.spare(policy(PARTNERS)), connect("spare") as client:
        for argument in [f"<a@{name}>{utf8}" for name in names for utf8 in (" SMTPUTF8", "")]:
            reply = client.command(f"MAIL FROM:{argument}".encode())
            equal(reply.code in (501, 530, 553), True, f"{argument}: {reply}")


@test("S23 x the capital sharp s is whichever letter ICU makes of it")
def capital_sharp_s():
    made = converter()("STRAẞE.test")
    equal(made in ("strasse.test", "xn--strae-oqa.test"), True, repr(made))
    with RIG.spare(policy("\n  - {name: sharp, domains: [straße.test]}")):
        judge([("<a@STRAẞE.test> SMTPUTF8", "sharp" if made == "xn--strae-oqa.test" else None)], service="spare")
    with RIG.spare(policy("\n  - {name: ss, domains: [strasse.test]}")):
        # Postfix folds the case of {mail_addr}, which makes ss of every sharp s.
        judge([("<a@STRAẞE.test> SMTPUTF8", "ss"), ("<a@straße.test> SMTPUTF8", "ss"),
               ("<a@xn--strae-oqa.test>", None)], service="spare")


def converter():
    """Postfix's own conversion: a function from a name to its ASCII form, or to None where Postfix does not take it."""
    postconf = [postfix.program("postconf"), "-c", RIG.need().mta.etc, "-h", "shlib_directory"]
    directory = subprocess.run(postconf, stdout=subprocess.PIPE, check=True, text=True, timeout=60).stdout.strip()
    try:
        library = ctypes.CDLL(os.path.join(directory, "libpostfix-util.so"))
        function = library.midna_domain_to_ascii
    except (OSError, AttributeError) as why:
        raise Skip(f"no library of Postfix: {why}") from None
    function.restype, function.argtypes = ctypes.c_char_p, [ctypes.c_char_p]

    def convert(name):
        found = function(name.encode())
        return None if found is None else found.decode()
    return convert


def some_names(count):
    """Names of a few labels of characters of every kind; the same ones every time."""
    chance = random.Random(23)
    ranges = [(0x61, 0x7a)] * 6 + [(0x30, 0x39), (0xc0, 0x24f), (0x370, 0x3ff), (0x400, 0x4ff), (0x5d0, 0x5ea),
              (0x620, 0x66f), (0x900, 0x97f), (0x1100, 0x11ff), (0x1e00, 0x1fff), (0x200b, 0x200d), (0x2100, 0x214f),
              (0x2460, 0x24ff), (0x2600, 0x27bf), (0x3040, 0x30ff), (0x4e00, 0x4fff), (0xac00, 0xacff), (0xfb00, 0xfb4f),
              (0xfe00, 0xfe0f), (0xff01, 0xffdc), (0x1d400, 0x1d4ff), (0x1e900, 0x1e943), (0x1f300, 0x1f6ff)]

    def label():
        return "".join(chr(chance.randint(*chance.choice(ranges))) for _ in range(chance.randint(1, 6)))
    return [chance.choice(".。．｡").join([label() for _ in range(chance.randint(1, 2))] + ["test"]) for _ in range(count)]


@test("S23 x of a thousand names, a policy takes each that Postfix takes, and makes the same of it")
def thousand_names():
    convert = converter()
    partners = {}
    for name in some_names(2500):
        made = convert(name)
        if made is not None and not made.isascii():
            raise AssertionError(f"{name!r}: {made!r}")
        if made is not None:
            partners.setdefault(made, name)
    equal(len(partners) > 1000, True, f"{len(partners)} names that Postfix takes")
    lines = "".join(f'  - {{name: p{number}, domains: ["{name}"]}}\n' for number, name in enumerate(partners.values()))
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "names.yaml")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write("version: 1\npartners:\n" + lines)
        done = subprocess.run([os.environ.get("FORCETLS", "forcetls"), "list", "-c", path, "--json"], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    equal(done.returncode, 0, done.stderr.decode()[:2000])
    wrong = [(name, partner["selectors"], made) for partner, (made, name)
             in zip(json.loads(done.stdout)["partners"], partners.items()) if partner["selectors"] != [made]]
    equal(wrong, [], "what Postfix makes of them")
