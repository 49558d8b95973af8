// Calls of one kind to a service through its client. The client knows how a request is addressed and signed, what may be tried
// again and what an error means; but to have it write the same head again for every call takes longer than all the rest of one.
// So the head of the first request is kept and sent again with the next bodies, and what fails goes back to the client, which
// sees it as its own first try.

import type { StopSignal } from '../stop.ts'
import { faultInBody, type ServiceFault } from './answer-body.ts'
import { createHttpFetch, type HttpFetch, headOf, type RequestHead, type TextResponse } from './http-fetch.ts'
import { retryAfterOf } from './service.ts'

/** A service that says to wait longer is not waited for: the caller may know another. */
const LONGEST_WAIT_MS = 60_000

/** How a call finds its way back from the client, which passes on what it does not know. */
const CALL = Symbol('call')
interface Call {
  /** What the client's first fetch comes to. */
  failed?: TextResponse | Error
  readonly isFirst: boolean
}
interface Options extends RequestInit {
  readonly [CALL]?: Call
}
/** To be passed on unseen. */
export type PassedOn = Record<never, never>

export interface ClientCalls {
  /** What the client must fetch with. */
  readonly fetch: typeof globalThis.fetch
  /**
   * Sends a body. `ask` has the client send the same, passing on the options it is given as `fetchOptions`; it rejects with the
   * client's errors, and so does this.
   */
  post(body: string, signal: StopSignal, ask: (options: PassedOn) => Promise<unknown>): Promise<TextResponse>
  close(): void
}

export function createClientCalls(): ClientCalls {
  const http = createHttpFetch()
  let head: RequestHead | undefined

  const fetch: HttpFetch['fetch'] = async (input, init: Options = {}) => {
    const call = init[CALL]
    const failed = call?.failed
    if (call !== undefined) delete call.failed
    if (failed instanceof Error) throw failed
    if (call?.isFirst === true) head ??= headOf(input, init)
    return readable(impatient(failed ?? (await http.fetch(input, init))))
  }

  return {
    // The clients look at no more of a Response than this one has, as long as nobody asks them for the parsed answer.
    fetch: fetch as unknown as typeof globalThis.fetch,
    async post(body, signal, ask) {
      const through = async (call: Call): Promise<TextResponse> => {
        const passedOn: Options = { [CALL]: call }
        return (await ask(passedOn)) as TextResponse
      }
      if (head === undefined) return await through({ isFirst: true })
      let failed: TextResponse | Error
      try {
        failed = await http.send(head, body, signal)
        if (failed.ok) return failed
      } catch (error) {
        failed = error instanceof Error ? error : new Error(String(error))
      }
      return await through({ isFirst: false, failed })
    },
    close: () => http.close(),
  }
}

/** Keeps a client from waiting long for a busy service, by the header that the clients obey. */
function impatient(response: TextResponse): TextResponse {
  if (!response.ok && (retryAfterOf(response.headers) ?? 0) > LONGEST_WAIT_MS) response.headers.set('x-should-retry', 'false')
  return response
}

/** A failure in the one shape that both clients read; they know of no other and say "no body". */
function readable(response: TextResponse): TextResponse {
  if (response.ok) return response
  const { body, url, status, statusText, ok, headers } = response
  return {
    body,
    url,
    status,
    statusText,
    ok,
    headers,
    text: async () => JSON.stringify({ type: 'error', error: faultOf(status, await response.text()) }),
    read: (onText) => response.read(onText),
    stop: () => response.stop(),
  }
}

function faultOf(status: number, body: string): ServiceFault {
  const fault = faultInBody(body)
  return fault.message === '' ? { ...fault, message: `status ${status} without a body` } : fault
}
