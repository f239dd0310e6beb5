# SPDX-License-Identifier: BSD-2-Clause
"""Certificates made on the spot with the openssl command: authorities, servers, and clients good and bad.

The files of a certificate come into being when it is first asked for, so a test pays only for what it shows.
"""
import hashlib
import os
import re
import ssl
import subprocess
import time
from typing import NamedTuple

PARTNER = "mail.partner.test"  # the name that policies of the tests ask for
ROOT, INTERMEDIATE, OTHER = "Test Root CA", "Test Intermediate CA", "Other Intermediate CA"
UNKNOWN = "Unknown Root CA"

CLIENT, SERVER, BOTH = "clientAuth", "serverAuth", "serverAuth,clientAuth"


class Certificate(NamedTuple):
    """Paths: the certificate with its chain behind it, its key."""
    file: str
    key: str

    def fingerprint(self):
        """SHA-256 of the certificate itself, in capital hexadecimal digits with colons."""
        with open(self.file, encoding="ascii") as pem:
            first = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem.read(), re.S)
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first[0])).hexdigest().upper()
        return ":".join(re.findall("..", digest))


# What a client may show: common names, and what differs from a good certificate of the intermediate authority.
CLIENTS = {
    "good": dict(names=[PARTNER]),
    "upper-case": dict(names=["MAIL.Partner.TEST"]),
    "other-name": dict(names=["mail.elsewhere.test"]),
    "other-issuer": dict(names=[PARTNER], issuer=OTHER),
    "both-usages": dict(names=[PARTNER], usage=BOTH),
    # Untrusted, each for another reason.
    "server-only": dict(names=[PARTNER], usage=SERVER),
    "self-signed": dict(names=[PARTNER], issuer=None),
    "unknown-ca": dict(names=[PARTNER], issuer=UNKNOWN),
    "forged-issuer": dict(names=[PARTNER], issuer="forged"),
    "expired": dict(names=[PARTNER], days=-1),
    "no-chain": dict(names=[PARTNER], chain=False),
    # Trusted, with names that tempt a careless reader.
    "no-name": dict(names=[], organisation="Partner GmbH"),
    "wildcard": dict(names=["*.partner.test"]),
    "dn-inside": dict(names=["x/CN=" + PARTNER]),
    "punctuation": dict(names=["a+b/c=d,e;f<g>h#i"]),
    "plus-encoded": dict(names=["mail.partner.test+20"]),
    "quotes": dict(names=["\"Mail\" (x) 'y' \\ z"]),
    "blanks": dict(names=["  " + PARTNER + "  "]),
    "utf8": dict(names=["mäil.partner.test"]),
    "long": dict(names=["m" * 80 + ".partner.test"]),
    "too-long": dict(names=["m" * 300 + ".partner.test"]),
    "control": dict(names=[PARTNER + "\tx"]),
    "two-names": dict(names=["mail.attacker.test", PARTNER]),
    "two-names-turned": dict(names=[PARTNER, "mail.attacker.test"]),
    "dot": dict(names=[PARTNER + "."]),
    "organisation": dict(names=["mail.attacker.test"], organisation="x/CN=" + PARTNER),
}

# An upper bound for common names beyond X.509's 64 characters: "stbl" is OpenSSL's table of such bounds.
CONFIG = """openssl_conf = init
[init]
stbl_section = bounds
[bounds]
commonName = min:1, max:1000
[req]
prompt = no
utf8 = yes
string_mask = utf8only
distinguished_name = name
[name]
{name}
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = {usage}
subjectAltName = {alternative}
"""


def quoted(value):
    """A value as OpenSSL's configuration files want it."""
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("'", "\\'"), ("$", "\\$"), ("\t", "\\t"), ("#", "\\#")):
        value = value.replace(character, escape)
    return '"' + value.replace(" ", "\\ ") + '"' if value != value.strip() else value


class Pki:
    """Authorities, servers and clients in one directory."""

    def __init__(self, directory):
        self.directory = directory
        self.made = {}
        self.ca_file = self._authority(ROOT, None).file  # what the MTA trusts

    def _path(self, name, ending):
        return os.path.join(self.directory, re.sub(r"[^A-Za-z0-9-]", "_", name) + ending)

    def _openssl(self, name, *arguments):
        config = self._path(name, ".cnf")
        done = subprocess.run(["openssl", *arguments], env={**os.environ, "OPENSSL_CONF": config}, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stdout.decode(errors='replace')}")

    def _write_config(self, name, names, organisation=None, usage=CLIENT, alternative=PARTNER):
        fields = ["C = DE"] if organisation else []
        fields += [f"O = {quoted(organisation)}"] if organisation else []
        fields += [f"{number}.CN = {quoted(value)}" for number, value in enumerate(names)]
        with open(self._path(name, ".cnf"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(name="\n".join(fields), usage=usage,
                                     alternative="DNS:" + alternative if alternative else "email:nobody@here.test"))

    def _make(self, name, issuer, section, days=3650, key_type="ec"):
        """A key and a certificate; `issuer` is a Certificate, or None for a self-signed one."""
        made = Certificate(self._path(name, ".pem"), self._path(name, ".key"))
        kind = ["-newkey", "rsa:2048"] if key_type == "rsa" else \
            ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        signer = ["-CA", issuer.file, "-CAkey", issuer.key] if issuer else []
        if days > 0:
            self._openssl(name, "req", "-x509", *kind, "-nodes", "-keyout", made.key, "-out", made.file,
                          "-days", str(days), "-extensions", section, *signer)
        else:  # only x509 makes certificates that ended yesterday
            request = self._path(name, ".csr")
            self._openssl(name, "req", "-new", *kind, "-nodes", "-keyout", made.key, "-out", request)
            self._openssl(name, "x509", "-req", "-in", request, "-out", made.file, *self._ended(days), *signer,
                          "-extfile", self._path(name, ".cnf"), "-extensions", section)
        return made

    @staticmethod
    def _ended(days):
        """The options of x509 for a certificate that ended that many days ago; OpenSSL 3.5 refuses -days below 1."""
        version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.split()[1]
        if tuple(map(int, re.match(r"(\d+)\.(\d+)", version).groups())) < (3, 5):
            return ["-days", str(days)]
        now = int(time.time())
        begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + ago * 86400)) for ago in (days - 1, days))
        return ["-not_before", begin, "-not_after", end]

    def _authority(self, name, issuer, label=None):
        label = label or name
        if label not in self.made:
            self._write_config(label, [name])
            self.made[label] = self._make(label, issuer, "authority")
        return self.made[label]

    def authority(self, name):
        """The authority of that name: the root, one that nobody trusts, else an intermediate one below the root."""
        if name == ROOT:
            return self.made[ROOT]
        if name == UNKNOWN:
            return self._authority(UNKNOWN, None)
        if name == "forged":  # the intermediate's very name, of a root of the same name that is not trusted
            root = self._authority(ROOT, None, "forged root")
            return self._authority(INTERMEDIATE, root, "forged")
        return self._authority(name, self.made[ROOT])

    def _leaf(self, label, kind):
        kind = dict(kind)
        issuer = kind.pop("issuer", INTERMEDIATE)
        days, chain, key_type = kind.pop("days", 3650), kind.pop("chain", True), kind.pop("key_type", "ec")
        self._write_config(label, **kind)
        signer = self.authority(issuer) if issuer else None
        made = self._make(label, signer, "leaf", days, key_type)
        if signer and chain and issuer not in (ROOT, UNKNOWN):
            with open(made.file, "ab") as out, open(signer.file, "rb") as behind:
                out.write(behind.read())
        self.made[label] = made
        return made

    def client(self, label):
        """A client's certificate out of CLIENTS."""
        return self.made.get("client " + label) or self._leaf("client " + label, CLIENTS[label])

    def custom(self, label, **kind):
        """A certificate by its properties, as in CLIENTS; made once under its label."""
        return self.made.get(label) or self._leaf(label, kind)

    def server(self, key_type="ec"):
        """The MTA's own certificate."""
        label = "server " + key_type
        return self.made.get(label) or self._leaf(label, dict(
            names=["mx.here.test"], issuer=ROOT, usage=SERVER, alternative="mx.here.test", key_type=key_type))
