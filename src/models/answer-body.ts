// The body of an answer in, the data of its events out, one by one as they come, or the fault it tells of. Services that were
// asked for a stream send one most times: whole JSON, JSON lines and errors in any shape are read too.

import { createParser } from 'eventsource-parser'
import { shortened, wellFormed } from '../text-cut.ts'
import { NoService } from './failure-kind.ts'
import type { TextResponse } from './http-fetch.ts'

/** What reads the data of events. */
export interface DataReader<T> {
  take(data: T): void
  /** The service said that its stream ends here. */
  end(): void
  /** The answer is whole: only counts may still come. */
  isComplete(): boolean
  /** Nothing more comes. */
  isOver(): boolean
}

/** Once an answer is whole, this long is waited for its counts and for the end of the connection. */
const LINGER_MS = 2_000

/**
 * Rejects when the body is cut short, when data is no JSON, with the fault it tells of, and with what `take` throws; but not
 * once the answer is whole: what was paid for is kept.
 */
export async function readAnswer<T>(response: TextResponse, reader: DataReader<T>): Promise<void> {
  let form = 'unknown' as Form
  /** The body while its form is unknown, and all of a JSON body. */
  let held = ''
  let lingering: NodeJS.Timeout | undefined

  const take = (value: unknown): void => {
    const fault = faultIn(value)
    if (fault !== null) throw faultError(fault)
    reader.take(value as T)
  }
  const parser = createParser({
    onEvent({ data, event }) {
      if (data.startsWith('[DONE]')) reader.end()
      else if (isJson(data)) take(JSON.parse(data))
      // Some servers send words of their own between the data; only an error's words matter.
      else if (event === 'error') throw faultError({ message: data })
    },
    onError({ field, value, line }) {
      // llama.cpp writes `error: {…}`; proxies append the bare JSON of an error to a stream that has begun.
      const fault = faultIn(jsonOf((field === 'error' ? value : line) ?? ''))
      if (fault !== null) throw faultError(fault)
    },
  })
  const read = (text: string): boolean => {
    if (form === 'events') parser.feed(text)
    else {
      held += text
      if (form === 'unknown') form = formOf(held)
      if (form === 'events') parser.feed(held.replace(/^\uFEFF/, ''))
    }
    if (reader.isComplete()) lingering ??= setTimeout(() => response.stop(), LINGER_MS).unref()
    return reader.isOver()
  }

  try {
    await response.read(read)
    // The last event of some servers has no empty line behind it.
    if (form === 'events') parser.feed('\n\n')
    else if (form === 'json') for (const value of valuesIn(held)) take(value)
  } catch (error) {
    if (!reader.isComplete()) throw error
  } finally {
    clearTimeout(lingering)
  }
}

type Form = 'unknown' | 'events' | 'json'

function formOf(beginning: string): Form {
  const first = /[^\s\uFEFF]/.exec(beginning)?.[0]
  if (first === undefined) return 'unknown'
  if (first === '<') throw new NoService('It answered with a web page.')
  return isJson(first) ? 'json' : 'events'
}

const isJson = (text: string): boolean => /^[\s\uFEFF]*[{[]/.test(text)

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** One value, or one a line. A list that tells of an error stays one. */
function valuesIn(text: string): readonly unknown[] {
  const lines = text.replace(/^\uFEFF/, '').trim()
  try {
    const value: unknown = JSON.parse(lines)
    return Array.isArray(value) && faultIn(value) === null ? value : [value]
  } catch (error) {
    if (!lines.includes('\n')) throw error
    return lines.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as unknown]))
  }
}

export interface ServiceFault {
  readonly message: string
  readonly type?: string
  readonly code?: string
  /** The field of the request that is at fault, as the service writes it. */
  readonly param?: string
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Longer texts are pages or dumps; their beginning says enough. */
const LONGEST_TEXT = 600

/** The fault a value tells of, or null: it is something else, such as a piece of an answer. */
export function faultIn(value: unknown): ServiceFault | null {
  // Google's services answer with a list of one error.
  if (Array.isArray(value)) return firstOf(value, faultIn)
  if (!isFields(value)) return null
  const { error, detail, errors } = value
  if (typeof error === 'string' && error !== '') return { message: error, ...namesIn(value) }
  if (isFields(error)) return described(error)
  if (isAnswer(value)) return null
  // FastAPI and what is built on it (Mistral, vLLM): a text, or a list of places with what is wrong there.
  if (typeof detail === 'string' || Array.isArray(detail)) return detailed(detail)
  if (Array.isArray(errors)) return firstOf(errors, (one) => (isFields(one) ? described(one) : null))
  const isNamed = value['object'] === 'error' || value['type'] === 'error' || textOf(value) !== undefined
  return isNamed ? described(value) : null
}

/** The fault that the body of a failed answer tells of; a body that is no JSON is cut down to its words. */
export function faultInBody(body: string): ServiceFault {
  const value = parsed(body)
  return (value === undefined ? null : faultIn(value)) ?? { message: words(body) }
}

const isAnswer = (value: Fields): boolean => 'choices' in value || 'content' in value || 'delta' in value || 'usage' in value

function described(error: Fields): ServiceFault {
  const inner = isFields(error['message']) ? (faultIn(error['message']) ?? undefined) : undefined
  const text = inner?.message ?? textOf(error) ?? shortened(JSON.stringify(error), LONGEST_TEXT)
  // OpenRouter says only "Provider returned error" itself, and hands on what the provider said.
  const metadata = error['metadata']
  const raw = isFields(metadata) && typeof metadata['raw'] === 'string' ? faultInBody(metadata['raw']).message : ''
  return { message: raw === '' ? text : `${text}: ${raw}`, ...namesIn(error), ...inner }
}

function textOf(error: Fields): string | undefined {
  for (const key of ['message', 'Message', 'msg', 'error_msg', 'detail']) {
    const text = error[key]
    if (typeof text === 'string' && text !== '') return text
  }
  return undefined
}

function namesIn(error: Fields): Omit<ServiceFault, 'message'> {
  const name = (...keys: readonly string[]): string | undefined => {
    for (const key of keys) {
      const value = error[key]
      if (typeof value === 'string' && value !== '' && value !== 'error') return value
      if (typeof value === 'number') return String(value)
    }
    return undefined
  }
  const type = name('type', 'status', '__type')
  const code = name('code')
  const param = name('param')
  return {
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  }
}

function detailed(detail: string | readonly unknown[]): ServiceFault {
  if (typeof detail === 'string') return { message: detail }
  const [first] = detail
  if (!isFields(first)) return { message: shortened(JSON.stringify(detail), LONGEST_TEXT) }
  const place = Array.isArray(first['loc']) ? first['loc'].filter((part) => part !== 'body').join('.') : ''
  const message = textOf(first) ?? 'The request was refused.'
  return place === '' ? { message } : { message: `${place}: ${message}`, param: place }
}

function firstOf<T>(list: readonly unknown[], find: (one: unknown) => T | null): T | null {
  for (const one of list) {
    const found = find(one)
    if (found !== null) return found
  }
  return null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a page or a plain text says, in one line. */
function words(text: string): string {
  const plain = text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return shortened(wellFormed(plain), LONGEST_TEXT)
}

/** A fault as an error of the shape that the services' clients throw. */
export function faultError({ message, type, code, param }: ServiceFault): Error {
  return Object.assign(new Error(message), { type, code, param })
}
