"""Promises and attacks beside the tests that drive them."""

import re
import subprocess
from pathlib import Path

import yaml

from loops import ROOT, Problem

ID = re.compile(r"(?<![a-z0-9])([lbo]\d+)(?=_|$)")
PATTERNS = {
    ".sol": re.compile(r"function ((?:test|invariant|check)\w*)\("),
    ".rs": re.compile(r"#\[(?:tokio::)?test[^\n]*\](?:\s*#\[[^\n]*\])*\s*(?:async )?fn (\w+)\("),
    ".py": re.compile(r"def (test\w*)\("),
}
PLACES = ("contracts/test", "crates", "e2e", "bench", "docs/tools")
OWN = re.compile(r"^\| ([LB]\d+) \| (.+?) \| (.+) \|$", re.M)
NAMED = re.compile(r"`(test_\w+)`")
CHECK = re.compile(r'"(\d+): ([^"]{4,})"')


def tracked(*places):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *places], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(p) for p in sorted(out.stdout.split("\n")) if p and (ROOT / p).is_file()]


def tests():
    """File by name of every test in the tree."""
    found = {}
    for path in tracked(*PLACES):
        pattern = PATTERNS.get(path.suffix)
        if pattern:
            for name in pattern.findall((ROOT / path).read_text()):
                found.setdefault(name, []).append(path)
    return found


def checks():
    """Messages of the stateful run by the number of their promise."""
    found = {}
    for path in tracked("e2e/src/stateful"):
        for number, text in CHECK.findall((ROOT / path).read_text()):
            found.setdefault(f"P{number}", []).append(text)
    return found


def own_attacks():
    """(id, what was tried, tests that its row names in full) from the page of attacks of our own."""
    text = (ROOT / "docs/src/attacks-own.md").read_text()
    return [(attack, tried, NAMED.findall(rest)) for attack, tried, rest in OWN.findall(text)]


def promised(promise, row, found, problems):
    """The tests of a promise, as a cell; those that are none go to the problems."""
    problems += [f"docs/matrix.yml: {promise} names {t}, which is no test" for t in row["tests"] if t not in found]
    return "<br>".join(f"`{t}`" for t in row["tests"])


HEAD = """# Promises and tests

<!-- made by docs/generate.py; do not edit -->

Each promise of the [specification](specification.md#14-promises) with the tests that would break first, and each line of attack with
the tests that drive it. `make check` makes this page again from the names in the tree and fails when it differs: when a test is
gone, when a new one carries an id that no list of attacks knows, or when a line without a test says no reason.
L46 and on are [our own](attacks-own.md).

A name tells what a test is about: `l…`, `b…` and `o…` are the lines below. (`p1_…` to `p18_…` and `c1_…` to `c15_…` are facts of the staking
systems that the local stand-ins are held to, not promises.)
"""


def page():
    data = yaml.safe_load((ROOT / "docs/matrix.yml").read_text())
    found, told = tests(), checks()
    problems = []
    out = [HEAD, "## Promises\n"]
    out.append("*Stateful* counts the checks that run after every call of the stateful run (`e2e/src/stateful`), which makes 100,000")
    out.append("successful calls of random histories.\n")
    out.append("| promise | stateful | tests |\n|---|---:|---|")
    for promise, row in data["promises"].items():
        names = promised(promise, row, found, problems)
        out.append(f"| **{promise}** {row['says']} | {len(told.get(promise, []))} | {names} |")
    out.append("\n## Promises of the basket\n\nOf the [specification](specification.md#16-the-baskets-promises).\n\n| promise | tests |\n|---|---|")
    for promise, row in data["basket"].items():
        out.append(f"| **{promise}** {row['says']} | {promised(promise, row, found, problems)} |")
    ids = {}
    for name in found:
        for attack in ID.findall(name):
            ids.setdefault(attack.upper(), []).append(name)
    own = own_attacks()
    for attack, tried, named in own:
        problems += [f"docs/src/attacks-own.md: {attack} names {t}, which is no test" for t in named if t not in found]
        data["attacks"][attack] = tried
        ids[attack] = sorted({*ids.get(attack, []), *named})
    where = "name that attack in docs/src/attacks-own.md or docs/matrix.yml"
    problems += [f"{ids[i][0]} carries {i}: {where}" for i in sorted(ids) if i not in data["attacks"]]
    for letter, what in (("L", "Liquid staking"), ("B", "Basket"), ("O", "Operations")):
        out.append(f"\n## {what}\n\n| line | attack | tests |\n|---|---|---|")
        for attack, says in data["attacks"].items():
            if not attack.startswith(letter):
                continue
            names = "<br>".join(f"`{t}`" for t in sorted(ids.get(attack, [])))
            reason = data["missing"].get(attack)
            if bool(names) == bool(reason):
                problems.append(f"docs/matrix.yml: {attack} has {'a test and a reason for none' if names else 'no test and no reason'}")
            out.append(f"| {attack} | {says} | {names or '**none.** ' + str(reason)} |")
    out.append("\n## Symbolic proofs\n")
    proofs = sorted(t for t in found if t.startswith("check"))
    out.append("\n".join(f"- `{t}` in `{found[t][0]}`" for t in proofs) or "None in this version.")
    out.append("\n## Where they are\n\n| file | tests |\n|---|---:|")
    files = {}
    for paths in found.values():
        for path in paths:
            files[path] = files.get(path, 0) + 1
    out += [f"| `{path}` | {count} |" for path, count in sorted(files.items())]
    out.append(f"\n{sum(files.values())} tests in all, the browser's own (`web/`) not counted.")
    if problems:
        raise Problem("\n".join(problems))
    return "\n".join(out) + "\n"
