# SPDX-License-Identifier: BSD-2-Clause
"""What outsiders and clumsy administrators do to the evidence: names, logs, hosts and outputs. Part of run."""
import csv
import html
import html.parser
import io
import json
import os
import pathlib
import re
import subprocess

from rig import FORCETLS, RUN1, RUN2, SECOND, T0, mixed, place, run
import logs
import tap

NAMES = (b"=1+1", b"+1", b"-1", b"@SUM(A1)", b"\t=1", b"a,b", b'"quoted", name', b"<script>alert(1)</script>", b"</table><h1>x", b"&lt;", b"' onload='x",
         "\u202egnp.exe".encode(), "mün\u200bchen".encode(), b"\xff\xfe", b"a\nb\rc", b"\x1b]0;x\x07", b"\\", b"x" * 256, b"%s%n", b"-->", b"]]>")


class Page(html.parser.HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        tap.equal([name for name, _ in attrs if name.startswith("on")], [], tag)

    def handle_data(self, data):
        self.text += data


@tap.test("names that an outsider chooses are text in every form: no formula, no element, no cell, no order of letters")
def _():
    here, daemon = place("odd_names"), logs.Daemon(RUN1)
    lines = [daemon.decision(T0 + i * SECOND, subject=name, issuer=name, client_name=name, helo=name, verdict="fail", action="tempfail",
                             reasons="certificate_subject", **{"from": b"<" + name + b"@contoso.com>"}) for i, name in enumerate(NAMES)]
    (here / "log").write_text("".join(lines))
    run("record", "--database", here / "e.db", here / "log")
    for source in (("--log", here / "log"), ("--database", here / "e.db")):
        raw = {form: subprocess.run([FORCETLS, "report", *map(str, source), "--format", form], capture_output=True, timeout=60, check=True).stdout
               for form in ("text", "json", "csv", "html")}
        text = {form: octets.decode("utf-8") for form, octets in raw.items()}  # each is UTF-8
        partner, = json.loads(text["json"])["partners"]
        tap.equal((partner["fail"], len(partner["certificates"])), (len(NAMES), len(NAMES)))
        rows = list(csv.reader(io.StringIO(text["csv"], newline=""), strict=True))
        tap.equal({len(row) for row in rows}, {len(rows[0])}, "CSV columns")
        tap.equal([cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t")], [], "CSV formulas")
        page = Page(text["html"])
        tap.equal(page.elements & {"script", "h1"}, {"h1"})
        tap.equal(page.text.count("Forced TLS with partners"), 1)
        for form in ("text", "html"):
            tap.equal([c for c in text[form] if (ord(c) < 32 and c != "\n") or c in "\u202e\x7f"], [], form)
    for verb in (("replay", "-c", here / "p.yaml", "--json"), ("suggest", "contoso")):
        (here / "p.yaml").write_text("version: 1\npartners: [{name: contoso, domains: [contoso.com]}]\n")
        done = subprocess.run([FORCETLS, *map(str, verb), "--log", str(here / "log")], capture_output=True, timeout=60, check=False)
        tap.equal((done.returncode in (0, 1), b"\x1b" in done.stdout + done.stderr), (True, False), verb[0])


@tap.test("logs of others have no line of ours, and that is no error; a report of them says that nothing was judged")
def _():
    here = place("others")
    (here / "log").write_text(
        "2026-03-02 10:00:01 1kXyZ-0001 <= a@contoso.com H=mx [192.0.2.1] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no\n"
        "Mar  2 10:00:01 mx1 opendkim[7]: event=none partner=contoso\nMar  2 10:00:02 mx1 sm-mta[8]: AB1: from=<a@contoso.com>, relay=mx [192.0.2.1]\n"
        '192.0.2.1 - - [02/Mar/2026:10:00:01 +0000] "GET /?event=decision HTTP/1.1" 200 5\n{"event": "decision"}\n')
    done = run("record", "--database", here / "e.db", here / "log")
    tap.contains(done.stdout, "lines=0 decisions=0 unreadable_lines=0 foreign_lines=0")
    tap.contains(run("report", "--database", here / "e.db").stdout, "There was no mail that was judged")
    tap.contains(run("report", "--log", here / "log").stdout, "There was no mail that was judged")


@tap.test("every reason has the sentence that says what to do, in text and HTML")
def _():
    here, daemon = place("reasons"), logs.Daemon(RUN1)
    words = (pathlib.Path(__file__).resolve().parents[2] / "policy/words.h").read_text()
    reasons = re.findall(r"X\([A-Z_]+, (\w+)\)", words[words.index("#define REASONS"):words.index("#define REASON_ENUMERATOR")])[1:]
    tap.equal(len(reasons) > 20, True, str(reasons))
    for reason in [*reasons, "of_the_future"]:
        (here / reason).write_text(daemon.decision(T0, verdict="fail", action="tempfail", reasons=reason))
        told = re.search(rf"(?m)^contoso +{reason} .* \d\d:\d\d *(.*)$", run("report", "--log", here / reason).stdout)[1]
        page = html.unescape(run("report", "--log", here / reason, "--format", "html").stdout)
        tap.equal((told.endswith("."), told in page, reason in page), (reason != "of_the_future", True, True), f"{reason}: {told}")


@tap.test("what record says in the journal is logfmt, on standard error too")
def _():
    here, daemon = place("journal_lines"), logs.Daemon(RUN1)
    (here / "log").write_text(daemon.decision(T0) + 'event=decision partner="x\n')
    (here / "p.yaml").write_text("version: 1\npartners: [{name: p, domian: x}]\n")
    for arguments in (("log", "-c", "p.yaml"), ("log", "missing\n\"x"), ("--nonsense",), ("--database", "/dev/full", "log")):
        reading, writing = os.pipe()
        named = os.fstat(writing)
        child = subprocess.Popen([FORCETLS, "record", "--database", "e.db", *arguments], cwd=here, stdout=writing, stderr=writing,
                                 env={**os.environ, "JOURNAL_STREAM": f"{named.st_dev}:{named.st_ino}"})
        os.close(writing)
        with os.fdopen(reading) as stream:
            said = stream.read().splitlines()
        tap.equal(child.wait(60) != 0, True)
        tap.equal([line for line in said if not re.fullmatch(r'event=(record|error)( \w+=([\w-]+|"([^"\\]|\\["\\]|\\x[0-9A-F]{2})*"))+', line)], [], str(arguments))
        tap.equal(any(line.startswith("event=error text=") for line in said), True, str(said))
    done = subprocess.run([FORCETLS, "record", "--nonsense"], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "JOURNAL_STREAM": "1:2"})
    tap.equal("event=error" in done.stderr, False, "another stream: plain text")


@tap.test("two gateways with the same host name, each with its database: sums, gaps and policies of both")
def _():
    here = place("same_name")
    one, two = logs.Daemon(RUN1, host="mx"), logs.Daemon(RUN2, host="mx")
    for name, daemon, digest, begin in (("one", one, "p1", T0 + 100 * SECOND), ("two", two, "p2", T0)):
        lines = [daemon.event(begin, "start", policy=digest)] + [daemon.decision(begin + i * SECOND, policy=digest) for i in range(50)]
        (here / name).write_text("".join(lines))
        run("record", "--database", here / f"{name}.db", here / name)
    got = json.loads(run("report", "--database", here / "one.db", "--database", here / "two.db", "--format", "json").stdout)
    tap.equal((got["gateways"], got["partners"][0]["mails"], got["gaps"]), (["mx"], 100, []))
    tap.equal([(p["digest"], p["until"]) for p in got["policies"]], [("p1", None), ("p2", None)])


@tap.test("a full disk under the output: an exit status, and no half page in place of the old one")
def _():
    here, daemon = place("full_output"), logs.Daemon(RUN1)
    (here / "log").write_text("".join(mixed(daemon, 300)))
    run("record", "--database", here / "e.db", here / "log")
    for verb in (("report",), ("report", "--format", "html"), ("report", "--format", "json"), ("report", "--format", "csv")):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([FORCETLS, *verb, "--database", str(here / "e.db")], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        tap.equal((done.returncode, done.stderr != b""), (74, True), str(verb))
    (here / "page").write_text("the old one")
    limited = f"trap '' XFSZ; ulimit -f 2; exec '{FORCETLS}' report --database '{here}/e.db' --format html -o '{here}/page'"
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, timeout=60, check=False)
    tap.equal((done.returncode, (here / "page").read_text()), (74, "the old one"), done.stderr)
    tap.equal([path.name for path in here.glob("page*")], ["page"])
