import t from 'tap'
import { parseScript } from '../../src/models/script.ts'

const problemsOf = (text: string) => {
  const parsed = parseScript(text, 'demo.yaml')
  return 'problems' in parsed ? parsed.problems : []
}

t.test('a script is read', async (t) => {
  const parsed = parseScript(
    `
replies:
  - match: '(?i)hello (\\w+)'
    text: Hi $1
    once: true
    delayMs: 5
    chunk: 3
  - tool: bash
    tool_calls: [{ name: read_file, input: { path: a.txt } }, { name: done }]
    stop_reason: pause_turn
    usage: { output: 500 }
  - error: { kind: rate_limit, message: slow down, retryAfterMs: 10 }
  - error: overloaded
default: Nothing.
`,
    'demo.yaml',
  )
  if ('problems' in parsed) return t.fail(JSON.stringify(parsed.problems))
  const [hello, call, limit, overloaded] = parsed.script.replies
  t.match(hello, { text: 'Hi $1', once: true, delayMs: 5, chunk: 3 })
  t.ok(hello?.match?.pattern.test('HELLO you'), '(?i) ignores case')
  t.strictSame(call?.toolCalls, [
    { name: 'read_file', input: { path: 'a.txt' } },
    { name: 'done', input: {} },
  ])
  t.equal(call?.stopReason, 'pause_turn')
  t.strictSame(call?.usage, { output: 500 })
  t.strictSame(limit?.error, { kind: 'rate_limit', message: 'slow down', retryAfterMs: 10 })
  t.strictSame(overloaded?.error, { kind: 'overloaded' })
  t.equal(parsed.script.fallback?.text, 'Nothing.')
})

t.test('problems are all told, each at its place', async (t) => {
  const problems = problemsOf(`replies:
  - match: '(('
    txt: Hi
  - tool: bash
  - error: { kind: tired }
    text: x
  - text: ok
    delayMs: -1
    once: maybe
  - just text
  - [1]
other: 1
`)
  const at = (pattern: RegExp) => problems.find((problem) => pattern.test(problem.message))
  t.match(at(/not a regular expression/), { line: 2, column: 12 })
  t.match(at(/no key `txt`/), { line: 3, column: 5 })
  t.match(at(/needs `text`, `tool_calls` or `error`/), { line: 2 })
  t.match(at(/no error kind `tired`/), { line: 5, column: 20 })
  t.ok(at(/neither `text`/))
  t.match(at(/`delayMs` must be/), { line: 8 })
  t.match(at(/`once` must be/), { line: 9 })
  t.match(at(/A reply must be a map/), { line: 11 })
  t.match(at(/no key `other`/), { line: 12 })
})

t.test('what a call counts as', async (t) => {
  const problems = problemsOf('replies:\n  - text: ok\n    usage:\n      inputs: 1\n      output: -2\n')
  t.match(problems, [
    { message: /has no key `inputs`/, line: 4 },
    { message: /`output` must be a whole number/, line: 5 },
  ])
})

t.test('hopeless texts', async (t) => {
  t.match(problemsOf('replies: [')[0], { message: /not valid YAML/, line: 1 })
  t.match(problemsOf('')[0], { message: /must be a map/, line: 1, column: 1 })
  t.match(problemsOf('{}')[0], { message: /needs `replies`/ })
  t.match(problemsOf('replies: 3')[0], { message: /must be a list/ })
  t.match(problemsOf('replies:\n  - tool_calls: [{ input: 3 }]')[0], { message: /needs `name`/, line: 2 })
})

t.test('anchors are followed', async (t) => {
  const parsed = parseScript('x-a: &a { text: same }\nreplies:\n  - *a\n  - *a\n', 'demo.yaml')
  t.match(parsed, { script: { replies: [{ text: 'same' }, { text: 'same' }] } })
})

t.test('needless backslashes are harmless', async (t) => {
  const parsed = parseScript("replies: [{ match: 'can\\-do\\!', text: x }]", 'demo.yaml')
  if ('problems' in parsed) return t.fail(JSON.stringify(parsed.problems))
  t.ok(parsed.script.replies[0]?.match?.pattern.test('a can-do! spirit'))
})
