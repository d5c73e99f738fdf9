"""Rules, dashboards, units and container files of deploy/: what they name exists, and a real Prometheus takes it.

    check.py                  the check (scripts/check/deploy)
    check.py --record URL     writes deploy/prometheus/metrics.txt anew from a running program's /metrics
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import yaml

import world
from queries import Metrics

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RECORD = DEPLOY / "prometheus/metrics.txt"
ANNOTATIONS = {"summary", "description", "action", "runbook"}
SEVERITIES = {"info", "warning", "critical"}
# Variables of compose and Grafana, which the program never sees.
OURS = {"OMNIBUS_ETC", "OMNIBUS_DASHBOARDS"}
# What Grafana puts in.
GRAFANA = {"$__rate_interval": "5m", "$__range": "1h", "$instance": ".*"}


def load(path):
    return yaml.safe_load((DEPLOY / path).read_text())


def files():
    """Everything but `etc`, which is an operator's and may hold a key."""
    inside = (path.relative_to(DEPLOY) for path in sorted(DEPLOY.rglob("*")) if path.is_file())
    return [DEPLOY / path for path in inside if path.parts[0] != "etc" and "__pycache__" not in path.parts]


def rules():
    return [rule for group in load("prometheus/rules.yml")["groups"] for rule in group["rules"]]


def dashboards():
    return {path.name: json.loads(path.read_text()) for path in sorted((DEPLOY / "grafana/dashboards").glob("*.json"))}


def plain(expression):
    for name, value in GRAFANA.items():
        expression = expression.replace(name, value)
    return expression


def queries():
    """(where, expression) of all there are."""
    for rule in rules():
        yield f"rules.yml, {rule['alert']}", rule["expr"]
    for name, board in dashboards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield f"{name}, {panel['title']}", plain(target["expr"])
        for variable in board["templating"]["list"]:
            yield f"{name}, ${variable['name']}", re.match(r"label_values\((.+), \w+\)$", variable["query"]["query"])[1]


def check_rules():
    """Each alert says what it means and what to do, leads to a chapter that is there, and is seen firing in a test."""
    text = (ROOT / "docs/src/runbook.md").read_text()
    chapters = {"runbook.md#" + re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in re.findall(r"^#+ (.+)$", text, re.M)}
    tests = [test for path in (DEPLOY / "prometheus/tests").glob("*.yml") for test in yaml.safe_load(path.read_text())["tests"]]
    asked = [one for test in tests for one in test["promql_expr_test"]]
    fired = {name for one in asked for sample in one["exp_samples"] for name in re.findall(r'alertname="(\w+)"', sample["labels"])}
    names = [rule["alert"] for rule in rules()]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"rules.yml: {name} is there twice"
    for rule in rules():
        name, words = rule["alert"], rule.get("annotations", {})
        if set(words) != ANNOTATIONS or not all(words.values()):
            yield f"rules.yml: {name} needs {', '.join(sorted(ANNOTATIONS))}"
        elif words["runbook"] not in chapters:
            yield f"rules.yml: {name} leads to {words['runbook']}, which is no chapter"
        if rule.get("labels", {}).get("severity") not in SEVERITIES:
            yield f"rules.yml: {name} has no severity"
        if name not in fired:
            yield f"prometheus/tests: no test sees {name} fire"
    for name in fired - set(names):
        yield f"prometheus/tests: {name} is no alert"
    for test in tests:
        if all(one["exp_samples"] for one in test["promql_expr_test"]):
            yield f"prometheus/tests: “{test['name']}” never asks for silence"


def check_dashboards():
    """What Grafana would draw wrongly without a word: panels on each other, one id twice, a source that is not provisioned."""
    source = load("grafana/provisioning/datasources/prometheus.yml")["datasources"][0]["uid"]
    uids = [board["uid"] for board in dashboards().values()]
    if len(set(uids)) != len(uids):
        yield "grafana: two dashboards with one uid"
    for name, board in dashboards().items():
        ids, taken = set(), {}
        for panel in board["panels"]:
            title, at = panel["title"], panel["gridPos"]
            if panel["id"] in ids:
                yield f"{name}: {title} has an id that is taken"
            ids.add(panel["id"])
            for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
                if cell in taken or cell[0] >= 24:
                    yield f"{name}: {title} lies on {taken.get(cell, 'the edge')}"
                    break
                taken[cell] = title
            if panel["type"] in ("row", "text"):
                continue
            if not panel.get("description"):
                yield f"{name}: {title} has no description"
            for at in (panel, *panel["targets"]):
                if at["datasource"]["uid"] != source:
                    yield f"{name}: {title} asks a source that is not provisioned"


def check_environment():
    """A name of the environment that the program does not read would be a secret that nobody uses."""
    read = set()
    for path in (ROOT / "crates/cli/src").rglob("*.rs"):
        read |= set(re.findall(r'"(OMNIBUS_[A-Z_]+)"', path.read_text()))
    for path in files():
        if path.suffix != ".py":
            for name in sorted(set(re.findall(r"OMNIBUS_[A-Z_]+", path.read_text())) - read - OURS):
                yield f"{path.relative_to(ROOT)}: the program does not read {name}"


def check_containers():
    """Static, for no engine runs here: pinned images, sources that exist, no root, a health check, loopback alone."""
    text = (DEPLOY / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    images = [line.split()[1] for line in lines if line.startswith("FROM ")]
    compose = load("compose.yaml")
    images += [service["image"] for service in compose["services"].values() if "build" not in service]
    for image in images:
        if not re.search(r":v?\d+\.\d+(\.\d+)?(-|$)|@sha256:", image):
            yield f"deploy: the image {image} is not pinned"
    wanted = re.search(r'^rust-version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    if f"FROM rust:{wanted}-" not in text:
        yield f"Dockerfile: builds with another Rust than {wanted}"
    for line in lines:
        words = [word for word in line.split() if not word.startswith("--")]
        if words[:1] == ["COPY"] and "--from" not in line:
            for source in words[1:-1]:
                if not (ROOT / source).exists():
                    yield f"Dockerfile: there is no {source}"
                ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
                if not any(source == kept or source.startswith(kept + "/") for kept in (line[1:] for line in ignore if line.startswith("!"))):
                    yield f"Dockerfile.dockerignore: leaves out {source}"
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    if not users or users[-1].split(":")[0] in ("0", "root"):
        yield "Dockerfile: runs as root"
    if not any(line.startswith("HEALTHCHECK ") for line in lines):
        yield "Dockerfile: no health check"
    # Everything that the compiler puts into the binary from outside its crate.
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    for path in (ROOT / "crates").rglob("*.rs"):
        for name in re.findall(r'include_(?:str|bytes)!\(\s*"((?:\.\./)+[^"]+)"', path.read_text()):
            wants = (path.parent / name).resolve().relative_to(ROOT)
            if not any(wants.is_relative_to(one) for one in copied):
                yield f"Dockerfile: {path.relative_to(ROOT)} includes {wants}, which is not copied"
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield f"compose.yaml: {name} is open to everybody on {port}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and not (DEPLOY / source).exists():
                yield f"compose.yaml: {name} mounts {source}, which is not there"
            if not source.startswith((".", "$")) and source not in compose["volumes"]:
                yield f"compose.yaml: {name} mounts {source}, which is no volume"
        for network in service["networks"]:
            if network not in compose["networks"]:
                yield f"compose.yaml: {name} is in {network}, which is no network"
    for name in load("compose.keeper.yaml")["services"]:
        if name not in compose["services"]:
            yield f"compose.keeper.yaml: {name} is no service"


def check_units():
    """systemd's own words. The programs need not be installed where the check runs, so `true` stands in for them."""
    tool = shutil.which("systemd-analyze")
    if not tool:
        print("SKIP: the units are not verified: systemd-analyze is missing (apt-get install systemd)")
        return
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        unit, more = place / "omnibus.service", place / "omnibus.service.d"
        more.mkdir()
        for name, to in (("omnibus.service", unit), ("keeper.conf", more / "keeper.conf")):
            to.write_text((DEPLOY / "systemd" / name).read_text().replace("/usr/local/bin/omnibus ", f"{shutil.which('true')} "))
        for command in (["verify", "--man=no", unit], ["security", "--offline=true", "--no-pager", "--threshold=20", unit]):
            said = subprocess.run([tool, *command], capture_output=True, text=True, check=False)
            # `verify` warns about a key that it does not know, and ends well.
            if said.returncode or (command[0] == "verify" and said.stderr.strip()):
                yield f"systemd-analyze {command[0]}: {said.stderr.strip() or said.stdout.strip().splitlines()[-1]}"


def tools():
    found = {}
    for name in ("prometheus", "promtool"):
        own = ROOT / ".tools/prometheus/usr/bin" / name
        found[name] = str(own) if own.exists() else shutil.which(name)
    return found if all(found.values()) else None


def check_prometheus(metrics, text):
    """promtool's judgement, the rules' tests, and each query against a day of the recorded metrics."""
    have = tools()
    if not have:
        print("SKIP: no query was run: prometheus and promtool are missing (scripts/setup fetches them)")
        return
    folder = DEPLOY / "prometheus"
    for command in (["check", "config", "prometheus.yml"], ["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"],
                    *(["test", "rules", str(path)] for path in sorted((folder / "tests").glob("*.yml")))):
        said = subprocess.run([have["promtool"], *command], cwd=folder, capture_output=True, text=True, check=False)
        if said.returncode:
            yield f"promtool {' '.join(command)}:\n{said.stdout}{said.stderr}"
    # Two minutes ago, so that what is scraped now is no part of it.
    end = int(time.time()) - 120
    try:
        with world.prometheus(have, folder, metrics, text, end) as server:
            scraped = server.at(f'{{__name__=~"omnibus_.+", instance!="{world.INSTANCE}"}}', time.time())
            seen = {series["metric"]["__name__"] for series in scraped}
            for name in sorted(set(metrics.labels) - seen):
                yield f"Prometheus scraped the text and has no {name}"
            loaded = {rule["name"] for group in server.ask("/api/v1/rules")["groups"] for rule in group["rules"]}
            for name in sorted({rule["alert"] for rule in rules()} - loaded):
                yield f"Prometheus did not load {name}"
            for where, expression in queries():
                try:
                    found = server.at(expression, end)
                except world.Refused as error:
                    yield f"{where}: Prometheus refuses it: {error}"
                    continue
                # The record is of a program that is well: no alert's condition holds, and every graph has something to draw.
                if where.startswith("rules.yml") and found:
                    yield f"{where} would be raised by a program that is well: {found[0]}"
                drawn = [series for series in found if series["value"][1] != "NaN"]
                if not where.startswith("rules.yml") and not drawn and "ALERTS" not in expression:
                    yield f"{where} shows nothing: {expression}"
    except world.Refused as error:
        yield f"Prometheus: {error}"


def record(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    Metrics(text)
    RECORD.write_text(text)
    print(f"{RECORD.relative_to(ROOT)}: {len(Metrics(text).kinds)} families")


def main():
    if sys.argv[1:2] == ["--record"]:
        return record(sys.argv[2])
    text = RECORD.read_text()
    metrics = Metrics(text)
    problems = [f"{where} {fault}" for where, expression in queries() for fault in metrics.faults(expression)]
    for path in files():
        if path.suffix in (".yml", ".yaml"):
            yaml.safe_load(path.read_text())
    for check in (check_rules, check_dashboards, check_environment, check_containers, check_units):
        problems += check()
    problems += check_prometheus(metrics, text)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
