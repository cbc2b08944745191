// Starts `labelwright lsp` and connects the editor to it. Colours come from syntaxes/, without it.

"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const LANGUAGE = "labelwright-task";

let client;
let turn = Promise.resolve(); // starts and stops follow one another, however fast they are asked for

function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("labelwright.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("labelwright.command")) restart();
    }),
  );
  return restart();
}

function deactivate() {
  turn = turn.then(stop);
  return turn;
}

function restart() {
  turn = turn.then(stop).then(start);
  return turn;
}

async function start() {
  const command = vscode.workspace.getConfiguration("labelwright").get("command", "labelwright");
  // No transport is named: standard input and output, and no argument added to these.
  const server = { command, args: ["lsp"] };
  client = new LanguageClient("labelwright", "labelwright", server, {
    documentSelector: [{ language: LANGUAGE }],
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    void complain(command, error); // not awaited: a restart need not wait for an answer
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running) await running.stop().catch(() => undefined); // it may have ended by itself
}

async function complain(command, error) {
  const settings = "Open settings";
  const said = error instanceof Error ? error.message : String(error);
  const chosen = await vscode.window.showErrorMessage(
    `labelwright: \`${command} lsp\` did not start: ${said}. ` +
      "Install it with pip install 'labelwright[lsp]', or say where it is.",
    settings,
  );
  if (chosen === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "labelwright.command");
  }
}

module.exports = { activate, deactivate };
