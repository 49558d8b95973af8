import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { GitIgnored } from '../../src/permissions/git-ignored.ts'
import { testdir } from '../support/testdir.ts'

/** What git prints; it also fails where nothing is ignored. */
const git = (cwd: string, ...args: string[]): string => {
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? ''
  }
}

t.test('what is ignored', (t) => {
  const top = testdir(t, {
    '.git': {},
    '.gitignore': '# secrets\n.env\n*.pem\n/build\nlogs/\n!keep.pem\nsub/deep.key\n',
    sub: { '.gitignore': '!.env\n' },
  })
  const ignored = new GitIgnored(top)
  const is = (path: string, folder = false): boolean => ignored.has(join(top, path), folder)
  for (const path of ['.env', 'a/.env', 'x.pem', 'a/b/x.pem', 'build', 'build/x', 'logs/x', 'a/logs/x', 'sub/deep.key'])
    t.ok(is(path), path)
  for (const path of ['.env.local', 'keep.pem', 'a/build', 'logs', 'sub/.env', 'deep.key', 'README.md']) t.notOk(is(path), path)
  t.ok(is('logs', true))
  t.ok(new GitIgnored(join(top, 'sub')).has(join(top, 'x.pem'), false), 'the top is found from below')
  t.notOk(ignored.has(join(dirname(top), '.env'), false), 'outside of it')
  t.end()
})

const LINES = [
  '.env',
  '*.pem',
  '/a',
  'a/',
  'a/b',
  '!.env',
  '!*.pem',
  '*',
  '!a',
  '**/x',
  'a/**',
  '[ab]',
  '\\x',
  '*.e*',
  '/a/*',
  '!/a/.env',
]
const MORE_LINES = ['# x', ' ', 'a/*.pem', '?env', '!x', '!/a', '!a/', 'x ', '\\!x', '/', '//', '!', 'b', '!*']
const PATHS = ['.env', 'x.pem', 'a/.env', 'a/x.pem', 'a/b/.env', 'b/.env', 'x', 'a/x', 'b/a/x.pem']

t.test('nothing is said to be ignored that git would take', (t) => {
  const top = testdir(t, { a: { b: {} }, b: { a: {} } })
  git(top, 'init', '-q')
  const lines = fc.array(fc.constantFrom(...LINES, ...MORE_LINES), { maxLength: 5 })
  let both = 0
  fc.assert(
    fc.property(lines, lines, (upper, lower) => {
      mkdirSync(join(top, 'a/b'), { recursive: true })
      writeFileSync(join(top, '.gitignore'), upper.join('\n'))
      writeFileSync(join(top, 'a/.gitignore'), lower.join('\n'))
      const out = new Set(git(top, 'check-ignore', '--no-index', ...PATHS).split('\n'))
      const ours = new GitIgnored(top)
      for (const path of PATHS) {
        if (!ours.has(join(top, path), false)) continue
        both++
        if (!out.has(path)) throw new Error(`${path} is not ignored by ${JSON.stringify({ upper, lower })}`)
      }
    }),
    { numRuns: 100 },
  )
  t.ok(both > 50, `${both} paths were ignored by both`)
  t.end()
})
