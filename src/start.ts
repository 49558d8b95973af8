// A file in, a running bot out: plan, storage, engine, gateway and the watcher, in that order; the reverse when it stops.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { builtinRegistry } from './builtin.ts'
import { type LoadResult, loadPlan } from './config/load-plan.ts'
import type { ParseCache } from './config/parse.ts'
import { watchFiles } from './config/watch.ts'
import { createEngine, type EngineOptions } from './engine/engine.ts'
import type { Hooks } from './engine/hooks.ts'
import { lastGood, saveLastGood } from './engine/operations/last-good.ts'
import type { LoadedForReload } from './engine/operations/reload.ts'
import type { Engine } from './engine/port.ts'
import { ClawError, type Diagnostic, EXIT, messageOf } from './errors.ts'
import { type Gateway, startGateway } from './gateway/server.ts'
import { removeGatewayFile, writeGatewayFile } from './gateway/state-file.ts'
import { createKnownSecrets, type KnownSecrets } from './permissions/redact.ts'
import { placedError } from './plan/placed.ts'
import type { Plan } from './plan/plan.ts'
import { secretsOf } from './plan/secrets.ts'
import { type Clock, type Logger, type Random, silentLogger, systemClock, systemRandom } from './ports.ts'
import type { Registry } from './registry.ts'
import { announceEngine } from './storage/embedded/running-engines.ts'
import { openEmbeddedStorage } from './storage/embedded/storage.ts'

export interface StartOptions {
  /** Absolute path of the root file. */
  readonly file: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly registry?: Registry
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Logger
  /** Reload when a file is saved; default true. */
  readonly watch?: boolean
  /** Start on the configuration last accepted when the file is invalid. */
  readonly lastGood?: boolean
  /** False: no port is opened; the engine runs for this process alone. */
  readonly gateway?: boolean
  /** Where `gateway.port` is taken, any free one does. */
  readonly anyPort?: boolean
  /** Called for tool calls and model calls. */
  readonly hooks?: Hooks
  /** Told every secret before anything runs on it; a log made with it prints none. */
  readonly secrets?: KnownSecrets
}

export interface Claw {
  readonly engine: Engine
  readonly gateway: Gateway | null
  /** Proves to the gateway that a program of this user is the owner. */
  readonly ownerSecret: string
  readonly diagnostics: readonly Diagnostic[]
  stop(): Promise<void>
}

/** Starts everything. @throws ClawError: exit code 78 when the configuration is refused, 66 when there is none, with its diagnostics. */
export async function startClaw(options: StartOptions): Promise<Claw> {
  const {
    file,
    env = process.env,
    registry = builtinRegistry,
    clock = systemClock,
    random = systemRandom,
    log = silentLogger,
    secrets = createKnownSecrets(),
  } = options
  const cache: ParseCache = new Map()
  let readAt = 0
  const load = async () => {
    readAt = Date.now()
    return await withModules(await loadPlan(file, { registry, env, requireSecrets: true, cache }))
  }
  const { plan, diagnostics, degraded, loaded } = await firstPlan(options, load, registry, env)
  secrets.know(secretsOf(plan))
  if (degraded !== undefined) log.error({ problems: diagnostics.length }, `DEGRADED: ${degraded.why}`)

  const storage = await openEmbeddedStorage({ stateDir: plan.stateDir, durability: plan.durability, clock, random, log }).catch(
    (error: unknown) => {
      throw placedError(plan, error)
    },
  )
  // Undone in reverse; the engine, once there is one, closes the storage itself.
  const withdraw = announceEngine(file, plan.stateDir, env)
  let undo: (() => Promise<unknown> | unknown)[] = [() => storage.close(), withdraw]
  try {
    let gateway: Gateway | null = null
    const ownerSecret = randomBytes(24).toString('base64url')
    secrets.know([ownerSecret])
    let stopping = false
    let published: Promise<void> = Promise.resolve()
    const publish = (current: Plan): Promise<void> => {
      if (gateway === null || stopping) return published
      const token = current.gateway.token?.reveal()
      const { url, port } = gateway
      const info = { url, port, pid: process.pid, ownerSecret, ...(token ? { token } : {}) }
      published = published.catch(() => {}).then(() => writeGatewayFile(current.stateDir, info))
      return published
    }
    let watcher: ReturnType<typeof watchFiles> | null = null
    const engine = await createEngine({
      plan,
      clock,
      random,
      log,
      registry,
      storage,
      secrets,
      hooks: options.hooks,
      load,
      onLoaded: (next) => watcher?.update(pathsOf(next, file), next.includePatterns, readAt),
      prepareSwap: async (next) => {
        if (stopping) throw new ClawError('The engine is stopping.', { exitCode: EXIT.refused })
        // A port that is taken refuses the whole reload, so that what runs and what is written never part.
        await gateway?.applyPlan(next)
      },
      onSwap: async (next) => {
        await publish(next)
        await keep(next, log)
      },
      ...(degraded === undefined ? { texts: loaded.texts } : { degraded }),
    })
    undo = [() => engine.stop(), withdraw]
    if (options.gateway !== false) {
      gateway = await startGateway({ engine, clock, log, ownerSecret, random, anyPort: options.anyPort === true })
      undo.unshift(() => gateway?.close())
      await publish(plan)
      undo.unshift(() => published.catch(() => {}).then(() => removeGatewayFile(plan.stateDir)))
    }
    await engine.start()
    if (degraded === undefined) await keep(plan, log)
    if (options.watch !== false) {
      const watching = watchFiles({
        paths: pathsOf(loaded, file),
        patterns: loaded.includePatterns,
        onChange: () => void engine.reloadSaved(),
        since: readAt,
        log,
      })
      watcher = watching
      undo.unshift(() => watching.close())
    }
    const stop = async (): Promise<void> => {
      // A reload that is under way brings up nothing that was just taken down.
      stopping = true
      await unwind(undo, log)
    }
    return { engine, gateway, ownerSecret, diagnostics, stop }
  } catch (error) {
    await unwind(undo, log)
    throw placedError(plan, error)
  }
}

const pathsOf = (loaded: LoadedForReload, file: string): readonly string[] => [
  ...new Set([file, join(dirname(file), '.env'), ...loaded.sources]),
]

async function keep(plan: Plan, log: Logger): Promise<void> {
  await saveLastGood(plan).catch((error: unknown) =>
    log.warn({ error: messageOf(error) }, 'the accepted configuration could not be copied'),
  )
}

async function unwind(undo: (() => Promise<unknown> | unknown)[], log: Logger): Promise<void> {
  for (const step of undo.splice(0)) {
    try {
      await step()
    } catch (error) {
      log.error({ error: messageOf(error) }, 'did not stop cleanly')
    }
  }
}

/** What its plugins' code shows when it is loaded counts like what is in the file: such a plan is refused. */
async function withModules(loaded: LoadResult): Promise<LoadResult> {
  if (loaded.plan === null || loaded.plan.plugins.length === 0) return loaded
  const { pluginProblems } = await import('./plugins/load.ts')
  const problems = await pluginProblems(loaded.plan)
  return problems.length === 0 ? loaded : { ...loaded, plan: null, diagnostics: [...loaded.diagnostics, ...problems] }
}

async function firstPlan(
  options: StartOptions,
  load: () => ReturnType<typeof loadPlan>,
  registry: Registry,
  env: Readonly<Record<string, string | undefined>>,
): Promise<First> {
  const loaded = await load()
  const { plan, diagnostics, fileHash } = loaded
  if (plan !== null) return { plan, diagnostics, loaded }
  const refuse = (more = ''): never => {
    const exitCode = existsSync(options.file) ? EXIT.refused : EXIT.noInput
    throw new ClawError(`the configuration is invalid, nothing was started${more}`, { exitCode, diagnostics })
  }
  if (options.lastGood !== true) return refuse()
  const kept = await lastGood(loaded.stateDir, options.file)
  if (kept === null) return refuse(`; none was accepted before (looked in ${loaded.stateDir})`)
  const old = await withModules(await loadPlan(kept.file, { registry, env, requireSecrets: true, mirror: kept.mirror }))
  if (old.plan === null) {
    const first = old.diagnostics.find(({ severity }) => severity === 'error')
    return refuse(`; the one last accepted does not load either: ${first?.message ?? 'it holds nothing'}`)
  }
  const why = `${options.file} is invalid; the configuration last accepted runs instead`
  return { plan: old.plan, diagnostics, degraded: { why, fileHash }, loaded }
}

interface First {
  readonly plan: Plan
  readonly diagnostics: readonly Diagnostic[]
  readonly degraded?: NonNullable<EngineOptions['degraded']>
  readonly loaded: LoadedForReload
}
