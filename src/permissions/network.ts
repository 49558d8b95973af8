// The gate for every URL a tool takes: http and https only, every address of the name looked at, the connection made to an
// address that was looked at, and each redirect the same again.

import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { messageOf } from '../errors.ts'
import { type FetchedPage, GateError, type NetworkGate, refuse } from './port.ts'
import { globMatch } from './protected.ts'
import { checkTarget, hostOf, originOf, redirected, type Target, type TargetCheck } from './targets.ts'

export interface NetworkGateOptions extends TargetCheck {
  readonly maxBytes?: number
  readonly timeoutMs?: number
  readonly maxRedirects?: number
  readonly userAgent?: string
}

const DEFAULTS = { maxBytes: 2 * 1024 * 1024, timeoutMs: 20_000, maxRedirects: 5 } as const
const SENSITIVE = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-subscription-token'])
const OURS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'accept-encoding', 'te', 'expect'])

export function createNetworkGate(options: NetworkGateOptions): NetworkGate {
  async function connectorFor(target: Target, signal: AbortSignal): Promise<Dispatcher> {
    const { Agent } = await import('undici')
    const [{ connect: plain }, { connect: tls }] = await Promise.all([import('node:net'), import('node:tls')])
    return new Agent({
      connect: (request, callback) => {
        const secure = request.protocol === 'https:'
        const port = Number(request.port || (secure ? 443 : 80))
        const attempt = (index: number): void => {
          const address = target.addresses[index] as string
          const real = options.dial?.(address, port, secure) ?? { host: address, port, secure }
          const name = isIP(hostOf(target.url)) === 0 ? { servername: hostOf(target.url) } : {}
          const socket = real.secure
            ? tls({ host: real.host, port: real.port, ALPNProtocols: ['http/1.1'], ...name })
            : plain({ host: real.host, port: real.port })
          const stop = (): void => void socket.destroy(new Error('stopped'))
          signal.addEventListener('abort', stop, { once: true })
          socket.once('close', () => signal.removeEventListener('abort', stop))
          const failed = (error: Error): void => {
            socket.destroy()
            if (index + 1 < target.addresses.length && !signal.aborted) attempt(index + 1)
            else callback(error, null)
          }
          socket.setTimeout(10_000, () => socket.destroy(new Error('the server did not answer')))
          socket.once('error', failed)
          socket.once(real.secure ? 'secureConnect' : 'connect', () => {
            socket.removeListener('error', failed)
            socket.setTimeout(0)
            socket.setNoDelay(true)
            callback(null, socket)
          })
        }
        attempt(0)
      },
    })
  }

  return {
    async check(url, { hosts } = {}) {
      if (hosts === undefined) return await checkTarget(url, options)
      const host = typeof url === 'string' && URL.canParse(url) ? hostOf(new URL(url)) : ''
      if (!hosts.some((glob) => globMatch(glob.toLowerCase(), host)))
        refuse(`The host ${host} is not in \`allowHosts\` of the browser.`)
      return await checkTarget(url, options, hosts.includes(host) ? { local: true } : undefined)
    },
    async fetch(start, request = {}) {
      const timeoutMs = Math.min(request.timeoutMs ?? DEFAULTS.timeoutMs, options.timeoutMs ?? Number.POSITIVE_INFINITY)
      const timeout = AbortSignal.timeout(timeoutMs)
      const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
      const maxBytes = Math.min(request.maxBytes ?? DEFAULTS.maxBytes, options.maxBytes ?? Number.POSITIVE_INFINITY)
      let next: unknown = start
      const trusted = request.configured === true ? originOf(start) : undefined
      let method = request.method ?? 'GET'
      let body = request.body
      const headers = new Map<string, string>([['user-agent', options.userAgent ?? 'claw']])
      for (const [name, value] of Object.entries(request.headers ?? {})) {
        const key = name.toLowerCase()
        if (!OURS.has(key)) headers.set(key, value)
      }
      const { request: send } = await import('undici')
      for (let hop = 0; ; hop++) {
        const target = await abortable(checkTarget(next, options, trusted), signal)
        const dispatcher = await connectorFor(target, signal)
        try {
          const answer = await send(target.url, {
            method,
            headers: { ...Object.fromEntries(headers), 'accept-encoding': 'gzip, deflate, br' },
            ...(body === undefined || method === 'GET' ? {} : { body }),
            dispatcher,
            signal,
            headersTimeout: timeoutMs,
            bodyTimeout: timeoutMs,
          })
          const location = single(answer.headers['location'])
          if (![301, 302, 303, 307, 308].includes(answer.statusCode) || location === undefined)
            return await pageOf(target.url, answer, maxBytes, request.accept, signal)
          answer.body.on('error', () => {})
          answer.body.destroy()
          if (hop >= (options.maxRedirects ?? DEFAULTS.maxRedirects)) refuse('The address redirects too often.')
          const to = redirected(location, target.url)
          if (to.origin !== target.url.origin) {
            for (const name of SENSITIVE) headers.delete(name)
            if (body !== undefined && (answer.statusCode === 307 || answer.statusCode === 308))
              refuse('The address redirects a request with a body to another host.')
          }
          if (answer.statusCode === 303 || (method === 'POST' && answer.statusCode < 303)) {
            method = 'GET'
            body = undefined
            headers.delete('content-type')
          }
          next = to.href
        } catch (error) {
          throw error instanceof GateError ? error : new GateError(failure(error, timeout, timeoutMs, target.url))
        } finally {
          void dispatcher.destroy().catch(() => {})
        }
      }
    },
  }
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

function failure(error: unknown, timeout: AbortSignal, timeoutMs: number, url: URL): string {
  if (timeout.aborted) return `${url.host} took longer than ${Math.round(timeoutMs / 1000)} s.`
  return `${url.host} can't be reached: ${messageOf(error)}.`
}

/** Rejects as soon as the signal aborts; a resolver can't be stopped. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw new GateError('The request was stopped.')
  let stop = (): void => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new GateError('The request was stopped or took too long.'))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function decoded(body: Readable, encoding: string | undefined): Readable {
  const codec =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
      : encoding === 'deflate'
        ? createInflate({ finishFlush: constants.Z_SYNC_FLUSH })
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined
  if (codec === undefined) return body
  body.on('error', (error) => codec.destroy(error))
  return body.pipe(codec)
}

async function pageOf(
  url: URL,
  answer: Dispatcher.ResponseData,
  maxBytes: number,
  accept: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const contentType = single(answer.headers['content-type']) ?? ''
  const kind = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  answer.body.on('error', () => {})
  if (accept !== undefined && kind !== '' && !accept.some((type) => globMatch(type, kind))) {
    answer.body.destroy()
    return refuse(`The page is of type ${kind}, which is not read here.`)
  }
  const encoding = single(answer.headers['content-encoding'])?.trim().toLowerCase()
  if (encoding !== undefined && !['', 'identity', 'gzip', 'x-gzip', 'deflate', 'br'].includes(encoding)) {
    answer.body.destroy()
    return refuse(`The page is packed as ${encoding}, which is not read here.`)
  }
  const chunks: Buffer[] = []
  let size = 0
  let truncated = false
  const stream = decoded(answer.body, encoding)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (signal.aborted) throw new Error('stopped')
    const room = maxBytes - size
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk)
    size += Math.min(chunk.length, room)
    if (chunk.length > room) {
      truncated = true
      break
    }
  }
  answer.body.destroy()
  return { url: url.href, status: answer.statusCode, contentType, body: Buffer.concat(chunks), truncated }
}
