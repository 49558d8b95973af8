// A refused request in, changes that may make it acceptable out, one after the other, the one that loses least first. Each is lines
// for the transcript: they are tried first, and written only once the service took the request with them.

import { nameOf } from '../models/media-check.ts'
import type { ContentBlock, MediaBlock, ModelError, RequestPlace } from '../models/port.ts'
import { type Origin, type Origins, originsOf } from '../sessions/origins.ts'
import type { Replacement, Transcript, TranscriptEntry } from '../storage/ports.ts'

export type FixLine = Pick<TranscriptEntry, 'kind' | 'content' | 'replaced' | 'plain' | 'keepFrom'>

export interface Fix {
  readonly lines: readonly FixLine[]
  /** What the person is told; '': nothing changed. */
  readonly said: string
}

export interface Refused {
  readonly transcript: Transcript
  /** The transcript as it would be with these lines. */
  withLines(lines: readonly FixLine[]): Transcript
  /** Id of the first line of the turn that is asked for. */
  readonly turnStart: string
}

/** Times the service may name what it refuses before it is taken out by other means. */
const MOST_NAMED = 3
const REFUSED = 'the service of the model did not accept it'
const note = (what: string): string => `[${what} was left out here: ${REFUSED}.]`

/** `.next(error)` says that the last one was refused as well. Ends when nothing is left to try. */
export function* waysOut(error: ModelError, refused: Refused): Generator<Fix, void, ModelError> {
  yield* withoutNamed(error, refused)
  const view = originsOf(refused.transcript)
  const media = view.find(isMedia).toReversed()
  for (let count = 0; count < media.length; ) {
    // The newest first, by halves: what was taken before is rarely what is refused now.
    count += Math.ceil((media.length - count) / 2)
    yield leftOut(view, media.slice(0, count))
  }
  const plain: FixLine = { kind: 'replace', plain: true, content: 'What came before this line is sent as plain text.' }
  const all = media.length === 0 ? [] : leftOut(view, media).lines
  yield {
    lines: [plain],
    said: 'I sent our conversation in a plainer form, as the service of my language model did not accept it.',
  }
  if (media.length > 0)
    yield {
      lines: [...all, plain],
      said: 'I answered without the pictures and documents of our conversation, which the service of my language model did not accept.',
    }
  // A service that only stumbled takes it as it is by now; nothing more is given up for that.
  yield { lines: [], said: '' }
  const words = withoutNewWords(refused)
  yield words
  const forgotten: FixLine = {
    kind: 'summary',
    content: `[Earlier messages were left out: ${REFUSED}.]`,
    keepFrom: refused.turnStart,
  }
  yield {
    lines: [forgotten],
    said: 'I answered without the earlier part of our conversation, which the service of my language model did not accept.',
  }
  yield { lines: [...all, ...words.lines, plain, forgotten], said: words.said }
}

/** Takes out what the service names, as long as it names something else each time. */
function* withoutNamed(error: ModelError, refused: Refused): Generator<Fix, void, ModelError> {
  const named: Origin[] = []
  const seen = new Set<string>()
  const first = originsOf(refused.transcript)
  let lines: readonly FixLine[] = []
  let last = error
  for (let times = 0; times < MOST_NAMED; times++) {
    const view = originsOf(refused.withLines(lines))
    const more = (last.refusal?.places ?? [])
      .flatMap((place) => namedAt(view, place, times))
      .filter((one) => !seen.has(keyOf(one)))
    if (more.length === 0) return
    for (const one of more) seen.add(keyOf(one))
    named.push(...more)
    const fix = leftOut(first, named)
    lines = fix.lines
    last = yield fix
  }
}

const keyOf = ({ entry, block, inner }: Origin): string => `${entry}#${block}#${inner}`

/** The block at a place. Of a message as a whole, and from the second time on, the media in it. */
function namedAt(view: Origins, place: RequestPlace, times: number): readonly Origin[] {
  const exact = place.block === undefined ? [] : view.at(place)
  if (exact.length > 0 && times === 0) return exact
  const entries = new Set(view.at({ message: place.message }).map(({ entry }) => entry))
  return [...exact, ...view.find(isMedia).filter(({ entry }) => entries.has(entry))]
}

const isMedia = (block: ContentBlock): block is MediaBlock => block.type === 'image' || block.type === 'document'

const LISTED = 3

function leftOut(view: Origins, origins: readonly Origin[]): Fix {
  const names = origins.map((origin) => whatIs(view.block(origin)))
  const replaced = origins.map((origin, i): Replacement => ({ ...origin, note: note(capitalized(names[i] ?? 'a part')) }))
  const shown = names.slice(0, LISTED).join(', ')
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return {
    lines: [{ kind: 'replace', replaced, content: `Left out, as the service of the model did not accept it: ${shown}${more}.` }],
    said: `I left out ${shown}${more}, which the service of my language model did not accept.`,
  }
}

function whatIs(block: ContentBlock | undefined): string {
  switch (block?.type) {
    case 'image':
    case 'document':
      return `a ${nameOf(block as MediaBlock)}`
    case 'tool_use':
      return `a call of ${block.name}`
    case 'tool_result':
      return 'the result of a tool'
    case 'thinking':
    case 'redacted_thinking':
      return 'a thought'
    default:
      return 'a part of a message'
  }
}

const capitalized = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/** All that was said since the service last answered becomes a note. */
function withoutNewWords({ transcript: { entries } }: Refused): Fix {
  const accepted = entries.findLastIndex(({ usage }) => usage !== undefined)
  const replaced = entries.slice(accepted + 1).flatMap((entry): readonly Replacement[] => {
    if (entry.kind !== undefined || entry.role !== 'user') return []
    const blocks = typeof entry.content === 'string' ? [{ type: 'text' as const, text: '' }] : entry.content
    return blocks.map((block, index) => ({
      entry: entry.id,
      block: index,
      note: note(block.type === 'text' ? 'A message' : capitalized(whatIs(block))),
    }))
  })
  return {
    lines: [
      { kind: 'replace', replaced, content: 'New messages were left out, as the service of the model did not accept them.' },
    ],
    said: 'The service of my language model did not accept your message, so I answered without it.',
  }
}
