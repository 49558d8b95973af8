// A WebSocket client for tests: says hello, collects frames, waits for one that fits.

import { WebSocket } from 'ws'

export interface TestFrame {
  type: string
  data: Record<string, unknown>
}

export interface SocketClient {
  readonly ws: WebSocket
  readonly frames: TestFrame[]
  send(type: string, data: object): void
  /** The first frame of this type (that fits), already there or to come. */
  next(type: string, fits?: (data: Record<string, unknown>) => boolean): Promise<TestFrame>
  /** Code of the close. */
  readonly closed: Promise<number>
  close(): Promise<number>
}

export async function openSocket(
  url: string,
  options: { hello?: object; headers?: Record<string, string>; autoPong?: boolean } = {},
): Promise<SocketClient> {
  const ws = new WebSocket(url.replace(/^http/, 'ws'), { headers: options.headers, autoPong: options.autoPong ?? true })
  const frames: TestFrame[] = []
  const waiting = new Set<() => void>()
  const closed = new Promise<number>((resolve) => ws.on('close', (code) => resolve(code)))
  ws.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as TestFrame)
    for (const check of waiting) check()
  })
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('unexpected-response', (_, response) => reject(new Error(`refused with ${response.statusCode}`)))
    ws.once('error', reject)
  })
  const client: SocketClient = {
    ws,
    frames,
    closed,
    send: (type, data) => ws.send(JSON.stringify({ type, data })),
    next: (type, fits = () => true) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check)
          reject(new Error(`no ${type} came; had ${JSON.stringify(frames)}`))
        }, 5000)
        const check = (): void => {
          const index = frames.findIndex((one) => one.type === type && fits(one.data))
          if (index === -1) return
          clearTimeout(timer)
          waiting.delete(check)
          resolve(frames.splice(index, 1)[0] as TestFrame)
        }
        waiting.add(check)
        check()
      }),
    close: () => {
      ws.close()
      return closed
    },
  }
  if (options.hello !== undefined) {
    client.send('hello', options.hello)
    await client.next('hello_ok')
  }
  return client
}
