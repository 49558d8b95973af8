// IRC beyond the kit, against a real ngircd (skipped, loudly, where it is not installed).

import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { stripNick } from '../../src/channels/irc/channel.ts'
import { createIrcNetwork, hasNgircd, IRC_PASSWORD } from '../../src/channels/irc/fake/ngircd.ts'
import { LINE_BYTES, plainText, toLines } from '../../src/channels/irc/lines.ts'
import { irc } from '../../src/channels/registry.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock, until } from '../support/channel-host.ts'

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
      await until('the answer', () => ann.heard.some((line) => plainText(line.text) === `answer ${round}`))
    }
    for (let round = 0; round < 5; round++) {
      const copies = ann.heard.filter((line) => plainText(line.text) === `answer ${round}`).length
      const notes = ann.heard.filter((line) => line.text.includes('may be a repeat')).length
      t.ok(copies === 1 || notes > 0)
    }
    await t.rejects(deliver(channel, host, { content: 'x', userId: 'nobody' }), { retry: false } as never)
  })

  t.test('kicked from a channel: said once, given up there, and everything else goes on', async (t) => {
    const network = await createIrcNetwork()
    const ann = await network.person('ann', ['#claw', '#other'])
    const { host, channel } = await begin(t, network.port, ['#claw', '#other'])
    t.teardown(() => network.stop())
    ann.raw('MODE #claw +n')
    ann.raw('KICK #claw claw :off you go')
    ann.say('claw', 'hello')
    await host.until('it', () => host.received.length === 1)
    await t.rejects(deliver(channel, host, { content: 'x', groupId: '#claw' }), { retry: false } as never)
    await deliver(channel, host, { content: 'still in the other', groupId: '#other' })
    await deliver(channel, host, { content: 'and here', userId: host.received[0]?.userId as string })
    await until('both', () => ann.heard.length === 2)
    t.same(
      ann.heard.map((line) => [line.target, plainText(line.text)]),
      [
        ['#other', 'still in the other'],
        ['ann', 'and here'],
      ],
    )
    t.equal(host.state.state, 'connected')
  })

  t.test('a nick that is taken is said, and taken back when its holder leaves', async (t) => {
    const network = await createIrcNetwork()
    const holder = await network.person('claw', ['#claw'])
    const ann = await network.person('ann', ['#claw'])
    const { host, channel } = await begin(t, network.port, ['#claw'])
    t.teardown(() => network.stop())
    const { state } = host
    t.equal(state.state, 'connected')
    t.ok('detail' in state && state.detail?.includes('the bot is called claw_'), 'the state says what the bot is called')
    ann.say('#claw', 'claw_: hello')
    await host.until('it', () => host.received.length === 1)
    t.equal(host.received[0]?.mentionsBot, true, 'it answers to the nick that it has')
    holder.raw('QUIT :bye')
    await host.until('the nick', () => host.state.state === 'connected' && !('detail' in host.state))
    ann.say('#claw', 'claw: hello again')
    await host.until('it', () => host.received.length === 2)
    t.equal(host.received[1]?.mentionsBot, true)
    await deliver(channel, host, { content: 'here', groupId: '#claw' })
    await until('the answer', () => ann.heard.some((line) => plainText(line.text) === 'here'))
  })
}

async function begin(test: Pick<typeof t, 'teardown'>, port: number, rooms: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'claw-irc-'))
  const host = createChannelHost({
    type: 'irc',
    clock: fastClock(50),
    stateFolder: folder,
    apiRoot: `irc://127.0.0.1:${port}`,
    settings: { server: 'x', nick: 'claw', join: rooms, identifyBy: 'hostmask', password: new Secret(IRC_PASSWORD) },
  })
  const channel = (await irc.load())(host)
  test.teardown(async () => {
    await channel.stop()
    await rm(folder, { recursive: true, force: true })
  })
  await channel.start()
  await host.until('connected', () => host.state.state === 'connected')
  return { host, channel }
}

/** A server that says what it is told to, once the bot has registered. */
async function oddServer(
  test: Pick<typeof t, 'teardown'>,
  say: readonly (string | Buffer)[],
  refuse: (socket: Socket) => boolean = () => false,
): Promise<{ readonly port: number; cut(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (refuse(socket)) return
    socket.on('data', (data) => {
      const text = data.toString()
      if (text.includes('CAP LS')) socket.write(':odd CAP * LS :account-tag message-tags\r\n')
      if (text.includes('CAP REQ')) socket.write(':odd CAP * ACK :account-tag message-tags\r\n')
      if (!text.includes('CAP END')) return
      socket.write(':odd 001 claw :welcome\r\n')
      for (const line of say) socket.write(line)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  test.teardown(async () => {
    cut()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, cut }
}

t.test('a password that is refused when it connects again is a state', async (t) => {
  let refuses = false
  const server = await oddServer(t, [], (socket) => {
    if (refuses) socket.end(':odd 464 claw :Password incorrect\r\nERROR :Bad password\r\n')
    return refuses
  })
  const { host, channel } = await begin(t, server.port, [])
  refuses = true
  server.cut()
  await host.until('failed', () => host.state.state === 'failed')
  t.match(host.state, { detail: /refused the password/ })
  await t.rejects(deliver(channel, host, { content: 'x', userId: 'ann' }, { attempts: 2 }), {
    retry: true,
    notSent: true,
  } as never)
})

t.test('a server that says odd things does no harm', async (t) => {
  const { port } = await oddServer(t, [
    '\r\n\r\n',
    ':\r\n',
    ': : :\r\n',
    'PRIVMSG\r\n',
    ':nobody PRIVMSG claw\r\n',
    ':a!b@c PRIVMSG\r\n',
    '@=;;x=\\ :a!b@c PRIVMSG claw :\r\n',
    ':a!b@c 999 claw\r\n',
    ':a!b@c BANANA claw :what?\r\n',
    ':a!b@c PRIVMSG claw :\x01VERSION\x01\r\n',
    ':a!b@c PRIVMSG claw :\x01DCC SEND x 1 2 3\x01\r\n',
    Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a]),
    `:a!b@c PRIVMSG claw :${'x'.repeat(2_000_000)}\r\n`,
    ':a!b@c PRIVMSG cl',
    'aw :in two pieces\r\n',
    '@account=ann;msgid=m1 :ann!b@c PRIVMSG claw :hello \u202e👑 שלום\r\n',
  ])
  const { host } = await begin(t, port, [])
  await host.until('the good one', () => host.received.some((m) => m.content.startsWith('hello')))
  t.equal(host.state.state, 'connected')
  const good = host.received.filter((m) => m.content.length < 1000).map((m) => m.content)
  t.same(good.slice(-2), ['in two pieces', 'hello \u202e👑 שלום'])
})
