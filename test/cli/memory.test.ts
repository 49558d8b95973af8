import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import type { VerbIo } from '../../src/cli/io.ts'
import { run } from '../../src/cli/memory.ts'
import { testdir } from '../support/testdir.ts'

async function memory(
  folder: string,
  args: string[],
  format = 'human',
  more: Readonly<Record<string, string | boolean>> = {},
  lines: readonly string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const seen = { out: '', err: '' }
  const io: VerbIo = {
    registry: builtinRegistry,
    verbs: [],
    cwd: folder,
    env: {},
    color: false,
    stdin: Readable.from(lines.map((line) => `${line}\n`)),
    out: (text) => {
      seen.out += text
    },
    err: (text) => {
      seen.err += text
    },
  }
  const code = await run(args, { config: join(folder, 'openclaw.yaml'), format, ...more }, io)
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
  t.equal((await memory(folder, ['remove', 'cats'])).out, 'Removed cats. `claw memory undo` brings it back.\n')
  t.same(
    (await readdir(join(folder, 'state/memory'))).filter((name) => name.endsWith('.md')),
    ['tea time.md'],
  )
  t.match(await memory(folder, ['remove', 'cats']), { code: 66, err: /nothing is remembered as "cats"/ })
  t.match(await memory(folder, ['show', 'dogs']), { code: 66 })
})

t.test('log and undo: what was replaced or removed comes back', async (t) => {
  const folder = await bot(t)
  await memory(folder, ['remove', 'cats'])
  t.match((await memory(folder, ['log'])).out, /^[0-9a-f]{10} {2}.* remove {2}cats by owner\n$|^[0-9a-f]{10} .*remove .*cats/)
  t.equal((await memory(folder, ['undo'])).out, 'cats says again what it said before.\n')
  t.equal((await memory(folder, ['show', 'cats'])).out, 'Two of them.\n')
  t.match(await memory(folder, ['undo', 'nonsense']), { code: 66, err: /no change "nonsense"/ })
})

t.test('import, search by person, export, forget', async (t) => {
  const folder = await bot(
    t,
    'stateDir: state\nagents: { main: { soul: Terse. } }\nidentityLinks: { ada: ["telegram:1", "http:ada"] }\nchannels: { http: {}, telegram: { token: x } }\n',
  )
  const file = join(folder, 'notes.jsonl')
  await writeFile(
    file,
    [
      { key: 'wifi', content: 'The wi-fi password is swordfish.', person: 'telegram:1', at: '2024-05-01T10:00:00Z' },
      { key: 'wifi', content: 'The wi-fi password is trout.', person: 'telegram:2' },
      { key: 'office', content: 'The office wifi is open.' },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
  t.equal((await memory(folder, ['import', file])).out, 'Imported 3 notes.\n')
  const asked = async (person: string): Promise<readonly string[]> => {
    const { out } = await memory(folder, ['search', 'wifi', 'password'], 'json', { person })
    return (JSON.parse(out) as { results: { content: string }[] }).results.map(({ content }) => content)
  }
  t.match((await asked('ada'))[0], /swordfish/)
  t.notOk((await asked('ada')).join().includes('trout'))
  t.match((await asked('telegram:2'))[0], /trout/)
  t.notOk((await asked('telegram:3')).join().match(/trout|swordfish/))
  const lines = await memory(folder, ['search'], 'human', { stdin: true }, [
    '{"query": "wi-fi", "person": "ada", "limit": 1}',
    'nonsense',
  ])
  t.match(JSON.parse(lines.out.split('\n')[0] ?? ''), {
    hits: [{ key: 'wifi', score: Number, file: 'memory/people/ada/wifi.md', line: Number }],
  })
  t.equal(lines.code, 1)
  t.match((await memory(folder, ['export'])).out, /"person":"ada","at":"2024-05-01T10:00:00.000Z"/)
  t.match((await memory(folder, ['forget', 'ada'])).out, /^Forgot ada: 1 note/)
  t.notOk((await memory(folder, ['export'])).out.includes('swordfish'))
  t.match(await memory(folder, ['forget', 'ada']), { code: 66 })
  await writeFile(file, '{"key": "a"}\n{"content": "x", "key": "b"}\n')
  t.match(await memory(folder, ['import', file]), { code: 1, err: /notes\.jsonl:1: "content" must be a text/ })
  t.notOk((await memory(folder, ['export'])).out.includes('"b"'), 'nothing of a file with mistakes')
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
  for (const args of [['show'], ['search'], ['remove'], ['forget'], ['import'], ['dream']])
    t.equal((await memory(folder, args)).code, 64, args.join(' '))
  t.equal(
    (await memory(testdir(t, { 'openclaw.yaml': 'agents: { main: { soul: x } }' }), [])).out,
    'Nothing is remembered yet.\n',
  )
  await t.rejects(memory(testdir(t, {}), []), { message: /cannot be read/ })
})
