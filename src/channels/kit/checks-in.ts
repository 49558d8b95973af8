// The kit's checks of what comes in: life cycle, intake, order, trouble.

import assert from 'node:assert/strict'
import { type Bench, FASTER, until, withBench } from './bench.ts'
import { filesComeIn } from './checks-files.ts'
import type { KitDriver, PromiseId } from './contract.ts'
import { deliver } from './host.ts'

type Checks = Partial<Record<PromiseId, (driver: KitDriver) => Promise<void>>>

const received = (bench: Bench, count: number): Promise<void> =>
  bench.host.until(`${count} messages`, () => bench.host.received.length >= count)

/** The kit's group as a target. */
export const groupOf = ({ platform }: Bench): { groupId?: string; threadId?: string } => ({
  ...(platform.group === undefined ? {} : { groupId: platform.group }),
  ...(platform.groupThread === undefined ? {} : { threadId: platform.groupThread }),
})

/** Says something last and waits for it: what should not have come would have come before it. */
async function afterMarker(bench: Bench): Promise<void> {
  const marker = `marker ${Math.random()}`
  await bench.platform.say({ place: 'direct', text: marker })
  await bench.host.until('the marker', () => bench.host.received.some((m) => m.content === marker))
}

export const inChecks: Checks = {
  lifecycle: (driver) =>
    withBench(driver, {}, async (bench) => {
      assert.equal(bench.host.states[0]?.state, 'starting')
      await bench.channel.stop()
      bench.platform.attach?.(null)
      assert.equal(bench.host.state.state, 'stopped')
      // Platforms without a memory refuse what is said to a stopped bot.
      await bench.platform.say({ place: 'direct', text: 'anyone?' }).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(bench.host.received.length, 0, 'nothing comes in after stop')
    }),

  credentials: (driver) =>
    withBench(driver, { settings: 'bad', unready: true }, async (bench) => {
      await bench.host.until('failed', () => bench.host.state.state === 'failed')
      const state = bench.host.state
      assert.ok('detail' in state && state.detail.length > 10, 'the state says what is wrong')
      for (const value of Object.values(bench.platform.badSettings)) {
        const secret = (value as { reveal?: () => string } | undefined)?.reveal?.()
        if (secret !== undefined && secret.length > 3)
          assert.ok(!JSON.stringify(bench.host.states).includes(secret), 'no secret in a state')
      }
    }),

  direct: (driver) =>
    withBench(driver, {}, async (bench) => {
      await bench.platform.say({ place: 'direct', text: 'hello bot' })
      await bench.platform.say({ place: 'direct', text: 'me too', user: 1 })
      await received(bench, 2)
      const [first, second] = [...bench.host.received].sort((a) => (a.content === 'hello bot' ? -1 : 1))
      assert.equal(first?.content, 'hello bot')
      assert.equal(first?.userId, bench.platform.users[0])
      assert.equal(first?.groupId, undefined)
      assert.equal(first?.channelId, bench.host.spec.id)
      assert.ok(first?.messageId, 'it has an id')
      assert.ok(!Number.isNaN(Date.parse(first?.timestamp ?? '')), 'it has a time')
      assert.equal(second?.userId, bench.platform.users[1])
      assert.notEqual(first?.messageId, second?.messageId, 'ids are unique over chats')
    }),

  groups: (driver) =>
    withBench(driver, {}, async (bench) => {
      await bench.platform.say({ place: 'group', text: 'just talking', user: 1 })
      await received(bench, 1)
      const message = bench.host.received[0]
      assert.equal(message?.groupId, bench.platform.group)
      assert.equal(message?.userId, bench.platform.users[1])
      assert.notEqual(message?.mentionsBot, true, 'talk among people is not for the bot')
    }),

  threads: (driver) =>
    withBench(driver, {}, async (bench) => {
      await bench.platform.say({ place: 'thread', text: 'in here', mention: true })
      await received(bench, 1)
      const message = bench.host.received[0]
      assert.equal(message?.groupId, bench.platform.thread?.groupId)
      assert.equal(message?.threadId, bench.platform.thread?.threadId)
      await deliver(bench.channel, bench.host, {
        content: 'answered in here',
        userId: message?.userId as string,
        groupId: message?.groupId as string,
        threadId: message?.threadId as string,
        replyTo: message?.messageId as string,
      })
      await until('the reply in the thread', () => bench.platform.seen('thread').some((m) => m.text === 'answered in here'))
    }),

  mentions: (driver) =>
    withBench(driver, { prefixes: ['/research'] }, async (bench) => {
      await bench.platform.say({ place: 'group', text: 'what is up?', mention: true })
      await received(bench, 1)
      assert.equal(bench.host.received[0]?.mentionsBot, true)
      assert.equal(bench.host.received[0]?.content, 'what is up?', 'the mention is cut')
      await bench.platform.say({ place: 'group', text: '/research sushi' })
      await received(bench, 2)
      assert.equal(bench.host.received[1]?.mentionsBot, true, 'a routing prefix is for the bot')
      assert.equal(bench.host.received[1]?.content, '/research sushi')
    }),

  replies: (driver) =>
    withBench(driver, {}, async (bench) => {
      const where = bench.platform.group === undefined ? 'direct' : 'group'
      await bench.platform.say({ place: where, text: 'question', mention: where === 'group' })
      await received(bench, 1)
      const asked = bench.host.received[0]
      await deliver(bench.channel, bench.host, {
        content: 'The answer is 42.',
        userId: bench.platform.users[0],
        ...(asked?.groupId === undefined ? {} : { groupId: asked.groupId }),
        ...(asked?.threadId === undefined ? {} : { threadId: asked.threadId }),
        replyTo: asked?.messageId as string,
      })
      const find = () => bench.platform.seen(where).find((m) => m.text === 'The answer is 42.')
      await until('the reply', () => find() !== undefined)
      const reply = find()
      assert.ok(reply?.answers, 'the reply points at the question')
      await bench.platform.say({ place: where, text: 'are you sure?', answers: reply as NonNullable<typeof reply> })
      await received(bench, 2)
      const back = bench.host.received[1]
      if (where === 'group') assert.equal(back?.mentionsBot, true, 'an answer to the bot is for the bot')
      assert.equal(back?.quoted?.content, 'The answer is 42.')
    }),

  edits: (driver) =>
    withBench(driver, {}, async (bench) => {
      const ref = await bench.platform.say({ place: 'direct', text: 'delete teh file' })
      await received(bench, 1)
      await bench.platform.say({ place: 'direct', text: 'delete the file', edits: ref })
      await afterMarker(bench)
      assert.equal(bench.host.received.length, 2, 'the edit started nothing')
    }),

  intake: (driver) =>
    withBench(driver, {}, async (bench) => {
      bench.host.failReceives(3)
      await bench.platform.say({ place: 'direct', text: 'keep me' })
      await received(bench, 1)
      assert.ok(bench.host.deliveries.length >= 4, 'it came again until it was stored')
      assert.equal(new Set(bench.host.deliveries.map((m) => m.messageId)).size, 1, 'under one id')
      await afterMarker(bench)
      assert.equal(bench.host.received.length, 2)
    }),

  order: (driver) =>
    withBench(driver, {}, async (bench) => {
      bench.host.delayReceives((message) => (message.content.endsWith('0') ? 15 : 0))
      const texts = Array.from({ length: 25 }, (_, i) => `number ${i}`)
      for (const text of texts) await bench.platform.say({ place: 'direct', text })
      await received(bench, texts.length)
      assert.deepEqual(
        bench.host.received.map((m) => m.content),
        texts,
      )
    }),

  restart: (driver) =>
    withBench(driver, {}, async (bench) => {
      await bench.platform.say({ place: 'direct', text: 'before' })
      await received(bench, 1)
      const earlier = bench.host
      await bench.channel.stop()
      bench.platform.attach?.(null)
      await bench.platform.say({ place: 'direct', text: 'while away' })
      await bench.again()
      await bench.host.until('the message', () => bench.host.received.some((m) => m.content === 'while away'))
      assert.equal(earlier.received.length, 1)
      const ids = new Set(earlier.received.map((m) => m.messageId))
      const fresh = bench.host.received.filter((m) => !ids.has(m.messageId))
      assert.deepEqual(
        fresh.map((m) => m.content),
        ['while away'],
      )
    }),

  disconnects: (driver) =>
    withBench(driver, {}, async (bench) => {
      const said: string[] = []
      const sent: Promise<unknown>[] = []
      const cuts = driver.cuts ?? 20
      for (let round = 0; round < cuts; round++) {
        if (bench.platform.isConnected !== undefined) await until('a connection', bench.platform.isConnected)
        if (bench.platform.forgets) await bench.host.until('connected', () => bench.host.state.state === 'connected')
        for (let i = 0; i < 3; i++) {
          const text = `round ${round} message ${i}`
          said.push(text)
          await bench.platform.say({ place: 'direct', text })
        }
        if (bench.platform.forgets) await received(bench, said.length)
        const reply = { content: `reply ${round}.`, userId: bench.platform.users[0] }
        sent.push(deliver(bench.channel, bench.host, reply, { attempts: Number.POSITIVE_INFINITY }))
        await new Promise((resolve) => setTimeout(resolve, 4))
        await bench.platform.disconnect()
      }
      await Promise.all(sent)
      await received(bench, said.length)
      assert.deepEqual(
        bench.host.received.map((m) => m.content),
        said,
        'each once, in order',
      )
      const texts = (): string[] => bench.platform.seen('direct').map((m) => m.text)
      await until('the last reply', () => texts().some((text) => text.includes(`reply ${cuts - 1}.`)))
      for (let round = 0; round < cuts; round++) {
        const copies = texts().filter((text) => text.includes(`reply ${round}.`))
        assert.ok(copies.length >= 1, `reply ${round} arrived`)
        assert.ok(
          copies.filter((text) => !text.includes('may be a repeat')).length <= 1,
          `reply ${round} is not doubled in silence`,
        )
      }
    }),

  outage: (driver) =>
    withBench(driver, {}, async (bench) => {
      await bench.platform.say({ place: 'direct', text: 'hello' })
      await received(bench, 1)
      bench.platform.breakDown?.()
      await bench.platform.disconnect()
      if (!bench.platform.callsIn) await bench.host.until('reconnecting', () => bench.host.state.state === 'reconnecting')
      const sending = deliver(
        bench.channel,
        bench.host,
        { content: 'after the outage', userId: bench.platform.users[0] },
        { attempts: Number.POSITIVE_INFINITY },
      )
      // A minute on the channel's clock.
      await new Promise((resolve) => setTimeout(resolve, 60_000 / FASTER))
      bench.platform.heal?.()
      await bench.host.until('connected again', () => bench.host.state.state === 'connected')
      await sending
      await until('the reply', () => bench.platform.seen('direct').some((m) => m.text.includes('after the outage')))
      await afterMarker(bench)
    }),

  unicode: (driver) =>
    withBench(driver, {}, async (bench) => {
      const text = 'שלום 👩‍👩‍👧‍👦 עולם — ﷽ e\u0301 𝒳'
      await bench.platform.say({ place: 'direct', text, name: '\u202eevil\u0000 👑 مرحبا' })
      await received(bench, 1)
      assert.equal(bench.host.received[0]?.content, text)
      const name = bench.host.received[0]?.displayName
      if (name !== undefined) assert.doesNotMatch(name, /[\p{Cc}\u202a-\u202e]/u, 'names carry no controls')
      await deliver(bench.channel, bench.host, { content: text, userId: bench.platform.users[0] })
      await until('it back', () => bench.platform.seen('direct').some((m) => m.text === text))
    }),

  mediaIn: filesComeIn,

  echo: (driver) =>
    withBench(driver, {}, async (bench) => {
      const place = bench.platform.group === undefined ? 'direct' : 'group'
      await deliver(bench.channel, bench.host, {
        content: 'my own words',
        userId: bench.platform.users[0],
        ...groupOf(bench),
      })
      await bench.platform.say({ place, text: 'beep, I am a bot', mention: true, bot: true })
      await afterMarker(bench)
      assert.equal(bench.host.received.length, 1, 'only the person was heard')
    }),

  malformed: (driver) =>
    withBench(driver, {}, async (bench) => {
      assert.ok(((await bench.platform.malformed?.()) ?? 0) > 0)
      await afterMarker(bench)
      assert.equal(bench.host.received.length, 1)
      assert.equal(bench.host.state.state, 'connected')
    }),
}
