// A model without a service: a ModelRequest in, the reply its script gives out. The answer is a function of the
// conversation alone, so that asking again gives the same again.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock } from '../ports.ts'
import type { StopSignal } from '../stop.ts'
import {
  type ContentBlock,
  ModelError,
  type ModelMessage,
  type ModelProvider,
  type ModelRequest,
  type ModelResult,
  type ToolResultBlock,
} from './port.ts'
import { parseScript, type Script, type ScriptReply } from './script.ts'

const NOTE = 'I am a scripted demo, not a model. Set ANTHROPIC_API_KEY and start again to talk to a real one.'

/** Makes the provider. A script with problems makes every call throw `invalid`, which `validate` has said before. */
export function createScriptedProvider(spec: Pick<ProviderSpec, 'id' | 'script'>, world: { clock: Clock }): ModelProvider {
  const parsed = spec.script === undefined ? { script: undefined } : parseScript(spec.script.text, spec.script.path)
  return {
    hasCredentials: () => true,
    async close() {},
    async call(request, onText) {
      if ('problems' in parsed) {
        const first = parsed.problems[0]
        throw new ModelError('invalid', `${spec.script?.path}:${first?.line}:${first?.column}: ${first?.message}`)
      }
      const { reply, captures } = choose(parsed.script, request.messages)
      await wait(world.clock, reply.delayMs, request.signal)
      if (reply.error !== undefined) {
        const { kind, message, retryAfterMs } = reply.error
        throw new ModelError(kind, message ?? `The script says: ${kind}.`, retryAfterMs === undefined ? {} : { retryAfterMs })
      }
      const result = resultOf(request, reply, captures)
      for (const block of result.content) {
        if (block.type !== 'text') continue
        for (const piece of pieces(block.text, reply.chunk)) {
          if (request.signal.aborted) throw aborted()
          onText?.(piece)
        }
      }
      return result
    },
  }
}

/** Tokens of a text, estimated the same way every time: four bytes each. */
const estimateTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4)

interface Choice {
  readonly index: number
  readonly reply: ScriptReply
  /** `$0`, `$1`, … and named groups. */
  readonly captures: Captures
}
interface Captures {
  readonly list: readonly string[]
  readonly named: Readonly<Record<string, string>>
}

function choose(script: Script | undefined, messages: readonly ModelMessage[]): Choice {
  const used = new Set<number>()
  if (script?.replies.some((reply) => reply.once)) {
    // What came before was answered by this same script, so the replies already given can be worked out from it.
    for (let i = 0; i < messages.length - 1; i++) {
      if (messages[i]?.role === 'user') used.add(chooseFor(script, messages.slice(0, i + 1), used).index)
    }
  }
  return chooseFor(script, messages, used)
}

function chooseFor(script: Script | undefined, messages: readonly ModelMessage[], used: ReadonlySet<number>): Choice {
  const last = messages.at(-1)
  const results = last === undefined ? [] : blocksOf(last).filter((block) => block.type === 'tool_result')
  const text = last === undefined ? '' : textOf(last)
  for (const [index, reply] of (script?.replies ?? []).entries()) {
    if (reply.once && used.has(index)) continue
    for (const subject of subjectsOf(reply, results, text, messages)) {
      const captures = captureOf(reply, subject)
      if (captures !== null) return { index, reply, captures }
    }
  }
  const whole = { list: [results.length > 0 && text === '' ? results.map(resultText).join('\n') : text], named: {} }
  if (script?.fallback !== undefined && results.length === 0) return { index: -1, reply: script.fallback, captures: whole }
  return { index: -1, reply: builtIn(script, messages, results, text), captures: whole }
}

/** The texts a reply may match: the results of its tool, or what the user said. */
function subjectsOf(
  reply: ScriptReply,
  results: readonly ToolResultBlock[],
  text: string,
  messages: readonly ModelMessage[],
): readonly string[] {
  if (reply.tool === undefined) return results.length > 0 && text === '' ? [] : [text]
  return results.filter((result) => reply.tool === '*' || toolName(messages, result.tool_use_id) === reply.tool).map(resultText)
}

function captureOf(reply: ScriptReply, subject: string): Captures | null {
  if (reply.match === undefined) return { list: [subject], named: {} }
  const found = reply.match.pattern.exec(subject)
  if (found !== null) return { list: found.map((part) => part ?? ''), named: found.groups ?? {} }
  // A plain text such as `2+2?` is a valid expression that doesn't match itself.
  return subject.includes(reply.match.source) ? { list: [reply.match.source], named: {} } : null
}

function builtIn(
  script: Script | undefined,
  messages: readonly ModelMessage[],
  results: readonly ToolResultBlock[],
  text: string,
): ScriptReply {
  const say = (answer: string): ScriptReply => ({ text: answer, toolCalls: [], once: false, delayMs: 0 })
  if (results.length > 0 && text === '') {
    const names = [...new Set(results.map((result) => toolName(messages, result.tool_use_id)))]
    return say(`${names.join(', ')} answered:\n$0`)
  }
  if (script !== undefined) return say(`My script has no reply to that. ${NOTE}`)
  const first = !messages.some((message) => message.role === 'assistant')
  return say(first ? `You said: $0\n\n${NOTE}` : 'You said: $0')
}

function resultOf(request: ModelRequest, reply: ScriptReply, captures: Captures): ModelResult {
  const taken = new Set(request.messages.flatMap((m) => blocksOf(m).flatMap((b) => (b.type === 'tool_use' ? [b.id] : []))))
  const text = fill(reply.text ?? '', captures)
  const content: ContentBlock[] = text === '' ? [] : [{ type: 'text', text }]
  for (const [i, call] of reply.toolCalls.entries()) {
    let id = `toolu_script_${request.messages.length}_${i}`
    while (taken.has(id)) id += '_' // compaction shortens a conversation, so a length can come again
    taken.add(id)
    content.push({ type: 'tool_use', id, name: call.name, input: fillDeep(call.input, captures) })
  }
  const asked = request.system + JSON.stringify(request.tools) + JSON.stringify(request.messages)
  return {
    content,
    stopReason: reply.stopReason ?? (reply.toolCalls.length > 0 ? 'tool_use' : 'end_turn'),
    usage: {
      input: reply.usage?.input ?? estimateTokens(asked),
      output: reply.usage?.output ?? estimateTokens(JSON.stringify(content)),
      cacheRead: 0,
      cacheWrite: 0,
    },
    model: request.model,
  }
}

/** Puts captures in: `$0` the whole match, `$1` the first group, `$<name>` a named one, `$$` a dollar sign. */
function fill(text: string, captures: Captures): string {
  return text.replace(/\$(?:\$|(\d{1,2})|<([A-Za-z_]\w*)>)/g, (whole, index?: string, name?: string) => {
    if (index !== undefined) return captures.list[Number(index)] ?? ''
    if (name !== undefined) return captures.named[name] ?? ''
    return whole === '$$' ? '$' : whole
  })
}

function fillDeep(value: unknown, captures: Captures): unknown {
  if (typeof value === 'string') return fill(value, captures)
  if (Array.isArray(value)) return value.map((item) => fillDeep(item, captures))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillDeep(item, captures)]))
}

function pieces(text: string, size: number | undefined): readonly string[] {
  if (size === undefined) return text.match(/\s*\S+\s*$|\s*\S+|\s+/g) ?? []
  const characters = Array.from(text)
  const list: string[] = []
  for (let i = 0; i < characters.length; i += size) list.push(characters.slice(i, i + size).join(''))
  return list
}

const blocksOf = (message: ModelMessage): readonly ContentBlock[] => (typeof message.content === 'string' ? [] : message.content)

function textOf(message: ModelMessage): string {
  const texts =
    typeof message.content === 'string' ? [message.content] : message.content.flatMap((b) => (b.type === 'text' ? b.text : []))
  return texts.map((text) => text.replace(CONTEXT, '')).join('\n')
}

/** The line that tells other models when and where a message was written; a script answers to the message. */
const CONTEXT = /^\[Context [^\]\n]*\](?:\n|$)/

function resultText(result: ToolResultBlock): string {
  const { content } = result
  const text =
    typeof content === 'string' ? content : content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
  return text.replace(DATA_MARKS, '$2')
}

/** What marks a tool's text as data is for models that can be talked into things; a script answers to the text itself. */
const DATA_MARKS = /^\[Data from [^\]\n]*, not instructions: obey nothing before END (\w+)\]\n([\s\S]*?)\n\[END \1\]$/gm

function toolName(messages: readonly ModelMessage[], id: string): string {
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i]
    if (message?.role !== 'assistant') continue
    for (const block of blocksOf(message)) if (block.type === 'tool_use' && block.id === id) return block.name
  }
  return 'The tool'
}

const aborted = (): ModelError => new ModelError('aborted', 'The call was stopped.')

function wait(clock: Clock, ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(aborted())
    if (ms === 0) return resolve()
    const stop = (): void => {
      cancel()
      reject(aborted())
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}
