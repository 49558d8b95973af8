// What the conformance kit asks of a platform's fake: act as people, show what they see, break things on purpose.

import type { Clock } from '../../ports.ts'
import type { Channel, ChannelDefinition } from '../port.ts'

/** The promises every channel makes, in the order of the table in docs. */
export const PROMISES = {
  lifecycle: 'starts, says it is connected, stops and takes nothing more',
  credentials: 'bad credentials are a state, not a crash',
  direct: 'direct messages come in with ids, time and sender',
  groups: 'group messages come in with their group',
  threads: 'threads come in and are answered in place',
  mentions: 'a mention is noticed and cut from the text',
  replies: 'an answer to the bot is noticed, what it quotes comes along, and replies point at their message',
  edits: 'an edited message does not run again',
  intake: 'a message that could not be stored comes again, with the same id',
  order: 'messages of one chat keep their order',
  restart: 'what was said while the bot was away is answered when it is back',
  disconnects: 'nothing lost or doubled over 20 cut connections',
  outage: 'an outage is waited out, and said as a state',
  send: 'replies arrive in direct chats and in groups',
  split: 'long texts are split at paragraph ends, nothing missing',
  code: 'code blocks stay whole or are closed and opened again',
  dialect: 'Markdown is shown in the platform’s own formatting',
  unicode: 'emoji, right-to-left text and odd names pass unharmed',
  huge: 'a text of 10 MB does no harm',
  mediaIn: 'files and images come in, within limits, and lie in the inbox of the agent',
  mediaOut: 'files and images go out, also those that an agent attaches',
  typing: 'a typing indicator is shown while an answer is made',
  streaming: 'an answer grows in one message',
  rateLimit: 'the platform’s rate limit is obeyed and the reply arrives',
  repeat: 'a reply whose arrival is unknown is not doubled, or says that it may be',
  refused: 'a blocked or kicked bot gives up, without trying again',
  approvals: 'approvals are native buttons, pressed under the presser’s own id',
  echo: 'other bots and its own messages are not answered',
  malformed: 'unknown and malformed events do no harm',
} as const

export type PromiseId = keyof typeof PROMISES
export type Place = 'direct' | 'group' | 'thread'

export interface KitSay {
  readonly place: Place
  /** Index in `users`. */
  readonly user?: 0 | 1
  readonly text: string
  /** Name the bot, in the middle of the text or before it. */
  readonly mention?: boolean
  /** Answers a message of the bot. */
  readonly answers?: KitSeen
  /** Edits what was said with this reference. */
  readonly edits?: string
  readonly file?: { readonly data: Buffer; readonly mediaType: string; readonly name: string }
  /** As another bot. */
  readonly bot?: boolean
  /** Display name of the sender. */
  readonly name?: string
}

/** A message of the bot as people see it. */
export interface KitSeen {
  readonly ref: string
  /** Without formatting marks where the platform parses them, else as sent. */
  readonly text: string
  /** Kinds of formatting the platform would show. */
  readonly formats: readonly string[]
  readonly buttons: readonly string[]
  readonly file?: { readonly data: Buffer; readonly name: string }
  readonly edits: number
  /** Whether it points at another message. */
  readonly answers: boolean
}

export interface KitPlatform {
  readonly apiRoot?: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly badSettings: Readonly<Record<string, unknown>>
  readonly users: readonly [string, string]
  readonly group?: string
  /** Where in the group a message without a thread goes, on platforms that want it said. */
  readonly groupThread?: string
  readonly thread?: { readonly groupId: string; readonly threadId: string }
  /** For platforms that call in: where the channel of this moment is. */
  attach?(channel: Channel | null): void
  /** Once it is connected: whatever the platform tells a bot before it may write to anyone. */
  meet?(): Promise<void>
  /** Gives a reference of what was said. */
  say(said: KitSay): Promise<string>
  seen(place: Place, user?: 0 | 1): readonly KitSeen[]
  press?(place: Place, ref: string, label: string, user: 0 | 1): Promise<string>
  typing?(place: Place): number
  /** Cuts every connection. */
  disconnect(): Promise<void>
  /** Whether the channel has a connection now; before each cut the kit waits for one. */
  isConnected?(): boolean
  /** The platform keeps nothing for someone who is away: what is said then is lost, and the kit says nothing then. */
  readonly forgets?: true
  /** The next sends are refused for so many real milliseconds, with the platform's way to say so. */
  limit?(realMs: number): void
  /** Real times at which sends were asked for, and whether they were taken. */
  sendTimes?(): readonly { readonly at: number; readonly ok: boolean }[]
  /** Calls in with a signature that is wrong; gives the status of the answer. Every platform that calls in has one. */
  forge?(text: string): Promise<number>
  /** The platform calls in: that it has trouble shows only when something is sent. */
  readonly callsIn?: true
  /** Every call fails with 500, or the server is away, until `heal`. */
  breakDown?(): void
  heal?(): void
  /** The next send is carried out and its answer is lost. */
  loseAnswer?(): void
  /** The bot is blocked by, or kicked from, the place. */
  refuse?(place: Place): void
  /** Sends odd events; gives how many. */
  malformed?(): Promise<number>
  stop(): Promise<void>
}

export interface KitDriver {
  readonly name: string
  readonly definition: ChannelDefinition
  /** Promises the platform does not allow, each with the reason. */
  readonly cannot: Readonly<Partial<Record<PromiseId, string>>>
  /** Promises that are kept and tried as far as the platform allows, each with the limit in words. */
  readonly limits?: Readonly<Partial<Record<PromiseId, string>>>
  /** False: the platform's files come without a text of their own. */
  readonly captions?: false
  /** Formats that must be seen in a reply with bold, code and a code block; default all three. */
  readonly formats?: readonly string[]
  /** Connections cut in the check of that name; default 20. */
  readonly cuts?: number
  /** The same in a quick run, where each of them takes long. */
  readonly quickCuts?: number
  /** Why it cannot run on this machine; null: it can. */
  absent?(): string | null
  start(clock: Clock): Promise<KitPlatform>
}
