// What a greeted client sends: messages for agents, and decisions on questions.

import type { Engine } from '../engine/port.ts'
import { messageOf } from '../errors.ts'
import { choosesAgent } from '../plan/admission.ts'
import type { Random } from '../ports.ts'
import { Stop } from '../stop.ts'
import { callerOf } from './auth.ts'
import { id, oneOf, optionalId } from './fields.ts'
import { errorFrame, type Frame } from './frames.ts'
import { frameMessage, type Identified } from './inbound.ts'
import type { Pushes } from './pushes.ts'
import { RequestProblem, textOfRefusal } from './replies.ts'
import { type Client, isOperator, type Send, type SocketSession } from './socket-client.ts'
import { answerFrame, type Submission, type TurnTracker } from './turn-tracker.ts'

export interface SocketIntake {
  /** Resolves when the message is handed in. @throws RequestProblem */
  message(client: Client, data: Frame['data']): Promise<void>
  /** @throws RequestProblem */
  decision(client: Client, data: Frame['data']): Promise<void>
}

/** Messages that may wait for an answer at a time: of one person's client, and of one that speaks for many. */
const MAX_OWN = 64
const MAX_OF_MANY = 2048
const MAX_RUNS = 256

export function createSocketIntake(deps: {
  engine: Engine
  tracker: TurnTracker
  random: Random
  pushes: Pushes
  send: Send
}): SocketIntake {
  const { engine, tracker, random, pushes, send } = deps

  function chosenAgent(client: Client, data: Frame['data']): string | undefined {
    const agentId = optionalId(data, 'agentId')
    if (agentId === undefined) return undefined
    if (!choosesAgent(callerOf(greeted(client).rights).kind))
      throw new RequestProblem(403, 'forbidden', 'Only an owner may name the agent; others are routed.')
    return agentId
  }

  function refused(client: Client, message: Identified, why: Extract<Submission, { refused: unknown }>['refused']): void {
    const { channelId, userId, messageId } = message
    const content = textOfRefusal(why)
    if (why.code !== 'command') send(client, errorFrame(why.code, content, { messageId }))
    else {
      // A chat command was carried out; its reply belongs to no session.
      const data = { channelId, target: message.groupId ?? userId, content, sessionId: null, replyTo: messageId }
      send(client, { type: 'outbound_message', data })
    }
  }

  return {
    async message(client, data) {
      const session = greeted(client)
      if (session.channelId === null)
        throw new RequestProblem(404, 'unknown_channel', 'No channel is the page’s; write "webchat: {}" under channels.')
      const message = frameMessage(data, session.channelId, random)
      const agentId = chosenAgent(client, data)
      const most = session.rights === 'claimed' ? MAX_OWN : MAX_OF_MANY
      if (client.pending.size >= most) throw new RequestProblem(429, 'busy', `At most ${most} messages may wait for an answer.`)
      const { messageId } = message
      // The same message again while its answer is on the way: the one answer serves both.
      const repeated = client.pending.has(messageId)
      client.pending.add(messageId)
      const wait = new Stop()
      if (client.gone) wait.abort()
      client.waits.add(wait)
      const settle = (): void => {
        client.waits.delete(wait)
        if (!repeated) client.pending.delete(messageId)
      }
      const onFrame = (frame: Frame): void => {
        if (repeated) return
        if (frame.type === 'approval_request') {
          // Operators are shown every question already.
          if (isOperator(client)) return
          client.asked.add(String(frame.data['id']))
        }
        send(client, frame, frame.type === 'agent_response_chunk')
      }
      const options = { signal: wait, onFrame, ...(agentId === undefined ? {} : { agentId }) }
      const submission = await tracker.submit(message, callerOf(session.rights), options).catch((error: unknown) => {
        settle()
        throw error
      })
      if ('refused' in submission) {
        settle()
        refused(client, message, submission.refused)
        return
      }
      const { accepted, answer } = submission
      client.userIds.add(message.userId)
      pushes.spoke(client, accepted.sessionKey, message)
      if (session.receipts) send(client, receipt(accepted))
      // Not awaited: the next message of this client may be handed in while this one is worked on.
      void answer.then(
        ({ stored, run }) => {
          settle()
          // A message sent again asks for its answer again.
          if (repeated || (!accepted.duplicate && client.answeredRuns.has(run))) return
          client.answeredRuns.add(run)
          if (client.answeredRuns.size > MAX_RUNS) client.answeredRuns.delete(client.answeredRuns.values().next().value as string)
          // A channel program gets each reply once, from the outbox, which waits for it should it be gone.
          const pushed = engine.plan.channels.get(message.channelId)?.type === 'socket'
          if (!pushed) send(client, answerFrame(message, stored, engine.plan))
        },
        (error: unknown) => {
          settle()
          if (!client.gone) send(client, errorFrame('stopping', messageOf(error), { messageId }))
        },
      )
    },

    async decision(client, data) {
      const { rights, channelId } = greeted(client)
      const approval = id(data, 'id')
      const decision = oneOf(data, 'decision', ['once', 'always', 'deny'])
      const userId = optionalId(data, 'userId')
      if (rights === 'claimed')
        throw new RequestProblem(403, 'forbidden', 'Approving wants the gateway token or the owner’s page.')
      if (rights === 'bridge' && userId === undefined)
        throw new RequestProblem(400, 'invalid_field', '"userId" is missing: say who pressed.')
      if (channelId === null && userId !== undefined)
        throw new RequestProblem(400, 'invalid_field', '"userId" means nothing on a connection without a channel.')
      // Who holds the gateway token may name a person, who must then be an approver; naming nobody, it is the operator.
      const by =
        userId === undefined ? { caller: callerOf('owner') } : { caller: callerOf('trusted'), identity: `${channelId}:${userId}` }
      const result = await engine.decide(approval, decision, by)
      if (!result.ok) throw new RequestProblem(409, 'approval', result.message)
    },
  }

  function receipt({ messageId, sessionKey, agentId, duplicate }: Extract<Submission, { accepted: unknown }>['accepted']): Frame {
    const agent = engine.plan.agents.get(agentId)?.name ?? agentId
    return { type: 'receipt', data: { messageId, sessionId: sessionKey, agentId, agent, duplicate } }
  }
}

function greeted({ session }: Client): SocketSession {
  if (session === null) throw new RequestProblem(401, 'hello_first', 'Say hello first.')
  return session
}
