// Open connections of each address, bounded. Idle ones hold nobody out: when an address is at its bound, the one that has been
// idle longest makes room.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'

interface Connections {
  readonly open: Set<Socket>
  /** Those that carry no request, the one idle longest first. */
  readonly idle: Set<Socket>
}

/** `most`: connections of one address. */
export function boundConnections(server: Server, most: () => number): void {
  const byAddress = new Map<string, Connections>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    const own = byAddress.get(address) ?? { open: new Set(), idle: new Set() }
    byAddress.set(address, own)
    if (own.open.size >= most()) {
      const [longest] = own.idle
      if (longest === undefined) {
        socket.destroy()
        return
      }
      longest.destroy()
    }
    own.open.add(socket)
    own.idle.add(socket)
    socket.once('close', () => {
      own.open.delete(socket)
      own.idle.delete(socket)
      if (own.open.size === 0) byAddress.delete(address)
    })
  })
  const busy = (socket: Socket): void => void byAddress.get(socket.remoteAddress ?? '')?.idle.delete(socket)
  server.on('request', ({ socket }, response) => {
    busy(socket)
    response.once('close', () => {
      if (!socket.destroyed) byAddress.get(socket.remoteAddress ?? '')?.idle.add(socket)
    })
  })
  server.on('upgrade', (_request, socket) => busy(socket as Socket))
}

const GOODBYE_MS = 1_000

/** Says the last words and closes; a client that ignores the end is cut off. */
export function endSocket(socket: Pick<Socket, 'end' | 'destroy' | 'destroyed' | 'once' | 'writable'>, text: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const cutOff = setTimeout(() => socket.destroy(), GOODBYE_MS)
  socket.once('close', () => clearTimeout(cutOff))
  socket.end(text)
}
