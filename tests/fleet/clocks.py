# SPDX-License-Identifier: BSD-2-Clause
"""A gateway whose clock is a day off, over a date of the policy. No MTA is needed for this."""
import os
import shutil
import subprocess

from common import date, judge, partner, policy, strong
from daemon import Daemon, own_directory
from milterclient import Certificate
from tap import equal, test

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = 86400
ISSUER = "Partner CA 1"
OLD, NEW = Certificate("old.partner.test", ISSUER), Certificate("new.partner.test", ISSUER)
DATES = "554 5.7.1"


def rule(ends, begins):
    return policy(partner(require={"certificates": [
        {"subject": "old.partner.test", "issuer": ISSUER, "until": date(ends)},
        {"subject": "new.partner.test", "issuer": ISSUER, "from": date(begins)}]}))


@test("fleet 44: gateways whose clocks differ by a day, over a change of certificates: each keeps the dates by its own clock, "
      "none passes more than a rule, and identities that overlap pass on both")
def clocks():
    place = own_directory()
    try:
        library = f"{place}/other_clock.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", f"{HERE}/other_clock.c", "-o", library],
                       check=True)
        env = {"LD_PRELOAD": library, "CLOCK_AHEAD": str(DAY)}
        hard, soft = rule(DAY // 2, DAY // 2), rule(3 * DAY, -DAY)
        with Daemon(hard) as right, Daemon(hard, env=env) as ahead:
            for daemon, wanted in ((right, ("accept", DATES)), (ahead, (DATES, "accept"))):
                equal(tuple(judge(daemon, strong(certificate=one)).brief for one in (OLD, NEW)), wanted)
            equal(right.decisions()[0]["policy"], ahead.decisions()[0]["policy"], "the digest does not tell")
            equal(right.decisions()[0]["at"][:10] < ahead.decisions()[0]["at"][:10], True, "the log's times tell")
            for daemon in (right, ahead):
                daemon.reload(soft)
                equal([judge(daemon, strong(certificate=one)).brief for one in (OLD, NEW)], ["accept", "accept"])
    finally:
        shutil.rmtree(place)
