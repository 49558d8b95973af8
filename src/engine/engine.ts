// A Plan in, a running engine out. It is built in two phases: the parts are made (parts.ts), then started here, in the order in
// which they need each other; a stop goes the other way.

import { redactDeep } from '../permissions/redact.ts'
import { viewOf } from './approvals/approvals.ts'
import { mayApprove } from './approvals/authority.ts'
import { statusOf } from './operations/status.ts'
import type { ChannelInbound } from './outbound/channel-manager.ts'
import { type EngineOptions, type EngineParts, makeParts } from './parts.ts'
import type { Engine, Status } from './port.ts'
import { createCrashRecovery } from './turns/crash-recovery.ts'

export type { EngineOptions } from './parts.ts'

const DRAIN_MS = 20_000

/**
 * Builds an engine around an open storage; nothing runs before `start`. `stop` closes the storage too. For one with a gateway and a
 * watcher, see `startClaw`.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const parts = await makeParts(options)
  const { world, hub, channels, approvals, answers, turns, owners, people, intake, reloader, tidying } = parts
  const { generations, secrets, storage } = world
  const startedAt = new Date(world.clock.now()).toISOString()
  return {
    get plan() {
      return generations.now.plan
    },
    get generation() {
      return generations.now.number
    },
    async start() {
      tidying.start()
      await start(parts)
    },
    async stop({ drainMs = DRAIN_MS } = {}) {
      await tidying.stop()
      await stop(parts, drainMs)
    },
    isKnown: (message) => intake.isKnown(message),
    receive: (message, caller, more) => intake.receive(message, caller, more),
    waitForAnswer: (session, messageId, signal) => answers.wait(session, messageId, signal),
    on: hub.on.bind(hub),
    status: async () => {
      const status = await statusOf(parts, startedAt, options.degraded?.why)
      // A service's error may say back what it was sent.
      return redactDeep(status, secrets.redact) as Status
    },
    reload: reloader.reload,
    reloadSaved: reloader.reloadSaved,
    reloadHistory: () => reloader.history,
    approvals: async () => (await approvals.list()).map(viewOf),
    decide: (id, decision, by) =>
      approvals.decide(id, decision, by.identity ?? by.caller.kind, (row) =>
        mayApprove(generations.now.plan, row, by.caller, by.caller.kind === 'claimed' ? null : (by.identity ?? null)),
      ),
    sessions: (filter) => storage.transcripts.list(filter),
    transcript: owners.transcript,
    interrupt: turns.stop.bind(turns),
    resetSession: owners.resetSession,
    removeSession: owners.removeSession,
    tidy: () => tidying.run(),
    runHeartbeat: owners.runHeartbeat,
    halt: owners.halt,
    resume: owners.resume,
    rereadHalts: owners.rereadHalts,
    people: people.list,
    removePerson: (id) => people.remove(id, 'owner'),
    usage: (since) => storage.usage.list(since),
    metrics: () => hub.metrics(),
    setPusher: (push) => channels.setPusher(push),
    readFile: storage.files.read,
    setPresence: (channelId, isThere) => channels.setPresence(channelId, isThere),
    async webhook(channelId, request) {
      const channel = channels.live.get(channelId)
      return channel?.webhook === undefined ? null : await channel.webhook(request)
    },
  }
}

async function start(parts: EngineParts): Promise<void> {
  const { world, hub, channels, delivery, environment, approvals, turns, heartbeats } = parts
  const { clock, storage, generations } = world
  hub.on('reload', (event) => {
    if (!event.ok) void environment.audit.append({ kind: 'reload', ok: false, generation: event.generation }).catch(() => {})
  })
  const recovery = createCrashRecovery(clock, await storage.inbox.pending(), (token) => void storage.queue.enqueue(token))
  const run = turns.run.bind(turns)
  await storage.queue.start(recovery.watch(run), generations.now.plan.lanes)
  await approvals.recover()
  world.mcp.apply(generations.now.plan.mcpServers)
  await channels.start(generations.now.plan, inboundOf(parts))
  recovery.resumePending()
  delivery.wake()
  heartbeats.apply(generations.now.plan.heartbeats)
}

async function stop(parts: EngineParts, drainMs: number): Promise<void> {
  const { world, channels, delivery, environment, approvals, modelRouter, turns, heartbeats, reloader, afterSwap } = parts
  const { clock, storage } = world
  // What a swap brings up must not outlive the stop; a channel that never comes up must not hold it either.
  let cancel = (): void => {}
  const enough = new Promise<void>((resolve) => {
    cancel = clock.after(drainMs, resolve)
  })
  await Promise.race([reloader.stop(), enough])
  afterSwap.stop()
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
  await world.mcp.close()
  await modelRouter.close()
  await environment.close()
  await storage.close()
}

function inboundOf({ world, approvals, intake }: EngineParts): ChannelInbound {
  return {
    receive: intake.receiveFromChannel.bind(intake),
    async answerApproval(channelId, { id, decision, userId }) {
      const identity = `${channelId}:${userId}`
      const { message } = await approvals.decide(id, decision, identity, (row) =>
        mayApprove(world.generations.now.plan, row, { kind: 'channel' }, identity),
      )
      return message
    },
  }
}
