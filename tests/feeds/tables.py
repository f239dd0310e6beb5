# SPDX-License-Identifier: BSD-2-Clause
"""What import-partners takes from a table and what it refuses: nothing that is cut, empty, unclear or takes away rules."""
from daemon import Daemon
from rig import FAILED, FORCETLS, REFUSED, USAGE, Policy
from tap import contains, equal, test

TABLE = "name,domains,mode\ncontoso,contoso.com .contoso.com,enforce\nfabrikam,fabrikam.example,testing\n"


@test("a table becomes a file of the policy, in mode testing, or in the modes of the table")
def modes():
    with Policy() as policy:
        out = policy.good(TABLE)
        equal(sorted(out.splitlines()), ["added contoso", "added fabrikam"])
        equal(policy.modes(), {"by-hand": "enforce", "contoso": "testing", "fabrikam": "testing"})
        policy.good(TABLE, "--modes")
        equal(policy.modes(), {"by-hand": "enforce", "contoso": "enforce", "fabrikam": "testing"})
        outbound = "name,domains,outbound.mode,outbound.require.certificates\ncontoso,contoso.com,enforce,none\nfabrikam,fabrikam.example,,none\n"
        policy.good(outbound, "--modes", "--remove", "contoso")
        equal(policy.outbound_modes(), {"contoso": "enforce", "fabrikam": "testing"})
        policy.good(outbound, "--remove", "contoso")
        equal(policy.outbound_modes(), {"contoso": "testing", "fabrikam": "testing"})
        policy.good(TABLE, "--modes")
        text = policy.file.read_text()
        for line in ("# source: cat", "# rows: 2", "# command: sha256 ", "# time: 20"):
            contains(text, line)
        before = policy.octets()
        contains(policy.good(TABLE, "--modes"), "no changes")
        equal(policy.octets(), before, "the time alone is no change")


@test("an exporter that fails, a table that is cut or empty, or without its last line: nothing changes")
def cut():
    with Policy() as policy:
        for before in (None, policy):
            old = policy.octets()
            policy.unchanged(FAILED, "ended with status 3", policy.run("sh", "-c", "printf '%s# rows 2\\n' \"$1\"; exit 3", "sh", TABLE), old)
            for table, rows, text in ((TABLE, False, "it may be cut"), (TABLE, 3, "has 2 rows, and its last line says 3"), (TABLE, 1, "says 1"),
                                      ("name,domains\n", 0, "has no rows"), ("", 0, "name the columns"), (b"", False, "it may be cut"),
                                      (TABLE[:-20], False, "it may be cut")):
                policy.unchanged(FAILED, text, policy.bring(table, rows=rows), old)
            policy.unchanged(FAILED, "No such file", policy.run(policy.dir / "nothing"), old)
            if before is None:
                policy.good(TABLE)


@test("fields with blanks, byte order marks, no-break spaces, carriage returns, other encodings, columns that are missing")
def fields():
    with Policy() as policy:
        policy.good(TABLE)
        old = policy.octets()
        for table, text in (
                ("name,domains\ncontoso ,contoso.com\n", "row 1, column name"), ("name,domains\ncontoso,contoso.com\u00a0\n", "row 1, column domains"),
                ("name,domains\ncontoso,a.example\u00a0b.example\n", "a no-break space"), ("\ufeffname,domains\ncontoso,contoso.com\n", "byte order mark"),
                ("name,domains\ncontoso,\"a.example\r\nb.example\"\n", "a carriage return"), ("name,domains,domains\na,a.example,b.example\n", "once each"),
                ("domains\na.example\n", "name the columns"), ("name,domains\na\n", "row 1 has 1 fields"), ("name,domians\na,a.example\n", "domians"),
                ("name,domains\na,*.example.com\n", "*.example.com"), ("name,domains\na b,a.example\n", "a b"),
                ("name,domains\na,a.example\na,b.example\n", "a"), ("name,domains\nby-hand,x.example\n", "by-hand"),
                ("name,domains\nx,hand.example\n", "hand.example"), ("name,domains\nx,a.example: {y}\n", "a.example:")):
            policy.unchanged(FAILED, text, policy.bring(table, "--remove", "contoso", "--max-removed", "9", rows=table.count("\na") or 1), old)
        policy.unchanged(FAILED, "not UTF-8", policy.bring(b"name,domains\na,m\xfcnchen.example\n", rows=1), old)


@test("what a table holds does not reach the terminal as it is; wrong usage is no question to a person")
def shown():
    with Policy() as policy:
        policy.good(TABLE)
        head, one, rest = TABLE.split("\n", 2)
        out = policy.good(f"{head},require.certificates.subject\n{one},a\x1b[31mb\n{rest.rstrip()},\n")
        contains(out, "a\\x1B[31mb")
        equal([c for c in out if not c.isprintable() and c != "\n"], [])
        equal(policy.run("true", options=("--nonsense",))[0], USAGE)
        equal(policy.run()[0], USAGE)


@test("partners that went, and those no longer enforced, need a person")
def removed():
    with Policy() as policy:
        policy.good(TABLE + "third,third.example,testing\n", "--modes")
        old = policy.octets()
        less = "name,domains,mode\ncontoso,contoso.com .contoso.com,enforce\n"
        policy.unchanged(REFUSED, "2 partners would go, at most 0 may: fabrikam, third", policy.bring(less, "--modes"), old)
        policy.unchanged(REFUSED, "at most 1 may", policy.bring(less, "--modes", "--max-removed", "1"), old)
        without = "name,domains,mode\nfabrikam,fabrikam.example,testing\nthird,third.example,testing\n"
        policy.unchanged(REFUSED, "no longer enforced: contoso", policy.bring(without, "--modes", "--max-removed", "9"), old)
        policy.unchanged(REFUSED, "no longer enforced: contoso", policy.bring(TABLE.replace("enforce", "none") + "third,third.example,testing\n", "--modes"), old)
        policy.unchanged(REFUSED, "no longer enforced: contoso", policy.bring(TABLE + "third,third.example,testing\n"), old)
        contains(policy.good(less, "--modes", "--max-removed", "1", "--remove", "fabrikam"), "removed fabrikam")
        equal(policy.modes(), {"by-hand": "enforce", "contoso": "enforce"})
        policy.good(without, "--modes", "--remove", "contoso")
        equal(sorted(policy.modes()), ["by-hand", "fabrikam", "third"])
        equal(len(list((policy.file.parent / ".crm.yaml.old").iterdir())), 2, "the old files are kept")


@test("an enforced partner that would be held to less needs a person")
def weaker():
    head = "name,domains,clients,recipients,require.min_tls_version,require.forward_secrecy,require.certificates.subject,require.profile," \
           "outbound.require.profile,outbound.require.certificates,outbound.mode,mode\n"
    row = "contoso,contoso.com .contoso.com,192.0.2.1,,TLSv1.3,true,mail.contoso.com,ncsc-nl,mozilla-modern,domain,enforce,enforce\n"
    with Policy() as policy:
        policy.good(head + row, "--modes")
        old = policy.octets()
        for was, now, lost in ((" .contoso.com", "", "selector .contoso.com"), ("192.0.2.1", "", "selector 192.0.2.1"), (",,TLSv1.3", ",a@here.test,TLSv1.3", "recipients"),
                               ("TLSv1.3", "", "require.min_tls_version"), ("TLSv1.3", "TLSv1.1", "require.min_tls_version"),
                               ("true", "", "require.forward_secrecy"), ("mail.contoso.com", "", "require.certificates"), ("ncsc-nl", "", "require.ciphers, require.profile"),
                               ("ncsc-nl", "mozilla-modern", "require.profile"), ("mozilla-modern,domain,enforce,enf", ",,,enf", "outbound"),
                               ("mozilla-modern,domain", ",domain",
                                "outbound.require.min_tls_version, outbound.require.ciphers, outbound.require.profile"),
                               ("domain,enf", "none,enf", "outbound.require.certificates"),
                               ("enforce,enf", "testing,enf", "outbound")):
            less = head + row.replace(was, now)
            policy.unchanged(REFUSED, f"held to less than before: contoso ({lost})", policy.bring(less, "--modes", "--max-removed", "9"), old)
        policy.good(head + row.replace("TLSv1.3", "TLSv1.2").replace("mail.contoso.com", "mx.contoso.com"), "--modes", "--remove", "contoso")
        old = policy.octets()
        policy.good(head + row.replace("mail.contoso.com", "mx2.contoso.com").replace("contoso.com .", "contoso.com contoso.net ."), "--modes")
        policy.good(head + row.replace(",enforce\n", ",testing\n"), "--modes", "--remove", "contoso")
        policy.good(head + row.replace(",enforce\n", ",testing\n").replace("TLSv1.3", ""), "--modes")


@test("a dry run shows the changes and makes none; a file that the policy does not include is an error")
def dry_run():
    with Policy() as policy:
        contains(policy.good(TABLE, "--dry-run"), "added contoso")
        equal(policy.octets(), None)
        policy.file = policy.file.with_name("crm.yml")
        policy.unchanged(FAILED, "the policy does not include", policy.bring(TABLE), None)
        policy.file = policy.dir / "crm.yaml"
        policy.unchanged(FAILED, "is not below", policy.bring(TABLE), None)


@test("the daemon takes the partners into force, and what it refuses is put back")
def reload():
    with Policy() as policy:
        run = f"milter: {{status: 'unix:{policy.dir}/status.sock', socket: 'unix:{policy.dir}/milter.sock'}}\n"
        policy.main.write_text(policy.main.read_text() + run)
        with Daemon(None, args=("-c", str(policy.main)), socket=f"unix:{policy.dir}/milter.sock") as daemon:
            contains(policy.good(TABLE, "--modes", reload=True), "added contoso")
            equal(daemon.reloads()[-1]["added"], "contoso,fabrikam")
            contains(policy.good(TABLE, "--modes", reload=True), "no changes\n")
            policy.good(TABLE + "later,later.example,testing\n", "--modes")  # without a reload, as if the daemon had not answered
            contains(policy.good(TABLE + "later,later.example,testing\n", "--modes", reload=True), "has not loaded them")
            equal(daemon.reloads()[-1]["added"], "later")
            equal(len(daemon.reloads()), 2)
            policy.good(TABLE, "--modes", "--max-removed", "1", reload=True)
            equal(daemon.stop(), 0)
        status, _, errors = policy.bring(TABLE + "third,third.example,testing\n", "--modes", reload=True)
        equal(status, FAILED, errors)
        contains(errors, "is written, and forcetls reload ended with status 69")
        old = policy.octets()
        policy.forcetls = policy.dir / "forcetls"  # one whose daemon keeps the old policy
        policy.forcetls.write_text(f'#!/bin/sh\n[ "$1" != reload ] || {{ echo "a mistake" >&2; exit 78; }}\nexec {FORCETLS} "$@"\n')
        policy.forcetls.chmod(0o755)
        policy.unchanged(FAILED, "the daemon keeps the old policy", policy.bring(TABLE + "fourth,fourth.example,testing\nthird,third.example,testing\n",
                                                                              "--modes", reload=True), old)
