// Long polling: updates are confirmed to the platform only after each of them was stored, so none is lost.

import type { Api } from 'grammy'
import type { Update } from 'grammy/types'
import { messageOf } from '../../errors.ts'
import { createBackoff, sleep } from '../backoff.ts'
import { withCallSignal } from '../call-signal.ts'
import { createChains } from '../chain.ts'
import type { ChannelHost } from '../port.ts'
import { apiSignal, faultOf, TOKEN_REFUSED } from './api.ts'
import type { Memory } from './memory.ts'

export const ALLOWED_UPDATES = ['message', 'callback_query'] as const
const POLL_SECONDS = 50

export interface PollOptions {
  readonly host: ChannelHost
  readonly api: Api
  readonly signal: AbortSignal
  /** Gets the bot's name and memory; may throw API errors. */
  connect(): Promise<Memory>
  /** Rejects when the update could not be stored. */
  handle(update: Update): Promise<void>
}

/** Words for the state, and whether trying again makes sense. */
export function stateOf(error: unknown): { detail: string; final: boolean; waitMs: number } {
  const fault = faultOf(error)
  if (fault.code === 401 || fault.code === 404) return { detail: TOKEN_REFUSED, final: true, waitMs: 0 }
  if (fault.code === 409)
    return {
      detail: /webhook/i.test(fault.description)
        ? 'A webhook is set for this bot, so its updates cannot be polled. It is being removed.'
        : 'Another program polls with this token. Stop the other one, or give this one its own bot.',
      final: false,
      waitMs: 3000,
    }
  if (fault.code !== null) return { detail: `Telegram answers ${fault.code}.`, final: false, waitMs: fault.retryAfterMs ?? 0 }
  return { detail: 'Telegram cannot be reached.', final: false, waitMs: 0 }
}

/** Runs until the signal aborts or the token is refused. Never rejects. */
export async function poll({ host, api, signal, connect, handle }: PollOptions): Promise<void> {
  const backoff = createBackoff(host)
  let memory: Memory | null = null
  let shaky = true
  while (!signal.aborted) {
    try {
      memory ??= await connect()
      const offset = memory.offset()
      // The first poll after trouble returns at once, so that the state tells the truth at once.
      const wanted = {
        ...(offset === undefined ? {} : { offset }),
        timeout: shaky ? 0 : POLL_SECONDS,
        limit: 100,
        allowed_updates: ALLOWED_UPDATES,
      }
      const updates = await withCallSignal(signal, (POLL_SECONDS + 15) * 1000, (own) =>
        api.raw.getUpdates(wanted, apiSignal(own)),
      )
      if (shaky) host.setState({ state: 'connected' })
      shaky = false
      if (await takeAll(updates, memory, handle, host)) backoff.reset()
      else await backoff.wait(signal)
    } catch (error) {
      if (signal.aborted) return
      const { detail, final, waitMs } = stateOf(error)
      host.log.warn({ detail, error: messageOf(error) }, 'telegram polling broke')
      host.setState({ state: final ? 'failed' : 'reconnecting', detail })
      if (final) return
      if (faultOf(error).code === 409) memory = null
      shaky = true
      await backoff.wait(signal, waitMs)
    }
  }
}

/** Chats in parallel, each in order. Confirms up to the first update that could not be stored; false: there was one. */
async function takeAll(
  updates: readonly Update[],
  memory: Memory,
  handle: (update: Update) => Promise<void>,
  host: ChannelHost,
): Promise<boolean> {
  if (updates.length === 0) return true
  const chains = createChains()
  const broken = new Set<string>()
  let firstBad = Number.POSITIVE_INFINITY
  await Promise.all(
    updates.map((update) => {
      const chat = chatOf(update)
      return chains.run(chat, async () => {
        // Later messages of a chat wait for the one that failed: order is kept.
        if (broken.has(chat)) {
          firstBad = Math.min(firstBad, update.update_id)
          return
        }
        try {
          await handle(update)
        } catch (error) {
          broken.add(chat)
          firstBad = Math.min(firstBad, update.update_id)
          host.log.error(
            { update: update.update_id, error: messageOf(error) },
            'telegram update was not stored; it will come again',
          )
        }
      })
    }),
  )
  const last = updates.at(-1)?.update_id ?? 0
  memory.setOffset(Math.min(last + 1, firstBad))
  return firstBad === Number.POSITIVE_INFINITY
}

/** Whose order an update belongs to; never throws, whatever its shape. */
export const chatOf = (update: Partial<Update>): string =>
  String(update.message?.chat?.id ?? update.callback_query?.message?.chat?.id ?? update.callback_query?.from?.id ?? '')

/** For webhook mode: tries until the platform took the address, then rests. */
export async function keepTrying(host: ChannelHost, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const backoff = createBackoff(host)
  while (!signal.aborted) {
    try {
      await work()
      host.setState({ state: 'connected' })
      return
    } catch (error) {
      if (signal.aborted) return
      const { detail, final, waitMs } = stateOf(error)
      host.setState({ state: final ? 'failed' : 'reconnecting', detail })
      if (final) return
      await sleep(host.clock, Math.max(backoff.next(), waitMs), signal)
    }
  }
}
