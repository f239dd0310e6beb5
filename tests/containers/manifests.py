# SPDX-License-Identifier: BSD-2-Clause
"""The examples for Kubernetes and compose: known keys of the right types, what the manual says of them, and policies that
forcetls check finds good. A cluster is not needed, and does not see it."""
import copy
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import yaml

import smtp
from common import Daemon, partner, policy
from daemon import free_port, patience
from image import SRC
from surroundings_of_a_container import needs_root
from tap import Skip, contains, equal, test

KUBERNETES, COMPOSE = SRC / "packaging/kubernetes", SRC / "packaging/compose"
TEXT, NUMBER, YES, WORDS, NAMES = str, int, bool, [str], {str: str}
PORT = (int, str)

# The keys of Kubernetes 1.29 that the examples use or a careless hand would add: name to type, a list of one type, a
# mapping {str: type}, a tuple of alternatives.
META = {"name": TEXT, "namespace": TEXT, "labels": NAMES, "annotations": NAMES}
SELECTOR = {"matchLabels": NAMES}
ITEMS = [{"key": TEXT, "path": TEXT, "mode": NUMBER}]
SECCOMP = {"type": TEXT}
PROBE = {"exec": {"command": WORDS}, "tcpSocket": {"port": PORT}, "httpGet": {"path": TEXT, "port": PORT}, "periodSeconds": NUMBER,
         "timeoutSeconds": NUMBER, "failureThreshold": NUMBER, "successThreshold": NUMBER, "initialDelaySeconds": NUMBER}
QUANTITIES = {str: (str, int)}
CONTAINER = {
    "name": TEXT, "image": TEXT, "imagePullPolicy": TEXT, "command": WORDS, "args": WORDS, "restartPolicy": TEXT,
    "env": [{"name": TEXT, "value": TEXT}], "ports": [{"name": TEXT, "containerPort": NUMBER, "protocol": TEXT}],
    "securityContext": {
        "runAsNonRoot": YES, "runAsUser": NUMBER, "runAsGroup": NUMBER, "allowPrivilegeEscalation": YES, "privileged": YES,
        "readOnlyRootFilesystem": YES, "capabilities": {"drop": WORDS, "add": WORDS}, "seccompProfile": SECCOMP},
    "startupProbe": PROBE, "livenessProbe": PROBE, "readinessProbe": PROBE,
    "lifecycle": {"preStop": {"exec": {"command": WORDS}, "sleep": {"seconds": NUMBER}}},
    "resources": {"requests": QUANTITIES, "limits": QUANTITIES},
    "volumeMounts": [{"name": TEXT, "mountPath": TEXT, "readOnly": YES, "subPath": TEXT}]}
VOLUME = {
    "name": TEXT, "emptyDir": {"medium": TEXT, "sizeLimit": (str, int)},
    "configMap": {"name": TEXT, "defaultMode": NUMBER, "items": ITEMS, "optional": YES},
    "secret": {"secretName": TEXT, "defaultMode": NUMBER, "items": ITEMS, "optional": YES},
    "projected": {"defaultMode": NUMBER, "sources": [{"configMap": {"name": TEXT, "items": ITEMS, "optional": YES}}]}}
POD = {
    "automountServiceAccountToken": YES, "terminationGracePeriodSeconds": NUMBER, "hostNetwork": YES, "hostPID": YES,
    "securityContext": {"runAsNonRoot": YES, "runAsUser": NUMBER, "runAsGroup": NUMBER, "fsGroup": NUMBER, "fsGroupChangePolicy": TEXT,
                        "seccompProfile": SECCOMP},
    "topologySpreadConstraints": [{"maxSkew": NUMBER, "topologyKey": TEXT, "whenUnsatisfiable": TEXT, "labelSelector": SELECTOR}],
    "nodeSelector": NAMES, "initContainers": [CONTAINER], "containers": [CONTAINER], "volumes": [VOLUME]}
RULE_PORTS = [{"protocol": TEXT, "port": PORT, "endPort": NUMBER}]
PEERS = [{"podSelector": SELECTOR, "namespaceSelector": SELECTOR, "ipBlock": {"cidr": TEXT, "except": WORDS}}]
OBJECTS = {
    ("v1", "ConfigMap"): {"data": NAMES},
    ("apps/v1", "StatefulSet"): {"spec": {
        "replicas": NUMBER, "serviceName": TEXT, "selector": SELECTOR, "podManagementPolicy": TEXT,
        "template": {"metadata": META, "spec": POD},
        "volumeClaimTemplates": [{"metadata": META, "spec": {"accessModes": WORDS, "storageClassName": TEXT, "resources": {"requests": QUANTITIES}}}]}},
    ("v1", "Service"): {"spec": {
        "type": TEXT, "externalTrafficPolicy": TEXT, "selector": NAMES, "clusterIP": TEXT,
        "ports": [{"name": TEXT, "port": NUMBER, "targetPort": PORT, "protocol": TEXT, "nodePort": NUMBER}]}},
    ("networking.k8s.io/v1", "NetworkPolicy"): {"spec": {
        "podSelector": SELECTOR, "policyTypes": WORDS, "ingress": [{"from": PEERS, "ports": RULE_PORTS}],
        "egress": [{"to": PEERS, "ports": RULE_PORTS}]}},
    ("policy/v1", "PodDisruptionBudget"): {"spec": {
        "maxUnavailable": PORT, "minAvailable": PORT, "unhealthyPodEvictionPolicy": TEXT, "selector": SELECTOR}},
}
SERVICE = {
    "image": TEXT, "build": (str, {"context": TEXT, "dockerfile": TEXT}), "hostname": TEXT, "ports": WORDS, "restart": TEXT,
    "network_mode": TEXT, "depends_on": WORDS, "user": TEXT, "read_only": YES, "cap_drop": WORDS, "cap_add": WORDS,
    "security_opt": WORDS, "tmpfs": WORDS, "volumes": WORDS, "stop_grace_period": TEXT, "command": (str, WORDS), "environment": NAMES}
COMPOSE_FILE = {"name": TEXT, "services": {str: SERVICE}, "volumes": {str: (type(None), dict)}}


def fits(value, wanted):
    """Whether the value has that plain type; a boolean is no number."""
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def mistakes(value, wanted, place):
    """What does not fit the table, as places."""
    if isinstance(wanted, tuple):
        found = [mistakes(value, one, place) for one in wanted]
        return [] if [] in found else found[0]
    if isinstance(wanted, type):
        return [] if fits(value, wanted) else [f"{place} is {type(value).__name__}"]
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [wrong for number, one in enumerate(value) for wrong in mistakes(one, wanted[0], f"{place}[{number}]")]
    if not isinstance(value, dict):
        return [f"{place} is no mapping"]
    if str in wanted:
        return [wrong for key, one in value.items() for wrong in mistakes(key, str, f"{place} key") + mistakes(one, wanted[str], f"{place}.{key}")]
    unknown = [f"{place}.{key} is unknown" for key in value if key not in wanted]
    return unknown + [wrong for key, one in value.items() if key in wanted for wrong in mistakes(one, wanted[key], f"{place}.{key}")]


def check_object(found):
    kind = (found.get("apiVersion"), found.get("kind"))
    if kind not in OBJECTS:
        return [f"{kind} is unknown"]
    return mistakes(found, {"apiVersion": TEXT, "kind": TEXT, "metadata": META, **OBJECTS[kind]}, kind[1])


class Unique(yaml.SafeLoader):
    """As Kubernetes reads YAML, and without duplicate keys."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        equal(sorted(set(keys)), sorted(keys), "keys given twice")
        return super().construct_mapping(node, deep)


def objects():
    found = [one for path in sorted(KUBERNETES.glob("*.yaml")) for one in yaml.load_all(path.read_text(), Unique)]
    equal(len(found) >= 7, True, "objects")
    return found


def of_kind(kind, name=None):
    found = [one for one in objects() if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    equal(len(found) > 0, True, f"{kind} {name}")
    return found[0]


def pod():
    return of_kind("StatefulSet")["spec"]["template"]["spec"]


def sidecar():
    return pod()["initContainers"][0]


@test("kubernetes: no unknown key, no value of a wrong type, no key twice")
def keys():
    equal([wrong for one in objects() for wrong in check_object(one)], [])


@test("kubernetes: the check itself finds misspelt keys and wrong types at every depth")
def check_of_the_check():
    whole = of_kind("StatefulSet")

    def changed(change):
        other = copy.deepcopy(whole)
        spec = other["spec"]["template"]["spec"]
        change(other, spec, spec["initContainers"][0])
        return check_object(other)
    for change, text in (
            (lambda o, s, c: c.update(readynessProbe={}), "readynessProbe is unknown"),
            (lambda o, s, c: c["securityContext"]["capabilities"].update(dropp=["ALL"]), "dropp is unknown"),
            (lambda o, s, c: s["securityContext"].update(fsgroup=1), "fsgroup is unknown"),
            (lambda o, s, c: c["securityContext"].update(runAsUser="65532"), "runAsUser is str"),
            (lambda o, s, c: c["securityContext"].update(runAsNonRoot="true"), "runAsNonRoot is str"),
            (lambda o, s, c: c["startupProbe"].update(periodSeconds=True), "periodSeconds is bool"),
            (lambda o, s, c: c.update(command="forcetls"), "command is no list"),
            (lambda o, s, c: o["spec"].update(replicas="2"), "replicas is str"),
            (lambda o, s, c: o.update(apiVersion="apps/v1beta1"), "is unknown"),
            (lambda o, s, c: s["volumes"][0]["projected"]["sources"][0]["configMap"]["items"].append({"kye": "x"}), "kye is unknown"),
            (lambda o, s, c: s.update(volumes={"policy": {}}), "volumes is no list")):
        contains(" ".join(changed(change)), text)
    try:
        yaml.load("a: {b: 1, b: 2}", Unique)
    except AssertionError:
        return
    raise AssertionError("a key given twice was not found")


@test("kubernetes: the filter is a native sidecar with restricted rights and probes that ask whether it answers")
def restricted():
    container = sidecar()
    equal((container["name"], container["restartPolicy"]), ("forcetls", "Always"))
    context = container["securityContext"]
    equal((context["runAsNonRoot"], context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]), (True, False, True))
    equal((context["capabilities"], context["seccompProfile"]), ({"drop": ["ALL"]}, {"type": "RuntimeDefault"}))
    equal(context["runAsUser"] > 0, True)
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        equal(container[probe]["exec"]["command"], ["/usr/bin/forcetls", "status"], probe)
    equal("cpu" in container["resources"]["limits"], False, "a limit of cpu holds up sessions")
    equal("memory" in container["resources"]["limits"], True)
    equal(pod()["automountServiceAccountToken"], False)
    equal(pod()["terminationGracePeriodSeconds"] > 10 + 5, True, "more than the drain")
    equal([volume for volume in pod()["volumes"] if "hostPath" in volume], [])


@test("kubernetes: the selectors fit the pods, clients keep their addresses, no mesh takes port 25")
def network():
    labels = of_kind("StatefulSet")["spec"]["template"]["metadata"]["labels"]
    for selector in (of_kind("Service")["spec"]["selector"], of_kind("StatefulSet")["spec"]["selector"]["matchLabels"],
                     of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
                     of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"]):
        equal({key: labels.get(key) for key in selector}, selector)
    equal(labels["sidecar.istio.io/inject"], "false")
    equal(of_kind("Service")["spec"]["externalTrafficPolicy"], "Local")
    equal(of_kind("NetworkPolicy")["spec"]["ingress"], [{"ports": [{"protocol": "TCP", "port": 25}]}])
    budget = of_kind("PodDisruptionBudget")["spec"]
    equal((budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]), (1, "AlwaysAllow"))


@test("kubernetes: every volume that is mounted is there, none by subPath, and every key that is projected exists")
def volumes():
    there = {volume["name"] for volume in pod()["volumes"]} | {claim["metadata"]["name"] for claim in of_kind("StatefulSet")["spec"]["volumeClaimTemplates"]}
    for container in pod()["initContainers"] + pod()["containers"]:
        for mount in container["volumeMounts"]:
            equal((mount["name"] in there, "subPath" in mount), (True, False), mount["name"])
        equal(len({mount["mountPath"] for mount in container["volumeMounts"]}), len(container["volumeMounts"]))
    for name, _, text in policy_files():
        equal(bool(text), True, name)


def policy_files():
    """(path, ConfigMap, text) of what the projected volume holds."""
    projected = next(volume["projected"] for volume in pod()["volumes"] if volume["name"] == "policy")
    for source in projected["sources"]:
        data = of_kind("ConfigMap", source["configMap"]["name"])["data"]
        for item in source["configMap"]["items"]:
            yield item["path"], source["configMap"]["name"], data[item["key"]]


def check_policy(path):
    done = subprocess.run([os.environ["FORCETLS"], "check", "--strict", "-c", str(path)], capture_output=True, text=True, timeout=120, check=False)
    equal(done.returncode, 0, f"{path}: {done.stdout}{done.stderr}")
    listed = subprocess.run([os.environ["FORCETLS"], "list", "-c", str(path)], capture_output=True, text=True, timeout=120, check=True)
    contains(listed.stdout, "contoso")


@test("kubernetes: the policy, as the kubelet lays it out behind ..data, passes check with no warning")
def kubernetes_policy():
    place = pathlib.Path(tempfile.mkdtemp(prefix="k8s"))
    try:
        data = place / "..2026_11_28_12_00_00.1"
        for name, _, text in policy_files():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).write_text(text)
            (data / name).chmod(0o444)
        (place / "..data").symlink_to(data.name)
        for entry in sorted(data.iterdir()):
            (place / entry.name).symlink_to(f"..data/{entry.name}")
        check_policy(place / "forcetls.yaml")
    finally:
        shutil.rmtree(place)


@test("compose: no unknown key, no value of a wrong type; the filter is confined and shares Postfix's network")
def compose():
    whole = yaml.load((COMPOSE / "compose.yaml").read_text(), Unique)
    equal(mistakes(whole, COMPOSE_FILE, "compose"), [])
    contains(" ".join(mistakes({**whole, "services": {"x": {"readonly": True}}}, COMPOSE_FILE, "compose")), "readonly is unknown")
    service = whole["services"]["forcetls"]
    equal((service["read_only"], service["cap_drop"], service["network_mode"]), (True, ["ALL"], "service:postfix"))
    equal(service["security_opt"], ["no-new-privileges:true"])
    equal(all(port.startswith("127.0.0.1:") for port in whole["services"]["postfix"]["ports"]), True, "a trial is not open to the world")
    place = pathlib.Path(tempfile.mkdtemp(prefix="compose"))
    try:
        shutil.copytree(COMPOSE / "policy", place / "policy")
        for path in (place / "policy").rglob("*.yaml"):
            path.chmod(0o644)
        check_policy(place / "policy/forcetls.yaml")
    finally:
        shutil.rmtree(place)


@test("every example exempts no client, and says why")
def no_exempt_clients():
    texts = {name: text for name, _, text in policy_files() if "version:" in text}
    texts["compose"] = (COMPOSE / "policy/forcetls.yaml").read_text()
    equal(len(texts), 2)
    for name, text in texts.items():
        whole = yaml.safe_load(text)
        equal((whole["exempt"], whole["milter"]["watch"]), ({"clients": []}, True), name)
        before = text[:text.index("exempt:")].splitlines()
        contains(" ".join(line.strip() for line in before if line.strip().startswith("#")), "nobody's mail would be judged")
    for path in (KUBERNETES / "README.md", COMPOSE / "compose.yaml"):
        contains(path.read_text(), "exempt: {clients: []}")


@test("the examples' Postfix knows every parameter, and asks the filter where the policy listens")
def postfix_parameters():
    postconf = shutil.which("postconf", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not postconf:
        raise Skip("no postconf here")
    data = of_kind("ConfigMap", "postfix-config")["data"]
    for main, master in ((data["main.cf"], data["master.cf"]), ((COMPOSE / "postfix/main.cf").read_text(), data["master.cf"])):
        place = pathlib.Path(tempfile.mkdtemp(prefix="pf"))
        try:
            (place / "main.cf").write_text(main)
            (place / "master.cf").write_text(master)
            done = subprocess.run([postconf, "-c", place, "-n"], capture_output=True, text=True, timeout=60, check=False)
            equal((done.returncode, done.stderr), (0, ""))
            services = subprocess.run([postconf, "-c", place, "-M"], capture_output=True, text=True, timeout=60, check=False)
            equal((services.returncode, services.stderr, len(services.stdout.splitlines())), (0, "", len(master.splitlines())))
            value = re.sub(r"\s+", " ", re.search(r"^smtpd_milters = (.*)$", done.stdout, re.M)[1])
            equal(value, "{ inet:127.0.0.1:8895, default_action=tempfail }")
        finally:
            shutil.rmtree(place)


@test("the pod's Postfix starts with its configuration, on volumes that are empty, and asks the filter")
def postfix_starts():
    needs_root()
    program = shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin")
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        program = None
    if not program:
        raise Skip("no postfix here")
    data = of_kind("ConfigMap", "postfix-config")["data"]
    place = pathlib.Path(tempfile.mkdtemp(prefix="pod"))
    place.chmod(0o755)
    port = free_port()
    try:
        for name in ("config", "spool", "data"):
            (place / name).mkdir()
        with Daemon(policy(partner(), exempt={"clients": []}), socket="inet") as daemon:
            main = data["main.cf"].replace("/var/spool/postfix", f"{place}/spool").replace("/var/lib/postfix-volume", f"{place}/data")
            main = main.replace("inet:127.0.0.1:8895", "inet:127.0.0.1:" + daemon.socket.split(":")[1].split("@")[0])
            main = main.replace("maillog_file = /dev/stdout", f"maillog_file = {place}/log\nmaillog_file_prefixes = {place}")
            main = main.replace("smtpd_tls_security_level = may", "smtpd_tls_security_level = none")  # the Secret is not here
            equal(str(place) in main and "8895" not in main, True)
            (place / "config/main.cf").write_text(main)
            (place / "config/master.cf").write_text(re.sub("(?m)^smtp( +inet)", rf"127.0.0.1:{port}\1", data["master.cf"]))
            with open(place / "out", "wb") as out:
                process = subprocess.Popen([program, "-c", place / "config", "start-fg"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            try:
                wait_for(port, process, place / "out")
                with smtp.Client(port) as client:
                    client.ehlo()
                    contains(client.mail("a@partner.test").text, "530 5.7.0")
                    equal(client.mail("a@stranger.test").code, 250)
            finally:
                stop(process, place / "spool/pid/master.pid")
    finally:
        shutil.rmtree(place)


def stop(process, pid_file):
    """Ends Postfix: its script waits for master(8), and does not hand a signal on."""
    try:
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        process.terminate()
    process.wait(patience(30))


def wait_for(port, process, log):
    end = time.monotonic() + patience(60)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{process.poll()} {log.read_text()}") from None
            time.sleep(0.05)
