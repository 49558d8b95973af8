// The turn: rows in, a reply out. Model ⇄ tools until the model is done. Every line of the transcript is appended as it
// happens: it is the record of the model calls that finished, as the journal is that of the tool calls, so that a killed turn
// goes on where it stood and the next request is always valid.

import type { StoredFile } from '../channels/port.ts'
import { keptContent } from '../models/media-keep.ts'
import { type ContentBlock, ModelError, type ModelResult, type TextBlock, type ToolUseBlock, type Usage } from '../models/port.ts'
import { isAllThinking, largerCap } from '../models/room.ts'
import { sayModelError } from '../models/say.ts'
import type { TranscriptEntry } from '../storage/ports.ts'
import { createAsker } from './asker.ts'
import { BudgetError, EngineStops, type Turn, type TurnOutcome, type TurnPorts } from './port.ts'
import { runTools } from './tool-calls.ts'
import { userEntry } from './user-entry.ts'

const EMPTY = 'I have no answer to that. Please try again.'
const REFUSED = 'I can’t help with that.'
const STOPPED = '(stopped)'

/** With these, an answer without text is no accident: asking again would not help. */
const SPEAKS_FOR_ITSELF: ReadonlySet<string> = new Set(['refusal', 'max_tokens', 'model_context_window_exceeded'])
/** The answer is not whole. */
const IS_CUT: ReadonlySet<string> = new Set(['max_tokens', 'model_context_window_exceeded'])

/** Runs one turn to its end. Never throws for what a model, a tool or a user did; throws when storage fails. */
export async function runAgentTurn(turn: Turn, ports: TurnPorts): Promise<TurnOutcome> {
  const { content, ...more } = userEntry(turn)
  await append(turn, ports, 'u', 'user', content, more)
  const used = { input: 0, output: 0 }
  const files: StoredFile[] = [...(turn.attachments ?? [])]
  try {
    const { text, isError } = await converse(turn, ports, used, files)
    return { text, isError, usage: used, attachments: files }
  } catch (error) {
    const text = sentenceFor(error, turn)
    if (text === null) throw error
    // Kept in the transcript, so that roles alternate and the model knows that it gave no answer.
    await append(turn, ports, 'end', 'assistant', text)
    return {
      text,
      isError: true,
      usage: used,
      attachments: files,
      ...(error instanceof BudgetError ? { limit: error.limit } : {}),
    }
  }
}

/** The engine stops: nothing more is appended, and the next process goes on from what stands. */
const isLeft = (turn: Turn): boolean => turn.signal.reason instanceof EngineStops

/** What the user is told; null: the engine stops, or a bug or a broken disk, which is not theirs. */
function sentenceFor(error: unknown, turn: Turn): string | null {
  if (isLeft(turn)) return null
  if (turn.signal.aborted) return STOPPED
  if (error instanceof BudgetError) return error.message
  return error instanceof ModelError ? sayModelError(error, turn.agent) : null
}

/** `used` and `files` are added to here, so that what was spent and made outlives an error. */
async function converse(
  turn: Turn,
  ports: TurnPorts,
  used: { input: number; output: number },
  files: StoredFile[],
): Promise<TurnOutcome> {
  const said: string[] = []
  let emptyAnswers = 0
  let cap = turn.agent.maxTokens
  const chunks = createChunks(turn, ports)
  const asker = createAsker(turn, ports, chunks)
  const earlier = await answersBefore(turn, ports)
  // What a summary swallowed of a turn that was killed later is not gone through again.
  const from = earlier.size === 0 ? 0 : Math.min(...earlier.keys())
  for (let call = from; call < turn.agent.maxTurns; call++) {
    const result = earlier.get(call) ?? (await asker.ask(cap))
    used.input += result.usage.input + result.usage.cacheRead + result.usage.cacheWrite
    used.output += result.usage.output
    const content = keepable(result)
    const text = textOf(content)
    // Thinking used all the room up: one more try with more of it.
    if (result.stopReason === 'max_tokens' && cap === turn.agent.maxTokens && isAllThinking(result)) {
      cap = largerCap(turn.plan, turn.agent.model, cap)
      if (cap > turn.agent.maxTokens) {
        call--
        continue
      }
    }
    const calls = content.filter((block): block is ToolUseBlock => block.type === 'tool_use')
    if (content.length > 0) {
      ports.unsaved.set(call, result)
      await append(turn, ports, `a${call}`, 'assistant', content, {
        model: result.model,
        usage: result.usage,
        stopReason: result.stopReason,
      })
      ports.unsaved.delete(call)
    }
    if (text !== '') said.push(text)
    if (calls.length > 0) {
      const results = await runTools(turn, ports, calls, call)
      if (isLeft(turn)) throw turn.signal.reason
      for (const { attachments } of results) files.push(...attachments)
      await append(
        turn,
        ports,
        `t${call}`,
        'user',
        results.map(({ block }) => block),
      )
      if (turn.signal.aborted) throw new ModelError('aborted', 'The turn was stopped.')
      chunks.gap()
      continue
    }
    if (result.stopReason === 'pause_turn' && content.length > 0) continue
    // Files speak for themselves, too.
    const speaks = SPEAKS_FOR_ITSELF.has(result.stopReason) || files.length > 0
    if (text === '' && !speaks && emptyAnswers++ === 0 && call + 1 < turn.agent.maxTurns) continue
    const concluded = await conclude(turn, ports, result, text, said, files)
    // What a heartbeat says may be a sign to say nothing, so nothing is put behind it.
    return turn.claim.rows[0]?.kind === 'heartbeat' ? concluded : withNotices(concluded, asker.notices, chunks)
  }
  const limit = `I stopped after ${turn.agent.maxTurns} steps. Say “go on” to continue.`
  await append(turn, ports, 'end', 'assistant', limit)
  return { text: [...said.slice(-1), limit].join('\n\n'), isError: true }
}

/** The reply once the model called no more tools. Earlier texts of the turn (before tool calls) were steps on the way. */
async function conclude(
  turn: Turn,
  ports: TurnPorts,
  result: ModelResult,
  text: string,
  said: readonly string[],
  files: readonly StoredFile[],
): Promise<TurnOutcome> {
  if (result.stopReason === 'refusal') {
    const words = text === '' ? REFUSED : text
    if (text === '') await append(turn, ports, 'end', 'assistant', words)
    return { text: words, isError: false }
  }
  if (IS_CUT.has(result.stopReason)) {
    const cut = '(The answer was cut at its length limit. Say “go on” for the rest.)'
    if (text === '') await append(turn, ports, 'end', 'assistant', cut)
    return { text: text === '' ? cut : `${text}\n\n${cut}`, isError: false }
  }
  if (text !== '') return { text, isError: false }
  if (said.length === 0 && files.length > 0) {
    // Kept in the transcript, so that roles alternate and the model knows what it sent.
    await append(turn, ports, 'end', 'assistant', `[sent ${files.map(({ name }) => name).join(', ')}]`)
    return { text: '', isError: false }
  }
  const last = said.at(-1)
  const words = last ?? EMPTY
  if (last === undefined) await append(turn, ports, 'end', 'assistant', words)
  return { text: words, isError: last === undefined }
}

/** What could not be sent to the model is told behind what it answered. */
function withNotices(outcome: TurnOutcome, notices: ReadonlySet<string>, chunks: Chunks): TurnOutcome {
  if (notices.size === 0) return outcome
  const told = `${outcome.text === '' ? '' : '\n\n'}(${[...notices].join(' ')})`
  chunks.text(told)
  return { ...outcome, text: `${outcome.text}${told}` }
}

/** By number of the call: what the model said in this run before the process was killed, or the disk was full. */
async function answersBefore(turn: Turn, ports: TurnPorts): Promise<ReadonlyMap<number, ModelResult>> {
  const found = new Map(ports.unsaved)
  if (!turn.claim.resumed) return found
  const head = `${turn.claim.run}.a`
  const { entries } = await ports.store.load(turn.session.key, turn.agent.id)
  for (const { id, content, model = '', stopReason = 'end_turn', usage = NO_USAGE } of entries) {
    if (!id.startsWith(head) || typeof content === 'string') continue
    found.set(Number(id.slice(head.length)), { content, model, stopReason, usage })
  }
  return found
}

const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

/** What may stand in the transcript: a call cut off by the length limit has no usable input and no result, so it goes. */
function keepable(result: ModelResult): readonly ContentBlock[] {
  return result.content.filter((block) => {
    if (block.type === 'text') return block.text !== ''
    return block.type !== 'tool_use' || result.stopReason === 'tool_use'
  })
}

export const textOf = (content: string | readonly ContentBlock[]): string =>
  typeof content === 'string'
    ? content
    : content
        .filter((block): block is TextBlock => block.type === 'text')
        .map((block) => block.text)
        .join('')

const idsOf = (turn: Turn): readonly string[] => turn.claim.rows.map((row) => row.messageId)

/** One entry with an id made of the run and the step: appending it again after a crash changes nothing. */
async function append(
  turn: Turn,
  ports: TurnPorts,
  step: string,
  role: 'user' | 'assistant',
  content: TranscriptEntry['content'],
  more: Partial<TranscriptEntry> = {},
): Promise<void> {
  const { run } = turn.claim
  const kept = role === 'assistant' || typeof content === 'string' ? content : await keptContent(content)
  const entry = { id: `${run}.${step}`, role, content: kept, timestamp: new Date(ports.clock.now()).toISOString(), run, ...more }
  await ports.store.append(turn.session.key, turn.agent.id, [entry])
}

interface Chunks {
  text(text: string): void
  restart(): void
  /** Between two model calls: what follows starts a new paragraph. */
  gap(): void
}

function createChunks(turn: Turn, ports: TurnPorts): Chunks {
  let sequence = 0
  let pendingGap = false
  const emit = (text: string, restart?: true): void =>
    ports.emit({
      type: 'chunk',
      sessionKey: turn.session.key,
      agentId: turn.agent.id,
      run: turn.claim.run,
      text,
      sequence: sequence++,
      messageIds: idsOf(turn),
      ...(restart === undefined ? {} : { restart }),
    })
  return {
    text(text) {
      if (pendingGap && sequence > 0) emit('\n\n')
      pendingGap = false
      emit(text)
    },
    restart: () => emit('', true),
    gap: () => {
      pendingGap = true
    },
  }
}
