# SPDX-License-Identifier: BSD-2-Clause
"""`forcetls export postfix`: the guard files and the answers as a map, read by Postfix's own postmap."""
import json
import os
import shutil
import stat
import subprocess

import tap
from common import FORCETLS, NAMES, P, PARTNERS, PLACE, partner, policy, require, write

POSTMAP = shutil.which("postmap", path=os.environ.get("PATH", "") + ":/usr/sbin")
MILTER = {"outbound": "unix:/var/spool/postfix/forcetls/outbound.sock"}
LATER = [{"from": "2099-01-01", "mode": "enforce"}]
GUARDED = [*PARTNERS[:-1],
           partner("rollout", "rollout.example", mode="none", rollout=LATER),
           partner("past", "past.example", rollout=[{"from": "2020-01-01", "mode": "testing"}]),
           partner("excused", "excused.example", exceptions=[{"until": "2099-01-01", "reason": "ticket"}]),
           partner("v6", "v6.example", next_hops=["[2001:db8::1]", "[IPv6:2001:db8::2]:587", "[mx.münchen.example]"]),
           partner("idns", ".münchen.example"),
           partner("deep", ".x.old.contoso.com"),
           partner("below", "t.contoso.com", ".t.contoso.com", mode="testing"),
           partner("h", "h.example", ".h.example"),
           partner("hops", "hops.example", mode="testing", next_hops=["h.example:587", "q.h.example"])]
UNGUARDED = {None, "hole", "inbound", "testing", "past", "below", "hops"}
KEYS = """contoso.com CONTOSO.com contoso.com:25 contoso.com:587 a.contoso.com A.B.Contoso.com a.contoso.com:submission
notcontoso.com notcontoso.com:25 a.contoso.com.other.example old.contoso.com OLD.contoso.com:587 x.old.contoso.com
y.x.old.contoso.com in.contoso.com a.in.contoso.com t.contoso.com a.t.contoso.com a.b.T.contoso.com:25 [a.contoso.com]:25
[contoso.com] [mail.contoso.com] [mail.contoso.com]:25 [Mail.contoso.com]:smtp [mail.contoso.com]:26 [192.0.2.1]:587
[192.0.2.1] hop.example hop.example:25 hop.example:26 a.hop.example münchen.example MÜNCHEN.example:26 xn--mnchen-3ya.example
a.MÜNCHEN.example a.XN--MNCHEN-3YA.example a.münchen.example:587 bücher.example testing.example rollout.example past.example
excused.example dates.example [2001:db8::1] [ipv6:2001:db8::1]:25 [IPv6:2001:db8::2]:587 [2001:db8::2] [mx.MÜNCHEN.example]
h.example h.example:587 h.example:588 a.h.example q.h.example q.h.example:25 q.h.example:26 z.q.h.example hops.example
contoso.com: a.contoso.com: contoso.com:0025 [mail.contoso.com]: [Mail.contoso.com]:025 [mail.contoso.com]:0 [192.0.2.1]: [192.0.2.1]:submission
[192.0.2.1]:00587 [192.0.2.1]:00586 hop.example: hop.example:025 [IPv6:2001:db8::2]:Submission [ipv6:2001:db8::1]: [mx.MÜNCHEN.example]:
h.example: h.example:0587 h.example:submission q.h.example: q.h.example:025 q.h.example:026 old.contoso.com: old.contoso.com:025
contoso。com contoso．com:25 a｡b.contoso。com old。contoso.com x。old.contoso。com [mail。contoso.com] hop。example
[mail。contoso.com]:25 [mail。contoso.com]:587 hops。example q。h.example münchen.example a.MÜNCHEN.example bücher.example
[mx.münchen.example] [mx.münchen.example]:25 münchen。example:25 stranger。example münchen.stranger.example
stranger.example stranger.example:25 [stranger.example] stranger.example: [stranger.example]: [stranger.example]:025""".split()


def export(directory, *options, file="guarded.yaml", status=0, said=""):
    """What is printed; `said`: a part of what stands on standard error."""
    done = subprocess.run([FORCETLS, "export", "postfix", "-c", file, "-d", directory, *options], cwd=PLACE, capture_output=True,
                          text=True, timeout=60, check=False)
    tap.equal(done.returncode, status, done.stdout + done.stderr)
    tap.contains(done.stderr, said)
    return done.stdout


def explained(key):
    done = subprocess.run([FORCETLS, "explain", "-c", "guarded.yaml", "--outbound", "--to", "u@x.test", "--next-hop", key, "--json"],
                          cwd=PLACE, capture_output=True, text=True, timeout=60, check=False)
    answer = json.loads(done.stdout)
    return answer["partner"], answer["mode"], answer["answer"]


def place(name):
    (PLACE / name).mkdir()
    return PLACE / name


def postmap(*arguments, keys=None, status=None):
    if not POSTMAP:
        raise tap.Skip("no postmap")
    (PLACE / "postfix").mkdir(exist_ok=True)
    write("postfix/main.cf", f"compatibility_level = 3.6\nsmtputf8_enable = yes\nqueue_directory = {PLACE}\ndata_directory = {PLACE}\n")
    done = subprocess.run([POSTMAP, "-c", PLACE / "postfix", *arguments], input=None if keys is None else "".join(key + "\n" for key in keys),
                          capture_output=True, text=True, timeout=60, check=False)
    if status is not None:
        tap.equal(done.returncode, status, done.stderr)
    return done


def looked_up(table, keys):
    done = postmap("-q", "-", table, keys=keys)
    tap.equal(done.stderr, "", "what postmap says")
    return dict(line.split("\t") for line in done.stdout.splitlines())


def lines(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


write("guarded.yaml", policy(GUARDED, milter=MILTER))


@tap.test("export writes two files for all to read, and prints the lines of main.cf")
def _():
    place("two")
    said = export("two", said="partners with outbound that are not written: 5 (not enforced")
    tap.equal(sorted(os.listdir(PLACE / "two")), ["outbound_exact", "outbound_suffixes"], "files")
    for name in os.listdir(PLACE / "two"):
        tap.equal(stat.S_IMODE((PLACE / "two" / name).stat().st_mode), 0o644, name)
    real = os.path.realpath(PLACE / "two")
    tap.contains(said, f"postmap hash:{real}/outbound_exact")
    tap.equal([line for line in said.splitlines() if not line.startswith("#")],
              ["smtp_tls_policy_maps =",
               f"    pipemap:{{hash:{real}/outbound_exact, socketmap:unix:forcetls/outbound.sock:postfix}},",
               f"    pipemap:{{regexp:{real}/outbound_suffixes, socketmap:unix:forcetls/outbound.sock:postfix}}"])
    exact = lines(PLACE / "two/outbound_exact")
    tap.equal([line for line in exact if "contoso" in line],
              ["contoso.com contoso.com", "[mail.contoso.com] [mail.contoso.com]", "[mail.contoso.com]:25 [mail.contoso.com]",
               "[mail.contoso.com]:smtp [mail.contoso.com]"])
    tap.equal([line for line in exact if line.startswith("münchen")], ["münchen.example xn--mnchen-3ya.example"])
    tap.equal(len({line.split()[0] for line in exact}), len(exact), "keys that come twice")


@tap.test("the guard has a key exactly where the daemon answers for a partner that is or will be enforced")
def _():
    place("guard")
    export("guard")
    exact, suffixes = f"hash:{PLACE}/guard/outbound_exact", f"regexp:{PLACE}/guard/outbound_suffixes"
    tap.equal(postmap(exact, status=0).stderr, "", "what postmap says")
    found = {**looked_up(suffixes, KEYS), **looked_up(exact, KEYS)}
    for key in KEYS:
        whose = explained(key)
        tap.equal(key in found, whose[0] not in UNGUARDED, f"{key} of {whose[0]} is in the guard files")
        if key in found:
            tap.equal(explained(found[key]), whose, f"what the daemon is asked for {key}")
    dotted = [".contoso.com", ".a.contoso.com", ".old.contoso.com", ".x.old.contoso.com", ".h.example", ".münchen.example", ".com"]
    tap.equal(looked_up(suffixes, dotted) | looked_up(exact, dotted), {}, "keys with a dot in front")


@tap.test("with --testing, partners in mode testing are written too, now and at a date to come")
def _():
    place("testing")
    export("testing", "--testing", said="not written: 1 (mode none)")
    tap.equal([key for key in ("testing.example", "past.example", "t.contoso.com", "old.contoso.com", "rollout.example")
               if f"{key} {key}" in lines(PLACE / "testing/outbound_exact")],
              ["testing.example", "past.example", "t.contoso.com", "rollout.example"])


@tap.test("without the daemon a partner's key is an error to Postfix, and a stranger's is not found")
def _():
    place("dead")
    export("dead")
    postmap(f"hash:{PLACE}/dead/outbound_exact", status=0)
    for kind, partners in [("hash:{}/dead/outbound_exact", ["contoso.com", "[192.0.2.1]:587"]),
                           ("regexp:{}/dead/outbound_suffixes", ["a.contoso.com", "contoso.com:587"])]:
        table = f"pipemap:{{{kind.format(PLACE)}, socketmap:unix:{PLACE}/nobody.sock:postfix}}"
        for key in partners:
            tap.contains(postmap("-q", key, table, status=1).stderr, "fatal:")
        for key in ("stranger.example", "old.contoso.com", ".a.contoso.com", "testing.example"):
            done = postmap("-q", key, table, status=1)
            tap.equal((done.stdout, done.stderr), ("", ""), key)


@tap.test("sockets are named as Postfix names them")
def _():
    place("sockets")
    for spec, named in [("/run/forcetls/o.sock", "unix:/run/forcetls/o.sock"), ("local:/var/spool/postfix/o.sock", "unix:o.sock"),
                        ("inet:8896@127.0.0.1", "inet:127.0.0.1:8896"), ("inet6:8896@::1", "inet:[::1]:8896"),
                        ("inet6:8896@[::1]", "inet:[::1]:8896"), ("inet:8896@localhost", "inet:localhost:8896")]:
        write("socket.yaml", policy(PARTNERS, milter={"outbound": spec}))
        tap.contains(export("sockets", file="socket.yaml"), f"socketmap:{named}:postfix}}")


# ---- --static ----

ANSWERED = [partner("contoso", "contoso.com", ".contoso.com", next_hops=["[mail.contoso.com]:25"]),
            partner("idn", "münchen.example"),
            partner("none", "none.example", ".none.example", require=require("none")),
            partner("dane", "dane.example", require=require("dane", forward_secrecy=True)),
            partner("named", "named.example", ".named.example", require=require([{"name": "mx.named.example"}], min_tls_version="TLSv1.3")),
            partner("gone", "gone.example", require=require([{"name": "a.example", "until": "2020-01-01"}])),
            partner("later", "later.example", mode="none", rollout=LATER)]


@tap.test("--static writes the answers, and a rule without an identity in force makes mail wait")
def _():
    write("static.yaml", policy(ANSWERED))
    place("static")
    said = export("static", "--static", file="static.yaml", said="not written: 1 (not enforced now)")
    tap.contains(said, f"\nsmtp_tls_policy_maps = hash:{os.path.realpath(PLACE)}/static/outbound_static\n")
    tap.equal(os.listdir(PLACE / "static"), ["outbound_static"])
    found = dict(line.split(" ", 1) for line in lines(PLACE / "static/outbound_static"))
    for key, answer in {"contoso.com": f"secure match=contoso.com:.contoso.com {NAMES}",
                        "contoso.com:25": f"secure match=contoso.com:.contoso.com {NAMES}",
                        ".contoso.com": f"secure match=nexthop:dot-nexthop {NAMES}",
                        "[mail.contoso.com]:25": f"secure match=contoso.com:.contoso.com {NAMES}",
                        "münchen.example": f"secure match=xn--mnchen-3ya.example:.xn--mnchen-3ya.example {NAMES}",
                        ".none.example": f"encrypt {P}",
                        "gone.example": "TEMP forcetls: partner gone: no certificate identity is in force"}.items():
        tap.equal(found.get(key), answer, key)
    tap.equal("later.example" in found, False, "a rule that does not hold yet")
    table = f"hash:{PLACE}/static/outbound_static"
    tap.equal(postmap(table, status=0).stderr, "", "what postmap says")
    tap.equal(looked_up(table, list(found)), found, "what Postfix reads")


@tap.test("import of what --static writes gives the same answers")
def _():
    write("round.yaml", policy([each for each in ANSWERED if each["name"] not in ("gone", "later")]))
    place("round")
    export("round", "--static", file="round.yaml")
    done = subprocess.run([FORCETLS, "import", "postfix", PLACE / "round/outbound_static"], capture_output=True, text=True, timeout=60, check=False)
    tap.equal(done.returncode, 0, done.stderr)
    write("again.yaml", done.stdout.replace("mode: testing", "mode: enforce"))
    for key in ("contoso.com", "a.b.contoso.com", "[mail.contoso.com]:25", "münchen.example", "none.example", "a.none.example",
                "dane.example", "named.example", "a.named.example", "stranger.example"):
        answers = [json.loads(subprocess.run([FORCETLS, "explain", "-c", file, "--outbound", "--to", "u@x.test", "--next-hop", key, "--json"],
                                             cwd=PLACE, capture_output=True, text=True, timeout=60, check=False).stdout)["answer"]
                   for file in ("round.yaml", "again.yaml")]
        tap.equal(answers[1], answers[0], key)


@tap.test("--static writes nothing where a partner that is not enforced lies below a dotted domain that is")
def _():
    place("holes")
    for hole, name in [(partner("hole", "old.contoso.com", mode="none"), "old.contoso.com"),
                       (partner("hole", ".t.contoso.com", mode="testing"), ".t.contoso.com"),
                       (partner("hole", "hole.example", mode="none", next_hops=["q.contoso.com"]), "q.contoso.com"),
                       ({"name": "inbound", "domains": ["in.contoso.com"]}, "in.contoso.com")]:
        write("holes.yaml", policy([ANSWERED[0], hole]))
        export("holes", "--static", file="holes.yaml", status=65, said=f"error: {name} is not enforced")
        tap.equal(os.listdir(PLACE / "holes"), [])


# ---- mistakes ----

@tap.test("a policy without outbound, or without the daemon's socket, is reported and nothing is written")
def _():
    place("nothing")
    write("inbound.yaml", policy([PARTNERS[2]]))
    write("unheard.yaml", policy(PARTNERS))
    for options in ([], ["--static"]):
        export("nothing", *options, file="inbound.yaml", status=65, said="no partner has outbound")
    export("nothing", file="unheard.yaml", status=65, said="milter.outbound is missing")
    write("broken.yaml", "version: 1\n")
    export("nothing", file="broken.yaml", status=78)
    tap.equal(os.listdir(PLACE / "nothing"), [])


@tap.test("when no partner is enforced any more, the guard files become empty")
def _():
    place("empty")
    export("empty")
    write("tested.yaml", policy([partner("testing", "testing.example", ".testing.example", mode="testing")], milter=MILTER))
    export("empty", file="tested.yaml")
    tap.equal(lines(PLACE / "empty/outbound_exact"), [])
    tap.equal(looked_up(f"regexp:{PLACE}/empty/outbound_suffixes", ["a.contoso.com", "testing.example:25"]), {})


@tap.test("a directory that is missing, no directory, or cannot be written is 73; the old files stay")
def _():
    export("missing", status=73, said="missing: No such file")
    export("guarded.yaml", status=73, said="guarded.yaml: is not a directory")
    place("a b")
    export("a b", status=73, said="main.cf cannot name a path with a blank")
    tap.equal(os.listdir(PLACE / "a b"), [])
    for name, other in [("outbound_exact", "outbound_suffixes"), ("outbound_suffixes", "outbound_exact")]:
        kept = place("kept_" + name)
        (kept / name).mkdir()
        (kept / other).write_text("old\n")
        export(kept, status=73, said="cannot be replaced")
        tap.equal((sorted(os.listdir(kept)), (kept / other).read_text()), (["outbound_exact", "outbound_suffixes"], "old\n"))
    export("/proc/self", status=73, said="cannot be written")


@tap.test("a socket whose path the MTA's configuration cannot name is 65, and nothing is written")
def _():
    place("socket")
    for path, wrong in (("/run/a b/o.sock", "postfix sendmail"), ("/run/a,b/o.sock", "postfix sendmail"), ("/run/{a}/o.sock", "postfix"), ("/run/(a)/o.sock", "sendmail"),
                        ("/run/$a/o.sock", "postfix sendmail"), ("/run/a'b/o.sock", "sendmail")):
        write("socket.yaml", policy([partner("contoso", "contoso.com")], milter={"outbound": "unix:" + path}))
        for mta in ("postfix", "sendmail"):
            done = subprocess.run([FORCETLS, "export", mta, "-c", "socket.yaml", "-d", "socket"], cwd=PLACE, capture_output=True, text=True, timeout=60, check=False)
            tap.equal((done.returncode, os.listdir(PLACE / "socket") == []), (65, True) if mta in wrong else (0, False), f"{mta} {path} {done.stderr}")
            tap.equal("milter.outbound: " in done.stderr, mta in wrong, done.stderr)
            for name in os.listdir(PLACE / "socket"):
                (PLACE / "socket" / name).unlink()
        export("socket", "--static", file="socket.yaml")
        (PLACE / "socket/outbound_static").unlink()


@tap.test("the commands that export prints are quoted for the shell")
def _():
    write("guarded.yaml", policy(GUARDED, milter=MILTER))
    for mta, name in (("postfix", "a'b;c"), ("postfix", "x&y"), ("sendmail", "a;b"), ("sendmail", "x<y")):
        directory = place(name).resolve()
        done = subprocess.run([FORCETLS, "export", mta, "-c", "guarded.yaml", "-d", directory], cwd=PLACE, capture_output=True, text=True, timeout=60, check=True)
        command = next(line for line in done.stdout.splitlines() if "# Run: " in line).split("# Run: ")[1].removesuffix("&& postfix reload")
        shown = subprocess.run(["bash", "-c", 'postmap() { printf %s "${1#hash:}"; }; makemap() { printf %s "$2"; }; ' + command], cwd=PLACE, capture_output=True, text=True, check=False)
        tap.equal((shown.stdout, shown.stderr), (f"{directory}/outbound_{'exact' if mta == 'postfix' else 'access'}", ""), command)


@tap.test("a full disk leaves the old files")
def _():
    place("full")
    (PLACE / "full/outbound_exact").write_text("old\n")
    write("many.yaml", policy([partner(f"p{number}", f"p{number}.example") for number in range(200)], milter=MILTER))
    done = subprocess.run(["bash", "-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "bash", FORCETLS, "export", "postfix", "-c", "many.yaml", "-d", "full"],
                          cwd=PLACE, capture_output=True, text=True, timeout=60, check=False)
    tap.equal(done.returncode, 73, done.stderr)
    tap.contains(done.stderr, "cannot be written")
    tap.equal((os.listdir(PLACE / "full"), (PLACE / "full/outbound_exact").read_text()), (["outbound_exact"], "old\n"))


# ---- Sendmail ----

def export_sendmail(directory, *options, file="guarded.yaml", status=0):
    done = subprocess.run([FORCETLS, "export", "sendmail", "-c", file, "-d", directory, *options], cwd=PLACE, capture_output=True, text=True,
                          timeout=60, check=False)
    tap.equal(done.returncode, status, done.stderr)
    return done


@tap.test("export sendmail writes one tag for each domain in every spelling, and prints lines that ask the map sendmail")
def _():
    place("tags")
    write("guarded.yaml", policy(GUARDED, milter=MILTER))
    said = export_sendmail("tags").stdout
    tags = [line.split("\t") for line in lines(PLACE / "tags/outbound_access")]
    keys = [key for key, _ in tags]
    tap.equal(sorted(keys), sorted(set(keys)), "makemap refuses a key that is there twice")
    found = dict(tags)
    for domain, name in {"contoso.com": "contoso", "münchen.example": "idn", "xn--mnchen-3ya.example": "idn", "hop.example": "contoso",
                         "rollout.example": "rollout", "excused.example": "excused", "x.old.contoso.com": "deep"}.items():
        tap.equal(found.get("ForceTLS:" + domain), name, domain)
    for domain in ("old.contoso.com", "in.contoso.com", "testing.example", "past.example", "t.contoso.com", "q.h.example", "mail.contoso.com"):
        tap.equal("ForceTLS:" + domain in found, False, domain)
    for line in (f"Kforcetls_partners hash -T<TMPF> {os.path.realpath(PLACE)}/tags/outbound_access",
                 f"Ksendmail socket -f -T<TMPF> {MILTER['outbound']}", "LOCAL_TLS_RCPT", f"keys: {len(keys)}"):
        tap.contains(said, line)
    export_sendmail("tags", "--testing")
    tap.equal("ForceTLS:testing.example" in dict(line.split("\t") for line in lines(PLACE / "tags/outbound_access")), True, "--testing")


@tap.test("export sendmail writes all or nothing, as export postfix does")
def _():
    place("no tags")
    place("tagless")
    (PLACE / "tagless/outbound_access").write_text("old\n")
    write("unheard.yaml", policy(PARTNERS))
    for directory, options, file, status, said in [
            ("no tags", [], "guarded.yaml", 73, "sendmail.mc cannot name a path with a blank"), ("missing", [], "guarded.yaml", 73, "No such file"),
            ("tagless", [], "unheard.yaml", 65, "milter.outbound is missing, so Sendmail"), ("tagless", ["--static"], "guarded.yaml", 64, "is for postfix"),
            ("/proc/self", [], "guarded.yaml", 73, "cannot be written")]:
        tap.contains(export_sendmail(directory, *options, file=file, status=status).stderr, said)
    tap.equal((PLACE / "tagless/outbound_access").read_text(), "old\n")


@tap.test("mistakes in the arguments of export are 64")
def _():
    for arguments in ([], ["postfix"], ["exim", "-d", "."], ["postfix", "more", "-d", "."], ["postfix", "-d", ".", "--static", "--testing"],
                      ["postfix", "-d"], ["postfix", "-d", ".", "--unknown"]):
        done = subprocess.run([FORCETLS, "export", *arguments], cwd=PLACE, capture_output=True, text=True, timeout=60, check=False)
        tap.equal(done.returncode, 64, str(arguments))
        tap.contains(done.stderr, "Try 'forcetls export --help'")
