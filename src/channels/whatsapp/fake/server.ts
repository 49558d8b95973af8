// The Cloud API for tests: sends, media and the 24-hour window; people whose messages are posted, signed, to the webhook
// again and again until it takes them.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { json, readForm, serve } from '../../kit/fake-server.ts'
import { sign } from '../../signature.ts'

export interface WaSent {
  readonly id: string
  readonly to: string
  readonly type: string
  readonly text: string
  readonly buttons: readonly { readonly id: string; readonly title: string }[]
  readonly file?: { readonly name: string; readonly data: Buffer }
  readonly context?: string
}

export interface FakeWhatsApp {
  readonly url: string
  readonly phone: string
  readonly token: string
  readonly secret: string
  readonly sends: { readonly at: number; ok: boolean }[]
  sent(to: string): WaSent[]
  typing(): number
  /** Where webhooks go. */
  target(url: string): void
  say(options: {
    from: string
    text: string
    name?: string
    file?: { data: Buffer; mediaType: string; name: string }
    raw?: Record<string, unknown>
  }): string
  /** Any value in the envelope. */
  push(value: unknown): void
  press(options: { from: string; id: string; title: string }): Promise<string>
  closeWindow(to: string): void
  fail(fault: { status: number; code?: number; retryAfter?: number; times?: number; after?: boolean; path?: RegExp }): void
  heal(): void
  dropConnections(): number
  stop(): Promise<void>
}

export async function createFakeWhatsApp(): Promise<FakeWhatsApp> {
  const phone = '106540352242922'
  const token = 'EAAfake'
  const secret = 'app-secret'
  let counter = 0
  let hook = ''
  let typed = 0
  let stopped = false
  const sent: WaSent[] = []
  const sends: FakeWhatsApp['sends'] = []
  const media = new Map<string, { name: string; mediaType: string; data: Buffer }>()
  const faults: { status: number; code?: number; retryAfter?: number; times: number; after?: boolean; path?: RegExp }[] = []
  const closed = new Set<string>()
  const told: { to: string; resolve: (text: string) => void }[] = []
  let tail: Promise<void> = Promise.resolve()

  const deliver = (value: unknown): void => {
    const body = JSON.stringify({
      object: 'whatsapp_business_account',
      entry: [{ id: '1', changes: [{ field: 'messages', value }] }],
    })
    tail = tail.then(async () => {
      while (!stopped) {
        const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${sign(secret, body)}` }
        const ok = await fetch(hook, { method: 'POST', headers, body }).then(
          (response) => response.ok,
          () => false,
        )
        if (ok) return
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
  }

  const envelope = (more: Record<string, unknown>): Record<string, unknown> => ({
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '1', phone_number_id: phone },
    ...more,
  })

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    const refuse = (status: number, message: string, code: number, headers = {}): void =>
      json(response, status, { error: { message, code, type: 'OAuthException' } }, headers)
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(401, 'Invalid OAuth access token.', 190)
    const raw = path.endsWith('/messages') ? (JSON.parse(body.toString('utf8')) as Record<string, unknown>) : {}
    const isSend = path === `/${phone}/messages` && raw.status === undefined
    const call = { at: Date.now(), ok: false }
    if (isSend) sends.push(call)
    const fault = faults.find((f) => f.times > 0 && (f.path ?? /./).test(path))
    if (fault !== undefined && fault.after !== true) {
      fault.times--
      return refuse(
        fault.status,
        'fault',
        fault.code ?? 1,
        fault.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(fault.retryAfter)) },
      )
    }
    if (path === `/${phone}`) return json(response, 200, { id: phone })
    if (path === `/${phone}/media`) {
      const { file } = (await readForm(request, body)).files
      if (file === undefined) return refuse(400, 'no file', 100)
      const id = `media-${++counter}`
      media.set(id, file)
      return json(response, 200, { id })
    }
    const downloaded = /^\/download\/(.+)$/.exec(path)?.[1]
    if (downloaded !== undefined) {
      response.end(media.get(downloaded)?.data)
      return
    }
    const asked = media.get(path.slice(1))
    if (asked !== undefined)
      return json(response, 200, {
        url: `${server.url}/download${path}`,
        mime_type: asked.mediaType,
        file_size: asked.data.length,
        id: path.slice(1),
      })
    if (path !== `/${phone}/messages`) return refuse(404, 'Unsupported request', 100)
    if (raw.status === 'read') {
      typed++
      return json(response, 200, { success: true })
    }
    const to = String(raw.to ?? raw.recipient)
    const fields = raw as {
      type: string
      text?: { body: string }
      template?: { name: string; components: { parameters: { text: string }[] }[] }
      interactive?: { body: { text: string }; action: { buttons: { reply: { id: string; title: string } }[] } }
      image?: { id: string }
      document?: { id: string; filename?: string }
      context?: { message_id: string }
    }
    if (closed.has(to) && fields.type !== 'template') return refuse(400, 'Re-engagement message', 131_047)
    const text = fields.text?.body ?? fields.interactive?.body.text ?? fields.template?.components[0]?.parameters[0]?.text ?? ''
    if (text.length > (fields.interactive === undefined ? 4096 : 1024))
      return refuse(400, 'Parameter value is not valid', 131_009)
    const file = media.get(fields.image?.id ?? fields.document?.id ?? '')
    const buttons = (fields.interactive?.action.buttons ?? []).map((b) => b.reply)
    if (buttons.length > 3 || buttons.some((b) => b.title.length > 20))
      return refuse(400, 'Parameter value is not valid', 131_009)
    const message: WaSent = {
      id: `wamid.${++counter}`,
      to,
      type: fields.type,
      text,
      buttons,
      ...(file === undefined ? {} : { file }),
      ...(fields.context === undefined ? {} : { context: fields.context.message_id }),
    }
    const waiting = told.findIndex((t) => t.to === to)
    if (waiting >= 0) told.splice(waiting, 1)[0]?.resolve(text)
    else sent.push(message)
    call.ok = true
    if (fault?.after === true) {
      fault.times--
      request.socket.destroy()
      return
    }
    json(response, 200, {
      messaging_product: 'whatsapp',
      contacts: [raw.to === undefined ? { input: to, user_id: to } : { input: to, wa_id: to }],
      messages: [{ id: message.id }],
    })
  }
  const server = await serve(handle)

  const inbound = (from: string, name: string, message: Record<string, unknown>): string => {
    const id = `wamid.in.${++counter}`
    deliver(
      envelope({
        contacts: [{ profile: { name }, wa_id: from }],
        messages: [{ from, id, timestamp: String(Math.floor(Date.now() / 1000)), ...message }],
      }),
    )
    return id
  }

  return {
    url: server.url,
    phone,
    token,
    secret,
    sends,
    sent: (to) => sent.filter((m) => m.to === to),
    typing: () => typed,
    target(url) {
      hook = url
    },
    say({ from, text, name, file, raw }) {
      if (file === undefined) return inbound(from, name ?? 'Ann', { type: 'text', text: { body: text }, ...raw })
      const id = `media-${++counter}`
      media.set(id, file)
      const kind = file.mediaType.startsWith('image/') ? 'image' : 'document'
      return inbound(from, name ?? 'Ann', {
        type: kind,
        [kind]: { id, mime_type: file.mediaType, caption: text, filename: file.name },
      })
    },
    push: (value) => deliver(value),
    press({ from, id, title }) {
      return new Promise((resolve) => {
        told.push({ to: from, resolve })
        inbound(from, 'Ann', { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id, title } } })
      })
    },
    closeWindow: (to) => void closed.add(to),
    fail: (fault) => void faults.push({ times: 1, ...fault }),
    heal: () => void faults.splice(0),
    dropConnections: () => server.dropConnections(),
    async stop() {
      stopped = true
      await server.stop()
    },
  }
}
