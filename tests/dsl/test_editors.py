"""editors/: the grammar is what its generator writes, and the extension names files that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labelwright.dsl.metrics import METRICS
from labelwright.dsl.tokens import scanner
from labelwright.dsl.vocabulary import BLOCKS

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def load(name: str) -> Any:
    return json.loads((EXTENSION / name).read_text(encoding="utf-8"))


def patterns(part: Any) -> Iterator[str]:
    """Every regular expression of a grammar."""
    if isinstance(part, list):
        for each in part:
            yield from patterns(each)
    elif isinstance(part, dict):
        yield from (part[key] for key in ("match", "begin", "end") if key in part)
        for value in part.values():
            yield from patterns(value)


def node(script: str, *arguments: str) -> str:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", script, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- the grammar ------------------------------------------------------------------------------


def test_the_grammar_is_not_stale() -> None:
    done = subprocess.run(
        [sys.executable, "tools/textmate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_grammar_knows_every_word() -> None:
    told = "\n".join(patterns(load("syntaxes/task.tmLanguage.json")))
    listed = set(re.findall(r"[a-z_0-9]+", told))
    settings = {s.name for block in BLOCKS.values() for s in block.settings}
    assert {*BLOCKS, *METRICS, *settings, *scanner().keywords} <= listed


@needs_node
def test_its_patterns_are_patterns() -> None:
    written = list(patterns(load("syntaxes/task.tmLanguage.json")))
    assert len(written) > 20
    script = "for (const p of JSON.parse(process.argv[1])) new RegExp(p, 'u')"
    node(script, json.dumps(written))
    with pytest.raises(AssertionError, match="Invalid regular expression"):
        node(script, json.dumps(["("]))


LINES = {
    "  recall of Other.A >= 85% with 95% confidence": [
        "recall", "of", "Other.A", ">=", "85%", "with", "95%", "confidence",
    ],
    '  경제: vote against Sports when words(body) matches /a\\/b/i and x in ["y"] weight 2 # z': [
        "경제", ":", "vote against", "Sports", "when", "words", "(", "matches", "/a\\/b/i",
        "and", "in", '"', '"', "weight", "2", "# z",
    ],
    'class 경제 "Economy" { hotkey = "2" }': ["class", "경제", '"', '"', "hotkey", "=", '"', '"'],
}  # fmt: skip


@needs_node
@pytest.mark.parametrize("line", LINES)
def test_a_line_is_cut_as_an_editor_would(line: str) -> None:
    """The first pattern that matches earliest wins; spans are entered at their `begin`."""
    grammar = load("syntaxes/task.tmLanguage.json")
    groups = grammar["repository"]
    flat = [
        rule
        for name in ("literals", "statements", "values")
        for rule in groups[name]["patterns"]
        if rule.get("begin") != '"""'
    ]
    script = """
    const [rules, line] = process.argv.slice(1).map(x => JSON.parse(x));
    const cut = []; let at = 0, inside = null;
    for (;;) {
      let best = null;
      const tried = inside ? [{ match: inside }] : rules;
      for (const rule of tried) {
        const p = new RegExp(rule.match ?? rule.begin, 'dgu'); p.lastIndex = at;
        const m = p.exec(line);
        if (m && (best === null || m.index < best.m.index)) best = { m, rule };
      }
      if (best === null || best.m[0] === '') break;
      const groups = best.rule.captures && !('0' in best.rule.captures);
      cut.push(...(groups ? best.m.slice(1).filter(Boolean) : [best.m[0]]));
      at = best.m.index + best.m[0].length;
      if (inside) inside = null;
      else if (best.rule.begin === '"') inside = best.rule.end;
    }
    console.log(JSON.stringify(cut));
    """
    assert json.loads(node(script, json.dumps(flat), json.dumps(line))) == LINES[line]


# --- the extension ----------------------------------------------------------------------------


def test_the_extension_names_files_that_exist() -> None:
    package = load("package.json")
    gives = package["contributes"]
    named = [package["main"], gives["grammars"][0]["path"], gives["languages"][0]["configuration"]]
    for name in named:
        assert (EXTENSION / name).is_file(), name
    assert load("language-configuration.json")["comments"] == {"lineComment": "#"}


def test_the_extension_is_one_with_the_rest() -> None:
    package, grammar = load("package.json"), load("syntaxes/task.tmLanguage.json")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (language,), (colours,) = (
        package["contributes"]["languages"],
        package["contributes"]["grammars"],
    )
    assert package["version"] == project["version"]
    assert language["extensions"] == [".task"]
    assert language["id"] == colours["language"] == "labelwright-task"
    assert colours["scopeName"] == grammar["scopeName"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["dependencies"]["vscode-languageclient"])
    written = (EXTENSION / "extension.js").read_text(encoding="utf-8")
    assert f'const LANGUAGE = "{language["id"]}";' in written
    for setting in package["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]:
        assert setting in package["contributes"]["configuration"]["properties"]
    readme = (EXTENSION / "README.md").read_text(encoding="utf-8")
    assert f"{package['name']}-{package['version']}" in readme
    assert all(f"`{s}`" in readme for s in package["contributes"]["configuration"]["properties"])


@needs_node
def test_word_and_indentation_patterns() -> None:
    told = load("language-configuration.json")
    word, rules = told["wordPattern"], told["indentationRules"]
    script = """
    const [word, flags, more, less] = process.argv.slice(1);
    const inc = new RegExp(more), dec = new RegExp(less);
    console.log(JSON.stringify([
      'vote 경제 when x_1 >= 97.5%'.match(new RegExp(word, flags + 'g')),
      ['data {  # x', 'a = [', '# {', 'a = 1 # {', '}'].map(x => inc.test(x)),
      ['  }', ']', 'a = 1'].map(x => dec.test(x)),
    ]))"""
    arguments = (word["pattern"], word["flags"], *rules.values())
    assert json.loads(node(script, *arguments)) == [
        ["vote", "경제", "when", "x_1", "97.5%"],
        [True, True, False, False, False],
        [True, True, False],
    ]


@needs_node
def test_the_extension_starts_and_restarts_the_server() -> None:
    """With stand-ins for the editor and the client, which are not installed here."""
    script = """
    const Module = require('module');
    const log = []; let broken = false; const commands = {}; let changed;
    const vscode = {
      commands: { registerCommand: (name, run) => (commands[name] = run, {}),
                  executeCommand: async (...x) => { log.push(['execute', ...x]); } },
      workspace: { onDidChangeConfiguration: run => (changed = run, {}),
                   getConfiguration: () => ({ get: () => 'my/labelwright' }) },
      window: { showErrorMessage: async (said, button) => { log.push(['error', said]); return button; } },
    };
    class LanguageClient {
      constructor(id, name, server, options) { this.server = server; this.options = options; }
      async start() { if (broken) throw new Error('ENOENT'); log.push(['start', this.server, this.options]); }
      async stop() { log.push(['stop']); }
    }
    const load = Module._load;
    Module._load = (name, ...rest) => name === 'vscode' ? vscode
      : name === 'vscode-languageclient/node' ? { LanguageClient } : load(name, ...rest);
    const { activate, deactivate } = require(process.argv[1]);
    (async () => {
      await activate({ subscriptions: [] });
      await Promise.all([commands['labelwright.restart'](), commands['labelwright.restart']()]);
      changed({ affectsConfiguration: name => name === 'other' });
      broken = true; await commands['labelwright.restart']();
      broken = false; await commands['labelwright.restart']();
      await deactivate(); await deactivate();
      console.log(JSON.stringify(log));
    })();
    """
    log = json.loads(node(script, str(EXTENSION / "extension.js")))
    assert [entry[0] for entry in log] == [
        "start", "stop", "start", "stop", "start", "stop", "error", "execute", "start", "stop",
    ]  # fmt: skip
    assert log[0][1] == {"command": "my/labelwright", "args": ["lsp"]}
    assert log[0][2] == {"documentSelector": [{"language": "labelwright-task"}]}
    assert "`my/labelwright lsp` did not start: ENOENT" in log[6][1]
    assert log[7][1:] == ["workbench.action.openSettings", "labelwright.command"]
