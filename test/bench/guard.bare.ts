import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { measureGuard, partsOfNodeLoaded } from '../../bench/guard.ts'
import { measurePrompt } from '../../bench/parts/prompt.ts'
import { VERBS } from '../../src/cli/verbs.ts'
import { packageRoot } from '../../src/resources.ts'
import { testdir } from '../support/testdir.ts'

const starter = createRequire(import.meta.url)(join(packageRoot(), 'bin/claw.js')) as {
  loadBundle: (name: string) => { script: { cachedDataRejected: boolean | undefined } } | null
  bundleOf: (argv: readonly string[]) => string
}

const LAZY =
  /node_modules\/(@anthropic-ai|openai|grammy|@grammyjs|discord|@discordjs|@slack|irc-framework|linkedom|undici|turndown)/

t.test('work that must not creep up', async (t) => {
  const { loaded, writes, heap, shapes } = await measureGuard(testdir(t))

  t.test('a start loads few files, and nothing that the configuration does not use', async (t) => {
    t.ok(loaded.length > 0, 'the count works')
    t.ok(loaded.length <= 12, `${loaded.length} files: ${loaded.join(' ')}`)
    t.same(
      loaded.filter((file) => LAZY.test(file) || file.includes('anthropic-sdk')),
      [],
    )
  })

  t.test('a turn writes a bounded amount in few calls', async (t) => {
    if (writes === null) {
      t.comment('this system does not count writes')
      return
    }
    t.ok(writes.bytes > 0 && writes.bytes <= 90_000, `${writes.bytes} bytes a turn`)
    t.ok(writes.calls > 0 && writes.calls <= 45, `${writes.calls} calls a turn`)
  })

  t.test('the objects of a turn have the shapes of those before it', async (t) => {
    t.ok(shapes < 0.5, `${shapes} new hidden classes a turn`)
  })

  t.test('a thousand turns leave the heap as it was, but for what sessions may keep', async (t) => {
    const [early, late] = heap
    t.ok(late - early < 12, `${early.toFixed(1)} MB, then ${late.toFixed(1)} MB`)
  })
})

t.test('the compiled code that the build keeps is taken', async (t) => {
  for (const name of ['questions', 'bot', 'anthropic-sdk'])
    t.equal(starter.loadBundle(name)?.script.cachedDataRejected, false, name)
})

t.test('each verb is in the bundle that the starter takes for it', async (t) => {
  const without = async (argv: readonly string[]): Promise<string> => {
    const name = starter.bundleOf(argv)
    const text = await readFile(join(packageRoot(), `dist/bundle/${name}.cjs`), 'utf8')
    return VERBS.filter((verb) => text.includes(`"../src/cli/${verb.name}.js"`))
      .map((verb) => verb.name)
      .join(' ')
  }
  t.match(await without(['-c', 'run', '--format=json', 'validate']), /\brun\b/)
  t.notMatch(await without(['-c', 'run', '--format=json', 'validate']), /\bvalidate\b/)
  t.match(await without(['--config', 'validate', '--format', 'json', 'run']), /\bvalidate\b/)
  t.notMatch(await without(['--config', 'validate', '--format', 'json', 'run']), /\brun\b/)
})

t.test('asking loads nothing of Node that only an engine needs', async (t) => {
  const parts = partsOfNodeLoaded(['validate'], testdir(t, { 'openclaw.yaml': 'agents: { main: { soul: S } }' }))
  t.ok(parts.includes('fs'), 'the list works')
  t.same(
    parts.filter((name) => /^(crypto|child_process|perf_hooks|net|http|tty|worker_threads)$/.test(name)),
    [],
  )
})

t.test('a request stays small, and what was sent stands', async (t) => {
  const { bareBytes, toolBytes, cachedShare, broken } = await measurePrompt(20)
  t.ok(bareBytes <= 500 * 4, `${bareBytes} bytes without tools`)
  t.ok(toolBytes <= 6_000, `${toolBytes} bytes with five tools`)
  t.equal(broken, 0, 'the prefix is the same from turn to turn')
  t.ok(cachedShare > 0.5, `${cachedShare} of the bytes are known to the cache`)
})
