import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { measureGuard } from '../../bench/guard.ts'
import { measurePrompt } from '../../bench/parts/prompt.ts'
import { packageRoot } from '../../src/resources.ts'

const LAZY =
  /node_modules\/(@anthropic-ai|openai|grammy|@grammyjs|discord|@discordjs|@slack|irc-framework|linkedom|undici|turndown)/

t.test('work that must not creep up', async (t) => {
  const { loaded, writes, heap } = await measureGuard(t.testdir())

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

  t.test('a thousand turns leave the heap as it was, but for what sessions may keep', async (t) => {
    const [early, late] = heap
    t.ok(late - early < 12, `${early.toFixed(1)} MB, then ${late.toFixed(1)} MB`)
  })
})

t.test('the compiled code that the build keeps is taken', async (t) => {
  const { loadBundle } = createRequire(import.meta.url)(join(packageRoot(), 'bin/claw.js')) as {
    loadBundle: () => { script: { cachedDataRejected: boolean | undefined } } | null
  }
  t.equal(loadBundle()?.script.cachedDataRejected, false)
})

t.test('a request stays small, and what was sent stands', async (t) => {
  const { bareBytes, toolBytes, cachedShare, broken } = await measurePrompt(20)
  t.ok(bareBytes <= 500 * 4, `${bareBytes} bytes without tools`)
  t.ok(toolBytes <= 6_000, `${toolBytes} bytes with five tools`)
  t.equal(broken, 0, 'the prefix is the same from turn to turn')
  t.ok(cachedShare > 0.5, `${cachedShare} of the bytes are known to the cache`)
})
