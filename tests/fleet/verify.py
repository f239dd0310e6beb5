# SPDX-License-Identifier: BSD-2-Clause
"""Whether the answers, the sink, the logs, the counters and the report say the same. Pure: each check looks at what
was collected and yields the faults it finds, one sentence each.

What a killed filter loses: it had counted and answered some mails, and their lines were not written. Such a mail has
no line; then a gap of kind "down" of the report must cover its answer, and the sums of the report lack it by name of
that gap. Prometheus lacks what was counted after its last scrape of a filter that ended."""
import collections
import datetime
import re
from typing import NamedTuple

SLACK = 1.0  # seconds: the report's gaps are in whole ones


class Collected(NamedTuple):
    gateways: list
    attempts: list
    troubles: list
    arrived: dict  # by envelope sender: how often
    events: dict   # by name of a gateway: its log, parsed
    report: dict   # forcetls report --format json over all databases


def decisions(events):
    return [event for event in events if event["event"] == "decision"]


# ---- what may be ----

def in_force(attempt):
    """The policies by which this attempt may have been judged."""
    return [name for name, begun, ended in attempt.gateway.policies
            if begun <= attempt.ended and (ended is None or ended >= attempt.begun)]


def wants(attempt):
    return [attempt.kind.wanted[name] for name in in_force(attempt)]


def is_rough(gateway, begun, ended):
    return any(first <= ended and last >= begun for first, last in gateway.rough)


def is_of_filter(attempt):
    """Whether the reply is a refusal of the filter's own words."""
    return re.search(r"\[\w+ \w+", attempt.text) is not None


def is_answered(attempt):
    """Whether it is known what became of it: taken, or refused by the filter."""
    return attempt.code == 250 or is_of_filter(attempt)


def describe(attempt):
    return f"{attempt.gateway.name}: {attempt.sender}, TLS {attempt.kind.tls!r}, got {attempt.text!r}"


# ---- the checks ----

def answers(got):
    """Each answer is one that the policy gives; a client sees an error only in a rough time."""
    for attempt in got.attempts:
        if is_answered(attempt):
            fits = [want for want in wants(attempt) if want.code == attempt.code
                    and (want.code == 250 or f"[{want.line[0]} " in attempt.text)]
            if not fits:
                yield f"a wrong answer: {describe(attempt)}"
        elif not is_rough(attempt.gateway, attempt.connected, attempt.ended):
            yield f"an error in quiet times: {describe(attempt)}"
    for trouble in got.troubles:
        if not is_rough(trouble.gateway, trouble.begun, trouble.ended):
            yield f"an error in quiet times: {trouble.gateway.name}: {trouble.text}"


def taken(got):
    """What no policy refuses was taken by some gateway in the end."""
    kinds = {attempt.mail: attempt.kind for attempt in got.attempts}
    accepted = {attempt.mail for attempt in got.attempts if attempt.code == 250}
    for mail, kind in kinds.items():
        if kind.always_accepted() and mail not in accepted:
            yield f"no gateway took mail {mail} of {kind.domain}"


def arrivals(got):
    """What was taken has arrived, and nothing else has."""
    attempts = {attempt.sender: attempt for attempt in got.attempts}
    for attempt in got.attempts:
        if attempt.code == 250 and attempt.sender not in got.arrived:
            yield f"taken and lost: {describe(attempt)}"
    for sender, count in got.arrived.items():
        attempt = attempts.get(sender)
        if attempt is None:
            yield f"nobody sent what arrived from {sender}"
        elif all(want.code != 250 for want in wants(attempt)):
            yield f"arrived unproved: {describe(attempt)}"
        elif attempt.code not in (250, None):
            yield f"refused, and arrived all the same: {describe(attempt)}"
        elif count > 1 and not attempt.gateway.mta_kills:
            yield f"arrived {count} times: {describe(attempt)}"


def of_line(line):
    return line["partner"], line["verdict"], line["action"]


def down_gaps(got):
    """The times of which the evidence says that no filter ran: by gateway, in seconds since 1970."""
    found = collections.defaultdict(list)
    for gap in got.report["gaps"]:
        if gap["kind"] == "down":
            found[gap["gateway"]].append(tuple(
                datetime.datetime.fromisoformat(gap[end].replace("Z", "+00:00")).timestamp()
                for end in ("from", "until")))
    return found


def lines_of(got):
    """By envelope sender: the gateway's name and the line."""
    found = collections.defaultdict(list)
    for name, events in got.events.items():
        for line in decisions(events):
            found[line["from"]].append((name, line))
    return found


def lost_lines(got):
    """The attempts that were answered, and whose line is missing."""
    lines = lines_of(got)
    return [attempt for attempt in got.attempts if is_answered(attempt) and attempt.sender not in lines
            and all(want.line for want in wants(attempt) if want.code == attempt.code)]


def numbers_of(events):
    """The numbers of the lines of each run. (Before 0.3.0 they had none.)"""
    found = collections.defaultdict(list)
    for event in events:
        if "seq" in event:
            found[event["run"]].append(int(event["seq"]))
    return found


def logged(got):
    """Each decision is one line, of that gateway and of what the policy says; what a kill lost lies in a gap."""
    lines, gaps = lines_of(got), down_gaps(got)
    for attempt in got.attempts:
        found, may_be = lines.pop(attempt.sender, []), [want.line for want in wants(attempt)]
        if len(found) > 1:
            yield f"{len(found)} lines: {describe(attempt)}"
        for name, line in found:
            if of_line(line) not in may_be or name != attempt.gateway.name:
                yield f"a wrong line of {name}, {of_line(line)}: {describe(attempt)}"
    for sender, found in lines.items():
        yield f"a line about mail that nobody sent: {sender}, {found[0][0]}"
    for name, events in got.events.items():
        for run, numbers in numbers_of(events).items():
            if numbers != list(range(1, len(numbers) + 1)):
                yield f"{name}: lines of the run {run} are missing, or not in their order"
    for attempt in lost_lines(got):
        if not any(first - SLACK <= attempt.ended and attempt.begun <= last + SLACK
                   for first, last in gaps[attempt.gateway.name]) or not attempt.gateway.kills:
            yield f"no line, and no gap that says so: {describe(attempt)}"


def runs_of(events):
    """The names of a gateway's runs, one for each start of a filter."""
    return [event.get("run") for event in events if event["event"] == "start"]


def series_key(series):
    labels = dict(re.findall(r'(\w+)="([^"]*)"', series))
    return labels["partner"], labels["verdict"], labels["action"]


def counted(found):
    """A scrape, summed over the reasons."""
    sums = collections.Counter()
    for series, value in found.items():
        sums[series_key(series)] += int(value)
    return sums


def last_scraped(got):
    """What Prometheus knows of all filters: their counters at the last scrape of each."""
    last = {(gateway.name, scrape[0]): scrape[3] for gateway in got.gateways for scrape in gateway.scrapes}
    return sum(int(value) for found in last.values() for value in found.values())


def counters(got):
    """
    At each scrape the counters of a filter are between what had been answered before and what had been begun by then.
    At the end of a filter that was asked to end, the line event=status has exactly its decisions.
    """
    for gateway in got.gateways:
        events = got.events[gateway.name]
        runs, lost = runs_of(events), [one for one in lost_lines(got) if one.gateway is gateway]
        attempts = {attempt.sender: attempt for attempt in got.attempts}
        by_run = collections.defaultdict(list)
        for line in decisions(events):
            by_run[line.get("run")].append((of_line(line), attempts.get(line["from"])))
        for generation, begun, ended, found in gateway.scrapes:
            run = runs[generation - 1]
            judged = [(key, attempt) for key, attempt in by_run[run] if attempt]
            least = collections.Counter(key for key, one in judged if one.ended < begun and is_answered(one))
            most = collections.Counter(key for key, one in judged if one.begun <= ended)
            most.update(want.line for attempt in lost for want in wants(attempt) if want.line)
            for key, value in (counted(found) | least).items():
                if not least[key] <= counted(found)[key] <= most[key]:
                    yield (f"{gateway.name}, filter {generation}: {key} is {value}, "
                           f"and {least[key]} to {most[key]} mails were judged")
        ended = {event.get("run") for event in events if event["event"] == "stop"}
        last = {event["run"]: event for event in events if event["event"] == "status" and event["run"] in ended}
        for run, event in last.items():
            sums = collections.Counter(key[1] for key, _ in by_run[run])
            for verdict in ("pass", "fail", "undecidable", "excepted", "exempt"):
                if int(event[verdict]) != sums[verdict]:
                    yield (f"{gateway.name}: a filter counts {event[verdict]} {verdict} at its end, "
                           f"and logged {sums[verdict]}")


def sums_of(partners):
    """partner to mails, pass, fail, refused, would fail, of lines."""
    sums = collections.defaultdict(collections.Counter)
    for partner, verdict, action in partners:
        refused = action in ("reject", "tempfail")
        sums[partner].update({"mails": 1, verdict: 1, "refused": refused, "would_fail": verdict == "fail" and not refused})
    return sums


def reported(got):
    """The report has the sums of all logs, names all gateways and every end, and misses no line in between."""
    sums = sums_of(of_line(line) for events in got.events.values() for line in decisions(events))
    told = {partner["name"]: partner for partner in got.report["partners"] if partner["direction"] == "inbound"}
    for partner in sums.keys() | told.keys():
        for what in ("mails", "pass", "fail", "undecidable", "excepted", "exempt", "refused", "would_fail"):
            if told.get(partner, {}).get(what, 0) != sums[partner][what]:
                yield (f"the report says {what} {told.get(partner, {}).get(what, 0)} of {partner}, "
                       f"the logs {sums[partner][what]}")
    if got.report["gateways"] != [gateway.name for gateway in got.gateways]:
        yield f"the report is of {got.report['gateways']}"
    for gap in got.report["gaps"]:
        if gap["kind"] != "down":
            yield f"the report misses lines: {gap}"
    for key in ("unreadable_lines", "foreign_lines"):
        if got.report[key] != 0:
            yield f"the report has {key}: {got.report[key]}"


CHECKS = {"answers": answers, "taken": taken, "arrivals": arrivals, "logged": logged, "counters": counters,
          "reported": reported}


def faults(got, *names):
    """What the checks of these names find; of all, if none is given."""
    return [f"{name}: {fault}" for name in names or CHECKS for fault in CHECKS[name](got)]
