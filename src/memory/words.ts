// Text to words and their stems, so that plain words find each other: case, accents, endings and spellings are folded.

import { stemmer as english } from '@orama/stemmers/english'
import { stemmer as russian } from '@orama/stemmers/russian'
import { isStopWord } from './stop-words.ts'

/** Scripts written without blanks between words: their pairs of characters are the terms. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu
/** Hyphens within a word are kept, so that wi-fi gives wi, fi and wifi. */
const A_WORD = /[\p{L}\p{N}\p{M}]+(?:[-‐‑][\p{L}\p{N}\p{M}]+)*/gu
const PLAIN = /^[a-z0-9]+$/

/** The folded words of a text in order, stop words included. */
export function wordsOf(text: string): string[] {
  const found: string[] = []
  for (const [word] of fold(text).matchAll(A_WORD)) {
    if (PLAIN.test(word)) {
      found.push(word)
      continue
    }
    const parts = word.split(/[-‐‑]/)
    for (const part of parts) addWord(found, part)
    if (parts.length === 2 && word.length <= 24) addWord(found, parts.join(''))
  }
  return found
}

function addWord(found: string[], word: string): void {
  let last = 0
  for (const run of word.matchAll(UNSPACED)) {
    if (run.index > last) found.push(word.slice(last, run.index))
    found.push(...pairs(run[0]))
    last = run.index + run[0].length
  }
  if (last < word.length) found.push(last === 0 ? word : word.slice(last))
}

function pairs(run: string): string[] {
  const characters = [...run]
  if (characters.length === 1) return characters
  return characters.slice(1).map((character, i) => (characters[i] ?? '') + character)
}

/** Lower case, without accents; ß, æ, ø and kin spelt out, apostrophes inside words dropped. */
export function fold(text: string): string {
  const low = text.toLowerCase()
  if (!NOT_ASCII.test(low)) return low.replaceAll(INNER_APOSTROPHE, '')
  return low
    .normalize('NFKD')
    .replaceAll(ACCENTS, '')
    .replaceAll(INNER_APOSTROPHE, '')
    .replaceAll(/[ßæœøłđðё]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFC')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the bounds of ASCII.
const NOT_ASCII = /[^\x00-\x7f]/
const ACCENTS = /(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{Mn}+/gu
const INNER_APOSTROPHE = /(?<=\p{L})['’](?=\p{L})/gu
const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', ё: 'е' }

const MAX_KNOWN = 50_000
const known = new Map<string, string>()

/** The stem of a folded word; text and query go through it alike. */
export function stem(word: string): string {
  const before = known.get(word)
  if (before !== undefined) return before
  if (known.size >= MAX_KNOWN) known.clear()
  const found = computeStem(word)
  known.set(word, found)
  return found
}

function computeStem(word: string): string {
  if (/^[a-z]+$/.test(word)) {
    const regular = IRREGULAR.get(word) ?? word
    return regular.length < 3 ? regular : english(american(regular))
  }
  return /^[а-я]+$/.test(word) ? russian(word) : word
}

/** British spellings as American ones (colour, realise, centre), and adverbs as what they come from. */
const american = (word: string): string =>
  word.length < 6
    ? word
    : word
        .replace(/([^aeiouy])our(?=(?:s|ed|ing|ite|ites|able|ful|hood|ly)?$)/, '$1or')
        .replace(/is(?=(?:e|ed|es|ing|ation)$)/, 'iz')
        .replace(/([bt])re$/, '$1er')
        .replace(/(?<=[a-z]{3}[^aeiouyp])ly$/, '')

/** Base forms and the forms that no rule leads to. */
const IRREGULAR: ReadonlyMap<string, string> = new Map(
  (
    'be:was,were,been,am,is,are go:went,gone,goes do:did,done,does have:had,has say:said make:made get:got,gotten take:took,taken ' +
    'come:came see:saw,seen know:knew,known think:thought give:gave,given find:found tell:told feel:felt leave:left bring:brought ' +
    'begin:began,begun keep:kept hold:held write:wrote,written stand:stood hear:heard mean:meant meet:met pay:paid sit:sat ' +
    'speak:spoke,spoken lead:led grow:grew,grown lose:lost fall:fell,fallen send:sent build:built understand:understood draw:drew,drawn ' +
    'break:broke,broken spend:spent drive:drove,driven buy:bought wear:wore,worn choose:chose,chosen eat:ate,eaten ' +
    'drink:drank,drunk sing:sang,sung swim:swam,swum run:ran fly:flew,flown sleep:slept teach:taught catch:caught fight:fought ' +
    'sell:sold win:won throw:threw,thrown forget:forgot,forgotten become:became child:children person:people man:men woman:women ' +
    'foot:feet tooth:teeth mouse:mice wife:wives life:lives knife:knives leaf:leaves shelf:shelves half:halves ride:rode,ridden ' +
    'wake:woke,woken steal:stole,stolen freeze:froze,frozen hide:hid,hidden bite:bit,bitten lend:lent feed:fed shoot:shot lay:laid ' +
    'hang:hung dig:dug stick:stuck sweep:swept strike:struck swear:swore,sworn tear:tore,torn seek:sought good:better,best bad:worse,worst'
  )
    .split(' ')
    .flatMap((entry) => {
      const [base = '', forms = ''] = entry.split(':')
      return forms.split(',').map((form) => [form, base] as const)
    }),
)

/** The stems worth asking for: without stop words, unless there are no others. Each once. */
export function tellingStems(words: readonly string[]): string[] {
  const telling = words.filter((word) => !isStopWord(word))
  return [...new Set((telling.length > 0 ? telling : words).map(stem))]
}
