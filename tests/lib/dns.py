# SPDX-License-Identifier: BSD-2-Clause
"""A name server of one's own on a loopback address, for programs that read a resolv.conf of their own."""
import random
import socket
import struct
import threading

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52, "ANY": 255}
ANSWER = 0x8580  # a response, authoritative, recursion available
SIGNED = 0x0020  # AD: the answer was validated
SERVER_FAILURE, NO_SUCH_NAME = 2, 3
TTL = 60


class Busy(Exception):
    """No loopback address has port 53 free, or the right to use it is missing."""


def encode(name):
    """A domain name on the wire, without compression."""
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def read_question(packet):
    """(name, type, the question's octets) of a query."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii").lower())
        at += 1 + packet[at]
    return ".".join(labels), struct.unpack("!H", packet[at + 1:at + 3])[0], packet[12:at + 5]


def data_of(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode("ascii")
    if kind == "MX":
        preference, _, host = value.rpartition(" ")
        return struct.pack("!H", int(preference or 10)) + encode(host)
    if kind == "TLSA":
        return bytes.fromhex(value)
    return encode(value)


class Server:
    """
    zone   {name: [(type, value)]}: what it knows. Any other name does not exist. An MX may have its preference in
           front, "20 mx.example"; a TLSA is hexadecimal; a name that has None for its records is a failure
    signed names whose answers bear AD, as if they had been validated; what lies below them, too
    It answers on port 53 of .address, a loopback address that nothing else uses.
    """

    def __init__(self, zone, signed=()):
        self.signed = tuple(signed)
        self.zone = {name.lower(): records for name, records in zone.items()}
        self.asked = []  # (name, type) of every query
        self.socket, self.address = self._bind()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    @staticmethod
    def _bind():
        why = None
        for _ in range(20):
            address = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                server.bind((address, 53))
                return server, address
            except OSError as failure:
                why = failure
                server.close()
        raise Busy(f"no port 53 on loopback: {why}")

    def resolv_conf(self):
        return f"nameserver {self.address}\noptions timeout:5 attempts:2 trust-ad\n"

    def _records(self, name, wanted):
        """The records that answer a question, with the CNAME records on the way."""
        found = []
        for _ in range(8):
            records = self.zone.get(name) or []
            alias = next((value for kind, value in records if kind == "CNAME"), None)
            found += [(name, kind, value) for kind, value in records
                      if wanted == "ANY" or kind == wanted or kind == "CNAME"]
            if alias is None or wanted in ("CNAME", "ANY"):
                break
            name = alias
        return found

    def _reply(self, packet):
        name, number, question = read_question(packet)
        wanted = next((kind for kind, value in TYPES.items() if value == number), None)
        self.asked.append((name, wanted))
        records = self._records(name, wanted)
        body = b"".join(encode(owner) + struct.pack("!HHIH", TYPES[kind], 1, TTL, len(data_of(kind, value)))
                        + data_of(kind, value) for owner, kind, value in records)
        code = NO_SUCH_NAME if name not in self.zone else SERVER_FAILURE if self.zone[name] is None else 0
        signed = any(("." + name).endswith("." + one) for one in self.signed)
        return packet[:2] + struct.pack("!HHHHH", ANSWER | code | (SIGNED if signed else 0), 1, len(records), 0, 0) + question + body

    def _serve(self):
        while True:
            try:
                packet, client = self.socket.recvfrom(4096)
            except OSError:
                return  # closed
            try:
                self.socket.sendto(self._reply(packet), client)
            except (IndexError, UnicodeDecodeError, struct.error, OSError):
                continue  # no query

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.thread.join(5)
