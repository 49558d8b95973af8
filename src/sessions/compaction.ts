// A long transcript in, entries to append out, after which it takes fewer tokens than it may: a summary of what is old, with
// what is recent kept word for word; tool results left out, oldest first; texts without their middle. No line is rewritten.

import type { AgentPlan } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import type { Replacement, Transcript, TranscriptEntry } from '../storage/ports.ts'
import { forgotten } from './forgotten.ts'
import { contentAsSent, type Marks, marksOf } from './marks.ts'
import { cutToFit, trimToFit } from './shorten.ts'
import { summariseUnits } from './summaries.ts'
import { contextTokens, estimateEntry, estimateText } from './tokens.ts'
import { cutBefore, type Unit, unitsOf } from './units.ts'

export type CompactionSettings = Pick<AgentPlan['compaction'], 'contextWindow' | 'threshold' | 'keepRecent' | 'chunkTokens'>

/** What is known of the requests of a session beside its transcript. */
export interface RequestSize {
  /** Tokens that each takes beside its messages: system text and tools. */
  readonly fixedTokens?: number | undefined
  /** The service takes fewer tokens than this, whatever the settings say. */
  readonly below?: number | undefined
}

export interface CompactionPlan {
  /** The threshold is passed and there is something to make shorter. */
  readonly needed: boolean
  readonly tokens: number
  readonly limit: number
  /** What a summary would stand for: whole exchanges, tool calls with their results. */
  readonly old: readonly Unit[]
  readonly recent: readonly Unit[]
  /** Tokens the messages may take, as they are estimated. */
  readonly room: number
}

/** Of the room for messages: what is kept word for word, a summary, and all that there is after a compaction. */
const RECENT_SHARE = 0.35
const SUMMARY_SHARE = 0.25
const TARGET_SHARE = 0.6
const MOST_SHARE = 0.9
const LEAST_ROOM = 200
/** A summariser reads a part and the summary so far in a window of its own, for which ours is the best guess. */
const CHUNK_SHARE = 0.5

/** What is old, what is recent, and whether it is time. */
export function planCompaction(
  transcript: Pick<Transcript, 'entries'>,
  settings: CompactionSettings,
  size: RequestSize = {},
): CompactionPlan {
  const tokens = contextTokens(transcript)
  const limit = Math.min(Math.floor(settings.contextWindow * settings.threshold), size.below ?? Number.POSITIVE_INFINITY)
  const measure = createMeasure(transcript)
  const units = unitsOf(transcript.entries)
  const room = roomFor(limit, tokens, measure.all(units), size.fixedTokens ?? 0)
  const cut = cutBefore(units, { keepRecent: settings.keepRecent, maxTokens: room * RECENT_SHARE, tokensOf: measure.least })
  const old = units.slice(0, cut)
  const recent = units.slice(cut)
  const canShrink = old.length > 0 || measure.all(recent) > room * TARGET_SHARE
  return { needed: tokens >= limit && canShrink, tokens, limit, old, recent, room }
}

/** The limit in estimated tokens: where a model has counted, its count says how far the estimate is off. */
function roomFor(limit: number, tokens: number, estimated: number, fixed: number): number {
  const counted = tokens - fixed
  const factor = estimated > 0 && counted > estimated ? Math.min(counted / estimated, 4) : 1
  return Math.max(LEAST_ROOM, Math.floor((limit - fixed) / factor))
}

export interface CompactOptions extends RequestSize {
  readonly transcript: Transcript
  readonly settings: CompactionSettings
  /** Text to summarise, the summary so far included; '' or a rejection means that none came. */
  readonly summarise: (text: string, previous: string) => Promise<string>
  readonly clock: Clock
  readonly random: Random
  /** Does nothing while the threshold is not passed: for work that was queued and may be stale. */
  readonly onlyIfNeeded?: boolean
}

/** Entries to append; none when nothing can be made shorter. Rejects for nothing that `summarise` does. */
export async function compact(options: CompactOptions): Promise<readonly TranscriptEntry[]> {
  const { transcript, settings, summarise } = options
  const plan = planCompaction(transcript, settings, options)
  if (options.onlyIfNeeded === true && !plan.needed) return []
  const { old, recent, room } = plan
  const measure = createMeasure(transcript)
  const before = transcript.entries.findLast((entry) => entry.kind === 'summary')
  const previous = before === undefined ? '' : textOf(before)
  const maxTokens = Math.floor(room * SUMMARY_SHARE)
  const chunkTokens = Math.min(settings.chunkTokens, Math.floor(settings.contextWindow * CHUNK_SHARE))
  const units = asTold(old, transcript)
  const made = await summariseUnits({ units, previous, chunkTokens, maxTokens, summarise })

  const target = room * TARGET_SHARE
  const most = room * MOST_SHARE
  let summary = made.text
  let kept = [...old.slice(made.covered), ...recent]
  const sizeNow = (): number => estimateText(summary ?? previous) + measure.all(kept)
  let trimmed = trimToFit(kept, transcript, sizeNow() - target)
  if (made.failure !== null && old.length > made.covered && sizeNow() - trimmed.tokens > most) {
    // Without a summary the oldest go, so that a conversation can always go on.
    summary = forgotten(made.text ?? previous, units.slice(made.covered), maxTokens)
    kept = [...recent]
    trimmed = trimToFit(kept, transcript, sizeNow() - target)
  }
  const over = sizeNow() - trimmed.tokens - most
  const cut = over > 0 ? cutToFit(kept, marksOf(transcript), trimmed.names, most - estimateText(summary ?? previous)) : []

  const added: TranscriptEntry[] = []
  if (summary !== null) added.push(summaryEntry(options, summary, kept))
  if (trimmed.names.length > 0) added.push(trimEntry(options, trimmed))
  if (cut.length > 0) added.push(replaceEntry(options, cut))
  if (made.failure !== null && added.length > 0) added.push(note(options, `No summary could be made (${made.failure}).`))
  return added
}

/** Units to be summarised: whole where they are sent shortened, but without what a service refused. */
function asTold(units: readonly Unit[], transcript: Pick<Transcript, 'entries'>): readonly Unit[] {
  const notes = marksOf(transcript).replaced
  const marks: Marks = {
    trimmed: new Set(),
    replaced: new Map([...notes].map(([id, list]) => [id, list.filter(({ note }) => note !== undefined)])),
    plainBefore: 0,
  }
  return units.map((unit) => unit.map((entry) => ({ ...entry, content: contentAsSent(entry, marks) })))
}

interface Measure {
  all(units: readonly Unit[]): number
  /** Of a unit whose long results are left out: what it takes at least. */
  least(unit: Unit): number
}

/** Tokens of units as they are sent now. */
function createMeasure(transcript: Pick<Transcript, 'entries'>): Measure {
  const marks: Marks = marksOf(transcript)
  const tokensOf = (unit: Unit): number =>
    unit.reduce((sum, entry) => sum + estimateEntry({ content: contentAsSent(entry, marks) }), 0)
  return {
    all: (units) => units.reduce((sum, unit) => sum + tokensOf(unit), 0),
    least: (unit) => tokensOf(unit) - trimToFit([unit, []], transcript, Number.POSITIVE_INFINITY).tokens,
  }
}

const textOf = ({ content }: TranscriptEntry): string =>
  typeof content === 'string' ? content : content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')

type Made = Pick<CompactOptions, 'clock' | 'random'>

const line = ({ clock, random }: Made): Pick<TranscriptEntry, 'id' | 'role' | 'timestamp'> => ({
  id: random.id(),
  role: 'system',
  timestamp: new Date(clock.now()).toISOString(),
})

function summaryEntry(made: Made, content: string, kept: readonly Unit[]): TranscriptEntry {
  const keepFrom = kept[0]?.[0]?.id
  return { ...line(made), kind: 'summary', content, ...(keepFrom === undefined ? {} : { keepFrom }) }
}

const trimEntry = (made: Made, { names, tokens }: { names: readonly string[]; tokens: number }): TranscriptEntry => ({
  ...line(made),
  kind: 'trim',
  trimmed: names,
  content: `${names.length} tool result${names.length === 1 ? '' : 's'} (about ${tokens} tokens) are no longer sent to the model.`,
})

const replaceEntry = (made: Made, replaced: readonly Replacement[]): TranscriptEntry => ({
  ...line(made),
  kind: 'replace',
  replaced,
  content: `${replaced.length} part${replaced.length === 1 ? '' : 's'} of messages too long for the model ${replaced.length === 1 ? 'is' : 'are'} sent shortened.`,
})

const note = (made: Made, content: string): TranscriptEntry => ({ ...line(made), kind: 'note', content })
