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
import { createApprovalPrompts } from './approvals/approval-prompts.ts'
import { createApprovals, viewOf } from './approvals/approvals.ts'
import { createAsking } from './approvals/asking.ts'
import { mayApprove } from './approvals/authority.ts'
import { createLateApprovals } from './approvals/late-approvals.ts'
import { createHub } from './hub.ts'
import { createCommands } from './inbound/command-actions.ts'
import { createIntake } from './inbound/intake.ts'
import { createCounters } from './operations/counters.ts'
import { createOwnerActions } from './operations/owner-actions.ts'
import { createReloader, type LoadedForReload } from './operations/reload.ts'
import { statusOf } from './operations/status.ts'
import { createChannelManager } from './outbound/channel-manager.ts'
import { createDelivery } from './outbound/delivery.ts'
import { createNotifications } from './outbound/notifications.ts'
import { createReplyStreams } from './outbound/reply-streams.ts'
import { createTypingIndicators } from './outbound/typing-indicators.ts'
import type { Engine, Status } from './port.ts'
import { type CreateToolEnvironment, createToolEnvironment } from './tools/tool-environment.ts'
import { createToolGate } from './tools/tool-gate.ts'
import { createCompactor } from './turns/compactor.ts'
import { createCrashRecovery } from './turns/crash-recovery.ts'
import { createHeartbeatTurns } from './turns/heartbeat-turns.ts'
import { createModelCalls } from './turns/model-calls.ts'
import { createTurnRunner, type TurnRunner } from './turns/turn-runner.ts'
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
  readonly environment?: CreateToolEnvironment
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
  const limits = createLimits({ storage, clock, warn: (warning) => notifications.nearLimit(warning) })
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
      if (result.reply !== undefined && isPushed(world, message.channelId)) await notifications.reply(message, result.reply)
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
      if (state.state === 'connected') delivery.retryNow(channelId)
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

  const notifications = createNotifications(world, delivery)

  const late = createLateApprovals(world, { append: (line) => environment.audit.append(line) })
  const approvals = createApprovals({
    store: storage.approvals,
    clock,
    log,
    emit: hub.emit,
    notify: createApprovalPrompts(world, channels, hub.on, notifications.queue),
    remember: (row) => environment.remember(row.agentId, row.grants),
    changedSince: (row) => environment.changedSince(row),
    lateMessage: late.messageOf,
    onLate: late.decided,
  })
  const environment = await (options.environment ?? createToolEnvironment)(world, () => turns)
  hub.on((event) => {
    if (event.type !== 'reload' || event.ok) return
    void environment.audit.append({ kind: 'reload', ok: false, generation: event.generation }).catch(() => {})
  })
  const gate = createToolGate(world, environment, createAsking(world, environment, approvals))
  const modelRouter = createModelRouter({ models: generation.plan.models, registry, clock, random, log })
  const models = createModelCalls(world, modelRouter)
  const compactor = createCompactor(world, models, enqueueRow)
  const heartbeatTurns = createHeartbeatTurns(world, () => turns, enqueueRow)
  const turns: TurnRunner = createTurnRunner(world, {
    gate,
    models,
    compactor,
    delivery,
    streams: createReplyStreams(channels, delivery, createTypingIndicators({ channels, clock, on: hub.on })),
    journalOf: (run) => storage.journal(run),
    runLateApproval: (turn, row) => late.run(turn, row, gate),
    enqueue: (token) => storage.queue.enqueue(token),
    onHeartbeatDone: heartbeatTurns.deliveries,
  })
  const crashRecovery = createCrashRecovery(clock, storage.queue.enqueue)
  const heartbeats = createHeartbeats({ clock, log, ledger: storage.slots, fire: heartbeatTurns.fire, emit: hub.emit })

  let stopTidying = (): void => {}
  /** Answers, repeats and ledgers that nobody can ask for any more go, now and every day. */
  const tidy = (): void => {
    storage
      .clean(clock.now())
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'old records could not be removed'))
    stopTidying = clock.after(DAY_MS, tidy)
  }

  const owners = createOwnerActions(world, turns, heartbeatTurns, environment.audit)
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
        await environment.audit.append({ kind: 'reload', ok: true, generation: generation.number, configHash: plan.configHash })
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
        crashRecovery.turnEnded(token.session)
        return outcome
      }, generation.plan.lanes)
      await approvals.recover()
      await channels.apply(generation.plan)
      crashRecovery.resumePending(await storage.sessions.pending())
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
      await turns.detach()
      await modelRouter.close()
      await environment.close()
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
    channelReady: (channelId) => delivery.retryNow(channelId),
    async webhook(channelId, request) {
      const channel = channels.get(channelId)
      return channel?.webhook === undefined ? null : await channel.webhook(request)
    },
  }
}
