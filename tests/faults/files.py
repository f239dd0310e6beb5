# SPDX-License-Identifier: BSD-2-Clause
"""The policy's files and those of its pins are cut, gone, something else, or rewritten while they are read (F06)."""
import os
import subprocess
import threading

from common import NO_TLS, SENDER, Daemon, greeted, partner, plain, policy
from daemon import command, patience
from tap import equal, test

GOOD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../policies/good")
MANY = [partner(f"p{n}", [f"p{n}.test"], comment="x" * 40) for n in range(60)]
PINNED = partner("pinned", ["pinned.test"], require={"certificates": [{"file": "pin.pem"}]})
HARD, SOFT = policy(partner(), PINNED, *MANY), policy(partner(action="tempfail"), PINNED, *MANY)


def pem():
    with open(f"{GOOD}/partner.pem", "rb") as file:
        return file.read()


def judged(daemon):
    """What the partner and the one with the pin hear in plaintext: which policy is in force, whole."""
    with greeted(daemon, plain()) as session:
        return [session.mail(sender).brief for sender in (SENDER, "<a@pinned.test>", "<a@p59.test>")]


def exit_of_start(daemon):
    """What `-t` and a start make of the daemon's files: their exit statuses."""
    return [subprocess.run(command(*more, "-c", daemon.policy_file, "-s", f"unix:{daemon.dir}/other.sock"), check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=patience(20)).returncode
            for more in (["-t"], ["-e"])]


def last_error(daemon):
    return [line for line in daemon.events("policy") if line["severity"] == "error"][-1]


@test("F05 F06 f a policy cut at every hundredth octet: the old one stays, the error has its place, and no start")
def cut_policy():
    with Daemon(HARD, {"pin.pem": pem()}) as daemon:
        octets = SOFT.encode()
        for length in range(0, len(octets) - 1, 100):
            daemon.reload(octets[:length], result="failed")
            equal(judged(daemon), [NO_TLS] * 3, f"cut at {length}")
            error = last_error(daemon)
            equal(error["file"].endswith("forcetls.yaml") and (int(error["line"]) > 0 or length == 0), True, f"{length}: {error}")
            if length % 1000 == 0:
                equal(exit_of_start(daemon), [78, 78], f"a start, cut at {length}")
        daemon.reload(SOFT)
        equal(judged(daemon)[0], "451 4.7.0", "the whole one")


@test("F06 f a policy in lines, cut where it is still one: the log names the partners that went")
def cut_between_lines():
    lines = ["version: 1", "defaults: {action: reject}", "partners:"] + \
            [f"  - {{name: p{n}, domains: [p{n}.test]}}" for n in range(20)]
    with Daemon("\n".join(lines) + "\n") as daemon:
        line = daemon.reload("\n".join(lines[:13]) + "\n")
        equal((line["partners"], line["removed_count"], line["removed"]), ("10", "10", ",".join(f"p{n}" for n in range(10, 20))))


@test("F05 F06 f a pin's certificate cut at every hundredth octet, gone, a directory, something else: the same")
def pins():
    with Daemon(HARD, {"pin.pem": pem()}) as daemon:
        path, whole = os.path.join(daemon.dir, "pin.pem"), pem()
        last = whole.rindex(b"-----END")
        cases = [(f"cut at {length}", whole[:length]) for length in range(0, last + 1, 100)]
        cases += [("another text", b"hello\n"), ("zeros", bytes(4096)), ("a changed octet", whole.replace(b"MII", b"MIJ", 1)),
                  ("gone", None), ("a directory", os.mkdir), ("a link to nowhere", lambda to: os.symlink("nowhere", to)),
                  ("a pipe that nobody writes", os.mkfifo)]
        for what, content in cases:
            if isinstance(content, bytes):
                daemon.write("pin.pem", content)
            else:
                os.unlink(path)
                if content:
                    content(path)
            daemon.reload(SOFT, result="failed")
            equal(judged(daemon), [NO_TLS] * 3, what)
            error = last_error(daemon)
            equal((error["file"], int(error["line"]) > 1, int(error["column"]) > 1), (daemon.policy_file, True, True), f"{what}: {error}")
            equal(exit_of_start(daemon), [78, 78], f"{what}: a start")
            if os.path.isdir(path):
                os.rmdir(path)
            elif content:
                os.unlink(path)
            daemon.write("pin.pem", whole)
        daemon.reload(SOFT)
        equal(judged(daemon)[0], "451 4.7.0", "and whole again")


@test("F06 f a pin's certificate that is rewritten in its place while reloads read it: whole or not at all")
def rewritten_pin():
    with Daemon(HARD, {"pin.pem": pem()}) as daemon:
        done, whole, path = threading.Event(), pem(), os.path.join(daemon.dir, "pin.pem")

        def rewrite():
            while not done.is_set():
                with open(path, "wb") as file:
                    for at in range(0, len(whole), 64):
                        file.write(whole[at:at + 64])
                        file.flush()
        writer = threading.Thread(target=rewrite)
        writer.start()
        results = set()
        try:
            for number in range(60):
                daemon.write("forcetls.yaml", (SOFT, HARD)[number % 2])
                os.kill(daemon.pid, 10)
                daemon.wait_log("event=reload", count=number + 1)
                results.add(daemon.reloads()[number]["result"])
                equal(judged(daemon)[1:], [NO_TLS] * 2, f"reload {number}")
        finally:
            done.set()
            writer.join()
        print(f"# {sorted(results)}")
        daemon.reload(SOFT)
        equal(judged(daemon)[0], "451 4.7.0")


@test("F05 F06 f files that may not be read: the same, where the daemon is not root")
def unreadable():
    with Daemon(HARD, {"pin.pem": pem()}) as daemon:
        for name in ("forcetls.yaml", "pin.pem"):
            os.chmod(os.path.join(daemon.dir, name), 0)
            daemon.reload(result="loaded" if os.geteuid() == 0 else "failed")
            os.chmod(os.path.join(daemon.dir, name), 0o600)
            equal(judged(daemon), [NO_TLS] * 3, name)
