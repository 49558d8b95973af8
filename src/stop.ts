// Ending work before its time: what AbortController is for, without its price. Node gives each AbortSignal a shape of its own,
// so V8 learns nothing from one for the next, and keeps every shape until a full collection. A turn needs several and hardly
// ever ends before its time; the real thing is made for those who ask for it.

/** What most look at of an AbortSignal; a real one is one, too. */
export interface StopSignal extends Pick<AbortSignal, 'aborted' | 'reason' | 'throwIfAborted'> {
  /** Called once, when it aborts; never, when it has aborted already. Must not throw. */
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** A controller and its signal in one. */
export class Stop implements StopSignal {
  aborted = false
  reason: unknown
  #listeners: (() => void)[] = []
  #real: AbortController | undefined

  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
    this.#real?.abort(reason)
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (!this.aborted && !this.#listeners.includes(listener)) this.#listeners.push(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener)
  }

  get real(): AbortSignal {
    if (this.#real === undefined) {
      this.#real = new AbortController()
      if (this.aborted) this.#real.abort(this.reason)
    }
    return this.#real.signal
  }
}

/** For Node and for libraries, which want the real thing. */
export const abortSignal = (signal: StopSignal): AbortSignal => (signal instanceof Stop ? signal.real : (signal as AbortSignal))
