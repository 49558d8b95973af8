import t from 'tap'
import { spoken } from '../../src/engine/turns/silence.ts'

const TOKEN = 'HEARTBEAT_OK'
const long = 'Something happened. '.repeat(20).trim()

/** What models write around the word, each way at each end. */
const MARKS = [
  '',
  '.',
  '!',
  '…',
  '*',
  '**',
  '_',
  '__',
  '`',
  '``',
  '"',
  '“”',
  '«»',
  '()',
  '[]',
  '~~',
  '> ',
  '# ',
  '- ',
  '\u200b',
  ' ✅',
  '\n',
]
const TAGS: readonly (readonly [string, string])[] = [
  ['<b>', '</b>'],
  ['<code>', '</code>'],
  ['```\n', '\n```'],
  ['```text\n', '\n```'],
]
const THOUGHTS = [
  '',
  '<think>nothing new\nhere</think>\n\n',
  '<thinking>x</thinking>',
  '[THINK]x[/THINK] ',
  'nothing to do\n</think>\n',
]
const BESIDE = ['', 'Nothing new in the inbox.', 'I checked everything, nothing to report.', 'x'.repeat(300)]

t.test('the silent word is heard in every form that models write it', async (t) => {
  const wraps = [...MARKS.map((mark) => [mark, [...mark].reverse().join('')] as const), ...TAGS]
  for (const word of [TOKEN, 'heartbeat_ok', 'HEARTBEAT\\_OK']) {
    for (const [before, after] of wraps) {
      for (const thoughts of THOUGHTS) {
        for (const beside of BESIDE) {
          const told = `${before}${word}${after}`
          const answers = [`${thoughts}${told}\n\n${beside}`, `${thoughts}${beside}\n\n${told}`]
          for (const answer of answers) if (spoken(answer, TOKEN) !== '') t.fail(JSON.stringify(answer).slice(-60))
        }
      }
    }
  }
  t.equal(spoken('', TOKEN), '')
  t.equal(spoken('<think>only thoughts</think>', TOKEN), '')
})

t.test('news is heard, without the word and without thoughts', async (t) => {
  t.equal(spoken('It rains.', TOKEN), 'It rains.')
  t.equal(spoken('<think>hm</think>It rains.', TOKEN), 'It rains.')
  t.equal(spoken(`${long}\n\n**HEARTBEAT_OK**`, TOKEN), long)
  t.equal(spoken(`HEARTBEAT_OK\n\n${long}`, TOKEN), long)
  t.equal(spoken('The answer HEARTBEAT_OK means that all is well.', TOKEN), 'The answer HEARTBEAT_OK means that all is well.')
  t.equal(spoken('HEARTBEAT_OKAY is no word.', TOKEN), 'HEARTBEAT_OKAY is no word.')
  t.equal(spoken('MY_HEARTBEAT_OK', TOKEN), 'MY_HEARTBEAT_OK')
})

t.test('a silent word that may begin a sentence counts alone only', async (t) => {
  t.equal(spoken(' **Nothing new.** ', 'nothing new'), '')
  t.equal(spoken('Nothing new, but the roof burns.', 'nothing new'), 'Nothing new, but the roof burns.')
  t.equal(spoken('Quiet night, but the roof burns.', 'QUIET'), 'Quiet night, but the roof burns.')
  t.equal(spoken('All well. QUIET', 'QUIET'), '')
  t.equal(spoken('well, the roof burns', 'well'), 'well, the roof burns')
})
