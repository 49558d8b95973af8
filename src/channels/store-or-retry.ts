// For platforms that do not send again: a message that could not be stored is tried here until it is, in its place.

import { messageOf } from '../errors.ts'
import { createBackoff } from './backoff.ts'
import type { ChannelHost, InboundMessage, Receipt } from './port.ts'

/** Gives null when the signal aborted first; then the message counts as not taken. */
export async function storeOrRetry(host: ChannelHost, message: InboundMessage, signal: AbortSignal): Promise<Receipt | null> {
  const backoff = createBackoff(host, { maxMs: 10_000 })
  while (!signal.aborted) {
    try {
      return await host.receive(message)
    } catch (error) {
      host.log.error({ messageId: message.messageId, error: messageOf(error) }, 'message was not stored; trying again')
      await backoff.wait(signal)
    }
  }
  return null
}
