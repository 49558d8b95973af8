// An edit of one line in files of growing size: from the save until the new plan rules, and how long the server was silent
// meanwhile, as somebody who asks it every millisecond sees it.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { type Cell, type Part, rounds } from '../result.ts'
import { createClient, get, type Side, sleep, startClawSide } from '../sides.ts'
import { summarize } from '../stats.ts'

/** The watcher waits so long for more of the same save. */
const DEBOUNCE_MS = 50

function yamlOf(port: number, size: number): (word: string) => string {
  const agents = Math.max(1, Math.floor(size / 10))
  const lines = Array.from({ length: agents }, (_, i) => `  a${i}: { soul: "You are agent ${i}.", model: demo }`)
  const rules = Array.from(
    { length: Math.max(0, size - agents) },
    (_, i) => `    - { channelId: http, userId: "u${i}", agentId: a${i % agents} }`,
  )
  return (word) => `gateway: { port: ${port} }
models: { demo: { provider: scripted } }
agents:
  main: { soul: "${word}", model: demo }
${lines.join('\n')}
channels: { http: {}, webchat: {} }
routing:
  defaultAgent: main
${rules.length === 0 ? '' : `  rules:\n${rules.join('\n')}\n`}`
}

/** Resolves when a reload is told, with the time it was. */
function nextReload(socket: WebSocket): Promise<{ at: number; ok: boolean; durationMs: number }> {
  return new Promise((resolve) => {
    const see = (raw: Buffer): void => {
      const { type, data } = JSON.parse(raw.toString()) as { type: string; data: { ok: boolean; durationMs?: number } }
      if (type !== 'reload') return
      socket.off('message', see)
      resolve({ at: performance.now(), ok: data.ok, durationMs: data.durationMs ?? Number.NaN })
    }
    socket.on('message', see)
  })
}

/** Asks /healthz again and again; gives the longest wait for an answer. */
async function longestWait(side: Side, until: Promise<unknown>): Promise<number> {
  const agent = createClient()
  let longest = 0
  let over = false
  void until.then(() => {
    over = true
  })
  while (!over) {
    const start = performance.now()
    await get(side.port, '/healthz', agent)
    longest = Math.max(longest, performance.now() - start)
    await sleep(1)
  }
  agent.destroy()
  return longest
}

export const reload: Part = {
  name: 'reload',
  about: 'one line edited in a file of so many objects (a tenth agents, the rest rules)',
  async run(context) {
    const sizes = context.quick ? [1, 100, 1_000] : [1, 100, 1_000, 10_000]
    const cells: Cell[] = []
    const live: { size: number; value: number }[] = []
    const silent: { size: number; value: number }[] = []
    for (const size of sizes) {
      let text: (word: string) => string = () => ''
      const side = await startClawSide(context, '', {
        yaml: (port) => {
          text = yamlOf(port, size)
          return text('Zero.')
        },
      })
      const { ownerSecret } = JSON.parse(await readFile(join(side.folder, '.openclaw/gateway.json'), 'utf8')) as {
        ownerSecret: string
      }
      const socket = new WebSocket(`ws://127.0.0.1:${side.port}/`)
      await new Promise((resolve) => socket.once('open', resolve))
      socket.send(JSON.stringify({ type: 'hello', data: { channelId: 'webchat', token: ownerSecret } }))
      await sleep(100)
      const [saves, own, waits, calm]: [number[], number[], number[], number[]] = [[], [], [], []]
      for (let round = -1; round < rounds(context, 5, 15); round++) {
        const still = await longestWait(side, sleep(size >= 10_000 ? 500 : 120))
        const told = nextReload(socket)
        const waiting = longestWait(side, told)
        const start = performance.now()
        await writeFile(join(side.folder, 'openclaw.yaml'), text(`Number ${round}.`))
        const { at, ok, durationMs } = await told
        if (!ok) throw new Error('the edit was refused')
        const wait = await waiting
        if (round < 0) continue
        saves.push(at - start)
        own.push(durationMs)
        waits.push(wait)
        calm.push(still)
        await sleep(20)
      }
      socket.close()
      await side.stop()
      const target = size === 100 ? { value: 60 + DEBOUNCE_MS } : size === 10_000 ? { value: 500 } : undefined
      const pause = size === 100 ? { value: 5 } : size === 10_000 ? { value: 20 } : undefined
      cells.push(
        {
          name: `save to live, ${size} objects (${DEBOUNCE_MS} ms of it debounce)`,
          unit: 'ms',
          ours: saves,
          ...(target && { target }),
        },
        { name: `reload as the engine counts it, ${size} objects`, unit: 'ms', ours: own },
        {
          name: `longest silence while reloading, ${size} objects (beside: with nothing to do)`,
          unit: 'ms',
          ours: waits,
          floor: calm,
          ...(pause && { target: pause }),
        },
      )
      live.push({ size, value: summarize(saves).median - DEBOUNCE_MS })
      silent.push({ size, value: summarize(waits).median })
    }
    return {
      cells,
      growth: [
        { name: 'Save to live, debounce apart', unit: 'ms', over: 'objects', points: live },
        { name: 'Longest silence in a reload', unit: 'ms', over: 'objects', points: silent },
      ],
    }
  },
}
