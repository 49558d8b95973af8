// Platforms that call in, at /hooks/<channelId> on the gateway's port: a call is checked, read, and acknowledged once all in it is
// stored. What could not be stored is answered with 500, so that the platform calls again.

import { messageOf } from '../errors.ts'
import type { ChatQueues } from './chat-sender.ts'
import type { ChannelHost, WebhookRequest, WebhookResponse } from './port.ts'

export interface CallInOptions<Event> {
  readonly host: ChannelHost
  readonly queues: ChatQueues
  readonly stopping: AbortSignal
  /** An answer that needs no reading: a refusal, or the platform's handshake; null: read on. */
  check(request: WebhookRequest): WebhookResponse | null | Promise<WebhookResponse | null>
  /** The events in a call. @throws when it is not of the platform's form */
  read(request: WebhookRequest): readonly Event[]
  /** Whose order an event belongs to. */
  chatOf(event: Event): string
  /** Rejects when it could not be stored. */
  take(event: Event): Promise<void>
  /** What the platform wants to hear when all is stored; default: 200. */
  readonly thanks?: WebhookResponse
}

export function createCallIn<Event>(options: CallInOptions<Event>): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { host, queues, stopping } = options
  return async (request) => {
    if (stopping.aborted) return { status: 503 }
    const answer = await options.check(request)
    if (answer !== null) return answer
    if (request.method !== 'POST') return { status: 405 }
    let events: readonly Event[]
    try {
      events = options.read(request)
    } catch (error) {
      host.log.debug({ channel: host.spec.id, why: messageOf(error) }, 'a call was not read')
      return { status: 400 }
    }
    try {
      await Promise.all(events.map((event) => queues.run(`in ${options.chatOf(event)}`, () => options.take(event))))
      return options.thanks ?? { status: 200 }
    } catch (error) {
      host.log.error({ channel: host.spec.id, error: messageOf(error) }, 'a message was not stored; it will come again')
      return { status: 500 }
    }
  }
}
