# SPDX-License-Identifier: BSD-2-Clause
"""Partners from a real PostgreSQL and a real slapd. Each is started at the first need, in a directory of its own."""
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import time
import urllib.parse

from daemon import own_directory, patience
from rig import FAILED, REFUSED, TOOLS, Policy
from tap import Skip, contains, equal, test

RUNNING = []  # (process, directory)


def stop():
    for process, place in RUNNING:
        process.terminate()
        process.wait(patience(60))
        shutil.rmtree(place, ignore_errors=True)


def wait_for(process, log, ready):
    end = time.monotonic() + patience(60)
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(pathlib.Path(log).read_text(errors="replace"))
        time.sleep(0.05)


def quiet(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, check=False, **options)


class OnDemand:
    """A server of which one is enough; get() starts it at the first need."""
    started = None

    @classmethod
    def get(cls):
        if cls.started is None:
            cls.started = cls()
        return cls.started


# ---- PostgreSQL ----

SETUP = """
CREATE TABLE partners (name text PRIMARY KEY, domains text[], mode text, comment text);
INSERT INTO partners VALUES ('contoso', '{contoso.com,.contoso.com}', 'enforce', E'gateway "A", büro\\nsecond line'),
    ('fabrikam', '{fabrikam.example}', 'testing', NULL), ('northwind', '{northwind.example}', 'testing', '');
"""
QUERY = """SELECT name, array_to_string(domains, ' ') AS domains, mode, comment
FROM partners -- those of the contract
ORDER BY name COLLATE "C\""""


class Postgresql(OnDemand):
    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not found or not shutil.which("psql") or os.geteuid() != 0:
            raise Skip("no PostgreSQL here, or not root")
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            raise Skip("no user postgres") from None
        programs, self.dir = os.path.dirname(found[-1]), own_directory()
        os.chown(self.dir, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": self.dir}
        made = quiet(f"{programs}/initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-D", f"{self.dir}/data", **as_user)
        equal(made.returncode, 0, made.stdout + made.stderr)
        with open(f"{self.dir}/log", "wb") as log:
            process = subprocess.Popen([f"{programs}/postgres", "-D", f"{self.dir}/data", "-k", self.dir, "-c", "listen_addresses=", "-c", "fsync=off"],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_user)
        RUNNING.append((process, self.dir))
        self.connection = ["-h", self.dir, "-U", "postgres", "-d", "postgres"]
        wait_for(process, f"{self.dir}/log", lambda: quiet("psql", "-X", *self.connection, "-c", "SELECT 1").returncode == 0)
        self.sql(SETUP)
        self.query = pathlib.Path(self.dir, "query.sql")
        self.query.write_text(QUERY)

    def sql(self, text):
        done = quiet("psql", "-X", "-v", "ON_ERROR_STOP=1", *self.connection, input=text)
        equal(done.returncode, 0, done.stderr)

    def bring(self, policy, *options, query=None, connection=None):
        if query is not None:
            self.query.write_text(query)
        answer = policy.run(TOOLS / "from-postgresql", self.query, *(connection or self.connection), options=("--modes", *options))
        self.query.write_text(QUERY)
        return answer


@test("PostgreSQL: arrays, quotes, line feeds, NULL and non-ASCII text arrive as they are; a row that goes needs a person")
def from_postgresql():
    server = Postgresql.get()
    with Policy() as policy:
        status, out, errors = server.bring(policy)
        equal((status, sorted(out.split())), (0, sorted("added contoso added fabrikam added northwind".split())), errors)
        equal(policy.modes()["contoso"], "enforce")
        contains(policy.file.read_text(), "büro")
        old = policy.octets()
        server.sql("BEGIN; DELETE FROM partners WHERE name = 'contoso'; COMMIT")
        policy.unchanged(REFUSED, "no longer enforced: contoso", server.bring(policy), old)
        server.sql("INSERT INTO partners VALUES ('contoso', '{contoso.com,.contoso.com}', 'enforce', E'gateway \"A\", büro\\nsecond line')")
        contains(server.bring(policy)[1], "no changes")


@test("PostgreSQL: a query with a mistake, one that fails midway, no rows, no server: nothing changes")
def postgresql_fails():
    server = Postgresql.get()
    with Policy() as policy:
        equal(server.bring(policy)[0], 0)
        old = policy.octets()
        for query, text in (
                ("SELECT nme FROM partners", "ended with status 3"),
                ("SELECT name, domains[1] AS domains, CASE WHEN name = 'northwind' THEN (1 / (length(name) - 9))::text END AS comment FROM partners ORDER BY name",
                 "ended with status 3"),
                (QUERY.replace("ORDER BY", "\nWHERE false ORDER BY"), "has no rows"),
                ("SELECT name, domains FROM partners", "{contoso.com"),  # an array that is no list for the policy
                ("DELETE FROM partners RETURNING name", "ended with status 3")):
            policy.unchanged(FAILED, text, server.bring(policy, query=query), old)
        policy.unchanged(FAILED, "ended with status 2", server.bring(policy, connection=["-h", policy.dir, "-d", "postgres"]), old)
        contains(server.bring(policy)[1], "no changes")


# ---- slapd ----

SLAPD = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
pidfile {0}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit unlimited
access to attrs=associatedDomain filter=(cn=hidden) by * none
access to * by * read
database mdb
suffix dc=example
rootdn cn=admin,dc=example
rootpw secret
directory {0}/data
"""
TREE = """dn: dc=example
objectClass: domain
dc: example

dn: ou=partners,dc=example
objectClass: organizationalUnit
ou: partners
"""
ENTRY = """
dn: cn={0},ou=partners,dc=example
objectClass: organizationalRole
objectClass: domainRelatedObject
cn: {0}
"""
FILTER = "(objectClass=domainRelatedObject)"
COLUMNS = ["--column", "name=cn", "--column", "domains=associatedDomain", "--column", "comment=description",
           "--column", "require.certificates.issuer=ou"]


class Slapd(OnDemand):
    def __init__(self):
        program = shutil.which("slapd", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if not program or not shutil.which("ldapsearch"):
            raise Skip("no slapd or no ldapsearch here")
        self.dir = own_directory()
        os.mkdir(f"{self.dir}/data")
        shutil.copy2(program, f"{self.dir}/slapd")  # AppArmor would let the program in its own place not come here
        pathlib.Path(self.dir, "slapd.conf").write_text(SLAPD.format(self.dir))
        self.uri = "ldapi://" + urllib.parse.quote(f"{self.dir}/socket", safe="")
        self.start()
        self.add(TREE + ENTRY.format("contoso") + "associatedDomain: .contoso.com\nassociatedDomain: contoso.com\ndescription: büro, \"A\"; and a text that is long "
                 "enough for a line of LDIF to be folded after seventy-six characters\n"
                 + "ou: Mail CA 2\nou: Mail CA 1\n" + ENTRY.format("fabrikam") + "associatedDomain: fabrikam.example\n")

    def start(self):
        with open(f"{self.dir}/log", "wb") as log:
            self.process = subprocess.Popen([f"{self.dir}/slapd", "-f", f"{self.dir}/slapd.conf", "-h", self.uri, "-d", "0"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        RUNNING.append((self.process, self.dir))
        wait_for(self.process, f"{self.dir}/log", lambda: quiet("ldapsearch", "-x", "-H", self.uri, "-s", "base", "-b", "").returncode == 0)

    def add(self, text):
        done = quiet("ldapadd", "-x", "-H", self.uri, "-D", "cn=admin,dc=example", "-w", "secret", input=text)
        equal(done.returncode, 0, done.stderr)

    def delete(self, name):
        done = quiet("ldapdelete", "-x", "-H", self.uri, "-D", "cn=admin,dc=example", "-w", "secret", f"cn={name},ou=partners,dc=example")
        equal(done.returncode, 0, done.stderr)

    def bring(self, policy, *more, search=FILTER, base="ou=partners,dc=example", uri=None, options=()):
        return policy.run(TOOLS / "from-ldap", *COLUMNS, "--", "-x", "-H", uri or self.uri, "-b", base, *more, search, options=options)


@test("slapd: several values, folded lines and base64 arrive as they are, sorted; an entry that goes needs a person")
def from_ldap():
    server = Slapd.get()
    with Policy() as policy:
        status, out, errors = server.bring(policy)
        equal((status, sorted(out.split())), (0, sorted("added contoso added fabrikam".split())), errors)
        text = policy.file.read_text()
        contains(text, "seventy-six characters")
        contains(text, "büro")
        contains(text, "issuer: [Mail CA 1, Mail CA 2]")
        contains(server.bring(policy)[1], "no changes")
        old = policy.octets()
        server.delete("fabrikam")
        policy.unchanged(REFUSED, "1 partners would go, at most 0 may: fabrikam", server.bring(policy), old)
        server.add(ENTRY.format("fabrikam").lstrip() + "associatedDomain: fabrikam.example\n")
        contains(server.bring(policy)[1], "no changes")


@test("slapd: a partial result, an attribute that may not be read, no match, a wrong base, octets that are no text, no server: nothing changes")
def ldap_fails():
    server = Slapd.get()
    with Policy() as policy:
        equal(server.bring(policy)[0], 0)
        old = policy.octets()
        policy.unchanged(FAILED, "ldapsearch ended with status 4: a size limit cut the result", server.bring(policy, "-z", "1"), old)
        policy.unchanged(FAILED, "has no rows", server.bring(policy, search="(cn=nobody)"), old)
        policy.unchanged(FAILED, "ended with status 32", server.bring(policy, base="ou=nowhere,dc=example"), old)
        policy.unchanged(FAILED, "ended with status 255", server.bring(policy, uri="ldapi://%2Fnowhere"), old)
        server.add(ENTRY.format("hidden").lstrip() + "associatedDomain: hidden.example\n")
        policy.unchanged(FAILED, "cn=hidden,ou=partners,dc=example: has no domain and no client, or they may not be read", server.bring(policy), old)
        server.delete("hidden")
        server.add(ENTRY.format("octets").lstrip() + "objectClass: simpleSecurityObject\nassociatedDomain: octets.example\nuserPassword:: /////w==\n")
        answer = policy.run(TOOLS / "from-ldap", *COLUMNS, "--column", "contact=userPassword", "--", "-x", "-H", server.uri, "-b", "dc=example", FILTER)
        policy.unchanged(FAILED, "from-ldap: cn=octets,ou=partners,dc=example: userPassword is not UTF-8", answer, old)
        server.delete("octets")
        contains(server.bring(policy)[1], "no changes")
