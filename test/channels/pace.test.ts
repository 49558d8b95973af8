// Backoff, throttle, queues and the sender of parts, on a clock the test owns.

import t from 'tap'
import { createBackoff, sleep } from '../../src/channels/backoff.ts'
import { createChatQueues, createChunkSender } from '../../src/channels/chat-sender.ts'
import { ChannelError, UnsureError } from '../../src/channels/port.ts'
import { createThrottle } from '../../src/channels/throttle.ts'

function handClock() {
  let now = 0
  let timers: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    elapsed: () => now,
    after(ms: number, run: () => void) {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    async pass(ms: number) {
      await new Promise((resolve) => setImmediate(resolve))
      for (const end = now + ms; ; ) {
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) {
          now = end
          break
        }
        now = next.at
        timers = timers.filter((other) => other !== next)
        next.run()
        await new Promise((resolve) => setImmediate(resolve))
      }
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

t.test('backoff doubles within its bounds and forgets on success', async (t) => {
  for (const number of [0, 0.999]) {
    const backoff = createBackoff(
      { clock: handClock(), random: { id: () => '', number: () => number } },
      { baseMs: 100, maxMs: 1000 },
    )
    for (const full of [100, 200, 400, 800, 1000, 1000]) {
      const wait = backoff.next()
      t.ok(wait >= full / 2 && wait <= full, `${wait} of ${full}`)
    }
    backoff.reset()
    t.ok(backoff.next() <= 100)
  }
})

t.test('a sleep ends early when it is called off', async (t) => {
  const stop = new AbortController()
  const sleeping = sleep(handClock(), 1e9, stop.signal)
  stop.abort()
  await t.resolves(sleeping)
})

t.test('the throttle shows the newest at its pace', async (t) => {
  const clock = handClock()
  const shown: string[] = []
  const throttle = createThrottle<string>({
    clock,
    intervalMs: 100,
    show: async (text) => {
      shown.push(`${clock.now()}:${text}`)
      return text === 'c' ? 500 : undefined
    },
  })
  throttle.push('a')
  throttle.push('b')
  throttle.push('c')
  await clock.pass(100)
  t.same(shown, ['0:a', '100:c'])
  throttle.push('d')
  throttle.push('e')
  await clock.pass(499)
  t.equal(shown.length, 2, 'the wait that was asked for is kept')
  await clock.pass(1)
  t.same(shown.at(-1), '600:e')
  throttle.push('f')
  await throttle.settle()
  await clock.pass(1000)
  t.equal(shown.length, 3, 'nothing after the end')
})

t.test('queues keep order per key and go on after a failure', async (t) => {
  const queues = createChatQueues()
  const log: string[] = []
  const work = (name: string, ms: number) => async () => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    log.push(name)
    if (name === 'a1') throw new Error('broken')
  }
  const failing = t.rejects(queues.run('a', work('a1', 10)))
  void queues.run('a', work('a2', 0))
  void queues.run('b', work('b1', 0))
  await queues.idle()
  await failing
  t.same(log, ['b1', 'a1', 'a2'])
})

t.test('parts go on where they broke off', async (t) => {
  const parts = createChunkSender()
  const context = { idempotencyKey: 'k', possiblyRepeated: false, signal: new AbortController().signal }
  const sent: string[] = []
  let trouble: Error | null = new UnsureError('lost')
  const send = async (part: string, index: number, unsure: boolean): Promise<string> => {
    if (index === 1 && trouble !== null) {
      const error = trouble
      trouble = null
      throw error
    }
    sent.push(unsure ? `${part}?` : part)
    return `id-${part}`
  }
  await t.rejects(parts.sendAll(['a', 'b', 'c'], context, send), { message: 'lost' })
  t.same(await parts.sendAll(['a', 'b', 'c'], context, send), { messageIds: ['id-a', 'id-b', 'id-c'] })
  t.same(sent, ['a', 'b?', 'c'])
  await parts.sendAll(['x'], { ...context, idempotencyKey: 'k2', possiblyRepeated: true }, send)
  t.equal(sent.at(-1), 'x?', 'after a restart the engine says what it does not know')
  trouble = new ChannelError('gone', { retry: false })
  await t.rejects(parts.sendAll(['a', 'b'], { ...context, idempotencyKey: 'k3' }, send), { message: 'gone' })
})
