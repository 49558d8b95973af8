// Agents as models, for clients that speak the chat completions API. Without `user` (or the header `x-claw-user`) the request's
// messages are the conversation, and nothing is kept. With it the session of that user is kept here, and only the last message
// of a request goes to the agent: the earlier ones are in its transcript already.

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { ownerIdOn } from '../plan/admission.ts'
import type { StoredAnswer, TokenCount } from '../storage/ports.ts'
import { callerOf, type Rights } from './auth.ts'
import { type ChatDeps, createLine, hangUp } from './chat.ts'
import { type CompletionRequest, completionRequest } from './completion-request.ts'
import { openEventStream } from './event-stream.ts'
import { viewOf } from './files.ts'
import { gatewayChannel, type Identified } from './inbound.ts'
import { nameRequest } from './repeated-requests.ts'
import { json, RequestProblem, readJson, statusOfRefusal, textOfRefusal } from './replies.ts'
import type { Submission } from './turn-tracker.ts'
import type { Env } from './types.ts'

const CHANNEL = 'http'
/** Who speaks where the caller names nobody. */
const DEFAULT_USER = 'openai'

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
  return json({ error: { message, type: errorType(status), param: null, code } }, status)
}

function errorType(status: number): string {
  if (status >= 500) return 'server_error'
  if (status === 429) return 'rate_limit_error'
  return status === 401 || status === 403 ? 'authentication_error' : 'invalid_request_error'
}

export async function complete(c: Context<Env>, deps: ChatDeps): Promise<Response> {
  const { engine, tracker } = deps
  const { plan } = engine
  const rights = c.get('rights') as Exclude<Rights, 'none'>
  const body = await readJson(c.env.incoming, plan.gateway.maxBodyBytes)
  const request = completionRequest(body, c.req.header('x-claw-user'))
  gatewayChannel(plan, CHANNEL, ['/v1'])
  const message = await messageOf(c, deps, request, rights, JSON.stringify(body))
  const line = createLine()
  const submission = await tracker.submit(message, callerOf(rights), {
    signal: hangUp(c),
    // A wish: admission says whether it counts.
    agentId: request.model,
    ...(request.userId === undefined ? { conversation: request.earlier } : {}),
    ...(request.stream ? { onFrame: line.push } : {}),
  })
  if ('refused' in submission && submission.refused.code !== 'command') {
    const { refused } = submission
    if (refused.code === 'unknown_agent') throw noAgent(request.model)
    return apiProblem(statusOfRefusal(refused), refused.code, textOfRefusal(refused))
  }
  const model = 'refused' in submission ? request.model : submission.accepted.agentId
  const head = { id: `chatcmpl-${message.messageId}`, created: Math.floor(Date.now() / 1000), model }
  const ignored = request.ignored.join(', ')
  if (ignored !== '') c.env.outgoing.setHeader('x-claw-ignored', ignored)
  if (request.stream) return await streamed(c, deps, { head, request, line, submission })
  return await answered(head, submission, c.req.url)
}

async function messageOf(
  c: Context<Env>,
  { engine, clock, requestNames }: ChatDeps,
  request: CompletionRequest,
  rights: Rights,
  body: string,
): Promise<Identified> {
  const owner = rights === 'owner' ? ownerIdOn(engine.plan, CHANNEL) : undefined
  const userId = request.userId ?? owner ?? DEFAULT_USER
  const { content, media } = request
  const base = { channelId: CHANNEL, userId, content, mentionsBot: true, ...(media.length === 0 ? {} : { media }) }
  const key = c.req.header('idempotency-key')
  const named = {
    caller: `${rights === 'claimed' ? 'claimed' : 'trusted'}:${userId}`,
    ...(key === undefined || key === '' ? {} : { key }),
    retries: Number(c.req.header('x-stainless-retry-count') ?? 0) || 0,
    body,
  }
  const isKnown = (messageId: string): Promise<boolean> => engine.isKnown({ ...base, messageId })
  return { ...base, messageId: await nameRequest(named, clock.now(), isKnown, requestNames) }
}

interface Head {
  readonly id: string
  readonly created: number
  readonly model: string
}

async function answered(head: Head, submission: Submission, base: string): Promise<Response> {
  const stored = 'refused' in submission ? null : (await submission.answer).stored
  if (stored?.isError === true) return failure(stored)
  const content =
    stored === null
      ? textOfRefusal((submission as Extract<Submission, { refused: unknown }>).refused)
      : [stored.response, linksOf(stored, base)].filter((text) => text !== '').join('\n\n')
  return json({
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(stored?.usage),
  })
}

/** The agent gave no answer: its model failed, or a limit was reached. The text says which. */
const failure = ({ response }: StoredAnswer): Response => apiProblem(502, 'no_answer', response)

const usageOf = ({ input, output }: TokenCount = { input: 0, output: 0 }): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
})

async function streamed(
  c: Context<Env>,
  { buffers, addressOf }: ChatDeps,
  {
    head,
    request,
    line,
    submission,
  }: {
    readonly head: Head
    readonly request: CompletionRequest
    readonly line: ReturnType<typeof createLine>
    readonly submission: Submission
  },
): Promise<Response> {
  const stream = openEventStream(c.env.outgoing, addressOf(c.env.incoming), buffers)
  const write = (value: object): void => stream.send(JSON.stringify(value))
  const chunk = (choices: readonly object[], more: object = {}): void =>
    write({ ...head, object: 'chat.completion.chunk', choices, ...more })
  const choice = (delta: object, finish: string | null): void => chunk([{ index: 0, delta, finish_reason: finish }])
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
    const stored = 'refused' in submission ? null : (await submission.answer).stored
    const whole = 'refused' in submission ? textOfRefusal(submission.refused) : (stored?.response ?? '')
    if (stored?.isError === true) write({ error: { message: whole, type: 'server_error', param: null, code: 'no_answer' } })
    else {
      say(restOf(whole, sent))
      const links = stored === null ? '' : linksOf(stored, c.req.url)
      if (links !== '') say(`\n\n${links}`)
      choice({}, 'stop')
      if (request.streamUsage) chunk([], { usage: usageOf(stored?.usage) })
    }
  } catch {
    write({ error: { message: 'The gateway is stopping.', type: 'server_error', param: null, code: 'stopping' } })
  }
  stream.send('[DONE]')
  await stream.end()
  return RESPONSE_ALREADY_SENT
}

/** Clients of this API know no files: each is a link below the text. */
function linksOf({ attachments = [] }: StoredAnswer, base: string): string {
  const links = attachments.map(viewOf).map(({ name, url, mimeType }) => {
    const link = `[${name}](${new URL(url, base).href})`
    return mimeType.startsWith('image/') ? `!${link}` : link
  })
  return links.join('\n\n')
}

/** What was streamed can't be taken back: the rest of the answer follows it, or the whole where it differs. A name before it is no difference. */
function restOf(whole: string, sent: string): string {
  if (whole.startsWith(sent)) return whole.slice(sent.length)
  return sent.endsWith(whole) || whole.endsWith(sent) ? '' : `\n\n${whole}`
}
