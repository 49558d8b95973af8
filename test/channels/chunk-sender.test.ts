import t from 'tap'
import { createChunkSender } from '../../src/channels/chat-sender.ts'
import { ChannelError, UnsureError } from '../../src/channels/port.ts'

const context = (possiblyRepeated = false) => ({
  idempotencyKey: 'k',
  possiblyRepeated,
  signal: new AbortController().signal,
})
const busy = new ChannelError('Please wait.', { retry: true, retryAfterMs: 1000 })

t.test('a second attempt goes on where the first broke off', async (t) => {
  const sender = createChunkSender()
  const sent: string[] = []
  let fault: Error | null = busy
  const send = async (part: string, index: number, unsure: boolean): Promise<string> => {
    if (index === 1 && fault !== null) throw fault
    sent.push(unsure ? `${part}?` : part)
    return part
  }
  const first = await sender.sendAll(['a', 'b', 'c'], context(), send).catch((error: unknown) => error)
  t.match(first, { retry: true, retryAfterMs: 1000, notSent: false }, 'one part has arrived')
  fault = new UnsureError('cut')
  await t.rejects(sender.sendAll(['a', 'b', 'c'], context(true), send), { name: 'UnsureError' })
  fault = null
  t.same(await sender.sendAll(['a', 'b', 'c'], context(true), send), { messageIds: ['a', 'b', 'c'] })
  t.same(sent, ['a', 'b?', 'c'], 'only the part that may have arrived is marked')
})

t.test('nothing has arrived when the first part is refused', async (t) => {
  const sender = createChunkSender()
  const refused = sender.sendAll(['a', 'b'], context(), () => Promise.reject(busy))
  t.match(await refused.catch((error: unknown) => error), { notSent: true })
})

t.test('after a restart all of it may be a repeat, and the first part says so', async (t) => {
  const sent: string[] = []
  await createChunkSender().sendAll(['a', 'b'], context(true), async (part, _, unsure) => {
    sent.push(unsure ? `${part}?` : part)
    return part
  })
  t.same(sent, ['a?', 'b'])
})
