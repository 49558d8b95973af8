// `POST /chat`: a message in, its answer out, as one JSON document or as a stream of the socket's frames. A caller who hangs
// up stops waiting; the turn goes on.

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Engine } from '../engine/port.ts'
import type { Clock, Random } from '../ports.ts'
import { Stop, type StopSignal } from '../stop.ts'
import { callerOf, type Rights } from './auth.ts'
import type { AddressOf } from './client-address.ts'
import { openEventStream } from './event-stream.ts'
import { viewsOf } from './files.ts'
import type { Frame } from './frames.ts'
import { chatMessage, type Identified } from './inbound.ts'
import type { OutputBuffers } from './output-buffers.ts'
import type { RequestNames } from './repeated-requests.ts'
import { JSON_TYPE, json, problem, readJson, statusOfRefusal, textOfRefusal } from './replies.ts'
import { answerFrame, type Submission, type TurnTracker } from './turn-tracker.ts'
import type { Env } from './types.ts'

export interface ChatDeps {
  readonly engine: Engine
  readonly tracker: TurnTracker
  readonly random: Random
  readonly clock: Clock
  /** Of completions requests, until they are stored. */
  readonly requestNames: RequestNames
  readonly buffers: OutputBuffers
  /** Who a request comes from, also behind a trusted proxy. */
  readonly addressOf: AddressOf
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
    return written(c, deps, {
      agent: engine.plan.agents.get(stored.agentId)?.name ?? stored.agentId,
      response: stored.response,
      session_key: stored.session,
      message_id: submission.accepted.messageId,
      ...(stored.isError ? { is_error: true } : {}),
      ...viewsOf(stored.attachments),
    })
  }
  const line = createLine()
  const submission = await tracker.submit(message, caller, { signal, onFrame: line.push })
  if ('refused' in submission) return refused(submission, message.messageId)
  return streamed(c, deps, line, submission, message)
}

/** An answer written at once: a Response is taken apart again to be written, which takes longer than to route a message. */
function written(c: Context<Env>, { buffers, addressOf }: ChatDeps, value: object): Response {
  const { incoming, outgoing } = c.env
  const body = JSON.stringify(value)
  outgoing.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) })
  outgoing.end(body)
  if (outgoing.writableLength > 0 && !outgoing.destroyed) {
    const untrack = buffers.track({
      address: addressOf(incoming),
      unread: () => outgoing.writableLength,
      cutOff: () => outgoing.destroy(),
    })
    outgoing.once('close', untrack)
    buffers.check()
  }
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

async function streamed(
  c: Context<Env>,
  { engine, buffers, addressOf }: ChatDeps,
  line: Line,
  submission: Extract<Submission, { accepted: unknown }>,
  message: Identified,
): Promise<Response> {
  const stream = openEventStream(c.env.outgoing, addressOf(c.env.incoming), buffers)
  const write = (frame: Frame): void =>
    stream.send(JSON.stringify(frame), { event: frame.type, canBeMissed: frame.type === 'agent_response_chunk' })
  try {
    line.drain(write)
    const { stored } = await submission.answer
    write(answerFrame({ ...message, messageId: submission.accepted.messageId }, stored, engine.plan))
  } catch {
    write({ type: 'error', data: { code: 'stopping', message: 'The gateway is stopping; ask again with the same message_id.' } })
  }
  await stream.end()
  return RESPONSE_ALREADY_SENT
}
