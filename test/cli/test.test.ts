// `claw test` as a command: formats with every field they promise, exit codes, --threshold, --filter, several files.

import { readdirSync } from 'node:fs'
import t from 'tap'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `
agents:
  main: { soul: S, rateLimit: { maxMessagesPerHour: 5 } }
  other: { soul: S }
routing: { defaultAgent: main, rules: [{ prefix: /o, agentId: other }, { prefix: /x, agentId: other }] }
channels: { http: {} }
tests:
  - name: holds <& "so">
    message: { channelId: http, userId: u, content: hi }
    expect: { agentId: main }
  - name: waits
    skip: until there is one
    message: { channelId: http, userId: u, content: hi }
    expect: { agentId: other }
`
const FAILING = `  - name: fails
    message: { channelId: http, userId: u, content: hi }
    expect:
      agentId: other
      reply: "bye\\nnow"
`

t.test('words: each test, each failure at its place, what is not tested', async (t) => {
  const cwd = testdir(t, { sub: { 'openclaw.yaml': YAML + FAILING } })
  const { code, out, err } = await runCli(cwd, '-c', 'sub/openclaw.yaml', 'test', '--coverage')
  t.equal(code, 1)
  t.equal(err, '')
  const said = 'You said: hi\\n\\nI am a scripted demo, not a model. Set ANTHROPIC_API_KEY and start again to talk to a real one.'
  t.same(out.split('\n'), [
    'ok    holds <& "so">',
    'skip  waits: until there is one',
    'FAIL  fails',
    '      sub/openclaw.yaml:18:7  agentId: expected "other", saw "main"',
    `      sub/openclaw.yaml:19:7  reply: expected "bye\\nnow", saw "${said}"`,
    'rules: 0 of 2 tested',
    '  sub/openclaw.yaml:5  rule 0 is not tested',
    '  sub/openclaw.yaml:5  rule 1 is not tested',
    'agents: 1 of 2 tested',
    '  sub/openclaw.yaml:4  other is not tested',
    'limits: 0 of 1 tested',
    '  sub/openclaw.yaml:3  main.maxMessagesPerHour is not tested',
    'grants: 0 of 0 tested',
    'heartbeats: 0 of 0 tested',
    '1 passed, 1 failed, 1 skipped',
    '',
  ])
})

t.test('JSON: every field', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML + FAILING })
  const { code, json } = await runCli(cwd, 'test', '--format', 'json')
  t.equal(code, 1)
  t.strictSame(json(), {
    formatVersion: 1,
    passed: 1,
    failed: 1,
    skipped: 1,
    results: [
      { name: 'holds <& "so">', ok: true, file: 'openclaw.yaml', line: 8, failures: [] },
      { name: 'waits', ok: true, file: 'openclaw.yaml', line: 11, failures: [], skipped: 'until there is one' },
      {
        name: 'fails',
        ok: false,
        file: 'openclaw.yaml',
        line: 15,
        failures: [
          { message: 'agentId: expected "other", saw "main"', file: 'openclaw.yaml', line: 18, column: 7 },
          {
            message: `reply: expected "bye\\nnow", saw ${JSON.stringify('You said: hi\n\nI am a scripted demo, not a model. Set ANTHROPIC_API_KEY and start again to talk to a real one.')}`,
            file: 'openclaw.yaml',
            line: 19,
            column: 7,
          },
        ],
      },
    ],
  })
  const kind = (total: number, touched: number, missing: object[] = []) => ({ total, touched, missing })
  const at = (id: string, line: number) => ({ id, file: 'openclaw.yaml', line })
  t.strictSame((await runCli(cwd, 'test', '--coverage', '--format', 'json')).json()['coverage'], {
    rules: kind(2, 0, [at('0', 5), at('1', 5)]),
    agents: kind(2, 1, [at('other', 4)]),
    limits: kind(1, 0, [at('main.maxMessagesPerHour', 3)]),
    grants: kind(0, 0),
    heartbeats: kind(0, 0),
  })
})

t.test('JUnit: what CI systems read, well-formed whatever a test is called', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML + FAILING })
  const { code, out } = await runCli(cwd, 'test', '--format', 'junit')
  t.equal(code, 1)
  const [head, suites, suite, ...rest] = out.replaceAll(/time="\d+\.\d{3}"/g, 'time="T"').split('\n')
  t.equal(head, '<?xml version="1.0" encoding="UTF-8"?>')
  t.equal(suites, '<testsuites tests="3" failures="1" skipped="1">')
  t.equal(suite, '  <testsuite name="claw" tests="3" failures="1" skipped="1">')
  const where = 'classname="openclaw.yaml" file="openclaw.yaml"'
  t.equal(rest[0], `    <testcase name="holds &lt;&amp; &quot;so&quot;&gt;" ${where} line="8" time="T"/>`)
  t.equal(rest[1], `    <testcase name="waits" ${where} line="11" time="T"><skipped message="until there is one"/></testcase>`)
  t.match(
    rest[2],
    `    <testcase name="fails" ${where} line="15" time="T"><failure message="agentId: expected &quot;other&quot;, saw &quot;main&quot;">openclaw.yaml:18</failure><failure message="reply: `,
  )
  t.same(rest.slice(3), ['  </testsuite>', '</testsuites>', ''])
})

t.test('--threshold is asked of each kind', async (t) => {
  const all = `
  - { name: o, message: { channelId: http, userId: u, content: /o }, expect: { agentId: other } }
  - { name: x, message: { channelId: http, userId: u, content: /x }, expect: { agentId: other } }
`
  const limit = `
  - name: limit
    steps:
      - { message: { channelId: http, userId: u, content: n1 } }
      - { message: { channelId: http, userId: u, content: n2 } }
      - { message: { channelId: http, userId: u, content: n3 } }
      - { message: { channelId: http, userId: u, content: n4 } }
      - { message: { channelId: http, userId: u, content: n5 } }
      - { message: { channelId: http, userId: u, content: n6 }, expect: { refused: limit } }
`
  const half = testdir(t, { 'openclaw.yaml': YAML, 'rules.yaml': YAML + all, 'all.yaml': YAML + all + limit })
  t.match(await runCli(half, 'test', '--threshold', '50'), {
    code: 1,
    err: 'claw: 0.0% of rules are tested, 50% are wanted\nclaw: 0.0% of limits are tested, 50% are wanted\n',
    out: /agents: 1 of 2 tested/,
  })
  t.match(await runCli(half, 'test', '--threshold', '0'), { code: 0, err: '' })
  t.match(await runCli(half, 'test', 'rules.yaml', '--threshold', '100'), {
    code: 1,
    err: 'claw: 0.0% of limits are tested, 100% are wanted\n',
  })
  t.match(await runCli(half, 'test', 'all.yaml', '--threshold', '100'), { code: 0, err: '' })
  t.ok((await runCli(half, 'test', '--threshold', '1', '--format', 'json')).json()['coverage'], 'and it is told')
  for (const wrong of ['101', '-1', 'most']) t.equal((await runCli(half, 'test', `--threshold=${wrong}`)).code, 64, wrong)
})

t.test('nothing is written, run or asked of a network, whatever the agents are', async (t) => {
  const cwd = testdir(t, {
    'openclaw.yaml': `
models:
  anthropic: { provider: anthropic, baseURL: "http://127.0.0.1:1", apiKey: none }
  demo: { provider: scripted, script: script.yaml }
agents:
  main:
    soul: S
    tools: [bash, write_file, web_fetch]
    model: claude-sonnet-5-5
    fallbacks: [claude-haiku-5-5]
    permissions: { mode: ignore }
    compaction: { contextWindow: 10000, keepRecent: 4, model: claude-haiku-5-5 }
channels: { telegram: { token: x, apiRoot: "http://127.0.0.1:1" } }
tests:
  - name: hands that do nothing
    model: demo
    steps:
      - { message: { channelId: telegram, userId: u, content: write }, expect: { toolCalls: [web_fetch, write_file, bash], reply: would have run, deliveries: [{}] } }
      - { message: { channelId: telegram, userId: u, content: long }, expect: { reply: long } }
      - { message: { channelId: telegram, userId: u, content: long }, expect: { reply: long } }
      - { message: { channelId: telegram, userId: u, content: hi }, expect: { reply: "You said: hi" } }
`,
    'script.yaml': `replies:
  - match: ^write
    tool_calls:
      - { name: write_file, input: { path: a.txt, content: x } }
      - { name: bash, input: { command: touch b.txt } }
      - { name: web_fetch, input: { url: "http://127.0.0.1:1/" } }
  - match: ^long
    text: "long ${'word '.repeat(4000)}"
default: "You said: $0"
`,
  })
  const { code, out, err } = await runCli(cwd, 'test')
  t.equal(code, 0, out + err)
  t.same(readdirSync(cwd).sort(), ['openclaw.yaml', 'script.yaml'])
})

t.test('several files, one part of them, none', async (t) => {
  const cwd = testdir(t, {
    'a.yaml': YAML,
    'b.yaml': YAML + FAILING,
    'none.yaml': 'agents: { main: { soul: S } }\n',
    'broken.yaml': 'agents: { main: { sole: S } }\n',
  })
  const both = (await runCli(cwd, 'test', 'a.yaml', 'b.yaml', '--coverage', '--format', 'json')).json()
  t.match(both, { passed: 2, failed: 1, skipped: 2, coverage: { rules: { total: 4, touched: 0 } } })
  t.same(
    (both['results'] as { file: string }[]).map(({ file }) => file),
    ['a.yaml', 'a.yaml', 'b.yaml', 'b.yaml', 'b.yaml'],
  )
  t.match(await runCli(cwd, 'test', 'b.yaml', '--filter', 'holds'), { code: 0, out: /^ok .*\n1 passed, 0 failed\n$/ })
  t.match(await runCli(cwd, 'test', 'none.yaml'), { code: 0, out: /There are no tests/ })
  t.match(await runCli(cwd, 'test', 'broken.yaml'), { code: 1, err: /broken\.yaml:1:19 error CLAW101/, out: '' })
  t.match(await runCli(cwd, 'test', 'nowhere.yaml'), { code: 66, err: /no file nowhere\.yaml/, out: '' })
})
