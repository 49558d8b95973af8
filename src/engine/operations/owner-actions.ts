// What owners do to a running engine, from a chat, the terminal or the page: stop and resume it, look at its sessions and reset
// them, run a heartbeat now. Who may do it was decided before.

import { ClawError, EXIT } from '../../errors.ts'
import { heartbeatSessionKey, parseSessionKey } from '../../plan/session-key.ts'
import { resetEntry } from '../../sessions/reset.ts'
import type { TranscriptEntry } from '../../storage/ports.ts'
import type { FlowGate } from '../flow/flow-gate.ts'
import type { Engine } from '../port.ts'
import type { ToolEnvironment } from '../tools/tool-environment.ts'
import type { FireHeartbeat } from '../turns/heartbeat-turns.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { World } from '../world.ts'

export interface OwnerActions
  extends Pick<Engine, 'halt' | 'resume' | 'rereadHalts' | 'transcript' | 'resetSession' | 'removeSession' | 'runHeartbeat'> {
  /** Resets a session whose agent is known. */
  startFresh(key: string, agentId: string): Promise<void>
  /** Who answers in a session and what waits, in words; null: no agent answers there. */
  describe(session: { readonly agentId: string; readonly key: string } | null): Promise<string>
}

export function createOwnerActions(
  world: World,
  turns: Pick<TurnRunner, 'interrupt' | 'interruptAll' | 'isRunning'>,
  fireHeartbeat: FireHeartbeat,
  audit: ToolEnvironment['audit'],
  flow: Pick<FlowGate, 'labels' | 'describe'>,
): OwnerActions {
  const { storage, clock, random } = world

  async function agentOf(key: string): Promise<string | null> {
    const parts = parseSessionKey(key)
    if (parts !== null && parts.kind !== 'cron') return parts.agentId
    return (await storage.transcripts.list()).find((one) => one.key === key)?.agentId ?? null
  }

  async function enqueuePending(): Promise<void> {
    for (const token of await storage.inbox.pending()) await storage.queue.enqueue(token)
  }

  async function startFresh(key: string, agentId: string): Promise<void> {
    await storage.transcripts.append(key, agentId, [resetEntry(random.id(), clock.now())])
    await flow.labels.clear({ key, agentId })
  }

  return {
    startFresh,
    async halt(agentId, by) {
      // It counts at once; a disk that cannot store it must not keep turns running.
      const stored = storage.halts.halt(agentId, by, clock.now())
      turns.interruptAll(agentId)
      await stored
      await audit.append({ kind: 'halt', agentId: agentId ?? '*', by })
      world.emit({ type: 'stopped', by, ...(agentId === undefined ? {} : { agentId }) })
    },
    async resume(agentId, by) {
      await storage.halts.resume(agentId)
      await audit.append({ kind: 'resume', agentId: agentId ?? '*', by })
      world.emit({ type: 'resumed', by, ...(agentId === undefined ? {} : { agentId }) })
      await enqueuePending()
    },
    async rereadHalts() {
      const confirm = await storage.halts.reread()
      const halted = storage.halts.cached.list()
      for (const { agentId } of halted) turns.interruptAll(agentId)
      await confirm()
      for (const { agentId, by } of halted) world.emit({ type: 'stopped', by, ...(agentId === undefined ? {} : { agentId }) })
      await enqueuePending()
    },
    async transcript(key) {
      const entries: TranscriptEntry[] = []
      const agentId = await agentOf(key)
      if (agentId !== null) for await (const entry of storage.transcripts.export(key, agentId)) entries.push(entry)
      return entries
    },
    async resetSession(key) {
      const agentId = await agentOf(key)
      if (agentId === null) throw new ClawError(`There is no session ${key}.`, { exitCode: EXIT.invalid })
      turns.interrupt(key)
      await startFresh(key, agentId)
    },
    async removeSession(key) {
      const agentId = await agentOf(key)
      if (agentId === null) return { ok: false, message: `There is no session ${key}.` }
      if ((await storage.inbox.waiting(key)) > 0 || turns.isRunning(key)) {
        return { ok: false, message: `A turn of ${key} runs or waits; let it end, or stop it, and remove the session then.` }
      }
      await storage.transcripts.remove(key, agentId)
      await audit.append({ kind: 'session_removed', session: key, agentId, by: 'owner' })
      return { ok: true, message: `${key} is removed` }
    },
    async runHeartbeat(name) {
      const heartbeat = world.generations.now.plan.heartbeats.find((one) => one.name === name)
      if (heartbeat === undefined) return { ok: false, message: `There is no heartbeat "${name}".` }
      if (storage.halts.cached.stopped.has(heartbeat.agentId))
        return { ok: false, message: `${name} was not run: ${heartbeat.agentId} is stopped, and claw resume lets it go on.` }
      const outcome = await fireHeartbeat(heartbeat, `manual:${new Date(clock.now()).toISOString()}`)
      const where = `; the log says why, and claw sessions show ${heartbeatSessionKey(name)} what was answered`
      return { ok: outcome !== 'failed', message: `${name}: ${outcome}${outcome === 'failed' ? where : ''}` }
    },
    async describe(session) {
      const depths = await storage.queue.depths()
      const agent = session === null ? undefined : world.generations.now.plan.agents.get(session.agentId)
      const who =
        agent === undefined
          ? 'No agent answers here.'
          : `${agent.name} (${agent.model.provider}/${agent.model.model}), session ${session?.key}`
      const busy = session !== null && turns.isRunning(session.key) ? '\nSomething is running here; /stop ends it.' : ''
      const held = session === null ? undefined : await flow.describe(session)
      return `${who}${busy}${held === undefined ? '' : `\n${held}`}\nWaiting: ${depths.realtime} messages, ${depths.scheduled} scheduled, ${depths.background} in the background.`
    },
  }
}
