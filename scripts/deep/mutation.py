"""What both kinds of mutants share: a seeded sample spread over files and operators, judged one at a time, that goes on where
it stopped. A mutant is a dict with its file, line, the text that it replaces and the new one; queues hold the mutants of each
file in the order in which they are tried."""

import hashlib
import json
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / "bench/survivors.toml"
SEED = "omnibus"
# Percent of the judged that have to die.
LEAST = 90


def blob(text: bytes) -> str:
    return hashlib.sha1(text).hexdigest()[:12]


def with_id(mutant):
    """Its id is a hash of all that it is, the whole file included, and the seed: so ids are in a random order."""
    return mutant | {"id": hashlib.sha256(json.dumps([SEED, mutant]).encode()).hexdigest()[:12]}


def take_turns(found):
    """Queues of each file: operators take turns, and each file begins with another one, or small files would all get the same."""
    by_file = {}
    for mutant in found:
        by_file.setdefault(mutant["file"], {}).setdefault(mutant["operator"], {})[mutant["id"]] = mutant
    queues = {}
    for path, groups in sorted(by_file.items()):
        piles = [[group[k] for k in sorted(group)] for _, group in sorted(groups.items())]
        turn = int(hashlib.sha256((SEED + path).encode()).hexdigest(), 16) % len(piles)
        piles = piles[turn:] + piles[:turn]
        queues[path] = [pile[n] for n in range(max(map(len, piles))) for pile in piles if n < len(pile)]
    return queues


def shares(queues, root, count):
    """Mutants of each file: by its lines, three at least."""
    lines = {path: (root / path).read_text().count("\n") for path in queues}
    share = {path: max(3, round(count * n / sum(lines.values()))) for path, n in lines.items()}
    while sum(share.values()) > count and max(share.values()) > 3:
        share[max(share, key=share.get)] -= 1
    return share


def answers():
    """Why survivors are no holes, by id."""
    return tomllib.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}


class Run:
    """The verdicts of one results file."""

    def __init__(self, results, queues, share, again):
        self.results, self.queues, self.share = results, queues, share
        here = {m["id"] for queue in queues.values() for m in queue}
        before = json.loads(results.read_text())["mutants"] if results.exists() else []
        settled = answers()
        kept = (m for m in before
                if m["id"] in here and not (again and m["verdict"] == "survived" and m["id"] not in settled))
        self.known = {m["id"]: m for m in kept}

    def judge_all(self, judge):
        """Files take turns, so that a run that is cut short has seen all of them."""
        left = {path: list(queue) for path, queue in self.queues.items()}
        judged = dict.fromkeys(self.queues, 0)
        while waiting := [path for path in self.queues if judged[path] < self.share[path] and left[path]]:
            path = min(waiting, key=lambda p: judged[p] / self.share[p])
            mutant = left[path].pop(0)
            if mutant["id"] not in self.known:
                started = time.monotonic()
                verdict, by = judge(mutant)
                self.known[mutant["id"]] = mutant | {"verdict": verdict, "by": by}
                summary, _ = self.save()
                print(f"{summary['judged']}/{summary['wanted']} {summary['killed']} killed | {verdict} {mutant['operator']} "
                      f"{path}:{mutant['line']} {by or ''} ({time.monotonic() - started:.0f} s)", flush=True)
            if self.known[mutant["id"]]["verdict"] != "none":
                judged[path] += 1

    def save(self):
        rows = sorted(self.known.values(), key=lambda m: (m["file"], m["line"], m["id"]))
        chosen = [m for m in rows if m["verdict"] != "none"]
        killed = sum(m["verdict"] == "killed" for m in chosen)
        summary = {"seed": SEED, "wanted": sum(self.share.values()), "judged": len(chosen), "killed": killed,
                   "candidates": sum(map(len, self.queues.values()))}
        self.results.write_text(json.dumps(summary | {"mutants": rows}, indent=1) + "\n")
        return summary, [m for m in chosen if m["verdict"] == "survived"]

    def verdict(self):
        """The exit code: each survivor needs an answer, and enough have to die."""
        summary, survivors = self.save()
        silent = [m for m in survivors if m["id"] not in answers()]
        for m in silent:
            print(f"no answer in {ANSWERS.relative_to(ROOT)}: {m['id']} {m['file']}:{m['line']}\n- {m['old']}\n+ {m['new']}")
        print({k: summary[k] for k in ("judged", "killed")})
        return 1 if silent or summary["killed"] * 100 < summary["judged"] * LEAST else 0
