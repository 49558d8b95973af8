// Calls to the Bot API through grammY: rate limits waited out, errors turned into what the engine understands.

import type { Api } from 'grammy'
import { messageOf } from '../../errors.ts'
import { sleep } from '../backoff.ts'
import { withCallSignal } from '../call-signal.ts'
import { RefusedError, UnsureError } from '../parts.ts'
import { ChannelError, type ChannelHost } from '../port.ts'
import type { Standing } from '../standing.ts'

/** grammY's own signal type comes from a shim; the platform's fits it. */
export type ApiSignal = NonNullable<Parameters<Api['getMe']>[0]>
export const apiSignal = (signal: AbortSignal): ApiSignal => signal as unknown as ApiSignal

/** What an error of a call means. grammY is loaded late, so errors are told by shape. */
export interface ApiFault {
  readonly code: number | null
  readonly description: string
  readonly retryAfterMs?: number
  readonly migratedTo?: string
}

export function faultOf(error: unknown): ApiFault {
  const e = error as {
    error_code?: unknown
    description?: unknown
    parameters?: { retry_after?: number; migrate_to_chat_id?: number }
  }
  if (typeof e?.error_code === 'number')
    return {
      code: e.error_code,
      description: String(e.description ?? ''),
      ...(e.parameters?.retry_after === undefined ? {} : { retryAfterMs: e.parameters.retry_after * 1000 }),
      ...(e.parameters?.migrate_to_chat_id === undefined ? {} : { migratedTo: String(e.parameters.migrate_to_chat_id) }),
    }
  return { code: null, description: messageOf(error) }
}

/** Whether the request cannot have reached the server. */
function neverLeft(error: unknown): boolean {
  const inner = (error as { error?: { code?: unknown } })?.error
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(String(inner?.code ?? ''))
}

function toChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error
  const fault = faultOf(error)
  if (fault.code === null) {
    const words = 'Telegram could not be reached.'
    return neverLeft(error)
      ? new ChannelError(words, { retry: true, notSent: true, cause: error })
      : new UnsureError(words, error)
  }
  if (fault.code === 429)
    return new ChannelError('Telegram asks to wait.', { retry: true, retryAfterMs: fault.retryAfterMs ?? 5000, cause: error })
  if (fault.code >= 500) return new ChannelError(`Telegram has trouble (${fault.code}).`, { retry: true, cause: error })
  if (fault.code === 401) return new RefusedError('Telegram', error)
  return new ChannelError(`Telegram refused: ${fault.description}`, { retry: false, cause: error })
}

export const TOKEN_REFUSED = 'Telegram refused the token. Check it with @BotFather.'

const CALL_MS = 30_000
/** Longer waits are left to the engine's outbox. */
const WAIT_HERE_MS = 15_000

export interface Caller {
  /** One call about one chat. Waits out short rate limits. @throws ChannelError */
  call<T>(chat: string, make: (signal: ApiSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
}

export function createCaller(host: Pick<ChannelHost, 'clock' | 'log'>, standing: Pick<Standing, 'refused' | 'taken'>): Caller {
  const freeAt = new Map<string, number>()
  return {
    async call(chat, make, signal) {
      for (let attempt = 0; ; attempt++) {
        const left = (freeAt.get(chat) ?? 0) - host.clock.now()
        if (left > WAIT_HERE_MS) throw new ChannelError('Telegram asks to wait.', { retry: true, retryAfterMs: left })
        if (left > 0) await sleep(host.clock, left, signal)
        else freeAt.delete(chat)
        if (signal?.aborted === true) throw new ChannelError('The call was cancelled.', { retry: true })
        try {
          const answer = await withCallSignal(signal, CALL_MS, (own) => make(apiSignal(own)))
          standing.taken()
          return answer
        } catch (error) {
          const fault = faultOf(error)
          if (fault.code === 429) {
            const wait = fault.retryAfterMs ?? 5000
            freeAt.set(chat, host.clock.now() + wait)
            host.log.warn({ chat, waitMs: wait }, 'telegram asks to wait')
            if (wait <= WAIT_HERE_MS && attempt < 3) continue
          }
          const failed = toChannelError(error)
          if (failed instanceof RefusedError) standing.refused(TOKEN_REFUSED)
          throw failed
        }
      }
    },
  }
}
