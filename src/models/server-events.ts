// The body of a streamed answer in, the data of its events out, one by one as they come.

import { createParser } from 'eventsource-parser'
import type { TextResponse } from './http-fetch.ts'

/** Rejects when the body is cut short, when data is no JSON, and with what `onData` throws. `[DONE]` is no data. */
export async function readEvents<T>(response: TextResponse, onData: (data: T) => void): Promise<void> {
  const parser = createParser({
    onEvent({ data }) {
      if (data !== '' && !data.startsWith('[DONE]')) onData(JSON.parse(data) as T)
    },
  })
  await response.read((text) => parser.feed(text))
  // The last event of some servers has no empty line behind it.
  parser.feed('\n\n')
}

/** An error that a service sends inside its stream, in the form of its client's errors. */
export function streamError(
  error: { readonly type?: string; readonly code?: string; readonly message?: string } | undefined,
): Error {
  const message = error?.message ?? 'The service reported an error inside its answer.'
  return Object.assign(new Error(message), { type: error?.type, code: error?.code })
}
