# SPDX-License-Identifier: BSD-2-Clause
"""That cases.md names tests that exist."""
import glob
import os
import re

from tap import equal, test

HERE = os.path.dirname(os.path.abspath(__file__))


def names_of(suite):
    """The names of the tests of a suite, which is a directory of tests/ or a program in one."""
    place = os.path.join(HERE, "..", suite)
    files = [place] if os.path.isfile(place) else [f"{place}/run", *glob.glob(f"{place}/*.py")]
    text = "".join(open(file, encoding="utf-8").read() for file in files)
    return re.findall(r"^@(?:tap\.)?(?:test|scenario)\(f?\"(.*)$", text, re.M)


@test("fleet cases: every edge case of cases.md has its test")
def cases():
    with open(f"{HERE}/cases.md", encoding="utf-8") as file:
        rows = [row.split("|")[1:3] for row in file if re.match(r"\| \d", row)]
    equal([int(case.split()[0]) for case, _ in rows], list(range(1, 46)), "the cases")
    wrong = []
    for case, tests in rows:
        named = re.findall(r"`([\w/]+)`: ((?:`[^`]+`(?:, )?)+)", tests)
        for suite, parts in named:
            wrong += [f"{case.strip()}: {suite} has no test {part!r}" for part in re.findall("`([^`]+)`", parts)
                      if not any(part in name for name in names_of(suite))]
        if not named:
            wrong.append(f"{case.strip()}: no test")
    equal(wrong, [], "wrong rows")
