// Agents as models, for clients that speak the chat completions API. Sessions live here, so only the last user message of
// a request goes to the agent; the earlier ones are in its transcript already. `user` (or the header `x-claw-user`) is the userId.

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { StoredAnswer } from '../storage/ports.ts'
import { callerOf, type Rights } from './auth.ts'
import { type ChatDeps, createLine, hangUp } from './chat.ts'
import { openEventStream } from './event-stream.ts'
import { id, optionalBoolean, text } from './fields.ts'
import { viewOf } from './files.ts'
import { gatewayChannel, type Identified } from './inbound.ts'
import { json, RequestProblem, readJson, statusOfRefusal, textOfRefusal } from './replies.ts'
import type { Submission } from './turn-tracker.ts'
import type { Env } from './types.ts'

const CHANNEL = 'http'
const DEFAULT_USER = 'openai'

type Fields = Readonly<Record<string, unknown>>

const CREATED = Math.floor(Date.parse('2025-01-01') / 1000)
const modelOf = (agentId: string): object => ({ id: agentId, object: 'model', created: CREATED, owned_by: 'claw' })

export const listModels = ({ engine }: ChatDeps): Response =>
  json({ object: 'list', data: [...engine.plan.agents.keys()].map(modelOf) })

export function showModel({ engine }: ChatDeps, model: string): Response {
  if (!engine.plan.agents.has(model)) throw noAgent(model)
  return json(modelOf(model))
}

const noAgent = (model: string): RequestProblem => new RequestProblem(404, 'model_not_found', `There is no agent "${model}".`)

/** Problems in the shape that clients of this API read. */
export function apiProblem(status: number, code: string, message: string): Response {
  const kind =
    status === 429 ? 'rate_limit_error' : status === 401 || status === 403 ? 'authentication_error' : 'invalid_request_error'
  return json({ error: { message, type: status >= 500 ? 'server_error' : kind, param: null, code } }, status)
}

export async function complete(c: Context<Env>, deps: ChatDeps): Promise<Response> {
  const { engine, tracker, random } = deps
  const plan = engine.plan
  const body = await readJson(c.env.incoming, plan.gateway.maxBodyBytes)
  const model = text(body, 'model')
  const content = lastUserText(body)
  const stream = optionalBoolean(body, 'stream') ?? false
  const header = c.req.header('x-claw-user')
  const userId = body['user'] === undefined || body['user'] === null ? (header ?? DEFAULT_USER) : id(body, 'user')
  if (!plan.agents.has(model)) throw noAgent(model)
  gatewayChannel(plan, CHANNEL, ['http', 'webchat'])
  const message: Identified = { channelId: CHANNEL, userId, content, messageId: random.id(), mentionsBot: true }
  const caller = callerOf(c.get('rights') as Exclude<Rights, 'none'>)
  const line = createLine()
  const options = { signal: hangUp(c), agentId: model, ...(stream ? { onFrame: line.push } : {}) }
  const submission = await tracker.submit(message, caller, options)
  if ('refused' in submission && submission.refused.code !== 'command') {
    const { refused } = submission
    return apiProblem(statusOfRefusal(refused), refused.code, textOfRefusal(refused))
  }
  const head = { id: `chatcmpl-${message.messageId}`, created: Math.floor(Date.now() / 1000), model }
  if (stream) return await streamed(c, deps, head, body, line, submission)
  const base = c.req.url
  const response =
    'refused' in submission ? textOfRefusal(submission.refused) : answerText((await submission.answer).stored, base)
  return json({
    ...head,
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: response, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: NO_USAGE,
  })
}

/** Tokens are counted by agent and day (`claw usage`), not by request. */
const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }

async function streamed(
  c: Context<Env>,
  { buffers, addressOf }: ChatDeps,
  head: object,
  body: Fields,
  line: ReturnType<typeof createLine>,
  submission: Submission,
): Promise<Response> {
  const stream = openEventStream(c.env.outgoing, addressOf(c.env.incoming), buffers)
  const write = (value: object): void => stream.send(JSON.stringify(value))
  const choice = (delta: object, finish: string | null): void =>
    write({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })
  let sent = ''
  const say = (more: string): void => {
    if (more === '') return
    sent += more
    choice({ content: more }, null)
  }
  choice({ role: 'assistant', content: '' }, null)
  try {
    line.drain((frame) => {
      if (frame.type === 'agent_response_chunk') say(String(frame.data['chunk']))
    })
    const whole =
      'refused' in submission ? textOfRefusal(submission.refused) : answerText((await submission.answer).stored, c.req.url)
    // What was streamed can't be taken back: the rest of the answer follows it, or the answer as a whole where it differs.
    if (whole.startsWith(sent)) say(whole.slice(sent.length))
    else if (!sent.endsWith(whole)) say(`\n\n${whole}`)
    choice({}, 'stop')
    if (wantsUsage(body)) write({ ...head, object: 'chat.completion.chunk', choices: [], usage: NO_USAGE })
  } catch {
    write({ error: { message: 'The gateway is stopping.', type: 'server_error', code: 'stopping' } })
  }
  stream.send('[DONE]')
  await stream.end()
  return RESPONSE_ALREADY_SENT
}

/** Clients of this API know no files: each is a link below the text. */
function answerText({ response, attachments = [] }: StoredAnswer, base: string): string {
  const links = attachments.map(viewOf).map(({ name, url, mimeType }) => {
    const link = `[${name}](${new URL(url, base).href})`
    return mimeType.startsWith('image/') ? `!${link}` : link
  })
  return [response, ...links].filter((text) => text !== '').join('\n\n')
}

function wantsUsage(body: Fields): boolean {
  const options = body['stream_options']
  return typeof options === 'object' && options !== null && (options as Fields)['include_usage'] === true
}

/** Text of the last message, which must be the user's: a string, or the text parts of a list. */
function lastUserText(body: Fields): string {
  const messages = body['messages']
  if (!Array.isArray(messages) || messages.length === 0) throw wrong('"messages" must be a list with at least one message.')
  const last = messages.findLast((one: unknown) => (one as Fields | null)?.['role'] === 'user') as Fields | undefined
  if (last === undefined) throw wrong('"messages" has no message of role "user".')
  const content = last['content']
  if (typeof content === 'string' && content.trim() !== '') return content
  if (Array.isArray(content)) {
    const parts = content.flatMap((part: unknown) => {
      const value = (part as Fields | null)?.['text']
      return typeof value === 'string' ? [value] : []
    })
    if (parts.join('').trim() !== '') return parts.join('\n')
  }
  throw wrong('The last user message has no text.')
}

const wrong = (message: string): RequestProblem => new RequestProblem(400, 'invalid_field', message)
