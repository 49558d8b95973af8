// A Plan in, a running engine out: the parts wired together, each through what it needs and nothing more. The engine holds
// one generation at a time; a reload swaps it.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ChannelError, type OutboundMessage } from '../channels/port.ts'
import { messageOf } from '../errors.ts'
import { createLimits } from '../limits/rate-limits.ts'
import { createModelRouter } from '../models/failover.ts'
import { createKnownSecrets, type KnownSecrets, redactDeep } from '../permissions/redact.ts'
import type { Plan } from '../plan/plan.ts'
import type { Router } from '../plan/route.ts'
import { createRouter } from '../plan/router.ts'
import { secretsOf } from '../plan/secrets.ts'
import { withStoredLinks } from '../plan/stored-links.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { Registry } from '../registry.ts'
import { createHeartbeats } from '../schedules/heartbeats.ts'
import { inboxKey, type NewInboxRow, type Storage } from '../storage/ports.ts'
import { createApprovals, viewOf } from './approvals.ts'
import { createChannelManager } from './channels.ts'
import { createCommands } from './command-actions.ts'
import { createCompactor } from './compactor.ts'
import { createCounters } from './counters.ts'
import { createDelivery } from './delivery.ts'
import { createHeartbeatRuns } from './heartbeats.ts'
import { createHub } from './hub.ts'
import { createIntake } from './intake.ts'
import { createLateApprovals } from './late-approvals.ts'
import { createModelCalls } from './model-calls.ts'
import { createNotices } from './notices.ts'
import { createNotifier } from './notify.ts'
import { createOwnerActions } from './owner-actions.ts'
import type { Engine, Status } from './port.ts'
import { createReloader, type LoadedForReload } from './reload.ts'
import { mayApprove } from './standing.ts'
import { statusOf } from './status.ts'
import { createReplyStreams } from './streams.ts'
import { type CreateSurroundings, createSurroundings } from './surroundings.ts'
import { createTakeUp } from './take-up.ts'
import { createToolGate } from './tool-gate.ts'
import { createTurnRunner, type TurnRunner } from './turns.ts'
import { createTypingSigns } from './typing.ts'
import { type Generation, isPushed, type World } from './world.ts'

export interface EngineOptions {
  readonly plan: Plan
  /** An index over the plan's rules, where one stands already. */
  readonly router?: Router
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly registry: Registry
  readonly storage: Storage
  /** Shared with the log; default: the engine's own. */
  readonly secrets?: KnownSecrets
  /** Reads the configuration again. */
  load(): Promise<LoadedForReload>
  /** After each load, valid or not, and each swap. */
  onLoaded?(loaded: LoadedForReload): void
  /** May refuse a plan by throwing; the last thing before the swap. */
  prepareSwap?(plan: Plan): Promise<void>
  /** After the swap; must not fail. */
  onSwap?(plan: Plan): Promise<void>
  /** What tools stand in; default: the machine, behind its gates. */
  readonly surroundings?: CreateSurroundings
  /** Why it starts on something else than the file, said in `status` until a file is accepted; and the hash of that file. */
  readonly degraded?: { readonly why: string; readonly fileHash: string }
}

const DRAIN_MS = 20_000
const DAY_MS = 24 * 3_600_000

/**
 * Builds an engine around an open storage; nothing runs before `start`. `stop` closes the storage too. For one with a gateway and a
 * watcher, see `startClaw`.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { clock, random, log, registry, storage, secrets = createKnownSecrets() } = options
  secrets.know(secretsOf(options.plan))
  const hub = createHub(log)
  const generationOf = (number: number, configured: Plan, router: Router): Generation => {
    const pairs = storage.people.links().map((link) => link.identities)
    return { number, configured, router, plan: withStoredLinks(configured, pairs) }
  }
  let generation = generationOf(1, options.plan, options.router ?? (await createRouter(options.plan)))
  const counters = createCounters(hub.on)
  const limits = createLimits({ storage, clock, warn: (warning) => notices.nearLimit(warning) })
  const world: World = { clock, random, log, registry, storage, limits, secrets, current: () => generation, emit: hub.emit }
  const startedAt = new Date(clock.now()).toISOString()

  const enqueueRow = async (row: NewInboxRow): Promise<void> => {
    await storage.sessions.post(row, inboxKey(row))
    storage.queue.enqueue({ session: row.session, agentId: row.agentId, lane: row.lane })
  }

  let pusher = async (message: OutboundMessage): Promise<void> => {
    throw new ChannelError(`nothing is connected as ${message.channelId}`, { retry: true, notSent: true })
  }
  const channels = createChannelManager({
    registry,
    clock,
    random,
    log,
    receive: async (message) => {
      const result = await intake.receive(message, { kind: 'trusted' })
      if (result.accepted) return { accepted: true, duplicate: result.duplicate }
      if (result.reply !== undefined && isPushed(world, message.channelId)) await notices.reply(message, result.reply)
      return { accepted: false, reason: result.reason }
    },
    answerApproval: async (channelId, answer) => {
      const identity = `${channelId}:${answer.userId}`
      const said = await approvals.decide(answer.id, answer.decision, identity, (row) =>
        mayApprove(generation.plan, row, { kind: 'trusted' }, identity),
      )
      return said.message
    },
    stateFolder: async (channelId) => {
      const folder = join(storage.stateDir, 'channels', channelId)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return folder
    },
    push: (message) => pusher(message),
    onState: (channelId, state) => {
      hub.emit({
        type: 'channel',
        channelId,
        state: state.state,
        ...('detail' in state ? { detail: secrets.redact(state.detail) } : {}),
      })
      // Replies that waited for the connection go now.
      if (state.state === 'connected') delivery.hurry(channelId)
    },
  })
  const delivery = createDelivery({
    outbox: storage.outbox,
    channels,
    clock,
    random,
    log,
    redact: secrets.redact,
    emit: hub.emit,
  })

  const notices = createNotices(world, delivery)

  const late = createLateApprovals(world, { append: (line) => surroundings.audit.append(line) })
  const approvals = createApprovals({
    store: storage.approvals,
    clock,
    log,
    emit: hub.emit,
    notify: createNotifier(world, channels, hub.on, notices.queue),
    remember: (row) => surroundings.remember(row.agentId, row.grants),
    lateMessage: late.messageOf,
    onLate: late.decided,
  })
  const surroundings = await (options.surroundings ?? createSurroundings)(world, () => turns)
  hub.on((event) => {
    if (event.type !== 'reload' || event.ok) return
    void surroundings.audit.append({ kind: 'reload', ok: false, generation: event.generation }).catch(() => {})
  })
  const gate = createToolGate(world, surroundings, approvals)
  const modelRouter = createModelRouter({ models: generation.plan.models, registry, clock, random, log })
  const models = createModelCalls(world, modelRouter)
  const compactor = createCompactor(world, models, enqueueRow)
  const heartbeatRuns = createHeartbeatRuns(world, () => turns, enqueueRow)
  const turns: TurnRunner = createTurnRunner(world, {
    gate,
    models,
    compactor,
    delivery,
    streams: createReplyStreams(channels, delivery, createTypingSigns({ channels, clock, on: hub.on })),
    journalOf: (run) => storage.journal(run),
    runLateApproval: (turn, row) => late.run(turn, row, gate),
    enqueue: (token) => storage.queue.enqueue(token),
    onHeartbeatDone: heartbeatRuns.deliveries,
  })
  const takeUp = createTakeUp(clock, storage.queue.enqueue)
  const heartbeats = createHeartbeats({ clock, log, ledger: storage.slots, fire: heartbeatRuns.fire, emit: hub.emit })

  let stopTidying = (): void => {}
  /** Answers, repeats and ledgers that nobody can ask for any more go, now and every day. */
  const tidy = (): void => {
    storage
      .clean(clock.now())
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'old records could not be removed'))
    stopTidying = clock.after(DAY_MS, tidy)
  }

  const owners = createOwnerActions(world, turns, heartbeatRuns, surroundings.audit)
  const commands = createCommands(world, {
    approvals,
    owners,
    interrupt: turns.interrupt,
    onLinked: () => {
      generation = generationOf(generation.number, generation.configured, generation.router)
    },
  })
  const intake = createIntake(world, turns, commands)

  const reloader = createReloader(world, {
    load: options.load,
    ...(options.degraded === undefined ? {} : { seenHash: options.degraded.fileHash }),
    onLoaded: (loaded) => options.onLoaded?.(loaded),
    prepare: async (plan) => {
      const router = await createRouter(plan)
      secrets.know(secretsOf(plan))
      await options.prepareSwap?.(plan)
      return async () => {
        generation = generationOf(generation.number + 1, plan, router)
        modelRouter.apply(plan.models)
        storage.queue.setCaps(plan.lanes)
        heartbeats.apply(plan.heartbeats)
        await channels.apply(plan)
        await options.onSwap?.(plan)
        await surroundings.audit.append({ kind: 'reload', ok: true, generation: generation.number, configHash: plan.configHash })
      }
    },
  })

  return {
    get plan() {
      return generation.plan
    },
    get generation() {
      return generation.number
    },
    async start() {
      tidy()
      storage.queue.start(async (token) => {
        const outcome = storage.halts.isHalted(token.agentId) ? 'noop' : await turns.run(token)
        takeUp.ended(token.session)
        return outcome
      }, generation.plan.lanes)
      await approvals.recover()
      await channels.apply(generation.plan)
      takeUp.all(await storage.sessions.pending())
      delivery.wake()
      heartbeats.apply(generation.plan.heartbeats)
    },
    async stop({ drainMs = DRAIN_MS } = {}) {
      stopTidying()
      // What a swap brings up must not outlive the stop; a channel that never comes up must not hold it either.
      let cancel = (): void => {}
      const enough = new Promise<void>((resolve) => {
        cancel = clock.after(drainMs, resolve)
      })
      await Promise.race([reloader.stop(), enough])
      cancel()
      heartbeats.stop()
      // Turns that wait for a person would hold the drain up to its end.
      approvals.stop()
      // Channels go last: the turns that end now have their replies to send. What people write meanwhile is stored, and
      // answered at the next start.
      await storage.queue.drain(drainMs)
      await delivery.drain(Math.min(drainMs, 5_000))
      delivery.stop()
      await channels.stop()
      await turns.leave()
      await modelRouter.close()
      await surroundings.close()
      await storage.close()
    },
    receive: intake.receive,
    waitForAnswer: turns.waitForAnswer,
    on: hub.on,
    // A service's error may say back what it was sent.
    status: async () =>
      redactDeep(
        statusOf({ world, channels, heartbeats, models: modelRouter, reloader, startedAt, degraded: options.degraded?.why }),
        secrets.redact,
      ) as Status,
    reload: reloader.reload,
    reloadHistory: () => reloader.history,
    approvals: async () => (await approvals.list()).map(viewOf),
    decide: (id, decision, by) =>
      approvals.decide(id, decision, by.identity ?? by.caller.kind, (row) =>
        mayApprove(generation.plan, row, by.caller, by.caller.kind === 'claimed' ? null : (by.identity ?? null)),
      ),
    sessions: (filter) => storage.sessions.sessions(filter),
    transcript: owners.transcript,
    interrupt: async (key) => turns.interrupt(key),
    resetSession: owners.resetSession,
    runHeartbeat: owners.runHeartbeat,
    halt: owners.halt,
    resume: owners.resume,
    rereadHalts: owners.rereadHalts,
    usage: async (since) => storage.usage.list(since),
    metrics: counters,
    setPusher(push) {
      pusher = push
    },
    channelReady: (channelId) => delivery.hurry(channelId),
    async webhook(channelId, request) {
      const channel = channels.get(channelId)
      return channel?.webhook === undefined ? null : await channel.webhook(request)
    },
  }
}
