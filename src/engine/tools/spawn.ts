// sessions_spawn: a prompt in, a sub-agent's answer out. The child runs in a session of its own in the background lane, with
// at most the rights of those above it, and the caller waits for its answer.

import { EngineStops } from '../../agent/port.ts'
import { subAgentAdmission } from '../../plan/admission.ts'
import { spawnSessionKey } from '../../plan/session-key.ts'
import { abortSignal } from '../../stop.ts'
import type { NewInboxRow } from '../../storage/ports.ts'
import type { Spawn } from '../../tools/port.ts'
import { spokenIn } from '../flow/evidence.ts'
import type { SessionLabels } from '../flow/session-labels.ts'
import type { Answers } from '../turns/answers.ts'
import { replyToOf, type SpawnPayload } from '../turns/inbox-work.ts'
import { personOf } from '../turns/person.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { World } from '../world.ts'

const DEFAULT_TIMEOUT_MS = 300_000

/** What starting a child needs of the turns. */
export interface ChildTurns {
  readonly turns: Pick<TurnRunner, 'enqueue' | 'stop'>
  readonly answers: Pick<Answers, 'wait'>
  readonly labels: SessionLabels
}

export function createSpawn(
  world: World,
  { turns, answers, labels }: ChildTurns,
  turn: TurnContext,
  idempotencyKey: string,
): Spawn {
  const { storage, clock } = world

  return async ({ agent: agentId, prompt, timeoutMs = DEFAULT_TIMEOUT_MS }) => {
    const refused = (text: string) => ({ sessionKey: '', text, isError: true })
    // By the plan the turn began with and by today's, as every right of a turn.
    const today = world.generations.now.plan
    const chain = [...turn.parents, turn.agent.id]
    for (const plan of [turn.plan, today]) {
      const admitted = subAgentAdmission(plan, chain, agentId)
      if (!admitted.admitted) return refused(admitted.reason)
    }
    const child = today.agents.get(agentId)
    if (child === undefined) return refused(`There is no agent "${agentId}".`)
    if (storage.halts.cached.stopped.has(agentId)) return refused(`The agent "${agentId}" is stopped.`)

    const replyTo = replyToOf(turn.claim.rows[0])
    const person = personOf(turn)
    const payload: SpawnPayload = {
      parents: chain,
      askedByOwner: turn.askedByOwner,
      by: turn.spender,
      said: spokenIn(turn.claim.rows),
      askers: [{ key: turn.session.key, agentId: turn.agent.id }, ...turn.askers],
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(person === null ? {} : { person }),
    }
    // The key of the call names the session, so that a call made again after a crash finds the child it started.
    const session = spawnSessionKey(agentId, idempotencyKey)
    const row: NewInboxRow = {
      session,
      agentId,
      lane: 'background',
      messageId: idempotencyKey,
      content: prompt,
      kind: 'spawn',
      payload,
      receivedAt: clock.now(),
    }
    // Labels go down with the prompt, and up with whatever comes back.
    const [own, its] = [
      { key: turn.session.key, agentId: turn.agent.id },
      { key: session, agentId },
    ]
    await labels.add(its, await labels.of(own))
    const { duplicate } = await storage.inbox.post(row, `spawn:${idempotencyKey}`)
    // Whether it waits or was begun before a crash: who waits for it holds no place in the lane, so there is one for it.
    if (!duplicate) turns.enqueue(child, row)
    else void storage.queue.enqueue({ session, agentId, lane: 'background' })

    const limit = new AbortController()
    const cancel = clock.after(timeoutMs, () => limit.abort(new Error('timeout')))
    try {
      const stopped = AbortSignal.any([abortSignal(turn.signal), limit.signal])
      const answer = await storage.queue.waitOutside(turn.session.key, turn.signal, () =>
        answers.wait(session, idempotencyKey, stopped),
      )
      const { response, isError, attachments = [] } = answer
      return { sessionKey: session, text: response, isError: isError === true, attachments }
    } catch {
      // Ended before its parent hears so: a child that waits in the lane, or is begun again after a crash, would run for nobody. When
      // the engine stops, both go on with the next.
      if (!(turn.signal.reason instanceof EngineStops)) await turns.stop(session)
      return {
        sessionKey: session,
        text: `${child.name} did not answer within ${Math.round(timeoutMs / 1000)} seconds and was stopped.`,
        isError: true,
      }
    } finally {
      cancel()
      await labels.add(own, await labels.of(its))
    }
  }
}
