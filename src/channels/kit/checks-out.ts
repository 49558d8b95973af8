// The kit's checks of what goes out: replies, formatting, files, growing answers, limits, approvals.

import assert from 'node:assert/strict'
import { ChannelError, type ReplyTarget } from '../port.ts'
import { type Bench, until, withBench } from './bench.ts'
import { filesGoOut } from './checks-files.ts'
import { groupOf } from './checks-in.ts'
import type { KitDriver, PromiseId } from './contract.ts'
import { deliver } from './host.ts'

type Checks = Partial<Record<PromiseId, (driver: KitDriver) => Promise<void>>>

const me = (bench: Bench): { userId: string } => ({ userId: bench.platform.users[0] })
const seen = (bench: Bench) => bench.platform.seen('direct')
const target = (bench: Bench): ReplyTarget => ({ channelId: bench.host.spec.id, ...me(bench) })

/** Makes the platform ready for a reply without a question, where it wants one first. */
async function greet(bench: Bench): Promise<void> {
  await bench.platform.say({ place: 'direct', text: 'hello' })
  await bench.host.until('the greeting', () => bench.host.received.length > 0)
}

const words = (text: string): string[] =>
  text
    .replace(/[`*_~>\s]+/g, ' ')
    .trim()
    .split(' ')

export const outChecks: Checks = {
  send: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      const { messageIds } = await deliver(bench.channel, bench.host, { content: 'hello you', ...me(bench) })
      assert.ok(messageIds.length === 1 && messageIds[0] !== '', 'the platform’s id comes back')
      await until('the direct reply', () => seen(bench).some((m) => m.text === 'hello you'))
      if (bench.platform.group === undefined) return
      await deliver(bench.channel, bench.host, { content: 'hello all', ...me(bench), ...groupOf(bench) })
      await until('the group reply', () => bench.platform.seen('group').some((m) => m.text === 'hello all'))
    }),

  split: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      const max = driver.definition.traits.maxChars
      const paragraph = (i: number): string =>
        Array.from({ length: 14 }, (_, j) => `p${i}w${j} ${'lorem'.repeat(2)}`)
          .join(' ')
          .concat('.')
      const size = paragraph(0).length + 2
      const content = Array.from({ length: Math.ceil((max * 2.5) / size) + 1 }, (_, i) => paragraph(i)).join('\n\n')
      const { messageIds } = await deliver(bench.channel, bench.host, { content, ...me(bench) })
      const lastWord = words(content).at(-2) as string
      await until(
        'all parts',
        () => seen(bench).length >= messageIds.length && seen(bench).at(-1)?.text.includes(lastWord) === true,
      )
      const parts = seen(bench).map((m) => m.text)
      assert.ok(parts.length >= 3)
      for (const part of parts) {
        assert.ok(part.length <= max, `each part fits: ${part.length} of ${max}`)
        if (max > size * 2) assert.match(part.trim(), /\.$/, 'parts end where paragraphs end')
      }
      assert.deepEqual(words(parts.join('\n')), words(content), 'nothing missing, nothing twice, in order')
    }),

  code: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      const max = driver.definition.traits.maxChars
      const filler = `${'word '.repeat(Math.floor((max * 0.7) / 5)).trim()}.`
      const lines = Array.from({ length: Math.floor((max * 0.5) / 20) }, (_, i) => `const line${String(i).padStart(4, '0')} = 1`)
      await deliver(bench.channel, bench.host, {
        content: `${filler}\n\n\`\`\`js\n${lines.join('\n')}\n\`\`\`\n\nThe end.`,
        ...me(bench),
      })
      await until('the end', () => seen(bench).some((m) => m.text.includes('The end.')))
      const whole = seen(bench).filter((m) => m.text.includes('line0000'))
      assert.equal(whole.length, 1)
      assert.ok(whole[0]?.text.includes(lines.at(-1) as string), 'a block that fits in one message is not torn')
      const many = Array.from({ length: Math.ceil((max * 1.6) / 20) }, (_, i) => `let number${String(i).padStart(4, '0')} = 2`)
      await deliver(bench.channel, bench.host, { content: `\`\`\`js\n${many.join('\n')}\n\`\`\``, ...me(bench) })
      await until('the last line', () => seen(bench).some((m) => m.text.includes(many.at(-1) as string)))
      const torn = seen(bench).filter((m) => m.text.includes('let number'))
      assert.ok(torn.length >= 2)
      for (const part of torn) assert.ok(part.formats.includes('pre'), 'each piece is a code block of its own')
      for (const line of many) assert.equal(torn.filter((m) => m.text.includes(line)).length, 1, 'each line once')
    }),

  dialect: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      const content =
        '# Title\n\nSome **bold**, *italic* and `a < b && c` with [a link](https://example.org/?a=1&b=2).\n\n- one\n- two\n\n> quoted\n\n```py\nprint("<hi>")\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |'
      await deliver(bench.channel, bench.host, { content, ...me(bench) })
      await until('all of it', () => seen(bench).some((m) => /\| 2/.test(m.text)))
      const all = seen(bench)
      const formats = new Set(all.flatMap((m) => m.formats))
      for (const format of driver.formats ?? ['bold', 'code', 'pre'])
        assert.ok(formats.has(format), `${format} is shown (there is ${[...formats].join(', ')})`)
      const text = all.map((m) => m.text).join('\n')
      assert.match(text, /a < b && c/)
      assert.match(text, /print\("<hi>"\)/)
      assert.match(text, /1 +\| 2/, 'tables stay readable')
      // Odd input must arrive too, whatever it looks like.
      for (const odd of [
        '<b>not closed',
        '**bold',
        '`',
        '</pre>',
        '[x](javascript:alert(1))',
        '_*_*_',
        '&lt;',
        '> > > deep',
        '@everyone',
      ]) {
        await deliver(bench.channel, bench.host, { content: `odd ${odd} end`, ...me(bench) })
      }
      await until('the odd ones', () => seen(bench).filter((m) => m.text.includes('odd')).length === 9)
    }),

  huge: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      const before = seen(bench).length
      await deliver(bench.channel, bench.host, { content: 'many words. '.repeat(870_000), ...me(bench) })
      const count = seen(bench).length - before
      assert.ok(count > 0 && count <= 25, `a few messages, not thousands (${count})`)
      await deliver(bench.channel, bench.host, { content: 'still here', ...me(bench) })
      await until('still here', () => seen(bench).some((m) => m.text === 'still here'))
    }),

  mediaOut: filesGoOut,

  typing: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      const asked = bench.host.received[0]
      const to = { ...target(bench), ...(asked?.messageId === undefined ? {} : { replyTo: asked.messageId }) }
      bench.channel.typing?.(to)
      bench.channel.typing?.(to)
      await until('the sign', () => (bench.platform.typing?.('direct') ?? 0) > 0)
    }),

  streaming: (driver) =>
    withBench(driver, { spec: { streaming: 'edit' } }, async (bench) => {
      await greet(bench)
      const context = { idempotencyKey: 'stream', possiblyRepeated: false, signal: new AbortController().signal }
      const stream = bench.channel.stream?.(target(bench), 'agent:main:main')
      assert.ok(stream, 'it can stream')
      let text = ''
      for (let i = 0; i < 60; i++) {
        text += `word${i} `
        stream.update(text)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      const done = await stream.finish(`${text}**done**`, context)
      assert.ok(done !== null && done !== 'left' && done.messageIds.length === 1)
      const [only, ...more] = seen(bench)
      assert.equal(more.length, 0, 'one message')
      assert.ok((only?.edits ?? 0) >= 1, 'it grew')
      assert.ok((only?.edits ?? 0) < 40, 'not an edit for every word')
      assert.deepEqual(words(only?.text ?? ''), words(`${text}done`))
      const dropped = bench.channel.stream?.(target(bench), 'agent:main:main')
      dropped?.update('never mind')
      await until('the preview', () => seen(bench).length === 2)
      await dropped?.cancel()
      assert.equal(seen(bench).length, 1, 'a cancelled one is gone')
    }),

  rateLimit: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      bench.platform.limit?.(150)
      await deliver(bench.channel, bench.host, { content: 'patience', ...me(bench) })
      await until('the reply', () => seen(bench).some((m) => m.text.includes('patience')))
      assert.equal(seen(bench).filter((m) => m.text.includes('patience')).length, 1)
      const times = bench.platform.sendTimes?.() ?? []
      const refused = times.findIndex((call) => !call.ok)
      assert.ok(refused >= 0, 'the limit was met')
      const next = times[refused + 1]
      // A little slack for timers that fire early.
      assert.ok((next?.at ?? 0) - (times[refused]?.at ?? 0) >= 140, 'no call before the time')
    }),

  repeat: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      bench.platform.loseAnswer?.()
      await deliver(bench.channel, bench.host, { content: 'exactly once', ...me(bench) })
      await until('the reply', () => seen(bench).some((m) => m.text.includes('exactly once')))
      const copies = seen(bench).filter((m) => m.text.includes('exactly once'))
      const unmarked = copies.filter((m) => !m.text.includes('may be a repeat'))
      assert.ok(unmarked.length <= 1, 'no silent double')
      if (driver.definition.traits.idempotentSend) assert.equal(copies.length, 1, 'the platform was told it is the same')
    }),

  refused: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      bench.platform.refuse?.('direct')
      const error: unknown = await deliver(bench.channel, bench.host, { content: 'are you there?', ...me(bench) }).catch(
        (e: unknown) => e,
      )
      assert.ok(error instanceof ChannelError)
      assert.equal(error.retry, false)
      assert.equal(bench.host.state.state, 'connected', 'the channel goes on')
    }),

  approvals: (driver) =>
    withBench(driver, {}, async (bench) => {
      await greet(bench)
      const prompt = {
        id: '01jabcdefghjkmnpqrstvwxyz0',
        agentId: 'main',
        toolName: 'bash',
        text: 'rm -rf build && echo "<done>"',
        expiresAt: bench.clock.now() + 600_000,
        canRemember: true,
      }
      bench.host.answerWith((answer) =>
        answer.userId === bench.platform.users[0] ? 'Approved once.' : 'You may not answer this.',
      )
      assert.equal(await bench.channel.askApproval?.(target(bench), prompt), true)
      await until('the buttons', () => seen(bench).some((m) => m.buttons.length > 0))
      const asked = seen(bench).find((m) => m.buttons.length > 0)
      assert.equal(asked?.buttons.length, 3)
      assert.ok(
        seen(bench).some((m) => m.text.includes('rm -rf build && echo "<done>"')),
        'the command is shown in full',
      )
      const label = asked?.buttons[0] as string
      const stranger = await bench.platform.press?.('direct', asked?.ref as string, label, 1)
      assert.equal(bench.host.answers[0]?.userId, bench.platform.users[1], 'the presser’s own id')
      assert.match(stranger ?? '', /may not/)
      const told = await bench.platform.press?.('direct', asked?.ref as string, label, 0)
      assert.deepEqual(bench.host.answers[1], { id: prompt.id, decision: 'once', userId: bench.platform.users[0] })
      assert.match(told ?? '', /Approved/)
      await bench.channel.approvalClosed?.(prompt.id, 'Approved once by user.')
      await until('the buttons to go', () => !seen(bench).some((m) => m.buttons.length > 0))
      await bench.channel.approvalClosed?.('unknown', 'nothing')
      assert.equal(await bench.channel.askApproval?.(target(bench), { ...prompt, id: 'second', canRemember: false }), true)
      await until('two buttons', () => seen(bench).some((m) => m.buttons.length === 2))
    }),
}
