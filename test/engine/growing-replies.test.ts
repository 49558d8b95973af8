import t from 'tap'
import { createEditStream } from '../../src/channels/edit-stream.ts'
import { type Channel, ChannelError, type SendContext, UnsureError } from '../../src/channels/port.ts'
import { splitRendered } from '../../src/channels/text/split.ts'
import { Hub } from '../../src/engine/hub.ts'
import { Delivery } from '../../src/engine/outbound/delivery.ts'
import { ReplyProgress } from '../../src/engine/outbound/reply-progress.ts'
import { createKnownSecrets } from '../../src/permissions/redact.ts'
import { silentLogger, systemRandom } from '../../src/ports.ts'
import { createMemoryState, createMemoryStorage } from '../../src/storage/memory/storage.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { makePlan } from '../support/make-plan.ts'
import { outboxRow } from '../support/storage-world.ts'

const TARGET = { channelId: 'telegram', userId: '1' }
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

/** A chat with edits whose platform may fail, and processes that end and begin on one storage. */
function chat() {
  const clock = createFakeClock()
  const random = systemRandom
  const state = createMemoryState({ clock, random })
  const messages = new Map<string, string>()
  const trouble: { post?: Error; remove?: Error; edit?: Error } = {}
  let next = 0
  const post = async (text: string): Promise<string> => {
    const id = String(++next)
    messages.set(id, text)
    if (trouble.post !== undefined) throw trouble.post
    return id
  }
  const channel: Channel = {
    start: async () => {},
    stop: async () => {},
    async send({ content }, { possiblyRepeated }: SendContext) {
      await post(possiblyRepeated ? `repeat? ${content}` : content)
      return { messageIds: [] }
    },
    stream: (_target, _session, options) =>
      createEditStream({
        ...options,
        host: { clock, log: silentLogger } as never,
        intervalMs: 0,
        maxChars: 1_000,
        render: (text) => splitRendered(text, 40, (part) => part),
        run: (work) => work(),
        post: (chunk) => post(chunk.rendered),
        async edit(id, chunk) {
          if (trouble.edit !== undefined) throw trouble.edit
          if (!messages.has(id)) throw new ChannelError('it is gone', { retry: false })
          messages.set(id, chunk.rendered)
        },
        async remove(id) {
          if (trouble.remove !== undefined) throw trouble.remove
          messages.delete(id)
        },
      }),
  }
  const plan = makePlan({ channels: { telegram: { type: 'telegram', streaming: 'edit' } } })
  const opened = () => {
    const storage = createMemoryStorage({ stateDir: '', clock, random, log: silentLogger }, state)
    const live = new Map([['telegram', channel]])
    const hub = new Hub(silentLogger)
    const world = { clock, random, log: silentLogger, secrets: createKnownSecrets(), storage, emit() {} }
    const delivery = new Delivery(world, { live }, hub)
    const progress = new ReplyProgress({ live }, delivery, world, hub)
    return {
      storage,
      delivery,
      grow: (resumed: boolean) => progress.begin(plan, { key: 'reply:r', prefix: '', session: 's', resumed }, TARGET),
      async end(content: string) {
        await storage.outbox.put(outboxRow('reply:r', { target: TARGET, content }))
        delivery.wake()
        await settled()
      },
    }
  }
  const chunk = (text: string) =>
    ({ type: 'chunk', text, sequence: 0, messageIds: [], sessionKey: 's', agentId: 'a', run: 'r' }) as const
  return { opened, chunk, trouble, messages, shown: () => [...messages.values()] }
}

t.test('a process that ends while a reply grows: the next one finishes it in the same message', async (t) => {
  const { opened, chunk, shown } = chat()
  opened().grow(false)?.update(chunk('half a'))
  await settled()
  t.strictSame(shown(), ['half a'])
  const next = opened()
  const growing = next.grow(true)
  growing?.update(chunk('half a reply'))
  await settled()
  t.strictSame(shown(), ['half a reply'])
  growing?.handOver('reply:r')
  await next.end('half a reply, and the other half')
  t.strictSame(shown(), ['half a reply, and the other half'])
  t.equal(await next.storage.kv.get('growing:reply:r'), null, 'nothing is left of it')
})

t.test('it ended after the turn and before the reply: finished in place without the turn', async (t) => {
  const { opened, chunk, shown } = chat()
  opened().grow(false)?.update(chunk('half'))
  await settled()
  await opened().end('the whole')
  t.strictSame(shown(), ['the whole'])
})

t.test('a message may be there whose id nobody knows: what is sent says so', async (t) => {
  const { opened, chunk, shown, trouble } = chat()
  trouble.post = new UnsureError('the line broke')
  const first = opened()
  const growing = first.grow(false)
  growing?.update(chunk('half'))
  await settled()
  delete trouble.post
  growing?.handOver('reply:r')
  await first.end('the whole')
  t.strictSame(shown(), ['half', 'repeat? the whole'])

  const killed = chat()
  await killed.opened().storage.kv.set('growing:reply:r', '{"ids":[],"isPosting":true}')
  await killed.opened().end('the whole')
  t.strictSame(killed.shown(), ['repeat? the whole'])
})

t.test('a half that can neither be edited nor removed is not sent again in silence', async (t) => {
  const { opened, chunk, shown, trouble } = chat()
  opened().grow(false)?.update(chunk('half'))
  await settled()
  trouble.edit = trouble.remove = new ChannelError('too old', { retry: false })
  await opened().end('the whole')
  t.strictSame(shown(), ['half', 'repeat? the whole'])
})

t.test('one that can be removed is, and what is sent is no repeat', async (t) => {
  const { opened, chunk, shown, trouble } = chat()
  opened().grow(false)?.update(chunk('half'))
  await settled()
  trouble.edit = new ChannelError('too old', { retry: false })
  await opened().end('the whole')
  t.strictSame(shown(), ['the whole'])
})

t.test('a reply does not grow while an earlier one waits for its chat', async (t) => {
  const { opened, chunk, shown } = chat()
  const { storage, grow, delivery, end } = opened()
  await storage.outbox.put(outboxRow('earlier', { target: TARGET, content: 'earlier' }))
  const growing = grow(false)
  growing?.update(chunk('later'))
  await settled()
  t.strictSame(shown(), [])
  delivery.wake()
  await settled()
  growing?.update(chunk(' and'))
  await settled()
  t.strictSame(shown(), ['earlier', 'later and'])
  growing?.handOver('reply:r')
  await end('later and longer')
  t.strictSame(shown(), ['earlier', 'later and longer'])
})
