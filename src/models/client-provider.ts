// What model services with an official client have in common: the client loads on the first call and is kept, a key of `none`
// means that none is sent, a call without credentials is not made, and every try runs as `service.ts` has it.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { Stop, type StopSignal } from '../stop.ts'
import { type ClientCalls, createClientCalls } from './client-calls.ts'
import { fitMedia } from './media-fit.ts'
import type { MediaLimits } from './media-limits.ts'
import {
  ModelError,
  type ModelProvider,
  type ModelRequest,
  type ModelResult,
  type OfferedModel,
  type Refusal,
  type RequestPlace,
} from './port.ts'
import { refusalIn, type WirePlace } from './refusal.ts'
import { callService, LONGEST_TIMER_MS } from './service.ts'
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
    calls: ClientCalls,
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
      const { request: sent, leftOut } = await fitMedia(request, kind.limits)
      const attempt = kind.prepare(client, sent, calls, { onText, onRestart })
      try {
        const result = await callService({ spec, ...world, signal: request.signal, onRestart, attempt })
        const named = withOwnNames(result, request.tools)
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
