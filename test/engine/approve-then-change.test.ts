import { existsSync } from 'node:fs'
import { appendFile, chmod, cp, link, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { showInvisible } from '../../src/permissions/invisible.ts'
import { cases } from '../conformance/permissions/cases.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { lastUserText, type MessagesRequest } from '../support/fake-messages-api.ts'
import { testdir } from '../support/testdir.ts'

// A person approves a command; between the question and the answer something in its folder changes. Every command of the case
// file and every kind of change, each on the live engine: the command must not run, and a new question names the change.

interface Case {
  readonly id: string
  readonly kind: 'approval' | 'approval-text'
  readonly approve?: string
  readonly text?: string
}

const BEFORE = 'touch RAN'
/** As long as the approved text: its size gives nothing away. */
const AFTER = 'touch BAD'

const FILES: Readonly<Record<string, string>> = {
  'x.sh': BEFORE,
  'sub/x.sh': BEFORE,
  'lib.sh': 'true',
  'data.csv': 'a,b',
  Makefile: `all:\n\t${BEFORE}\n`,
  'package.json': '{"scripts":{"test":"touch RAN"}}',
  'node_modules/.bin/tool': `#!/bin/sh\n${BEFORE}\n`,
  'deep/a/b/c/file.txt': 'text',
}

type Change = (work: string) => Promise<unknown>
const inPlace =
  (name: string, text = AFTER): Change =>
  (work) =>
    writeFile(join(work, name), text)

/** What may change, whatever the command is: its name and what the new question must name. */
const CHANGES: readonly (readonly [what: string, change: Change, named: RegExp])[] = [
  ['a script rewritten', inPlace('x.sh'), /x\.sh \(changed\)/],
  ['a script rewritten in its folder', inPlace('sub/x.sh'), /sub\/x\.sh \(changed\)/],
  [
    'a script rewritten with its old size and times',
    async (work) => {
      const { atime, mtime } = await stat(join(work, 'x.sh'))
      await writeFile(join(work, 'x.sh'), AFTER)
      await utimes(join(work, 'x.sh'), atime, mtime)
    },
    /x\.sh \(changed\)/,
  ],
  [
    'a script rewritten and put back',
    async (work) => {
      await writeFile(join(work, 'x.sh'), AFTER)
      await writeFile(join(work, 'x.sh'), BEFORE)
    },
    /x\.sh \(changed\)/,
  ],
  [
    'a script rewritten by a second name',
    async (work) => {
      await link(join(work, 'x.sh'), join(work, '../other.sh'))
      await writeFile(join(work, '../other.sh'), AFTER)
    },
    /x\.sh \(changed\)/,
  ],
  [
    'a script moved over',
    async (work) => {
      await writeFile(join(work, '../new.sh'), AFTER)
      await rename(join(work, '../new.sh'), join(work, 'x.sh'))
    },
    /x\.sh \(changed\)/,
  ],
  [
    'a script swapped for a link',
    async (work) => {
      await writeFile(join(work, '../evil.sh'), AFTER)
      await rm(join(work, 'x.sh'))
      await symlink('../evil.sh', join(work, 'x.sh'))
    },
    /x\.sh \(changed\)/,
  ],
  ['a script that goes', (work) => rm(join(work, 'x.sh')), /x\.sh \(gone\)/],
  ['a script with another mode', (work) => chmod(join(work, 'x.sh'), 0o755), /x\.sh \(changed\)/],
  [
    'a folder replaced',
    async (work) => {
      await rename(join(work, 'sub'), join(work, '../sub-old'))
      await mkdir(join(work, 'sub'))
      await writeFile(join(work, 'sub/x.sh'), AFTER)
    },
    /sub/,
  ],
  [
    'a folder swapped for a link',
    async (work) => {
      await cp(join(work, 'sub'), join(work, '../evil'), { recursive: true })
      await rm(join(work, 'sub'), { recursive: true })
      await symlink('../evil', join(work, 'sub'))
    },
    /sub/,
  ],
  [
    'the whole workspace replaced',
    async (work) => {
      await cp(work, `${work}-copy`, { recursive: true, preserveTimestamps: true })
      await rename(work, `${work}-old`)
      await rename(`${work}-copy`, work)
    },
    /another folder/,
  ],
  ['a sourced file changed', inPlace('lib.sh'), /lib\.sh \(changed\)/],
  ['a data file grown', (work) => appendFile(join(work, 'data.csv'), '\nc,d'), /data\.csv \(changed\)/],
  ['a Makefile changed', inPlace('Makefile', `all:\n\t${AFTER}\n`), /Makefile \(changed\)/],
  ['a script of the project changed', inPlace('package.json', '{"scripts":{"test":"touch BAD"}}'), /package\.json \(changed\)/],
  ['a program of the project replaced', inPlace('node_modules/.bin/tool', AFTER), /\.bin\/tool \(changed\)/],
  ['a program put before the others', inPlace('node_modules/.bin/sh', AFTER), /\.bin\/sh \(new\)/],
  ['a new .npmrc', inPlace('.npmrc', 'script-shell=./evil'), /\.npmrc \(new\)/],
  ['a new .gitconfig', inPlace('.gitconfig', '[core]'), /\.gitconfig \(new\)/],
  ['a new GNUmakefile', inPlace('GNUmakefile', `all:\n\t${AFTER}\n`), /GNUmakefile \(new\)/],
  ['a new conftest.py', inPlace('conftest.py', 'import os'), /conftest\.py \(new\)/],
  [
    'a new hook',
    async (work) => {
      await mkdir(join(work, '.git/hooks'), { recursive: true })
      await writeFile(join(work, '.git/hooks/pre-commit'), AFTER)
    },
    /\.git \(new\)/,
  ],
  ['a new folder', (work) => mkdir(join(work, 'new')), /new \(new\)/],
  ['something far down', inPlace('deep/a/b/c/file.txt', 'other'), /deep\/a\/b\/c\/file\.txt \(changed\)/],
  ['a name that hides', inPlace('x\u200b.sh', AFTER), /x\\u\{200b\}\.sh \(new\)/],
]

/** Commands that end in something else than they were asked about, by the kind of change that does it. */
const COMMANDS = [
  'bash x.sh',
  'make',
  'npm test',
  '. ./lib.sh && sh x.sh',
  'PATH=node_modules/.bin:$PATH tool',
  'sort data.csv > out',
  'find . -name "*.sh" -exec sh {} ;',
]

const YAML = `${HEAD}
owners: ["webchat:boss"]
agents:
  main:
    soul: S
    sandbox: "off"
    workspace: work
    tools: [bash, write_file]
    permissions: { approvalWait: 29s, timeout: 1h }
`

/** Does what the user says after "run: " or "write NAME: ", then repeats what it was told. */
const obeys = (request: MessagesRequest): { toolCalls: { name: string; input: object }[] } | string => {
  const last = lastUserText(request)
  const command = /^run: ([\s\S]+)$/.exec(last)?.[1]
  if (command !== undefined) return { toolCalls: [{ name: 'bash', input: { command } }] }
  const [, path, content] = /^write (\S+): ([\s\S]+)$/.exec(last) ?? []
  return path === undefined ? `told: ${last}` : { toolCalls: [{ name: 'write_file', input: { path, content } }] }
}

let user = 0

interface Asked {
  readonly bot: Bot
  readonly work: string
  readonly id: string
  readonly reply: Promise<string>
}

async function fresh(work: string): Promise<void> {
  await rm(work, { recursive: true, force: true })
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(join(work, name, '..'), { recursive: true })
    await writeFile(join(work, name), text)
  }
}

const openIds = async (bot: Bot): Promise<readonly string[]> => (await bot.claw.engine.approvals()).map(({ id }) => id)

async function nextQuestion(bot: Bot, but: readonly string[]): Promise<string> {
  for (let i = 0; i < 2000; i++) {
    const found = (await openIds(bot)).find((id) => !but.includes(id))
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('no question came')
}

async function ask(bot: Bot, work: string, command: string): Promise<Asked> {
  const before = await openIds(bot)
  const reply = bot.chat(`u${user++}`, `run: ${command}`).then(({ body }) => body.response ?? '')
  return { bot, work, id: await nextQuestion(bot, before), reply }
}

/** Approves; holds that it did not run, and that a new question names what changed. Denies that one. */
async function notRun(t: Test, { bot, work, id, reply }: Asked, named: RegExp): Promise<void> {
  const owner = { caller: { kind: 'owner' } } as const
  const said = await bot.claw.engine.decide(id, 'once', owner)
  t.equal(said.ok, false)
  t.match(said.message, named)
  const next = await nextQuestion(bot, [id])
  const open = await bot.claw.engine.approvals()
  t.same(
    open.map((one) => one.id),
    [next],
    'the old question is closed',
  )
  t.match(open[0]?.reason, new RegExp(`^Since question ${id} was asked`))
  t.match(open[0]?.reason, named)
  t.equal((await bot.claw.engine.decide(id, 'once', owner)).ok, false, 'an answer to the old one counts no more')
  t.equal((await bot.claw.engine.decide(next, 'deny', owner)).ok, true)
  t.match(await reply, /an approver denied it/)
  for (const made of ['RAN', 'BAD', 'out'])
    for (const folder of ['', 'sub']) t.notOk(existsSync(join(work, folder, made)), `${made} was not made`)
}

// Some sixty questions on a live engine, each answered twice.
t.setTimeout(300_000)

t.test('approved, then changed', async (t) => {
  t.setTimeout(280_000)
  const folder = testdir(t, {})
  const work = join(folder, 'work')
  const bot = await startBot(YAML, { folder, api: { reply: obeys } })
  t.teardown(() => bot.stop())
  let forms = 0
  const inFolder = async (name: string, body: (t: Test) => Promise<void>): Promise<void> => {
    forms++
    await t.test(name, async (t) => {
      await fresh(work)
      await body(t)
      for (const left of ['evil', 'evil.sh', 'other.sh', 'sub-old', 'work-old'])
        await rm(join(folder, left), { recursive: true, force: true })
    })
  }

  const listed = cases<Case>('approvals.jsonl').flatMap(({ id, approve }) => (approve === undefined ? [] : [{ id, approve }]))
  t.ok(listed.length >= 17)
  for (const { id, approve } of listed)
    await inFolder(`${id}: ${approve}`, async (t) => {
      const asked = await ask(bot, work, approve)
      for (const name of ['x.sh', 'sub/x.sh']) await writeFile(join(work, name), AFTER)
      await notRun(t, asked, /x\.sh \(changed\)/)
    })
  for (const [what, change, named] of CHANGES)
    await inFolder(what, async (t) => {
      const asked = await ask(bot, work, 'bash x.sh')
      await change(work)
      await notRun(t, asked, named)
    })
  for (const command of COMMANDS)
    for (const [what, change, named] of [CHANGES[0], CHANGES[12], CHANGES[14]] as typeof CHANGES)
      await inFolder(`${command}: ${what}`, async (t) => {
        const asked = await ask(bot, work, command)
        await change(work)
        await notRun(t, asked, named)
      })
  t.ok(forms >= 60, `${forms} forms`)

  await inFolder('changed by a file tool of another conversation', async (t) => {
    const asked = await ask(bot, work, 'bash x.sh')
    t.match((await bot.chat('other', 'write x.sh: touch BAD')).body.response, /told/)
    t.equal(await readFile(join(work, 'x.sh'), 'utf8'), AFTER)
    await notRun(t, asked, /x\.sh \(changed\)/)
  })
  await inFolder('changed all the time', async (t) => {
    const asked = await ask(bot, work, 'bash x.sh')
    const writing = setInterval(() => void writeFile(join(work, 'x.sh'), AFTER), 1)
    t.teardown(() => clearInterval(writing))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await notRun(t, asked, /x\.sh \(changed\)/)
    clearInterval(writing)
  })
  await inFolder('changed again before the second answer, and what is seen at last runs', async (t) => {
    const asked = await ask(bot, work, 'bash x.sh')
    const owner = { caller: { kind: 'owner' } } as const
    await writeFile(join(work, 'x.sh'), AFTER)
    t.equal((await bot.claw.engine.decide(asked.id, 'once', owner)).ok, false)
    const second = await nextQuestion(bot, [asked.id])
    await writeFile(join(work, 'data.csv'), 'other')
    t.equal((await bot.claw.engine.decide(second, 'once', owner)).ok, false)
    const third = await nextQuestion(bot, [asked.id, second])
    t.match(
      (await bot.claw.engine.approvals())[0]?.reason,
      new RegExp(`^Since question ${second} was asked, this has changed: data\\.csv`),
    )
    t.equal((await bot.claw.engine.decide(third, 'once', owner)).ok, true)
    await asked.reply
    t.ok(existsSync(join(work, 'BAD')), 'the third question was about this text')
  })
  await inFolder('“always” remembers nothing of a call that has changed', async (t) => {
    const asked = await ask(bot, work, 'mkdir RAN')
    const owner = { caller: { kind: 'owner' } } as const
    await writeFile(join(work, 'data.csv'), 'other')
    t.equal((await bot.claw.engine.decide(asked.id, 'always', owner)).ok, false)
    await bot.claw.engine.decide(await nextQuestion(bot, [asked.id]), 'deny', owner)
    await asked.reply
    const again = await ask(bot, work, 'mkdir RAN')
    t.ok(again.id, 'it asks again')
    await bot.claw.engine.decide(again.id, 'deny', owner)
    await again.reply
    t.notOk(existsSync(join(work, 'RAN')))
  })
  await inFolder('nothing changed: it runs', async (t) => {
    const asked = await ask(bot, work, 'bash x.sh')
    t.equal((await bot.claw.engine.decide(asked.id, 'once', { caller: { kind: 'owner' } })).ok, true)
    await asked.reply
    t.ok(existsSync(join(work, 'RAN')))
  })
})

t.test('characters without ink are written out', (t) => {
  const texts = cases<Case>('approvals.jsonl').flatMap(({ text }) => (text === undefined ? [] : [text]))
  t.ok(texts.length >= 11)
  for (const text of texts) t.match(showInvisible(text), /^bash \.\/deploy\\u\{[0-9a-f]+\}\.sh$/)
  t.end()
})

t.test('every code point that Unicode lets a font leave out', (t) => {
  const ignorable = /^\p{Default_Ignorable_Code_Point}$/u
  const blank = /^[\p{Z}\p{C}]$/u
  let seen = 0
  const missed: string[] = []
  for (let point = 0; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point)
    if (character === ' ' || character === '\n' || !(ignorable.test(character) || blank.test(character))) continue
    seen++
    if (showInvisible(`a${character}b`).includes(character)) missed.push(point.toString(16))
  }
  t.ok(seen > 100_000)
  t.same(missed, [])
  for (const plain of ['a', 'é', 'ß', '日', 'ا', '😀', '~', '¡']) t.equal(showInvisible(plain), plain)
  t.end()
})
