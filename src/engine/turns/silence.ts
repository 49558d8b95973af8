// A scheduled answer in, what is left of it to say out: nothing, where the model says in one of its ways that there is nothing.

import { createThinkTags } from '../../models/think-tags.ts'

/** Words beside the silent word that are still no news: "I checked everything, nothing to report. HEARTBEAT_OK". */
const MOST_BESIDE = 300

/** What models put around a word: blanks, marks, quotes, brackets, emphasis, code, tags, characters nobody sees. */
const AROUND = String.raw`(?:<\/?[a-z]{1,10}>|\x60{3}[a-z]+(?=\s|$)|[\s\p{P}\p{S}\p{Cf}])`

/** The marks that open right before a word. */
const OPENING = String.raw`(?:(?<=\s)(?:<[a-z]{1,10}>|\x60{3}[a-z]+\s|[\p{P}\p{S}\p{Cf}]){1,8})?`

/** '' is silence; otherwise the answer without its thoughts and without the word. */
export function spoken(answer: string, silentToken: string): string {
  const text = wordsOf(answer).trim()
  const token = silentToken.trim()
  if (token === '') return text
  const word = written(token)
  if (new RegExp(`^${AROUND}*${word}${AROUND}*$`, 'iu').test(text)) return ''
  const flags = flagsAtAnEnd(token)
  if (flags === null) return text
  const atStart = new RegExp(`^${AROUND}*${word}(?!_*[\\p{L}\\p{N}])${AROUND}*`, flags)
  const atEnd = new RegExp(`${OPENING}(?<![\\p{L}\\p{N}]_*)${word}${AROUND}*$`, flags)
  const rest = text.replace(atStart, '').replace(atEnd, '').trim()
  return rest !== text && isLittle(rest) ? '' : rest
}

/** Marks around it do not count. */
function isLittle(rest: string): boolean {
  if (rest.length > MOST_BESIDE * 3) return false
  const words = rest.replace(new RegExp(`^${AROUND}+|${AROUND}+$`, 'giu'), '')
  return [...words].length <= MOST_BESIDE
}

/** A token of plain words may begin a sentence that is news ("nothing new, but …"), so only a code word counts beside others. */
function flagsAtAnEnd(token: string): string | null {
  if (/\s/.test(token)) return null
  if (/[_-]/.test(token)) return 'iu'
  return token === token.toUpperCase() ? 'u' : null
}

/** The token as a pattern; Markdown lets its marks be escaped. */
const written = (token: string): string =>
  [...token].map((char) => (/[\p{P}\p{S}]/u.test(char) ? `\\\\?\\u{${char.codePointAt(0)?.toString(16)}}` : char)).join('')

function wordsOf(answer: string): string {
  let words = ''
  const tags = createThinkTags({
    onWords: (more) => {
      words += more
    },
    onRestart: () => {
      words = ''
    },
  })
  tags.push(answer)
  tags.end()
  return words
}
