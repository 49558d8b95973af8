// A client of the language server over standard input and output, as an editor is one.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node.js'
import type { Diagnostic, PublishDiagnosticsParams } from 'vscode-languageserver-protocol'

const CLAW = fileURLToPath(new URL('../../../bin/claw.js', import.meta.url))

export interface LspClient {
  readonly connection: MessageConnection
  readonly process: ChildProcessWithoutNullStreams
  /** Opens a file; its text is what is on the disk unless given. Resolves with the problems first shown for it. */
  open(file: string, text?: string): Promise<readonly Diagnostic[]>
  /** Replaces the whole text, and resolves with the problems shown for it then. */
  change(file: string, text: string): Promise<readonly Diagnostic[]>
  /** The problems last shown. */
  shown(file: string): readonly Diagnostic[]
  ask<T>(method: string, file: string, more?: object): Promise<T>
  /** Asks at the place of a mark: the text that was changed to last, with `|` in it. */
  at(text: string): { readonly text: string; readonly position: { readonly line: number; readonly character: number } }
}

export async function startLsp(t: Test, cwd: string, env: Readonly<Record<string, string>> = {}): Promise<LspClient> {
  const child = spawn(process.execPath, [CLAW, 'lsp', '--stdio'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', CLAW_PLAIN_BUILD: '1', ...env },
  })
  let errors = ''
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString()
  })
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin))
  const latest = new Map<string, readonly Diagnostic[]>()
  const waiting = new Map<string, ((problems: readonly Diagnostic[]) => void)[]>()
  const versions = new Map<string, number>()
  connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }: PublishDiagnosticsParams) => {
    latest.set(uri, diagnostics)
    for (const resolve of waiting.get(uri)?.splice(0) ?? []) resolve(diagnostics)
  })
  connection.listen()
  t.teardown(async () => {
    connection.dispose()
    child.kill()
    if (errors !== '') t.comment(errors)
  })
  await connection.sendRequest('initialize', { processId: process.pid, rootUri: pathToFileURL(cwd).href, capabilities: {} })
  await connection.sendNotification('initialized', {})
  const uriOf = (file: string): string => pathToFileURL(file).href
  const next = (uri: string): Promise<readonly Diagnostic[]> =>
    new Promise((resolve) => waiting.set(uri, [...(waiting.get(uri) ?? []), resolve]))
  return {
    connection,
    process: child,
    async open(file, text = readFileSync(file, 'utf8')) {
      const uri = uriOf(file)
      const problems = next(uri)
      versions.set(uri, 1)
      await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } })
      return await problems
    },
    async change(file, text) {
      const uri = uriOf(file)
      const problems = next(uri)
      const version = (versions.get(uri) ?? 0) + 1
      versions.set(uri, version)
      await connection.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] })
      return await problems
    },
    shown: (file) => latest.get(uriOf(file)) ?? [],
    ask: (method, file, more = {}) => connection.sendRequest(method, { textDocument: { uri: uriOf(file) }, ...more }),
    at(marked) {
      const offset = marked.indexOf('|')
      const before = marked.slice(0, offset).split('\n')
      const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
      return { text: marked.slice(0, offset) + marked.slice(offset + 1), position }
    },
  }
}
