// HMAC-SHA256 signatures of webhook calls, compared in constant time.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export const sign = (secret: string, ...parts: readonly (string | Buffer)[]): string => {
  const hmac = createHmac('sha256', secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}

/** Equal texts; takes as long for different ones. */
export function sameText(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}

/** `sha256=…` or the bare digest. */
export const signatureFits = (given: string, expected: string): boolean =>
  sameText(given.replace(/^sha256=/i, '').toLowerCase(), expected)
