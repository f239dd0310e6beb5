# SPDX-License-Identifier: BSD-2-Clause
"""What inotify does not show, and a host without it. Mounts are made in a namespace of this suite's own."""
import os
import signal
import subprocess

from daemon import patience
from tap import Skip, contains, equal
from watching import POLL, QUIET, Watched, partners, scenario

FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
SLOW = POLL + 2 * QUIET + 20


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def late(daemon, added):
    """That the comparison finds the change."""
    daemon.wait_reloads(1, timeout=SLOW)
    daemon.loads(1, added=added)


@scenario("27 a file that is mounted alone: written in place it is seen, replaced it is not; a mounted directory is")
def bind():
    need_root()
    files = {"src/a.yaml": partners("a", "b"), "d/a.yaml": "partners: []\n", "dir/b.yaml": partners("c"), "e/x": ""}
    daemon = Watched(keys={"include": ["d/*.yaml", "e/*.yaml"]}, files=files)
    for name, text in files.items():
        daemon.write(name, text)
    daemon.files = {}
    mount("--bind", daemon.at("src/a.yaml"), daemon.at("d/a.yaml"))
    mount("--bind", daemon.at("dir"), daemon.at("e"))
    try:
        with daemon:
            daemon.put("src/a.yaml", partners("a", "b", "d"))
            late(daemon, "d")
            done = subprocess.run([FORCETLS, "check", "-c", daemon.policy_file], check=False, capture_output=True, text=True)
            contains(done.stdout, f"{daemon.at('d/a.yaml')} is mounted alone")
            equal(done.stdout.count("[file_mounted_alone]"), 1, done.stdout)
            daemon.write("src/a.yaml", partners("a", "b", "x"))
            daemon.write("dir/b.yaml", partners("c", "e"))
            daemon.loads(2, added="e")
    finally:
        subprocess.run(["umount", daemon.at("d/a.yaml"), daemon.at("e")], check=False, stderr=subprocess.DEVNULL)


@scenario("28 the lower layer of an overlay changes: the comparison finds it")
def overlay():
    need_root()
    daemon = Watched(files={})
    mount("-t", "tmpfs", "-o", "mode=0700", "none", daemon.dir)
    try:
        for name in ("low", "up", "work", "d"):
            os.mkdir(daemon.at(name))
        daemon.write("low/a.yaml", partners("a", "b"))
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={daemon.at('low')},upperdir={daemon.at('up')},workdir={daemon.at('work')}", daemon.at("d"))
        with daemon:
            daemon.put("low/a.yaml", partners("a", "b", "c"))
            late(daemon, "c")
            daemon.write("d/b.yaml", partners("d"))
            daemon.loads(2, added="d")
    finally:
        subprocess.run(["umount", daemon.at("d"), daemon.dir], check=False, stderr=subprocess.DEVNULL)
        os.rmdir(daemon.dir)


@scenario("29 no more instances of inotify: one line, and the comparison alone")
def no_inotify():
    script = 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"'
    wrapper = ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"]
    if subprocess.run([*wrapper, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("needs user namespaces")
    with Watched(wrapper=wrapper) as daemon:
        daemon.wait_log("the policy cannot be watched")
        daemon.put("d/b.yaml", partners("d"))
        late(daemon, "d")
        warnings = [line for line in daemon.events("warning") if "watched" in line["text"]]
        equal(len(warnings), 1, daemon.log())
        contains(warnings[0]["text"], "fs.inotify.max_user_instances")


@scenario("29 a directory that the daemon may not read")
def unreadable():
    need_root()
    wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    with Watched(keys={"include": "d/a.yaml"}, files={"d/a.yaml": partners("a", "b")}, wrapper=wrapper) as daemon:
        os.chown(daemon.at("d"), 54321, 54321)
        os.chmod(daemon.at("d"), 0o711)
        daemon.reload()
        daemon.wait_log(f"directory {daemon.dir}/d cannot be watched: Permission denied")
        daemon.put("d/a.yaml", partners("a", "b", "c"))
        daemon.wait_reloads(2, timeout=SLOW)
        daemon.loads(2, added="c")


@scenario("29 more events than the queue holds: as if all had changed")
def overflow():
    with Watched() as daemon:
        daemon.process.send_signal(signal.SIGSTOP)
        for i in range(9000):
            os.close(os.open(daemon.at(f"d/x{i % 2}"), os.O_WRONLY | os.O_CREAT, 0o600))
            os.unlink(daemon.at(f"d/x{i % 2}"))
        daemon.put("d/a.yaml", partners("a", "b", "c", "d"))
        daemon.process.send_signal(signal.SIGCONT)
        daemon.wait_reloads(1, timeout=patience(POLL - 10))
        daemon.loads(1, added="d")
