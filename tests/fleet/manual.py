# SPDX-License-Identifier: BSD-2-Clause
"""Follows forcetls-operation(7) to the letter: its commands, on the machine of an operator from which ssh leads to
each gateway. Stand-ins are ssh, which enters the gateway's namespace, and systemctl."""
import os
import re
import subprocess

from daemon import patience
from gateway import FORCETLS, eventually
from mails import POLICIES
from tap import contains, equal

MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../man/forcetls-operation.7")
SSH = """#!/bin/sh
place=$(dirname "$0")/../..
host=$1
shift
exec nsenter --mount="$place/$host/namespace" --wd="$place/$host/home" env PATH="$PATH" sh -c "$*"
"""


def examples(section):
    """The commands of a section, a text for each example; what they print is left out."""
    with open(MANUAL, encoding="utf-8") as file:
        text = file.read().partition(f".Sh {section}\n")[2].partition("\n.Sh ")[0]
    found = []
    for block in re.findall(r"^\.Bd -literal\n(.*?)^\.Ed$", text, re.S | re.M):
        lines, open_ = [], False
        for line in block.replace("\\e", "\\").replace("\\(dq", '"').splitlines():
            open_ = line[:2] in ("$ ", "# ") or (open_ and line[:1] == " " and lines[-1] != "done")
            if open_:
                lines.append(line[2:])
        found.append("\n".join(lines) + "\n")
    return found


class Operator:
    """A machine with a directory old/ and a directory new/, and the means to reach the gateways."""

    def __init__(self, place, gateways):
        self.place, self.gateways = place, gateways
        os.makedirs(f"{place}/bin")
        with open(f"{place}/bin/ssh", "w", encoding="utf-8") as file:
            file.write(SSH)
        os.chmod(f"{place}/bin/ssh", 0o755)
        os.symlink(FORCETLS, f"{place}/bin/forcetls")
        for gateway in gateways:
            os.mkdir(f"{gateway.dir}/home")
            os.symlink(f"/proc/{gateway.namespace.pid}/ns/mnt", f"{gateway.dir}/namespace")
        self.put("old", POLICIES["one"])
        self.put("new", POLICIES["one"])

    def put(self, name, files):
        """A user's checkout."""
        for path, text in files.items():
            path = f"{self.place}/{name}/{path}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o644)
            os.chown(path, 1000, 1000)

    def run(self, script, status=0):
        environment = {**os.environ, "PATH": f"{self.place}/bin:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-c", script], cwd=self.place, env=environment, capture_output=True, text=True,
                              check=False, timeout=patience(120))
        equal(done.returncode, status, f"{script}{done.stdout}{done.stderr}")
        return done.stdout

    def digests(self):
        """Host to its digest, and whether its files have changed since: what the manual's loop prints."""
        listing, = examples("SEE THAT THE GATEWAYS AGREE")
        form = r"^(\w+) digest (\w{16}) loaded \S+ the files have (not changed|changed) since"
        found = re.findall(form, self.run(listing), re.M)
        equal([host for host, _, _ in found], [gateway.name for gateway in self.gateways], "hosts")
        return {host: (digest, changed == "changed") for host, digest, changed in found}


def roll_out(operator):
    """Steps 1 to 4, a policy with a mistake, one that nobody reloaded, and the way back."""
    check, replay, first, others = examples("ROLL OUT A POLICY")
    old = set(operator.digests().values())
    equal(len(old), 1, "the gateways agree")
    for gateway in operator.gateways:
        gateway.forcetls("record", "--gateway", gateway.name, gateway.log_file)

    operator.put("new", POLICIES["two"])
    contains(operator.run(check), "joining")
    operator.run(replay)
    contains(operator.run(first), "added joining")
    digests = operator.digests()
    equal(digests["mx1"] in old, False, "the first one has the new policy")
    equal({digests[host] for host in ("mx2", "mx3", "mx4")}, old, "the others have the old one")
    operator.run(first + others)
    new = set(operator.digests().values())
    equal((len(new), new & old), (1, set()), "all have the new one")

    operator.put("new", {"partners.d/b.yaml": POLICIES["two"]["partners.d/b.yaml"].replace("enforce", "enforced")})
    operator.run(check, status=78)
    operator.run(first, status=78)
    digest, = {digest for digest, _ in new}
    equal(set(operator.digests().values()), {(digest, True), (digest, False)}, "the mistake ends it at the first one")
    operator.run(first.replace("roll_out mx1", "") + others)
    equal([changed for _, changed in operator.digests().values()], [True, True, False, False], "and at the second one")

    operator.put("new", POLICIES["one"])
    operator.run(first + others)
    equal(set(operator.digests().values()), old, "the way back")


def take_out(operator):
    """Out and back, on the second gateway, whose filter has a socket that is held, and on the first, where not."""
    wait, stop, start = examples("TAKE A GATEWAY OUT")
    for gateway in operator.gateways[1::-1]:
        def systemctl(verb, *units, gateway=gateway):
            for unit in units:
                if unit == "postfix":
                    getattr(gateway.mta, {"stop": "end", "start": "begin"}[verb])()
                elif unit == "forcetls-milter":
                    getattr(gateway, {"stop": "end_filter", "start": "begin_filter"}[verb])()
                elif unit == "forcetls-milter.socket" and gateway.held:
                    getattr(gateway, {"stop": "release", "start": "hold"}[verb])()
        for line in (wait + stop + start).splitlines():
            verb, *words = line.split()
            if verb == "systemctl":
                systemctl(*words)
            else:
                operator.run(f"ssh {gateway.name} \"{line}\"\n")
        eventually(lambda gateway=gateway: gateway.status()["sessions"] == 0, "no session is left")


def report(operator):
    copies, = examples("ONE REPORT OF ALL GATEWAYS")
    contains(operator.run(copies), "0 gaps")


CHAPTERS = (roll_out, take_out, report)
