# SPDX-License-Identifier: BSD-2-Clause
"""Tests that print TAP. A test is a function marked with @test("S03 x quotes in the domain")."""
import os
import signal
import sys
import traceback


class Skip(Exception):
    """The test cannot run here (a failure where CI is set: there, nothing may be missing)."""


_tests = []


def test(name):
    """Registers the function under its name; catalogue rows are named first: "S03 p ..."."""
    def register(function):
        _tests.append((name, function))
        return function
    return register


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what or 'value'}: got {got!r}, wanted {wanted!r}")


def contains(text, part, what=""):
    if part not in text:
        raise AssertionError(f"{what or 'text'}: {part!r} is not in {text!r}")


def main(setup=None, teardown=None):
    """Runs the tests whose names contain any of the arguments (all without); exits 1 on a failure."""
    wanted = sys.argv[1:]
    chosen = [t for t in _tests if not wanted or any(w in t[0] for w in wanted)]
    failed = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what the tests have started is stopped, too
    try:
        if setup:
            setup()
        for number, (name, function) in enumerate(chosen, 1):
            try:
                function()
            except Skip as why:
                if os.environ.get("CI"):
                    print(f"not ok {number} - {name} (would skip: {why})", flush=True)
                    failed += 1
                else:
                    print(f"ok {number} - {name} # SKIP {why}", flush=True)
            except Exception:  # a broken test is a failed one, and the others still run
                print(f"not ok {number} - {name}", flush=True)
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}", flush=True)
                failed += 1
            else:
                print(f"ok {number} - {name}", flush=True)
    finally:
        if teardown:
            teardown()
    print(f"1..{len(chosen)}")
    sys.exit(1 if failed or not chosen else 0)
