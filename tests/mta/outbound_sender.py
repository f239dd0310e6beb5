# SPDX-License-Identifier: BSD-2-Clause
"""A Postfix of the tests that sends mail."""
import os

import postfix


class Sender(postfix.Postfix):
    """A Postfix that sends."""

    def _write(self):
        super()._write()
        with open(os.path.join(self.etc, "master.cf"), "a", encoding="utf-8") as file:
            file.write("smtp unix - - n - - smtp\nrelay unix - - n - - smtp\n")
