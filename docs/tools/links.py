"""What the texts name exists: paths in code spans, links out of the book, and signatures in some ABI."""

import json
import re
import subprocess

from loops import CONTRACTS, ROOT
from matrix import tracked

TEXTS = ("README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "docs/src", "crates", "deploy")
TOP = ("contracts", "crates", "docs", "scripts", "e2e", "web", "bench", "deploy")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PATH = re.compile(rf"^(?:{'|'.join(TOP)})/[\w.@/*-]*$")
LINK = re.compile(r"\]\(([^)\s]+)\)")
TYPE = r"(?:u?int\d*|address|bool|bytes\d*|string|ExitParams|InitParams|\(.*\))(?:\[\d*\])?"
SIGNATURE = re.compile(rf"^(?:\w+\.)?(\w+\((?:{TYPE}(?:,{TYPE})*)?\))$")


def canonical(item):
    """The signature with tuples written out, and with the names of their structs."""
    def spell(part, named):
        if not part["type"].startswith("tuple"):
            return part["type"]
        inner = part["internalType"].split(".")[-1].split("[")[0] if named else "(" + ",".join(spell(p, False) for p in part["components"]) + ")"
        return inner + part["type"][len("tuple"):]
    return {f"{item['name']}({','.join(spell(p, named) for p in item['inputs'])})" for named in (False, True)}


def signatures():
    known = {"receive()"}
    for path in (CONTRACTS / "artifacts").glob("*.json"):
        for item in json.loads(path.read_text())["abi"]:
            if item.get("name"):
                known |= canonical(item)
    return known


def problems():
    known, found = signatures(), []
    for path in (p for p in tracked(*TEXTS) if p.suffix == ".md"):
        text = (ROOT / path).read_text()
        for match in SPAN.finditer(text):
            span, planned = match[1], text[match.end():].startswith(" (later)")
            if PATH.match(span) and not planned and not exists(span):
                found.append(f"{path}: `{span}` is not in the tree")
            # `name()` without arguments also is how Rust, forge and prose speak of functions.
            signature = SIGNATURE.match(span)
            if signature and "()" not in span and path.parts[:2] == ("docs", "src") and signature[1] not in known:
                found.append(f"{path}: `{span}` is in no ABI")
        if path.parts[:2] == ("docs", "src"):
            continue  # mkdocs looks at those
        for link in LINK.findall(text):
            target = link.split("#")[0]
            if target and "://" not in link and not link.startswith("mailto:") and not (ROOT / path.parent / target).exists():
                found.append(f"{path}: the link {link} leads nowhere")
    return found


def exists(span):
    if "*" in span:
        return any(ROOT.glob(span))
    if (ROOT / span).exists():
        return True
    ignored = subprocess.run(["git", "check-ignore", "-q", span], cwd=ROOT)
    return ignored.returncode == 0
