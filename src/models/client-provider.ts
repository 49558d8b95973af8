// What model services with an official client have in common: the client loads on the first call and is kept, a key of `none`
// means that none is sent, a call without credentials is not made, and every try runs as `service.ts` has it.
//
// Calls of one kind go through the client. It knows how a request is addressed and signed, what may be tried
// again and what an error means; but to have it write the same head again for every call takes longer than all the rest of one.
// So the head of the first request is kept and sent again with the next bodies, and what fails goes back to the client, which
// sees it as its own first try.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { Stop, type StopSignal } from '../stop.ts'
import { faultInBody, type ServiceFault } from './answer-body.ts'
import { createHttpFetch, type HttpFetch, headOf, type RequestHead, type TextResponse } from './http-fetch.ts'
import { type Fitted, fitMedia } from './media-fit.ts'
import type { MediaLimits } from './media-limits.ts'
import {
  ModelError,
  type ModelMessage,
  type ModelProvider,
  type ModelRequest,
  type ModelResult,
  type OfferedModel,
  type Refusal,
  type RequestPlace,
} from './port.ts'
import { refusalIn, type WirePlace } from './refusal.ts'
import { callService, LONGEST_TIMER_MS, retryAfterOf } from './service.ts'
import { withOwnNames } from './tool-names.ts'

/** What every client is made with. */
export interface ClientSettings {
  readonly apiKey: string
  /** No key is sent at all. */
  readonly keyless: boolean
  /** As configured, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly options: {
    readonly maxRetries: number
    readonly timeout: number
    readonly fetch: ClientCalls['fetch']
    readonly logLevel: 'off'
  }
}

/** Who hears of an answer while it comes. */
export interface AnswerListeners {
  readonly onText: ((text: string) => void) | undefined
  /** All text so far is void. */
  readonly onRestart: (() => void) | undefined
}

export interface ClientKind<Client> {
  readonly limits: MediaLimits
  /** Where a place that the service names is in the request's messages. */
  locate(request: ModelRequest, place: WirePlace): RequestPlace | null
  /** Headers that are a credential by themselves. */
  readonly keyHeaders: readonly string[]
  /** The environment variable that holds the key. */
  readonly keyVariable: string
  load(settings: ClientSettings): Promise<Client>
  /** What the service offers, all pages of it. */
  list(client: Client, signal: StopSignal): Promise<readonly OfferedModel[]>
  /** One request as something that can be tried several times. `began` is told as soon as an answer starts to arrive. */
  prepare(
    client: Client,
    request: ModelRequest,
    calls: Pick<ClientCalls, 'post'>,
    listeners: AnswerListeners,
  ): (signal: StopSignal, began: () => void) => Promise<ModelResult>
}

export function createClientProvider<Client>(
  spec: ProviderSpec,
  world: { clock: Clock; random: Random },
  kind: ClientKind<Client>,
): ModelProvider {
  const key = spec.apiKey?.reveal() ?? ''
  const headers = Object.fromEntries(Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()]))
  const hasCredentials = key !== '' || kind.keyHeaders.some((name) => (headers[name] ?? '') !== '')
  const keyless = key === 'none' || key === ''
  const calls = createClientCalls()
  let client: Promise<Client> | undefined

  const load = (): Promise<Client> => {
    client ??= make().catch((error: unknown) => {
      // What could not be loaded now may be there at the next call.
      client = undefined
      throw error
    })
    return client
  }
  const make = (): Promise<Client> =>
    kind.load({
      apiKey: keyless ? 'none' : key,
      keyless,
      headers,
      options: {
        maxRetries: spec.maxRetries,
        timeout: Math.min(spec.timeoutMs, LONGEST_TIMER_MS),
        fetch: calls.fetch,
        logLevel: 'off',
      },
    })

  const needCredentials = (): void => {
    if (hasCredentials) return
    const message = `No key is set for ${spec.id}: set ${kind.keyVariable}, or apiKey in the configuration.`
    throw new ModelError('credentials', message)
  }

  return {
    hasCredentials: () => hasCredentials,
    async list() {
      needCredentials()
      const loaded = await load()
      const attempt = (signal: StopSignal): Promise<readonly OfferedModel[]> => kind.list(loaded, signal)
      return await callService({ spec, ...world, signal: new Stop(), onRestart: undefined, attempt })
    },
    async call(request, onText, onRestart) {
      needCredentials()
      const client = await load()
      const { request: sent, leftOut } = request.messages.some(mayHoldMedia)
        ? await fitMedia(request, kind.limits)
        : whole(request)
      const attempt = kind.prepare(client, sent, request.hasOther === true ? calls.hasty : calls, { onText, onRestart })
      try {
        const result = await callService({ spec, ...world, signal: request.signal, onRestart, attempt })
        const named = result.content.some(({ type }) => type === 'tool_use') ? withOwnNames(result, request.tools) : result
        return leftOut.length === 0 ? named : { ...named, leftOut }
      } catch (error) {
        if (error instanceof ModelError) error.refusal = refusalOf(error, sent, kind)
        throw error
      }
    },
    async warm() {
      await load()
      new Headers() // the first one costs 20 ms: node loads its own client for it
    },
    async close() {
      calls.close()
    },
  }
}

const mayHoldMedia = ({ content }: ModelMessage): boolean =>
  typeof content !== 'string' && content.some(({ type }) => type !== 'text')

const whole = (request: ModelRequest): Fitted => ({ request, leftOut: [] })

/** What a service said of the request, in the request's own places; undefined: the request was not at fault. */
function refusalOf(
  { kind, cause }: ModelError,
  request: ModelRequest,
  { locate }: Pick<ClientKind<never>, 'locate'>,
): Refusal | undefined {
  if ((kind !== 'invalid' && kind !== 'context') || !(cause instanceof Error)) return undefined
  const { about, places, tools } = refusalIn(cause)
  return {
    about,
    places: places.flatMap((place) => locate(request, place) ?? []),
    tools: tools.flatMap((index) => request.tools[index]?.name ?? []),
  }
}

/** A service that says to wait longer is not waited for. */
const LONGEST_WAIT_MS = 60_000
/** The same where there is another to ask. */
const LONGEST_HASTY_WAIT_MS = 3_000

/** How a call finds its way back from the client, which passes on what it does not know. */
const CALL = Symbol('call')
interface Call {
  /** What the client's first fetch comes to. */
  failed?: TextResponse | Error
  readonly isFirst: boolean
  readonly longestWaitMs: number
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
  /** For those who have another service to ask: a busy one is not waited for. */
  readonly hasty: Pick<ClientCalls, 'post'>
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
    return readable(impatient(failed ?? (await http.fetch(input, init)), call?.longestWaitMs ?? LONGEST_WAIT_MS))
  }

  const postWithin =
    (longestWaitMs: number): ClientCalls['post'] =>
    async (body, signal, ask) => {
      const through = async (call: Call): Promise<TextResponse> => {
        const passedOn: Options = { [CALL]: call }
        return (await ask(passedOn)) as TextResponse
      }
      if (head === undefined) return await through({ isFirst: true, longestWaitMs })
      let failed: TextResponse | Error
      try {
        failed = await http.send(head, body, signal)
        if (failed.ok) return failed
      } catch (error) {
        failed = error instanceof Error ? error : new Error(String(error))
      }
      return await through({ isFirst: false, longestWaitMs, failed })
    }

  return {
    // The clients look at no more of a Response than this one has, as long as nobody asks them for the parsed answer.
    fetch: fetch as unknown as typeof globalThis.fetch,
    post: postWithin(LONGEST_WAIT_MS),
    hasty: { post: postWithin(LONGEST_HASTY_WAIT_MS) },
    close: () => http.close(),
  }
}

/** Keeps a client from waiting long for a busy service, by the header that the clients obey. */
function impatient(response: TextResponse, longestWaitMs: number): TextResponse {
  if (!response.ok && (retryAfterOf(response.headers) ?? 0) > longestWaitMs) response.headers.set('x-should-retry', 'false')
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
