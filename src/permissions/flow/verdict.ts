// A sending and what the session holds in; out: nothing to say, a question, or a refusal. The rule: outside text, private data and a
// way out do not meet in one session unless a person says so.

import type { FlowMode, PermissionMode } from '../../plan/plan.ts'
import type { Verdict } from '../port.ts'
import { type FlowLabels, holdsBoth, labelsText } from './labels.ts'
import type { Sending } from './sending.ts'
import { addressesIn, holdsWords, plainAddress, SHORTEST_PIECE } from './written.ts'

/** What was written by others than the model, in this session and in those that started it. */
export interface Evidence {
  /** By the person whom the turn answers, in the message that is answered. */
  readonly asked: readonly string[]
  /** By people of this chat, before. */
  readonly said: readonly string[]
  /** Texts from outside that no tool call of the model put there. `input`: what the model gave the call. */
  readonly outside: readonly { readonly text: string; readonly input: string }[]
}

/** Outside addresses that may be followed in one session: choosing among many is a message too. */
export const MOST_FOLLOWED = 20

export type Covered = 'person' | 'outside' | null

/** Who wrote all that is sent; null: nobody, the model composed it. */
export function coveredBy({ named, addresses, texts }: Sending, { asked, said, outside }: Evidence): Covered {
  if (named !== undefined && named.length >= 3 && asked.some((text) => holdsWords(text, named))) return 'person'
  const people = [...asked, ...said]
  const byPeople = new Set(people.flatMap((text) => [...addressesIn(text)]))
  let worst: Covered = 'person'
  const count = (person: boolean, fromOutside: () => boolean): boolean => {
    if (person) return true
    if (!fromOutside()) return false
    worst = 'outside'
    return true
  }
  const addressesHeld = addresses.every((address) => {
    const plain = plainAddress(address)
    if (plain === null) return false
    const inOutside = (): boolean =>
      outside.some(({ text, input }) => addressesIn(text).has(plain) && !addressesIn(input).has(plain))
    return count(byPeople.has(plain), inOutside)
  })
  // A receiver can carry a message as well as a text can.
  const pieces = named === undefined ? texts : [named, ...texts]
  const textsHeld = pieces.every((piece) => {
    const inOutside = (): boolean =>
      piece.trim().length >= SHORTEST_PIECE &&
      outside.some(({ text, input }) => holdsWords(text, piece) && !input.includes(piece))
    return count(
      people.some((text) => holdsWords(text, piece)),
      inOutside,
    )
  })
  return addressesHeld && textsHeld ? worst : null
}

const MODES: readonly FlowMode[] = ['allow', 'ask', 'refuse']

/** The strictest of several settings; under modes that never ask, `ask` refuses. */
export function flowMode(permissions: readonly { readonly flow: FlowMode; readonly mode: PermissionMode }[]): FlowMode {
  const flow = permissions.reduce<FlowMode>(
    (worst, one) => (MODES.indexOf(one.flow) > MODES.indexOf(worst) ? one.flow : worst),
    'allow',
  )
  const asks = permissions.some(({ mode }) => mode === 'ask')
  return flow === 'ask' && !asks ? 'refuse' : flow
}

export interface FlowQuestion {
  readonly mode: FlowMode
  readonly labels: FlowLabels
  readonly sending: Sending
  /** Receivers that "always" or the owner's `allow` let through. */
  readonly receivers: readonly string[]
}

/** Whether what was written matters: false where the answer is plain without it. */
export const isInDoubt = ({ mode, labels, sending, receivers }: FlowQuestion): boolean =>
  mode !== 'allow' && holdsBoth(labels) && !(sending.to !== undefined && receivers.includes(sending.to.toLowerCase()))

/** The question about a sending that nobody wrote. */
export function flowVerdict({ mode, labels, sending }: FlowQuestion): Verdict {
  const to = sending.to === undefined ? 'a receiver that the model chose' : `\`${sending.to}\``
  const reason = `This session holds ${labelsText(labels)}, and this would send to ${to} what neither the person nor an outside text wrote word for word.`
  if (mode === 'ask')
    return { decision: 'ask', by: 'flow', reason, grants: sending.to === undefined ? [] : [`flow:${sending.to.toLowerCase()}`] }
  return {
    decision: 'refuse',
    by: 'flow',
    reason: `${reason} \`permissions.flow\` refuses that; /new starts a session without either.`,
  }
}
