// What calls in to the app: decrypted, held against the token or the signature. Leaves: the event, or why it is none of the platform's.

import { createDecipheriv, createHash } from 'node:crypto'
import type { WebhookRequest } from '../port.ts'
import { sameText } from '../signature.ts'

export interface Call {
  readonly type?: string
  readonly challenge?: string
  readonly header?: { readonly event_id?: string; readonly event_type?: string; readonly token?: string }
  readonly event?: Readonly<Record<string, unknown>>
}

export interface Keys {
  readonly verificationToken: string
  /** Empty: calls are plain. */
  readonly encryptKey: string
}

/** Null: not of the platform. */
export function readCall(request: WebhookRequest, keys: Keys): Call | null {
  let call: (Call & { readonly encrypt?: string; readonly token?: string }) | null
  try {
    call = JSON.parse(request.body.toString('utf8')) as typeof call
    if (typeof call?.encrypt === 'string' && keys.encryptKey !== '') {
      if (!isSigned(request, keys.encryptKey)) return null
      call = JSON.parse(decrypt(call.encrypt, keys.encryptKey)) as typeof call
    } else if (keys.encryptKey !== '') return null
  } catch {
    return null
  }
  const token = call?.header?.token ?? call?.token
  return typeof token === 'string' && keys.verificationToken !== '' && sameText(token, keys.verificationToken) ? call : null
}

/** The first call, when the address is entered, has no signature: it proves itself by what is inside. */
function isSigned({ headers, body }: WebhookRequest, key: string): boolean {
  const given = headers['x-lark-signature']
  if (given === undefined) return true
  const hash = createHash('sha256')
  hash.update(`${headers['x-lark-request-timestamp'] ?? ''}${headers['x-lark-request-nonce'] ?? ''}${key}`)
  return sameText(given, hash.update(body).digest('hex'))
}

function decrypt(text: string, key: string): string {
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-cbc', createHash('sha256').update(key).digest(), bytes.subarray(0, 16))
  return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString('utf8')
}
