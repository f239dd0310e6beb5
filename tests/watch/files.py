# SPDX-License-Identifier: BSD-2-Clause
"""Files, directories and links that change in every way that editors, Git and Kubernetes know."""
import os
import shutil
import socket
import subprocess
import time

from daemon import own_directory, patience
from pki import Pki
from tap import contains, equal
from watching import POLL, QUIET, Watched, partners, scenario


@scenario("in place, by rename, by hand: each change is one reload, and the log says who asked")
def ways():
    with Watched() as daemon:
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        equal(daemon.loads(1, added="d")["by"], "watch")
        daemon.write("d/a.yaml", partners("a", "b", "c"))
        equal(daemon.loads(2, removed="d")["by"], "watch")
        daemon.write("forcetls.yaml", daemon.text(defaults={"mode": "testing"}))
        contains(daemon.loads(3)["changed"], "a: mode enforce->testing")
        daemon.put("d/a.yaml", partners("a", "b", "c", "e"))
        equal(daemon.reload()["by"], "request")
        daemon.is_quiet(4)
        equal(daemon.ask()["policy"]["changed_since"], False)


@scenario("without watch nothing is reloaded; a reload switches it on, and off")
def switch():
    with Watched(watch=False) as daemon:
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        daemon.is_quiet(0)
        contains(daemon.reload(daemon.text())["changed"], "milter.watch false->true")
        daemon.put("d/a.yaml", partners("a", "b", "c"))
        daemon.loads(2, removed="d")
        daemon.write("forcetls.yaml", daemon.text(watch=False))
        contains(daemon.loads(3)["changed"], "milter.watch true->false")
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        daemon.is_quiet(3)
        equal(daemon.ask()["policy"]["changed_since"], True)


class ConfigMap(Watched):
    """The policy lies in a volume as the kubelet makes it."""

    def __init__(self, **more):
        super().__init__(files={}, **more)
        self.policy_text, text = None, self.policy_text
        self.policy_file = self.at("v/forcetls.yaml")
        self.main, self.number = text, 0
        os.mkdir(self.at("v"))
        self.exchange("a", "b", "c")
        os.symlink("..data/forcetls.yaml", self.policy_file)
        os.symlink("..data/d", self.at("v/d"))

    def exchange(self, *names, extra=()):
        """As AtomicWriter: a new directory, a new link over the old one, the old directory away."""
        old = f"..{self.number}"
        self.number += 1
        self.write(f"v/..{self.number}/forcetls.yaml", self.main)
        self.write(f"v/..{self.number}/d/a.yaml", partners(*names))
        for name, text in extra:
            self.write(f"v/..{self.number}/d/{name}", text)
        os.symlink(f"..{self.number}", self.at("v/..data_tmp"))
        os.rename(self.at("v/..data_tmp"), self.at("v/..data"))
        shutil.rmtree(self.at(f"v/{old}"), ignore_errors=True)


@scenario("19 ConfigMap exchanges: two in a row are one reload, and each later one is seen")
def configmap():
    with ConfigMap() as daemon:
        daemon.exchange("a", "b", "c", "d")
        time.sleep(QUIET / 4)
        daemon.exchange("a", "b", "c", "e")
        daemon.loads(1, added="e")
        daemon.exchange("a", "b", "c", "f")
        daemon.loads(2, added="f", removed="e")
        daemon.exchange("a", "b", "c", "f", extra=[("new.yaml", partners("g"))])
        daemon.loads(3, added="g")


@scenario("20 exchanges during a load: no reload has half of one")
def during_load():
    daemon = ConfigMap()
    many = [f"n{i}" for i in range(15000)]
    for i in range(12):
        for name, text in (("0", [f"z0-v{i}"]), ("a", ["a", "b", "c", *many]), ("z", [f"z1-v{i}"])):
            daemon.write(f"v/..v{i}/d/{name}.yaml", partners(*text))
        daemon.write(f"v/..v{i}/forcetls.yaml", daemon.main)
        os.symlink(f"..v{i}", daemon.at(f"v/..data_{i}"))
    os.rename(daemon.at("v/..data_0"), daemon.at("v/..data"))
    with daemon:
        for i in range(1, 12):
            os.rename(daemon.at(f"v/..data_{i}"), daemon.at("v/..data"))
            time.sleep(QUIET + 0.01 * i)
        daemon.wait_log("z1-v11", timeout=100)
        for line in daemon.reloads():
            versions = {name.split("-")[1] for name in line.get("added", "").split(",") if name}
            equal(len(versions) <= 1, True, f"versions in one reload: {line}")
        for text in daemon.errors():  # a machine that is too busy to read one version
            contains(text, "the files changed while they were read")


@scenario("21 git checkout: the moment without a file is no failure")
def git():
    with Watched() as daemon:
        def run(*words):
            subprocess.run(["git", "-C", daemon.dir, "-c", "user.name=t", "-c", "user.email=t@t.test", *words], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run("init")
        run("add", "d", "forcetls.yaml")
        run("commit", "-m", "one")
        run("branch", "one")
        run("checkout", "-b", "two")
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        run("commit", "-a", "-m", "two")
        daemon.loads(1, added="d")
        run("checkout", "one")
        daemon.loads(2, removed="d")
        os.unlink(daemon.at("d/a.yaml"))
        time.sleep(QUIET / 4)
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        daemon.loads(3, added="d")
        equal(daemon.errors(), [])


@scenario("22 swap files and backups of editors are no change")
def editors():
    with Watched() as daemon:
        for name in ("d/.a.yaml.swp", "d/a.yaml~", "d/#a.yaml#", "d/.a.yaml.AbCdEf", "d/sedAbCdEf", ".forcetls.yaml.swp", "forcetls.yaml~", "4913"):
            daemon.put(name, "x")
            os.unlink(daemon.at(name))
        daemon.is_quiet(0)
        subprocess.run(["sed", "-i", "s/c.test/d.test/", daemon.at("d/a.yaml")], check=True)
        contains(daemon.loads(1)["changed"], "d.test")


@scenario("23 a link in the middle of the path moves")
def link():
    daemon = Watched(keys={"include": "way/now/*.yaml"}, files={"one/a.yaml": partners("a", "b"), "two/a.yaml": partners("a", "b", "c")})
    os.makedirs(daemon.at("way"))
    os.symlink("../one", daemon.at("way/now"))
    with daemon:
        os.symlink("../two", daemon.at("way/next"))
        os.rename(daemon.at("way/next"), daemon.at("way/now"))
        daemon.loads(1, added="c")
        daemon.put("one/a.yaml", partners("x"))
        daemon.is_quiet(1)
        daemon.put("two/b.yaml", partners("d"))
        daemon.loads(2, added="d")


@scenario("23 a link that a pattern matches leads nowhere, until its target is made")
def dangling_link():
    daemon = Watched(keys={"include": "way/*/*.yaml"}, files={"one/a.yaml": partners("a", "b"), "two/a.yaml": partners("c")})
    os.makedirs(daemon.at("way"))
    os.symlink("../one", daemon.at("way/one"))
    os.symlink("../hop", daemon.at("way/two"))
    with daemon:
        os.symlink("two", daemon.at("hop"))
        daemon.loads(1, added="c")


@scenario("24 an include directory is removed, and made again")
def directory():
    with Watched() as daemon:
        os.rename(daemon.at("d"), daemon.at("away"))
        daemon.fails(1)
        contains(daemon.errors()[-1], "does not exist")
        os.mkdir(daemon.at("d"))
        os.rename(daemon.at("away/a.yaml"), daemon.at("d/a.yaml"))
        daemon.loads(2)
        daemon.put("d/b.yaml", partners("d"))
        daemon.loads(3, added="d")


@scenario("24 the directory of the policy goes, is made again, and is filled a while later")
def own_directory_again():
    daemon = Watched(files={})
    daemon.policy_text, text = None, daemon.policy_text
    daemon.policy_file = daemon.at("p/forcetls.yaml")
    daemon.write("p/forcetls.yaml", text)
    daemon.write("p/d/a.yaml", partners("a", "b", "c"))
    with daemon:
        begun = time.monotonic()
        os.rename(daemon.at("p"), daemon.at("away"))
        daemon.fails(1)
        os.mkdir(daemon.at("p"))
        time.sleep(QUIET + 1)
        daemon.write("p/d/a.yaml", partners("a", "b", "c", "d"))
        daemon.write("p/forcetls.yaml", text)
        daemon.loads(2, added="d")
        equal(time.monotonic() - begun < patience(POLL - 5), True, "seen, not found by comparing")
        os.rename(daemon.at("p"), daemon.at("away2"))
        os.rename(daemon.at("away"), daemon.at("p"))
        daemon.loads(3, removed="d")


@scenario("what is no file, or too large: refused at once, whatever reading it would do, and the next change loads")
def no_files():
    with Watched() as daemon:
        odd, number = daemon.at("d/odd.yaml"), 0
        for make in (os.mkfifo, os.mkdir, lambda path: socket.socket(socket.AF_UNIX).bind(path),
                     lambda path: os.symlink("/dev/zero", path), lambda path: os.symlink(path, path), large):
            number += 1
            make(odd)
            daemon.fails(number)
            equal(daemon.ask()["partners"]["enforce"], 3)
            number += 1
            (os.rmdir if os.path.isdir(odd) else os.unlink)(odd)
            daemon.loads(number)


def large(path):
    """More than a policy may have; it takes no room on the disk."""
    with open(path, "wb") as file:
        file.truncate((512 << 20) + 1)


@scenario("25 a new file that the pattern matches; renamed to x~ it is gone")
def new_file():
    with Watched() as daemon:
        daemon.write("d/b.yaml", partners("d"))
        daemon.loads(1, added="d")
        os.rename(daemon.at("d/b.yaml"), daemon.at("d/b.yaml~"))
        daemon.loads(2, removed="d")


@scenario("26 a certificate of file: is renewed alone")
def certificate():
    place = own_directory()
    pki = Pki(place)
    one, two = (pki.custom(name, names=[name]).file for name in ("one.test", "two.test"))
    rule = {"certificates": [{"file": f"{place}/c.pem"}]}
    shutil.copy(one, f"{place}/c.pem")
    with Watched(files={"d/a.yaml": partners("a", require=rule)}) as daemon:
        digest = daemon.ask()["policy"]["digest"]
        shutil.copy(two, f"{place}/c.pem")
        daemon.loads(1)
        equal(daemon.ask()["policy"]["digest"] != digest, True, "another digest")
    shutil.rmtree(place)


@scenario("30 a file beside that is written all the time delays nothing")
def busy_neighbour():
    with Watched() as daemon:
        begun = time.monotonic()
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        while not daemon.reloads():
            daemon.put("d/log", str(time.monotonic()))
            daemon.put("state", str(time.monotonic()))
            equal(time.monotonic() - begun < patience(POLL - 5), True, "the neighbours delay the reload")
            time.sleep(0.1)
        daemon.loads(1, added="d")


@scenario("31 broken and repaired within 2 s: nobody sees it")
def repaired():
    with Watched() as daemon:
        daemon.put("d/a.yaml", partners("a", "b", "c", "d")[:-3])
        time.sleep(QUIET / 4)
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        daemon.loads(1, added="d")
        equal(daemon.errors(), [])


@scenario("31 broken for long: logged once, seen in status and metrics, tried again at the next change only")
def broken():
    with Watched() as daemon:
        digest = daemon.ask()["policy"]["digest"]
        daemon.put("d/a.yaml", partners("a", "b", "c", mode="tesing"))
        daemon.fails(1)
        before = len(daemon.errors())
        daemon.is_quiet(1, POLL + QUIET + 2)
        equal(len(daemon.errors()), before, "errors")
        status = daemon.ask()
        equal((status["last_reload"]["result"], status["policy"]["digest"]), ("failed", digest))
        contains(status["last_reload"]["text"], "tesing")
        equal(daemon.ask("metrics")["forcetls_policy_reload_success"], 0)
        daemon.put("d/a.yaml", partners("a", "b", "c", mode="testing"))
        daemon.loads(2)
        equal(daemon.ask("metrics")["forcetls_policy_reload_success"], 1)


@scenario("32 same size and time, as after a clock that was set back")
def same_time():
    with Watched() as daemon:
        for time_of_all in (1000000000, 1000000000):
            daemon.put("d/a.yaml", partners("a", "b", "d") if time_of_all else "")
            os.utime(daemon.at("d/a.yaml"), (time_of_all, time_of_all))
        daemon.loads(1, added="d", removed="c")
        daemon.put("d/a.yaml", partners("a", "b", "e"))
        os.utime(daemon.at("d/a.yaml"), (1000000000, 1000000000))
        daemon.loads(2, added="e", removed="d")


@scenario("33 all partners gone, or more than half: refused; half, or by hand: not")
def gone():
    with Watched(files={"d/a.yaml": partners("a", "b", "c", "d")}) as daemon:
        daemon.put("d/a.yaml", partners("a", "b"))
        daemon.loads(1, removed="c,d")
        daemon.put("d/a.yaml", partners("x", "y", "z"))
        daemon.fails(2)
        contains(daemon.errors()[-1], "2 of 2 partners would be removed")
        contains(daemon.ask()["last_reload"]["text"], "forcetls reload")
        os.unlink(daemon.at("d/a.yaml"))
        daemon.fails(3)
        daemon.put("forcetls.yaml", daemon.text(allow_empty=True))
        daemon.fails(4)
        contains(daemon.errors()[-1], "2 of 2 partners would be removed")
        equal(daemon.ask()["partners"]["enforce"], 2)
        equal(daemon.reload()["removed"], "a,b")
        daemon.wait_log("2 of 2 partners are removed")
        daemon.put("d/a.yaml", partners("a"))
        daemon.loads(6, added="a")
