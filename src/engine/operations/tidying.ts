// What is older than the plan's retention goes: at the start, on reload and once a day, a piece at a time, so that turns go on.

import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { createAudit } from '../../permissions/audit.ts'
import type { Plan, RetentionPlan } from '../../plan/plan.ts'
import { parseSessionKey } from '../../plan/session-key.ts'
import { silentLogger, systemClock } from '../../ports.ts'
import { rest } from '../../slices.ts'
import type { SessionInfo, Storage } from '../../storage/ports.ts'
import { auditAnchor, type ToolEnvironment } from '../tools/tool-environment.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { World } from '../world.ts'

const DAY_MS = 24 * 3_600_000

/** What one round removed. */
export interface Tidied {
  readonly sessions: number
  /** Of transcripts. */
  readonly bytes: number
}

export type TidyingWorld = Pick<World, 'clock' | 'log'> & {
  readonly generations: { readonly now: { readonly plan: Pick<Plan, 'retention'> } }
  readonly storage: Pick<World['storage'], 'clean' | 'transcripts' | 'inbox'>
}

export class Tidying {
  readonly #world: TidyingWorld
  readonly #turns: Pick<TurnRunner, 'isRunning'>
  readonly #audit: Pick<ToolEnvironment['audit'], 'retire'>
  /** Rounds go one after the other. */
  #last: Promise<unknown> = Promise.resolve()
  #stopped = false
  #cancel = (): void => {}

  constructor(world: TidyingWorld, turns: Pick<TurnRunner, 'isRunning'>, audit: Pick<ToolEnvironment['audit'], 'retire'>) {
    this.#world = world
    this.#turns = turns
    this.#audit = audit
  }

  start(): void {
    const { clock, log } = this.#world
    void this.run().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'old records could not be removed'))
    this.#cancel = clock.after(DAY_MS, () => this.start())
  }

  /** The plan may keep less now; one that keeps all has nothing to look for. */
  apply(): void {
    const { runs: _, ...bounds } = this.#world.generations.now.plan.retention
    if (this.#stopped || Object.keys(bounds).length === 0) return
    this.#cancel()
    this.start()
  }

  /** Ends between two pieces of work. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#last
  }

  run(): Promise<Tidied> {
    const round = this.#last.then(() => this.#round())
    this.#last = round.catch(() => {})
    return round
  }

  async #round(): Promise<Tidied> {
    const { clock, generations, log, storage } = this.#world
    const { retention } = generations.now.plan
    const tidied = await this.#expireSessions(retention)
    if (!this.#stopped) await storage.clean(clock.now(), retention)
    if (!this.#stopped && retention.audit !== undefined) await this.#audit.retire(retention.audit)
    if (tidied.sessions > 0 || tidied.bytes > 0) log.info({ ...tidied }, 'old sessions were removed')
    return tidied
  }

  async #expireSessions(retention: RetentionPlan): Promise<Tidied> {
    const { transcripts, spawned, cron } = retention
    let [sessions, bytes] = [0, 0]
    if (transcripts === undefined && spawned === undefined && cron === undefined) return { sessions, bytes }
    for (const session of await this.#world.storage.transcripts.list()) {
      if (this.#stopped) break
      const expired = await this.#expire(session, retention)
      if (expired.outcome === 'removed') sessions++
      bytes += expired.bytes
      await rest()
    }
    return { sessions, bytes }
  }

  async #expire({ key, agentId }: SessionInfo, retention: RetentionPlan) {
    const { clock, storage } = this.#world
    const kind = parseSessionKey(key)?.kind
    const keepMs = kind === 'spawn' ? retention.spawned : kind === 'cron' ? retention.cron : retention.transcripts
    const isBusy = (await storage.inbox.waiting(key)) > 0 || this.#turns.isRunning(key)
    if (keepMs === undefined || isBusy) return { outcome: 'kept', bytes: 0 } as const
    // A heartbeat's session is never old by its last line; what no turn of it reads any more is.
    return await storage.transcripts.expire(key, agentId, clock.now() - keepMs, { lines: kind === 'cron' })
  }
}

/** One round where no engine runs. */
export async function tidyFolder(storage: Storage, plan: Plan): Promise<Tidied> {
  const audit = createAudit(join(storage.stateDir, 'audit.jsonl'), { anchor: auditAnchor(storage.kv, silentLogger) })
  const world = { clock: systemClock, log: silentLogger, generations: { now: { plan } }, storage }
  try {
    return await new Tidying(world, { isRunning: () => false }, audit).run()
  } finally {
    await audit.close()
  }
}
