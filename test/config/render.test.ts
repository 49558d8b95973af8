import t from 'tap'
import { renderHuman } from '../../src/config/render.ts'
import { jsonDiagnostics, renderGithub } from '../../src/config/render-machine.ts'
import { renderSarif } from '../../src/config/render-sarif.ts'
import { diagnostic } from '../../src/errors.ts'

const at = { file: '/work/bot/openclaw.yaml', line: 2, column: 3, endLine: 2, endColumn: 7, path: '/agents' }
const one = diagnostic('CLAW101', 'Unknown key "tool".', at, { hint: 'Did you mean "tools"?' })
const textOf = (): string => 'agents:\n  tool: "x"\n'

t.test('human: place, code, frame, hint', async (t) => {
  const text = renderHuman([one], { cwd: '/work/bot', color: false, textOf })
  t.equal(
    text,
    'openclaw.yaml:2:3 error CLAW101: Unknown key "tool".\n  2 |   tool: "x"\n    |   ^^^^\n  hint: Did you mean "tools"?\n',
  )
  t.match(renderHuman([one], { cwd: '/work/bot', color: true, textOf }), '\u001b[31m^^^^\u001b[0m')
})

t.test('human: long lines are cut around the mark, control characters shown', async (t) => {
  const far = { ...one, line: 1, column: 301, endLine: 1, endColumn: 303 }
  const text = renderHuman([far], { cwd: '/', color: false, textOf: () => `${'a'.repeat(300)}XY${'b'.repeat(300)}` })
  const [, line = '', marks = ''] = text.split('\n')
  t.ok(line.length < 130)
  t.equal(line.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1), 'XY')
  const odd = renderHuman([{ ...one, message: 'a\u001b[2Jb' }], { cwd: '/', color: false, textOf })
  t.notMatch(odd, '\u001b')
})

t.test('a literal secret in a line is not shown', async (t) => {
  for (const line of ['  token: abc-123', "  botToken: 'abc-123'", '  { apiKey: "abc-123", tool: 1 }']) {
    const text = renderHuman([{ ...one, line: 1, endLine: 1 }], { cwd: '/', color: false, textOf: () => line })
    t.notMatch(text, 'abc-123', line)
  }
})

t.test('json', async (t) => {
  t.same(jsonDiagnostics([one], '/work/bot'), [
    {
      code: 'CLAW101',
      severity: 'error',
      message: 'Unknown key "tool".',
      hint: 'Did you mean "tools"?',
      file: 'openclaw.yaml',
      line: 2,
      column: 3,
      endLine: 2,
      endColumn: 7,
      path: '/agents',
    },
  ])
})

t.test('SARIF 2.1.0', async (t) => {
  const log = JSON.parse(renderSarif([one, { ...one, severity: 'warning', code: 'CLAW010' }], '/work/bot', '1.2.3'))
  t.equal(log.version, '2.1.0')
  const [run] = log.runs
  t.same(
    run.tool.driver.rules.map((rule: { id: string }) => rule.id),
    ['CLAW010', 'CLAW101'],
  )
  t.match(run.results[0], {
    ruleId: 'CLAW101',
    ruleIndex: 1,
    level: 'error',
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: 'openclaw.yaml' }, region: { startLine: 2, startColumn: 3, endColumn: 7 } },
      },
    ],
  })
})

t.test('SARIF: each rule is explained, each path is a URI', async (t) => {
  const files = ['/work/bot/a b/#1?.yaml', '/work/bot/c:d%.yaml', '/elsewhere/far/x y.yaml', '/work/other.yaml']
  const log = JSON.parse(
    renderSarif(
      files.map((file) => ({ ...one, file })),
      '/work/bot',
      '1.2.3',
    ),
  )
  t.same(
    log.runs[0].results.map(
      (result: { locations: [{ physicalLocation: { artifactLocation: { uri: string } } }] }) =>
        result.locations[0].physicalLocation.artifactLocation.uri,
    ),
    ['a%20b/%231%3F.yaml', 'c%3Ad%25.yaml', 'file:///elsewhere/far/x%20y.yaml', '../other.yaml'],
  )
  t.match(log.runs[0].tool.driver.rules[0], {
    id: 'CLAW101',
    shortDescription: { text: 'Unknown key' },
    fullDescription: { text: /\w/ },
    help: { text: /claw explain CLAW101$/ },
    defaultConfiguration: { level: 'error' },
  })
})

t.test('paths in messages are as short as those of places, in every format', async (t) => {
  const twice = [{ ...one, message: 'Stands in /work/bot/a.yaml:1 too.', hint: 'See /work/bot/a.yaml:1.' }]
  for (const text of [
    renderHuman(twice, { cwd: '/work/bot', color: false, textOf }),
    JSON.stringify(jsonDiagnostics(twice, '/work/bot')),
    renderSarif(twice, '/work/bot', '1'),
    renderGithub(twice, '/work/bot'),
  ]) {
    t.match(text, 'See a.yaml:1.')
    t.notMatch(text, '/work/bot')
  }
})

t.test('GitHub annotations, escaped', async (t) => {
  const text = renderGithub([{ ...one, message: '100%\nsure', file: '/work/bot/a,b:c.yaml' }], '/work/bot')
  t.equal(
    text,
    '::error file=a%2Cb%3Ac.yaml,line=2,endLine=2,col=3,endColumn=7,title=CLAW101::100%25%0Asure Did you mean "tools"?\n',
  )
})
