// Answers of the HTTP side in one shape: problems are `{error: {code, message}}`. Also reads JSON bodies within a limit.

import type { IncomingMessage } from 'node:http'
import type { Refused } from '../engine/port.ts'
import { StateError } from '../errors.ts'

/** A problem with a request, in words for its sender. */
export class RequestProblem extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'RequestProblem'
    this.status = status
    this.code = code
  }
}

/**
 * What the sender may know of a failure; null: a bug, of which only the log speaks. A full disk is something a person can
 * fix, so it is said; where it is, only to the owner.
 */
export function sayable(error: unknown, isOwner: boolean): RequestProblem | null {
  if (error instanceof RequestProblem) return error
  if (!(error instanceof StateError)) return null
  const [status, code, text] = error.isFull ? DISK_FULL : STATE_FAILED
  return new RequestProblem(status, code, isOwner ? error.message : text)
}

const DISK_FULL = [
  507,
  'disk_full',
  'The disk that holds this bot’s state is full, so nothing new can be stored. Free some space there, then send this again.',
] as const
const STATE_FAILED = [
  503,
  'state_failed',
  'This bot’s state folder cannot be read or written at the moment; the log has the reason. Send this again when it is fixed.',
] as const

export const JSON_TYPE = 'application/json; charset=utf-8'

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': JSON_TYPE, ...headers },
  })
}

export function problem(status: number, code: string, message: string): Response {
  const headers: Record<string, string> = {}
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  // What is left of a body that was too large is not worth reading.
  if (status === 413) headers['connection'] = 'close'
  return json({ error: { code, message } }, status, headers)
}

const REFUSED_STATUS: Readonly<Record<Refused['code'], number>> = {
  no_user: 400,
  stranger: 403,
  no_route: 404,
  rate_limit: 429,
  backlog: 429,
  stopped: 503,
  not_addressed: 403,
  too_long: 413,
  command: 200,
  unknown_channel: 404,
  unknown_agent: 404,
}

/** What a sender is told where the engine left it open; the engine's `reason` is for the operator. */
const REFUSED_TEXT: Readonly<Record<Refused['code'], string>> = {
  no_user: 'The message does not say who wrote it.',
  stranger: 'You are not among those this channel listens to.',
  no_route: 'No agent answers this message.',
  rate_limit: 'The limit of messages is reached; try again later.',
  backlog: 'Too many messages are waiting; try again in a moment.',
  stopped: 'The agent is stopped.',
  not_addressed: 'Messages in this group are not answered.',
  too_long: 'The message is too long.',
  command: 'Done.',
  unknown_channel: 'There is no such channel.',
  unknown_agent: 'There is no such agent.',
}

export const statusOfRefusal = (refused: Refused): number => REFUSED_STATUS[refused.code]
/** Who named an agent is told which name is wrong; all else that the engine knows is for the operator. */
export const textOfRefusal = ({ reply, code, reason }: Refused): string =>
  reply ?? (code === 'unknown_agent' ? reason : REFUSED_TEXT[code])

/** The raw body. @throws RequestProblem when it is larger than `maxBytes`. */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): RequestProblem => new RequestProblem(413, 'too_large', `The body may have at most ${maxBytes} bytes.`)
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  return await new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    incoming.on('data', (part: Buffer) => {
      size += part.length
      if (size <= maxBytes) {
        parts.push(part)
        return
      }
      incoming.pause()
      reject(tooLarge())
    })
    incoming.once('end', () =>
      resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, Math.min(size, maxBytes))),
    )
    incoming.once('error', reject)
    incoming.once('close', () => {
      if (!incoming.complete) reject(new RequestProblem(400, 'malformed_json', 'The body ended early.'))
    })
  })
}

/** Why a body cannot be read, by its headers; null: it can. */
function unreadableBody({ headers }: IncomingMessage): string | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase()
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity')
    return `Bodies with content-encoding ${encoding} are not read here; send it plain.`
  const charset = /;\s*charset="?([^";]+)/i
    .exec(headers['content-type'] ?? '')?.[1]
    ?.trim()
    .toLowerCase()
  return charset === undefined || ['utf-8', 'utf8', 'us-ascii'].includes(charset)
    ? null
    : `Bodies in ${charset} are not read here; send UTF-8.`
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The body as a JSON object; an empty one counts as `{}`. @throws RequestProblem */
export async function readJson(incoming: IncomingMessage, maxBytes: number): Promise<Record<string, unknown>> {
  const unreadable = unreadableBody(incoming)
  if (unreadable !== null) throw new RequestProblem(415, 'content_type', unreadable)
  const body = await readBody(incoming, maxBytes)
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch {
    throw new RequestProblem(400, 'malformed_json', 'The body is not valid JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestProblem(400, 'malformed_json', 'The body must be a JSON object.')
  }
  return value as Record<string, unknown>
}
