// Server-sent events to one caller. Events in, bytes out; a caller who reads slowly misses what can be missed, and one who does not
// read at all is cut off.

import type { ServerResponse } from 'node:http'
import type { OutputBuffers } from './output-buffers.ts'

/** Past the first, text that can be missed is; past the second, the caller is cut off. */
const SLOW_BYTES = 1_000_000
const STUCK_BYTES = 16_000_000
const KEEP_ALIVE_MS = 15_000

export interface EventStream {
  /** `event`: its name; absent: data alone. `canBeMissed`: left out while the caller is slow. */
  send(data: string, options?: { readonly event?: string; readonly canBeMissed?: boolean }): void
  /** Ends the stream; resolves when its last byte is out or the caller is gone. */
  end(): Promise<void>
}

export function openEventStream(response: ServerResponse, address: string, buffers: OutputBuffers): EventStream {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    // Proxies that collect answers would hold events back.
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  const cutOff = (): void => void response.destroy()
  const untrack = buffers.track({ address, unread: () => response.writableLength, cutOff })
  const alive = setInterval(() => write(': still working\n\n'), KEEP_ALIVE_MS)
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  void closed.then(() => {
    clearInterval(alive)
    untrack()
  })

  function write(text: string): void {
    if (response.destroyed || response.writableEnded) return
    if (response.writableLength > STUCK_BYTES) {
      cutOff()
      return
    }
    if (!response.write(text)) buffers.check()
  }

  return {
    send(data, { event, canBeMissed = false } = {}) {
      if (canBeMissed && response.writableLength > SLOW_BYTES) return
      const head = event === undefined ? '' : `event: ${event}\n`
      write(`${head}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`)
    },
    async end() {
      clearInterval(alive)
      if (!response.destroyed) response.end()
      await closed
    },
  }
}
