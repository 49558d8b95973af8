// The model calls of one turn: what a service refuses is made acceptable and asked again, a few times. A session that is too
// long is made shorter, before the service says so where that is known.

import { DEFAULT_WINDOW } from '../models/defaults.ts'
import { ModelError, type ModelResult } from '../models/port.ts'
import { messagesOf } from '../sessions/messages.ts'
import { contextTokens } from '../sessions/tokens.ts'
import type { Turn, TurnPorts } from './port.ts'
import { prefixOf, prefixTokens } from './prompt.ts'

export interface Asker {
  /** One answer, `maxTokens` long at most. @throws ModelError, BudgetError */
  ask(maxTokens: number): Promise<ModelResult>
}

export interface AnswerListener {
  text(text: string): void
  restart(): void
}

/** Times a session is made shorter for one answer. */
const MAX_SHORTENINGS = 4
/** Over the count: part of it is an estimate. */
const MARGIN = 1.1
/** The room an answer gets in a window that is almost full. */
const LEAST_ANSWER = 256

export function createAsker(turn: Turn, ports: TurnPorts, listener: AnswerListener): Asker {
  const { agent, session } = turn
  const prefix = prefixOf(turn.plan, agent, turn.tools)
  const { contextWindow } = agent.compaction
  /** An answer that is allowed to be longer says that the window is only what unknown models are taken for. */
  const isAssumed = contextWindow === DEFAULT_WINDOW && agent.maxTokens > contextWindow

  async function askOnce(maxTokens: number): Promise<ModelResult> {
    turn.signal.throwIfAborted()
    let transcript = await ports.store.load(session.key, agent.id)
    let tokens = contextTokens(transcript, prefixTokens(prefix))
    if (tokens > contextWindow - LEAST_ANSWER && (await ports.compact(turn))) {
      transcript = await ports.store.load(session.key, agent.id)
      tokens = contextTokens(transcript, prefixTokens(prefix))
    }
    const room = isAssumed ? maxTokens : Math.max(LEAST_ANSWER, Math.floor(contextWindow - tokens * MARGIN))
    const request = { messages: messagesOf(transcript), maxTokens: Math.min(maxTokens, room), effort: agent.effort, ...prefix }
    return await ports.callModel(turn, request, listener.text, listener.restart)
  }

  /** Below what was refused, and below what the service says it takes. */
  async function shorten({ window = Number.POSITIVE_INFINITY }: ModelError): Promise<boolean> {
    const tokens = contextTokens(await ports.store.load(session.key, agent.id), prefixTokens(prefix))
    return await ports.compact(turn, Math.floor(Math.min(window * 0.9, tokens * 0.7)))
  }

  return {
    async ask(maxTokens) {
      for (let shortenings = 0; ; shortenings++) {
        try {
          return await askOnce(maxTokens)
        } catch (error) {
          const isTooLong = error instanceof ModelError && error.kind === 'context'
          if (!isTooLong || shortenings === MAX_SHORTENINGS || !(await shorten(error))) throw error
        }
      }
    },
  }
}
