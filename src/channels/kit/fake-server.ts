// Small pieces that fakes of network services share: a server on a free port, bodies, cut connections.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface FakeServer {
  readonly server: Server
  readonly port: number
  readonly url: string
  /** Cuts every open connection, answered or not. */
  dropConnections(): number
  stop(): Promise<void>
}

/** Listens on loopback. A handler that throws answers 500. */
export async function serve(
  handler: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void | Promise<void>,
  port = 0,
): Promise<FakeServer> {
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      Promise.resolve()
        .then(() => handler(request, response, Buffer.concat(chunks)))
        .catch((error: unknown) => {
          if (!response.headersSent) response.writeHead(500)
          response.end(String(error))
        })
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const at = (server.address() as AddressInfo).port
  const dropConnections = (): number => {
    const count = sockets.size
    for (const socket of sockets) socket.destroy()
    return count
  }
  return {
    server,
    port: at,
    url: `http://127.0.0.1:${at}`,
    dropConnections,
    async stop() {
      dropConnections()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

export function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

export interface UploadedFile {
  readonly name: string
  readonly mediaType: string
  readonly data: Buffer
}

/** Fields and files of a JSON, form or multipart body. */
export async function readForm(
  request: IncomingMessage,
  body: Buffer,
): Promise<{ fields: Record<string, unknown>; files: Record<string, UploadedFile> }> {
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('application/x-www-form-urlencoded'))
    return { fields: Object.fromEntries(new URLSearchParams(body.toString('utf8'))), files: {} }
  const boundary = /^multipart\/form-data.*boundary="?([^";]+)/i.exec(type)?.[1]
  if (boundary !== undefined) return readMultipart(body, boundary)
  if (body.length === 0) return { fields: Object.fromEntries(new URL(request.url ?? '/', 'http://x').searchParams), files: {} }
  return { fields: JSON.parse(body.toString('utf8')) as Record<string, unknown>, files: {} }
}

/** The platform's fetch cannot read large multipart bodies on Node 20, so the parts are cut here. */
function readMultipart(body: Buffer, boundary: string): { fields: Record<string, unknown>; files: Record<string, UploadedFile> } {
  const fields: Record<string, unknown> = {}
  const files: Record<string, UploadedFile> = {}
  const mark = Buffer.from(`--${boundary}`)
  for (let at = body.indexOf(mark); at !== -1; ) {
    const next = body.indexOf(mark, at + mark.length)
    if (next === -1) break
    const part = body.subarray(at + mark.length + 2, next - 2)
    at = next
    const gap = part.indexOf('\r\n\r\n')
    const head = part.subarray(0, gap).toString('utf8')
    const value = part.subarray(gap + 4)
    const name = /name="([^"]*)"/i.exec(head)?.[1] ?? ''
    const file = /filename="?([^";\r\n]*)/i.exec(head)?.[1]
    if (file === undefined) fields[name] = value.toString('utf8')
    else files[name] = { name: file, mediaType: /content-type: *([^\r\n]+)/i.exec(head)?.[1] ?? '', data: Buffer.from(value) }
  }
  return { fields, files }
}
