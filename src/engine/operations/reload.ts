// A save in, a new generation or a reason out. The next plan is compiled and all that can fail is prepared; then one pointer
// is swapped; then what only the old plan held is retired. A plan that fails leaves the running one untouched.

import { ClawError, type Diagnostic, diagnostic, EXIT, hasErrors, messageOf } from '../../errors.ts'
import { diffPlans } from '../../plan/diff.ts'
import { placed } from '../../plan/placed.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Widening } from '../../plan/widened.ts'
import { rest } from '../../slices.ts'
import type { ReloadResult } from '../port.ts'
import type { World } from '../world.ts'
import { type ConfigTexts, OpeningSaves, QUIET_MS } from './opening-saves.ts'

export interface LoadedForReload {
  readonly plan: Plan | null
  readonly diagnostics: readonly Diagnostic[]
  readonly fileHash: string
  readonly sources: readonly string[]
  readonly includePatterns: readonly string[]
  /** Of each configuration file, by path. */
  readonly texts: ConfigTexts
}

export interface ReloaderOptions {
  /** Of the file at the start, where that is not what runs. */
  readonly degraded?: { readonly fileHash: string }
  /** Of the configuration that runs at the start; default: unknown. */
  readonly texts?: ConfigTexts
  load(): Promise<LoadedForReload>
  /**
   * Everything that can fail; nothing that runs is touched. The returned function swaps and must not fail; it gives, in words, what of
   * the rest failed and is tried again.
   */
  prepare(plan: Plan): Promise<() => Promise<readonly string[]>>
  /** After a swap, and after a refused load: the watcher looks at what counts now. */
  onLoaded?(loaded: LoadedForReload): void
}

export interface Reloader {
  /** One at a time; a request during one gives that of the next. Never throws. */
  reload(): Promise<ReloadResult>
  /** A file was saved: as `reload`, but what opens something is applied only once the file was still for a moment. */
  reloadSaved(): Promise<void>
  /** What runs and what came of the last load, of one moment. */
  settled(): Settled
  /** Resolves when the one that runs has ended; later requests change nothing. */
  stop(): Promise<void>
  readonly history: readonly (ReloadResult & { readonly at: string })[]
  /** Whether the file was accepted since the start. */
  readonly accepted: boolean
}

/** Of one moment, always: a new generation is never seen beside the outcome of an earlier load. */
export interface Settled {
  readonly generation: number
  readonly configHash: string
  /** Hash of the file as last seen, whether or not it was accepted. */
  readonly fileHash: string
  readonly last: (ReloadResult & { readonly at: string }) | null
}

const HISTORY = 50

export function createReloader(world: World, options: ReloaderOptions): Reloader {
  const history: (ReloadResult & { at: string })[] = []
  let seenHash = options.degraded?.fileHash ?? ''
  let accepted = false
  let stopped = false
  let running: Promise<ReloadResult> | null = null
  let next: Promise<ReloadResult> | null = null
  let nextIsSave = false
  const opening = new OpeningSaves(options.texts ?? new Map())
  /** Ends the wait for a save that opens something. */
  let stopWaiting = (): void => {}
  const first = world.generations.now
  let settled: Settled = {
    generation: first.number,
    configHash: first.plan.configHash,
    fileHash: seenHash || first.plan.configHash,
    last: null,
  }

  /** Whether the save opens something and is not to be applied yet; null: it may. */
  function heldBack(loaded: LoadedForReload, widened: readonly Widening[]): 'wait' | 'hold' | null {
    if (widened.length === 0) return null
    const verdict = opening.judge(loaded, world.clock.now())
    return verdict === 'apply' ? null : verdict
  }

  /** Nothing is applied: what runs stays, and the save is looked at again, or left to a person. */
  function holdBack(verdict: 'wait' | 'hold', widened: readonly Widening[], unchanged: ReloadResult): ReloadResult {
    const [one] = widened
    const opens = one === undefined ? '' : `${one.agentId === '*' ? 'every agent' : one.agentId}: ${one.what}`
    if (verdict === 'hold') {
      const what =
        'the saved file ends where the running one goes on, and would open something; `claw reload` applies it if that is meant'
      world.log.warn({ opens, count: widened.length }, what)
    } else {
      world.log.debug({ opens, count: widened.length }, 'a save opens something and waits until the file is still')
      stopWaiting()
      stopWaiting = world.clock.after(QUIET_MS, () => void run(true))
    }
    return unchanged
  }

  async function once(isSave: boolean): Promise<ReloadResult> {
    stopWaiting()
    const started = world.clock.now()
    const before = world.generations.now
    const end = (ok: boolean, plan: Plan, diagnostics: readonly Diagnostic[], changes: readonly unknown[]): ReloadResult => {
      const result = {
        ok,
        generation: world.generations.now.number,
        configHash: plan.configHash,
        durationMs: world.clock.now() - started,
        diagnostics,
        changes,
      }
      accepted ||= ok
      history.push({ ...result, at: new Date(world.clock.now()).toISOString() })
      if (history.length > HISTORY) history.shift()
      settled = {
        generation: result.generation,
        configHash: world.generations.now.plan.configHash,
        fileHash: seenHash || result.configHash,
        last: history.at(-1) ?? null,
      }
      world.emit({
        type: 'reload',
        generation: result.generation,
        ok,
        changes,
        durationMs: result.durationMs,
        diagnostics,
        at: world.clock.now(),
      })
      return result
    }
    let about = before.configured
    try {
      if (stopped)
        return end(false, before.plan, [diagnostic('CLAW504', 'The engine is stopping.', { file: before.plan.file })], [])
      const loaded = await options.load()
      seenHash = loaded.fileHash
      options.onLoaded?.(loaded)
      if (loaded.plan === null || hasErrors(loaded.diagnostics)) {
        const [first] = loaded.diagnostics.filter((one) => one.severity === 'error')
        world.log.error(
          {
            errors: loaded.diagnostics.length,
            first: first === undefined ? '' : `${first.file}:${first.line}:${first.column} ${first.message}`,
          },
          'the saved configuration is invalid; the running one stays',
        )
        return end(false, before.plan, loaded.diagnostics, [])
      }
      // The very same: nothing to swap.
      if (loaded.plan.fingerprint === before.configured.fingerprint && loaded.plan.configHash === before.plan.configHash)
        return end(true, before.plan, loaded.diagnostics, [])
      about = loaded.plan
      refuseMovedState(before.plan, loaded.plan)
      await rest()
      const { changes, widened } = diffPlans(before.configured, loaded.plan)
      const verdict = isSave ? heldBack(loaded, widened) : null
      if (verdict !== null)
        return holdBack(verdict, widened, {
          ok: false,
          generation: before.number,
          configHash: before.plan.configHash,
          durationMs: world.clock.now() - started,
          diagnostics: loaded.diagnostics,
          changes: [],
        })
      await rest()
      const commit = await options.prepare(loaded.plan)
      await rest()
      const failed = await commit()
      opening.applied(loaded.texts)
      world.log.info({ generation: world.generations.now.number, changes: changes.length }, 'configuration reloaded')
      return end(true, loaded.plan, [...loaded.diagnostics, ...unfinished(loaded.plan, failed)], changes)
    } catch (error) {
      world.log.error({ error: messageOf(error) }, 'the saved configuration could not be prepared; the running one stays')
      const own = error instanceof ClawError ? error.diagnostics : []
      const problems = own.length > 0 ? own : [diagnostic('CLAW504', messageOf(error), { file: before.plan.file })]
      return end(false, before.plan, placed(about, problems), [])
    }
  }

  /** `isSave`: the watcher saw it, and nobody asked for it. */
  function run(isSave: boolean): Promise<ReloadResult> {
    if (running === null) {
      running = once(isSave).finally(() => {
        running = null
      })
      return running
    }
    // Who asks while one runs may have saved after it read the file.
    nextIsSave = next === null ? isSave : nextIsSave && isSave
    next ??= running.then(() => {
      next = null
      return run(nextIsSave)
    })
    return next
  }

  return {
    reload: () => run(false),
    reloadSaved: async () => void (await run(true)),
    settled: () => settled,
    async stop() {
      stopped = true
      stopWaiting()
      await (next ?? running)
    },
    history,
    get accepted() {
      return accepted
    },
  }
}

/** The new plan runs: a part that failed is a warning. */
const unfinished = ({ file }: Plan, failed: readonly string[]): readonly Diagnostic[] =>
  failed.map((what) => {
    const hint = 'It is tried again until it succeeds; the log says what comes of it.'
    return diagnostic(
      'CLAW504',
      `The new configuration runs, but not all of it is done. ${what}`,
      { file },
      { hint, severity: 'warning' },
    )
  })

/** What cannot change under a running engine is said, not half done. */
function refuseMovedState(before: Plan, after: Plan): void {
  if (after.stateDir === before.stateDir) return
  const message = 'stateDir changed: restart to move the state.'
  const hint = 'Nothing of this save is live until then; put stateDir back to make the rest live.'
  const diagnostics = [diagnostic('CLAW504', message, { path: '/stateDir' }, { hint })]
  throw new ClawError(message, { exitCode: EXIT.refused, diagnostics })
}
