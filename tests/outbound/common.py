# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of outbound mail share: a policy, `forcetls` as a command, its answers."""
import json
import os
import pathlib
import subprocess
import tempfile

import tap

FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
PLACE = pathlib.Path(tempfile.mkdtemp(prefix="ob"))
PIN, KEY = ":".join(["AB"] * 32), ":".join(["CD"] * 32)
WEAK = "aNULL:eNULL:EXP:MD5:RC2:RC4:DES:3DES"
P = f"protocols=>=TLSv1.2 exclude={WEAK}"
NAMES = f"{P} servername=hostname"


CONTOSO = f"secure match=contoso.com:.contoso.com {NAMES}"


def partner(name, *domains, **outbound):
    return {"name": name, "domains": list(domains), "outbound": outbound}


def require(certificates, **more):
    return {"certificates": certificates, **more}


PARTNERS = [
    partner("contoso", "contoso.com", ".contoso.com", next_hops=["[mail.contoso.com]:25", "[192.0.2.1]:587", "hop.example"]),
    partner("hole", "old.contoso.com", mode="none"),
    {"name": "inbound", "domains": ["in.contoso.com"]},
    partner("idn", "münchen.example", "xn--bcher-kva.example"),
    partner("testing", "testing.example", mode="testing"),
    partner("excepted", "excepted.example", exceptions=[{"until": "2027-01-01", "reason": "ticket"}]),
    partner("none", "none.example", require=require("none")),
    partner("dane", "dane.example", require=require("dane")),
    partner("names", "names.example", require=require([{"name": "mx.names.example"}, {"name": ".cloud.example"}])),
    partner("pins", "pins.example", require=require([{"fingerprint": "sha256:" + PIN}, {"key_fingerprint": "sha256:" + KEY}])),
    partner("dates", "dates.example", require=require([{"name": "a.example", "until": "2027-01-01"},
                                                       {"name": "b.example", "from": "2027-02-01"}])),
    partner("rollout", "rollout.example", mode="none",
            rollout=[{"from": "2027-01-01", "mode": "testing"}, {"from": "2027-02-01", "mode": "enforce"}]),
]


def policy(partners, **keys):
    return json.dumps({"version": 1, **keys, "partners": partners}, ensure_ascii=False)


def write(name, text):
    path = PLACE / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return path


def forcetls(*arguments, status=0):
    done = subprocess.run([FORCETLS, *map(str, arguments)], cwd=PLACE, capture_output=True, timeout=60, check=False)
    tap.equal(done.returncode, status, f"exit status of {arguments}: {done.stdout + done.stderr}")
    return done.stdout.decode()


def explain(to, *options, file="policy.yaml", status=0):
    """The JSON of explain --outbound; the text for people must give the same exit status."""
    options = [*options, *([] if "--date" in options else ["--date", "2026-12-01"])]
    forcetls("explain", "-c", file, "--outbound", "--to", to, *options, status=status)
    answer = json.loads(forcetls("explain", "-c", file, "--outbound", "--to", to, "--json", *options, status=status))
    tap.equal(list(answer), ["direction", "partner", "mode", "keys", "answer"], "keys of the answer")
    tap.equal(answer["direction"], "outbound")
    return answer
