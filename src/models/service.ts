// What calls to every network service have in common: a deadline, aborts, a second try when a stream is cut, and one
// language of errors. A call that may throw anything goes in; a result or a ModelError comes out.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { Stop, type StopSignal } from '../stop.ts'
import { shortened } from '../text-cut.ts'
import { type Failure, failureKind, windowIn } from './failure-kind.ts'
import { ModelError, type ModelErrorKind } from './port.ts'

/** Beyond this a plain timer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface ServiceCall<T> {
  readonly spec: ProviderSpec
  readonly clock: Clock
  readonly random: Random
  readonly signal: StopSignal
  readonly onRestart: (() => void) | undefined
  /** One try. Calls `began` as soon as an answer starts to arrive: from there on the client no longer retries by itself. */
  readonly attempt: (signal: StopSignal, began: () => void) => Promise<T>
}

/** @throws ModelError. `timeoutMs` bounds the whole of it, retries included; `maxRetries` bounds new tries after a cut. */
export async function callService<T>(call: ServiceCall<T>): Promise<T> {
  const { spec, clock, signal } = call
  if (signal.aborted) throw new ModelError('aborted', 'The call was stopped.')
  const own = new Stop()
  let timedOut = false
  const stop = (): void => own.abort()
  signal.addEventListener('abort', stop, { once: true })
  const cancelDeadline = clock.after(spec.timeoutMs, () => {
    timedOut = true
    own.abort()
  })
  try {
    for (let tries = 0; ; tries++) {
      let began = false
      try {
        return await call.attempt(own, () => {
          began = true
        })
      } catch (error) {
        if (signal.aborted) throw new ModelError('aborted', 'The call was stopped.', { cause: error })
        if (timedOut) throw new ModelError('timeout', `${spec.id} did not finish within ${spec.timeoutMs} ms.`, { cause: error })
        const failure = toModelError(error, spec)
        if (!began || tries >= spec.maxRetries || !isPassing(failure.kind)) throw failure
        await pause(clock, Math.min(8000, 500 * 2 ** tries) * (1 - call.random.number() * 0.25), own)
        if (signal.aborted) throw new ModelError('aborted', 'The call was stopped.')
        if (timedOut) throw failure
        call.onRestart?.()
      }
    }
  } finally {
    cancelDeadline()
    signal.removeEventListener('abort', stop)
  }
}

/** Kinds of failure that may pass by themselves. */
const isPassing = (kind: ModelErrorKind): boolean =>
  kind === 'rate_limit' || kind === 'overloaded' || kind === 'server' || kind === 'network' || kind === 'timeout'

function toModelError(error: unknown, spec: ProviderSpec): ModelError {
  if (error instanceof ModelError) return error
  const failure: Failure = error instanceof Error ? error : new Error(String(error))
  const kind = failureKind(failure)
  const retryAfterMs = retryAfterOf(failure.headers)
  const reason = failure.cause instanceof Error && failure.status === undefined ? ` (${failure.cause.message})` : ''
  const hint = kind === 'no_service' ? ` There is no model service under this address: see models.${spec.id}.baseURL.` : ''
  return new ModelError(kind, scrub(`${spec.id}: ${failure.message}${reason}${hint}`, spec), {
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    window: kind === 'context' ? windowIn(failure.message) : undefined,
    cause: error,
  })
}

/** Milliseconds that a service asks to be left alone for. */
export function retryAfterOf(headers: Headers | undefined): number | undefined {
  const value = headers?.get('retry-after-ms') ?? null
  if (value !== null && Number.isFinite(Number(value))) return Number(value)
  const seconds = headers?.get('retry-after') ?? null
  if (seconds === null) return undefined
  if (Number.isFinite(Number(seconds))) return Number(seconds) * 1000
  const at = Date.parse(seconds)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

/** Services repeat parts of keys in their errors; logs must not. */
function scrub(text: string, spec: ProviderSpec): string {
  let clean = text.replace(/\bsk-[\w*-]{6,}/g, '***')
  for (const secret of [spec.apiKey, ...Object.values(spec.headers)]) {
    const value = secret?.reveal() ?? ''
    if (value.length >= 6) clean = clean.replaceAll(value, '***')
  }
  return shortened(clean, 1000)
}

function pause(clock: Clock, ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}
