# SPDX-License-Identifier: BSD-2-Clause
"""Who may ask, and who may reload."""
import errno
import os
import stat

from asking import Status, as_user
from tap import Skip, contains, equal, test

USER, GROUP = 54321, 54322


@test("modes: the group reads, the owner alone reloads, whatever the umask is")
def modes():
    for mask in (0o117, 0o022, 0o077, 0o000):
        old = os.umask(mask)
        try:
            with Status() as daemon:
                equal(stat.S_IMODE(os.stat(daemon.path).st_mode), 0o660, f"umask {mask:o}")
                equal(stat.S_IMODE(os.stat(daemon.path + ".control").st_mode), 0o600, f"umask {mask:o}")
        finally:
            os.umask(old)


@test("the socket of the group takes no reload")
def no_reload():
    with Status() as daemon:
        contains(daemon.ask("reload")["error"], daemon.path + ".control")
        equal(daemon.reloads(), [])
        equal(daemon.ask("reload", control=True)["result"], "loaded")


@test("another user: the group may ask and not reload, others neither")
def others():
    if os.geteuid() != 0:
        raise Skip("needs root")
    with Status() as daemon:
        os.chmod(daemon.dir, 0o755)
        os.chown(daemon.path, 0, GROUP)

        def sessions():
            return daemon.ask()["sessions"]

        def reload():
            return daemon.ask("reload", control=True)["result"]
        for groups, wanted in (([GROUP], 0), ([], errno.EACCES)):
            equal(as_user(USER, USER, groups, sessions), wanted, f"status, groups {groups}")
            equal(as_user(USER, USER, groups, reload), errno.EACCES, f"reload, groups {groups}")
        equal(daemon.reloads(), [])
