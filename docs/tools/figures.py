"""What is in scope, how large it is and what it costs: from the sources and from the committed snapshots."""

import json
import re

from loops import ROOT, CONTRACTS
from matrix import tracked

CODE_LIMIT = 24_576  # EIP-170, bytes
SCOPE = tuple(f"contracts/src/{name}" for name in ("liquid", "async", "basket", "governance", "oracle", "staking"))
TITLE = re.compile(r"@title ((?:.+)(?:\n\s*/// (?!@).+)*)")
NAME = re.compile(r"^(?:abstract )?(contract|library|interface) (\w+)", re.M)


def code_lines(text):
    """Lines that are not blank and not comment alone."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return sum(1 for line in text.split("\n") if line.strip() and not line.strip().startswith("//"))


HEAD = """# Scope, sizes and gas

<!-- made by docs/generate.py; do not edit -->

Made from the sources and from the committed snapshots and gas figures, which `make check` compares with a fresh build and a fresh
measurement.

## Files in scope

*Code* is lines that are neither blank nor comment. Interfaces hold the NatSpec.

| file | what it is | lines | code |
|---|---|---:|---:|
"""


def page():
    out, total = [], [0, 0]
    for path in (p for place in SCOPE for p in tracked(place)):
        text = (ROOT / path).read_text()
        title = TITLE.search(text)
        what = re.sub(r"\s*/// ", " ", title[1]).rstrip(".") if title else ", ".join(n for _, n in NAME.findall(text)) or "imports alone"
        counts = len(text.splitlines()), code_lines(text)
        total = [a + b for a, b in zip(total, counts)]
        out.append(f"| `{str(path).removeprefix('contracts/src/')}` | {what} | {counts[0]} | {counts[1]} |")
    out.append(f"| **{len(out)} files** | | **{total[0]:,}** | **{total[1]:,}** |")
    out.append("\nNot in scope: `contracts/src/dev` (stand-ins, never deployed where money is real), `contracts/test`, and what is off chain,")
    out.append("which holds no coins of users.\n")
    out.append("## Dependencies of what is deployed\n\n| package | version |\n|---|---|")
    lock = json.loads((CONTRACTS / "package-lock.json").read_text())["packages"]
    for name in ("@openzeppelin/contracts", "@openzeppelin/contracts-upgradeable", "solc"):
        out.append(f"| `{name}` | {lock['node_modules/' + name]['version']} |")
    out.append(f"\n## Code sizes\n\nThe limit is {CODE_LIMIT:,} bytes (EIP-170).\n\n| contract | bytes | left |\n|---|---:|---:|")
    sizes = json.loads((CONTRACTS / "snapshots/sizes.json").read_text())
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if size and not name.startswith("Local"):
            out.append(f"| `{name}` | {size:,} | {CODE_LIMIT - size:,} |")
    gas = json.loads((ROOT / "bench/results/gas.json").read_text())
    over = {k: v for k, v in gas.items() if v.get("target") and v["gas"] > v["target"]}
    out.append(f"\n## Gas over its target\n\nOf {len(gas)} measured operations {len(over)} are over their target. The whole table and the reasons are in")
    out.append("`README.md`. A peer is another protocol's published figure for what is comparable.\n")
    out.append("| operation | gas | target | over | peer |\n|---|---:|---:|---:|---:|")
    for name, row in over.items():
        peer = f"{row['peer']:,}" if row.get("peer") else ""
        part = (row["gas"] - row["target"]) / row["target"] * 100
        out.append(f"| `{name}` | {row['gas']:,} | {row['target']:,} | {part:.1f} % | {peer} |")
    return HEAD + "\n".join(out) + "\n"
