// `POST /chat`: a message in, its answer out, as one JSON document or as a stream of the socket's frames. A caller who hangs
// up stops waiting; the turn goes on.

import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Engine } from '../engine/port.ts'
import type { Plan } from '../plan/plan.ts'
import type { Random } from '../ports.ts'
import { Stop, type StopSignal } from '../stop.ts'
import { callerOf, type Rights } from './auth.ts'
import type { Frame } from './frames.ts'
import { chatMessage, type Identified } from './inbound.ts'
import { JSON_TYPE, json, problem, readJson, statusOfRefusal, textOfRefusal } from './replies.ts'
import { answerFrame, type Submission, type TurnTracker } from './turn-tracker.ts'
import type { Env } from './types.ts'

const KEEP_ALIVE_MS = 15_000

export interface ChatDeps {
  readonly engine: Engine
  readonly tracker: TurnTracker
  readonly random: Random
}

/** Aborts when the caller's connection is gone. */
export function hangUp(c: Context<Env>): StopSignal {
  const stop = new Stop()
  const { outgoing } = c.env
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) stop.abort()
  })
  return stop
}

export async function chat(c: Context<Env>, deps: ChatDeps): Promise<Response> {
  const { engine, tracker, random } = deps
  const plan = engine.plan
  const message = chatMessage(await readJson(c.env.incoming, plan.gateway.maxBodyBytes), plan, random)
  const caller = callerOf(c.get('rights') as Exclude<Rights, 'none'>)
  const signal = hangUp(c)
  if (!c.req.header('accept')?.includes('text/event-stream')) {
    const submission = await tracker.submit(message, caller, { signal })
    if ('refused' in submission) return refused(submission, message.messageId)
    const { stored } = await submission.answer
    return written(c.env.outgoing, {
      agent: engine.plan.agents.get(stored.agentId)?.name ?? stored.agentId,
      response: stored.response,
      session_key: stored.session,
      message_id: submission.accepted.messageId,
      ...(stored.isError ? { is_error: true } : {}),
    })
  }
  const line = createLine()
  const submission = await tracker.submit(message, caller, { signal, onFrame: line.push })
  if ('refused' in submission) return refused(submission, message.messageId)
  return eventStream(c, plan, line, submission, message)
}

/** An answer written at once: a Response is taken apart again to be written, which takes longer than to route a message. */
function written(outgoing: ServerResponse, value: object): Response {
  const body = JSON.stringify(value)
  outgoing.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) })
  outgoing.end(body)
  return RESPONSE_ALREADY_SENT
}

function refused(submission: Extract<Submission, { refused: unknown }>, messageId: string): Response {
  const { refused: why } = submission
  // A chat command was carried out: its reply is the response, though no agent spoke.
  if (why.code === 'command') return json({ agent: null, response: textOfRefusal(why), session_key: null, message_id: messageId })
  return problem(statusOfRefusal(why), why.code, textOfRefusal(why))
}

/** Frames wait here until the stream that takes them is open. */
export interface Line {
  push(frame: Frame): void
  drain(write: (frame: Frame) => void): void
}

export function createLine(): Line {
  const waiting: Frame[] = []
  let write: ((frame: Frame) => void) | undefined
  return {
    push(frame) {
      if (write === undefined) waiting.push(frame)
      else write(frame)
    },
    drain(to) {
      for (const frame of waiting.splice(0)) to(frame)
      write = to
    },
  }
}

function eventStream(
  c: Context<Env>,
  plan: Plan,
  line: Line,
  submission: Extract<Submission, { accepted: unknown }>,
  message: Identified,
): Response {
  return streamSSE(c, async (stream) => {
    let last: Promise<unknown> = Promise.resolve()
    const write = (frame: Frame): void => {
      last = last.then(() => stream.writeSSE({ event: frame.type, data: JSON.stringify(frame) }))
    }
    const alive = setInterval(() => void stream.write(': still working\n\n'), KEEP_ALIVE_MS)
    try {
      line.drain(write)
      const { stored } = await submission.answer
      write(answerFrame({ ...message, messageId: submission.accepted.messageId }, stored, plan))
    } catch {
      write({
        type: 'error',
        data: { code: 'stopping', message: 'The gateway is stopping; ask again with the same message_id.' },
      })
    } finally {
      clearInterval(alive)
      await last
    }
  })
}
