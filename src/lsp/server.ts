// The editor protocol in and out. Every answer is computed elsewhere; here stand the life of the connection, what is open, and when
// a configuration is read again. A question that fails is answered with nothing, and the server goes on.

import { fileURLToPath } from 'node:url'
import {
  CodeActionKind,
  type Connection,
  createConnection,
  type InitializeResult,
  MarkupKind,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node.js'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { formatYaml } from '../config/format.ts'
import { type Diagnostic, messageOf } from '../errors.ts'
import type { Registry } from '../registry.ts'
import { packageVersion } from '../resources.ts'
import { complete, scopeOf } from './completion.ts'
import { corrections, shownDiagnostic } from './diagnostics.ts'
import { hover } from './hover.ts'
import { lensesOf } from './lenses.ts'
import type { Occurrence } from './names.ts'
import { outline } from './outline.ts'
import { offsetAt, rangeIn, uriOf } from './places.ts'
import { type Project, Projects } from './projects.ts'
import { rename } from './rename.ts'

export interface ServeOptions {
  readonly registry: Registry
  readonly env: Readonly<Record<string, string | undefined>>
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  /** The root file, where one was named or stands in the working folder. */
  readonly root?: string
}

/** So long after the last key the text is read again. */
const PAUSE_MS = 40

/** Resolves when the client has closed the connection. */
export function serve(options: ServeOptions): Promise<void> {
  return new Promise((resolve) => new Server(options, resolve).listen())
}

const CAPABILITIES: InitializeResult['capabilities'] = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  completionProvider: { triggerCharacters: [' ', ':', '"', '[', ',', '{', '-'] },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
  codeLensProvider: {},
  documentSymbolProvider: true,
  documentFormattingProvider: true,
}

const isFile = (uri: string): boolean => uri.startsWith('file:')
const fileOf = (uri: string): string => fileURLToPath(uri)

class Server {
  readonly #connection: Connection
  readonly #documents = new TextDocuments(TextDocument)
  readonly #projects: Projects
  readonly #registry: Registry
  readonly #done: () => void
  /** Files with problems shown, by root. */
  readonly #shown = new Map<string, ReadonlySet<string>>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** Loads run one after another. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor({ registry, env, input, output, root }: ServeOptions, done: () => void) {
    this.#registry = registry
    this.#done = done
    this.#projects = new Projects({ registry, env, ...(root === undefined ? {} : { root }) })
    this.#connection = createConnection(input, output)
    input.on('end', done)
  }

  listen(): void {
    const connection = this.#connection
    connection.onInitialize(() => ({
      capabilities: CAPABILITIES,
      serverInfo: { name: 'claw', version: packageVersion() },
    }))
    connection.onExit(this.#done)
    this.#documents.onDidChangeContent(({ document }) => this.#changed(document))
    this.#documents.onDidSave(({ document }) => this.#changed(document))
    this.#documents.onDidClose(({ document: { uri } }) => {
      if (!isFile(uri)) return
      this.#projects.set(fileOf(uri), null)
      this.#soon(fileOf(uri))
    })
    connection.onDidChangeWatchedFiles(() => {
      for (const { uri } of this.#documents.all()) if (isFile(uri)) this.#soon(fileOf(uri))
    })
    this.#answerQuestions()
    this.#documents.listen(connection)
    connection.listen()
  }

  #answerQuestions(): void {
    const connection = this.#connection
    connection.onCompletion(({ textDocument: { uri }, position }) =>
      this.#guarded([], async () => {
        const file = fileOf(uri)
        const text = this.#textOf(file)
        const project = this.#projects.of(file) ?? (await this.#settled(file))
        return [...complete(scopeOf(project, this.#registry), text, offsetAt(text, position))]
      }),
    )
    connection.onHover(({ textDocument: { uri }, position }) =>
      this.#guarded(null, async () => {
        const file = fileOf(uri)
        const project = await this.#settled(file)
        const text = this.#textOf(file)
        const found = hover(scopeOf(project, this.#registry), file, text, offsetAt(text, position))
        if (found === null) return null
        const { words, spot } = found
        const range = spot === null ? {} : { range: rangeIn(spot.source, spot.start, spot.end) }
        return { contents: { kind: MarkupKind.Markdown, value: words }, ...range }
      }),
    )
    connection.onDefinition(({ textDocument: { uri }, position }) =>
      this.#guarded(null, async () => {
        const { project, name } = await this.#nameAt(uri, position)
        return name === undefined ? null : this.#placesOf(project, name, (one) => one.isDefinition)
      }),
    )
    connection.onReferences(({ textDocument: { uri }, position, context }) =>
      this.#guarded([], async () => {
        const { project, name } = await this.#nameAt(uri, position)
        return name === undefined ? [] : this.#placesOf(project, name, (one) => context.includeDeclaration || !one.isDefinition)
      }),
    )
    connection.onPrepareRename(({ textDocument: { uri }, position }) =>
      this.#guarded(null, async () => {
        const { name } = await this.#nameAt(uri, position)
        return name === undefined ? null : { range: rangeIn(name.source, name.start, name.end), placeholder: name.name }
      }),
    )
    // What cannot be renamed is said: this answer is not guarded.
    connection.onRenameRequest(async ({ textDocument: { uri }, position, newName }) => {
      const { project, name } = await this.#nameAt(uri, position)
      return name === undefined ? null : rename(project, name, newName)
    })
    connection.onCodeAction(({ textDocument: { uri }, context }) =>
      this.#guarded([], async () => {
        const text = this.#textOf(fileOf(uri))
        return corrections(uri, ({ start, end }) => text.slice(offsetAt(text, start), offsetAt(text, end)), context.diagnostics)
      }),
    )
    connection.onCodeLens(({ textDocument: { uri } }) =>
      this.#guarded([], async () => {
        const { plan } = await this.#settled(fileOf(uri))
        return plan === null ? [] : await lensesOf(plan, fileOf(uri))
      }),
    )
    connection.onDocumentSymbol(({ textDocument: { uri } }) =>
      this.#guarded([], async () => await outline(fileOf(uri), this.#textOf(fileOf(uri)))),
    )
    connection.onDocumentFormatting(({ textDocument: { uri } }) =>
      this.#guarded([], async () => {
        const text = this.#textOf(fileOf(uri))
        const formatted = await formatYaml(fileOf(uri), text)
        if (!('text' in formatted) || formatted.text === text) return []
        return [{ range: rangeIn({ file: fileOf(uri), text }, 0, text.length), newText: formatted.text }]
      }),
    )
  }

  async #guarded<T>(nothing: T, answer: () => Promise<T>): Promise<T> {
    try {
      return await answer()
    } catch (error) {
      this.#connection.console.error(`claw lsp: ${error instanceof Error ? error.stack : messageOf(error)}`)
      return nothing
    }
  }

  #textOf(file: string): string {
    return this.#projects.textOf(file) ?? ''
  }

  #changed(document: TextDocument): void {
    if (!isFile(document.uri)) return
    this.#projects.set(fileOf(document.uri), document.getText())
    this.#soon(fileOf(document.uri))
  }

  #soon(file: string): void {
    clearTimeout(this.#timers.get(file))
    this.#timers.set(
      file,
      setTimeout(() => {
        this.#timers.delete(file)
        void this.#read(file)
      }, PAUSE_MS),
    )
  }

  /** The configuration of a file with all that was typed so far. */
  async #settled(file: string): Promise<Project> {
    const waits = this.#timers.get(file)
    if (waits !== undefined) {
      clearTimeout(waits)
      this.#timers.delete(file)
      await this.#read(file)
    } else await this.#reading
    return this.#projects.of(file) ?? (await this.#read(file))
  }

  #read(file: string): Promise<Project> {
    const read = this.#reading.then(() => this.#projects.reload(file))
    this.#reading = read.then(
      (project) => this.#show(project),
      (error: unknown) => this.#connection.console.error(`claw lsp: ${messageOf(error)}`),
    )
    return this.#reading.then(() => read)
  }

  /** The problems of a configuration, file by file; those that are gone are cleared. */
  async #show({ root, loaded }: Project): Promise<void> {
    const byFile = new Map<string, Diagnostic[]>()
    for (const problem of loaded.diagnostics) {
      const file = problem.file === '' ? root : problem.file
      const list = byFile.get(file)
      if (list === undefined) byFile.set(file, [problem])
      else list.push(problem)
    }
    const before = this.#shown.get(root) ?? new Set<string>()
    this.#shown.set(root, new Set(byFile.keys()))
    const open = this.#documents.all().flatMap(({ uri }) => (isFile(uri) ? [fileOf(uri)] : []))
    const mine = open.filter((file) => this.#projects.of(file)?.root === root)
    for (const file of new Set([...before, ...byFile.keys(), ...mine])) {
      const diagnostics = (byFile.get(file) ?? []).map(shownDiagnostic)
      await this.#connection.sendDiagnostics({ uri: uriOf(file), diagnostics })
    }
  }

  async #nameAt(
    uri: string,
    position: { line: number; character: number },
  ): Promise<{ project: Project; name: Occurrence | undefined }> {
    const file = fileOf(uri)
    const project = await this.#settled(file)
    return { project, name: project.names()?.at(file, offsetAt(this.#textOf(file), position)) }
  }

  #placesOf(project: Project, { kind, name }: Occurrence, holds: (one: Occurrence) => boolean) {
    const found = project.names()?.of(kind, name).filter(holds) ?? []
    return found.map(({ source, start, end }) => ({ uri: uriOf(source.file), range: rangeIn(source, start, end) }))
  }
}
