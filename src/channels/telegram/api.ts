// Calls to the Bot API through grammY, and what its errors mean.

import type { Api } from 'grammy'
import { messageOf } from '../../errors.ts'
import type { ChannelHealth } from '../channel-health.ts'
import { createPlatformCalls, type PlatformCalls } from '../platform-calls.ts'
import { ChannelError, type ChannelHost, RefusedError, unreached } from '../port.ts'

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

function meaningOf(error: unknown): ChannelError {
  const fault = faultOf(error)
  if (fault.code === null) return unreached('Telegram', (error as { error?: { code?: unknown } })?.error?.code, error)
  if (fault.code === 429)
    return new ChannelError('Telegram asks to wait.', { retry: true, retryAfterMs: fault.retryAfterMs ?? 5000, cause: error })
  if (fault.code >= 500) return new ChannelError(`Telegram has trouble (${fault.code}).`, { retry: true, cause: error })
  if (fault.code === 401) return new RefusedError('Telegram', error)
  return new ChannelError(`Telegram refused: ${fault.description}`, { retry: false, cause: error })
}

export const TOKEN_REFUSED = 'Telegram refused the token. Check it with @BotFather.'

export const createCalls = (host: Pick<ChannelHost, 'clock' | 'log'>, health: ChannelHealth): PlatformCalls<ApiSignal> =>
  createPlatformCalls({ host, health, platform: 'Telegram', meaningOf, refusal: () => TOKEN_REFUSED })
