"""How long an editor waits for the language server, through its real stdin and stdout.

Files of 300 and of 2,000 lines. A keystroke is answered when its diagnostics are there; a completion
is asked for right behind a keystroke, as editors do, and hover while nothing else goes on. The burst is
100 keystrokes sent at once: the server must read only the last of them. Medians; milliseconds beside
their limit as a ratio, on one core of a machine that does nothing else. Beside a keystroke stands how
often the text could have been read meanwhile by this process: that ratio hardly depends on the machine.

    python bench/keystroke.py [--strokes 20] [--json]

Exits 1 where a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.loop.plugins import Installed

LIMITS = {300: 100, 2_000: 400}  # ms
ANSWERS = ("keystroke", "completion", "hover")
URI = "file:///tmp/keystroke.task"


class Editor:
    """A language client that does no more than it must."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "labelwright", "lsp"]
        pipe = subprocess.PIPE
        self.server = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        self.version = 0
        self._published: list[int] = []  # versions whose diagnostics came, since last asked
        self._last = 0
        capabilities = {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}
        self.ask("initialize", {"capabilities": capabilities, "processId": None, "rootUri": None})
        self.tell("initialized", {})

    def open(self, text: str) -> None:
        """Show a text, and wait until it was read."""
        self.version = 1
        document = {"uri": URI, "languageId": "labelwright", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        self.diagnostics()

    def type(self, line: int, column: int, text: str) -> None:
        """Type into the text."""
        self.version += 1
        place = {"line": line, "character": column}
        change = {"range": {"start": place, "end": place}, "text": text}
        document = {"uri": URI, "version": self.version}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def at(self, line: int, column: int) -> dict[str, Any]:
        """What a request about a place says."""
        return {
            "textDocument": {"uri": URI},
            "position": {"line": line, "character": column},
        }

    def diagnostics(self) -> int:
        """Wait for the diagnostics of the newest version; how many versions were answered for."""
        while self.version not in self._published:
            self._receive()
        count = len(self._published)
        self._published.clear()
        return count

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request and wait for its answer."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._last and "method" not in message:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']['message']}")
                return message["result"]

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def quit(self) -> None:
        """End the server."""
        self.ask("shutdown", {})
        self.tell("exit", {})
        self.server.wait()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.server.stdin is not None
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.server.stdout is not None
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise SystemExit("the server has ended")
        found: dict[str, Any] = json.loads(self.server.stdout.read(length))
        if found.get("method") == "textDocument/publishDiagnostics":
            self._published.append(found["params"]["version"])
        return found


def task_file(lines: int) -> str:
    """A sound task file of about so many lines: classes, rules on them, and criteria."""
    head = ['task big "큰 과제" {', "  kind = classification", "}", ""]
    tail = ["data {", '  source = csv("items.csv")', "  text = body", "}", ""]
    tail += ["holdout { annotations = 900 }", "budget { annotations = 3_000 }", ""]
    tail += ["accept {", "  confidence = 95%", "  macro_f1 >= 80%", "}"]
    count = (lines - len(head) - len(tail) - 2) // 8
    body: list[str] = []
    rules: list[str] = []
    for n in range(count):
        body += [
            f'class C{n} "분류 {n}" {{',
            f'  describe       = "What belongs to the class {n}, in a sentence; 설명 {n}."',
            f'  examples       = ["the first example of {n}", "예 {n}"]',
            f'  counterexamples = ["what is not in {n}"]',
            f"  aliases        = [a{n}, {n}]",
            "}",
            "",
        ]
        rules.append(f"  r{n}: vote C{n} when body matches /코스피{n}|word{n}/ weight 2")
    return "\n".join([*head, *body, "rules {", *rules, "}", *tail]) + "\n"


def measure(lines: int, strokes: int) -> dict[str, float]:
    """Medians in ms; `answers` is how often diagnostics came for the burst."""
    text = task_file(lines)
    rows = text.split("\n")
    line = len(rows) // 2
    while "describe" not in rows[line]:
        line += 1
    column = rows[line].index("What")
    editor = Editor()
    editor.open(text)
    taken: dict[str, list[float]] = {"keystroke": [], "completion": [], "hover": [], "read": []}
    catalogue = Installed()
    for _ in range(strokes):
        started = time.perf_counter()
        editor.type(line, column, "x")
        editor.diagnostics()
        taken["keystroke"].append(time.perf_counter() - started)
        started = time.perf_counter()
        read(SourceText("keystroke.task", text), catalogue)
        taken["read"].append(time.perf_counter() - started)
    for _ in range(strokes):
        started = time.perf_counter()
        editor.ask("textDocument/hover", editor.at(line, 4))
        taken["hover"].append(time.perf_counter() - started)
        started = time.perf_counter()
        editor.type(line, column, "x")
        editor.ask("textDocument/completion", editor.at(line, 2))
        taken["completion"].append(time.perf_counter() - started)
        editor.diagnostics()
    for _ in range(100):
        editor.type(line, column, "x")
    answers = editor.diagnostics()
    editor.quit()
    found = {name: 1000 * statistics.median(values) for name, values in taken.items()}
    return {**found, "answers": answers}


def main() -> int:
    """Print the table; 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {lines: measure(lines, options.strokes) for lines in LIMITS}
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for lines, limit in LIMITS.items():
            _print(lines, limit, found[lines])
    slow = [
        what for lines, limit in LIMITS.items() for what in ANSWERS if found[lines][what] > limit
    ]
    return 1 if slow else 0


def _print(lines: int, limit: int, found: dict[str, float]) -> None:
    for what in ANSWERS:
        print(
            f"{lines:>6,} lines  {what:<11} {found[what]:7.1f} ms  {found[what] / limit:5.2f} of {limit} ms"
        )
    times = found["keystroke"] / found["read"]
    print(f"{lines:>6,} lines  a keystroke takes {times:.2f} times as long as reading alone")
    print(f"{lines:>6,} lines  100 keystrokes at once: {found['answers']:.0f} answers")


if __name__ == "__main__":
    sys.exit(main())
