# SPDX-License-Identifier: BSD-2-Clause
"""The demo's Sendmail, in a network of its own: there, every client of the table has its real address."""
import fcntl
import socket
import struct

import sendmail
import sendmail_rig

SIOCSIFADDR, SIOCSIFFLAGS, SIOCSIFNETMASK = 0x8916, 0x8914, 0x891C
IFF_UP, IFF_RUNNING = 0x1, 0x40


def set_address(interface, address, mask):
    """Gives loopback a further address, and has it up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, mask)):
            fcntl.ioctl(control, request, struct.pack("16sHH4s8x", interface.encode(), socket.AF_INET, 0,
                                                      socket.inet_aton(value)))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", interface.encode(), IFF_UP | IFF_RUNNING))


def prepare(authority, hosts):
    """A Sendmail that is not started yet, configured as forcetls-sendmail(7) says, and its filter's socket."""
    if socket.if_nameindex() != [(1, "lo")]:
        raise sendmail.Missing("the demo's clients need a network of their own: start it by tests/demo --sendmail")
    set_address("lo", "127.0.0.1", "255.0.0.0")
    for number, address in enumerate(hosts):
        set_address(f"lo:{number}", address, "255.255.255.255")
    mta = sendmail.Sendmail({"smtp": {"Addr": "0.0.0.0"}}, sendmail_rig.manual("tls", "filter") + sendmail_rig.WEAK,
                            sendmail_rig.files(authority), hosts)
    return mta, f"unix:{mta.dir}{sendmail_rig.SOCKET.format('forcetls')}"
