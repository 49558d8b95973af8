import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFakeTelegram, type FakeMessage, type FakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, type BotOptions, HEAD, startBot } from '../support/bot.ts'
import { lastUserText, type MessagesRequest } from '../support/fake-messages-api.ts'
import { asKilled } from '../support/killed.ts'
import { testdir } from '../support/testdir.ts'

// Questions as approvers get them, on a platform with buttons: 11 is an owner, 12 another approver, 22 the one who asks.

const OWNER = 11
const SECOND = 12
const GUEST = 22

const until = async (what: () => boolean | Promise<boolean>, why = 'it'): Promise<void> => {
  for (let i = 0; i < 1600; i++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`${why} never came`)
}

/** Does what the user says after "run: ", then repeats what it was told. */
const runs = (request: MessagesRequest): { toolCalls: { name: string; input: object }[] } | string => {
  const last = lastUserText(request)
  const command = /^run: ([\s\S]+)$/.exec(last)?.[1]
  return command === undefined ? `told: ${last}` : { toolCalls: [{ name: 'bash', input: { command } }] }
}

interface World {
  readonly bot: Bot
  readonly telegram: FakeTelegram
  /** The guest says something; `reply` looks at what comes after it. */
  say(text: string): FakeMessage
  /** The message with the buttons, once it is in the approver's chat. */
  question(approver?: number): Promise<FakeMessage>
  press(button: string, from?: number, on?: FakeMessage): Promise<string>
  /** What the guest was told since, once something of it matches. */
  reply(match: RegExp): Promise<string>
  file(name: string): Promise<string>
  /** Stops and starts again, on the same folder. */
  restart(): Promise<void>
  /** Goes on from what a kill at this moment leaves. */
  kill(): Promise<void>
  audit(): Promise<readonly Record<string, unknown>[]>
}

async function world(t: Test, waits = 'approvalWait: 1m, timeout: 1h', options: BotOptions = {}): Promise<World> {
  const telegram = await createFakeTelegram()
  const folder = testdir(t, { work: {} })
  const yaml = `${HEAD}
owners: ["telegram:${OWNER}"]
agents:
  main:
    soul: S
    sandbox: "off"
    workspace: ${join(folder, 'work')}
    tools: [bash, write_file]
    permissions: { ${waits}, approvers: ["telegram:${OWNER}", "telegram:${SECOND}"] }
channels: { http: {}, telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}" } }
identityLinks: { boss: ["telegram:${OWNER}", "http:boss"] }
`
  let home = folder
  const start = (): Promise<Bot> => startBot(yaml, { folder: home, api: { reply: runs }, ...options })
  let bot = await start()
  t.teardown(async () => {
    await bot.stop()
    await telegram.stop()
  })
  const withButtons = (chat: number): FakeMessage | undefined => telegram.chat(chat).findLast((one) => one.buttons.length > 0)
  const answers = (): readonly FakeMessage[] => telegram.chat(GUEST).filter((one) => one.fromBot)
  let answered = 0
  const question = async (approver = OWNER): Promise<FakeMessage> => {
    await until(() => withButtons(approver) !== undefined, 'a question')
    return withButtons(approver) as FakeMessage
  }
  return {
    get bot() {
      return bot
    },
    telegram,
    say(text) {
      answered = answers().length
      return telegram.say({ from: GUEST, text })
    },
    question,
    async press(button, from = OWNER, on) {
      const message = on ?? (await question(from))
      return await telegram.press({ chat: message.chat, message: message.message_id, button, from })
    },
    async reply(match) {
      const found = (): string | undefined =>
        answers()
          .slice(answered)
          .map((one) => one.text)
          .find((text) => match.test(text))
      await until(() => found() !== undefined, `a reply like ${match}`).catch((error: Error) => {
        throw new Error(`${error.message}; there was ${JSON.stringify(answers().slice(answered))}`)
      })
      return found() ?? ''
    },
    file: (name) => readFile(join(folder, 'work', name), 'utf8').catch(() => '(none)'),
    async restart() {
      await bot.stop()
      bot = await start()
    },
    async kill() {
      home = await asKilled(t, folder)
      await bot.stop()
      bot = await start()
    },
    audit: async () =>
      (await readFile(join(home, '.openclaw/audit.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

t.test('a question says all, only an approver’s press counts, and only the first', async (t) => {
  const w = await world(t)
  w.say('run: date +%s%3N > stamp.txt && echo done')
  const asked = await w.question()
  t.match(asked.text, 'date +%s%3N > stamp.txt && echo done')
  t.equal(asked.text.split('main asks').length, 2, 'one heading')
  t.match(asked.text, /main asks[\s\S]*Folder: .*work[\s\S]*Asked for by: telegram:22/)
  t.same(
    asked.buttons.map((button) => button.text),
    ['Allow once', 'Deny'],
    'what cannot be remembered has no such button',
  )
  t.equal((await w.question(SECOND)).buttons.length, 2, 'each approver is asked in private')
  t.notOk(w.telegram.chat(GUEST).some((one) => one.buttons.length > 0))

  const once = asked.buttons[0]?.data ?? ''
  t.match(await w.press(once, GUEST, asked), /may not/)
  t.match(await w.press(`ap:always:${asked.buttons[0]?.data.split(':')[2]}`, OWNER, asked), /only be approved once/)
  t.match(await w.press('ap:once:0000000000', OWNER, asked), /no question/i)
  t.equal(await w.file('stamp.txt'), '(none)')

  t.match(await w.press('Allow once'), /Approved/)
  t.match(await w.reply(/done/), /done/)
  const stamp = await w.file('stamp.txt')
  await until(() => [OWNER, SECOND].every((chat) => w.telegram.chat(chat).every((one) => one.buttons.length === 0)), 'no buttons')
  t.match(w.telegram.chat(OWNER).find((one) => one.message_id === asked.message_id)?.text, /\nAllowed once$/)
  t.match(await w.press(once, OWNER, asked), /already answered/)
  t.match(await w.press(once.replace('once', 'deny'), SECOND, asked), /already answered/)
  t.equal(await w.file('stamp.txt'), stamp, 'a press again runs nothing again')

  const lines = await w.audit()
  const approval = lines.find((line) => line['kind'] === 'approval')
  t.match(approval, { state: 'once', by: 'telegram:11', tool: 'bash' })
  t.ok(Date.parse(String(approval?.['at'])) <= Number(stamp), 'the line stands before the act')

  w.say('run: date +%s%3N > stamp.txt && echo done')
  await until(async () => (await w.bot.claw.engine.approvals()).length === 1, 'the second question')
  t.equal(await w.file('stamp.txt'), stamp, 'once is once')
})

t.test('an approver who asks by a request, where nothing can be answered, is asked on their platform', async (t) => {
  const w = await world(t)
  const reply = w.bot.chat('boss', 'run: date > stamp.txt && echo done')
  t.match((await w.question()).text, /Asked for by: http:boss/)
  await w.press('Allow once')
  t.match((await reply).body.response, /done/)
})

t.test('an answer that comes too late', async (t) => {
  const w = await world(t, 'timeout: 200ms')
  w.say('run: touch late.txt && echo x > y')
  const asked = await w.question()
  const once = asked.buttons[0]?.data ?? ''
  await until(async () => (await w.bot.claw.engine.approvals()).length === 0, 'the end of its time')
  t.match(await w.press(once, OWNER, asked), /already answered|time was up/)
  await w.reply(/nobody approved it in time/)
  t.equal(await w.file('late.txt'), '(none)')
})

t.test('a platform that is away as the question is asked: its approvers are told when it is back', async (t) => {
  const w = await world(t)
  w.telegram.fail({ method: 'sendMessage', code: 502, times: 4 })
  w.say('run: touch made.txt && echo x > y')
  for (const approver of [OWNER, SECOND]) {
    const told = (): string | undefined => w.telegram.chat(approver).find((one) => one.fromBot)?.text
    await until(() => told() !== undefined, 'the question')
    t.match(told(), /main asks[\s\S]*touch made\.txt[\s\S]*Answer: \/approve \w+ once, or \/deny/)
  }
})

t.test('racing answers: the first wins, and what it says is what happens', async (t) => {
  const w = await world(t)
  for (let round = 0; round < 6; round++) {
    w.say(`run: touch made-${round} && echo x > y`)
    await until(async () => (await w.bot.claw.engine.approvals()).length === 1, 'a question')
    const [view] = await w.bot.claw.engine.approvals()
    const id = view?.id ?? ''
    const owner = { identity: `telegram:${OWNER}`, caller: { kind: 'trusted' } } as const
    const second = { identity: `telegram:${SECOND}`, caller: { kind: 'trusted' } } as const
    const answers = await Promise.all(
      [
        ['once', owner],
        ['deny', second],
        ['once', second],
        ['deny', owner],
      ].map(([decision, by]) => w.bot.claw.engine.decide(id, decision as 'once', by as typeof owner)),
    )
    t.equal(answers.filter((one) => one.ok).length, 1)
    const won = answers.findIndex((one) => one.ok)
    await w.reply(won % 2 === 0 ? /told: / : /denied it/)
    t.equal(await w.file(`made-${round}`), won % 2 === 0 ? '' : '(none)')
    const settled = (await w.audit()).filter((line) => line['kind'] === 'approval' && line['id'] === id)
    t.equal(settled.length, 1)
    t.equal(settled[0]?.['state'], won % 2 === 0 ? 'once' : 'deny')
  }
})

for (const how of ['restart', 'kill'] as const)
  t.test(`a ${how} between question and answer: the old button still holds, once`, async (t) => {
    const w = await world(t)
    w.say('run: echo again >> count.txt; echo ran-it')
    const asked = await w.question()
    const once = asked.buttons[0]?.data ?? ''
    await w[how]()
    await until(async () => (await w.bot.claw.engine.approvals()).length === 1, 'the question of before')
    t.equal(await w.file('count.txt'), '(none)')
    t.match(await w.press(once, GUEST, asked), /may not/)
    t.match(await w.press(once, OWNER, asked), /Approved/)
    await w.reply(/ran-it/)
    t.equal(await w.file('count.txt'), 'again\n')
    t.match(await w.press(once, OWNER, asked), /already answered/)
    t.equal(await w.file('count.txt'), 'again\n')
  })

t.test('what deceives the eye is shown by its code, and the exact bytes run', async (t) => {
  const w = await world(t)
  w.say("run: printf %s 'safe\u202etxt.exe\u200b\u0007\u00a0\u2066x' > made.txt; echo ok")
  const asked = await w.question()
  t.match(asked.text, "'safe\\u{202e}txt.exe\\u{200b}\\u{7}\\u{a0}\\u{2066}x'")
  for (const hidden of '\u202e\u200b\u0007\u00a0\u2066') t.notOk(asked.text.includes(hidden))
  await w.press('Allow once')
  await w.reply(/ok/)
  t.equal(await w.file('made.txt'), 'safe\u202etxt.exe\u200b\u0007\u00a0\u2066x')
})

t.test('a very long command is shown whole, in parts, before it can be approved', async (t) => {
  const w = await world(t)
  const words = Array.from({ length: 2500 }, (_, i) => `word-${i}`)
  // Longer than a user's message may be here, so it comes from the model itself.
  w.bot.api.setReply((request) => {
    const last = lastUserText(request)
    return last.startsWith('run: ')
      ? { toolCalls: [{ name: 'bash', input: { command: `echo ${words.join(' ')} | wc -w > count.txt; echo ok` } }] }
      : `told: ${last}`
  })
  w.say('run: the long one')
  const asked = await w.question()
  const shown = w.telegram.chat(OWNER)
  const all = shown.map((one) => one.text).join('\n')
  t.same(
    [...all.matchAll(/word-\d+/g)].map((match) => match[0]),
    words,
    'every word, in order',
  )
  t.match(all, 'wc -w > count.txt')
  t.equal(shown.at(-1)?.message_id, asked.message_id, 'the buttons come last')
  t.equal(shown.filter((one) => one.buttons.length > 0).length, 1)
  await w.press('Allow once')
  await w.reply(/ok/)
  t.equal((await w.file('count.txt')).trim(), String(words.length))
})

t.test('a question that could not be shown whole has no buttons', async (t) => {
  const w = await world(t)
  w.telegram.fail({ method: 'sendMessage', code: 400, skip: 2, times: 2 })
  w.say(`run: echo ${'x'.repeat(3000)} > y; echo ${'z'.repeat(900)}`)
  await until(async () => (await w.bot.claw.engine.approvals()).length === 1, 'a question')
  await until(() => w.telegram.calls.filter((call) => call.method === 'sendmessage').length >= 3, 'a try to show it')
  for (const approver of [OWNER, SECOND]) {
    const chat = w.telegram.chat(approver)
    const whole = chat.map((one) => one.text).join('')
    t.ok(whole.includes('z'.repeat(900)) || chat.every((one) => one.buttons.length === 0), `the chat of ${approver}`)
  }
})

t.test('a script is approved as it stands', async (t) => {
  const scripts: Readonly<Record<string, string>> = {
    './x.sh': 'x.sh',
    'bash ./x.sh one': 'x.sh',
    "bash -c 'true; ./x.sh'": 'x.sh',
    'python3 x.sh': 'x.sh',
    'env X=1 sh x.sh': 'x.sh',
    'for i in 1; do ./x.sh; done': 'x.sh',
    'true && . ./x.sh': 'x.sh',
    'bash < x.sh': 'x.sh',
    'bash x.*': 'x.sh',
    'for i in ./x*; do sh $i; done': 'x.sh',
  }
  const w = await world(t)
  const path = join(w.bot.folder, 'work/x.sh')
  for (const [command, name] of Object.entries(scripts)) {
    await writeFile(path, '#!/bin/sh\ntouch good\n', { mode: 0o755 })
    w.say(`run: ${command}`)
    await until(async () => (await w.bot.claw.engine.approvals()).length === 1, command)
    const [view] = await w.bot.claw.engine.approvals()
    t.match(view?.reason, /runs only if nothing in its folder changes/, command)
    t.equal(view?.canRemember, false, 'never for good')
    await writeFile(path, '#!/bin/sh\ntouch bad\n')
    const said = await w.bot.claw.engine.decide(view?.id ?? '', 'once', { caller: { kind: 'owner' } })
    t.equal(said.ok, false)
    t.match(said.message, new RegExp(`Not approved.*${view?.id}.*${name} \\(changed\\).*A new question follows`))
    await until(async () => (await w.bot.claw.engine.approvals()).some((one) => one.id !== view?.id), command)
    const [next, ...others] = await w.bot.claw.engine.approvals()
    t.equal(others.length, 0, 'the old one is closed')
    t.match(next?.reason, new RegExp(`^Since question ${view?.id} was asked, this has changed: ${name} \\(changed\\)`))
    await w.bot.claw.engine.decide(next?.id ?? '', 'deny', { caller: { kind: 'owner' } })
    await w.reply(/an approver denied it/)
    t.equal(await w.file('bad'), '(none)', `${command}: ${name} changed`)
    w.say('well')
    await w.reply(/told: well/)
  }
  await writeFile(path, '#!/bin/sh\necho went-well\n', { mode: 0o755 })
  w.say('run: ./x.sh')
  await until(async () => (await w.bot.claw.engine.approvals()).length === 1)
  const [view] = await w.bot.claw.engine.approvals()
  await w.bot.claw.engine.decide(view?.id ?? '', 'once', { caller: { kind: 'owner' } })
  await w.reply(/went-well/)
})

t.test('a script that changes, or comes to be, while a late approval waits', async (t) => {
  const w = await world(t, 'approvalWait: 50ms, timeout: 1h')
  for (const before of ['echo good > made', undefined]) {
    const path = join(w.bot.folder, 'work/y.sh')
    if (before !== undefined) await writeFile(path, before)
    else await rm(path)
    w.say('run: bash y.sh')
    await w.reply(/is pending/)
    const [view] = await w.bot.claw.engine.approvals()
    await writeFile(path, 'echo bad > made')
    await w.bot.claw.engine.decide(view?.id ?? '', 'once', { caller: { kind: 'owner' } })
    await w.reply(/was closed, because something changed, and asked again[\s\S]*is pending/)
    t.equal(await w.file('made'), '(none)')
    const [next] = await w.bot.claw.engine.approvals()
    t.match(next?.reason, before === undefined ? /y\.sh \(new\)/ : /y\.sh \(changed\)/)
    t.equal(next?.requestedBy, view?.requestedBy)
    await w.bot.claw.engine.decide(next?.id ?? '', 'once', { caller: { kind: 'owner' } })
    await w.reply(/was granted/)
    t.equal(await w.file('made'), 'bad\n', 'what was seen the second time runs')
    await rm(join(w.bot.folder, 'work/made'))
    w.say('well')
    await w.reply(/told: well/)
  }
})

t.test('another working folder than the approved', async (t) => {
  for (const [waits, by] of [
    ['approvalWait: 1m, timeout: 1h', /told: Not run: the agent’s working folder is another/],
    ['approvalWait: 50ms, timeout: 1h', /Error of bash[\s\S]*working folder is another/],
  ] as const)
    await t.test(waits, async (t) => {
      const w = await world(t, waits)
      w.say('run: touch here && echo x > y')
      const asked = await w.question()
      if (waits.includes('50ms')) await w.reply(/is pending/)
      const yaml = await readFile(w.bot.file, 'utf8')
      await w.bot.save(yaml.replace(/workspace: .*/, 'workspace: ./elsewhere'))
      t.equal((await w.bot.claw.engine.reload()).ok, true)
      await w.press('Allow once', OWNER, asked)
      await w.reply(by)
      t.equal(await w.file('here'), '(none)')
    })
})

t.test('answers in words: a stranger’s, an edited one, one from a group', async (t) => {
  const w = await world(t)
  w.say('run: touch made && echo x > y; echo ok')
  const asked = await w.question()
  const id = asked.buttons[0]?.data.split(':')[2] ?? ''
  w.say(`/approve ${id} once`)
  await w.reply(/may not/)
  const said = w.say('hello')
  w.telegram.say({ from: GUEST, text: `/approve ${id} once`, kind: 'edited_message', messageId: said.message_id })
  w.telegram.say({ from: GUEST, chat: -100_5, text: `@claw_test_bot /approve ${id} once` })
  await until(() => w.telegram.pending() === 0)
  t.equal((await w.bot.claw.engine.approvals()).length, 1)
  t.equal(await w.file('made'), '(none)')
  w.telegram.say({ from: OWNER, text: `/approve ${id} once` })
  await w.reply(/ok/)
  t.equal(await w.file('made'), '')
})

t.test('nothing runs where the audit log cannot be written', async (t) => {
  const folder = testdir(t, { '.openclaw': { 'audit.jsonl': {} } })
  const bot = await startBot(
    `${HEAD}agents: { main: { soul: S, sandbox: "off", workspace: ., tools: [bash], permissions: { mode: record } } }`,
    { folder, api: { reply: runs } },
  )
  t.teardown(() => bot.stop())
  t.match((await bot.chat('u', 'run: touch made')).body.response, /audit log cannot be written/)
  await t.rejects(readFile(join(folder, 'made')))
})
