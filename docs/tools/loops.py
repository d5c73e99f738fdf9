"""Every loop that a state-changing call of ours can run, with the bound that stands beside it in the code.

The loops come from the compiler's syntax tree: from each external function that is not a view, along every internal call
(overrides, `super`, modifiers, libraries) and every external call to a function that one of our contracts has. What the
staking system, tokens, pools and receivers do inside a call is theirs and not listed.

A loop's bound is a comment above it:

    // bound(MAX_BUCKETS): why             a constant (or a number, or a product) of passes
    // bound(search MARKS): why            binary search among so many
    // bound(list ids): why                the length of a list that the caller of the function passes
"""

import json
import math
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
SCOPE = ("src/liquid/", "src/async/", "src/basket/", "src/governance/", "src/oracle/", "src/staking/")
OUTSIDE = "src/staking/"  # declares the staking system, whose code is not ours
CODE = ("FunctionDefinition", "ModifierDefinition")
LOOPS = ("ForStatement", "WhileStatement", "DoWhileStatement", "YulForLoop")
# Loops of packages, whose files are not ours to write into: by the function, in the order in which they stand there.
OF_PACKAGES = {
    "Governor._checkGovernance": ["// bound(1_000): calls of the proposal that is being executed, queued by `execute` just before"],
    "Governor.execute": ["// bound(list targets): the proposal's, as its executor passes it"],
    "TimelockController.constructor": ["// bound(list proposers): the deployer's", "// bound(list executors): the deployer's"],
    "TimelockController.scheduleBatch": ["// bound(list targets): the proposal's"],
    "TimelockController.executeBatch": ["// bound(list targets): the proposal's, as its executor passes it"],
    "Strings._tryParseHexUintUncheckedBounds": ["// bound(42): characters of an address in a description"],
    "Checkpoints._upperBinaryLookup": ["// bound(search 2 ** 48): checkpoints of one holder, at most one a second"],
}
BOUND = re.compile(r"^\s*// bound\(([^)]*)\): (\S.*)$")


class Problem(Exception):
    """What has to be mended in the tree."""


def our_sources():
    return {str(p.relative_to(CONTRACTS)): p.read_text() for p in sorted(CONTRACTS.glob("src/**/*.sol"))}


def syntax_trees(sources):
    """The compiler's syntax trees by file. No code is generated: some seconds."""
    config = json.loads(run([ROOT / "scripts/foundry", "forge", "config", "--json"]))
    settings = {
        "remappings": config["remappings"],
        "evmVersion": config["evm_version"],
        "outputSelection": {"*": {"": ["ast"]}},
    }
    texts = {file: {"content": text} for file, text in sources.items()}
    asked = json.dumps({"language": "Solidity", "sources": texts, "settings": settings})
    answer = json.loads(run([CONTRACTS / "solc-wrapper", "--standard-json"], asked))
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise Problem("\n".join(errors))
    return {file: unit["ast"] for file, unit in answer["sources"].items()}


def run(command, text=None):
    done = subprocess.run([str(c) for c in command], input=text, cwd=CONTRACTS, capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"{command[0]} failed: {done.stderr}")
    return done.stdout


def walk(node):
    """All nodes below, itself first."""
    if isinstance(node, list):
        for part in node:
            yield from walk(part)
    elif isinstance(node, dict):
        if "nodeType" in node:
            yield node
        for key, part in node.items():
            if not key.startswith("_") and isinstance(part, (dict, list)):
                yield from walk(part)


class Program:
    """Syntax trees with what the calls in them lead to."""

    def __init__(self, trees):
        self.nodes = {}
        for file, tree in trees.items():
            self._index(tree, file, None, None)
        contracts = [n for n in self.nodes.values() if n["nodeType"] == "ContractDefinition" and in_scope(n)]
        self.deployed = [c for c in contracts if c["contractKind"] == "contract" and not c["abstract"]]
        self.by_name = {c["name"]: c for c in contracts}
        self.by_selector = {}
        for contract in self.deployed:
            for function in self.functions(contract):
                if "functionSelector" in function:
                    self.by_selector.setdefault(function["functionSelector"], []).append((contract["id"], function["id"]))
        self._edges = {}

    def _index(self, node, file, contract, parent):
        if isinstance(node, list):
            for part in node:
                self._index(part, file, contract, parent)
            return
        if not isinstance(node, dict):
            return
        if "nodeType" in node:
            node.update(_file=file, _contract=contract, _parent=parent)
            if "id" in node:
                self.nodes[node["id"]] = node
            contract = node if node["nodeType"] == "ContractDefinition" else contract
            parent = node
        for key, part in list(node.items()):
            if not key.startswith("_"):
                self._index(part, file, contract, parent)

    def line(self, contract):
        """The contract and its bases, most derived first."""
        return [self.nodes[i] for i in contract["linearizedBaseContracts"]]

    def functions(self, contract):
        """What a contract has in force: each function once, its last override; constructors of all bases."""
        seen = set()
        for base in self.line(contract):
            for function in definitions(base):
                name = signature(function)
                if function["nodeType"] != "FunctionDefinition" or not function["implemented"] or name in seen:
                    continue
                if function["kind"] != "constructor":
                    seen.add(name)
                yield function

    def in_force(self, contract, function, start=0):
        """The override of `function` that runs in `contract`, looked for from place `start` of its line."""
        for base in self.line(contract)[start:]:
            for other in definitions(base):
                if signature(other) == signature(function) and other.get("implemented", True):
                    return other
        return function

    def entries(self):
        """(contract, function) of everything that can change state when it is called or deployed."""
        for contract in self.deployed:
            for function in self.functions(contract):
                outside = function["visibility"] in ("external", "public") or function["kind"] == "constructor"
                if outside and function["stateMutability"] in ("nonpayable", "payable"):
                    yield contract, function

    def called(self, place):
        """What the function at `place` (contract, function) can call: more such places."""
        if place not in self._edges:
            self._edges[place] = set(self._called(self.nodes[place[0]], self.nodes[place[1]]))
        return self._edges[place]

    def _called(self, contract, function):
        ids = [base["id"] for base in self.line(contract)]
        for node in walk(function):
            target = self.nodes.get(node.get("referencedDeclaration"))
            if target is None or target["nodeType"] not in CODE:
                continue
            parent = node["_parent"]
            if parent["nodeType"] == "MemberAccess" and parent["memberName"] == "selector":
                continue  # a name, not a call
            home = target["_contract"]
            if home is None or home["contractKind"] == "library":
                yield contract["id"], target["id"]
                continue
            through = node["expression"] if node["nodeType"] == "MemberAccess" else None
            kind = through["typeDescriptions"]["typeString"] if through else "type("
            if home["id"] in ids and kind.startswith("type("):
                if through is None:
                    yield contract["id"], self.in_force(contract, target)["id"]
                elif through.get("name") == "super":
                    after = ids.index(function["_contract"]["id"]) + 1
                    yield contract["id"], self.in_force(contract, target, after)["id"]
                else:
                    yield contract["id"], target["id"]
            elif "functionSelector" in target and not home["_file"].startswith(OUTSIDE):
                # The type at the call says more than the contract that declares the function: that may be a standard's.
                yield from self.answering(self.by_name.get(kind.removeprefix("contract "), home), target["functionSelector"])

    def answering(self, interface, selector):
        """Our functions that a call through `interface` can reach. One that nobody inherits (the minter's and the basket's, whose
        parts share one address) may be answered by whoever has the selector and lives in its folder."""
        found = self.by_selector.get(selector, [])
        heirs = [c["id"] for c in self.deployed if interface["id"] in c["linearizedBaseContracts"]]
        if heirs:
            return [place for place in found if place[0] in heirs]
        folder = interface["_file"].rpartition("/")[0]
        return [place for place in found if self.nodes[place[0]]["_file"].rpartition("/")[0] == folder]

    def reachable(self, place):
        seen, left = {place}, [place]
        while left:
            for other in self.called(left.pop()) - seen:
                seen.add(other)
                left.append(other)
        return seen

    def recursive(self):
        """Functions that can call themselves inside one contract: loops in disguise."""
        found = set()
        for contract, function in self.entries():
            for place in self.reachable((contract["id"], function["id"])):
                within = {p for p in self.called(place) if p[0] == place[0]}
                left, seen = list(within), set(within)
                while left:
                    for other in self.called(left.pop()):
                        if other[0] == place[0] and other not in seen:
                            seen.add(other)
                            left.append(other)
                if place in seen:
                    found.add(title(self.nodes[place[1]]))
        return sorted(found)


def in_scope(node):
    return node["_file"].startswith(SCOPE)


def definitions(contract):
    return [n for n in contract["nodes"] if n["nodeType"] in CODE]


def signature(function):
    special = function.get("kind") in ("fallback", "receive", "constructor")
    name = function["kind"] if special else function["name"]
    return function["nodeType"], name, tuple(p["typeDescriptions"]["typeString"] for p in function["parameters"]["parameters"])


def title(function):
    home = function["_contract"]
    return f"{home['name'] if home else ''}.{function.get('name') or function['kind']}"


class Constants:
    """Integer constants of our sources by name. A name of the loop's own file counts first, then one of its folder or above."""

    def __init__(self, program):
        self.declared = {}
        for node in program.nodes.values():
            if node["nodeType"] == "VariableDeclaration" and node.get("constant") and node.get("value") and in_scope(node):
                self.declared.setdefault(node["name"], []).append(node)

    def value(self, text, file):
        """Of an expression of numbers, constants, `*`, `**`."""
        product = 1
        for factor in re.split(r"\s\*\s", text):
            base, *powers = re.split(r"\s*\*\*\s*", factor.strip())
            number = self._one(base, file)
            for power in powers:
                number **= self._one(power, file)
            product *= number
        return product

    def _one(self, text, file):
        if re.fullmatch(r"\d[\d_]*", text):
            return int(text)
        found = self.declared.get(text, [])
        own = [n for n in found if n["_file"] == file]
        folder = file
        while not own and folder:
            folder = folder.rpartition("/")[0]
            own = [n for n in found if n["_file"].rpartition("/")[0] == folder]
        # A library in a folder of its own.
        own = own or [n for n in found if n["_file"].startswith(file.rpartition("/")[0])] or found
        values = {n["value"].get("value") for n in own}
        if len(values) != 1 or None in values:
            raise Problem(f"{file}: bound({text}): no constant of that name with one plain value")
        return int(values.pop())


class Loop:
    """One loop with its stated bound."""

    def __init__(self, node, function, constants, sources):
        self.file = node["_file"]
        source = sources.get(self.file) or (CONTRACTS / self.file).read_text()
        start = int(node["src"].split(":")[0])
        self.line = source.encode()[:start].count(b"\n") + 1
        text = source.split("\n")
        self.where = title(function)
        self.head = text[self.line - 1].strip().rstrip("{").strip()
        place = f"contracts/{self.file}:{self.line} ({self.where})"
        found = BOUND.match(self.package_bound(node, function) or text[self.line - 2])
        if not found:
            raise Problem(f"{place}: a loop without its bound. Write `// bound(CONSTANT): why` above it (docs/tools/loops.py)")
        self.bound, self.why = found.groups()
        word, _, rest = self.bound.partition(" ")
        if word == "list":
            if not re.search(rf"\b{re.escape(rest)}\.length\b", self.head):
                raise Problem(f"{place}: bound({self.bound}), but the loop does not run over {rest}")
            lists = [p["name"] for p in function["parameters"]["parameters"] if p["typeDescriptions"]["typeString"].find("[]") > 0]
            if rest not in lists:
                raise Problem(f"{place}: bound({self.bound}), but {rest} is no list that its caller passes")
            self.most = "the list"
        elif word == "search":
            self.most = f"{math.ceil(math.log2(constants.value(rest, self.file))) + 1:,}"
        else:
            self.most = f"{constants.value(self.bound, self.file):,}"
        around = node["_parent"]
        while around and around["nodeType"] not in LOOPS + CODE:
            around = around["_parent"]
        self.inner = bool(around) and around["nodeType"] in LOOPS

    def package_bound(self, node, function):
        """What OF_PACKAGES says of a loop in a package's file; None for ours."""
        if not self.file.startswith("node_modules/"):
            return None
        loops = [n["src"] for n in walk(function) if n["nodeType"] in LOOPS]
        stated = OF_PACKAGES.get(self.where, [])
        place = sorted(loops, key=lambda src: int(src.split(":")[0])).index(node["src"])
        return stated[place] if place < len(stated) else None


def find(sources):
    """Loops by place, and for each place the functions that can run it; raises Problem when one has no bound."""
    program = Program(syntax_trees(sources))
    recursive = program.recursive()
    if recursive:
        raise Problem(f"recursion, which no bound is stated for: {', '.join(recursive)}")
    constants = Constants(program)
    callers, places = {}, {}
    for contract, function in program.entries():
        name = f"{contract['name']}.{function.get('name') or function['kind']}"
        for _, at in program.reachable((contract["id"], function["id"])):
            for node in walk(program.nodes[at]):
                if node["nodeType"] in LOOPS:
                    key = node["_file"], int(node["src"].split(":")[0])
                    places[key] = node, program.nodes[at]
                    callers.setdefault(key, set()).add(name)
    problems, loops = [], {}
    for key, (node, function) in sorted(places.items()):
        try:
            loops[key] = Loop(node, function, constants, sources)
        except Problem as problem:
            problems.append(str(problem))
    if problems:
        raise Problem("\n".join(problems))
    return loops, callers


def page():
    """The book's page."""
    return render(*find(our_sources()))


HEAD = """# Loops of state-changing functions

<!-- made by docs/generate.py; do not edit -->

Promise 6: no state-changing function loops over users or requests, except over a list that its caller passes; loops over
validators and buckets are bounded by an argument or a constant.

This list is made from the compiler's syntax tree by `docs/tools/loops.py`, and `make check` fails when it is stale or when a loop
has no bound stated. It starts at every function of `contracts/src` but its `dev` that
can change state, constructors included, and follows internal calls, overrides, modifiers, libraries, and calls between our own
contracts. It knows recursion too: there is none. The tool holds that a bound is stated and that what it names exists, with that value; that
the reason is true is for the reader.

*At most* is the number of passes of one run of the loop: a constant, or the length of a list in the caller's calldata. *Why* is the
comment beside the loop; the name in brackets is what bounds it. *inner* marks a loop inside the loop above it.

Not in the list: the copying of an answer or an argument into memory (paid by whoever sends it), and the work of others inside a call,
such as the staking system's walk over its reward history. What whole calls cost at their bounds is measured by the tests `l29_…`
([promises and tests](matrix.md)).
"""


def render(loops, callers):
    out = [HEAD, f"{len(loops)} loops.\n"]
    file = None
    for key, loop in loops.items():
        if loop.file != file:
            file = loop.file
            out.append(f"\n## `{file.removeprefix('src/')}`\n")
            out.append("| function | loop | at most | why | run by |")
            out.append("|---|---|---:|---|---|")
        who = sorted(callers[key])
        run_by = ", ".join(f"`{w}`" for w in who) if len(who) <= 4 else f"{len(who)} functions, see below"
        name = f"`{loop.where}`" + (" inner" if loop.inner else "")
        head = loop.head.replace("|", "\\|")
        out.append(f"| {name} | `{head}` | {loop.most} | {loop.why} ({loop.bound}) | {run_by} |")
    out.append("\n## By function\n")
    out.append("Every function that can run a loop, and the functions that hold those loops.\n")
    out.append("| function | its loops are in |")
    out.append("|---|---|")
    reverse = {}
    for key, loop in loops.items():
        for name in callers[key]:
            reverse.setdefault(name, []).append(loop.where)
    for name in sorted(reverse):
        out.append(f"| `{name}` | {', '.join(f'`{w}`' for w in dict.fromkeys(reverse[name]))} |")
    return "\n".join(out) + "\n"
