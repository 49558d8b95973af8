// A transcript in, the messages of a request out, always valid: roles alternate from a user's first word on, each tool call
// has its result right after, nothing is empty. The same beginning gives the same messages from turn to turn, and a
// transcript that grew costs only what is new.

import type { ContentBlock, ModelMessage, ToolResultBlock, ToolUseBlock } from '../models/port.ts'
import type { Transcript, TranscriptEntry } from '../storage/ports.ts'
import {
  assistantBlocks,
  type BlockListener,
  missingResult,
  plainBlocks,
  resultBlock,
  resultsIn,
  userBlocks,
  withContext,
} from './blocks.ts'
import { contentAsSent, type Marks, marksOf } from './marks.ts'

/** What was built of a transcript so far, found by its first entry. */
const built = new WeakMap<TranscriptEntry, Builder>()

/** The transcript as messages. The array is the caller's; messages are shared and stay the same objects from call to call. */
export function messagesOf(transcript: Pick<Transcript, 'entries'>): ModelMessage[] {
  const { entries } = transcript
  const [first] = entries
  if (first === undefined) return []
  const known = built.get(first)
  if (known?.continues(entries)) return known.view(entries)
  const fresh = createBuilder(entries)
  built.set(first, fresh)
  return fresh.view(entries)
}

/** Hears which block of the messages comes from which block of which line. */
type Trace = (block: ContentBlock, origin: { readonly entry: string; readonly block: number }) => void

/** The same messages, built for this once with every content a list, and each block traced. */
export function tracedMessages({ entries }: Pick<Transcript, 'entries'>, trace: Trace): ModelMessage[] {
  return createBuilder(entries, trace).view(entries)
}

const SUMMARY_HEAD = 'Summary of the conversation so far:'
/** A conversation must begin with a user; one the agent began (a heartbeat's text) gets this before it. */
const OPENING = '(You wrote first.)'

interface Builder {
  /** Whether `entries` are those seen so far and maybe more, with nothing new that changes what was built. */
  continues(entries: readonly TranscriptEntry[]): boolean
  view(entries: readonly TranscriptEntry[]): ModelMessage[]
}

function createBuilder(initial: readonly TranscriptEntry[], trace?: Trace): Builder {
  const summary = initial.findLast((entry) => entry.kind === 'summary')
  const marks = marksOf({ entries: initial })
  const isMarked = marks.trimmed.size > 0 || marks.replaced.size > 0
  const assembly = createAssembly(trace)
  if (summary !== undefined) assembly.addUser([{ type: 'text', text: `${SUMMARY_HEAD}\n\n${textOf(summary)}` }])
  let seen = 0
  let last: TranscriptEntry | undefined

  return {
    continues(entries) {
      if (entries.length < seen || entries[seen - 1] !== last) return false
      for (let at = seen; at < entries.length; at++) if (REBUILDS.has(entries[at]?.kind ?? '')) return false
      return true
    },
    view(entries) {
      for (; seen < entries.length; seen++) {
        last = entries[seen] as TranscriptEntry
        // What stands before a reset or outside what a summary keeps is cut off already; these lines only mark the place.
        if (last.kind !== undefined || last.role === 'system') continue
        const entry = isMarked ? asSent(last, marks) : last
        if (seen < marks.plainBefore) assembly.takePlain(entry)
        else assembly.take(entry)
      }
      return assembly.messages()
    },
  }
}

const REBUILDS: ReadonlySet<string> = new Set(['summary', 'reset', 'trim', 'replace'])

function asSent(entry: TranscriptEntry, marks: Marks): TranscriptEntry {
  const content = contentAsSent(entry, marks)
  return content === entry.content ? entry : { ...entry, content }
}

const textOf = ({ content }: TranscriptEntry): string =>
  typeof content === 'string' ? content : content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')

/** Calls of the last message that wait for their results. */
interface Pending {
  readonly run: string | undefined
  /** Id in the transcript → id in the request. */
  readonly ids: ReadonlyMap<string, string>
  readonly results: Map<string, ToolResultBlock>
  /** What the entries with results said beside. */
  readonly beside: ContentBlock[]
  /** Entries that came in between: they stand after the results. */
  readonly deferred: TranscriptEntry[]
}

interface Assembly {
  addUser(blocks: readonly ContentBlock[]): void
  take(entry: TranscriptEntry): void
  /** Takes a line as text: no call of it waits for a result. */
  takePlain(entry: TranscriptEntry): void
  messages(): ModelMessage[]
}

function createAssembly(
  trace: Trace | undefined,
  start: { messages: ModelMessage[]; used: Set<string> } = { messages: [], used: new Set() },
): Assembly {
  const { messages, used } = start
  let pending: Pending | null = null

  function add(role: ModelMessage['role'], blocks: readonly ContentBlock[]): void {
    if (blocks.length === 0) return
    const before = messages.at(-1)
    if (before === undefined && role === 'assistant') messages.push({ role: 'user', content: OPENING })
    if (before?.role === role) messages[messages.length - 1] = { role, content: [...blocksOf(before), ...blocks] }
    else messages.push({ role, content: trace === undefined ? contentOf(blocks) : blocks })
  }

  const heard = (entry: TranscriptEntry): BlockListener | undefined =>
    trace && ((block, index) => trace(block, { entry: entry.id, block: index }))

  function take(entry: TranscriptEntry): void {
    if (pending !== null) takePending(pending, entry)
    else if (entry.role === 'user') add('user', withContext(entry, heard(entry)))
    else takeAssistant(entry)
  }

  function takeAssistant(entry: TranscriptEntry): void {
    const ids = new Map<string, string>()
    const places = new Map<ContentBlock, number>()
    const blocks = assistantBlocks(entry.content, trace && ((block, index) => places.set(block, index))).flatMap(
      (block): readonly ContentBlock[] => {
        const now = block.type === 'tool_use' ? named(block, ids) : block
        if (now !== null) heard(entry)?.(now, places.get(block) ?? 0)
        return now === null ? [] : [now]
      },
    )
    add('assistant', blocks)
    if (ids.size > 0) pending = { run: entry.run, ids, results: new Map(), beside: [], deferred: [] }
  }

  /** The call under an id of its own; null: a call of the same answer has the id. */
  function named(block: ToolUseBlock, ids: Map<string, string>): ToolUseBlock | null {
    if (ids.has(block.id)) return null
    const id = uniqueId(block.id, used)
    ids.set(block.id, id)
    return id === block.id ? block : { ...block, id }
  }

  function takePending(open: Pending, entry: TranscriptEntry): void {
    const answers = entry.role === 'user' ? resultsIn(entry.content).filter(({ tool_use_id }) => isOpen(open, tool_use_id)) : []
    for (const result of answers) {
      const id = open.ids.get(result.tool_use_id)
      if (id === undefined || open.results.has(id)) continue
      const block = resultBlock(id, result)
      open.results.set(id, block)
      heard(entry)?.(block, typeof entry.content === 'string' ? 0 : entry.content.indexOf(result))
    }
    if (answers.length > 0) {
      open.beside.push(...userBlocks(entry.content, heard(entry)))
      if (open.results.size === open.ids.size) settle(open)
      return
    }
    // A model was called again after this: what was missing then is missing for good.
    const movedOn =
      entry.role === 'assistant' && (entry.usage !== undefined || (entry.run !== undefined && entry.run === open.run))
    if (!movedOn) {
      open.deferred.push(entry)
      return
    }
    settle(open)
    take(entry)
  }

  function settle(open: Pending): void {
    pending = null
    add('user', [...[...open.ids.values()].map((id) => open.results.get(id) ?? missingResult(id)), ...open.beside])
    for (const entry of open.deferred) take(entry)
  }

  return {
    addUser: (blocks) => add('user', blocks),
    take,
    takePlain: (entry) => add(entry.role === 'user' ? 'user' : 'assistant', plainBlocks(entry, heard(entry))),
    messages() {
      if (pending === null) return messages.slice()
      // Not settled for good: results may still come, so it is settled on a copy.
      const copy = createAssembly(trace, { messages: messages.slice(), used: new Set(used) })
      const { ids, results, beside, deferred } = pending
      copy.addUser([...[...ids.values()].map((id) => results.get(id) ?? missingResult(id)), ...beside])
      for (const entry of deferred) copy.take(entry)
      return copy.messages()
    },
  }
}

const isOpen = (open: Pending, id: string): boolean => {
  const name = open.ids.get(id)
  return name !== undefined && !open.results.has(name)
}

function uniqueId(id: string, used: Set<string>): string {
  const plain = id.replace(/[^a-zA-Z0-9_-]/g, '_') || 'call'
  let name = plain
  for (let n = 2; used.has(name); n++) name = `${plain}_${n}`
  used.add(name)
  return name
}

const blocksOf = ({ content }: ModelMessage): readonly ContentBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content

const contentOf = (blocks: readonly ContentBlock[]): ModelMessage['content'] => {
  const [only] = blocks
  return blocks.length === 1 && only?.type === 'text' ? only.text : blocks
}
