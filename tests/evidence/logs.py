# SPDX-License-Identifier: BSD-2-Clause
"""Writes log lines as the daemon and loggers do, and knows the sums that a report must show."""
import collections
import datetime

UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1)

KEYS = ("partner mode verdict action reasons reply qid client client_port client_name helo from tls cipher bits subject issuer verify also "
        "argument identity fingerprint key_fingerprint would policy exception mta resolve exempt daemon selected header_from cut at msg run "
        "seq").split()
OLD_KEYS = KEYS[:KEYS.index("identity") + 1]
BARE = set("partner mode verdict action reasons identity would policy exception mta exempt selected cut at msg run seq".split())
SEVERITY = {"accept": 0, "quarantine": 1, "tempfail": 2, "reject": 3}
VERDICTS = {"exempt": 1, "off": 2, "excepted": 3, "pass": 4, "undecidable": 5, "fail": 6}


def rfc3339(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def quoted(text):
    octets = text.encode() if isinstance(text, str) else text
    return '"' + "".join(f"\\{chr(o)}" if chr(o) in '"\\' else chr(o) if 0x20 <= o <= 0x7E else f"\\x{o:02X}" for o in octets) + '"'


# How loggers write the time, the host and the tag in front of a message.
def modern(moment, host, pid):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00") + f" {host} forcetls-milter[{pid}]: "


def traditional(moment, host, pid):
    return moment.strftime("%b ") + f"{moment.day:2d}" + moment.strftime(" %H:%M:%S") + f" {host} forcetls-milter[{pid}]: "


def bare(_moment, _host, _pid):
    return ""


class Daemon:
    """One run of the daemon: its lines are numbered, and each decision is remembered as a mail."""

    def __init__(self, run, host="mx1", pid=77, prefix=modern):
        self.run, self.host, self.pid, self.prefix = run, host, pid, prefix
        self.seq = self.msg = 0
        self.results = []  # (moment, msg, values) of decisions

    def line(self, moment, text):
        return self.prefix(moment, self.host, self.pid) + text + "\n"

    def event(self, moment, name, **pairs):
        self.seq += 1
        words = "".join(f" {key}={value}" for key, value in pairs.items())
        return self.line(moment, f"event={name}{words} run={self.run} seq={self.seq}")

    def decision(self, moment, same_message=False, keys=tuple(KEYS), **values):
        """A line; same_message: a further result of the message before."""
        self.seq += 1
        self.msg += not same_message
        whole = {"partner": "contoso", "mode": "enforce", "verdict": "pass", "action": "accept", "qid": f"4Q{self.msg}", "client": "192.0.2.1",
                 "client_port": "4711", "client_name": "mx.contoso.com", "helo": "mx.contoso.com", "from": "a@contoso.com", "tls": "TLSv1.3",
                 "cipher": "TLS_AES_256_GCM_SHA384", "bits": "256", "subject": "mx.contoso.com", "issuer": "CA 1", "policy": "p1", "mta": "postfix",
                 "selected": "envelope_from", "at": rfc3339(moment), "msg": self.msg, "run": self.run, "seq": self.seq, **values}
        self.results.append((moment, self.msg, whole))
        text = "event=decision"
        for key in keys:
            value = whole.get(key)
            if value in (None, ""):
                text += f" {key}="
            elif key in BARE or (key == "tls" and value == "none"):
                text += f" {key}={value}"
            else:
                text += f" {key}={quoted(value)}"
        return self.line(moment, text)


class Sums(collections.Counter):
    pass


def oracle(*daemons, since=None, until=None):
    """What a report must say of each partner, by the definitions of the manual and without their program."""
    mails = {}
    for daemon in daemons:
        for moment, msg, values in daemon.results:
            if (since and moment < since) or (until and moment >= until):
                continue
            shares = [(values["partner"], values["verdict"], values.get("mode"), values.get("reasons", ""))]
            shares += [(*pair.split(":"), None, "") for pair in values.get("also", "").split(",") if pair]
            for partner, verdict, mode, reasons in shares:
                if values["verdict"] == "exempt" and verdict != "off":
                    verdict = "exempt"
                if verdict == "off":
                    continue
                key = (daemon.run, msg if msg is not None else values["seq"], partner)
                result = (SEVERITY[values["action"]], VERDICTS[verdict], verdict, mode, reasons, values, moment)
                if key not in mails or result[:2] > mails[key][:2]:
                    mails[key] = result
    sums = collections.defaultdict(Sums)
    for (_run, _msg, partner), (severity, _weight, verdict, mode, reasons, values, _moment) in mails.items():
        mine = sums[partner]
        if verdict == "exempt":
            mine["exempt"] += 1
            continue
        mine["mails"] += 1
        mine[verdict] += 1
        mine["refused"] += severity >= SEVERITY["tempfail"]
        mine["would_fail"] += verdict in ("fail", "undecidable") and values["action"] == "accept" and mode in ("testing", None)
        mine["tls:" + (values["tls"] or "unknown")] += 1
        if verdict in ("fail", "undecidable"):
            for reason in filter(None, reasons.split(",")):
                mine["reason:" + reason] += 1
        if values.get("subject") or values.get("fingerprint"):
            mine[("certificate", values.get("subject", ""), values.get("issuer", ""))] += 1
    return sums
