import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import type { VerbIo } from '../../src/cli/io.ts'
import { run } from '../../src/cli/memory.ts'
import { testdir } from '../support/testdir.ts'

async function memory(folder: string, args: string[], format = 'human'): Promise<{ code: number; out: string; err: string }> {
  const seen = { out: '', err: '' }
  const io: VerbIo = {
    registry: builtinRegistry,
    verbs: [],
    cwd: folder,
    env: {},
    color: false,
    stdin: Readable.from([]),
    out: (text) => {
      seen.out += text
    },
    err: (text) => {
      seen.err += text
    },
  }
  const code = await run(args, { config: join(folder, 'openclaw.yaml'), format }, io)
  return { code, ...seen }
}

async function bot(t: Test, yaml = 'stateDir: state\nagents: { main: { soul: Terse. } }\n'): Promise<string> {
  const folder = testdir(t, { 'openclaw.yaml': yaml })
  await mkdir(join(folder, 'state/memory'), { recursive: true })
  await writeFile(join(folder, 'state/memory/tea time.md'), 'Ada drinks green tea at four.\n')
  await writeFile(join(folder, 'state/memory/cats.md'), 'Two of them.\n')
  return folder
}

t.test('list, show, search, remove', async (t) => {
  const folder = await bot(t)
  t.match((await memory(folder, [])).out, /^cats {6}\d{4}-\d\d-\d\d \d\d:\d\d {2}13 bytes\ntea time {2}/)
  t.equal((await memory(folder, ['show', 'tea', 'time'])).out, 'Ada drinks green tea at four.\n')
  t.equal((await memory(folder, ['search', 'drinking'])).out, 'tea time\n  Ada drinks green tea at four.\n\n')
  t.equal((await memory(folder, ['search', 'submarines'])).out, 'No memory matches.\n')
  t.equal((await memory(folder, ['remove', 'cats'])).out, 'Removed cats.\n')
  t.same(await readdir(join(folder, 'state/memory')), ['tea time.md'])
  t.match(await memory(folder, ['remove', 'cats']), { code: 66, err: /nothing is remembered as "cats"/ })
  t.match(await memory(folder, ['show', 'dogs']), { code: 66 })
})

t.test('JSON', async (t) => {
  const folder = await bot(t)
  t.match(JSON.parse((await memory(folder, ['list'], 'json')).out), {
    formatVersion: 1,
    memories: [{ key: 'cats', bytes: 13 }, { key: 'tea time' }],
  })
  t.match(JSON.parse((await memory(folder, ['search', 'tea'], 'json')).out), { results: [{ key: 'tea time', score: Number }] })
  t.match(JSON.parse((await memory(folder, ['show', 'cats'], 'json')).out), { key: 'cats', content: 'Two of them.\n' })
  t.match(JSON.parse((await memory(folder, ['remove', 'cats'], 'json')).out), { removed: 'cats' })
})

t.test('a wrong configuration does not stand in the way', async (t) => {
  const folder = await bot(t, 'stateDir: state\nagents: { main: { tols: [] } }\n')
  t.match((await memory(folder, ['list'])).out, 'cats')
})

t.test('usage', async (t) => {
  const folder = await bot(t)
  for (const args of [['show'], ['search'], ['remove'], ['forget']])
    t.equal((await memory(folder, args)).code, 64, args.join(' '))
  t.equal(
    (await memory(testdir(t, { 'openclaw.yaml': 'agents: { main: { soul: x } }' }), [])).out,
    'Nothing is remembered yet.\n',
  )
  await t.rejects(memory(testdir(t, {}), []), { message: /cannot be read/ })
})
