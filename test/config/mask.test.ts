import t from 'tap'
import { maskSecrets, withoutSecrets } from '../../src/config/mask.ts'

const SECRET = 'sk-SEC,RET}99 x'
const leaks = (text: string): readonly string[] => ['SEC', 'RET', '99'].filter((part) => text.includes(part))

t.test('a secret is blotted out however it stands in the text', async (t) => {
  for (const text of [
    `token: ${SECRET}`,
    `token:${SECRET}`,
    `token: "${SECRET}"`,
    `token: "${SECRET}`,
    `'token': ${SECRET}`,
    `a: { token: "${SECRET}", b: 1 }`,
    `a: { b: { token: sk-SECRET } ] }`,
    `token:\n  "${SECRET}\nb: 1`,
    `a: { token:\n"${SECRET} }`,
    `token: |\n  ${SECRET}\n  ${SECRET}\nb: 1`,
    `token: abc\n  ${SECRET}\nb: 1`,
    `token: [${SECRET}]`,
    `token: "\${T:-${SECRET}}"`,
    `headers: { x: "${SECRET}" ], y: 1 }`,
    `headers:\n  x: ${SECRET}\n  y: ${SECRET}\nb: 1`,
    `my-api-key: ${SECRET}`,
    `botToken: "${SECRET}",\r\nb: 1\r\n`,
  ]) {
    const masked = maskSecrets(text)
    t.same(leaks(masked), [], text)
    t.equal(masked.length, text.length, 'what follows stays in its column')
  }
})

t.test('what is no secret can be read', async (t) => {
  for (const text of [
    'a: { token: "${T}", b: keep }',
    'token: ${T:?ask}',
    'token: { file: keep.txt }\nb: keep',
    'token:\nkeep: 1',
    'maxTokens: 4096\nchunkTokens: 5',
    'headers: {}, keep: 1',
  ])
    t.equal(maskSecrets(text), text)
  t.equal(maskSecrets('- token: abc # why\n  keep: 1'), '- token: *** # why\n  keep: 1')
  t.equal(maskSecrets('{ token: abc, keep: 1 }'), '{ token: ***, keep: 1 }')
})

t.test('nor does a message repeat one', async (t) => {
  t.equal(withoutSecrets('Extra characters: |sk-SECRET99.', 'token: |sk-SECRET99'), 'Extra characters: |***.')
  t.equal(withoutSecrets('No anchor &sk-SECRET99 stands above.', 'a: { token: *sk-SECRET99 }'), 'No anchor &*** stands above.')
  t.equal(withoutSecrets('Plain.', 'token: a'), 'Plain.')
})
