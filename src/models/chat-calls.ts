// Pieces of tool calls in, as services stream them, whole calls out. Most send an index with each piece; others send whole
// calls under one index or none, ids that are empty or come twice, and arguments as a map.

import { parseInput } from './anthropic-stream.ts'
import type { ToolUseBlock } from './port.ts'

/** A piece as it comes; nothing in it can be relied on. */
export interface CallPiece {
  readonly index?: number | string | null
  readonly id?: string | null
  readonly type?: string
  readonly function?: {
    readonly name?: string | null
    readonly arguments?: string | object | null
    readonly [key: string]: unknown
  } | null
  readonly [key: string]: unknown
}

interface OpenCall {
  readonly index: number | undefined
  id: string
  name: string
  input: string | object
  fields: Record<string, unknown>
}

/** What is known of a piece; all else beside it belongs to the service, and goes back to it with the call. */
const KNOWN: ReadonlySet<string> = new Set(['index', 'id', 'type', 'function'])
const KNOWN_INSIDE: ReadonlySet<string> = new Set(['name', 'arguments'])

export interface ChatCalls {
  take(piece: CallPiece): void
  readonly count: number
  /** Whether the arguments of all calls are whole. */
  areWhole(): boolean
  /** `from`: the service and model that made them. */
  blocks(from: string): readonly ToolUseBlock[]
}

export function createChatCalls(): ChatCalls {
  const calls: OpenCall[] = []

  function take(piece: CallPiece): void {
    const index = numberOf(piece.index)
    const id = piece.id ?? ''
    const name = piece.function?.name ?? ''
    const input = piece.function?.arguments ?? ''
    const open = openCall(index, id)
    if (open === undefined || isAnother(open, { id, name, input })) {
      calls.push({ index, id, name, input, fields: fieldsOf(piece) })
      return
    }
    open.id ||= id
    open.name ||= name
    open.input = joined(open.input, input)
    Object.assign(open.fields, fieldsOf(piece))
  }

  /** The call that a piece may belong to: the last under its index, else under its id, else the last of all. */
  function openCall(index: number | undefined, id: string): OpenCall | undefined {
    if (index !== undefined) return calls.findLast((call) => call.index === index)
    if (id !== '') return calls.findLast((call) => call.id === id)
    return calls.at(-1)
  }

  return {
    take,
    get count() {
      return calls.length
    },
    areWhole: () => calls.every(({ input }) => isWhole(input) || input === ''),
    blocks(from) {
      const whole = calls.filter(({ name, input }) => name !== '' || input !== '')
      return whole.map(({ id, name, input, fields }) => {
        const isBare = Object.keys(fields).length === 0
        return { type: 'tool_use', id, name, input: inputOf(input), from, ...(isBare ? {} : { fields }) }
      })
    },
  }
}

/** Whether a piece begins a call of its own: it has another id, or it begins again after arguments that are whole. */
function isAnother(open: OpenCall, { id, name, input }: Pick<OpenCall, 'id' | 'name' | 'input'>): boolean {
  if (name === '') return false
  if (id !== '' && open.id !== '' && id !== open.id) {
    // Some servers make up an id for every piece.
    const goesOn = name === open.name && open.input !== '' && !isWhole(open.input) && !begins(input)
    return !goesOn
  }
  if (!isWhole(open.input) || isPlaceholder(open.input)) return false
  return name !== open.name || (begins(input) && !isSame(input, open.input))
}

const begins = (input: string | object): boolean => (typeof input === 'string' ? /^\s*\{/.test(input) : !isPlaceholder(input))

const isSame = (a: string | object, b: string | object): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** Pieces of an input are many, and it may be long: nothing that is asked at each of them may look through it all. */
const LONGEST_PLACEHOLDER = 16

const isPlaceholder = (input: string | object): boolean =>
  typeof input === 'string'
    ? input.length <= LONGEST_PLACEHOLDER && /^\s*(?:\{\s*\}|null|"")\s*$/.test(input)
    : Object.keys(input).length === 0

function isWhole(input: string | object): boolean {
  if (typeof input !== 'string') return true
  try {
    JSON.parse(input)
    return true
  } catch {
    return false
  }
}

/** A map comes whole, so the last one counts; so does what follows a placeholder, or repeats what is there. */
function joined(before: string | object, more: string | object): string | object {
  if (typeof more !== 'string') return isPlaceholder(more) && before !== '' ? before : more
  if (typeof before !== 'string') return more === '' || isPlaceholder(more) ? before : more
  if (more === '' || before === '') return before + more
  if (isPlaceholder(before)) return more
  return (more === before || isPlaceholder(more)) && isWhole(before) ? before : before + more
}

function inputOf(input: string | object): unknown {
  if (typeof input !== 'string') return input
  if (input.trim() === '') return {}
  const value = parseInput(input)
  if (value === null || value === '') return {}
  // Some servers encode the arguments twice.
  return typeof value === 'string' && value !== input ? parseInput(value) : value
}

function fieldsOf(piece: CallPiece): Record<string, unknown> {
  const beside = Object.entries(piece).filter(([key, value]) => !KNOWN.has(key) && isSaid(value))
  const inside = Object.entries(piece.function ?? {}).filter(([key, value]) => !KNOWN_INSIDE.has(key) && isSaid(value))
  return inside.length === 0
    ? Object.fromEntries(beside)
    : Object.fromEntries([...beside, ['function', Object.fromEntries(inside)]])
}

const isSaid = (value: unknown): boolean => value !== null && value !== undefined

function numberOf(index: CallPiece['index']): number | undefined {
  if (index === undefined || index === null || index === '') return undefined
  const value = Number(index)
  return Number.isFinite(value) ? value : undefined
}
