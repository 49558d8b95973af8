// Counts of words in, how well they fit the words of a question out.

export interface Weighed {
  readonly words: readonly string[]
  readonly counts: ReadonlyMap<string, number>
  readonly length: number
}

/** Words of which any one counts, and in how many texts they are. */
export interface Term {
  readonly stems: readonly string[]
  readonly frequency: number
}

const K1 = 1.2
const B = 0.3

/** `parts` count as one text; `meanLength` is that of one part. */
export function bm25(parts: readonly Weighed[], terms: readonly Term[], total: number, meanLength: number): number {
  let length = 0
  for (const part of parts) length += part.length
  const norm = K1 * (1 - B + (B * length) / Math.max(1, meanLength * parts.length))
  let sum = 0
  for (const { stems, frequency } of terms) {
    let count = 0
    for (const stem of stems) for (const part of parts) count += part.counts.get(stem) ?? 0
    if (count > 0) sum += (Math.log(1 + (total - frequency + 0.5) / (frequency + 0.5)) * count * (K1 + 1)) / (count + norm)
  }
  return sum
}

export const meanOf = (texts: readonly Weighed[]): number =>
  texts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, texts.length)

const GRAM = 4
const MAX_KNOWN = 50_000
const known = new Map<string, readonly string[]>()

/** The grams of a word, its edges marked. */
export function gramsOf(word: string): readonly string[] {
  const before = known.get(word)
  if (before !== undefined) return before
  if (known.size >= MAX_KNOWN) known.clear()
  const edged = `_${word}_`
  const grams =
    edged.length <= GRAM ? [edged] : Array.from({ length: edged.length - GRAM + 1 }, (_, i) => edged.slice(i, i + GRAM))
  known.set(word, grams)
  return grams
}
