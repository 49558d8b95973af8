// The body of an answer in, the data of its events out, one by one as they come. Services that were asked for a stream
// send one most times: whole JSON, JSON lines and errors in any shape are read too.

import { createParser } from 'eventsource-parser'
import { NoService } from './failure-kind.ts'
import type { TextResponse } from './http-fetch.ts'
import { faultError, faultIn } from './service-fault.ts'

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
