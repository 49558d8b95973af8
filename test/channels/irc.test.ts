// IRC passes the kit against a real ngircd (skipped, loudly, where it is not installed), and what the kit cannot ask.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { stripNick } from '../../src/channels/irc/index.ts'
import { LINE_BYTES, plainText, toLines } from '../../src/channels/irc/lines.ts'
import { runKit } from '../../src/channels/kit/index.ts'
import { irc } from '../../src/channels/registry.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock, until } from '../support/channel-host.ts'
import { createIrcNetwork, hasNgircd, IRC_PASSWORD } from '../support/ngircd.ts'
import { ircDriver } from './driver-irc.ts'

t.test('lines', async (t) => {
  t.same(toLines('**bold** and `code`\n\n\nnext'), ['\x02bold\x02 and \x11code\x11', 'next'])
  t.same(toLines('a\x01b\rQUIT'), ['ab', 'QUIT'], 'no controls get through')
  for (const line of toLines('ü👍 '.repeat(400))) t.ok(Buffer.byteLength(line) <= LINE_BYTES)
  const many = toLines('line\n\n'.repeat(50))
  t.equal(many.length, 20)
  t.match(many.at(-1), /cut/)
  t.equal(plainText('\x02bold\x02 \x0304,05red\x03 plain\x0f'), 'bold red plain')
})

t.test('names', async (t) => {
  t.same(stripNick('claw: hi', 'claw'), { text: 'hi', mentioned: true })
  t.same(stripNick('Claw, hi', 'claw'), { text: 'hi', mentioned: true })
  t.same(stripNick('ask claw about it', 'claw'), { text: 'ask claw about it', mentioned: true })
  t.same(stripNick('clawing away', 'claw'), { text: 'clawing away', mentioned: false })
  t.same(stripNick('c++: hi', 'c++'), { text: 'hi', mentioned: true })
})

if (!hasNgircd()) {
  process.stderr.write('IRC IS NOT TESTED: ngircd is not installed (apt-get install -y ngircd)\n')
  t.test('IRC against ngircd', { skip: 'ngircd is not installed: apt-get install -y ngircd' }, async () => undefined)
} else {
  await runKit(ircDriver, {
    check: (name, body) => t.test(name, body),
    cannot: (name, reason) => t.comment(`${name}: cannot, ${reason}`),
  })

  t.test('a cut while answering: connects again, and the answer is sent again with a note or once', async (t) => {
    const network = await createIrcNetwork()
    const ann = await network.person('ann', ['#claw'])
    const clock = fastClock(50)
    const host = createChannelHost({
      type: 'irc',
      clock,
      stateFolder: await mkdtemp(join(tmpdir(), 'claw-irc-')),
      apiRoot: `irc://127.0.0.1:${network.port}`,
      settings: { server: 'x', nick: 'claw', join: ['#claw', '#banned,name'], password: new Secret(IRC_PASSWORD) },
    })
    const channel = (await irc.load())(host)
    t.teardown(async () => {
      await channel.stop()
      await network.stop()
    })
    await channel.start()
    await host.until('connected', () => host.state.state === 'connected')
    ann.say('claw', 'hello')
    await host.until('it', () => host.received.length === 1)
    t.equal(host.received[0]?.userId, '~ann@127.0.0.1', 'without an account a person is their mask, which no account can be')
    for (let round = 0; round < 5; round++) {
      const sending = deliver(channel, host, { content: `answer ${round}`, groupId: '#claw' }, { attempts: 1000 })
      network.cut()
      await sending
      await until('the answer', () => ann.heard.some((line) => line.text === `answer ${round}`))
    }
    for (let round = 0; round < 5; round++) {
      const copies = ann.heard.filter((line) => line.text === `answer ${round}`).length
      const notes = ann.heard.filter((line) => line.text.includes('may be a repeat')).length
      t.ok(copies === 1 || notes > 0)
    }
    await t.rejects(deliver(channel, host, { content: 'x', userId: 'nobody' }), { retry: false } as never)
  })
}
