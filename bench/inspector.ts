// A process started with --inspect in; its heap out, once garbage is collected.

import { WebSocket } from 'ws'
import { get } from './sides.ts'

/** Megabytes still in use. */
export async function heapMb(port: number): Promise<number> {
  const list = JSON.parse((await get(port, '/json/list'))?.body ?? '[]') as { webSocketDebuggerUrl: string }[]
  const socket = new WebSocket(list[0]?.webSocketDebuggerUrl ?? '')
  await new Promise((resolve) => socket.once('open', resolve))
  const call = (id: number, method: string): Promise<{ result: { usedSize?: number } }> =>
    new Promise((resolve) => {
      socket.once('message', (raw: Buffer) => resolve(JSON.parse(raw.toString()) as { result: { usedSize?: number } }))
      socket.send(JSON.stringify({ id, method }))
    })
  await call(1, 'HeapProfiler.collectGarbage')
  await call(2, 'HeapProfiler.collectGarbage')
  const { result } = await call(3, 'Runtime.getHeapUsage')
  socket.close()
  return (result.usedSize ?? Number.NaN) / 2 ** 20
}
