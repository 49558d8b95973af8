// A plugin in, its module out, held against its manifest. Only `claw run` and what else starts an engine come here.

import { pathToFileURL } from 'node:url'
import { ClawError, type Diagnostic, diagnostic, EXIT, messageOf } from '../errors.ts'
import type { Plan, PluginPlan } from '../plan/plan.ts'
import type { ToolResult } from '../tools/port.ts'
import { resolveOwnPackage } from './own-package.ts'
import type { PluginModule } from './port.ts'

const loaded = new WeakMap<PluginPlan, Promise<PluginModule>>()

/** @throws ClawError with diagnostics: it throws when it is loaded, or is not what its manifest says */
export function loadPlugin(plugin: PluginPlan): Promise<PluginModule> {
  const known = loaded.get(plugin) ?? load(plugin)
  loaded.set(plugin, known)
  return known
}

async function load(plugin: PluginPlan): Promise<PluginModule> {
  resolveOwnPackage()
  const url = pathToFileURL(plugin.entry)
  // A module stays as it was first loaded; another text of it is another module.
  url.searchParams.set('version', plugin.fingerprint.slice(0, 16))
  let module: { readonly default?: unknown }
  try {
    module = (await import(url.href)) as { readonly default?: unknown }
  } catch (error) {
    throw failure(plugin, [`It failed as it was loaded: ${messageOf(error)}`], error)
  }
  const problems = liesOf(plugin, module.default)
  if (problems.length > 0) throw failure(plugin, problems)
  return module.default as PluginModule
}

/** Loads all of a plan's plugins; what is wrong with them. */
export async function pluginProblems({ plugins }: Pick<Plan, 'plugins'>): Promise<readonly Diagnostic[]> {
  const results = await Promise.allSettled(plugins.map(loadPlugin))
  return results.flatMap((result) => {
    if (result.status === 'fulfilled') return []
    if (result.reason instanceof ClawError) return result.reason.diagnostics
    throw result.reason
  })
}

function failure(plugin: PluginPlan, problems: readonly string[], cause?: unknown): ClawError {
  const { name, entry, place } = plugin
  const at = { ...place, endLine: place.line, endColumn: place.column, path: '/plugins' }
  const hint = `See ${entry}; its manifest must say what its default export holds.`
  const diagnostics = problems.map((problem) => diagnostic('CLAW505', `The plugin ${name}: ${problem}`, at, { hint }))
  return new ClawError(diagnostics[0]?.message ?? name, { exitCode: EXIT.refused, diagnostics, cause })
}

const KINDS = { tools: 'tool', channels: 'channel', models: 'model service' } as const

/** How the default export differs from the manifest. */
function liesOf(plugin: PluginPlan, exported: unknown): readonly string[] {
  if (!isMap(exported)) return ['Its default export is not a map of `tools`, `channels` and `models`.']
  const lies: string[] = []
  for (const key of Object.keys(exported))
    if (!Object.hasOwn(KINDS, key)) lies.push(`Its default export has no place for "${key}".`)
  for (const what of ['tools', 'channels', 'models'] as const) {
    const declared = plugin[what].map((thing) => ('name' in thing ? thing.name : thing.type))
    const given = exported[what] ?? {}
    if (!isMap(given)) {
      lies.push(`\`${what}\` of its default export is not a map.`)
      continue
    }
    for (const name of declared)
      if (typeof given[name] !== 'function')
        lies.push(`Its manifest declares the ${KINDS[what]} "${name}", and its module has none.`)
    for (const name of Object.keys(given))
      if (!declared.includes(name)) lies.push(`Its module has the ${KINDS[what]} "${name}", which its manifest does not declare.`)
  }
  return lies
}

/** What a tool returned as a result for the model. */
export function resultOf(returned: unknown): ToolResult {
  if (typeof returned === 'string') return { content: returned }
  if (isResult(returned)) return returned
  return { content: returned === undefined ? '[no output]' : JSON.stringify(returned) }
}

/** As far as it matters here; what its parts hold is checked where results are. */
const isResult = (value: unknown): value is ToolResult =>
  isMap(value) && (typeof value['content'] === 'string' || Array.isArray(value['content']))

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
