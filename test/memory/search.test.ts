import t from 'tap'
import { NoteIndex } from '../../src/memory/note-index.ts'
import { passagesOf } from '../../src/memory/passages.ts'
import { rankPassages } from '../../src/memory/ranking.ts'
import { stem, tellingStems, wordsOf } from '../../src/memory/words.ts'

const NOTES: Record<string, string> = {
  'user-preferences': 'Mehdi prefers weekend reservations. His favorite restaurant is Sushi Ran.',
  'python-async': 'Use asyncio.gather for concurrent tasks; never block the event loop.',
  garden: 'The roses by the café in Zürich need pruning in March. Straße is closed.',
  travel: 'Flights to Tokyo were booked for April. 東京タワーに行きたい。 Passport renewed.',
  work: 'Staff engineer. Standup meetings are at nine. Email: the manager is Nadia.',
  'русские заметки': 'Кошка спит на диване.',
}

function keys(query: string, notes: Record<string, string> = NOTES): string[] {
  const index = new NoteIndex(':memory:')
  index.change(() => {
    // Each on a day of its own, so that none is the neighbour of another.
    for (const [i, [key, content]] of Object.entries(notes).entries())
      index.put({ name: key, key, stamp: '', hash: new Uint8Array(0), at: i * 86_400_000, passages: passagesOf(content) })
  })
  return rankPassages(index, query).map(({ row }) => index.fileById(row.file)?.key ?? '')
}

t.test('plain questions find their note first', async (t) => {
  t.equal(keys('restaurant dinner favorite')[0], 'user-preferences')
  t.equal(keys('What did Scout find about Python async?')[0], 'python-async')
  t.equal(keys('where should we go on the weekend')[0], 'user-preferences')
  t.equal(keys('when is the stand-up meeting')[0], 'work')
  t.same(keys('submarine warfare'), [])
  t.same(keys(''), [])
  t.same(keys('?!'), [])
})

t.test('case, accents and word endings do not matter', async (t) => {
  for (const query of ['CAFE', 'café', 'cafés', 'zurich', 'ZÜRICH', 'strasse', 'rose', 'pruned', 'prune'])
    t.equal(keys(query)[0], 'garden', query)
  for (const query of ['reservation', 'preference', 'preferred', 'restaurants'])
    t.equal(keys(query)[0], 'user-preferences', query)
  t.equal(keys('engineering')[0], 'work', 'a word that begins alike')
  t.equal(keys('concurrency')[0], 'python-async')
})

t.test('other scripts', async (t) => {
  t.equal(keys('東京')[0], 'travel')
  t.equal(keys('東京タワー')[0], 'travel')
  t.equal(keys('кошка')[0], 'русские заметки')
  t.equal(keys('ДИВАНЕ')[0], 'русские заметки')
  t.same(wordsOf('한국어 배우기'), ['한국어', '배우기'])
  t.same(wordsOf('日本'), ['日本'])
  t.same(wordsOf('v2を使う'), ['v2', 'を使', '使う'])
})

t.test('part of a word is enough where nothing else is found', async (t) => {
  t.equal(keys('mail')[0], 'work')
  t.same(keys('xy'), [])
})

t.test('better matches stand higher', async (t) => {
  const notes = {
    both: 'tea and biscuits',
    one: 'tea and nothing else here at all',
    often: 'tea tea tea tea',
    key: 'about something',
    'tea-time': 'at four',
  }
  t.equal(keys('tea biscuits', notes)[0], 'both')
  t.ok(keys('tea', notes).indexOf('tea-time') < keys('tea', notes).indexOf('one'), 'a word in the key counts for more')
  t.notOk(keys('tea', notes).includes('key'))
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`n${i}`, 'the common word']))
  t.equal(keys('common rare', { ...many, it: 'a rare word' })[0], 'it', 'rare words tell more')
})

t.test('words that tell nothing are not asked for, unless there is nothing else', async (t) => {
  t.same(tellingStems(wordsOf('What is my favourite tea?')), ['favorit', 'tea'])
  t.same(tellingStems(wordsOf('who are you')), ['who', 'be', 'you'])
  t.same(tellingStems(wordsOf('tea tea TEA')), ['tea'])
})

t.test('stems of kin are the same', async (t) => {
  for (const [a, b] of [
    ['running', 'run'],
    ['cities', 'city'],
    ['boxes', 'box'],
    ['loved', 'love'],
    ['meetings', 'meeting'],
    ['quickly', 'quick'],
    ['studies', 'study'],
    ['classes', 'class'],
  ] as const) {
    t.equal(stem(a), stem(b), `${a} ${b}`)
  }
})
