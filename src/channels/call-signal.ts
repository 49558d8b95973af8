// One call to a platform under a signal of its own. What outlives a call (a channel's or the outbox's signal) must not be
// handed to clients: some leave a listener on it for good, and so does AbortSignal.any in Node 20.

import { setMaxListeners } from 'node:events'

/** The call is ended when `from` aborts, or after `ms`. */
export async function withCallSignal<T>(
  from: AbortSignal | undefined,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  const end = (): void => own.abort(from?.reason)
  if (from?.aborted === true) end()
  else if (from !== undefined) {
    // Many calls at once are no leak.
    setMaxListeners(0, from)
    from.addEventListener('abort', end, { once: true })
  }
  const timer = setTimeout(() => own.abort(new DOMException('The call took too long.', 'TimeoutError')), ms)
  timer.unref()
  try {
    return await call(own.signal)
  } finally {
    clearTimeout(timer)
    from?.removeEventListener('abort', end)
  }
}
