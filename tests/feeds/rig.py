# SPDX-License-Identifier: BSD-2-Clause
"""A directory with a policy, and import-partners in it."""
import json
import os
import pathlib
import shutil
import subprocess

from daemon import own_directory
from tap import equal

SRC = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
TOOLS = SRC / "packaging/partners-from"
FORCETLS = os.environ["FORCETLS"]
POLICY = """version: 1
include: partners.d/*.yaml
partners:
  - {name: by-hand, domains: [hand.example]}
"""
REFUSED, FAILED, USAGE = 2, 1, 64


class Policy:
    """with Policy() as policy: policy.bring(TABLE) puts the partners of a table into force."""

    def __enter__(self):
        self.dir = pathlib.Path(own_directory())
        (self.dir / "etc/partners.d").mkdir(parents=True)
        self.main, self.file = self.dir / "etc/forcetls.yaml", self.dir / "etc/partners.d/crm.yaml"
        self.main.write_text(POLICY)
        self.main.chmod(0o600)
        self.forcetls = FORCETLS
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, *command, options=(), reload=False):
        """(status, standard output, standard error) of import-partners with that exporter."""
        done = subprocess.run(
            [TOOLS / "import-partners", "-c", self.main, "--forcetls", self.forcetls, *([] if reload else ["--no-reload"]), *options,
             self.file, "--", *command], capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    def bring(self, table, *options, rows=None, **more):
        """A table by cat, with the last line that says how many rows it has."""
        octets = table if isinstance(table, bytes) else table.encode()
        if rows is not False:
            octets += b"# rows %d\n" % (len(table.splitlines()) - 1 if rows is None else rows)
        (self.dir / "table").write_bytes(octets)
        return self.run("cat", self.dir / "table", options=options, **more)

    def good(self, table, *options, **more):
        status, out, errors = self.bring(table, *options, **more)
        equal(status, 0, f"{out}{errors}")
        return out

    def unchanged(self, status, text, answer, before):
        """Asserts that it ended so, with that text, and that the file is as it was, with nothing beside it."""
        equal((answer[0], text in answer[2]), (status, True), f"{text!r}: {answer}")
        equal(self.octets(), before)
        equal([path.name for path in self.file.parent.iterdir() if path.name.endswith(".new")], [])

    def octets(self):
        return self.file.read_bytes() if self.file.exists() else None

    def modes(self):
        done = subprocess.run([FORCETLS, "list", "-c", self.main], capture_output=True, text=True, check=True)
        return {line.split()[0]: next(word for word in line.split() if word in ("enforce", "testing", "none"))
                for line in done.stdout.splitlines()[1:] if line and not line.startswith(" ")}

    def outbound_modes(self):
        done = subprocess.run([FORCETLS, "list", "--json", "-c", self.main], capture_output=True, text=True, check=True)
        return {one["name"]: one["outbound"]["mode"] for one in json.loads(done.stdout)["partners"] if one["outbound"] is not None}
