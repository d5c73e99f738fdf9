"""The REST routes, from the OpenAPI document that the service makes of its code."""

import json

from loops import ROOT

OPENAPI = ROOT / "crates/api/openapi.json"

HEAD = """# Routes

<!-- made by docs/generate.py; do not edit -->

From the [OpenAPI document](openapi.json), which holds every parameter, answer and error. How to use them: [API](api.md).

| | route | who | what |
|---|---|---|---|
"""


def page():
    out = []
    for path, methods in json.loads(OPENAPI.read_text())["paths"].items():
        for method, route in methods.items():
            tokens = [scope for need in route.get("security", []) for scopes in need.values() for scope in scopes]
            out.append(f"| {method.upper()} | `{path}` | {', '.join(tokens) or 'public'} | {route['summary']} |")
    return HEAD + "\n".join(out) + "\n"
