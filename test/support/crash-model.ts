// The model's side of a crash run: requests in, answers out that make the bot call tools; and a count of its own of what it
// was shown, kept apart from anything the bot says of itself.

import type { FakeReply, MessagesRequest, RecordedRequest } from './fake-messages-api.ts'
import { checkMessages } from './messages-validator.ts'

/** A message on its way through the bot: who said it, and which of theirs it is. */
export const TOKEN = /<([a-z]+\d*)-(\d+)>/g
export const tokensIn = (value: unknown): readonly string[] => JSON.stringify(value ?? '').match(TOKEN) ?? []
/** A token as a word that a shell takes as it stands. */
export const wordOf = (token: string): string => token.slice(1, -1)

export const PULSE = 'pulse?'
/** Where the tool that must not run twice leaves its mark. */
export const EFFECTS = 'effects.txt'

export interface CrashModel {
  reply(request: MessagesRequest): FakeReply
  /** Looks at requests as they were received, refused ones too. */
  see(requests: readonly RecordedRequest[]): void
  readonly calls: () => number
  /** Tokens whose command ended, as the model was told. */
  readonly done: ReadonlySet<string>
  /** Tokens whose command may or may not have run, as the model was told. */
  readonly unknown: ReadonlySet<string>
  readonly problems: string[]
}

type Message = MessagesRequest['messages'][number]

/** Ends an answer that grows: one without it is half of one. */
export const GROWN = 'that is all.'
const FILLER = 'and a word more '.repeat(12)

/** `grows`: answers to Telegram are long and come slowly. */
export function createCrashModel({ grows = false } = {}): CrashModel {
  const furthest = new Map<string, number>()
  const done = new Set<string>()
  const unknown = new Set<string>()
  const problems: string[] = []
  let calls = 0

  /** What the model says at this step of a turn: a quarter of the messages are answered at once, others need tools. */
  function answer(tokens: readonly string[], token: string, step: number): FakeReply {
    const word = wordOf(token)
    const bash = { name: 'bash', input: { command: `echo ${word} >> ${EFFECTS} && echo made` } }
    const write = { name: 'write_file', input: { path: `${word}.txt`, content: word } }
    const read = { name: 'read_file', input: { path: `${word}.txt` } }
    const plans = [[], [[bash]], [[write, bash]], [[write], [read, bash]]]
    const toolCalls = plans[Number(word.split('-')[1]) % plans.length]?.[step]
    if (toolCalls !== undefined) return { toolCalls }
    const text = `re ${tokens.join(' ')}`
    return grows && word.startsWith('t') ? { text: `${text} ${FILLER}${GROWN}`, chunkDelayMs: 30 } : { text }
  }

  function noteResults(token: string, since: readonly Message[]): void {
    for (const text of since.flatMap(resultsIn)) {
      if (text.includes('may or may not have happened')) unknown.add(token)
      else if (text.includes('\\nmade\\n')) done.add(token)
      else if (text.includes('"is_error":true')) problems.push(`${token}: a tool failed: ${text.slice(0, 400)}`)
    }
  }

  return {
    reply(request) {
      calls++
      const delayMs = Math.random() * 60
      if (JSON.stringify(request.system).includes('notes of a long conversation')) return { text: 'Notes.', delayMs }
      const { messages } = request
      const at = messages.findLastIndex(
        ({ role, content }) => role === 'user' && !JSON.stringify(content).includes('tool_result'),
      )
      const asked = JSON.stringify(messages[at]?.content ?? '')
      if (asked.includes(PULSE)) return { text: 'alive', delayMs }
      // Several where messages that waited became one turn; the last of them decides about tools.
      const tokens = tokensIn(messages[at]?.content)
      const token = tokens.at(-1)
      if (token === undefined) {
        problems.push(`asked about nothing: ${asked.slice(0, 200)}`)
        return { text: 'what?' }
      }
      const since = messages.slice(at + 1)
      const step = since.filter(({ role }) => role === 'assistant').length
      const before = furthest.get(token) ?? 0
      if (step < before) problems.push(`${token}: step ${step} was asked for again after step ${before}`)
      furthest.set(token, Math.max(step, before))
      if (step > 0) noteResults(token, since)
      return { ...answer(tokens, token, step), delayMs }
    },
    see(requests) {
      for (const { body, status } of requests) {
        const problem = checkMessages(unmarked(body.messages))
        if (problem !== null || status !== 200) problems.push(`request refused: ${status} ${problem}`)
      }
    },
    calls: () => calls,
    done,
    unknown,
    problems,
  }
}

const resultsIn = ({ content }: Message): readonly string[] =>
  typeof content === 'string' ? [] : content.filter(({ type }) => type === 'tool_result').map((block) => JSON.stringify(block))

/** Without the marks for the service's cache, which a request has and a transcript has not. */
const unmarked = (messages: unknown): Parameters<typeof checkMessages>[0] =>
  JSON.parse(JSON.stringify(messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value)))
