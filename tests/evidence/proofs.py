# SPDX-License-Identifier: BSD-2-Clause
"""What makes the evidence a proof: the rule that held, and lines that somebody forged or altered. Part of run."""
import datetime
import json
import sqlite3
import subprocess

from rig import FORCETLS, RUN1, RUN2, SECOND, T0, clean, counted, mixed, place, rows, run, wanted  # noqa: F401
import logs
import tap


# Kilobytes of address space; a sanitizer needs terabytes.
LIMIT = 300000 if not subprocess.run(["grep", "-q", "__asan_init", FORCETLS], check=False).returncode == 0 else 0


def report(*arguments):
    return json.loads(run("report", *arguments, "--format", "json").stdout)


def counters(path):
    return {name: n for name, n in rows(path, "SELECT * FROM counter") if n}


# ---- policies ----

@tap.test("a policy that changes with every mail, six thousand times: the report names each, and needs no more memory than others")
def _():
    here, daemon, count = place("many_policies"), logs.Daemon(RUN1), 6000
    (here / "log").write_text("".join(daemon.decision(T0 + i * 240 * SECOND, policy=f"{i:016x}") for i in range(count)))
    run("record", "--database", here / "e.db", here / "log")
    limited = f"ulimit -v {LIMIT or 'unlimited'}; exec '{FORCETLS}' report --database '{here}/e.db' --since 2026-01-01 --format json"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, timeout=120, check=True)
    got = json.loads(done.stdout)
    tap.equal([rule["policies"] for rule in got["partners"][0]["rules"]], [[f"{i:016x}" for i in range(count)]])
    tap.equal([change["digest"] for change in got["policies"]], [f"{i:016x}" for i in range(count)])


# ---- lines with the number of another line ----

def recent(daemon, count, begin=None, **values):
    """Lines of the last minutes, or from then on."""
    begin = begin or datetime.datetime.now(logs.UTC).replace(microsecond=0) - 600 * SECOND
    return [daemon.decision(begin + i * SECOND, **values) for i in range(count)]


@tap.test("forged lines with numbers that are still to come: the first line counts, and each other one is counted, shown and reported (34)")
def _():
    for begin, same_record in ((T0, True), (None, False)):  # an old log at once; a new one in two records
        here, daemon, forger = place(f"conflicts{same_record}"), logs.Daemon(RUN1), logs.Daemon(RUN1)
        lines = recent(daemon, 40, begin)
        forger.seq = 30
        forged = [forger.decision(begin or datetime.datetime.now(logs.UTC), partner="evil") for _ in range(3)]
        (here / "first").write_text("".join(lines[:20] + forged))
        (here / "second").write_text("".join(lines[20:]))
        if same_record:
            done = run("record", "--database", here / "e.db", here / "first", here / "second")
        else:
            run("record", "--database", here / "e.db", here / "first")
            done = run("record", "--database", here / "e.db", here / "second")
        tap.contains(done.stderr, "a line has the number of another one, and does not count: ")
        tap.contains(done.stdout, " conflicting_lines=3 ")
        tap.contains(done.stdout, "alert=conflicting_lines text=\"3 lines of the log have the number of another line")
        got = counted(here / "e.db")
        tap.equal((got.pop(("evil", "pass")), sum(got.values())), (3, sum(wanted(daemon).values()) - 3))
        for _ in range(2):  # what was said once is not said again
            done = run("record", "--database", here / "e.db", here / "second", here / "first")
            tap.equal((done.stderr, "alert=" in done.stdout), ("", False))
        tap.equal(counters(here / "e.db"), {"conflicting_lines": 3})
        tap.equal(report("--database", here / "e.db")["conflicting_lines"], 3)
        tap.contains(run("report", "--database", here / "e.db").stdout, "3 lines have the number of another line, and do not count.")
        tap.contains(run("report", "--database", here / "e.db", "--format", "html").stdout, "Lines with the number of another one: 3.")
        tap.equal(report("--log", here / "first", "--log", here / "second")["conflicting_lines"], 3)


@tap.test("an altered copy of a log: each altered line is seen; copies that are not altered, in whatever form, are none")
def _():
    here, daemon = place("altered"), logs.Daemon(RUN1)
    lines = recent(daemon, 30, verdict="fail", action="tempfail", reasons="no_tls", tls="none")
    (here / "log").write_text("".join(lines))
    run("record", "--strict", "--database", here / "e.db", here / "log", status=1)
    copies = ["".join(line.replace("\n", "\r\n") for line in lines), "".join(line.split("]: ", 1)[1] for line in lines),
              "".join(f"<22>Mar  2 10:00:00 relay relay {line.split(' ', 2)[2]}" for line in lines), "".join(lines[::-1])]
    for text in copies:
        (here / "copy").write_text(text)
        run("record", "--database", here / "e.db", here / "copy")
    tap.equal(counters(here / "e.db"), {})
    (here / "log").write_text("".join(line.replace("verdict=fail action=tempfail reasons=no_tls", "verdict=pass action=accept reasons=")
                                      if i % 10 == 3 else line for i, line in enumerate(lines)))
    done = run("record", "--strict", "--database", here / "e.db", here / "log", status=1)
    tap.contains(done.stdout, "event=alert partner=contoso alert=conflicting_lines")
    tap.equal(counters(here / "e.db"), {"conflicting_lines": 3})
    tap.equal(counted(here / "e.db"), {("contoso", "fail"): 30})


@tap.test("marks of lines stay for a week, and go with their run")
def _():
    here, daemon = place("marks"), logs.Daemon(RUN1)
    (here / "old").write_text("".join(mixed(daemon, 1000)))
    run("record", "--database", here / "e.db", here / "old")
    tap.equal(rows(here / "e.db", "SELECT count(*) FROM mark"), [(0,)], "an old log leaves none")
    (here / "new").write_text("".join(recent(logs.Daemon(RUN2), 600)))
    run("record", "--database", here / "e.db", here / "new")
    tap.equal(rows(here / "e.db", "SELECT count(*), sum(length(marks)) FROM mark"), [(3, 3 * 512)])
    with sqlite3.connect(here / "e.db") as database:
        database.execute("UPDATE mark SET at = at - 7 * 86400000")
    run("record", "--database", here / "e.db", here / "old")
    tap.equal(rows(here / "e.db", "SELECT count(*) FROM mark"), [(0,)])


# ---- compressed logs ----

def packed(name, text):
    return subprocess.run([name, "-c"], input=text, capture_output=True, check=True, timeout=60).stdout


PACKERS = ("gzip", "xz", "zstd", "bzip2")


@tap.test("compressed logs of every kind, one after the other in a file, too, and a rotation between two records (15)")
def _():
    for name in PACKERS:
        here, daemon = place(f"packed_{name}"), logs.Daemon(RUN1)
        lines = mixed(daemon, 3000)
        (here / "log.1").write_bytes(packed(name, "".join(lines[:1000]).encode()) + packed(name, "".join(lines[1000:2000]).encode()))
        (here / "log").write_text("".join(lines[2000:]))
        run("record", "--database", here / "e.db", here / "log", here / "log.1")
        tap.equal(counted(here / "e.db"), wanted(daemon), name)
        (here / "log.2").write_bytes(packed(name, "".join(lines).encode()))
        run("record", "--database", here / "e.db", here / "log.2")
        tap.equal(counted(here / "e.db"), wanted(daemon), name)
        tap.equal(counters(here / "e.db"), {}, name)
        (here / "log.3").write_bytes(packed(name, b""))
        run("record", "--database", here / "e.db", here / "log.3")


@tap.test("compressed logs that are cut or damaged: that is said, and what can be read of them counts with the others")
def _():
    for name in PACKERS:
        here, daemon, other = place(f"broken_{name}"), logs.Daemon(RUN1), logs.Daemon(RUN2)
        whole = packed(name, "".join(mixed(daemon, 5000)).encode())
        (here / "good").write_text("".join(mixed(other, 20)))
        (here / "cut").write_bytes(whole[:-20])
        (here / "short").write_bytes(whole[:40])
        (here / "damaged").write_bytes(whole[:len(whole) // 2] + bytes(octet ^ 0xFF for octet in whole[len(whole) // 2:][:200]) + whole[len(whole) // 2 + 200:])
        (here / "again").write_bytes(packed("xz", whole))
        names = ("cut", "short", "damaged") + (("again",) if name != "gzip" else ())
        done = run("record", "--database", here / "e.db", *(here / n for n in names), here / "good", status=66)
        for broken in names:
            tap.contains(done.stderr, f"/{broken}: ")
        got = counted(here / "e.db")
        tap.equal(rows(here / "e.db", "SELECT count(*) FROM seen s JOIN run r ON r.id = s.run WHERE r.name = '%s'" % RUN2), [(1,)], name)
        tap.equal(sum(got.values()) >= sum(wanted(other).values()), True, name)
        for broken in names:
            run("report", "--log", here / broken, status=66)


@tap.test("a program that unpacks and is not installed is named; compressed standard input is said, or read")
def _():
    here, daemon = place("no_program"), logs.Daemon(RUN1)
    text = "".join(mixed(daemon, 50)).encode()
    for name in PACKERS:
        (here / name).write_bytes(packed(name, text))
    for name in ("xz", "zstd", "bzip2"):
        done = run("record", "--database", here / "e.db", here / name, status=66, PATH="/nonexistent")
        tap.contains(done.stderr, f"compressed by {name}, and the program {name} cannot be run: install it")
        with open(here / name, "rb") as stream:
            done = subprocess.run(["sh", "-c", f"cat | '{FORCETLS}' report --log -"], stdin=stream, capture_output=True, text=True, timeout=60, check=False)
        tap.contains(done.stderr, f"compressed by {name}: give the output of {name} -dc")
        tap.equal(done.returncode, 66)
    with open(here / "gzip", "rb") as stream:
        done = subprocess.run(["sh", "-c", f"cat | '{FORCETLS}' report --log - --format json"], stdin=stream, capture_output=True, text=True, timeout=60, check=False)
    tap.equal(sum(p["mails"] for p in json.loads(done.stdout)["partners"]) > 0, True)


@tap.test("a small file that unpacks to a large one, of one line or many, takes no more memory than any other")
def _():
    here, daemon = place("bomb"), logs.Daemon(RUN1)
    lines = "".join(mixed(daemon, 20)).encode()
    for name in ("gzip", "xz", "zstd"):
        for filler in (b"a" * 1000, b"event=" * 160 + b"\n"):
            with open(here / "bomb", "wb") as stream, subprocess.Popen([name, "-1", "-c"], stdin=subprocess.PIPE, stdout=stream) as packer:
                for _ in range(40):
                    packer.stdin.write(filler * 1000)
                packer.stdin.write(b"\n" + lines)
                packer.stdin.close()
                tap.equal(packer.wait(60), 0)
            size = (here / "bomb").stat().st_size
            tap.equal(size < 1500000, True, f"{name}: {size}")
            (here / "e.db").unlink(missing_ok=True)
            limited = f"ulimit -v {LIMIT}; exec '{FORCETLS}' record --database '{here}/e.db' '{here}/bomb'" if LIMIT else ""
            done = subprocess.run(["bash", "-c", limited or f"exec '{FORCETLS}' record --database '{here}/e.db' '{here}/bomb'"],
                                  capture_output=True, text=True, timeout=120, check=False)
            tap.equal(done.returncode, 0, done.stderr)
            tap.equal(counted(here / "e.db"), wanted(daemon), name)


# ---- what was agreed ----

POLICY = """version: 1
partners:
  - {{name: contoso, domains: [contoso.com, .contoso.com], contact: ann@contoso.com, {rule}}}
  - {{name: fabrikam, domains: [fabrikam.example]}}
"""


def agreed(here, name, rule):
    """A policy, its digest, and its name as a file."""
    path = here / f"{name}.yaml"
    path.write_text(POLICY.format(rule=rule))
    run("record", "--database", here / "digests.db", "-c", path)
    known = {digest for digest, in rows(here / "digests.db", "SELECT t.value FROM partner_rule r JOIN text t ON t.id = r.policy")}
    new, = known - agreed.known
    agreed.known.add(new)
    return path, new


agreed.known = set()


@tap.test("report: the rule under which mail was judged is shown, though the policy is another one today")
def _():
    here, daemon = place("rules"), logs.Daemon(RUN1)
    first, p1 = agreed(here, "first", "require: {min_tls_version: TLSv1.2, certificates: [{subject: mx.contoso.com, issuer: CA 1}]}")
    second, p2 = agreed(here, "second", "require: {min_tls_version: TLSv1.3}, message: 'ask <us>'")
    later, p3 = agreed(here, "later", "mode: none")
    lines = [daemon.decision(T0 + i * SECOND, policy=p1) for i in range(5)] + [daemon.decision(T0 + 3600 * SECOND, policy=p2) for i in range(3)]
    lines += [daemon.decision(T0 + 7200 * SECOND, policy="feedfeedfeedfeed"), daemon.decision(T0 + 7200 * SECOND, policy=p3, partner="fabrikam")]
    (here / "log").write_text("".join(lines))
    for path in (first, second, later):
        run("record", "--database", here / "e.db", "-c", path, here / "log")
    contoso, fabrikam = report("--database", here / "e.db")["partners"]
    rule = ["domains: contoso.com, .contoso.com", "identities: envelope_from", "mode: enforce", "action: tempfail", "min_tls_version: TLSv1.2",
            "certificates: subject mx.contoso.com, issuer CA 1"]
    tap.equal([(r["policies"], r["mails"], r["rule"] and r["rule"][4:]) for r in contoso["rules"]],
              [([p1], 5, rule[4:]), ([p2], 3, ["min_tls_version: TLSv1.3", "message: ask <us>"]), (["feedfeedfeedfeed"], 1, None)])
    tap.equal(contoso["rules"][0]["rule"], rule)
    tap.equal((contoso["rules"][0]["first"], contoso["rules"][0]["last"]), ("2026-03-02T10:00:00Z", "2026-03-02T10:00:04Z"))
    tap.equal([r["mails"] for r in fabrikam["rules"]], [1])
    text = run("report", "--database", here / "e.db", "--partner", "contoso").stdout
    tap.contains(text, f"Rule for 5 mails, 2026-03-02 10:00 to 2026-03-02 10:00\n  policy: {p1}\n  domains: contoso.com, .contoso.com\n")
    tap.contains(text, "policy: feedfeedfeedfeed\n  not known: no record was given this policy\n")
    page = run("report", "--database", here / "e.db", "--format", "html").stdout
    tap.contains(page, "min_tls_version: TLSv1.2<br>certificates: subject mx.contoso.com, issuer CA 1")
    tap.contains(page, "message: ask &lt;us&gt;")
    everything = " ".join(value for value, in rows(here / "e.db", "SELECT value FROM text UNION SELECT text FROM rule"))
    tap.equal("ann@" in everything, False, "notes for people are not kept")


@tap.test("report: policies that say the same of a partner are one rule; a rule is kept once, and goes with what it was for")
def _():
    here, daemon = place("same_rules"), logs.Daemon(RUN1)
    policies = [agreed(here, f"p{i}", f"require: {{min_cipher_bits: {128 + i}}}") for i in range(4)]
    (here / "log").write_text("".join(daemon.decision(T0 + i * 3600 * SECOND, policy=digest, partner="fabrikam") for i, (_, digest) in enumerate(policies)))
    for path, _ in policies * 2:
        run("record", "--database", here / "e.db", "-c", path, here / "log")
    partner, = report("--database", here / "e.db")["partners"]
    tap.equal([(r["policies"], r["mails"]) for r in partner["rules"]], [([digest for _, digest in policies], 4)])
    tap.equal(rows(here / "e.db", "SELECT count(*) FROM rule UNION ALL SELECT count(*) FROM partner_rule"), [(5,), (8,)])
    run("forget", "contoso", "--database", here / "e.db")
    tap.equal(rows(here / "e.db", "SELECT count(*) FROM rule UNION ALL SELECT count(*) FROM partner_rule"), [(1,), (4,)])
    run("record", "--database", here / "e.db", "--keep", "1", here / "log")
    tap.equal(rows(here / "e.db", "SELECT count(*) FROM rule UNION ALL SELECT count(*) FROM partner_rule"), [(0,), (0,)])


@tap.test("the digest under which record keeps a rule is the one that the daemon logs")
def _():
    import os
    if "FORCETLS_MILTER" not in os.environ:
        raise tap.Skip("FORCETLS_MILTER is not set")
    import common  # needs the daemon
    here, text = place("rule_digest"), common.policy(common.partner())
    (here / "policy.yaml").write_text(text)
    with common.Daemon(text) as daemon:
        with common.greeted(daemon, common.plain()) as session:
            common.message(session, "<a@partner.test>")
        common.settle(daemon)
        daemon.stop()
        (here / "log").write_text(daemon.log())
    run("record", "--database", here / "e.db", "-c", here / "policy.yaml", here / "log")
    rule, = report("--database", here / "e.db", "--partner", "contoso")["partners"][0]["rules"]
    tap.equal((rule["mails"], rule["rule"][0]), (1, "domains: partner.test"))
