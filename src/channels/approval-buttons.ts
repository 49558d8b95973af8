// What approval buttons say and carry, on every platform that has buttons. Only ids travel in a button.

import type { ApprovalAnswer, ApprovalPrompt } from './port.ts'

type Decision = ApprovalAnswer['decision']

export const callbackData = (decision: Decision, id: string): string => `ap:${decision}:${id}`

/** What a button says was chosen; null: not one of ours. */
export function readCallback(data: string | undefined): { id: string; decision: Decision } | null {
  const match = /^ap:(once|always|deny):(.+)$/.exec(data ?? '')
  return match === null ? null : { decision: match[1] as Decision, id: match[2] as string }
}

export interface Button {
  readonly label: string
  readonly data: string
  readonly decision: Decision
}

export const buttonsOf = (prompt: ApprovalPrompt): Button[] => {
  const button = (decision: Decision, label: string): Button => ({ decision, label, data: callbackData(decision, prompt.id) })
  return [button('once', 'Allow once'), ...(prompt.canRemember ? [button('always', 'Always allow')] : []), button('deny', 'Deny')]
}

/** One line above the input that is asked about. */
export const approvalHead = (prompt: Pick<ApprovalPrompt, 'agentId' | 'toolName'>): string =>
  `${prompt.agentId} asks to use ${prompt.toolName}:`

const OUTCOMES = {
  once: 'Allowed once',
  always: 'Always allowed',
  deny: 'Denied',
  expired: 'Nobody answered in time',
  cancelled: 'Withdrawn',
  replaced: 'Closed, because something changed; a new question follows',
}

/** One line below the question once it is closed. */
export const approvalOutcome = (decision: keyof typeof OUTCOMES): string => OUTCOMES[decision]

/** Questions that were shown, by id: one may stand in several chats, one for each who may answer. */
export interface Shown<T> {
  add(id: string, where: T): void
  /** All places of a question, once. */
  take(id: string): readonly T[]
}

export function createShown<T>(): Shown<T> {
  const places = new Map<string, T[]>()
  return {
    add: (id, where) => void places.set(id, [...(places.get(id) ?? []), where]),
    take(id) {
      const found = places.get(id) ?? []
      places.delete(id)
      return found
    },
  }
}
