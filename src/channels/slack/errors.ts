// Errors of Slack and of its client, and what they mean.

import { ChannelError, RefusedError, unreached } from '../port.ts'

/** What Slack says is wrong with the credentials. */
export const AUTH_ERRORS = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
])
export const tokenRefused = (which: 'botToken' | 'appToken', word: string | null): string =>
  `Slack refused the ${which} (${word}). Check it at api.slack.com/apps.`

const PASSING = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  'team_added_to_org',
])

interface SlackFault {
  readonly code?: string
  readonly data?: { readonly error?: string }
  readonly retryAfter?: number
  readonly statusCode?: number
  readonly original?: { readonly code?: string; readonly cause?: { readonly code?: string } }
}

/** Slack's word for an error of the platform, or null. Some of the client's errors are nothing at all. */
export const platformError = (error: unknown): string | null => (error as SlackFault | undefined)?.data?.error ?? null

/** What an error of the client means for a reply, or for a page of history. */
export function meaningOf(error: unknown): ChannelError {
  const fault = (error ?? {}) as SlackFault
  if (fault.retryAfter !== undefined)
    return new ChannelError('Slack asks to wait.', { retry: true, retryAfterMs: fault.retryAfter * 1000, cause: error })
  if (fault.statusCode !== undefined)
    return new ChannelError(`Slack has trouble (${fault.statusCode}).`, { retry: fault.statusCode >= 500, cause: error })
  const word = platformError(error)
  if (word !== null) {
    if (AUTH_ERRORS.has(word)) return new RefusedError('Slack', error)
    return new ChannelError(`Slack refused: ${word}`, { retry: PASSING.has(word), cause: error })
  }
  return unreached('Slack', fault.original?.cause?.code ?? fault.original?.code, error)
}
