// Text to search terms: case, accents and word endings folded, so that plain words find each other.

import { lazily } from '../lazily.ts'

/** Scripts written without blanks between words: their pairs of characters are the terms. */
const unspaced = lazily(
  () =>
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu,
)
const aWord = lazily(() => /[\p{L}\p{N}]+/gu)

/** The terms of a text in order, stop words included. */
export function terms(text: string): string[] {
  const folded = fold(text)
  const found: string[] = []
  for (const [word] of folded.matchAll(aWord())) {
    let last = 0
    for (const run of word.matchAll(unspaced())) {
      if (run.index > last) found.push(stem(word.slice(last, run.index)))
      found.push(...pairs(run[0]))
      last = run.index + run[0].length
    }
    if (last < word.length) found.push(stem(word.slice(last)))
  }
  return found
}

/** The terms worth asking for: without stop words, unless there are no others. Each once. */
export function queryTerms(query: string): string[] {
  const all = [...new Set(terms(query))]
  const telling = all.filter((term) => !STOP.has(term))
  return telling.length > 0 ? telling : all
}

/** Lower case, without accents; ß, æ, ø and kin spelt out, apostrophes inside words dropped. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{Mn}+/gu, '')
    .toLowerCase()
    .replaceAll(/(?<=\p{L})['’](?=\p{L})/gu, '')
    .replaceAll(/[ßæœøłđð]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFC')
}

const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd' }

function pairs(run: string): string[] {
  const characters = [...run]
  if (characters.length === 1) return characters
  return characters.slice(1).map((character, i) => characters[i]! + character)
}

/**
 * A light stemmer: plurals, -ed, -ing, -ly and a final e or y. What it makes need not be a word, only the same for kin;
 * text and query go through it alike, so other languages lose little.
 */
export function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word
  let base = word
  if (base.endsWith('ies')) base = `${base.slice(0, -3)}y`
  else if (/(?:ss|x|z|ch|sh)es$/.test(base)) base = base.slice(0, -2)
  else if (/[^suai]s$/.test(base)) base = base.slice(0, -1)
  base = cutEnding(base, 'ing') ?? cutEnding(base, 'ed') ?? base
  if (base.length > 5 && base.endsWith('ly')) base = base.slice(0, -2)
  if (base.length > 3 && base.endsWith('e')) base = base.slice(0, -1)
  return base.length > 3 && base.endsWith('y') ? `${base.slice(0, -1)}i` : base
}

/** Without the ending, where a syllable is left; a doubled last letter (`runn`) loses its twin. */
function cutEnding(word: string, ending: string): string | null {
  if (!word.endsWith(ending)) return null
  const rest = word.slice(0, -ending.length)
  if (rest.length < 3 || !/[aeiouy]/.test(rest)) return null
  return /([^aeioulsz])\1$/.test(rest) ? rest.slice(0, -1) : rest
}

/** English words that tell nothing, as their stems. */
const STOP: ReadonlySet<string> = new Set(
  (
    'a about after all also am an and any are as at be because been before being but by can could did do does doing for from had ' +
    'has have having he her here hers him his how i if in into is it its just me more most my no nor not of on once only or other our ' +
    'out over own same she should so some such than that the their them then there these they this those through to too up us very ' +
    'was we were what when where which while who whom why will with would you your yours im ive dont didnt isnt whats tell know please'
  )
    .split(' ')
    .map(stem),
)
