// The `plugins` of a merged tree in, what their manifests say out. No code of a plugin is loaded: what a plugin is comes from its
// claw.plugin.json alone.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Diagnostic, diagnostic, messageOf, type Position } from '../../errors.ts'
import { readOrdinaryFile } from '../../ordinary-file.ts'
import type { PluginPlan } from '../../plan/plan.ts'
import type { Registry } from '../../registry.ts'
import { type ConfigDocument, createDocument } from '../document.ts'
import type { Value } from '../fill.ts'
import { find } from '../merge.ts'
import type { Mirror } from '../mirror.ts'
import { optional } from '../optional.ts'
import { hashOf, parseFile } from '../parse.ts'
import { positionOf } from '../positions.ts'
import { pointerOf } from '../shape.ts'
import type { MapNode, ScalarNode } from '../yaml/tree.ts'
import { bytesOf, isPackageName, MANIFEST, pluginFolder } from './find.ts'
import { readManifest } from './manifest.ts'
import { schemaProblems } from './schemas.ts'

export interface FoundPlugins {
  readonly plugins: readonly PluginPlan[]
  readonly diagnostics: readonly Diagnostic[]
  /** Manifests and entries that were read or looked for, absolute. */
  readonly files: readonly string[]
  /** Of these, what belongs to the configuration: an installed package does not. */
  readonly texts: readonly string[]
}

export async function readPlugins(root: MapNode, registry: Registry, mirror: Mirror | undefined): Promise<FoundPlugins> {
  const named = find(root, ['plugins'])?.node
  const plugins: PluginPlan[] = []
  const diagnostics: Diagnostic[] = []
  const files: string[] = []
  const texts: string[] = []
  for (const [index, node] of (named?.kind === 'list' ? named.items : []).entries()) {
    // What is no text is told by the schema.
    if (node.kind !== 'scalar' || typeof node.value !== 'string') continue
    const at = { ...positionOf(node.source, node.start, node.end), path: pointerOf(['plugins', index]) }
    const found = await readPlugin({ text: node.value, node, at, mirror })
    files.push(...found.files)
    if (!isPackageName(node.value)) texts.push(...found.files)
    const clashes = found.plugin === undefined ? [] : clashesOf(found.plugin, found.document, registry, plugins, at)
    diagnostics.push(...found.diagnostics, ...clashes)
    if (found.plugin !== undefined && clashes.length === 0) plugins.push(found.plugin)
  }
  return { plugins, diagnostics, files, texts }
}

interface Named {
  readonly text: string
  readonly node: ScalarNode
  readonly at: Position & { readonly path: string }
  readonly mirror: Mirror | undefined
}

type Found =
  | {
      readonly plugin: PluginPlan
      readonly document: ConfigDocument
      readonly diagnostics: readonly []
      readonly files: readonly string[]
    }
  | { readonly plugin?: undefined; readonly diagnostics: readonly Diagnostic[]; readonly files: readonly string[] }

async function readPlugin({ text, node, at, mirror }: Named): Promise<Found> {
  const fails = (message: string, hint: string, files: readonly string[] = []): Found => ({
    diagnostics: [diagnostic('CLAW011', message, at, { hint })],
    files,
  })
  if (text.includes('${'))
    return fails('A plugin is named in full: no variable can stand here.', 'Write the path or the package.')
  const folder = pluginFolder(text, node.source.file)
  if (folder === null) {
    const beside = existsSync(resolve(node.source.file, '..', text, MANIFEST))
    const hint = beside ? `Write ./${text} for the folder beside this file.` : `Install it there: npm install ${text}`
    return fails(`There is no package "${text}" here.`, hint)
  }
  const file = join(folder, MANIFEST)
  const bytes = await readOrdinaryFile(bytesOf(file, text, mirror)).catch((error: unknown) => messageOf(error))
  if (typeof bytes === 'string') {
    const hint = isPackageName(text) ? 'The package is no plugin of claw.' : 'Paths are relative to the file that names them.'
    return fails(`There is no ${file}.`, hint, [file])
  }
  const document = await jsonDocument(file, bytes)
  if ('code' in document) return { diagnostics: [{ ...document, related: [{ ...at, message: 'named here' }] }], files: [file] }
  const { manifest, problems } = readManifest(document.value)
  const entry = resolve(folder, manifest.entry)
  const files = manifest.entry === '' ? [file] : [file, entry]
  const all = problems.length > 0 ? problems : await schemaProblems(manifest)
  const related = [{ ...at, message: 'named here' }]
  const told = all.map(({ message, path, hint, spot }) =>
    document.problem('CLAW107', message, path, { hint, ...optional('spot', spot), related }),
  )
  if (told.length > 0) return { diagnostics: told, files }
  const entryBytes = entry.startsWith(`${folder}/`)
    ? await readOrdinaryFile(bytesOf(entry, text, mirror)).catch(() => null)
    : null
  if (entryBytes === null) {
    const hint = 'Name a module in the folder of the plugin, such as index.js.'
    return {
      diagnostics: [document.problem('CLAW107', `There is no module ${manifest.entry}.`, ['entry'], { hint, related })],
      files,
    }
  }
  const { file: where, line, column } = at
  const plugin: PluginPlan = {
    ...manifest,
    folder,
    entry,
    fingerprint: hashOf(`${hashOf(bytes)}\n${hashOf(entryBytes)}`),
    place: { file: where, line, column },
  }
  return { plugin, document, diagnostics: [], files }
}

/** A JSON file as a value that knows where its parts are, or why it is none. */
async function jsonDocument(file: string, bytes: Buffer): Promise<ConfigDocument | Diagnostic> {
  const source = { file, text: bytes.toString('utf8') }
  let value: Value
  try {
    value = JSON.parse(source.text) as Value
  } catch (error) {
    const offset = Number(/at position (\d+)/.exec(messageOf(error))?.[1] ?? 0)
    const hint = 'A manifest is JSON: quoted keys, no comments, no comma at the end.'
    return diagnostic('CLAW011', `The manifest is not JSON: ${messageOf(error)}.`, positionOf(source, offset, offset), { hint })
  }
  // JSON is YAML, and the reader of YAML knows where everything stands.
  const { root } = await parseFile(file, bytes)
  if (root?.kind !== 'map')
    return diagnostic('CLAW107', 'A manifest is a map.', positionOf(source, 0, 0), {
      hint: 'Write { "name": …, "version": …, "entry": … }.',
    })
  return createDocument(file, root, { value, secrets: new Map(), variables: new Map(), diagnostics: [] })
}

/** Names that the plugin brings and that something else has. */
function clashesOf(
  plugin: PluginPlan,
  manifest: ConfigDocument,
  registry: Registry,
  others: readonly PluginPlan[],
  at: Position & { readonly path: string },
): readonly Diagnostic[] {
  const same = others.find(({ name }) => name === plugin.name)
  if (same !== undefined) {
    const related = [{ ...at, ...same.place, message: 'the other one is named here' }]
    const hint = 'Name each plugin once.'
    return [diagnostic('CLAW301', `Two plugins are called "${plugin.name}".`, at, { hint, related })]
  }
  const takenBy = (what: 'tools' | 'channels' | 'models', name: string): string | undefined => {
    const builtIn = what === 'models' ? registry.providers.map(({ type }) => type) : registry[what].map(nameOf)
    if (builtIn.includes(name)) return 'claw'
    return others.find((other) => other[what].map(nameOf).includes(name))?.name
  }
  return (['tools', 'channels', 'models'] as const).flatMap((what) =>
    plugin[what].map(nameOf).flatMap((name) => {
      const by = takenBy(what, name)
      if (by === undefined) return []
      const kind = { tools: 'tool', channels: 'kind of channel', models: 'kind of model service' }[what]
      const message = `The plugin ${plugin.name} brings a ${kind} "${name}", which ${by === 'claw' ? 'claw has itself' : `the plugin ${by} brings too`}.`
      const related = [{ ...manifest.position([what, name], 'key'), message: 'declared here' }]
      return [diagnostic('CLAW301', message, at, { hint: 'Take one of the two out, or rename it in the plugin.', related })]
    }),
  )
}

const nameOf = (thing: { readonly name: string } | { readonly type: string }): string =>
  'name' in thing ? thing.name : thing.type
