# SPDX-License-Identifier: BSD-2-Clause
"""An authority with an OCSP responder and a revocation list, served by HTTP on loopback; all of it by openssl(1)."""
import http.server
import os
import subprocess
import threading

CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = Listed CA
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[leaf]
extendedKeyUsage = serverAuth, clientAuth
keyUsage = critical,digitalSignature
subjectAltName = DNS:mx1.listed.test, DNS:*.listed.test, IP:192.0.2.1, email:postmaster@listed.test
crlDistributionPoints = URI:{base}/list.crl{more_crls}
authorityInfoAccess = OCSP;URI:{ocsp}, caIssuers;URI:{base}/ca.cer
[ca]
default_ca = own
[own]
database = {directory}/index.txt
new_certs_dir = {directory}
default_md = sha256
default_crl_days = 30
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
organizationName = optional
organizationalUnitName = optional
"""


class Authority:
    """Certificates are made by leaf(); answers come from `base`. `lists` replaces what the server sends at a path."""

    def __init__(self, directory):
        self.directory = directory
        self.lists, self.ocsp_signer, self.ocsp_days = {}, ("ca.pem", "ca.key"), "7"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.handle_error = lambda *_: None  # who asks may hang up before the end
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.write_config()
        open(self.path("index.txt"), "w", encoding="ascii").close()
        self.openssl("req", "-x509", *KEY, "-keyout", self.path("ca.key"), "-out", self.path("ca.pem"), "-days", "3650",
                     "-config", self.path("ca.cnf"), "-extensions", "root")

    def path(self, name):
        return os.path.join(self.directory, name)

    def write_config(self, ocsp=None, more_crls=()):
        with open(self.path("ca.cnf"), "w", encoding="ascii") as file:
            file.write(CONFIG.format(base=self.base, directory=self.directory, ocsp=ocsp or self.base + "/ocsp",
                                     more_crls="".join(f", URI:{url}" for url in more_crls)))

    @staticmethod
    def openssl(*arguments, data=None):
        done = subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=60)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stdout.decode(errors='replace')}")

    def leaf(self, name, **endpoints):
        """A certificate signed by the authority; `endpoints` as write_config() takes them."""
        self.write_config(**endpoints)
        self.openssl("req", "-new", *KEY, "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"),
                     "-subj", f"/O=Listed GmbH/OU=Mail/CN={name}.listed.test", "-config", self.path("ca.cnf"))
        self.openssl("ca", "-batch", "-config", self.path("ca.cnf"), "-in", self.path(name + ".csr"), "-out",
                     self.path(name + ".pem"), "-cert", self.path("ca.pem"), "-keyfile", self.path("ca.key"),
                     "-extensions", "leaf", "-days", "90", "-notext")
        return self.path(name + ".pem")

    def revoke(self, name):
        self.openssl("ca", "-config", self.path("ca.cnf"), "-revoke", self.path(name + ".pem"), "-cert", self.path("ca.pem"),
                     "-keyfile", self.path("ca.key"))

    def crl(self):
        self.openssl("ca", "-config", self.path("ca.cnf"), "-gencrl", "-cert", self.path("ca.pem"), "-keyfile", self.path("ca.key"),
                     "-out", self.path("crl.pem"))
        self.openssl("crl", "-in", self.path("crl.pem"), "-outform", "DER", "-out", self.path("crl.der"))
        with open(self.path("crl.der"), "rb") as file:
            return file.read()

    def ocsp(self, request):
        with open(self.path("request.der"), "wb") as file:
            file.write(request)
        signer, key = self.ocsp_signer
        self.openssl("ocsp", "-index", self.path("index.txt"), "-CA", self.path("ca.pem"), "-rsigner", self.path(signer), "-rkey",
                     self.path(key), "-reqin", self.path("request.der"), "-respout", self.path("response.der"), "-ndays", self.ocsp_days)
        with open(self.path("response.der"), "rb") as file:
            return file.read()

    def _handler(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, body, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path in authority.lists:
                    self.answer(authority.lists[self.path], "application/pkix-crl")
                elif self.path == "/list.crl":
                    self.answer(authority.crl(), "application/pkix-crl")
                else:
                    self.send_error(404)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(authority.lists.get(self.path) or authority.ocsp(body), "application/ocsp-response")

            def log_message(self, *_):
                pass

        return Handler

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
