// A Plan in, a running engine out: the parts wired together, each through what it needs and nothing more. The engine holds
// one generation at a time; a reload swaps it.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { approvalOutcome } from '../channels/approvals.ts'
import { ChannelError, type OutboundMessage } from '../channels/port.ts'
import { ClawError, diagnostic, EXIT, messageOf } from '../errors.ts'
import type { SpendWarning } from '../limits/port.ts'
import { createLimits } from '../limits/rate-limits.ts'
import { createModelRouter } from '../models/failover.ts'
import { createKnownSecrets, type KnownSecrets, redactDeep } from '../permissions/redact.ts'
import type { Plan } from '../plan/plan.ts'
import type { Router } from '../plan/route.ts'
import { createRouter } from '../plan/router.ts'
import { secretsOf } from '../plan/secrets.ts'
import { heartbeatSessionKey, parseSessionKey } from '../plan/session-key.ts'
import { withStoredLinks } from '../plan/stored-links.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { Registry } from '../registry.ts'
import { createHeartbeats } from '../schedules/heartbeats.ts'
import { inboxKey, type NewInboxRow, type NewOutboxRow, type Storage } from '../storage/ports.ts'
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
import { createNotifier } from './notify.ts'
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
import type { Generation, World } from './world.ts'

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
  const limits = createLimits({ storage, clock, warn: (warning) => spendWarning(warning) })
  const world: World = { clock, random, log, registry, storage, limits, secrets, current: () => generation, emit: hub.emit }
  const startedAt = new Date(clock.now()).toISOString()

  const isPushed = (channelId: string): boolean => {
    const type = generation.plan.channels.get(channelId)?.type
    return registry.channels.find((one) => one.type === type)?.traits.resident !== true
  }
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
      if (result.reply !== undefined && isPushed(message.channelId)) await replyNow(message, result.reply)
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

  const late = createLateApprovals(world, { append: (line) => surroundings.audit.append(line) })
  const approvals = createApprovals({
    store: storage.approvals,
    clock,
    log,
    emit: hub.emit,
    notify: createNotifier({ channels, log, current: () => generation, isPushed, queue: queueReply }),
    remember: (row) => surroundings.remember(row.agentId, row.grants),
    lateMessage: late.messageOf,
    onLate: late.decided,
  })
  // Buttons that were shown anywhere are taken away once there is an answer.
  hub.on((event) => {
    if (event.type !== 'approval_decision') return
    for (const { id } of channels.states())
      void channels
        .get(id)
        ?.approvalClosed?.(event.id, approvalOutcome(event.decision))
        .catch(() => {})
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

  const resetSession = async (key: string, agentId: string): Promise<void> => {
    const timestamp = new Date(clock.now()).toISOString()
    await storage.sessions.append(key, agentId, [
      { id: random.id(), role: 'system', kind: 'reset', content: 'The session started afresh.', timestamp },
    ])
  }
  const halt = async (agentId: string | undefined, by: string): Promise<void> => {
    // It counts at once; a disk that cannot store it must not keep turns running.
    const stored = storage.halts.halt(agentId, by, clock.now())
    turns.interruptAll(agentId)
    await stored
    await surroundings.audit.append({ kind: 'halt', agentId: agentId ?? '*', by })
    hub.emit({ type: 'stopped', by, ...(agentId === undefined ? {} : { agentId }) })
  }
  const resume = async (agentId: string | undefined, by: string): Promise<void> => {
    await storage.halts.resume(agentId)
    await surroundings.audit.append({ kind: 'resume', agentId: agentId ?? '*', by })
    hub.emit({ type: 'resumed', by, ...(agentId === undefined ? {} : { agentId }) })
    for (const token of await storage.sessions.pending()) storage.queue.enqueue(token)
  }
  const describe = (session: { agentId: string; key: string } | null): string => {
    const depths = storage.queue.depths()
    const agent = session === null ? undefined : generation.plan.agents.get(session.agentId)
    const lines = [
      agent === undefined
        ? 'No agent answers here.'
        : `${agent.name} (${agent.model.provider}/${agent.model.model}), session ${session?.key}`,
    ]
    if (session !== null && turns.isRunning(session.key)) lines.push('Something is running here; /stop ends it.')
    lines.push(`Waiting: ${depths.realtime} messages, ${depths.scheduled} scheduled, ${depths.background} in the background.`)
    return lines.join('\n')
  }
  /** Owners hear of it where a platform knows them; the log has it in any case. */
  function spendWarning({ agentId, limit, spent, max, period }: SpendWarning): void {
    log.warn({ agent: agentId, limit, spent, max, period }, 'a spend limit is near')
    const content = `${agentId} has used ${Number(spent.toFixed(2))} of ${max} (${limit}, ${period}).`
    for (const owner of generation.plan.owners) {
      const cut = owner.indexOf(':')
      const channelId = owner.slice(0, cut)
      if (generation.plan.channels.has(channelId) && isPushed(channelId))
        void replyNow({ channelId, userId: owner.slice(cut + 1) }, content)
    }
  }
  const commands = createCommands(world, {
    approvals,
    interrupt: turns.interrupt,
    resetSession,
    halt,
    resume,
    describe,
    onLinked: () => {
      generation = generationOf(generation.number, generation.configured, generation.router)
    },
  })
  const intake = createIntake(world, turns, commands)

  async function replyNow(
    message: { channelId: string; userId: string; groupId?: string; threadId?: string; messageId?: string },
    content: string,
  ): Promise<void> {
    const { channelId, userId, groupId, threadId, messageId } = message
    const target = {
      channelId,
      userId,
      ...(groupId === undefined ? {} : { groupId }),
      ...(threadId === undefined ? {} : { threadId }),
      ...(messageId === undefined ? {} : { replyTo: messageId }),
    }
    await queueReply({ key: `notice:${random.id()}`, session: '', agentId: '', target, content })
  }

  async function queueReply(row: NewOutboxRow): Promise<void> {
    await storage.outbox.put(row)
    delivery.wake()
  }

  const reloader = createReloader(world, {
    load: options.load,
    ...(options.degraded === undefined ? {} : { seenHash: options.degraded.fileHash }),
    onLoaded: (loaded) => options.onLoaded?.(loaded),
    prepare: async (plan) => {
      // What cannot change under a running engine is said, not half done.
      if (plan.stateDir !== generation.plan.stateDir) {
        const message = 'stateDir changed: restart to move the state.'
        const hint = 'Nothing of this save is live until then; put stateDir back to make the rest live.'
        const diagnostics = [diagnostic('CLAW504', message, { path: '/stateDir' }, { hint })]
        throw new ClawError(message, { exitCode: EXIT.refused, diagnostics })
      }
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
      await storage.queue.drain(drainMs)
      await delivery.drain(Math.min(drainMs, 5_000))
      // Only now: replies of the last turns went out by them. What came in meanwhile is stored for the next process.
      await channels.stop()
      delivery.stop()
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
    async transcript(key) {
      const entries = []
      const agentId = await agentOf(key)
      if (agentId !== null) for await (const entry of storage.sessions.export(key, agentId)) entries.push(entry)
      return entries
    },
    interrupt: async (key) => turns.interrupt(key),
    async resetSession(key) {
      const agentId = await agentOf(key)
      if (agentId === null) throw new ClawError(`There is no session ${key}.`, { exitCode: EXIT.invalid })
      turns.interrupt(key)
      await resetSession(key, agentId)
    },
    async runHeartbeat(name) {
      const heartbeat = generation.plan.heartbeats.find((one) => one.name === name)
      if (heartbeat === undefined) return { ok: false, message: `There is no heartbeat "${name}".` }
      if (storage.halts.isHalted(heartbeat.agentId))
        return { ok: false, message: `${name} was not run: ${heartbeat.agentId} is stopped, and claw resume lets it go on.` }
      const outcome = await heartbeatRuns.fire(heartbeat, `manual:${new Date(clock.now()).toISOString()}`)
      const where = `; the log says why, and claw sessions show ${heartbeatSessionKey(name)} what was answered`
      return { ok: outcome !== 'failed', message: `${name}: ${outcome}${outcome === 'failed' ? where : ''}` }
    },
    halt,
    resume,
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

  async function agentOf(key: string): Promise<string | null> {
    const parts = parseSessionKey(key)
    if (parts !== null && parts.kind !== 'cron') return parts.agentId
    return (await storage.sessions.sessions()).find((one) => one.key === key)?.agentId ?? null
  }
}
