// Twilio's messaging API for tests; it signs its calls over the address and the sorted fields. A program that calls again until it
// is taken stands for a number with a fallback address.

import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json, serve } from '../../kit/fake-server.ts'

interface Fault {
  readonly path: RegExp
  readonly status?: number
  readonly retryAfter?: number
  readonly after?: boolean
  times: number
}

export async function createFakeTwilio() {
  const sid = 'ACfake'
  const token = 'twilio-token'
  const number = '+15005550006'
  const sent: { readonly sid: string; readonly to: string; readonly text: string }[] = []
  const sends: { at: number; ok: boolean }[] = []
  const files = new Map<string, Buffer>()
  const blocked = new Set<string>()
  const tails = new Map<string, Promise<void>>()
  let faults: Fault[] = []
  let target = ''
  let counter = 0
  let stopped = false

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const path = new URL(request.url ?? '', 'http://x').pathname
    const isSend = path.endsWith('/Messages.json')
    const file = files.get(path)
    if (request.headers.authorization !== `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}`)
      return json(response, 401, { code: 20003, message: 'Authenticate' })
    if (file !== undefined) return void response.writeHead(200).end(file)
    const fault = faults.find((one) => one.times > 0 && one.path.test(path))
    if (fault !== undefined) fault.times--
    if (fault !== undefined && fault.after !== true) {
      if (isSend) sends.push({ at: Date.now(), ok: false })
      const wait = fault.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(fault.retryAfter)) }
      return json(response, fault.status ?? 500, { code: 20429, message: 'trouble' }, wait)
    }
    if (!isSend) return json(response, 200, { sid, status: 'active' })
    const fields = new URLSearchParams(body.toString())
    const to = fields.get('To') ?? ''
    const text = fields.get('Body') ?? ''
    const refusal = blocked.has(to) ? 'Attempt to send to unsubscribed recipient' : text.length > 1600 ? 'too long' : null
    sends.push({ at: Date.now(), ok: refusal === null })
    if (refusal !== null) return json(response, 400, { code: 21610, message: refusal })
    const message = { sid: `SM${++counter}`, to, text }
    sent.push(message)
    if (fault?.after === true) return void request.socket.destroy()
    json(response, 201, { sid: message.sid, status: 'queued' })
  }
  const server = await serve(handle)

  const call = async (fields: Readonly<Record<string, string>>, key = token): Promise<number> => {
    const text = Object.keys(fields)
      .sort()
      .map((name) => `${name}${fields[name]}`)
      .join('')
    const signature = createHmac('sha1', key)
      .update(target + text)
      .digest('base64')
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signature,
      'x-forwarded-proto': 'http',
    }
    const response = await fetch(target, { method: 'POST', headers, body: new URLSearchParams(fields).toString() })
    await response.body?.cancel()
    return response.status
  }

  return {
    url: server.url,
    sid,
    token,
    number,
    sends,
    call,
    sent: (to: string) => sent.filter((message) => message.to === to),
    target: (url: string): void => {
      target = url
    },
    say(from: string, text: string, file?: { data: Buffer; mediaType: string }): string {
      const id = `SMin${++counter}`
      const path = `/2010-04-01/Accounts/${sid}/Messages/${id}/Media/ME1`
      if (file !== undefined) files.set(path, file.data)
      const media: Record<string, string> =
        file === undefined ? {} : { MediaUrl0: `${server.url}${path}`, MediaContentType0: file.mediaType }
      const fields = { MessageSid: id, From: from, To: number, Body: text, NumMedia: file === undefined ? '0' : '1', ...media }
      const before = tails.get(from) ?? Promise.resolve()
      tails.set(
        from,
        before.then(async () => {
          while (!stopped && (await call(fields).catch(() => 0)) !== 200) await new Promise((resolve) => setTimeout(resolve, 5))
        }),
      )
      return id
    },
    fail: (fault: Omit<Fault, 'times'> & { times?: number }): void => void faults.push({ times: 1, ...fault }),
    heal(): void {
      faults = []
    },
    block: (to: string): void => void blocked.add(to),
    dropConnections: (): number => server.dropConnections(),
    async stop() {
      stopped = true
      await server.stop()
    },
  }
}
