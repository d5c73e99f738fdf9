"""A real Prometheus with a day behind it: the recorded `/metrics`, minute by minute, and the same text to scrape now."""

import contextlib
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

INSTANCE = "recorded:1"
# Rules and dashboards look back a day at most.
MINUTES = 25 * 60
# Series that move as time goes on: so much a minute. Everything else stands as it was recorded.
STEPS = {"omnibus_index_block": 20, "omnibus_chain_block": 20, "omnibus_change_seq": 30}


class Refused(Exception):
    """Prometheus's own words."""


def backfill(metrics, end):
    """OpenMetrics with times. A counter counts what was recorded once more each minute."""
    lines, times = [], [end - 60 * ago for ago in range(MINUTES, -1, -1)]
    for family, kind in {"up": "gauge", **metrics.kinds}.items():
        lines.append(f"# TYPE {family} {kind}")
        samples = [("up", {}, 1.0)] if family == "up" else [s for s in metrics.samples if of(family, kind, s[0])]
        for name, labels, value in samples:
            text = ",".join(f'{key}="{said}"' for key, said in {**labels, "job": "omnibus", "instance": INSTANCE}.items())
            for minute, at in enumerate(times):
                if kind != "gauge":
                    now = value * (minute + 1)
                elif name.endswith("_timestamp_seconds"):
                    now = at  # where all is well they are the clock's
                else:
                    now = value + STEPS.get(name, 0) * minute
                lines.append(f"{name}{{{text}}} {now!r} {at}")
    return "\n".join([*lines, "# EOF", ""])


def of(family, kind, name):
    ends = {"gauge": ("",), "counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}[kind]
    return name in {family + end for end in ends}


@contextlib.contextmanager
def serving(text):
    """A server with that text as the program sends it; its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Prometheus:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def ask(self, path, **query):
        url = f"{self.base}{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            try:
                raise Refused(json.loads(said)["error"]) from error
            except (ValueError, KeyError):  # plain words, as while it starts
                raise Refused(f"{error}: {said[:200]}") from error

    def at(self, expression, when):
        return self.ask("/api/v1/query", query=expression, time=when)["result"]


@contextlib.contextmanager
def prometheus(tools, folder, metrics, text, end):
    """Runs it on the committed files of `folder`, scraping `text`; ends it by its own process id."""
    with tempfile.TemporaryDirectory() as place, serving(text) as target:
        place = pathlib.Path(place)
        for file in folder.glob("*.yml"):
            shutil.copy(file, place)
        (place / "targets.yml").write_text(f'- targets: ["127.0.0.1:{target}"]\n')
        config = place / "prometheus.yml"
        # As committed, but for the pace: nobody waits a quarter of a minute for a scrape.
        config.write_text(config.read_text().replace("15s", "1s"))
        (place / "day.txt").write_text(backfill(metrics, end))
        made = subprocess.run([tools["promtool"], "tsdb", "create-blocks-from", "openmetrics", place / "day.txt", place / "data"], capture_output=True, text=True)
        if made.returncode:
            raise Refused(made.stderr or made.stdout)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = place / "log"
        with log.open("w") as sink:
            child = subprocess.Popen(
                [tools["prometheus"], f"--config.file={config}", f"--storage.tsdb.path={place / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
                 "--storage.tsdb.retention.time=90d", "--log.level=warn"],
                stdout=sink, stderr=sink)
        try:
            server, waited = Prometheus(port), time.monotonic()
            while True:
                with contextlib.suppress(OSError, Refused, KeyError):
                    if server.at(f'up{{instance!="{INSTANCE}"}} == 1 and on (instance) omnibus_ready', time.time()):
                        break
                if child.poll() is not None or time.monotonic() - waited > 120:
                    raise Refused(log.read_text() or "it scraped nothing within two minutes")
                time.sleep(0.1)
            yield server
        finally:
            child.terminate()
            child.wait()
