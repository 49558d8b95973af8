// One terminal's line to the gateway: messages out, replies as promises, questions one at a time. What is shown, and how,
// is the caller's.

import { WebSocket } from 'ws'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import { systemRandom } from '../ports.ts'

export interface Show {
  chunk(text: string, agent: string | undefined): void
  tool(name: string, input: string): void
  toolResult(content: string, isError: boolean): void
  /** `own`: asked by a turn of this terminal. */
  question(text: string, reason: string, agentId: string, toolName: string, own: boolean): void
  reply(text: string, agent: string | undefined, isError: boolean): void
  /** A message that answers none of ours, such as a heartbeat's. */
  push(text: string, agent: string | undefined): void
}

/** `lost`: the connection ended. */
export type Reply =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly text: string; readonly lost: boolean }

export interface TerminalLine {
  send(text: string): Promise<Reply>
  /** The id of the question that is to be answered now. */
  question(): string | undefined
  decide(decision: 'once' | 'always' | 'deny'): void
  onQuestion(callback: () => void): void
  readonly closed: Promise<void>
  close(): Promise<void>
}

interface Options {
  readonly url: string
  readonly secret: string
  readonly channelId: string
  /** Absent: the owner, under their id on this channel where the configuration has one. */
  readonly userId?: string
  readonly fallbackUserId: string
  readonly agentId?: string
  readonly show: Show
}

const TURN_FRAMES: ReadonlySet<string> = new Set(['receipt', 'agent_response_chunk', 'tool_execute', 'tool_result'])

type Data = Readonly<Record<string, unknown>>

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** @throws ClawError when the gateway does not take us */
export async function connectTerminal(options: Options): Promise<TerminalLine> {
  const { url, secret, channelId, agentId, show } = options
  let userId = options.userId ?? options.fallbackUserId
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/`)
  const waiting = new Map<string, (reply: Reply) => void>()
  const sessions = new Set<string>()
  const agents = new Map<string, string>()
  const questions: { readonly id: string; readonly session: string }[] = []
  let asked = (): void => {}
  const send = (type: string, data: object): void => socket.send(JSON.stringify({ type, data }))
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const settle of waiting.values()) settle({ ok: false, text: 'the engine went away', lost: true })
      waiting.clear()
      resolve()
    })
  })

  await new Promise<void>((resolve, reject) => {
    const fail = (message: string): void => reject(new ClawError(message, { exitCode: EXIT.invalid }))
    socket.once('error', (error) => fail(`the engine at ${url} can't be reached: ${messageOf(error)}`))
    socket.once('open', () => send('hello', { channelId, userId, token: secret, receipts: true }))
    socket.on('message', (raw) => {
      const { type, data } = JSON.parse(String(raw)) as { type: string; data: Data }
      if (type === 'hello_ok') {
        userId = options.userId ?? (textOf(data['ownUserId']) || userId)
        resolve()
      } else if (type === 'error' && waiting.size === 0) fail(textOf(data['message']))
      onFrame(type, data)
    })
  })
  socket.on('error', () => {})

  function settle(messageId: unknown, reply: Reply, agent?: string): void {
    const done = waiting.get(textOf(messageId))
    if (done === undefined) return
    waiting.delete(textOf(messageId))
    show.reply(reply.text, agent, !reply.ok)
    done(reply)
  }

  /** Frames of a turn come only to the one it is for; which of them is first is the engine's business. */
  function own(session: string): void {
    if (sessions.has(session)) return
    sessions.add(session)
    if (questions.some((one) => one.session === session)) asked()
  }
  const nextQuestion = (): number => questions.findIndex((one) => sessions.has(one.session))

  function onFrame(type: string, data: Data): void {
    const session = textOf(data['sessionId'])
    if (TURN_FRAMES.has(type)) own(session)
    switch (type) {
      case 'receipt':
        agents.set(session, textOf(data['agent']))
        return
      case 'agent_response_chunk':
        show.chunk(textOf(data['chunk']), agents.get(session))
        return
      case 'tool_execute': {
        const input = data['input'] as Data
        const only = Object.values(input ?? {})
        show.tool(textOf(data['toolName']), only.length === 1 ? String(only[0]) : JSON.stringify(input))
        return
      }
      case 'tool_result':
        show.toolResult(textOf(data['content']), data['isError'] === true)
        return
      case 'approval_request': {
        const isOwn = sessions.has(session)
        show.question(textOf(data['text']), textOf(data['reason']), textOf(data['agentId']), textOf(data['toolName']), isOwn)
        questions.push({ id: textOf(data['id']), session })
        if (isOwn) asked()
        return
      }
      case 'approval_decision': {
        const index = questions.findIndex((one) => one.id === data['id'])
        if (index !== -1) questions.splice(index, 1)
        return
      }
      case 'outbound_message': {
        const text = textOf(data['content'])
        const agent = typeof data['agent'] === 'string' ? data['agent'] : undefined
        if (waiting.has(textOf(data['replyTo']))) settle(data['replyTo'], { ok: true, text }, agent)
        else show.push(text, agent)
        return
      }
      case 'error':
        settle(data['messageId'], { ok: false, text: textOf(data['message']), lost: false })
        return
    }
  }

  return {
    send: (text) =>
      new Promise((resolve) => {
        if (socket.readyState !== socket.OPEN) {
          resolve({ ok: false, text: 'the engine went away', lost: true })
          return
        }
        const messageId = systemRandom.id()
        waiting.set(messageId, resolve)
        send('inbound_message', { userId, content: text, messageId, ...(agentId === undefined ? {} : { agentId }) })
      }),
    question: () => questions[nextQuestion()]?.id,
    decide(decision) {
      const index = nextQuestion()
      if (index === -1) return
      const [question] = questions.splice(index, 1)
      send('approval_decision', { id: question?.id, decision })
    },
    onQuestion(callback) {
      asked = callback
    },
    closed,
    async close() {
      socket.close()
      const timer = setTimeout(() => socket.terminate(), 1000)
      await closed
      clearTimeout(timer)
    },
  }
}
