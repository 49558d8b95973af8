// The text of an answer in, piece by piece; its words out, without its thoughts. Models whose server has no reasoning parser
// write their thoughts before the answer, between tags, or end them with a closing tag whose opening one was in the prompt.

export interface ThinkTags {
  push(piece: string): void
  /** The answer is over: what was held back is words, or thoughts. */
  end(): void
  readonly thoughts: string
}

export interface WordListener {
  onWords(words: string): void
  /** What was taken for words were thoughts: they are void. */
  onRestart(): void
}

const OPENING = /^\s*(?:<think(?:ing)?>|<thought>|\[THINK\])/i
const OPENING_TAGS = ['<think>', '<thinking>', '<thought>', '[think]']
const CLOSING = /<\/think(?:ing)?>|<\/thought>|\[\/THINK\]/i
/** A closing tag that nothing opened counts only at the end of a line; in code or in a sentence it is a word. */
const UNOPENED = /(^|[^`\w'"])<\/think(?:ing)?>[ \t]*\r?\n/i
const LONGEST_TAG = 12

export function createThinkTags(listener: WordListener): ThinkTags {
  let state: 'start' | 'thoughts' | 'words' = 'start'
  let held = ''
  let thoughts = ''
  let said = ''

  function step(isLast: boolean): void {
    if (state === 'start') {
      const opening = OPENING.exec(held)
      if (opening === null && !isLast && mayOpen(held)) return
      state = opening === null ? 'words' : 'thoughts'
      held = held.slice(opening?.[0].length ?? 0)
    }
    if (state === 'words') {
      const words = thoughts === '' || said !== '' ? held : held.trimStart()
      held = ''
      if (words !== '') say(words)
      return
    }
    const closing = CLOSING.exec(held)
    // A tag may be cut between two pieces.
    const until = closing?.index ?? (isLast ? held.length : Math.max(0, held.length - LONGEST_TAG))
    thoughts += held.slice(0, until)
    held = held.slice(until + (closing?.[0].length ?? 0))
    if (closing === null) return
    state = 'start'
    step(isLast)
  }

  function say(words: string): void {
    const from = Math.max(0, said.length - LONGEST_TAG)
    said += words
    const tail = said.slice(from)
    const found = thoughts === '' && tail.includes('</') ? UNOPENED.exec(tail) : null
    if (found === null || said.slice(0, from + found.index).includes('```')) {
      listener.onWords(words)
      return
    }
    thoughts = said.slice(0, from + found.index)
    said = said.slice(from + found.index + found[0].length).trimStart()
    listener.onRestart()
    if (said !== '') listener.onWords(said)
  }

  return {
    push(piece) {
      held += piece
      step(false)
    },
    end: () => step(true),
    get thoughts() {
      return thoughts.trim()
    },
  }
}

/** Whether a tag may still come: there is nothing but white space and perhaps the beginning of one. */
function mayOpen(text: string): boolean {
  const start = text.trimStart().toLowerCase()
  return OPENING_TAGS.some((tag) => tag.startsWith(start))
}
