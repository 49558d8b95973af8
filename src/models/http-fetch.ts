// A fetch over node:http(s) for the service clients, at a fraction of the cost of the stock one on a short call. Takes what
// those clients send (a text body, plain headers, a signal); gives what they look at of a Response, with a body to read as
// text while it comes, in place of a web stream. Redirects are not followed.

import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface TextResponse extends Pick<Response, 'ok' | 'status' | 'statusText' | 'headers' | 'url' | 'text'> {
  /** Not here: see `read`. */
  readonly body: null
  /** The body piece by piece, once. Rejects when it is cut short, and with what `onText` throws. */
  read(onText: (text: string) => void): Promise<void>
}

export interface HttpFetch {
  fetch(input: string | URL | Request, init?: RequestInit): Promise<TextResponse>
  /** Closes idle connections; those in use end with their calls. */
  close(): void
}

export function createHttpFetch(): HttpFetch {
  // An idle socket doesn't keep the process alive: node's agent takes care of that.
  const http = new HttpAgent({ keepAlive: true })
  const https = new HttpsAgent({ keepAlive: true })

  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<TextResponse> => {
    const url = new URL(input instanceof Request ? input.url : input)
    const body = init.body ?? undefined
    if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
      throw new TypeError('This fetch sends texts and bytes only.')
    }
    const headers: Record<string, string> = {}
    for (const [name, value] of new Headers(init.headers)) headers[name] = value
    headers['accept-encoding'] = 'identity'
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body))
    const options = { method: init.method ?? 'GET', headers, agent: url.protocol === 'https:' ? https : http }
    return send(url, options, body, init.signal ?? undefined)
  }
  return {
    fetch,
    close() {
      http.destroy()
      https.destroy()
    },
  }
}

interface SendOptions {
  readonly method: string
  readonly headers: Record<string, string>
  readonly agent: HttpAgent | HttpsAgent
}

function send(
  url: URL,
  options: SendOptions,
  body: string | Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<TextResponse> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const request: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
    let incoming: IncomingMessage | undefined
    const abort = (): void => {
      const reason = abortError(signal)
      if (incoming === undefined) request.destroy(reason)
      else incoming.destroy(reason)
    }
    const forget = (): void => signal?.removeEventListener('abort', abort)
    signal?.addEventListener('abort', abort, { once: true })
    request.once('response', (message) => {
      incoming = message
      message.once('close', forget)
      resolve(responseOf(message, url))
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (incoming !== undefined) return // the body's stream tells
      forget()
      // The server may close a kept connection just as it is used again; nothing was answered, so it is sent anew.
      const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      if (stale && !signal?.aborted) send(url, options, body, signal).then(resolve, reject)
      else reject(error)
    })
    request.end(body)
  })
}

function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError')
}

/** Answers that are no success are read at once, so that whoever tries again need not; longer ones are cut. */
const LONGEST_ERROR = 64 * 1024

function responseOf(message: IncomingMessage, url: URL): TextResponse {
  const status = message.statusCode ?? 502
  const headers = new Headers()
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i] as string, message.rawHeaders[i + 1] as string)
  }
  const ok = status >= 200 && status <= 299
  const read = (onText: (text: string) => void): Promise<void> => readBody(message, onText)
  const whole = async (most = Number.POSITIVE_INFINITY): Promise<string> => {
    let text = ''
    await read((piece) => {
      if (text.length < most) text += piece
    })
    return text.slice(0, most)
  }
  const failure = ok ? undefined : whole(LONGEST_ERROR)
  // Whoever asks for the text hears of it.
  failure?.catch(() => {})
  return {
    status,
    ok,
    statusText: message.statusMessage ?? '',
    headers,
    url: url.href,
    body: null,
    read,
    text: () => failure ?? whole(),
  }
}

/** A connection cut short is an error, never an end; so is what `onText` throws, and the rest is not waited for. */
function readBody(message: IncomingMessage, onText: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    message.setEncoding('utf8')
    message.on('data', (text: string) => {
      try {
        onText(text)
      } catch (error) {
        reject(error)
        message.destroy()
      }
    })
    message.once('end', resolve)
    message.once('error', reject)
    message.once('close', () => reject(new Error('The connection was closed before the answer ended.')))
  })
}
