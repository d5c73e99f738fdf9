"""What `/metrics` says, and what a PromQL expression asks of it."""

import re

import promql_parser

# Written by Prometheus itself: about each scrape, and about its alerts.
OWN = {
    "up": {"job", "instance"},
    "ALERTS": {"alertname", "alertstate", "severity", "job", "instance"},
}
# Put on each series by the scrape.
TARGET = {"job", "instance"}
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """A text of `/metrics`: kinds by family, and the samples as (name, labels, value)."""

    def __init__(self, text):
        self.kinds, self.samples, self.labels = {}, [], {}
        if not text.endswith("# EOF\n"):
            raise ValueError("the text of /metrics has no end (# EOF)")
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                self.kinds[family] = kind
            elif line and not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                labels = dict(LABEL.findall(labels or ""))
                self.samples.append((name, labels, float(value)))
                self.labels.setdefault(name, set()).update(labels)

    def faults(self, expression):
        """Words for what the expression names and this text has not."""
        try:
            tree = promql_parser.parse(expression)
        except ValueError as error:
            return [f"is no PromQL: {error}"]
        found = []
        for name, asked in selectors(tree):
            known = OWN.get(name) or (name in self.labels and self.labels[name] | TARGET)
            if not known:
                found.append(f"asks for {name}, which /metrics has not")
                continue
            found += [f"asks {name} for the label {label}, which it has not" for label in sorted(asked - known)]
            if self.kinds.get(name) == "gauge" and re.search(rf"\b(rate|irate|increase|resets)\(\s*{name}\b", expression):
                found.append(f"takes the rate of {name}, which may fall: use delta")
        labels = set().union(*(OWN.get(name) or self.labels.get(name, set()) | TARGET for name, _ in selectors(tree)), set())
        found += [f"groups by {label}, which nothing in it has" for label in sorted(groupings(tree) - labels)]
        return found


def children(node):
    for part in ("lhs", "rhs", "expr", "param", "vector_selector"):
        # A call of None is not a node; a number is one without children.
        child = getattr(node, part, None)
        if child is not None:
            yield child
    yield from getattr(node, "args", None) or []


def walk(node):
    yield node
    for child in children(node):
        yield from walk(child)


def selectors(tree):
    """Each series that is asked for: its name, and the labels in braces."""
    for node in walk(tree):
        if isinstance(node, promql_parser.VectorSelector):
            yield node.name, {matcher.name for matcher in node.matchers.matchers}


def groupings(tree):
    """Labels of `by`, and of `on`."""
    found = set()
    for node in walk(tree):
        modifier = getattr(node, "modifier", None)
        matching = getattr(modifier, "matching", None) if isinstance(node, promql_parser.BinaryExpr) else modifier
        for label in getattr(matching, "labels", None) or []:
            found.add(label)
    return found
