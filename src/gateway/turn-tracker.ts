// The tracker where messages are handed in and answers are waited for. It knows which turn works on whose message, so that
// each sender gets the frames of its own turns and nobody else's.

import type { EngineEvent, SaidMessage } from '../agent/events.ts'
import type { Accepted, Caller, Engine, ReceiveOptions, Refused } from '../engine/port.ts'
import type { Plan } from '../plan/plan.ts'
import type { StopSignal } from '../stop.ts'
import type { StoredAnswer } from '../storage/ports.ts'
import { type Frame, outboundFrame, turnFrame } from './frames.ts'
import type { Identified } from './inbound.ts'

/** Gets the frames of the turns it submitted messages to. Must not throw. */
export type FrameListener = (frame: Frame) => void

export type Submission =
  | { readonly refused: Refused }
  /** `run`: the turn that made the answer, where it was seen; several messages can share one. */
  | { readonly accepted: Accepted; readonly answer: Promise<{ readonly stored: StoredAnswer; readonly run: string }> }

export interface TurnTracker {
  /** Submits a message; `onFrame` gets the frames of the turn until the answer is there or `signal` ends it. */
  submit(
    message: Identified,
    caller: Caller,
    options: ReceiveOptions & { readonly signal: StopSignal; readonly onFrame?: FrameListener },
  ): Promise<Submission>
  /** Whether the one who waits for this reply gets it from `hand`. `answers`: ids of the messages it answers. */
  isWaitedFor(message: SaidMessage, answers?: readonly string[]): boolean
  close(): void
}

/** Turns and answered messages that are remembered, to tell a reply that is on its way twice. */
const MEMORY = 4096
const FORGOTTEN_AT_ONCE = 512

export function createTurnTracker(engine: Engine): TurnTracker {
  /** Before the engine says which session a message belongs to: by its address. */
  const expected = new Map<string, Set<FrameListener>>()
  /** By session and message: who wants the frames. */
  const listening = new Map<string, Set<FrameListener>>()
  /** By session and message: how many wait for the answer. */
  const waited = new Map<string, number>()
  const turns = new Map<string, readonly string[]>()
  const runOf = new Map<string, string>()
  const answered = new Map<string, true>()

  const off = engine.on((event) => {
    if (event.type === 'inbound') {
      if (expected.size === 0) return
      for (const onFrame of expected.get(addressKey(event)) ?? [])
        add(listening, messageKey(event.sessionKey, event.messageId), onFrame)
      return
    }
    if (event.type === 'turn_start') {
      const keys = event.messageIds.map((id) => messageKey(event.sessionKey, id))
      remember(turns, event.run, keys)
      for (const key of keys) remember(runOf, key, event.run)
      return
    }
    if (listening.size === 0) return
    const keys = keysOf(event)
    if (keys.length === 0) return
    const frame = turnFrame(event)
    if (frame === null) return
    const listeners = new Set(keys.flatMap((key) => [...(listening.get(key) ?? [])]))
    for (const onFrame of listeners) onFrame(frame)
  })

  function keysOf(event: EngineEvent): readonly string[] {
    if (event.type === 'approval_request') {
      // A question belongs to the turn that runs in its session now.
      const { sessionKey } = event.approval
      return [...listening.keys()].filter((key) => key.startsWith(`${sessionKey}\n`))
    }
    if ('messageIds' in event) return event.messageIds.map((id) => messageKey(event.sessionKey, id))
    return 'run' in event ? (turns.get(event.run) ?? []) : []
  }

  return {
    async submit(message, caller, { signal, onFrame, ...options }) {
      const address = addressKey(message)
      if (onFrame !== undefined) add(expected, address, onFrame)
      let accepted: Accepted | Refused
      try {
        accepted = await engine.receive(message, caller, options)
      } finally {
        if (onFrame !== undefined) drop(expected, address, onFrame)
      }
      if (!accepted.accepted) return { refused: accepted }
      const { sessionKey, messageId } = accepted
      const key = messageKey(sessionKey, messageId)
      if (onFrame !== undefined) add(listening, key, onFrame)
      waited.set(key, (waited.get(key) ?? 0) + 1)
      const answer = engine.waitForAnswer(sessionKey, messageId, signal).then(
        (stored) => {
          const run = runOf.get(key) ?? key
          if (!signal.aborted) for (const one of turns.get(run) ?? [key]) remember(answered, one, true)
          leave(key, onFrame)
          return { stored, run }
        },
        (error: unknown) => {
          leave(key, onFrame)
          throw error
        },
      )
      return { accepted, answer }
    },
    isWaitedFor(message, answers = []) {
      // What comes later on its own, such as an approved call's result, says what it replies to and answers nothing.
      if (message.replyTo === undefined || !answers.includes(message.replyTo)) return false
      const key = messageKey(message.sessionKey, message.replyTo)
      return waited.has(key) || answered.has(key)
    },
    close() {
      off()
    },
  }

  function leave(key: string, onFrame: FrameListener | undefined): void {
    if (onFrame !== undefined) drop(listening, key, onFrame)
    const others = (waited.get(key) ?? 1) - 1
    if (others === 0) waited.delete(key)
    else waited.set(key, others)
  }

  function remember<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key)
    map.set(key, value)
    if (map.size <= MEMORY + FORGOTTEN_AT_ONCE) return
    // Each time a map is gone through it begins where all that was taken out stood.
    for (const oldest of map.keys()) {
      map.delete(oldest)
      if (map.size <= MEMORY) return
    }
  }
}

/** The frame of an answer that someone waited for. */
export function answerFrame(message: Identified, stored: StoredAnswer, plan: Pick<Plan, 'agents'>): Frame {
  const answer = {
    channelId: message.channelId,
    userId: message.userId,
    ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
    ...(message.threadId === undefined ? {} : { threadId: message.threadId }),
    replyTo: message.messageId,
    content: stored.response,
    sessionKey: stored.session,
    agentId: stored.agentId,
    ...(stored.attachments === undefined ? {} : { attachments: stored.attachments }),
  }
  return outboundFrame(answer, plan)
}

const messageKey = (sessionKey: string, messageId: string): string => `${sessionKey}\n${messageId}`

const addressKey = (one: { channelId: string; userId: string; groupId?: string; messageId?: string }): string =>
  JSON.stringify([one.channelId, one.userId, one.groupId ?? null, one.messageId])

function add(map: Map<string, Set<FrameListener>>, key: string, onFrame: FrameListener): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([onFrame]))
  else set.add(onFrame)
}

function drop(map: Map<string, Set<FrameListener>>, key: string, onFrame: FrameListener): void {
  const set = map.get(key)
  set?.delete(onFrame)
  if (set?.size === 0) map.delete(key)
}
