// Replies on their way to a channel program: each counts as delivered once the other side has taken it, by an `ack` frame with its
// key, or, from programs that send none, by answering a ping that was sent behind it. What was not taken is tried again.

import { ChannelError } from '../channels/port.ts'
import type { Clock } from '../ports.ts'

export interface Acknowledgements {
  /** Resolves when the reply with this key was taken. `ping`: how the other side says so, where it sends no `ack`. */
  wait(key: string, by: 'ack' | 'ping'): Promise<void>
  /** An `ack` frame came. False: nothing waits for this key. */
  onAck(key: string): boolean
  /** The payload of a pong. */
  onPong(payload: Buffer): void
  /** The line is gone: all that was not taken may or may not have arrived. */
  onClose(): void
}

/** A program that lives and takes nothing: its reply is tried again. */
const ACK_MS = 60_000

export function createAcknowledgements(clock: Clock, sendPing: (payload: string) => void): Acknowledgements {
  const waiting = new Map<string, Waiting>()
  const pings = new Map<string, string>()
  let pinged = 0

  const settle = (key: string, error?: ChannelError): boolean => {
    const one = waiting.get(key)
    if (one === undefined) return false
    waiting.delete(key)
    one.stopWaiting()
    if (error === undefined) one.resolve()
    else one.reject(error)
    return true
  }

  return {
    wait(key, by) {
      settle(key, notTaken('it was sent again'))
      return new Promise((resolve, reject) => {
        const stopWaiting = clock.after(ACK_MS, () => settle(key, notTaken('it was not acknowledged in time')))
        waiting.set(key, { resolve, reject, stopWaiting })
        if (by === 'ack') return
        const payload = String(++pinged)
        pings.set(payload, key)
        sendPing(payload)
      })
    },
    onAck: (key) => settle(key),
    onPong(payload) {
      const key = pings.get(payload.toString())
      pings.delete(payload.toString())
      if (key !== undefined) settle(key)
    },
    onClose() {
      pings.clear()
      for (const key of [...waiting.keys()]) settle(key, notTaken('the line broke before it was acknowledged'))
    },
  }
}

interface Waiting {
  resolve(): void
  reject(error: ChannelError): void
  stopWaiting(): void
}

const notTaken = (why: string): ChannelError => new ChannelError(`the reply may not have arrived: ${why}`, { retry: true })
