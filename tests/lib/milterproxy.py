# SPDX-License-Identifier: BSD-2-Clause
"""Stands between an MTA and a filter, and hears what macros the MTA sends; or makes it look like one that is older.

    with Proxy("unix:/…/forcetls.sock", daemon.socket) as proxy:
        ... proxy.macros("M") ...
"""
import os
import socket
import struct
import threading

from daemon import connect

SETSYMLIST = 0x100


class Proxy:
    """
    spec          where the MTA connects: unix:/path
    behind        the filter's own socket, written as in a policy
    asks_macros   False: the filter is told that this MTA cannot be asked for macros, as before Sendmail 8.14.1
    """

    def __init__(self, spec, behind, asks_macros=True):
        self.path, self.behind, self.asks_macros = spec.partition(":")[2], behind, asks_macros
        self.heard, self.listener, self.streams = [], None, []

    def __enter__(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o600)
        self.listener.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        for stream in (self.listener, *self.streams):
            stream.close()
        os.unlink(self.path)

    def macros(self, stage="M"):
        """The macros that came last for that stage (C, H, M, R, T, E …), by name."""
        for command, pairs in reversed(self.heard):
            if command == stage:
                return pairs
        return {}

    def _accept(self):
        while True:
            try:
                mta, _ = self.listener.accept()
            except OSError:
                return
            try:
                milter = connect(self.behind)
            except OSError:
                mta.close()
                continue
            milter.settimeout(None)
            self.streams += [mta, milter]
            threading.Thread(target=self._carry, args=(mta, milter, self._from_mta), daemon=True).start()
            threading.Thread(target=self._carry, args=(milter, mta, lambda packet: packet), daemon=True).start()

    @staticmethod
    def _carry(source, target, through):
        """Packets one way, until either side goes."""
        try:
            while True:
                size = source.recv(4, socket.MSG_WAITALL)
                if len(size) < 4:
                    break
                packet = source.recv(struct.unpack("!I", size)[0], socket.MSG_WAITALL)
                target.sendall(size + through(packet))
        except OSError:
            pass
        for stream in (source, target):
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _from_mta(self, packet):
        if packet[:1] == b"D":
            texts = [text.decode("utf-8", "surrogateescape") for text in packet[2:].split(b"\0")[:-1]]
            self.heard.append((packet[1:2].decode("latin-1"), dict(zip(texts[::2], texts[1::2]))))
        elif packet[:1] == b"O" and not self.asks_macros:
            version, actions = struct.unpack_from("!II", packet, 1)
            packet = packet[:1] + struct.pack("!II", version, actions & ~SETSYMLIST) + packet[9:]
        return packet
