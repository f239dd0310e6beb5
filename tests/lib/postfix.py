# SPDX-License-Identifier: BSD-2-Clause
"""A Postfix of one's own: own directory, own ports of loopback, own processes. The machine's own is not touched.

It accepts mail for every domain and throws it away behind the queue; it obeys XCLIENT from loopback.
"""
import atexit
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time

from daemon import free_port, patience

UNIX_SERVICES = """\
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
showq     unix  n       -       n       -       -       showq
local     unix  -       n       n       -       -       local
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
"""

PARAMETERS = {
    "compatibility_level": "3.6",
    "inet_interfaces": "loopback-only",
    "inet_protocols": "all",
    "mydomain": "here.test",
    "mydestination": "",
    "alias_maps": "", "alias_database": "", "local_recipient_maps": "",
    "mynetworks": "0.0.0.0/0 [::]/0",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "default_transport": "discard", "relay_transport": "discard", "relayhost": "",
    "smtpd_authorized_xclient_hosts": "127.0.0.0/8 [::1]/128",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_ask_ccert": "yes",
    "smtpd_tls_loglevel": "1",
    "smtpd_tls_session_cache_timeout": "600s",
    "tls_medium_cipherlist": "ALL:COMPLEMENTOFALL:@SECLEVEL=0",  # what a test offers is what it gets
    "smtpd_tls_protocols": ">=TLSv1",
    "milter_default_action": "tempfail",
    "milter_connect_timeout": "3s", "milter_command_timeout": "3s", "milter_content_timeout": "5s",
    "non_smtpd_milters": "",
    "smtpd_error_sleep_time": "0", "smtpd_soft_error_limit": "10000", "smtpd_hard_error_limit": "10000",
    "smtpd_client_connection_count_limit": "0", "smtpd_client_connection_rate_limit": "0",
    "maximal_queue_lifetime": "1h", "bounce_queue_lifetime": "1h",
}


class Missing(Exception):
    """There is no Postfix, or not the right to run one."""


def program(name):
    """The path of a command that may be outside an ordinary user's PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin:/usr/bin")
    if not path:
        raise Missing(f"no {name} on this machine")
    return path


def free_ports(count):
    """Ports free on both loopbacks."""
    return [free_port("127.0.0.1", "::1") for _ in range(count)]


def overrides(options):
    """master.cf's way to write parameters of one service."""
    return "".join(f"    -o {{ {name} = {value} }}\n" for name, value in options.items())


class Postfix:
    """
    services     {name: {parameter: value}}: one smtpd on a port of its own each; see port()
    parameters   further ones of main.cf
    certificates the server's own, in the order of preference; ca_file: whom it believes
    """

    def __init__(self, services, certificates, ca_file, parameters=None):
        if os.geteuid() != 0:
            raise Missing("a Postfix of one's own needs root")
        self.command = program("postfix")
        self.services, self.running, self.ports = services, False, {}
        # Processes of another user go through it, and its sockets' names have to fit into 108 octets.
        self.dir = tempfile.mkdtemp(prefix="px", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.etc, self.spool = self.path("etc"), self.path("spool")
        self.log_file = self.path("mail.log")
        chain = [path for one in certificates for path in (one.key, one.file)]
        self.parameters = {
            **PARAMETERS, "queue_directory": self.spool, "data_directory": self.path("data"),
            "maillog_file": self.log_file, "maillog_file_prefixes": self.dir,
            "myhostname": f"{os.path.basename(self.dir).replace('_', 'x')}.here.test",
            "smtpd_tls_chain_files": ", ".join(chain), "smtpd_tls_CAfile": ca_file, **(parameters or {})}

    def path(self, name):
        return os.path.join(self.dir, name)

    def port(self, service):
        return self.ports[service]

    def _write(self):
        self.ports = dict(zip(self.services, free_ports(len(self.services))))
        with open(os.path.join(self.etc, "main.cf"), "w", encoding="utf-8") as file:
            file.write("".join(f"{name} = {value}\n" for name, value in self.parameters.items()))
        with open(os.path.join(self.etc, "master.cf"), "w", encoding="utf-8") as file:
            for name, options in self.services.items():
                for host in ("127.0.0.1", "[::1]"):
                    file.write(f"{host}:{self.ports[name]} inet n - n - - smtpd\n{overrides(options)}")
            file.write(UNIX_SERVICES)

    def start(self):
        user = pwd.getpwnam("postfix")
        for name in ("etc", "spool", "data"):
            os.mkdir(self.path(name), 0o755)
        os.chmod(self.path("data"), 0o700)
        os.chown(self.path("data"), user.pw_uid, user.pw_gid)
        atexit.register(self.stop)
        for _ in range(5):  # another copy may have taken a port in between
            self._write()
            done = subprocess.run([self.command, "-c", self.etc, "start"], stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            self.running = True
            if done.returncode == 0 and self._ours():
                return self
            self._command("abort")
        raise RuntimeError(f"postfix start: {done.stdout.decode(errors='replace')}\n{self.log()}")

    def _ours(self):
        """Whether every port answers with this instance's own name."""
        try:
            for port in self.ports.values():
                with socket.create_connection(("127.0.0.1", port), 10) as probe:
                    probe.sendall(b"PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n"
                                  if "smtpd_upstream_proxy_protocol" in self._options(port) else b"")
                    if "smtpd_tls_wrappermode" not in self._options(port) \
                            and self.parameters["myhostname"].encode() not in probe.recv(512):
                        return False
            return True
        except OSError:
            return False

    def _options(self, port):
        return next(options for name, options in self.services.items() if self.ports[name] == port)

    def _command(self, verb):
        return subprocess.run([self.command, "-c", self.etc, verb], stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode

    def stop(self):
        """Stops it and removes all it had. Twice is fine."""
        if self.running and self._command("stop") != 0:
            self._command("abort")
        self.running = False
        shutil.rmtree(self.dir, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    # What became of a message

    def log(self):
        try:
            with open(self.log_file, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, text, timeout=10):
        """Waits until a line of the log has that text; answers the line."""
        end = time.monotonic() + patience(timeout)
        while True:
            for line in self.log().splitlines():
                if text in line:
                    return line
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} is not in the mail log:\n{self.log()[-3000:]}")
            time.sleep(0.02)

    def held(self, queue_id):
        """Whether that message is in the hold queue."""
        return any(queue_id in files for _, _, files in os.walk(os.path.join(self.spool, "hold")))

    def queue_file(self, queue_id):
        """The envelope and content of a held message, as postcat shows them."""
        done = subprocess.run([program("postcat"), "-c", self.etc, "-q", queue_id], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.stdout.decode("utf-8", "surrogateescape")

    def sendmail(self, sender, recipient, message):
        """Local submission, as a program on the machine does it."""
        subprocess.run([program("sendmail"), "-C", self.etc, "-f", sender, recipient], input=message, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)


def queue_id(reply):
    """The queue id in Postfix's answer to a message."""
    found = re.search(r"queued as ([0-9A-Za-z]+)", str(reply))
    if not found:
        raise AssertionError(f"not queued: {reply}")
    return found[1]
