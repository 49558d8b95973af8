// Which notes fit a query: BM25 over terms, with words that begin alike counting for less than the same word.

import { queryTerms, terms } from './words.ts'

/** A note made searchable. */
export interface IndexedNote {
  readonly frequency: ReadonlyMap<string, number>
  readonly length: number
}

/** A word in the key says more than one in the text. */
const KEY_WEIGHT = 2
const K1 = 0.9
const B = 0.4
/** Weights of a match by a shared beginning, and by a part of a word (only where nothing else was found). */
const PREFIX_WEIGHT = 0.4
const PART_WEIGHT = 0.2
const MIN_PREFIX = 4
const MIN_PART = 3
/** How much longer than what they share kin may be, and how much they must share to differ at both ends. */
const MAX_TAIL = 4
const MIN_STEM = 6

export function indexNote(key: string, content: string): IndexedNote {
  const frequency = new Map<string, number>()
  const add = (list: readonly string[], weight: number): void => {
    for (const term of list) frequency.set(term, (frequency.get(term) ?? 0) + weight)
  }
  const body = terms(content)
  const label = terms(key)
  add(body, 1)
  add(label, KEY_WEIGHT)
  return { frequency, length: body.length + label.length }
}

/** Scores above zero, for each note that matches. */
export function rank<Note extends IndexedNote>(notes: readonly Note[], query: string): Map<Note, number> {
  const wanted = queryTerms(query)
  const vocabulary = new Map<string, number>()
  let total = 0
  for (const note of notes) {
    total += note.length
    for (const term of note.frequency.keys()) vocabulary.set(term, (vocabulary.get(term) ?? 0) + 1)
  }
  const score = (variants: (term: string) => Map<string, number>): Map<Note, number> =>
    bm25(notes, vocabulary, total / Math.max(1, notes.length), wanted.map(variants))
  const found = score((term) => beginningAlike(term, vocabulary))
  return found.size > 0 ? found : score((term) => containing(term, vocabulary))
}

/** The best variant of each wanted term counts, so that a note gains nothing from many kin of one word. */
function bm25<Note extends IndexedNote>(
  notes: readonly Note[],
  vocabulary: ReadonlyMap<string, number>,
  meanLength: number,
  wanted: readonly ReadonlyMap<string, number>[],
): Map<Note, number> {
  const scores = new Map<Note, number>()
  for (const note of notes) {
    const norm = K1 * (1 - B + (B * note.length) / Math.max(1, meanLength))
    let sum = 0
    for (const variants of wanted) {
      let best = 0
      for (const [term, weight] of variants) {
        const count = note.frequency.get(term)
        if (count === undefined) continue
        const among = vocabulary.get(term) ?? 0
        const rarity = Math.log(1 + (notes.length - among + 0.5) / (among + 0.5))
        best = Math.max(best, (weight * rarity * count * (K1 + 1)) / (count + norm))
      }
      sum += best
    }
    if (sum > 0) scores.set(note, sum)
  }
  return scores
}

function beginningAlike(term: string, vocabulary: ReadonlyMap<string, number>): Map<string, number> {
  const variants = new Map<string, number>()
  if (term.length >= MIN_PREFIX) for (const known of vocabulary.keys()) if (kin(term, known)) variants.set(known, PREFIX_WEIGHT)
  if (vocabulary.has(term)) variants.set(term, 1)
  return variants
}

/** One begins with the other, or they part near both their ends (concurrency, concurrent). */
function kin(a: string, b: string): boolean {
  const shortest = Math.min(a.length, b.length)
  if (shortest < MIN_PREFIX || Math.abs(a.length - b.length) > MAX_TAIL) return false
  let common = 0
  while (common < shortest && a.charCodeAt(common) === b.charCodeAt(common)) common++
  return common === shortest || (common >= MIN_STEM && Math.max(a.length, b.length) - common <= 2)
}

function containing(term: string, vocabulary: ReadonlyMap<string, number>): Map<string, number> {
  const variants = new Map<string, number>()
  if (term.length < MIN_PART) return variants
  for (const known of vocabulary.keys()) if (known.includes(term)) variants.set(known, PART_WEIGHT)
  return variants
}
