# SPDX-License-Identifier: BSD-2-Clause
"""The image of packaging/oci: built from packages, the same twice, run by any user in a root directory that is read-only.
Namespaces and chroot do here what a container engine does."""
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tarfile
import tempfile
import time

from common import NO_TLS, partner, policy
from daemon import binary, connect, free_port, parse_logfmt, patience
from surroundings_of_a_container import ANY_USER, asked, needs_root
from tap import Skip, contains, equal, test

SRC = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
EPOCH = "1790000000"
POLICY = "/etc/forcetls/forcetls.yaml"  # named, because the programs under test may have another by default


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, check=False, **options)
    equal(done.returncode, 0, f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def owner_of(library):
    """The package of a library of this machine, with a version to depend on."""
    for path in (library, re.sub("^/usr", "", library), "/usr" + library):
        done = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    raise Skip(f"no package has {library}")


class Image:
    """Made at the first need, and once."""

    def __init__(self):
        self.place = None

    def __enter__(self):
        if self.place is None:
            self.make()
        return self

    def __exit__(self, *_):
        pass

    def make(self):
        needs_root()
        for program in ("dpkg-deb", "apt-get", "readelf", "unshare", "setpriv", "nsenter"):
            if not shutil.which(program):
                raise Skip(f"no {program} here")
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="oci"))
        self.place.chmod(0o755)
        self.deb = self.package()
        self.packages = self.place / "packages"
        self.packages.mkdir()
        names = sorted({owner_of(os.path.realpath(library)) for library in self.libraries()} | {"libcrypt1", "libgcc-s1"})
        self.download(names)
        self.build(self.place / "first")
        self.root = self.place / "unpacked"
        self.unpack(self.place / "first/oci", self.root)

    def download(self, names):
        """The packages of the libraries; with new lists of packages where the machine's are old or gone."""
        for update in (False, True):
            if update:
                subprocess.run(["apt-get", "-q", "update"], capture_output=True, timeout=300, check=False)
            done = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names], cwd=self.packages,
                                  capture_output=True, text=True, timeout=300, check=False)
            if done.returncode == 0:
                return
        self.remove()
        raise Skip(f"the packages of the libraries cannot be had: {done.stderr}")

    def remove(self):
        if self.place:
            shutil.rmtree(self.place, ignore_errors=True)
        self.place = None

    def programs(self):
        return {"usr/sbin/forcetls-milter": binary(), "usr/bin/forcetls": os.environ["FORCETLS"]}

    def libraries(self):
        return {path for program in self.programs().values()
                for path in re.findall(r"(/\S+) \(0x", run("ldd", program))}

    def package(self):
        """A package of the programs under test; packaging/build-deb takes minutes for the real one."""
        tree = self.place / "tree"
        for name, program in self.programs().items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            run("strip", "-o", tree / name, program)
        depends = ", ".join(sorted({owner_of(os.path.realpath(library)) for library in self.libraries()}))
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/control").write_text(
            "Package: forcetls-milter\nVersion: 0.0-test\nSection: mail\nPriority: optional\nMaintainer: Test <test@example.org>\n"
            f"Architecture: {run('dpkg', '--print-architecture').strip()}\nDepends: {depends}, systemd | systemd-tmpfiles\n"
            "Description: the programs under test\n")
        sums = [f"{hashlib.md5((tree / name).read_bytes()).hexdigest()}  {name}\n" for name in self.programs()]
        (tree / "DEBIAN/md5sums").write_text("".join(sums))
        run("dpkg-deb", "--build", "--root-owner-group", tree, self.place / "forcetls-milter.deb")
        return self.place / "forcetls-milter.deb"

    def build(self, target, source=SRC / "packaging/oci", **environment):
        return run(source / "build", "-d", target, "-p", self.packages, self.deb,
                   env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "OCI_WITHOUT_BUILDAH": "1", **environment})

    @staticmethod
    def manifest(layout):
        index = json.loads((layout / "index.json").read_text())
        return json.loads(Image.blob(layout, index["manifests"][0]))

    @staticmethod
    def blob(layout, descriptor):
        octets = (layout / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
        equal((len(octets), hashlib.sha256(octets).hexdigest()), (descriptor["size"], descriptor["digest"][7:]), "a blob and its name")
        return octets

    def unpack(self, layout, root):
        root.mkdir()
        for descriptor in self.manifest(layout)["layers"]:
            (self.place / "layer.tar").write_bytes(gzip.decompress(self.blob(layout, descriptor)))
            run("tar", "-C", root, "--same-owner", "--same-permissions", "-xf", self.place / "layer.tar")


IMAGE = Image()


class Container:
    """The image's daemon as process 1, as an engine starts it: read-only root, any user, no capabilities, no new rights."""

    def __init__(self, text, run_directory=None):
        self.text, self.run_directory = text, run_directory

    def __enter__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="oci"))
        self.place.chmod(0o755)
        (self.place / "policy").mkdir()
        (self.place / "policy/forcetls.yaml").write_text(self.text)
        (self.place / "root").mkdir()
        root = self.place / "root"
        mounts = f"mount --bind {IMAGE.root} {root} && mount --bind {self.place}/policy {root}/etc/forcetls && "
        if self.run_directory:
            mounts += f"mount --bind {self.run_directory} {root}/run/forcetls && "
        mounts += f"mount -t proc proc {root}/proc && mount -o remount,bind,ro {root} && mount -o remount,bind,ro {root}/etc/forcetls && umask 0022 && "
        with open(self.place / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-c",
                 mounts + 'exec setpriv --no-new-privs chroot --userspec="$1" "$2" '
                 '/usr/sbin/forcetls-milter -e -c "$3"', "sh", f"+{ANY_USER}:+0", root, POLICY],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)

    def wait_log(self, text):
        end = time.monotonic() + patience(30)
        while text not in self.log():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{text!r} is not in the log:\n{self.log()}")
            time.sleep(0.01)
        return self.log()

    def log(self):
        return (self.place / "log").read_text()

    def inner(self):
        """The daemon's process id out here."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    def execute(self, *command):
        """As podman exec does it: status and output of a program of the image."""
        done = subprocess.run(["nsenter", "--target", str(self.inner()), "--mount", "--pid", "--root", "--setuid", str(ANY_USER),
                               "--setgid", "0", *command], capture_output=True, text=True, timeout=patience(60), check=False)
        return done.returncode, done.stdout + done.stderr

    def stop(self):
        os.kill(self.inner(), signal.SIGTERM)
        return self.process.wait(patience(15))


@test("image: the programs, their libraries and their licences, and nothing else: no shell")
def contents():
    with IMAGE as image:
        files = sorted(str(path.relative_to(image.root)) for path in image.root.rglob("*") if not path.is_dir())
        strange = [name for name in files if not re.match(
            r"usr/s?bin/forcetls(-milter)?$|(usr/)?lib(64)?/(\S+/)?[^/]*\.so[.0-9]*$|usr/share/doc/[^/]+/copyright$|"
            r"var/lib/dpkg/status\.d/[^/]+$|etc/(passwd|group|os-release)$", name)]
        equal(strange, [])
        size = sum(os.lstat(image.root / name).st_size for name in files)
        packed = sum(layer["size"] for layer in image.manifest(image.place / "first/oci")["layers"])
        print(f"# the image: {len(files)} files, {size / 1e6:.1f} MB, {packed / 1e6:.1f} MB packed", flush=True)
        for path in image.root.rglob("*"):
            found = os.lstat(path)
            equal((found.st_uid, found.st_gid), (0, 0), str(path))
            equal(found.st_mode & (stat.S_ISUID | stat.S_IWOTH) and stat.S_ISREG(found.st_mode), False, f"mode of {path}")
        equal(stat.S_IMODE((image.root / "run/forcetls").stat().st_mode), 0o2770)


@test("image: scanners find each package, its version, and the sums of its files")
def packages():
    with IMAGE as image:
        place = image.root / "var/lib/dpkg/status.d"
        names = sorted(path.name for path in place.iterdir() if path.suffix != ".md5sums")
        wanted = ("forcetls-milter", "libc6", "libmilter1.0.1", "libssl3(t64)?", "libyaml-0-2")
        equal([pattern for pattern in wanted if not any(re.fullmatch(pattern, name) for name in names)], [])
        for name in names:
            fields = (place / name).read_text()
            contains(fields, f"Package: {name}\n")
            contains(fields, "\nVersion: ")
            for line in (place / f"{name}.md5sums").read_text().splitlines():
                digest, path = line.split("  ", 1)
                equal(hashlib.md5((image.root / path).read_bytes()).hexdigest(), digest, path)
        contains((image.root / "etc/os-release").read_text(), "ID=debian")


# What we use of CycloneDX 1.5, from its schema, and nothing else.
BILL = {
    "type": "object", "additionalProperties": False,
    "required": ["bomFormat", "specVersion", "version", "serialNumber", "metadata", "components", "dependencies"],
    "properties": {
        "bomFormat": {"const": "CycloneDX"}, "specVersion": {"const": "1.5"}, "version": {"const": 1},
        "serialNumber": {"pattern": "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
        "metadata": {"type": "object", "additionalProperties": False, "required": ["timestamp", "component"], "properties": {
            "timestamp": {"const": "2026-09-21T14:13:20Z"}, "component": {"$ref": "#/definitions/component"}}},
        "components": {"type": "array", "items": {"allOf": [{"$ref": "#/definitions/component"}, {"required": ["purl", "hashes", "publisher"]}]}},
        "dependencies": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["ref", "dependsOn"],
            "properties": {"ref": {"type": "string"}, "dependsOn": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}}}}},
    "definitions": {"component": {
        "type": "object", "additionalProperties": False, "required": ["type", "bom-ref", "name", "version"],
        "properties": {
            "type": {"enum": ["container", "application", "library"]}, "bom-ref": {"type": "string"}, "name": {"type": "string"},
            "version": {"type": "string"}, "publisher": {"type": "string"},
            "purl": {"pattern": "^pkg:(generic/forcetls-milter@|deb/debian/)[A-Za-z0-9.+-]*[A-Za-z0-9.%~@?=&_-]*$"},
            "hashes": {"type": "array", "minItems": 1, "items": {
                "type": "object", "additionalProperties": False, "required": ["alg", "content"],
                "properties": {"alg": {"const": "SHA-256"}, "content": {"pattern": "^[0-9a-f]{64}$"}}}},
            "externalReferences": {"type": "array", "items": {
                "type": "object", "additionalProperties": False, "required": ["type", "url"],
                "properties": {"type": {"const": "website"}, "url": {"pattern": "^https?://"}}}},
            "properties": {"type": "array", "items": {
                "type": "object", "additionalProperties": False, "required": ["name", "value"],
                "properties": {"name": {"pattern": "^forcetls:"}, "value": {"type": "string"}}}}}}}}


@test("image: the bill of materials names each package, with the version, source and hash of its file, and what needs what")
def bill_of_materials():
    try:
        import jsonschema
    except ImportError as why:
        raise Skip("no python3-jsonschema here") from why
    with IMAGE as image:
        bill = json.loads((image.place / "first/sbom.cdx.json").read_text())
        equal([error.message for error in jsonschema.Draft7Validator(BILL).iter_errors(bill)], [])
        files = {run("dpkg-deb", "-f", path, "Package").strip(): path for path in [image.deb, *image.packages.glob("*.deb")]}
        names = sorted(path.name for path in (image.root / "var/lib/dpkg/status.d").iterdir() if path.suffix != ".md5sums")
        equal([component["name"] for component in bill["components"]], names, "those of the image")
        for component in bill["components"]:
            file = files[component["name"]]
            fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", file, "Version", "Architecture", "Source").splitlines())
            equal(component["version"], fields["Version"])
            equal(component["hashes"][0]["content"], hashlib.sha256(file.read_bytes()).hexdigest(), component["name"])
            source = fields.get("Source", component["name"]).replace(" (", "@").rstrip(")")
            equal({"name": "forcetls:source", "value": source} in component["properties"], True, component["name"])
            if component["name"] != "forcetls-milter":
                contains(component["purl"], f"?arch={fields['Architecture']}&distro=debian-")
        references = {component["bom-ref"]: component["name"] for component in bill["components"]}
        equal(len(references), len(names), "no reference twice")
        needs = {references.get(entry["ref"], "the image"): [references[ref] for ref in entry["dependsOn"]] for entry in bill["dependencies"]}
        equal(sorted(needs), sorted([*names, "the image"]))
        equal(needs["the image"], ["forcetls-milter"])
        equal([name for name in ("libc6", "libyaml-0-2") if name not in needs["forcetls-milter"]], [])


@test("image: any user, no shell, -e, and a stop by TERM, in the image's configuration")
def configuration():
    with IMAGE as image:
        layout = image.place / "first/oci"
        config = json.loads(image.blob(layout, image.manifest(layout)["config"]))
        equal(config["config"]["Entrypoint"], ["/usr/sbin/forcetls-milter", "-e"])
        equal(config["config"]["Env"], ["PATH=/usr/sbin:/usr/bin"])
        equal((config["config"]["User"], config["config"]["StopSignal"]), ("65532:0", "SIGTERM"))
        equal(config["created"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(EPOCH))))
        archive = gzip.decompress(image.blob(layout, image.manifest(layout)["layers"][0]))
        equal(config["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(archive).hexdigest()])
        # The lines of Containerfile are those of the layout.
        lines = (SRC / "packaging/oci/Containerfile").read_text().splitlines()
        equal([line for line in ("USER 65532:0", "WORKDIR /", "ENV PATH=/usr/sbin:/usr/bin", "STOPSIGNAL SIGTERM",
                                 'ENTRYPOINT ["/usr/sbin/forcetls-milter", "-e"]') if line not in lines], [])


@test("image: the same packages give the same image to the bit, from a touched copy and with another umask")
def reproducible():
    with IMAGE as image:
        copy = image.place / "copy"
        shutil.copytree(SRC / "packaging/oci", copy)
        before = os.umask(0o077)
        try:
            image.build(image.place / "second", copy)
        finally:
            os.umask(before)
        digests = [json.loads((image.place / name / "oci/index.json").read_text())["manifests"][0]["digest"] for name in ("first", "second")]
        equal(digests[0], digests[1])
        equal(*((image.place / name / "sbom.cdx.json").read_text() for name in ("first", "second")))
        shutil.rmtree(image.place / "second")


@test("image: a package that is missing, or another one, ends the build with its name")
def mistakes():
    with IMAGE as image:
        empty = image.place / "empty"
        empty.mkdir()
        for arguments, status, text in (
                (["-p", empty, image.deb], 1, f"{empty} has no package lib"),
                ([next(image.packages.glob("libyaml*.deb"))], 1, "is the package libyaml-0-2, not forcetls-milter"),
                (["-d", image.place / "x", image.place / "nothing.deb"], 1, "there is no file"), ([], 64, "usage:")):
            done = subprocess.run([SRC / "packaging/oci/build", "-d", image.place / "none", *arguments], capture_output=True, text=True, check=False)
            equal(done.returncode, status, f"{arguments}: {done.stderr}")
            contains(done.stderr, text)
            equal((image.place / "none/oci").exists(), False)


@test("image: process 1 of any user in a read-only root: it serves by inet, warns of the status socket, ends on TERM")
def read_only():
    with IMAGE:
        spec = f"inet:{free_port()}@127.0.0.1"
        text = policy(partner(), milter={"socket": spec}, exempt={"clients": []})
        with Container(text) as container:
            log = container.wait_log("status socket")
            contains(log, "event=start")
            contains(log, "status socket 'unix:/run/forcetls/status.sock': Read-only file system")
            equal(asked(spec), NO_TLS)
            line = parse_logfmt(next(line for line in container.wait_log("event=decision").splitlines() if "event=decision" in line))
            equal((line["partner"], line["reasons"]), ("contoso", "no_tls"))
            status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{container.inner()}/status").read_text().splitlines() if ":\t" in line)
            equal((status["Uid"].split(), status["Gid"].split()), ([str(ANY_USER)] * 4, ["0"] * 4))
            equal({status[key] for key in ("CapPrm", "CapEff", "CapInh", "CapAmb")}, {"0" * 16})
            equal((status["NoNewPrivs"], status["NSpid"].split()[-1]), ("1", "1"))
            equal(container.execute("/usr/bin/forcetls", "check", "-c", POLICY)[0], 0)
            equal(container.stop(), 0)
            contains(container.log(), "event=stop")


@test("image: sockets in a shared volume of mode 2777; forcetls status and reload by exec")
def shared_volume():
    with IMAGE as image:
        volume = image.place / "volume"
        volume.mkdir()
        volume.chmod(0o2777)
        text = policy(partner(), milter={"socket": "unix:/run/forcetls/forcetls.sock", "shared_directory": True}, exempt={"clients": []})
        with Container(text, volume) as container:
            container.wait_log("event=listening status=")
            equal(asked(f"unix:{volume}/forcetls.sock"), NO_TLS)
            status, said = container.execute("/usr/bin/forcetls", "status", "-c", POLICY, "--json")
            equal(status, 0, said)
            equal(json.loads(said).get("decisions", said)["fail"], 1, said)
            status, said = container.execute("/usr/bin/forcetls", "reload", "-c", POLICY)
            equal(status, 0, said)
            equal(container.stop(), 0)
        equal(list(volume.iterdir()), [])
