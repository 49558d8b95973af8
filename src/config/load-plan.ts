// A file → the Plan and every problem on the way. The one loader: whatever asks about a configuration asks this.

import { dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { type Code, type Diagnostic, diagnostic, hasErrors, messageOf } from '../errors.ts'
import { lazily } from '../lazily.ts'
import { readOrdinaryFile } from '../ordinary-file.ts'
import type { Plan } from '../plan/plan.ts'
import { withPlugins } from '../plugins/registry.ts'
import type { Registry } from '../registry.ts'
import { inSlices, rest } from '../slices.ts'
import { runChecks } from './checks/index.ts'
import { type ConfigDocument, createDocument, mapAt } from './document.ts'
import { fill } from './fill.ts'
import type { Lookup } from './interpolate.ts'
import { loadFiles } from './load.ts'
import type { FoundServers } from './mcp-servers.ts'
import { mergeFiles } from './merge.ts'
import type { Mirror } from './mirror.ts'
import { hashOfFiles, type ParseCache } from './parse.ts'
import type { FoundPlugins } from './plugins/index.ts'
import { scopeOf } from './scope.ts'
import { channelShapes, pathOf } from './shape.ts'
import { stateDirOf } from './state-dir.ts'
import { validateShape } from './validate.ts'
import { entryOf, type MapNode } from './yaml/tree.ts'

export interface LoadOptions {
  readonly registry: Registry
  /** The environment; it wins over `.env` beside the file. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Secrets that are not set are errors: before anything starts. */
  readonly requireSecrets?: boolean
  /** The time that models' last days are held against, milliseconds; default: the clock's. */
  readonly now?: number
  /** Keeps parsed files from one load to the next. */
  readonly cache?: ParseCache
  /** Texts of files that are open in an editor, by absolute path: they count in place of what is on the disk. */
  readonly open?: ReadonlyMap<string, string>
  /** The file, and what it names, is read from a copy. */
  readonly mirror?: Mirror
}

export interface LoadResult {
  /** Null when there are errors. */
  readonly plan: Plan | null
  /** In the order of the files. */
  readonly diagnostics: readonly Diagnostic[]
  /** Absolute paths of all that was read. */
  readonly sources: readonly string[]
  readonly includePatterns: readonly string[]
  /** SHA-256 (hex) of the configuration files' bytes, valid or not. */
  readonly fileHash: string
  /** Absolute; of a configuration without a Plan, as far as it can be read. */
  readonly stateDir: string
  /** What was passed in, with what the plugins bring. */
  readonly registry: Registry
  /** Texts of the configuration files, by path. */
  readonly texts: ReadonlyMap<string, string>
  /** The merged document, for those who print it. Null when it could not be read. */
  readonly document: ConfigDocument | null
}

/**
 * Loads a configuration: the root file (a path, relative to the working folder), what it includes, `.env` beside it and the files
 * it names. All problems come back at once as `diagnostics`; `plan` is null when one of them is an error. Nothing is started or
 * written. Must not throw for what a file says.
 */
export async function loadPlan(rootFile: string, options: LoadOptions): Promise<LoadResult> {
  const file = resolve(rootFile)
  const env = await environment(file, options.env ?? process.env)
  const loaded = await loadFiles(file, env.lookup, options)
  const files = loaded.files.map((parsed) => parsed.source.file)
  // What only asks something of the file needs no hash, and no library for it.
  const fileHash = lazily(() => hashOfFiles(loaded.files.map(({ hash }) => hash())))
  const diagnostics: Diagnostic[] = [...env.diagnostics, ...loaded.diagnostics]
  let sources: readonly string[] = [...files, ...env.files]
  let registry = options.registry
  const finish = async (plan: Plan | null, document: ConfigDocument | null): Promise<LoadResult> => ({
    plan,
    diagnostics: inOrder(await told(document), files),
    sources,
    registry,
    includePatterns: loaded.includePatterns,
    get fileHash() {
      return fileHash()
    },
    get texts() {
      return new Map(loaded.files.map(({ source }) => [source.file, source.text]))
    },
    stateDir: plan?.stateDir ?? (await stateDirOf(file, document, env.lookup)),
    document,
  })

  const told = async (document: ConfigDocument | null): Promise<readonly Diagnostic[]> => {
    const shown = document === null ? diagnostics : diagnostics.map(hideValues(document, env.lookup))
    return await withHints(shown)
  }

  const merged = mergeFiles(loaded.files)
  diagnostics.push(...merged.diagnostics)
  if (merged.root === null) {
    if (!hasErrors(diagnostics)) diagnostics.push(emptyFile(file))
    return await finish(null, null)
  }
  const found = await pluginsOf(merged.root, options)
  diagnostics.push(...found.diagnostics)
  sources = [...sources, ...found.files]
  registry = withPlugins(registry, found.plugins)
  const filled = await inSlices(fill(merged.root, env.lookup, channelShapes(registry.channels)))
  const doc = createDocument(file, merged.root, filled)
  const servers = await mcpServersOf(doc, env.lookup)
  diagnostics.push(...servers.diagnostics)
  sources = [...sources, ...servers.files]
  if (servers.offers.size > 0) registry = (await import('../mcp/tools.ts')).withOfferedTools(registry, servers.offers)
  const scope = scopeOf(doc, registry)
  await rest()
  // A value whose variable failed has neither shape nor meaning yet.
  const failed = new Set(filled.diagnostics.map((problem) => problem.path))
  const isReadable = (problem: Diagnostic): boolean =>
    !failed.has(problem.path) && !(hasErrors(found.diagnostics) && mayBeOfPlugin(problem))
  const shape = await validateShape(doc, scope.channelShapes)
  diagnostics.push(...filled.diagnostics, ...shape.filter(isReadable))
  // Nor has one of a wrong kind or form a meaning to look for.
  for (const { code, path } of shape) if (MISSHAPEN.has(code)) failed.add(path)
  await rest()
  const checked = await runChecks({
    doc,
    scope,
    registry,
    requireSecrets: options.requireSecrets === true,
    lookup: env.lookup,
    now: options.now ?? Date.now(),
  })
  diagnostics.push(...checked.filter(isReadable))
  if (hasErrors(diagnostics)) {
    const { missingFiles } = await import('./missing-files.ts')
    const inNamed = { doc, scope, requireSecrets: options.requireSecrets === true, mirror: options.mirror }
    diagnostics.push(...(await missingFiles(inNamed)).filter(isReadable))
    return await finish(null, doc)
  }

  const { compile } = await import('./compile.ts')
  const compiled = await compile({
    doc,
    scope,
    registry,
    plugins: found,
    mcpServers: servers.offers,
    lookup: env.lookup,
    configHash: fileHash,
    includePatterns: loaded.includePatterns,
    files: sources,
    configFiles: files,
    requireSecrets: options.requireSecrets === true,
    ...(options.mirror === undefined ? {} : { mirror: options.mirror }),
  })
  diagnostics.push(...compiled.diagnostics)
  // Also when there is no Plan: a soul that is missing is waited for.
  sources = compiled.plan.sources
  await rest()
  const { checkPlan } = await import('../plan/checks-on-plan.ts')
  const asWritten = (problem: Diagnostic): Diagnostic => ({ ...problem, ...doc.position(pathOf(problem.path)) })
  if (!hasErrors(compiled.diagnostics)) diagnostics.push(...(await checkPlan(compiled.plan, registry)).map(asWritten))
  return await finish(hasErrors(diagnostics) ? null : compiled.plan, doc)
}

/** A name that nothing has: where a plugin could not be read, it may be one that it brings. */
const mayBeOfPlugin = ({ code, path }: Diagnostic): boolean =>
  code === 'CLAW203' || (code === 'CLAW104' && /^\/(?:channels\/[^/]+\/type|models\/[^/]+\/provider)$/.test(path))

const NO_PLUGINS: FoundPlugins = { plugins: [], diagnostics: [], files: [], texts: [] }

/** Loads what reads manifests only where there are any. */
async function pluginsOf(root: MapNode, { registry, mirror }: LoadOptions): Promise<FoundPlugins> {
  if (entryOf(root, 'plugins') === undefined) return NO_PLUGINS
  const { readPlugins } = await import('./plugins/index.ts')
  return await readPlugins(root, registry, mirror)
}

const NO_SERVERS: FoundServers = { offers: new Map(), diagnostics: [], files: [] }

/** Loads what reads the list of accepted tools only where there are servers. */
async function mcpServersOf(doc: ConfigDocument, lookup: Lookup): Promise<FoundServers> {
  if (mapAt(doc.value)['mcpServers'] === undefined) return NO_SERVERS
  const { readMcpServers } = await import('./mcp-servers.ts')
  return await readMcpServers(doc, await stateDirOf(doc.file, doc, lookup))
}

/** Shorter values are too common as words to be told apart from them. */
const HIDE_FROM = 6

/** What came from the environment, or is a secret, stands in no message. */
function hideValues(doc: ConfigDocument, lookup: Lookup): (problem: Diagnostic) => Diagnostic {
  const hidden = new Map<string, string>()
  for (const names of doc.variables.values()) for (const name of names) hidden.set(lookup(name) ?? '', `\${${name}}`)
  for (const { value } of doc.secrets.values()) hidden.set(value, '***')
  const values = [...hidden].filter(([value]) => value.length >= HIDE_FROM)
  const clean = (text: string): string => values.reduce((sum, [value, shown]) => sum.replaceAll(value, () => shown), text)
  if (values.length === 0) return (problem) => problem
  return (problem) => ({
    ...problem,
    message: clean(problem.message),
    ...(problem.hint === undefined ? {} : { hint: clean(problem.hint) }),
  })
}

/** What has no hint of its own takes the catalogue's advice. */
const MISSHAPEN: ReadonlySet<Code> = new Set(['CLAW103', 'CLAW104', 'CLAW106'])

async function withHints(diagnostics: readonly Diagnostic[]): Promise<readonly Diagnostic[]> {
  if (diagnostics.every(({ hint }) => hint !== undefined)) return diagnostics
  const { EXPLANATIONS } = await import('./explain.ts')
  return diagnostics.map((problem) => ({ ...problem, hint: problem.hint ?? EXPLANATIONS[problem.code].fix }))
}

const emptyFile = (file: string): Diagnostic =>
  diagnostic(
    'CLAW102',
    'The configuration is empty.',
    { file },
    { hint: 'The smallest one is `agents: { main: { soul: You are terse. } }`.' },
  )

/** The environment over `.env` beside the file. */
async function environment(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ lookup: Lookup; files: string[]; diagnostics: readonly Diagnostic[] }> {
  const path = join(dirname(file), '.env')
  const read = await readEnvironmentFile(path)
  const values: Readonly<Record<string, string | undefined>> = read.text === null ? {} : parseEnv(read.text)
  return {
    lookup: (name) => env[name] ?? (Object.hasOwn(values, name) ? values[name] : undefined),
    files: read.text === null ? [] : [path],
    diagnostics: read.problem === undefined ? [] : [read.problem],
  }
}

/** Null where there is none. One that is there and cannot be read is said: every variable in it would count as not set. */
async function readEnvironmentFile(path: string): Promise<{ readonly text: string | null; readonly problem?: Diagnostic }> {
  try {
    const bytes = await readOrdinaryFile(path)
    if (bytes.length >= 2 && (bytes.readUInt16BE(0) === 0xfffe || bytes.readUInt16BE(0) === 0xfeff)) {
      const message = '.env is not UTF-8, so nothing in it counts.'
      const hint = 'Save it as UTF-8; some editors write UTF-16.'
      return { text: null, problem: diagnostic('CLAW004', message, { file: path }, { hint, severity: 'warning' }) }
    }
    // Some editors put a mark before the first name, which would become part of it.
    return { text: bytes.toString('utf8').replace(/^\ufeff/, '') }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { text: null }
    const message = `.env cannot be read, so nothing in it counts: ${messageOf(error)}`
    const hint = 'Give the user that runs claw the right to read it.'
    return { text: null, problem: diagnostic('CLAW003', message, { file: path }, { hint, severity: 'warning' }) }
  }
}

/** By file in load order, then by place; the same problem is told once. */
function inOrder(diagnostics: readonly Diagnostic[], files: readonly string[]): readonly Diagnostic[] {
  const rank = new Map(files.map((file, index) => [file, index]))
  const seen = new Set<string>()
  return [...diagnostics]
    .sort(
      (a, b) =>
        (rank.get(a.file) ?? -1) - (rank.get(b.file) ?? -1) ||
        a.line - b.line ||
        a.column - b.column ||
        (a.code < b.code ? -1 : 1),
    )
    .filter((problem) => {
      const key = `${problem.code} ${problem.file}:${problem.line}:${problem.column} ${problem.message}`
      return seen.has(key) ? false : seen.add(key)
    })
}
