// What a crash run left behind in, what is wrong with it out: transcripts as they stand on disk, chats as people see them,
// the file that commands wrote, the ledger of the heartbeat. Nothing is asked of the bot itself.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { messagesOf } from '../../src/sessions/messages.ts'
import type { TranscriptEntry } from '../../src/storage/ports.ts'
import { type CrashModel, EFFECTS, GROWN, PULSE, tokensIn, wordOf } from './crash-model.ts'
import { checkMessages } from './messages-validator.ts'
import { openStorage } from './storage-world.ts'

/** How many messages each sent; over HTTP only answered ones count. */
export interface Said {
  readonly http: Map<string, number>
  readonly sessions: Map<string, string>
  readonly telegram: Map<number, number>
}

interface Left {
  readonly cwd: string
  readonly said: Said
  readonly telegram: FakeTelegram
  readonly listener: number
  readonly model: CrashModel
  /** Replies on Telegram grow: each has to be whole at the end. */
  readonly grows: boolean
  /** A heartbeat whose time falls into trouble may fail, and its log says so. */
  readonly skipPulse: boolean
}

const AGENTS = ['main', 'crowd'] as const

export async function checkAfter(
  left: Left,
): Promise<{ readonly problems: readonly string[]; readonly heartbeats: number; readonly repeated: number }> {
  const stateDir = join(left.cwd, '.openclaw')
  const transcripts = new Map(
    (await Promise.all(AGENTS.map((agent) => readTranscripts(join(stateDir, 'agents', agent, 'sessions'))))).flatMap((map) => [
      ...map,
    ]),
  )
  const chats = checkChats(left)
  const pulse = await checkPulse(left, stateDir, transcripts.get('cron:pulse') ?? [])
  return {
    problems: [
      ...[...transcripts].flatMap(([key, entries]) => wrongIn(key, entries)),
      ...checkSenders(left.said, transcripts),
      ...(await checkEffects(left, stateDir)),
      ...chats.problems,
      ...(left.skipPulse ? [] : pulse.problems),
    ],
    heartbeats: pulse.ran,
    repeated: chats.repeated,
  }
}

async function readTranscripts(folder: string): Promise<ReadonlyMap<string, readonly TranscriptEntry[]>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'))
  const read = async (name: string): Promise<[string, TranscriptEntry[]]> => {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '')
    return [decodeURIComponent(name.slice(0, -6)), lines.flatMap(parsed)]
  }
  return new Map(await Promise.all(names.map(read)))
}

/** A line that a kill tore is passed over, as the bot has to. */
function parsed(line: string): readonly TranscriptEntry[] {
  try {
    return [JSON.parse(line) as TranscriptEntry]
  } catch {
    return []
  }
}

function wrongIn(key: string, entries: readonly TranscriptEntry[]): readonly string[] {
  const problem = checkMessages(messagesOf({ entries }), { last: 'any' })
  const ids = new Set(entries.map(({ id }) => id))
  return [
    ...(problem === null ? [] : [`${key}: ${problem}`]),
    ...(ids.size === entries.length ? [] : [`${key}: ${entries.length - ids.size} entries stand twice`]),
  ]
}

/** Each message once, in its sender's order, each answered once and after it was asked. */
function checkSenders(said: Said, transcripts: ReadonlyMap<string, readonly TranscriptEntry[]>): readonly string[] {
  const people = [
    ...[...said.http].map(([name, count]) => ({ name, count, session: said.sessions.get(name) ?? '' })),
    ...[...said.telegram].map(([id, count]) => ({ name: `t${id}`, count, session: `agent:main:telegram:${id}` })),
  ]
  return people.flatMap(({ name, count, session }) => {
    const entries = (transcripts.get(session) ?? []).filter(({ kind }) => kind === undefined)
    const mine = (role: string, content: (one: TranscriptEntry) => unknown): string =>
      entries
        .filter((one) => one.role === role)
        .flatMap((one) => tokensIn(content(one)))
        .filter((token) => token.startsWith(`<${name}-`))
        .join(' ')
    const wanted = Array.from({ length: count }, (_, n) => `<${name}-${n}>`).join(' ')
    const asked = mine('user', ({ content }) => content)
    const answered = mine('assistant', ({ content }) => content)
    return [
      ...(asked === wanted ? [] : [`${name} in ${session}: asked ${asked}, not ${wanted}`]),
      ...(answered === wanted ? [] : [`${name} in ${session}: answered ${answered}, not ${wanted}`]),
    ]
  })
}

/** A command that ended ran once; one whose end nobody saw ran once or not at all. */
async function checkEffects({ said, model }: Left, stateDir: string): Promise<readonly string[]> {
  const read = (agent: string): Promise<string> =>
    readFile(join(stateDir, '../workspace', agent, EFFECTS), 'utf8').catch(() => '')
  const text = (await Promise.all(AGENTS.map(read))).join('')
  const times = new Map<string, number>()
  for (const word of text.split('\n').filter((line) => line !== '')) times.set(word, (times.get(word) ?? 0) + 1)
  const tokens = [...said.http.keys(), ...[...said.telegram.keys()].map((id) => `t${id}`)]
  const strange = [...times.keys()].filter((word) => !tokens.includes(word.split('-')[0] ?? ''))
  return [
    ...strange.map((word) => `${word}: a command nobody asked for`),
    ...[...times].filter(([, count]) => count > 1).map(([word, count]) => `${word}: its command ran ${count} times`),
    ...[...model.done].filter((token) => times.get(wordOf(token)) !== 1).map((token) => `${token}: its command did not run`),
  ]
}

/** What a chat shows: each reply in order, and again only with the note that it may be a repeat. */
function checkChats({ said, telegram, listener, grows }: Left): {
  readonly problems: readonly string[]
  readonly repeated: number
} {
  const problems: string[] = []
  let repeated = 0
  for (const [id, count] of said.telegram) {
    const seen: string[] = []
    const whole = new Set<string>()
    for (const { text } of telegram.chat(id).filter(({ fromBot }) => fromBot)) {
      const token = /<t\d+-\d+>/.exec(text)?.[0]
      if (grows && text.includes(GROWN) && token !== undefined) whole.add(token)
      if (token === undefined) problems.push(`telegram ${id}: ${JSON.stringify(text)}`)
      else if (!seen.includes(token)) seen.push(token)
      else if (isMarked(text)) repeated++
      else problems.push(`${token}: answered twice, and nothing says so`)
    }
    for (const token of grows ? seen : []) if (!whole.has(token)) problems.push(`${token}: half a reply`)
    const wanted = Array.from({ length: count }, (_, n) => `<t${id}-${n}>`).join(' ')
    if (seen.join(' ') !== wanted) problems.push(`telegram ${id} saw ${seen.join(' ')}, not ${wanted}`)
  }
  repeated += telegram.chat(listener).filter(({ text }) => isMarked(text)).length
  return { problems, repeated }
}

const isMarked = (text: string): boolean => text.includes('may be a repeat')

/** Each second once in the ledger, each that ran once in the session and in the chat it delivers to. */
async function checkPulse(
  { telegram, listener }: Left,
  stateDir: string,
  entries: readonly TranscriptEntry[],
): Promise<{ readonly problems: readonly string[]; readonly ran: number }> {
  const storage = await openStorage(stateDir)
  const slots = [...(await storage.slots.list('pulse', 100_000))].sort((a, b) => a.slot - b.slot)
  await storage.close()
  const problems: string[] = []
  const ran = slots.filter(({ state }) => state === 'ran').length
  // Skipped: the run before went on. The last one may have been under way at the end.
  for (const { slot, state, detail } of slots.slice(0, -1))
    if (state !== 'ran' && state !== 'skipped')
      problems.push(`pulse at ${new Date(slot).toISOString()}: ${state} ${detail ?? ''}`)
  for (const [i, { slot }] of slots.entries()) {
    const before = slots[i - 1]?.slot
    if (before !== undefined && slot - before !== 1000) problems.push(`pulse: ${(slot - before) / 1000} s between two slots`)
  }
  const prompts = entries.filter(({ role, content }) => role === 'user' && content === PULSE).length
  const heard = telegram.chat(listener).filter(({ fromBot, text }) => fromBot && !isMarked(text)).length
  const marked = telegram.chat(listener).filter(({ fromBot, text }) => fromBot && isMarked(text)).length
  if (prompts < ran || prompts > ran + 1) problems.push(`pulse: ${ran} ran, ${prompts} in its session`)
  if (heard > prompts || heard + marked < ran) problems.push(`pulse: ${ran} ran, ${heard} delivered, ${marked} marked`)
  return { problems, ran }
}
