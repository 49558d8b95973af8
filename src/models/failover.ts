// The way from an agent's models to one that answers: model, fallbacks and offline in, a result out. Keeps the providers
// between plans, and remembers which failed lately.

import { messageOf } from '../errors.ts'
import { type AgentPlan, EFFORTS, type Effort, type ModelRef, type Plan, type Price, type ProviderSpec } from '../plan/plan.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import { type KnownModel, knownModel } from './known-models.ts'
import {
  ModelError,
  type ModelErrorKind,
  type ModelProvider,
  type ModelRequest,
  type ModelResult,
  type ProviderDefinition,
} from './port.ts'
import { priceFor } from './prices.ts'

export type AgentModels = Pick<AgentPlan, 'model' | 'fallbacks' | 'offline'>

export interface RoutedResult extends ModelResult {
  /** Who answered, for prices and the transcript. */
  readonly ref: ModelRef
  /** What the answer costs where it came from. */
  readonly price: Price | undefined
  /** The agent's own model did not answer: another did. */
  readonly instead: boolean
}

/** `closed`: in use. `open`: rests until `until` after failures. `half-open`: the next call tries it. */
export interface ModelState {
  readonly provider: string
  readonly model: string
  readonly state: 'closed' | 'open' | 'half-open'
  readonly failures: number
  readonly until?: number
  readonly lastError?: { readonly kind: ModelErrorKind; readonly message: string; readonly at: number }
}

export interface ModelRouter {
  /** Takes the providers of a new plan; one with the same fingerprint stays as it is, others close after their last call. */
  apply(models: Plan['models']): void
  /** @throws ModelError. `onRestart` says that all text so far is void: a retry, or another model, begins. */
  call(models: AgentModels, request: Omit<ModelRequest, 'model'>, on?: CallListeners): Promise<RoutedResult>
  /** Whether a key is set (or none is needed). */
  hasCredentials(ref: ModelRef): Promise<boolean>
  /** Loads what the plan's providers need, so that the first turn need not wait for it. Must not throw. */
  warm(ids: readonly string[]): Promise<void>
  /** Models that have been called, with how they fare. */
  state(): readonly ModelState[]
  close(): Promise<void>
}

export interface CallListeners {
  readonly onText?: (text: string) => void
  readonly onRestart?: () => void
  /** A model failed and the next one is tried. */
  readonly onFallback?: (from: ModelRef, to: ModelRef, error: ModelError) => void
}

export interface ModelRouterOptions {
  readonly models: Plan['models']
  /** The kinds of service there are now. */
  providers(): readonly ProviderDefinition[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** How long a model rests after its first failure; each failure after a rest doubles it. */
const FIRST_REST_MS: Readonly<Partial<Record<ModelErrorKind, number>>> = {
  credentials: 60_000,
  no_model: 60_000,
  no_service: 60_000,
  rate_limit: 5_000,
  overloaded: 2_000,
  server: 2_000,
  network: 2_000,
  timeout: 5_000,
}
const LONGEST_REST_MS = 60_000
/** A service may ask for more, of which so much is believed. */
const LONGEST_NAMED_REST_MS = 24 * 3_600_000

interface Entry {
  readonly spec: ProviderSpec
  readonly provider: Promise<ModelProvider>
  calls: number
  retired: boolean
}
interface Health {
  /** Looked up once. */
  readonly known: KnownModel | undefined
  readonly price: Price | undefined
  /** Rests it took in a row. */
  failures: number
  /** When its last rest began and ends, by the clock that never jumps. */
  restBegan: number
  restEnds: number
  trying: boolean
  lastError?: NonNullable<ModelState['lastError']>
}

export function createModelRouter(options: ModelRouterOptions): ModelRouter {
  const { clock, log } = options
  const health = new Map<string, Health>()
  const open = new Map<string, Entry>()
  const closing = new Set<Promise<void>>()
  let specs = options.models

  function entryOf(id: string): Entry {
    const spec = specs.get(id)
    if (spec === undefined) throw new ModelError('invalid', `There is no model provider named ${id}.`)
    const known = open.get(id)
    if (known !== undefined) return known
    const definition = options.providers().find((candidate) => candidate.type === spec.provider)
    if (definition === undefined) throw new ModelError('invalid', `There is no kind of model service named ${spec.provider}.`)
    const provider = definition.load().then((create) => create(spec, options))
    provider.catch(() => {
      if (open.get(id)?.provider === provider) open.delete(id) // a failed load is tried again
    })
    const entry: Entry = { spec, provider, calls: 0, retired: false }
    open.set(id, entry)
    return entry
  }

  function closeWhenIdle(entry: Entry): void {
    if (!entry.retired || entry.calls > 0) return
    const done = entry.provider
      .then((provider) => provider.close())
      .catch((error: unknown) =>
        log.warn({ provider: entry.spec.id, error: messageOf(error) }, 'A model provider did not close well'),
      )
      .finally(() => closing.delete(done))
    closing.add(done)
  }

  function retire(id: string): void {
    const entry = open.get(id)
    if (entry === undefined) return
    open.delete(id)
    for (const key of health.keys()) if (key.startsWith(`${id}/`)) health.delete(key)
    entry.retired = true
    closeWhenIdle(entry)
  }

  async function callOne(
    ref: ModelRef,
    request: Omit<ModelRequest, 'model'>,
    onText: (text: string) => void,
    onRestart: (() => void) | undefined,
    hasOther: boolean,
  ): Promise<ModelResult & Pick<RoutedResult, 'price'>> {
    const entry = entryOf(ref.provider)
    const key = keyOf(ref)
    const state = health.get(key) ?? healthOf(entry.spec, ref)
    health.set(key, state)
    entry.calls++
    state.trying = true
    const began = clock.elapsed()
    try {
      const provider = await entry.provider
      const result = await provider.call(fitted({ model: ref.model, hasOther, ...request }, state.known), onText, onRestart)
      state.failures = 0
      state.restEnds = 0
      delete state.lastError
      return { price: state.price, ...result }
    } catch (thrown) {
      const error = thrown instanceof ModelError ? thrown : new ModelError('invalid', messageOf(thrown), { cause: thrown })
      error.model ??= key
      error.replacement ??= state.known?.replacement
      note(state, error, began)
      throw error
    } finally {
      state.trying = false
      entry.calls--
      closeWhenIdle(entry)
    }
  }

  function note(state: Health, error: ModelError, began: number): void {
    const rest = FIRST_REST_MS[error.kind]
    if (rest === undefined) return // the request was at fault, not the service
    const now = clock.elapsed()
    // Many calls fail in one storm. Those that began before the rest tell nothing new.
    const isNews = state.failures === 0 || began > state.restBegan
    if (isNews) {
      state.failures++
      state.restBegan = now
      state.restEnds = now + Math.min(rest * 2 ** Math.min(state.failures - 1, 10), LONGEST_REST_MS)
    }
    state.restEnds = Math.max(state.restEnds, now + Math.min(error.retryAfterMs ?? 0, LONGEST_NAMED_REST_MS))
    state.lastError = { kind: error.kind, message: error.message, at: clock.now() }
  }

  /** Models that rest go to the end, the one that rests shortest first: when all are down, one is still tried. */
  function inOrder(refs: readonly ModelRef[]): readonly ModelRef[] {
    const now = clock.elapsed()
    const rests = (ref: ModelRef): number => {
      const state = health.get(keyOf(ref))
      if (state === undefined || state.failures === 0) return 0
      // One call at a time tries a model that has rested.
      return state.restEnds > now ? state.restEnds : state.trying && refs.length > 1 ? now + 1 : 0
    }
    const awake = refs.filter((ref) => rests(ref) === 0)
    const resting = refs.filter((ref) => rests(ref) > 0).sort((a, b) => rests(a) - rests(b))
    return [...awake, ...resting]
  }

  async function hasCredentials(ref: ModelRef): Promise<boolean> {
    return (await entryOf(ref.provider).provider).hasCredentials()
  }

  async function candidates(models: AgentModels): Promise<readonly ModelRef[]> {
    if (models.offline !== undefined && !(await hasCredentials(models.model))) return [models.offline]
    const all = [models.model, ...models.fallbacks]
    if (all.length === 1) return all
    const usable: ModelRef[] = []
    for (const ref of all) if (await hasCredentials(ref)) usable.push(ref)
    // Without any key the agent's own model says best what is missing.
    return usable.length === 0 ? [models.model] : inOrder(unique(usable))
  }

  return {
    apply(models) {
      for (const [id, entry] of [...open]) if (models.get(id)?.fingerprint !== entry.spec.fingerprint) retire(id)
      specs = models
    },
    async call(models, request, on = {}) {
      const refs = await candidates(models)
      let spoke = false
      const onText = (text: string): void => {
        spoke = true
        on.onText?.(text)
      }
      for (const [i, ref] of refs.entries()) {
        try {
          const result = await callOne(ref, request, onText, on.onRestart, i + 1 < refs.length)
          return { ref, instead: keyOf(ref) !== keyOf(models.model), ...result }
        } catch (error) {
          const next = refs[i + 1]
          if (!(error instanceof ModelError) || next === undefined || !mayFallBack(error) || request.signal.aborted) throw error
          log.warn(
            { model: keyOf(ref), next: keyOf(next), kind: error.kind, error: error.message },
            'A model failed; the next is tried',
          )
          on.onFallback?.(ref, next, error)
          if (spoke) on.onRestart?.()
          spoke = false
        }
      }
      throw new ModelError('invalid', 'The agent has no model.')
    },
    hasCredentials,
    async warm(ids) {
      await Promise.allSettled(ids.filter((id) => specs.has(id)).map(async (id) => (await entryOf(id).provider).warm?.()))
    },
    state() {
      const now = clock.elapsed()
      return [...health].map(([key, { failures, restEnds, lastError }]) => {
        const slash = key.indexOf('/')
        return {
          provider: key.slice(0, slash),
          model: key.slice(slash + 1),
          state: failures === 0 ? 'closed' : restEnds > now ? 'open' : 'half-open',
          failures,
          ...(failures > 0 && restEnds > now ? { until: Math.round(clock.now() + restEnds - now) } : {}),
          ...(lastError === undefined ? {} : { lastError }),
        }
      })
    },
    async close() {
      for (const id of [...open.keys()]) retire(id)
      await Promise.all(closing)
    },
  }
}

const healthOf = (spec: ProviderSpec, { model }: ModelRef): Health => ({
  known: knownModel(spec.provider, model),
  price: priceFor(spec, model),
  failures: 0,
  restBegan: Number.NEGATIVE_INFINITY,
  restEnds: 0,
  trying: false,
})

/** A service refuses an answer longer, or an effort higher, than the model has. The same object where nothing has to change. */
function fitted(request: ModelRequest, known: KnownModel | undefined): ModelRequest {
  if (known === undefined) return request
  const maxTokens = Math.min(request.maxTokens, known.maxOutput ?? request.maxTokens)
  const effort = request.effort && nearestEffort(request.effort, known.efforts)
  return maxTokens === request.maxTokens && effort === request.effort ? request : { ...request, maxTokens, effort }
}

/** The level itself or the next one below; undefined: the model knows none. */
function nearestEffort(effort: Effort, offered: readonly Effort[] = EFFORTS): Effort | undefined {
  const upTo = EFFORTS.slice(0, EFFORTS.indexOf(effort) + 1)
  return upTo.findLast((level) => offered.includes(level)) ?? offered[0]
}

const keyOf = (ref: ModelRef): string => `${ref.provider}/${ref.model}`

/** Another model can't help where the request itself is at fault. A key that is refused, or a model that was retired, counts as an outage. */
const mayFallBack = (error: ModelError): boolean =>
  error.kind !== 'invalid' && error.kind !== 'context' && error.kind !== 'aborted'

function unique(refs: readonly ModelRef[]): readonly ModelRef[] {
  const seen = new Set<string>()
  return refs.filter((ref) => !seen.has(keyOf(ref)) && seen.add(keyOf(ref)))
}
