// A turn's request in, the model's result out, cleared of secrets: within the agent's budget (reserved before, settled after), counted for whom
// it was made, and with the provider's fallbacks.

import { BudgetError, type Turn } from '../../agent/port.ts'
import { messageOf } from '../../errors.ts'
import type { Limits, Reservation } from '../../limits/port.ts'
import type { ModelRouter, RoutedResult } from '../../models/failover.ts'
import { type ContentBlock, ModelError, type ModelRequest, type ModelResult, type Usage } from '../../models/port.ts'
import { cost } from '../../models/prices.ts'
import { isAllThinking, largerCap } from '../../models/room.ts'
import { type Redact, redactDeep } from '../../permissions/redact.ts'
import { changeHint, usesIn } from '../../plan/model-uses.ts'
import type { AgentPlan, ModelRef, Plan } from '../../plan/plan.ts'
import type { StopSignal } from '../../stop.ts'
import { hookedRequest } from '../hooks.ts'
import type { World } from '../world.ts'
import { countedBy, mostTokens, type TurnRequest } from './request-tokens.ts'

export interface ModelCalls {
  /** @throws ModelError, BudgetError */
  call(turn: Turn, request: TurnRequest, onText: (text: string) => void, onRestart: () => void): Promise<ModelResult>
  /** A call outside a turn (a summary), by the agent's models or the one named. */
  side(plan: Plan, agent: AgentPlan, model: ModelRef | undefined, request: TurnRequest, signal: StopSignal): Promise<ModelResult>
}

/** Whether its service counted the tokens; some send no counts, or only zeros. */
const isCounted = ({ usage: { input, cacheRead, cacheWrite, output } }: ModelResult): boolean =>
  input + cacheRead + cacheWrite > 0 && output > 0

const UNLIMITED: Reservation = { ok: true, settle() {} }

const hasSpendLimit = ({ rateLimit }: AgentPlan): boolean =>
  rateLimit.maxTokensPerDay !== undefined || rateLimit.maxCostPerDay !== undefined || rateLimit.maxCostPerMonth !== undefined

export function createModelCalls(world: World, limits: Pick<Limits, 'reserve'>, models: ModelRouter): ModelCalls {
  const { clock, storage, secrets, log } = world
  const { queue } = storage

  async function spend(
    agent: AgentPlan,
    spender: string,
    estimate: number,
    request: TurnRequest,
    signal: StopSignal,
    make: (mostOutput: number) => Promise<RoutedResult>,
  ): Promise<ModelResult> {
    const input = Math.max(0, estimate - request.maxTokens)
    const reserved = hasSpendLimit(agent) ? await limits.reserve(agent, estimate, clock.now(), { input, signal }) : UNLIMITED
    if (!reserved.ok) throw new BudgetError(reserved.message, reserved.limit)
    let usage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    let spent = 0
    try {
      const { ref: _, instead: __, price, ...result } = await make(reserved.maxOutput ?? Number.POSITIVE_INFINITY)
      const counted = isCounted(result) ? result : countedBy(result, request)
      usage = counted.usage
      spent = price === undefined ? 0 : cost(usage, price)
      return counted
    } finally {
      reserved.settle(usage, spent)
      if (usage.input + usage.output > 0)
        storage.usage
          .add({ at: clock.now(), agentId: agent.id, by: spender, usage, cost: spent })
          .catch((error: unknown) => log.error({ error: messageOf(error) }, 'a count could not be stored'))
    }
  }

  /** The person in the chat gets one plain sentence; the reason stands here. */
  function logFailure(agent: AgentPlan, session: string, error: unknown): void {
    if (!(error instanceof ModelError) || error.kind === 'aborted') return
    const { model, replacement, kind, message } = error
    const hint = kind === 'no_model' && model !== undefined ? { hint: changeHint(usesIn(agent, model), replacement) } : {}
    log.error({ agent: agent.id, session, model, kind, error: message, ...hint }, 'a model gave no answer')
  }

  return {
    async call(turn, asked, onText, onRestart) {
      const { agent, signal, spender } = turn
      const request =
        world.hooks === undefined
          ? asked
          : await hookedRequest(world.hooks, { agentId: agent.id, sessionKey: turn.session.key }, asked)
      const estimate = agent.rateLimit.maxTokensPerDay === undefined ? 0 : mostTokens(request)
      // Near the day's limit the answer may only be as long as what is left.
      const text = secrets.stream(onText)
      const { key } = turn.session
      const watch = {
        onText: (piece: string) => {
          queue.listens(key)
          text.push(piece)
        },
        onRestart: () => {
          text.restart()
          onRestart()
        },
      }
      queue.listens(key)
      const result = await spend(agent, spender, estimate, request, signal, (most) =>
        models.call(agent, { signal, ...shorter(request, most) }, watch),
      )
        .catch((error: unknown) => {
          logFailure(agent, key, error)
          throw error
        })
        .finally(() => queue.heard(key))
      text.end()
      return cleared(result, secrets.redact)
    },
    async side(plan, agent, model, first, signal) {
      const asked = model === undefined ? agent : { ...agent, model, fallbacks: [agent.model, ...agent.fallbacks] }
      const ask = (sent: TurnRequest): Promise<ModelResult> =>
        spend(agent, 'engine:compaction', mostTokens(sent), sent, signal, () => models.call(asked, { signal, ...sent }))
      const request = await hookedRequest(world.hooks, { agentId: agent.id }, first)
      const result = await ask(request)
      const maxTokens = largerCap(plan, asked.model, request.maxTokens)
      const useless = isAllThinking(result) && maxTokens > request.maxTokens
      return cleared(useless ? await ask({ ...request, maxTokens }) : result, secrets.redact)
    },
  }
}

/** What a model says goes to people, tools and the transcript; it may have read a secret where none of us looked. */
const cleared = (result: ModelResult, redact: Redact): ModelResult => ({
  ...result,
  content: result.content.map((block): ContentBlock => {
    if (block.type === 'text') {
      const text = redact(block.text)
      return text === block.text ? block : { ...block, text }
    }
    // What a service signed must stay as it is.
    if (block.type === 'thinking' && typeof block['thinking'] === 'string' && block['signature'] === undefined)
      return { ...block, thinking: redact(block['thinking']) }
    return block.type === 'tool_use' ? { ...block, input: redactDeep(block.input, redact) } : block
  }),
})

const shorter = <R extends Pick<ModelRequest, 'maxTokens'>>(request: R, most: number): R =>
  most >= request.maxTokens ? request : { ...request, maxTokens: Math.max(1, most) }
