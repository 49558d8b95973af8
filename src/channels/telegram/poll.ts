// Long polling: updates are confirmed to the platform only after each of them was stored, so none is lost. Up to where they were
// taken is remembered over restarts, and which groups became supergroups.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Api } from 'grammy'
import type { Update } from 'grammy/types'
import { messageOf } from '../../errors.ts'
import { createBackoff, sleep } from '../backoff.ts'
import type { ChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-sender.ts'
import type { ConnectionEnd } from '../connection-loop.ts'
import { createKeptFile } from '../kept-file.ts'
import { withCallSignal } from '../platform-calls.ts'
import type { ChannelHost } from '../port.ts'
import { type ApiSignal, faultOf, TOKEN_REFUSED } from './api.ts'

export const ALLOWED_UPDATES = ['message', 'callback_query'] as const
const POLL_SECONDS = 50
/** Some servers do not hold an empty poll open; they are asked again at this pace, not in a loop. */
const SHORT_POLL_MS = 1000
const EMPTY_PACE_MS = 250

export interface PollOptions {
  readonly host: ChannelHost
  readonly health: Pick<ChannelHealth, 'set'>
  readonly api: Api
  readonly signal: AbortSignal
  /** Gets the bot's name and memory; may throw API errors. */
  connect(): Promise<Memory>
  /** Takes away the webhook that stands in the way of polling; may throw API errors. */
  removeWebhook(): Promise<void>
  /** Rejects when the update could not be stored. */
  handle(update: Update): Promise<void>
}

const webhookInTheWay = (error: unknown): boolean => {
  const fault = faultOf(error)
  return fault.code === 409 && /webhook/i.test(fault.description)
}

/** What an error of a call that connects means for the channel. */
export function endOf(error: unknown): Required<ConnectionEnd> {
  const fault = faultOf(error)
  if (fault.code === 401 || fault.code === 404) return { detail: TOKEN_REFUSED, final: true, waitMs: 0 }
  if (fault.code === 409)
    return {
      detail: webhookInTheWay(error)
        ? 'A webhook is set for this bot, so its updates cannot be polled. It is being removed.'
        : 'Another program polls with this token. Stop the other one, or give this one its own bot.',
      final: false,
      waitMs: 3000,
    }
  if (fault.code !== null) return { detail: `Telegram answers ${fault.code}.`, final: false, waitMs: fault.retryAfterMs ?? 0 }
  return { detail: 'Telegram cannot be reached.', final: false, waitMs: 0 }
}

/** Runs until the signal aborts or the token is refused. Never rejects. */
export async function poll({ host, health, api, signal, connect, removeWebhook, handle }: PollOptions): Promise<void> {
  const backoff = createBackoff(host)
  let memory: Memory | null = null
  let shaky = true
  let blocked = false
  let failed = false
  while (!signal.aborted) {
    try {
      memory ??= await connect()
      if (blocked) await removeWebhook()
      blocked = false
      const offset = memory.offset()
      const asked = host.clock.now()
      // The first poll after trouble returns at once, so that the state tells the truth at once.
      const wanted = {
        ...(offset === undefined ? {} : { offset }),
        timeout: shaky ? 0 : POLL_SECONDS,
        limit: 100,
        allowed_updates: ALLOWED_UPDATES,
      }
      const updates = await withCallSignal<Update[], ApiSignal>(signal, (POLL_SECONDS + 15) * 1000, (own) =>
        api.raw.getUpdates(wanted, own),
      )
      const held = shaky || host.clock.now() - asked >= SHORT_POLL_MS
      if (shaky) health.set({ state: 'connected' })
      shaky = false
      if (!(await takeAll(updates, memory, handle, host))) {
        failed = true
        await backoff.wait(signal)
      } else {
        if (failed) backoff.reset()
        failed = false
        if (!held && memory.offset() === offset) await sleep(host.clock, EMPTY_PACE_MS, signal)
      }
    } catch (error) {
      if (signal.aborted) return
      const { detail, final, waitMs } = endOf(error)
      host.log.warn({ detail, error: messageOf(error) }, 'telegram polling broke')
      health.set({ state: final ? 'failed' : 'reconnecting', detail })
      if (final) return
      blocked = webhookInTheWay(error)
      shaky = true
      failed = true
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
  const queues = createChatQueues()
  const broken = new Set<string>()
  let firstBad = Number.POSITIVE_INFINITY
  await Promise.all(
    updates.map((update) => {
      const chat = chatOf(update)
      return queues.run(chat, async () => {
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
  const last = Math.max(...updates.map((update) => update.update_id))
  memory.setOffset(Math.min(last + 1, firstBad))
  return firstBad === Number.POSITIVE_INFINITY
}

/** Whose order an update belongs to; never throws, whatever its shape. */
export const chatOf = (update: Partial<Update>): string =>
  String(update.message?.chat?.id ?? update.callback_query?.message?.chat?.id ?? update.callback_query?.from?.id ?? '')

/** After a quiet week the platform may restart the numbers of updates; an older offset could then hide them. */
const TRUSTED_MS = 6 * 24 * 3600 * 1000

interface Kept {
  readonly botId: number
  readonly offset: number
  readonly at: number
  readonly moved: Readonly<Record<string, string>>
}

export interface Memory {
  /** The next update wanted, or undefined: whatever the platform holds. */
  offset(): number | undefined
  /** Kept in memory at once. The file may follow: after a crash the platform repeats what it was not told of, under the same ids. */
  setOffset(next: number): void
  /** The chat's id today. */
  chat(id: string): string
  setMoved(from: string, to: string): Promise<void>
  flush(): Promise<void>
}

/** Reads what stands for this bot; another bot's (the token was changed) or a damaged file counts as nothing. */
export async function openMemory(host: ChannelHost, botId: number): Promise<Memory> {
  const file = join(await host.stateFolder(), 'telegram.json')
  let kept: Kept = { botId, offset: 0, at: 0, moved: {} }
  try {
    const read = JSON.parse(await readFile(file, 'utf8')) as Partial<Kept>
    if (read.botId === botId && typeof read.offset === 'number') kept = { ...kept, ...read, moved: { ...read.moved } }
  } catch {
    // First start, or damage: the platform sends again what was not confirmed, and the engine knows the ids it had.
  }
  const saved = createKeptFile(file, host, () => JSON.stringify(kept))
  const change = (next: Partial<Kept>): void => {
    kept = { ...kept, ...next }
    saved.touch()
  }
  return {
    offset: () => (kept.offset > 0 && host.clock.now() - kept.at < TRUSTED_MS ? kept.offset : undefined),
    setOffset: (offset) => change({ offset, at: host.clock.now() }),
    chat: (id) => kept.moved[id] ?? id,
    setMoved(from, to) {
      change({ moved: { ...kept.moved, [from]: to } })
      return saved.flush()
    },
    flush: saved.flush,
  }
}
