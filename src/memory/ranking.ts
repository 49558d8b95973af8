// Which passages fit a question: eight terms, each divided by its best and summed. The index gives the passages that hold a rare
// word of the question; only those and their neighbours are weighed.

import { bm25, gramsOf, meanOf, type Weighed } from './bm25.ts'
import { isOfDay, keyStemsOf, MARK, type NoteIndex, type PassageRow } from './note-index.ts'
import { asksWhen, monthsIn } from './time-words.ts'
import { unpackWords } from './word-lists.ts'
import { stem, tellingStems, wordsOf } from './words.ts'

/** What each term counts for. */
export const WEIGHTS = {
  own: 2,
  near: 1,
  wide: 2,
  grams: 1,
  speaker: 1,
  answer: 2,
  time: 1.5,
  month: 3,
} as const

export type Weights = { readonly [term in keyof typeof WEIGHTS]: number }

export interface RankedPassage {
  readonly row: PassageRow
  readonly score: number
}

/** So many ids are read for a question in all; the rarest words come first. */
const MAX_IDS = 20_000
/** So many passages are weighed, and the neighbours of so many. */
const MAX_WEIGHED = 250
const WITH_NEIGHBOURS = 100
const AROUND = 2
/** Speakers are people who speak more than once or twice; `Note:` in front of a line is nobody. */
const LEAST_SPOKEN = 3
/** How alike words must be to stand in for one that nobody wrote. */
const ALIKE = 0.5

/** Lists that hold for one state of an index. */
interface Known {
  readonly version: number
  readonly speakers: ReadonlySet<string>
}
const knownOf = new WeakMap<NoteIndex, Known>()

function known(index: NoteIndex): Known {
  const before = knownOf.get(index)
  if (before !== undefined && before.version === index.version) return before
  const fresh = { version: index.version, speakers: new Set(index.speakers(LEAST_SPOKEN)) }
  knownOf.set(index, fresh)
  return fresh
}

/** The best first; only what shares something with the question. */
export function rankPassages(index: NoteIndex, question: string, weights: Weights = WEIGHTS): readonly RankedPassage[] {
  const all = wordsOf(question)
  const { speakers } = known(index)
  const named = new Set([...speakers].filter((speaker) => speaker.split(' ').every((part) => all.includes(part))))
  const parts = new Set([...named].flatMap((speaker) => speaker.split(' ')))
  const words = all.filter((word) => !parts.has(word))
  const stems = words.length === 0 ? [] : tellingStems(words)
  const { passages: total } = index.total()
  if (total === 0) return []
  const wanted = withKin(index, stems.length === 0 ? tellingStems(all) : stems)
  const rows = candidates(index, wanted, total)
  if (rows.length === 0) return []
  const pool = new Pool(index, rows)
  const weigh: Weighing = { pool, wanted, total, words, named }
  const scores = new Float64Array(rows.length)
  const add = (values: readonly number[], weight: number): void => {
    if (weight === 0) return
    const best = Math.max(...values)
    if (best > 0) for (const [i, value] of values.entries()) scores[i] = (scores[i] ?? 0) + (weight * value) / best
  }
  const own = rows.map((row) => score(weigh, [row.id]))
  add(own, weights.own)
  add(near(weigh, rows, 2, 2), weights.near)
  add(near(weigh, rows, 4, 3), weights.wide)
  add(byGrams(weigh, rows), weights.grams)
  add(afterQuestion(weigh, rows), weights.answer)
  const months = monthsIn(all)
  const when = asksWhen(all)
  for (const [i, row] of rows.entries()) {
    let more = 0
    if (named.size > 0 && row.speaker !== null) more += named.has(row.speaker) ? weights.speaker : -weights.speaker
    if (when && (row.marks & MARK.tellsTime) !== 0) more += weights.time
    if (months.some((month) => (row.marks & (1 << (month + MARK.months))) !== 0)) more += weights.month
    scores[i] = (scores[i] ?? 0) + more
  }
  return rows
    .map((row, i) => ({ row, score: scores[i] ?? 0 }))
    .filter(({ score: one }) => one > 0)
    .sort((a, b) => b.score - a.score || b.row.id - a.row.id)
}

/** A stem of the question, how rare it is, and the stems that stand in for it. */
interface Wanted {
  readonly stems: readonly string[]
  readonly frequency: number
}

/** A word that no note has is looked for by the words most like it: others of its family, and slips of the pen. */
function withKin(index: NoteIndex, stems: readonly string[]): readonly Wanted[] {
  return stems.map((one) => {
    const frequency = index.frequencyOf(one)
    if (frequency > 0 || one.length < 4) return { stems: [one], frequency }
    const grams = gramsOf(one)
    const alike = new Set<string>()
    for (const word of index.vocabulary()) {
      if (word.length < 3 || Math.abs(word.length - one.length) > 6) continue
      if (shared(grams, word) >= ALIKE || word.startsWith(one)) alike.add(stem(word))
      if (alike.size >= 8) break
    }
    return { stems: [one, ...alike], frequency: [...alike].reduce((sum, kin) => sum + index.frequencyOf(kin), 0) }
  })
}

/** The share of grams that two words have in common, of the fewer. */
function shared(grams: readonly string[], word: string): number {
  const others = new Set(gramsOf(word))
  let common = 0
  for (const gram of grams) if (others.has(gram)) common += 1
  return common / Math.max(1, Math.min(grams.length, others.size))
}

function candidates(index: NoteIndex, wanted: readonly Wanted[], total: number): readonly PassageRow[] {
  const scores = new Map<number, number>()
  let budget = MAX_IDS
  for (const { stems, frequency } of [...wanted].sort((a, b) => a.frequency - b.frequency)) {
    if (frequency === 0) continue
    const rarity = Math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
    for (const one of stems) {
      if (budget <= 0) break
      const ids = index.passagesWith(one, Math.max(500, budget))
      budget -= ids.length
      for (const id of ids) scores.set(id, (scores.get(id) ?? 0) + rarity)
    }
  }
  const best = [...scores].sort(([a, x], [b, y]) => y - x || b - a).slice(0, MAX_WEIGHED)
  const rows = new Map<number, PassageRow>()
  for (const [id] of best) {
    const row = index.passage(id)
    if (row !== undefined) rows.set(id, row)
  }
  for (const [id] of best.slice(0, WITH_NEIGHBOURS)) {
    const row = rows.get(id)
    // Notes of one day that are no conversation share nothing but the day.
    if (row === undefined || isOfDay(row)) continue
    for (const side of ['before', 'after'] as const)
      for (const near of index.neighbours(row, side, AROUND)) if (!rows.has(near.id)) rows.set(near.id, near)
  }
  return [...rows.values()]
}

/** Passages and their neighbours, read once for a question. */
class Pool {
  readonly #index: NoteIndex
  readonly #weighed = new Map<number, Weighed>()
  readonly #rows = new Map<number, PassageRow>()
  readonly #before = new Map<number, readonly number[]>()
  readonly #after = new Map<number, readonly number[]>()
  readonly #keys = new Map<number, readonly string[]>()
  readonly meanLength: number

  constructor(index: NoteIndex, rows: readonly PassageRow[]) {
    this.#index = index
    for (const row of rows) this.#rows.set(row.id, row)
    const { passages, words } = index.total()
    this.meanLength = words / Math.max(1, passages)
  }

  row(id: number): PassageRow | undefined {
    return this.#rows.get(id)
  }

  before(row: PassageRow, count: number): readonly number[] {
    return this.#side(this.#before, row, 'before').slice(0, count)
  }

  after(row: PassageRow, count: number): readonly number[] {
    return this.#side(this.#after, row, 'after').slice(0, count)
  }

  #side(known: Map<number, readonly number[]>, row: PassageRow, side: 'before' | 'after'): readonly number[] {
    if (isOfDay(row)) return []
    const ids = known.get(row.id)
    if (ids !== undefined) return ids
    const rows = this.#index.neighbours(row, side, 4)
    for (const one of rows) if (!this.#rows.has(one.id)) this.#rows.set(one.id, one)
    const found = rows.map(({ id }) => id)
    known.set(row.id, found)
    return found
  }

  weighed(id: number): Weighed {
    const before = this.#weighed.get(id)
    if (before !== undefined) return before
    const row = this.#rows.get(id)
    const words = row === undefined ? [] : unpackWords(row.words).map((word) => this.#index.wordOf(word))
    const counts = new Map<string, number>()
    for (const word of words) {
      const one = stem(word)
      counts.set(one, (counts.get(one) ?? 0) + 1)
    }
    // A word in the key says more than one in the text.
    if (row !== undefined) for (const one of this.#keyStems(row.file)) counts.set(one, (counts.get(one) ?? 0) + 2)
    const weighed = { words, counts, length: words.length }
    this.#weighed.set(id, weighed)
    return weighed
  }

  #keyStems(file: number): readonly string[] {
    const before = this.#keys.get(file)
    if (before !== undefined) return before
    const found = keyStemsOf(this.#index.fileById(file)?.key ?? '')
    this.#keys.set(file, found)
    return found
  }
}

interface Weighing {
  readonly pool: Pool
  readonly wanted: readonly Wanted[]
  readonly total: number
  readonly words: readonly string[]
  readonly named: ReadonlySet<string>
}

/** BM25 of passages taken as one text. */
function score({ pool, wanted, total }: Weighing, ids: readonly number[]): number {
  const parts = ids.map((id) => pool.weighed(id))
  return bm25(parts, wanted, total, pool.meanLength)
}

/** A passage with those around it. */
const near = (weigh: Weighing, rows: readonly PassageRow[], before: number, after: number): readonly number[] =>
  rows.map((row) => score(weigh, [row.id, ...weigh.pool.before(row, before), ...weigh.pool.after(row, after)]))

/** BM25 over grams of four letters, which find what stems part. */
function byGrams({ pool, words }: Weighing, rows: readonly PassageRow[]): readonly number[] {
  const wanted = new Set(tellingWords(words).flatMap(gramsOf))
  const found = rows.map(({ id }) => {
    const counts = new Map<string, number>()
    let length = 0
    for (const word of pool.weighed(id).words) {
      for (const gram of gramsOf(word)) {
        length += 1
        if (wanted.has(gram)) counts.set(gram, (counts.get(gram) ?? 0) + 1)
      }
    }
    return { words: [], counts, length }
  })
  const frequency = new Map<string, number>()
  for (const { counts } of found) for (const gram of counts.keys()) frequency.set(gram, (frequency.get(gram) ?? 0) + 1)
  const terms = [...wanted].map((gram) => ({ stems: [gram], frequency: frequency.get(gram) ?? 0 }))
  const mean = meanOf(found)
  return found.map((one) => bm25([one], terms, rows.length, mean))
}

const tellingWords = (words: readonly string[]): readonly string[] => {
  const telling = new Set(tellingStems(words))
  return words.filter((word) => telling.has(stem(word)))
}

/** The score of the question that was asked just before: what follows is its answer. */
function afterQuestion(weigh: Weighing, rows: readonly PassageRow[]): readonly number[] {
  return rows.map((row) => {
    const [before] = weigh.pool.before(row, 1)
    if (before === undefined || ((weigh.pool.row(before)?.marks ?? 0) & MARK.asks) === 0) return 0
    return score(weigh, [before])
  })
}
