# SPDX-License-Identifier: BSD-2-Clause
"""From fields by the thousand, out of every part that Sendmail's rules know, and what a reader of a delivered one sees.

A generator with the same seed makes the same fields.
"""
import random
import re

EVIL = "evil.test"


class Generator:
    """field(domain) is the value of a field in which the domain may stand; of None, it does not occur."""

    def __init__(self, seed):
        self.random, self.calm = random.Random(seed), False

    def pick(self, *ways):
        """One of the ways; of a calm field one of the first half, which stands for what is nearly well-formed."""
        return self.random.choice(ways[:(len(ways) + 1) // 2] if self.calm else ways)

    def seldom(self, text, once_in=6):
        return text if not self.calm and self.random.randrange(once_in) == 0 else ""

    def blank(self):
        return self.pick("", "", "", " ", "(c)", "\t", "\r\n ", " (c) ", "(x@evil.test)", "(c(d))")

    def gap(self):
        """What may stand for a dot."""
        return self.pick(" ", "  ", "\t", "\r\n ", "(c)", " (c) ", "(c) (d)", "(\\))")

    def dot(self):
        return self.pick(".", ".", self.gap(), ".", self.blank() + "." + self.blank(), self.gap(), self.gap())

    def label(self, text):
        spelt = self.pick(text, text, text, text.upper(), f'"{text}"', text[:2] + "\\" + text[2:], text.capitalize())
        return spelt + self.seldom(self.pick("\\", '"', "\xa0", "\x7f", "=", "?", "*"), 60)

    def domain(self, name):
        spelt = self.label(name.split(".")[0])
        for text in name.split(".")[1:]:
            spelt += self.dot() + self.label(text)
        return spelt + self.seldom(self.pick(".", "..", " .", ".(c)"), 8)

    def local(self):
        return self.pick("boss", "boss", "b", '"boss"', '"b o"', "b.o", "b o", "b(c)o", "\\b", '"b@evil.test"', '"b\\"o"', "b\\@o",
                         "=?utf-8?q?b?=", "b\xe4", "b%evil.test", "evil.test!b", "b+o", "b/o", "b=o", "", ".b", "b.")

    def address(self, name):
        at = self.blank() + self.pick("@", "%", "%", "@", "@", " @ ", " % ") + self.blank()
        domain, other = self.domain(name), self.domain(EVIL)
        bang = self.pick("!", "!", " ! ", "\\!", "(c)!")
        return self.pick(
            lambda: self.local() + at + domain, lambda: self.local() + at + domain, lambda: self.local() + at + domain,
            lambda: domain + bang + self.local(), lambda: domain + bang + self.local(),
            lambda: f"{other}{bang}{domain}{bang}{self.local()}", lambda: f"{domain}{bang}{other}{bang}{self.local()}",
            lambda: f"{self.local()}%{domain}%{other}", lambda: f"{self.local()}%{other}%{domain}",
            lambda: f"{self.local()}%{domain}@{other}", lambda: f"{self.local()}%{other}@{domain}", self.local,
            lambda: f"{self.local()}{at}{domain}.UUCP", lambda: f"{domain}.uucp!{self.local()}",
            lambda: f"{domain}!{self.local()}@{other}", lambda: f"{other}!{self.local()}@{domain}",
            lambda: f"{domain}!{self.local()}%{other}", lambda: f"{other}!{self.local()}%{domain}",
            lambda: f"{self.local()}@{domain}@{other}", lambda: f"{self.local()}@{other}@{domain}",
            lambda: f"@{other}:{self.local()}{at}{domain}", lambda: f"@{other},@{other}:{self.local()}{at}{domain}",
            lambda: f"@{domain}:{self.local()}@{other}", lambda: f"@{other}:{domain}!{self.local()}",
            lambda: f"{self.local()}@[{domain}]", lambda: f"{self.local()}@[192.0.2.1]",
            lambda: f"{domain}::{self.local()}", lambda: f":{self.local()}{at}{domain}", lambda: f"{self.local()}:{self.local()}{at}{domain}",
            lambda: f"{self.local()}{at}{domain}:{self.local()}", lambda: f"{self.local()}{at}{domain};{other}",
            lambda: f"{self.local()}{at}{domain}/{other}", lambda: f"|{self.local()}{at}{domain}", lambda: f'"{self.local()}{at}{domain}"',
            lambda: f"=?utf-8?q?{self.local()}?={at}{domain}", lambda: domain,
        )()

    def name(self):
        return self.pick("Boss", "A. Boss", '"Boss, A."', '"Boss"', "=?utf-8?q?Boss?=", "B\xf6ss", '""', "Boss (c)", '"b@evil.test"', "",
                         "b@evil.test", "(c)", "Boss", "Boss:", "[Boss]", "Boss, A.", "Boss;", "Boss <b@evil.test>")

    def mailbox(self, name):
        address = self.address(name)
        return self.pick(
            lambda: address, lambda: address, lambda: f"<{address}>", lambda: f"{self.name()} <{address}>",
            lambda: f"{self.name()} <{address}>", lambda: f"{address} ({self.name()})", lambda: f"G: {address};",
            lambda: f"G: {self.address(EVIL)}, {address};", lambda: f"<@evil.test:{address}>", lambda: f"(c) {self.name()} <{address}> (c)",
            lambda: f"{address} (c)", lambda: address, lambda: f"<{address}>", lambda: f"{self.name()} <{address}>",
            lambda: f"{self.name()} <{address}> {self.name()}", lambda: f"{address}@",
            lambda: f"<{address}> <b@evil.test>", lambda: f"<b@evil.test> <{address}>", lambda: f"<<{address}>>", lambda: f"<{address}",
            lambda: f"{address}>", lambda: f"{address} <>", lambda: f"<>{address}", lambda: f"<{self.local()}> {address}",
            lambda: f"G: {address}", lambda: f"{address};", lambda: f"({address}", lambda: f"{address} (", lambda: f"{address})",
            lambda: f'"{address}', lambda: f'{address}"', lambda: f"{address} <b@evil.test>", lambda: f"{address}\\",
            lambda: f"<{self.name()} {address}>", lambda: f"({address})", lambda: f"{self.name()} <{self.name()} <{address}>>")()

    def wild(self, text):
        """One octet more, less or other."""
        place = self.random.randrange(len(text) + 1)
        while text[place - 1:place] == "\r" or text[place:place + 1] in ("\r", "\n"):  # a fold stays whole
            place = self.random.randrange(len(text) + 1)
        return text[:place] + self.pick(*" ().,:;<>@[]\\\"%!|/=?\x80\xa0\xe4\t") + text[place + self.random.randrange(2) * (text[place:place + 2] != "\r\n"):]

    def field(self, name):
        self.calm = self.random.randrange(2) == 0
        boxes = [self.mailbox(EVIL if name is None else self.pick(name, name, name, EVIL))]
        while self.random.randrange(4) == 0:
            boxes.insert(self.random.randrange(len(boxes) + 1), self.mailbox(EVIL))
        text = boxes[0]
        for box in boxes[1:]:
            text += self.pick(",", ", ", ", ", " , ", "\r\n ,", ",,", " ", ";") + box
        for _ in range(self.pick(0, 0, 0, 1, 2)):
            text = self.wild(text)
        # A line of blanks alone would end the header to some, and one octet that ends it never comes here.
        return re.sub(r"\r\n(?![ \t])", "", re.sub(r"(\r\n[ \t]*)+(?=\r\n|$)", "", text)).strip(" \t\r\n") or "boss"


def tokens(text):
    """A delivered field as a mail program reads it: "<", ">", ",", ";", ":" and words, without comments; quoted strings apart."""
    found, word, depth, at = [], "", 0, 0
    while at < len(text):
        octet = text[at]
        if octet == "\\" and at + 1 < len(text):
            word += "" if depth else text[at + 1]
            at += 1
        elif octet == "(":
            depth += 1
        elif depth:
            depth -= octet == ")"
        elif octet == '"':
            end = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S).match(text, at)
            if end:
                word += re.sub(r"\\(.)", r"\1", end[1]).replace("@", "\0").replace("<", "\1")  # no syntax
                at = end.end() - 1
        elif octet in "<>,;:":
            found += [word, octet]
            word = ""
        elif octet not in " \t\r\n":
            word += octet
        at += 1
    return [token for token in (*found, word) if token]


def domains(field):
    """The domains of the addresses that a mail program shows for a field, lower case."""
    found, inside, seen = set(), False, tokens(field)
    for place, token in enumerate(seen):
        if token in "<>":
            inside = token == "<"
        behind = seen[place + 1] if place + 1 < len(seen) else ""
        if token in ("<", ">", ",", ";", ":") or "@" not in token:
            continue
        if inside or behind != "<":  # before "<" it is a display name
            found.add(token.rpartition("@")[2].strip("[]").rstrip(".").lower())
    return found
